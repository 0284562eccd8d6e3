/*
 * The adapter half of the 82599: what all its functions share.
 *
 * Filters, pools, embedded switch, packet buffer, wire, mailbox memory, the
 * SR-IOV part of the control plane, and the registers through which the PF
 * driver reaches them.  Each function connects a port (iovlab/ixgbe_port.h).
 *
 * Frames are queued, and ixgbe_adapter_run() moves a bounded number of them.  It
 * is asked for with ops->schedule; only the end of a batch is such a run.
 *
 * Source: 82599 datasheet, chapters 3.6 (link), 7.1 (receive filters), 7.2.1.2
 * (rate control), 7.10 (virtualization), 8.2 (PF registers).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_IXGBE_ADAPTER_H
#define IOVLAB_IXGBE_ADAPTER_H

#include "iovlab/frame.h"
#include "iovlab/ixgbe_port.h"
#include "iovlab/state.h"

typedef struct IxgbeAdapter IxgbeAdapter;
typedef struct IxgbeAdapterPort IxgbeAdapterPort;

/* What is in the SFP+ cage. */
typedef enum IxgbeModuleKind {
    IXGBE_MODULE_SR,            /* 10GBASE-SR; at 1000 Mb/s 1000BASE-SX */
    IXGBE_MODULE_LR,            /* 10GBASE-LR; at 1000 Mb/s 1000BASE-LX */
    IXGBE_MODULE_DA,            /* passive copper cable */
    IXGBE_MODULE_NONE,
} IxgbeModuleKind;

/* All zero but the address is a good configuration. */
typedef struct IxgbeAdapterConfig {
    uint8_t mac[6];             /* permanent address, in RAR 0 after reset */
    uint8_t port;               /* LAN ID, 0 or 1 */
    IxgbeModuleKind module;
    uint16_t link_speed;        /* Mb/s: 10000 (or 0), 1000 */
    char serial[17];            /* of the board and its module, "": from mac */
    char pba[11];               /* part number, "": a default */
} IxgbeAdapterConfig;

/* What surrounds the adapter. */
typedef struct IxgbeAdapterOps {
    /*
     * A frame for the wire; take a reference to keep it.  False: no room, it
     * comes again after ixgbe_adapter_wire_room().
     */
    bool (*wire_tx)(void *opaque, Frame *frame);
    /*
     * Causes of the PF's EICR came up: MAILBOX, LSC, TCP_TIMER, and SDP pins,
     * which count only if the PF's GPIE enables them.
     */
    void (*cause)(void *opaque, uint32_t eicr);
    /* Monotonic. */
    uint64_t (*clock_ns)(void *opaque);
    /* Asks for ixgbe_adapter_timer() at @deadline_ns; UINT64_MAX: never. */
    void (*set_timer)(void *opaque, uint64_t deadline_ns);
    /* Asks for ixgbe_adapter_run() soon, not from in here. */
    void (*schedule)(void *opaque);
    /*
     * CTRL.RST or CTRL.LRST: the PF's function half is to be reset too.  NULL
     * if there is none.
     */
    void (*reset)(void *opaque);
} IxgbeAdapterOps;

/* @ops and @opaque outlive the adapter; @config is copied. */
IxgbeAdapter *ixgbe_adapter_new(const IxgbeAdapterConfig *config,
                                const IxgbeAdapterOps *ops, void *opaque);
/* Detaches every port. */
void ixgbe_adapter_free(IxgbeAdapter *adapter);
/* Machine reset, or power on. */
void ixgbe_adapter_power_reset(IxgbeAdapter *adapter);

/* --- PF registers -------------------------------------------------------- */

/* Whether the adapter half decodes this BAR0 offset. */
bool ixgbe_adapter_decodes(const IxgbeAdapter *adapter, uint64_t offset);
/* @size is 1, 2, 4 or 8. */
uint64_t ixgbe_adapter_mmio_read(IxgbeAdapter *adapter, uint64_t offset,
                                 unsigned size);
void ixgbe_adapter_mmio_write(IxgbeAdapter *adapter, uint64_t offset,
                              uint64_t value, unsigned size);
/* The register page; free with g_free(). */
char *ixgbe_adapter_register_page(void);

/*
 * NumVFs of the SR-IOV capability with VF Enable set, else 0: these many pools
 * from 0 belong to VFs, the others to the PF.  At most 64.
 */
void ixgbe_adapter_set_num_vfs(IxgbeAdapter *adapter, unsigned count);

/* Queues of a pool (2, 4, 8) as MRQC says; 0 without VT_CTL.VT_Ena. */
unsigned ixgbe_adapter_pool_queues(IxgbeAdapter *adapter);

/* --- wire ---------------------------------------------------------------- */

void ixgbe_adapter_set_cable(IxgbeAdapter *adapter, bool plugged);
/* Takes the module out, puts one in, or another. */
void ixgbe_adapter_set_module(IxgbeAdapter *adapter, IxgbeModuleKind module);
IxgbeModuleKind ixgbe_adapter_module(const IxgbeAdapter *adapter);
/* LINKS.Link Up: cable, link mode and enables taken together. */
bool ixgbe_adapter_link_up(const IxgbeAdapter *adapter);
/*
 * A frame from the wire, FCS absent.  A frame that the adapter does not take
 * is dropped and counted, as on a wire.
 */
void ixgbe_adapter_wire_rx(IxgbeAdapter *adapter, Frame *frame);
void ixgbe_adapter_wire_room(IxgbeAdapter *adapter);

/*
 * Around calls that bring frames, from the wire or a function: at the end they
 * are moved on, unless older ones wait for a run; then begin() says false.  May
 * be nested; then the outer end does it.
 */
bool ixgbe_adapter_begin(IxgbeAdapter *adapter);
void ixgbe_adapter_end(IxgbeAdapter *adapter);

/*
 * Tells the ports at once what has changed for them (link, enables, mailbox),
 * which else waits for a run.  Not within a call of a port.
 */
void ixgbe_adapter_tell(IxgbeAdapter *adapter);

void ixgbe_adapter_run(IxgbeAdapter *adapter);
void ixgbe_adapter_timer(IxgbeAdapter *adapter);

/* --- board ------------------------------------------------------------- */

/* 4 bytes of vital product data, for the function's VPD capability. */
uint32_t ixgbe_adapter_vpd_read(const IxgbeAdapter *adapter, unsigned offset);

typedef enum IxgbeLed {
    IXGBE_LED_STATE_OFF,
    IXGBE_LED_STATE_LIT,
    IXGBE_LED_STATE_BLINKS,
} IxgbeLed;
/* @led is 0 to 3. */
IxgbeLed ixgbe_adapter_led(const IxgbeAdapter *adapter, unsigned led);

/* --- functions ----------------------------------------------------------- */

#define IXGBE_FUNCTION_PF (-1)

/*
 * Adapter to function; of the function's own calls only the end of a batch
 * (IxgbePortOps.end) may lead here.
 */
typedef struct IxgbeAdapterPortOps {
    /* Take a reference to keep the frame. */
    IxgbeRxResult (*rx)(void *fn, Frame *frame, const IxgbeRxMeta *meta);
    void (*tx_room)(void *fn);
    /* Once at attachment, then on each change. */
    void (*state)(void *fn, const IxgbePortState *state);
    /*
     * Whose the mailbox is, VFU and PFU, within the register write that decides
     * it.  NULL: the function is elsewhere and hears of it with its state.
     */
    void (*mailbox)(void *fn, uint32_t levels);
} IxgbeAdapterPortOps;

/*
 * Connects a function: a VF number, or IXGBE_FUNCTION_PF.  NULL if it has a
 * port already.  In IxgbeRxMeta the queue is the VF's own (0..7), for the PF
 * that of the adapter (0..127).
 */
IxgbeAdapterPort *ixgbe_adapter_attach(IxgbeAdapter *adapter, int function,
                                       const IxgbeAdapterPortOps *ops,
                                       void *fn);
/* Frames that wait for the function are dropped, its rings are gone. */
void ixgbe_adapter_detach(IxgbeAdapterPort *port);

/* For the function: its port argument is the IxgbeAdapterPort. */
extern const IxgbePortOps ixgbe_adapter_port_ops;
/*
 * As ixgbe_adapter_port_ops.tx, without a copy; @meta may be NULL.  A PF queue
 * that belongs to a VF's pool stands for the default pool.
 */
bool ixgbe_adapter_port_tx(IxgbeAdapterPort *port, unsigned queue,
                           Frame *frame, const IxgbeTxMeta *meta);

/* --- counters ------------------------------------------------------------ */

/* Free running; what the registers count is cleared by their reader. */
typedef struct IxgbePoolStats {
    uint64_t rx_frames, rx_bytes;       /* given to the function */
    uint64_t rx_loopback;               /* of these, from another pool */
    uint64_t rx_dropped;                /* no room for them */
    uint64_t tx_frames, tx_bytes;       /* taken from the function */
    uint64_t tx_spoofed;                /* dropped by anti-spoofing */
    uint64_t tx_dropped;                /* pool or link off */
} IxgbePoolStats;

typedef struct IxgbeAdapterStats {
    uint64_t wire_rx_frames, wire_rx_bytes;
    uint64_t wire_rx_filtered;          /* nobody's */
    uint64_t wire_rx_missed;            /* packet buffer full */
    uint64_t wire_tx_frames, wire_tx_bytes;
    uint64_t local_frames;              /* between pools, counted per copy */
} IxgbeAdapterStats;

void ixgbe_adapter_pool_stats(const IxgbeAdapter *adapter, unsigned pool,
                              IxgbePoolStats *stats);
void ixgbe_adapter_stats(const IxgbeAdapter *adapter,
                         IxgbeAdapterStats *stats);

/* Registers, mailboxes, frames in the packet buffer. */
void ixgbe_adapter_save(const IxgbeAdapter *adapter, StateWriter *w);
bool ixgbe_adapter_load(IxgbeAdapter *adapter, StateReader *r);

#endif
