/*
 * Hyper-V's interface under TCG: what iovlab's devices use of it.
 *
 * All functions are called with the BQL held.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_HW_HV_H
#define IOVLAB_HW_HV_H

#include "iovlab/bytes.h"
#include "spec/hv_tlfs.h"

/* --- partition.c ----------------------------------------------------------- */

/* State that all virtual processors share (TLFS 4 and 3.13). */
typedef struct HvPartition {
    uint64_t guest_os_id;
    uint64_t hypercall;
    uint64_t reference_tsc;
    uint64_t crash[5];
} HvPartition;

extern HvPartition hv_partition;

/* A device needs the interface: turns it on, before the machine starts. */
void hv_enable(void);
/* Virtual processors that the machine may have; VP indexes are below it. */
uint32_t hv_vp_count(void);
/* APIC id of a VP; false if it is not plugged. */
bool hv_vp_apic_id(uint32_t vp, uint32_t *apic_id);
/* Guest RAM only: false, perhaps with part of it done, for anything else. */
bool hv_mem_read(uint64_t gpa, void *buf, size_t len);
bool hv_mem_write(uint64_t gpa, const void *buf, size_t len);

/* --- synic.c ----------------------------------------------------------------- */

/*
 * Puts a message into a VP's slot and raises the SINT.  False if the SINT is
 * masked, its page off, or the slot busy; slot_free() follows when that may
 * have changed.
 */
bool hv_synic_post(uint32_t vp, uint32_t sint, uint32_t type,
                   const void *payload, size_t len);
/* Sets an event flag; raises the SINT if it was clear. */
void hv_synic_signal(uint32_t vp, uint32_t sint, uint32_t flag);

/* --- hypercall.c ------------------------------------------------------------ */

/* Who serves HvPostMessage and HvSignalEvent: VMBus. */
typedef struct HvPortOps {
    uint16_t (*message)(void *opaque, uint32_t connection_id,
                        const void *payload, size_t len);
    uint16_t (*signal)(void *opaque, uint32_t connection_id, uint32_t flag);
    void (*slot_free)(void *opaque, uint32_t vp);
} HvPortOps;

void hv_set_ports(const HvPortOps *ops, void *opaque);
void hv_slot_free(uint32_t vp);

/* A hypercall under way. */
typedef struct HvHypercall {
    uint64_t control;           /* RCX: code, fast, counts (TLFS 3.7) */
    uint64_t param[2];          /* GPAs of input and output; values if fast */
    uint32_t vp;
} HvHypercall;

/*
 * Input bytes [offset, offset + len): from memory, or from the registers of a
 * fast call.  False if they are not all there.
 */
bool hv_hypercall_input(const HvHypercall *call, uint32_t offset, void *buf,
                        size_t len);
/* Size of the variable header in 8-byte units. */
static inline uint32_t hv_hypercall_variable(const HvHypercall *call)
{
    return call->control >> HV_CALL_VARIABLE_SHIFT & HV_CALL_VARIABLE_MASK;
}

/* Returns an HV_STATUS_*. */
typedef uint16_t HvHypercallFn(void *opaque, const HvHypercall *call);

/* One handler for each code; NULL takes it away. */
void hv_hypercall_register(uint16_t code, HvHypercallFn *fn, void *opaque);

#endif
