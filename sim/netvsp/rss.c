/*
 * Receive side scaling over the channels.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

size_t rndis_rss_query(const Netvsp *n, uint8_t *out)
{
    NdisRssCapabilities c = {
        .header.type = NDIS_OBJECT_RSS_CAPABILITIES,
        .header.revision = 2,
        .header.size = GUINT16_TO_LE(sizeof(c)),
        .flags = GUINT32_TO_LE(NDIS_RSS_CAP_TCP_IPV4 | NDIS_RSS_CAP_TCP_IPV6 |
                               NDIS_RSS_CAP_TCP_IPV6_EX | NDIS_HASH_TOEPLITZ),
        .messages = GUINT32_TO_LE(n->max_channels),
        .queues = GUINT32_TO_LE(n->max_channels),
        .table_entries = GUINT16_TO_LE(NETVSP_RSS_TABLE),
    };

    memcpy(out, &c, sizeof(c));
    return sizeof(c);
}

/* Each entry is the number of a channel. */
static bool read_table(NetvspRss *rss, const uint8_t *table, size_t bytes)
{
    if (bytes % 4 || bytes == 0 || bytes > NETVSP_RSS_TABLE * 4) {
        return false;
    }
    rss->entries = bytes / 4;
    for (unsigned i = 0; i < rss->entries; i++) {
        uint32_t queue = rd_le32(table + i * 4);

        if (queue >= NETVSP_CHANNELS_MAX) {
            return false;
        }
        rss->table[i] = queue;
    }
    return true;
}

uint32_t rndis_rss_set(Netvsp *n, const uint8_t *in, size_t len)
{
    const NdisRssParameters *p = (const NdisRssParameters *)in;
    NetvspRss rss = n->rss;
    uint16_t flags;

    if (len < NDIS_RSS_PARAMETERS_MIN) {
        return RNDIS_STATUS_INVALID_LENGTH;
    }
    if (p->header.type != NDIS_OBJECT_RSS_PARAMETERS) {
        return RNDIS_STATUS_INVALID_DATA;
    }
    flags = rd_le16(&p->flags);
    if (flags & NDIS_RSS_PARAM_DISABLE) {
        n->rss.enabled = false;
        return RNDIS_STATUS_SUCCESS;
    }
    if (!(flags & NDIS_RSS_PARAM_HASH_UNCHANGED)) {
        rss.hash_information = rd_le32(&p->hash_information);
    }
    if (!(flags & NDIS_RSS_PARAM_TABLE_UNCHANGED)) {
        uint32_t at = rd_le32(&p->table_offset);
        uint16_t bytes = rd_le16(&p->table_bytes);

        if (!iov_in_range(at, bytes, len) ||
            !read_table(&rss, in + at, bytes)) {
            return RNDIS_STATUS_INVALID_DATA;
        }
    }
    if (!(flags & NDIS_RSS_PARAM_KEY_UNCHANGED)) {
        uint32_t at = rd_le32(&p->key_offset);

        if (rd_le16(&p->key_bytes) != sizeof(rss.key) ||
            !iov_in_range(at, sizeof(rss.key), len)) {
            return RNDIS_STATUS_INVALID_DATA;
        }
        memcpy(rss.key, in + at, sizeof(rss.key));
    }
    rss.enabled = rss.hash_information & NDIS_HASH_TOEPLITZ && rss.entries;
    n->rss = rss;
    return RNDIS_STATUS_SUCCESS;
}

static unsigned hash_types(uint32_t information)
{
    static const struct {
        uint32_t ndis;
        unsigned type;
    } map[] = {
        { NDIS_HASH_IPV4, RSS_HASH_IPV4 },
        { NDIS_HASH_TCP_IPV4, RSS_HASH_TCP_IPV4 },
        { NDIS_HASH_UDP_IPV4, RSS_HASH_UDP_IPV4 },
        { NDIS_HASH_IPV6 | NDIS_HASH_IPV6_EX, RSS_HASH_IPV6 },
        { NDIS_HASH_TCP_IPV6 | NDIS_HASH_TCP_IPV6_EX, RSS_HASH_TCP_IPV6 },
        { NDIS_HASH_UDP_IPV6, RSS_HASH_UDP_IPV6 },
    };
    unsigned types = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(map); i++) {
        if (information & map[i].ndis) {
            types |= map[i].type;
        }
    }
    return types;
}

NetvspQueue *netvsp_rss_queue(Netvsp *n, const uint8_t *frame,
                              const FrameInfo *info, bool *hashed,
                              uint32_t *hash)
{
    const NetvspRss *rss = &n->rss;
    NetvspQueue *q = NULL;

    *hashed = rss->enabled &&
              toeplitz_hash_frame(rss->key, hash_types(rss->hash_information),
                                  frame, info, hash) != 0;
    if (*hashed) {
        q = n->queues[rss->table[*hash % rss->entries] % NETVSP_CHANNELS_MAX];
    }
    return q && q->open ? q : n->queues[0];
}
