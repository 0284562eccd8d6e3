/*
 * Link protocol: which message is well formed, and from whom.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "link-internal.h"

enum {
    FROM_VM = 1,
    FROM_HOST = 2,
    FROM_ANY = FROM_VM | FROM_HOST,
    ROLE_ANY = 0,
};

typedef struct LinkRule {
    uint8_t from;
    uint8_t role;
    uint16_t min;
    uint16_t max;
} LinkRule;

#define RULE(t, f, r, size) [t] = { f, r, size, size }

static const LinkRule rules[] = {
    RULE(LINK_ERROR, FROM_ANY, ROLE_ANY, sizeof(LinkError)),
    [LINK_FRAME] = { FROM_ANY, ROLE_ANY, sizeof(LinkFrame) + FRAME_MIN,
                     sizeof(LinkFrame) + FRAME_MAX },
    RULE(LINK_PING, FROM_ANY, ROLE_ANY, 8),
    RULE(LINK_PONG, FROM_ANY, ROLE_ANY, 8),
    RULE(LINK_HELLO, FROM_VM, ROLE_ANY, sizeof(LinkHello)),
    RULE(LINK_ACK, FROM_VM, ROLE_ANY, 8),
    RULE(LINK_RUNSTATE, FROM_VM, ROLE_ANY, sizeof(LinkRunstate)),
    RULE(LINK_DRAINED, FROM_VM, ROLE_ANY, 8),
    RULE(LINK_WELCOME, FROM_HOST, ROLE_ANY, sizeof(LinkWelcome)),
    RULE(LINK_DRAIN, FROM_HOST, ROLE_ANY, 8),
    RULE(LINK_RECALL, FROM_HOST, ROLE_ANY, 8),
    RULE(LINK_CREDIT, FROM_HOST, ROLE_ANY, 8),
    RULE(LINK_NIC_CONFIG, FROM_HOST, LINK_ROLE_NIC, sizeof(LinkNicConfig)),
    RULE(LINK_NIC_VF, FROM_HOST, LINK_ROLE_NIC, sizeof(LinkNicVf)),
    RULE(LINK_NIC_DATAPATH_DONE, FROM_HOST, LINK_ROLE_NIC,
         sizeof(LinkDatapath)),
    RULE(LINK_NIC_ANNOUNCE, FROM_HOST, LINK_ROLE_NIC, 0),
    RULE(LINK_NIC_VF_SETTLED, FROM_HOST, LINK_ROLE_NIC, 0),
    RULE(LINK_NIC_STATUS, FROM_VM, LINK_ROLE_NIC, sizeof(LinkNicStatus)),
    RULE(LINK_NIC_DATAPATH, FROM_VM, LINK_ROLE_NIC, sizeof(LinkDatapath)),
    RULE(LINK_NIC_HELD, FROM_VM, LINK_ROLE_NIC, 0),
    RULE(LINK_VF_STATE, FROM_HOST, LINK_ROLE_VF, sizeof(LinkVfState)),
    RULE(LINK_VF_RESET, FROM_VM, LINK_ROLE_VF, 4),
    RULE(LINK_VF_MAILBOX, FROM_VM, LINK_ROLE_VF, 4),
    RULE(LINK_VF_MBMEM, FROM_VM, LINK_ROLE_VF, sizeof(LinkVfMbmem)),
    RULE(LINK_VF_BUS_MASTER, FROM_VM, LINK_ROLE_VF, 4),
    RULE(LINK_VF_STATS, FROM_VM, LINK_ROLE_VF, sizeof(LinkVfStats)),
    RULE(LINK_VF_FAULT, FROM_VM, LINK_ROLE_VF, sizeof(LinkVfFault)),
    RULE(LINK_VF_SETTLED, FROM_VM, LINK_ROLE_VF, 0),
};

bool link_message_is_role(LinkType type)
{
    return type < G_N_ELEMENTS(rules) && rules[type].role != ROLE_ANY;
}

static const char *check_hello(const uint8_t *body)
{
    const LinkHello *hello = (const LinkHello *)body;
    uint16_t role = rd_le16(&hello->role);

    if (rd_le32(&hello->magic) != LINK_MAGIC) {
        return "not the link protocol";
    }
    if (role != LINK_ROLE_NIC && role != LINK_ROLE_VF) {
        return "unknown role";
    }
    if (!memchr(hello->vm, 0, sizeof(hello->vm)) || !hello->vm[0]) {
        return "bad VM name";
    }
    if (!g_utf8_validate(hello->vm, -1, NULL)) {
        return "bad VM name";
    }
    return hello->incoming <= 1 ? NULL : "bad flag";
}

static const char *check_body(LinkType type, const uint8_t *body)
{
    switch (type) {
    case LINK_ERROR:
        return memchr(((const LinkError *)body)->text, 0, LINK_TEXT_MAX)
               ? NULL : "text without end";
    case LINK_HELLO:
        return check_hello(body);
    case LINK_WELCOME: {
        const LinkWelcome *w = (const LinkWelcome *)body;

        return rd_le16(&w->rx_window) && rd_le16(&w->tx_window) &&
               rd_le64(&w->session) ? NULL : "bad WELCOME";
    }
    case LINK_RUNSTATE:
        return body[0] <= 1 ? NULL : "bad flag";
    case LINK_VF_RESET:
    case LINK_VF_BUS_MASTER:
        return rd_le32(body) <= 1 ? NULL : "bad flag";
    case LINK_VF_MBMEM:
        return rd_le32(body) < IXGBE_MBX_DWORDS ? NULL : "bad mailbox index";
    case LINK_VF_STATE: {
        const LinkVfState *state = (const LinkVfState *)body;

        return state->rx_enable <= 1 && state->tx_enable <= 1 &&
               state->pf_reset_done <= 1 && state->tx_pad <= 1 &&
               state->tx_vlan_insert <= 1 &&
               !(state->rx_flags & ~IXGBE_RX_FLAGS) ? NULL : "bad flag";
    }
    case LINK_NIC_CONFIG: {
        const LinkNicConfig *config = (const LinkNicConfig *)body;

        return config->link_up <= 1 && config->mac_spoofing <= 1 &&
               config->rsc <= 1 ? NULL : "bad flag";
    }
    case LINK_NIC_VF:
        return body[0] <= 1 ? NULL : "bad flag";
    case LINK_NIC_DATAPATH:
    case LINK_NIC_DATAPATH_DONE:
        return ((const LinkDatapath *)body)->to_vf <= 1 ? NULL : "bad flag";
    case LINK_NIC_STATUS: {
        const LinkNicStatus *status = (const LinkNicStatus *)body;

        return status->connected <= 1 && status->sriov <= 1 &&
               status->datapath_vf <= 1 ? NULL : "bad flag";
    }
    default:
        return NULL;
    }
}

const char *link_message_check(LinkType type, bool from_host, uint16_t role,
                               const uint8_t *body, size_t len)
{
    const LinkRule *rule;

    if (type >= G_N_ELEMENTS(rules) || !rules[type].from) {
        return "unknown message";
    }
    rule = &rules[type];
    if (!(rule->from & (from_host ? FROM_HOST : FROM_VM))) {
        return "message from the wrong side";
    }
    if (rule->role != ROLE_ANY && rule->role != role) {
        return "message of another role";
    }
    if (len < rule->min || len > rule->max) {
        return "wrong length";
    }
    return check_body(type, body);
}
