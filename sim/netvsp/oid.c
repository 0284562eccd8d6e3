/*
 * RNDIS objects: a table of what can be queried and set, with exact sizes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"

#define VENDOR_ID 0x005d1500u           /* OUI 00-15-5D, NIC 0 */
#define DRIVER_VERSION 0x0601
#define VENDOR_TEXT "iovlab synthetic NIC"

static size_t put32(uint8_t *out, uint32_t v)
{
    wr_le32(out, v);
    return sizeof(v);
}

/* --- queries that need more than a number -------------------------------- */

static size_t query_supported(Netvsp *n, const uint8_t *in, size_t in_len,
                              uint8_t *out);

static size_t query_link_speed(Netvsp *n, const uint8_t *in, size_t in_len,
                               uint8_t *out)
{
    n->speed_told = n->speed_mbps;
    return put32(out, netvsp_link_speed(n));
}

static size_t query_connect(Netvsp *n, const uint8_t *in, size_t in_len,
                            uint8_t *out)
{
    n->link_told = netvsp_link_is_up(n) ? NETVSP_LINK_UP : NETVSP_LINK_DOWN;
    n->link_told_early = false;
    return put32(out, !netvsp_link_is_up(n));
}

static size_t query_permanent(Netvsp *n, const uint8_t *in, size_t in_len,
                              uint8_t *out)
{
    memcpy(out, n->permanent_mac, sizeof(n->permanent_mac));
    return sizeof(n->permanent_mac);
}

static size_t query_current(Netvsp *n, const uint8_t *in, size_t in_len,
                            uint8_t *out)
{
    memcpy(out, n->mac, sizeof(n->mac));
    return sizeof(n->mac);
}

static size_t query_multicast(Netvsp *n, const uint8_t *in, size_t in_len,
                              uint8_t *out)
{
    size_t len = n->multicasts * sizeof(n->multicast[0]);

    memcpy(out, n->multicast, len);
    return len;
}

static size_t query_name(Netvsp *n, const uint8_t *in, size_t in_len,
                         uint8_t *out)
{
    const char *name = n->name ? n->name : "Network Adapter";
    size_t len = MIN(strlen(name), (size_t)255);

    for (size_t i = 0; i <= len; i++) {
        wr_le16(out + 2 * i, i < len ? (uint8_t)name[i] : 0);
    }
    return 2 * (len + 1);
}

static size_t query_vendor(Netvsp *n, const uint8_t *in, size_t in_len,
                           uint8_t *out)
{
    memcpy(out, VENDOR_TEXT, sizeof(VENDOR_TEXT));
    return sizeof(VENDOR_TEXT);
}

static size_t query_driver_version(Netvsp *n, const uint8_t *in,
                                   size_t in_len, uint8_t *out)
{
    wr_le16(out, DRIVER_VERSION);
    return 2;
}

static size_t query_offload(Netvsp *n, const uint8_t *in, size_t in_len,
                            uint8_t *out)
{
    return rndis_offload_query(n, in, in_len, false, out);
}

static size_t query_offload_now(Netvsp *n, const uint8_t *in, size_t in_len,
                                uint8_t *out)
{
    return rndis_offload_query(n, in, in_len, true, out);
}

static size_t query_rsc(Netvsp *n, const uint8_t *in, size_t in_len,
                        uint8_t *out)
{
    return rndis_rsc_statistics(n, out);
}

static size_t query_rss(Netvsp *n, const uint8_t *in, size_t in_len,
                        uint8_t *out)
{
    return rndis_rss_query(n, out);
}

/* --- sets ------------------------------------------------------------------- */

static uint32_t set_filter(Netvsp *n, const uint8_t *in, size_t len)
{
    uint32_t filter = rd_le32(in);

    netvsp_event(n, filter ? NETVSP_EV_FILTER_SET : NETVSP_EV_FILTER_CLEARED);
    n->filter = filter;
    netvsp_status_changed(n);
    return RNDIS_STATUS_SUCCESS;
}

static uint32_t set_multicast(Netvsp *n, const uint8_t *in, size_t len)
{
    if (len % sizeof(n->multicast[0])) {
        return RNDIS_STATUS_INVALID_LENGTH;
    }
    if (len > sizeof(n->multicast)) {
        return RNDIS_STATUS_MULTICAST_FULL;
    }
    memcpy(n->multicast, in, len);
    n->multicasts = len / sizeof(n->multicast[0]);
    return RNDIS_STATUS_SUCCESS;
}

static uint32_t set_ignored(Netvsp *n, const uint8_t *in, size_t len)
{
    return RNDIS_STATUS_SUCCESS;
}

/* Whether UTF-16 text in a buffer is this ASCII text. */
static bool utf16_equal(const uint8_t *p, size_t bytes, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (bytes < 2 * (i + 1) || rd_le16(p + 2 * i) != (uint8_t)text[i]) {
            return false;
        }
    }
    return bytes == 2 * len;
}

/* Twelve hexadecimal digits of UTF-16. */
static bool utf16_mac(const uint8_t *p, size_t bytes, uint8_t mac[6])
{
    if (bytes != 24) {
        return false;
    }
    for (unsigned i = 0; i < 12; i++) {
        uint16_t c = rd_le16(p + 2 * i);
        int digit = c < 128 ? g_ascii_xdigit_value(c) : -1;

        if (digit < 0) {
            return false;
        }
        mac[i / 2] = mac[i / 2] << 4 | digit;
    }
    return true;
}

static uint32_t set_config_parameter(Netvsp *n, const uint8_t *in, size_t len)
{
    const RndisConfigParameter *p = (const RndisConfigParameter *)in;
    uint32_t name = rd_le32(&p->name_offset);
    uint32_t name_len = rd_le32(&p->name_length);
    uint32_t value = rd_le32(&p->value_offset);
    uint32_t value_len = rd_le32(&p->value_length);
    uint8_t mac[6] = { 0 };

    if (!iov_in_range(name, name_len, len) ||
        !iov_in_range(value, value_len, len)) {
        return RNDIS_STATUS_INVALID_LENGTH;
    }
    if (!utf16_equal(in + name, name_len, "NetworkAddress")) {
        return RNDIS_STATUS_NOT_SUPPORTED;
    }
    if (rd_le32(&p->type) != RNDIS_CONFIG_STRING ||
        !utf16_mac(in + value, value_len, mac) || frame_is_multicast(mac)) {
        return RNDIS_STATUS_INVALID_DATA;
    }
    if (!n->mac_spoofing && memcmp(mac, n->permanent_mac, sizeof(mac))) {
        return RNDIS_STATUS_FAILURE;
    }
    memcpy(n->mac, mac, sizeof(n->mac));
    netvsp_status_changed(n);
    return RNDIS_STATUS_SUCCESS;
}

/* --- the table --------------------------------------------------------------- */

typedef struct RndisOid {
    uint32_t oid;
    /* Query: a function, a field of 32 or 64 bits, or a constant. */
    size_t (*query)(Netvsp *n, const uint8_t *in, size_t in_len,
                    uint8_t *out);
    uint16_t field32;           /* offset in Netvsp */
    uint16_t field64;
    uint32_t constant;
    bool readable;
    /* Set: with at least this many bytes. */
    uint32_t (*set)(Netvsp *n, const uint8_t *in, size_t len);
    uint16_t set_min;
} RndisOid;

#define OID_CONST(id, value) { .oid = id, .constant = value, .readable = true }
#define OID_FUNC(id, fn) { .oid = id, .query = fn, .readable = true }
#define OID_COUNT(id, member) \
    { .oid = id, .field64 = offsetof(Netvsp, member), .readable = true }

static const RndisOid oids[] = {
    OID_FUNC(OID_GEN_SUPPORTED_LIST, query_supported),
    OID_CONST(OID_GEN_HARDWARE_STATUS, 0),
    OID_CONST(OID_GEN_MEDIA_SUPPORTED, 0),
    OID_CONST(OID_GEN_MEDIA_IN_USE, 0),
    OID_CONST(OID_GEN_MAXIMUM_LOOKAHEAD, NETVSP_FRAME_MAX),
    { .oid = OID_GEN_MAXIMUM_FRAME_SIZE, .readable = true,
      .field32 = offsetof(Netvsp, port_mtu) },
    OID_FUNC(OID_GEN_LINK_SPEED, query_link_speed),
    OID_CONST(OID_GEN_TRANSMIT_BUFFER_SPACE, NETVSP_TX_BYTES),
    OID_CONST(OID_GEN_RECEIVE_BUFFER_SPACE, NETVSP_TX_BYTES),
    OID_CONST(OID_GEN_TRANSMIT_BLOCK_SIZE, 1),
    OID_CONST(OID_GEN_RECEIVE_BLOCK_SIZE, 1),
    OID_CONST(OID_GEN_VENDOR_ID, VENDOR_ID),
    OID_FUNC(OID_GEN_VENDOR_DESCRIPTION, query_vendor),
    { .oid = OID_GEN_CURRENT_PACKET_FILTER, .readable = true,
      .field32 = offsetof(Netvsp, filter), .set = set_filter, .set_min = 4 },
    { .oid = OID_GEN_CURRENT_LOOKAHEAD, .readable = true,
      .constant = NETVSP_FRAME_MAX, .set = set_ignored, .set_min = 4 },
    OID_FUNC(OID_GEN_DRIVER_VERSION, query_driver_version),
    OID_CONST(OID_GEN_MAXIMUM_TOTAL_SIZE, NETVSP_FRAME_MAX),
    { .oid = OID_GEN_PROTOCOL_OPTIONS, .set = set_ignored, .set_min = 4 },
    OID_CONST(OID_GEN_MAC_OPTIONS,
              NDIS_MAC_COPY_LOOKAHEAD | NDIS_MAC_NOT_PEND |
              NDIS_MAC_NO_LOOPBACK | NDIS_MAC_FULL_DUPLEX |
              NDIS_MAC_8021P_PRIORITY | NDIS_MAC_8021Q_VLAN),
    OID_FUNC(OID_GEN_MEDIA_CONNECT_STATUS, query_connect),
    OID_CONST(OID_GEN_MAXIMUM_SEND_PACKETS, NETVSP_TX_MESSAGES),
    OID_CONST(OID_GEN_VENDOR_DRIVER_VERSION, DRIVER_VERSION),
    { .oid = OID_GEN_NETWORK_LAYER_ADDRESSES, .set = set_ignored },
    { .oid = OID_GEN_TRANSPORT_HEADER_OFFSET, .set = set_ignored },
    OID_FUNC(OID_GEN_RECEIVE_SCALE_CAPABILITIES, query_rss),
    { .oid = OID_GEN_RECEIVE_SCALE_PARAMETERS, .set = rndis_rss_set,
      .set_min = NDIS_RSS_PARAMETERS_MIN },
    { .oid = OID_GEN_RNDIS_CONFIG_PARAMETER, .set = set_config_parameter,
      .set_min = sizeof(RndisConfigParameter) },
    OID_FUNC(OID_GEN_FRIENDLY_NAME, query_name),
    OID_COUNT(OID_GEN_XMIT_OK, tx.frames),
    OID_COUNT(OID_GEN_RCV_OK, rx.frames),
    OID_COUNT(OID_GEN_XMIT_ERROR, tx.errors),
    OID_COUNT(OID_GEN_RCV_ERROR, rx.errors),
    OID_COUNT(OID_GEN_RCV_NO_BUFFER, rx.discards),
    OID_COUNT(OID_GEN_DIRECTED_BYTES_XMIT, tx.directed_bytes),
    OID_COUNT(OID_GEN_DIRECTED_FRAMES_XMIT, tx.directed_frames),
    OID_COUNT(OID_GEN_MULTICAST_BYTES_XMIT, tx.multicast_bytes),
    OID_COUNT(OID_GEN_MULTICAST_FRAMES_XMIT, tx.multicast_frames),
    OID_COUNT(OID_GEN_BROADCAST_BYTES_XMIT, tx.broadcast_bytes),
    OID_COUNT(OID_GEN_BROADCAST_FRAMES_XMIT, tx.broadcast_frames),
    OID_COUNT(OID_GEN_DIRECTED_BYTES_RCV, rx.directed_bytes),
    OID_COUNT(OID_GEN_DIRECTED_FRAMES_RCV, rx.directed_frames),
    OID_COUNT(OID_GEN_MULTICAST_BYTES_RCV, rx.multicast_bytes),
    OID_COUNT(OID_GEN_MULTICAST_FRAMES_RCV, rx.multicast_frames),
    OID_COUNT(OID_GEN_BROADCAST_BYTES_RCV, rx.broadcast_bytes),
    OID_COUNT(OID_GEN_BROADCAST_FRAMES_RCV, rx.broadcast_frames),
    OID_CONST(OID_GEN_RCV_CRC_ERROR, 0),
    OID_CONST(OID_GEN_TRANSMIT_QUEUE_LENGTH, 0),
    OID_FUNC(OID_802_3_PERMANENT_ADDRESS, query_permanent),
    OID_FUNC(OID_802_3_CURRENT_ADDRESS, query_current),
    { .oid = OID_802_3_MULTICAST_LIST, .query = query_multicast,
      .readable = true, .set = set_multicast },
    OID_CONST(OID_802_3_MAXIMUM_LIST_SIZE, NETVSP_MULTICAST_MAX),
    OID_CONST(OID_802_3_MAC_OPTIONS, 0),
    OID_CONST(OID_802_3_RCV_ERROR_ALIGNMENT, 0),
    OID_CONST(OID_802_3_XMIT_ONE_COLLISION, 0),
    OID_CONST(OID_802_3_XMIT_MORE_COLLISIONS, 0),
    { .oid = OID_TCP_OFFLOAD_PARAMETERS, .set = rndis_offload_set,
      .set_min = NDIS_OFFLOAD_PARAMETERS_MIN },
    OID_FUNC(OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES, query_offload),
    OID_FUNC(OID_TCP_OFFLOAD_CURRENT_CONFIG, query_offload_now),
    OID_FUNC(OID_TCP_RSC_STATISTICS, query_rsc),
};

static size_t query_supported(Netvsp *n, const uint8_t *in, size_t in_len,
                              uint8_t *out)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(oids); i++) {
        wr_le32(out + 4 * i, oids[i].oid);
    }
    return 4 * G_N_ELEMENTS(oids);
}

static const RndisOid *find_oid(uint32_t oid)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(oids); i++) {
        if (oids[i].oid == oid) {
            return &oids[i];
        }
    }
    return NULL;
}

uint32_t rndis_oid_query(Netvsp *n, uint32_t oid, const uint8_t *in,
                         size_t in_len, uint8_t *out, size_t *len)
{
    const RndisOid *o = find_oid(oid);

    /* No answer is longer; see NETVSP_CONTROL_BYTES. */
    if (!o || !o->readable || *len < 1024) {
        *len = 0;
        return RNDIS_STATUS_NOT_SUPPORTED;
    }
    if (o->query) {
        *len = o->query(n, in, in_len, out);
    } else if (o->field32) {
        uint32_t v;

        memcpy(&v, (const uint8_t *)n + o->field32, sizeof(v));
        *len = put32(out, v);
    } else if (o->field64) {
        uint64_t v;

        /* Counters wrap as 32-bit ones unless the guest has room for more. */
        memcpy(&v, (const uint8_t *)n + o->field64, sizeof(v));
        wr_le64(out, v);
        *len = in_len >= 8 ? 8 : 4;
    } else {
        *len = put32(out, o->constant);
    }
    return RNDIS_STATUS_SUCCESS;
}

uint32_t rndis_oid_set(Netvsp *n, uint32_t oid, const uint8_t *in,
                       size_t len)
{
    const RndisOid *o = find_oid(oid);

    if (!o || !o->set) {
        return RNDIS_STATUS_NOT_SUPPORTED;
    }
    return len < o->set_min ? RNDIS_STATUS_INVALID_LENGTH
                            : o->set(n, in, len);
}
