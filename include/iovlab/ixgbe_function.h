/*
 * The function half of the 82599: what one PCI function owns.
 *
 * Queue pairs with their descriptors and DMA, the interrupt block, and the
 * registers through which a driver reaches them.  Filters, switch, wire and
 * mailbox partner are the adapter's, behind the port (iovlab/ixgbe_port.h).
 *
 * A register access asks for a run (ops->schedule) and ixgbe_function_run()
 * moves frames, bounded.  But a write to a transmit tail may send a packet or
 * two itself, or leave them for a while to be sent with others: doorbell.c.
 * While the function itself does DMA, sends an interrupt or sends within a
 * write, register accesses are refused: a descriptor that points at the
 * function's own registers has no effect (reads are zero).
 *
 * Source: 82599 datasheet, chapters 4.2 (reset), 7.1 (receive), 7.2
 * (transmit), 7.3 (interrupts), 8.3 (VF registers).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_IXGBE_FUNCTION_H
#define IOVLAB_IXGBE_FUNCTION_H

#include "iovlab/ixgbe_port.h"
#include "iovlab/state.h"

typedef struct IxgbeFunction IxgbeFunction;

/* What surrounds the function. */
typedef struct IxgbeFunctionOps {
    /* DMA with the function's requester id; false if any byte faulted. */
    bool (*dma_read)(void *opaque, uint64_t address, void *buf, size_t len);
    bool (*dma_write)(void *opaque, uint64_t address, const void *buf,
                      size_t len);
    /*
     * Sends the MSI-X message of a vector (or notes it pending).  A PF without
     * GPIE.Multiple_MSIX has vector 0 only, which MSI may be instead.
     */
    void (*interrupt)(void *opaque, unsigned vector);
    /* The level of INTx; NULL for a VF, which has none. */
    void (*line)(void *opaque, bool level);
    /* Monotonic; stands still while the VM is stopped. */
    uint64_t (*clock_ns)(void *opaque);
    /* Asks for ixgbe_function_timer() at @deadline_ns; UINT64_MAX: never. */
    void (*set_timer)(void *opaque, uint64_t deadline_ns);
    /* Asks for ixgbe_function_run() soon, not from in here. */
    void (*schedule)(void *opaque);
} IxgbeFunctionOps;

typedef struct IxgbeVfConfig {
    unsigned queues;            /* pairs, 1..8 */
    /*
     * A frame for a full ring waits even if SRRCTL.DROP_EN is set: somebody
     * behind the port holds frames and decides.
     */
    bool wait_for_room;
    /*
     * A change of link raises the mailbox/other cause.  Silicon leaves that
     * to a message from the PF, which the Hyper-V flavour does not have.
     */
    bool link_interrupt;
} IxgbeVfConfig;

/* @ops and @opaque outlive the function.  @config is copied. */
IxgbeFunction *ixgbe_vf_new(const IxgbeVfConfig *config,
                            const IxgbeFunctionOps *ops, void *opaque);
/* The PF's function half: 128 queue pairs, 64 vectors. */
IxgbeFunction *ixgbe_pf_new(const IxgbeFunctionOps *ops, void *opaque);
/*
 * VF number @vf of a PF in this process: it shows the queues of its pool,
 * which are the PF's.  NULL if the PF has one of this number.  Freed before
 * the PF.
 */
IxgbeFunction *ixgbe_vf_window_new(IxgbeFunction *pf, unsigned vf,
                                   const IxgbeFunctionOps *ops, void *opaque);
void ixgbe_function_free(IxgbeFunction *fn);

/* The adapter's end; until it is set, transmitted frames wait. */
void ixgbe_function_set_port(IxgbeFunction *fn, const IxgbePortOps *ops,
                             void *port);

/* Whether the function half decodes this BAR0 offset. */
bool ixgbe_function_decodes(const IxgbeFunction *fn, uint64_t offset);
/* BAR0.  @size is 1, 2, 4 or 8. */
uint64_t ixgbe_function_mmio_read(IxgbeFunction *fn, uint64_t offset,
                                  unsigned size);
void ixgbe_function_mmio_write(IxgbeFunction *fn, uint64_t offset,
                               uint64_t value, unsigned size);

/* The function's Command register changed its bus master bit. */
void ixgbe_function_set_bus_master(IxgbeFunction *fn, bool on);
/* PCIe function level reset; the port hears of it. */
void ixgbe_function_flr(IxgbeFunction *fn);
/* Machine reset, or power on: nothing outlives it; the port hears of it. */
void ixgbe_function_power_reset(IxgbeFunction *fn);

/*
 * Is the function, or another that shares its queues, in DMA, sending an
 * interrupt or in a doorbell?  Register accesses are refused then; a reset has
 * to wait.
 */
bool ixgbe_function_is_busy(const IxgbeFunction *fn);

void ixgbe_function_run(IxgbeFunction *fn);
void ixgbe_function_timer(IxgbeFunction *fn);
/*
 * While held (the VM is stopped) nothing touches guest memory and no interrupt
 * is sent; frames are told to wait.
 */
void ixgbe_function_hold(IxgbeFunction *fn, bool hold);

/* --- called by the port --------------------------------------------------- */

/* A frame for the function, FCS absent; it is the caller's afterwards. */
IxgbeRxResult ixgbe_function_rx(IxgbeFunction *fn, const uint8_t *frame,
                                size_t len, const IxgbeRxMeta *meta);
/* Transmit may go on. */
void ixgbe_function_tx_room(IxgbeFunction *fn);
/*
 * New state.  In vfmailbox PFSTS and PFACK are edges: set in the one call that
 * reports them, kept here until the VF reads them.  VFU and PFU are levels.
 */
void ixgbe_function_set_state(IxgbeFunction *fn, const IxgbePortState *state);
/* VFU and PFU alone, ahead of the state. */
void ixgbe_function_set_mailbox(IxgbeFunction *fn, uint32_t levels);
/* Whether the driver has read VFLINKS as up since the link came up last. */
bool ixgbe_function_link_seen(const IxgbeFunction *fn);
/*
 * Raises the cause of a link change again if the link is up and the driver has
 * not looked.  Only with IxgbeVfConfig.link_interrupt.
 */
void ixgbe_function_link_remind(IxgbeFunction *fn);

/*
 * Calls @done once the guest has consumed every frame that is in a ring now:
 * for each enabled receive queue, either the last write-back was followed by
 * an interrupt and then by an unmasking of its vector, or the driver gave the
 * descriptor back.  May call it at once.  One at a time: a new one replaces
 * the old, whose @done is never called.  Frames that come in meanwhile count.
 */
void ixgbe_function_drain(IxgbeFunction *fn, void (*done)(void *opaque),
                          void *opaque);
void ixgbe_function_drain_cancel(IxgbeFunction *fn);

/* --- PF ------------------------------------------------------------------- */

/* Causes of EICR 31:16 that the adapter raises. */
void ixgbe_pf_cause(IxgbeFunction *pf, uint32_t eicr);
/* CTRL.RST, CTRL.LRST: with the queues of all VFs. */
void ixgbe_pf_soft_reset(IxgbeFunction *pf);
/*
 * Pools of @pool_queues queues each (0: none, 2, 4, 8), of which the first
 * @vfs are VFs'.
 */
void ixgbe_pf_set_pools(IxgbeFunction *pf, unsigned vfs,
                        unsigned pool_queues);
/*
 * How long the PF's and its VFs' doorbells may wait, in a stream of them that
 * nothing answers, to be sent together.  0, as it begins: not at all.
 */
void ixgbe_pf_set_gather(IxgbeFunction *pf, uint64_t ns);
/* The PF's register page, of the function half (docs/registers-ixgbe-pf.md). */
char *ixgbe_pf_register_page(void);

typedef struct IxgbeFunctionStats {
    uint64_t rx_frames;         /* written to a ring */
    uint64_t rx_bytes;          /* without FCS */
    uint64_t rx_multicast;
    uint64_t rx_dropped;        /* no descriptor, or queue off or in error */
    uint64_t tx_frames;
    uint64_t tx_bytes;
    uint64_t tx_dropped;        /* malformed packets */
    uint64_t dma_faults;
} IxgbeFunctionStats;

void ixgbe_function_stats(const IxgbeFunction *fn, IxgbeFunctionStats *stats);

/*
 * Everything the guest can see, including a packet that was sent in part.  On
 * failure the function is as after a power reset.  Load while held.  The
 * queues that a VF shows of a PF are in the PF's state, not in the VF's.
 */
void ixgbe_function_save(const IxgbeFunction *fn, StateWriter *w);
bool ixgbe_function_load(IxgbeFunction *fn, StateReader *r);

/* The VF's register page (docs/registers-ixgbe-vf.md); free with g_free(). */
char *ixgbe_vf_register_page(void);

#endif
