/*
 * NetVSP: the guest's receive buffer and its sections.
 *
 * A section carries one RNDIS message to the guest and is the guest's until it
 * completes the packet (NVSP message 108) with the same transaction id, which
 * is the section's number + 1.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"

uint32_t netvsp_section_size(const Netvsp *n)
{
    uint32_t mtu = n->guest_mtu ? n->guest_mtu : NETVSP_DEFAULT_MTU;
    uint32_t size = mtu + FRAME_ETH_LEN + FRAME_VLAN_LEN +
                    NETVSP_RX_HEADROOM;

    return MAX((size + 63) & ~63u, NETVSP_SECTION_MIN);
}

static void on_teardown(void *opaque, VmbusGpadl *gpadl)
{
    Netvsp *n = opaque;

    trace_netvsp_buffer_teardown(n, vmbus_gpadl_id(gpadl));
    netvsp_recv_buf_drop(n);
    netvsp_check_drained(n);
}

/* Takes over the reference if it succeeds. */
bool netvsp_recv_buf_set(Netvsp *n, VmbusGpadl *gpadl, uint32_t section_size)
{
    NetvspRecvBuf *r = &n->recv;
    uint64_t sections = vmbus_gpadl_size(gpadl) / section_size;

    sections = MIN(sections, NETVSP_SECTIONS_MAX);
    if (sections <= NETVSP_CONTROL_SECTIONS) {
        return false;
    }
    r->gpadl = gpadl;
    r->section_size = section_size;
    r->sections = sections;
    r->owner = g_new0(uint8_t, sections);
    r->next = g_new0(uint16_t, sections);
    r->draining = g_new0(bool, sections);
    r->free = g_new(uint16_t, sections);
    r->free_count = sections;
    for (uint32_t i = 0; i < sections; i++) {
        r->free[i] = sections - 1 - i;
    }
    r->drain_left = 0;
    vmbus_gpadl_set_teardown(gpadl, on_teardown, n);
    return true;
}

void netvsp_recv_buf_drop(Netvsp *n)
{
    NetvspRecvBuf *r = &n->recv;
    VmbusGpadl *gpadl = r->gpadl;

    netvsp_rsc_forget(n);
    g_free(r->owner);
    g_free(r->next);
    g_free(r->draining);
    g_free(r->free);
    *r = (NetvspRecvBuf) { 0 };
    if (gpadl) {
        vmbus_gpadl_set_teardown(gpadl, NULL, NULL);
        vmbus_gpadl_put(gpadl);
    }
}

int netvsp_section_get(Netvsp *n, bool control)
{
    NetvspRecvBuf *r = &n->recv;
    uint32_t keep = control ? 0 : NETVSP_CONTROL_SECTIONS;

    if (!r->gpadl || r->free_count <= keep) {
        return -1;
    }
    return r->free[--r->free_count];
}

void netvsp_section_unget(Netvsp *n, int section)
{
    n->recv.free[n->recv.free_count++] = section;
}

static void take_back(Netvsp *n, unsigned section)
{
    NetvspRecvBuf *r = &n->recv;

    r->owner[section] = 0;
    r->next[section] = 0;
    if (r->draining[section]) {
        r->draining[section] = false;
        r->drain_left--;
    }
    netvsp_section_unget(n, section);
}

bool netvsp_section_done(NetvspQueue *q, uint64_t trans_id)
{
    NetvspRecvBuf *r = &q->n->recv;
    uint64_t section = trans_id - 1;
    uint8_t owner = q->index + 1;

    if (!r->gpadl || section >= r->sections || r->owner[section] != owner) {
        return false;
    }
    /* Ends: what is taken back is nobody's any more. */
    while (r->owner[section] == owner) {
        unsigned next = r->next[section];

        take_back(q->n, section);
        if (!next) {
            break;
        }
        section = next - 1;
        owner = (q->index + 1) | NETVSP_SECTION_PART;
    }
    return true;
}

void netvsp_sections_release(NetvspQueue *q)
{
    NetvspRecvBuf *r = &q->n->recv;

    for (uint32_t i = 0; i < r->sections; i++) {
        if ((r->owner[i] & ~NETVSP_SECTION_PART) == q->index + 1) {
            take_back(q->n, i);
        }
    }
}

void netvsp_drain(Netvsp *n)
{
    NetvspRecvBuf *r = &n->recv;

    netvsp_rx_flush(n);
    for (uint32_t i = 0; i < r->sections; i++) {
        if (r->owner[i] && !r->draining[i]) {
            r->draining[i] = true;
            r->drain_left++;
        }
    }
    n->drain_wanted = true;
    trace_netvsp_drain_start(n, r->drain_left);
    netvsp_check_drained(n);
}

void netvsp_check_drained(Netvsp *n)
{
    if (n->drain_wanted && n->recv.drain_left == 0) {
        n->drain_wanted = false;
        trace_netvsp_drain_done(n);
        if (n->ops->drained) {
            n->ops->drained(n->opaque);
        }
    }
}

void netvsp_section_write(Netvsp *n, unsigned section, size_t offset,
                          const void *data, size_t len)
{
    NetvspRecvBuf *r = &n->recv;

    if (!iov_in_range(offset, len, r->section_size) ||
        !vmbus_gpadl_write(r->gpadl,
                           (uint64_t)section * r->section_size + offset, data,
                           len)) {
        vmbus_channel_broken(n->queues[0]->ch, "receive buffer");
    }
}

bool netvsp_can_send_sections(const NetvspQueue *q, unsigned count)
{
    return vmbus_channel_can_send(q->ch, sizeof(VmbusXferPageHeader) +
                                         count * sizeof(VmbusXferPageRange) +
                                         NVSP_MESSAGE_SIZE_61);
}

static void own(NetvspQueue *q, const uint16_t *section, unsigned count)
{
    NetvspRecvBuf *r = &q->n->recv;

    for (unsigned i = 0; i < count; i++) {
        r->owner[section[i]] = (q->index + 1) | (i ? NETVSP_SECTION_PART : 0);
        r->next[section[i]] = i + 1 < count ? section[i + 1] + 1 : 0;
    }
}

bool netvsp_tell_sections(NetvspQueue *q, uint32_t channel,
                          const uint16_t *section, const uint16_t *bytes,
                          unsigned count)
{
    Netvsp *n = q->n;
    struct IOV_PACKED {
        VmbusXferPageHeader head;
        VmbusXferPageRange range[NETVSP_RSC_SEGMENTS];
    } desc = {
        .head.pageset_id = GUINT16_TO_LE(NVSP_RECV_BUF_ID),
        .head.range_count = GUINT32_TO_LE(count),
    };
    uint8_t msg[NVSP_MESSAGE_SIZE_61] = { 0 };
    NvspRndisPacket packet = {
        .type = GUINT32_TO_LE(NVSP_MSG_RNDIS_PKT),
        .channel = GUINT32_TO_LE(channel),
        .section = GUINT32_TO_LE(NVSP_NO_SECTION),
    };

    memcpy(msg, &packet, sizeof(packet));
    for (unsigned i = 0; i < count; i++) {
        desc.range[i].byte_count = GUINT32_TO_LE(bytes[i]);
        desc.range[i].byte_offset = GUINT32_TO_LE(section[i] *
                                                  n->recv.section_size);
    }
    if (!vmbus_channel_send(q->ch, VM_PKT_DATA_USING_XFER_PAGES,
                            VM_PKT_FLAG_COMPLETION_REQUESTED, section[0] + 1,
                            &desc, sizeof(desc.head) +
                            count * sizeof(desc.range[0]), msg,
                            netvsp_message_size(n))) {
        for (unsigned i = count; i-- > 0;) {
            netvsp_section_unget(n, section[i]);
        }
        return false;
    }
    own(q, section, count);
    return true;
}

/* Gives the section back if it fails. */
bool netvsp_send_section(NetvspQueue *q, int section, uint32_t channel,
                         const void *data, size_t len)
{
    uint16_t number = section, bytes = len;

    netvsp_section_write(q->n, number, 0, data,
                         MIN(len, q->n->recv.section_size));
    return netvsp_tell_sections(q, channel, &number, &bytes, 1);
}
