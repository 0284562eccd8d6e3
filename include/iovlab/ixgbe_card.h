/*
 * One port of an 82599 in one process: adapter, PF, and VFs as windows on the
 * PF's queues.
 *
 * It joins what is apart elsewhere: the two halves of the PF's BAR0, the
 * adapter's ports and the functions, resets that concern both, and the layout
 * of queues that follows from pools and VFs.
 *
 * Source: 82599 datasheet, chapters 4.2 (reset), 7.10 (virtualization), 8.1.3
 * (I/O mapped access).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_IXGBE_CARD_H
#define IOVLAB_IXGBE_CARD_H

#include "iovlab/ixgbe_adapter.h"
#include "iovlab/ixgbe_function.h"

typedef struct IxgbeCard IxgbeCard;

/* What surrounds the adapter: as in IxgbeAdapterOps. */
typedef struct IxgbeCardOps {
    bool (*wire_tx)(void *opaque, Frame *frame);
    uint64_t (*clock_ns)(void *opaque);
    /* Asks for ixgbe_card_timer(). */
    void (*set_timer)(void *opaque, uint64_t deadline_ns);
    /* Asks for ixgbe_card_run(). */
    void (*schedule)(void *opaque);
} IxgbeCardOps;

/*
 * @ops and @pf_ops outlive the card, @config is copied; @opaque is for both.
 */
IxgbeCard *ixgbe_card_new(const IxgbeAdapterConfig *config,
                          const IxgbeCardOps *ops,
                          const IxgbeFunctionOps *pf_ops, void *opaque);
/* VFs are gone by then. */
void ixgbe_card_free(IxgbeCard *card);

IxgbeAdapter *ixgbe_card_adapter(IxgbeCard *card);
IxgbeFunction *ixgbe_card_pf(IxgbeCard *card);

/*
 * A VF's function, whether SR-IOV has enabled it or not; NULL if there is one
 * of this number.  It is the card's port that it is connected to.
 */
IxgbeFunction *ixgbe_card_vf_new(IxgbeCard *card, unsigned vf,
                                 const IxgbeFunctionOps *ops, void *opaque);
void ixgbe_card_vf_free(IxgbeCard *card, unsigned vf);
bool ixgbe_card_has_vfs(const IxgbeCard *card);
/* NumVFs if VF Enable is set, else 0; VFs that go are reset (VFLRE). */
void ixgbe_card_set_num_vfs(IxgbeCard *card, unsigned count);

/* The PF's BAR0.  @size is 1, 2, 4 or 8. */
uint64_t ixgbe_card_mmio_read(IxgbeCard *card, uint64_t offset,
                              unsigned size);
void ixgbe_card_mmio_write(IxgbeCard *card, uint64_t offset, uint64_t value,
                           unsigned size);
/* BAR2: IOADDR and IODATA, dwords only. */
#define IXGBE_IO_BAR_SIZE 32
uint32_t ixgbe_card_io_read(IxgbeCard *card, uint64_t offset, unsigned size);
void ixgbe_card_io_write(IxgbeCard *card, uint64_t offset, uint32_t value,
                         unsigned size);

/* PCIe function level reset of the PF, and machine reset. */
void ixgbe_card_flr(IxgbeCard *card);
void ixgbe_card_power_reset(IxgbeCard *card);

void ixgbe_card_run(IxgbeCard *card);
void ixgbe_card_timer(IxgbeCard *card);
/* As ixgbe_function_hold(), for the PF and all VFs. */
void ixgbe_card_hold(IxgbeCard *card, bool hold);

/*
 * Adapter, PF, all queues.  A VF's own state is saved apart, and loaded after
 * the card's.  Load while held, with the VFs that the state has.
 */
void ixgbe_card_save(const IxgbeCard *card, StateWriter *w);
bool ixgbe_card_load(IxgbeCard *card, StateReader *r);

#endif
