/*
 * Hypercalls (TLFS 3): decoding, input, dispatch.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "qemu/main-loop.h"

#include "hv/hv.h"
#include "hv/hv-hooks.h"
#include "iovlab-trace.h"

typedef struct Handler {
    uint16_t code;
    HvHypercallFn *fn;
    void *opaque;
} Handler;

#define HANDLERS_MAX 8

static Handler handlers[HANDLERS_MAX];
static const HvPortOps *port_ops;
static void *port_opaque;

void hv_set_ports(const HvPortOps *ops, void *opaque)
{
    port_ops = ops;
    port_opaque = opaque;
}

void hv_slot_free(uint32_t vp)
{
    if (port_ops) {
        port_ops->slot_free(port_opaque, vp);
    }
}

void hv_hypercall_register(uint16_t code, HvHypercallFn *fn, void *opaque)
{
    Handler *spare = NULL;

    for (size_t i = 0; i < HANDLERS_MAX; i++) {
        if (handlers[i].fn && handlers[i].code == code) {
            spare = &handlers[i];
            break;
        }
        if (!handlers[i].fn && !spare) {
            spare = &handlers[i];
        }
    }
    assert(spare);      /* as many as our devices have codes */
    *spare = (Handler) { code, fn, opaque };
}

bool hv_hypercall_input(const HvHypercall *call, uint32_t offset, void *buf,
                        size_t len)
{
    if (call->control & HV_CALL_FAST) {
        uint8_t regs[16];

        wr_le64(regs, call->param[0]);
        wr_le64(regs + 8, call->param[1]);
        if (!iov_in_range(offset, len, sizeof(regs))) {
            return false;
        }
        memcpy(buf, regs + offset, len);
        return true;
    }
    /* TLFS 3.8: 8-byte aligned, and within one page. */
    if (call->param[0] % 8 ||
        !iov_in_range(call->param[0] % HV_PAGE_SIZE + offset, len,
                      HV_PAGE_SIZE)) {
        return false;
    }
    return hv_mem_read(call->param[0] + offset, buf, len);
}

static uint16_t post_message(const HvHypercall *call)
{
    HvPostMessageInput in;
    uint32_t size;

    if (call->control & HV_CALL_FAST) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if (call->param[0] % 8) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    if (!hv_hypercall_input(call, 0, &in, offsetof(HvPostMessageInput,
                                                   payload))) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    size = rd_le32(&in.payload_size);
    /* The top bit of the type is the hypervisor's (TLFS 11.8.1). */
    if (size > sizeof(in.payload) || rd_le32(&in.message_type) == 0 ||
        rd_le32(&in.message_type) >> 31 ||
        !hv_hypercall_input(call, offsetof(HvPostMessageInput, payload),
                            in.payload, size)) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    if (!port_ops) {
        return HV_STATUS_INVALID_CONNECTION_ID;
    }
    return port_ops->message(port_opaque, rd_le32(&in.connection_id),
                             in.payload, size);
}

static uint16_t signal_event(const HvHypercall *call)
{
    HvSignalEventInput in;

    if (!hv_hypercall_input(call, 0, &in, sizeof(in))) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    if (!port_ops) {
        return HV_STATUS_INVALID_CONNECTION_ID;
    }
    return port_ops->signal(port_opaque, rd_le32(&in.connection_id),
                            rd_le16(&in.flag_number));
}

static uint16_t dispatch(const HvHypercall *call)
{
    uint16_t code = call->control & HV_CALL_CODE_MASK;

    switch (code) {
    case HV_CALL_POST_MESSAGE:
        return post_message(call);
    case HV_CALL_SIGNAL_EVENT:
        return signal_event(call);
    default:
        break;
    }
    for (size_t i = 0; i < HANDLERS_MAX; i++) {
        if (handlers[i].fn && handlers[i].code == code) {
            return handlers[i].fn(handlers[i].opaque, call);
        }
    }
    return HV_STATUS_INVALID_HYPERCALL_CODE;
}

static uint16_t dispatch_locked(const HvHypercall *call)
{
    BQL_LOCK_GUARD();

    return dispatch(call);
}

bool hv_hypercall(CPUState *cs)
{
    CPUX86State *env = &X86_CPU(cs)->env;
    bool long_mode = env->hflags & HF_CS64_MASK;
    HvHypercall call = { .vp = cs->cpu_index };
    uint16_t status;

    if (!hv_enabled() || (env->hflags & HF_CPL_MASK) ||
        !(env->cr[0] & CR0_PE_MASK)) {
        return false;
    }
    if (long_mode) {
        call.control = env->regs[R_ECX];
        call.param[0] = env->regs[R_EDX];
        call.param[1] = env->regs[8];
    } else {
        call.control = (uint64_t)(uint32_t)env->regs[R_EDX] << 32 |
                       (uint32_t)env->regs[R_EAX];
        call.param[0] = (uint64_t)(uint32_t)env->regs[R_EBX] << 32 |
                        (uint32_t)env->regs[R_ECX];
        call.param[1] = (uint64_t)(uint32_t)env->regs[R_EDI] << 32 |
                        (uint32_t)env->regs[R_ESI];
    }
    status = dispatch_locked(&call);
    trace_hv_hypercall_done(call.vp, call.control, call.param[0], status);
    env->regs[R_EAX] = status;
    if (!long_mode) {
        env->regs[R_EDX] = 0;
    }
    return true;
}
