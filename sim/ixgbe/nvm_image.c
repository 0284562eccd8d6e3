/*
 * The NVM of a board as its maker would have written it: modules, pointers,
 * vital product data, checksum.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "nvm.h"
#include "spec/ixgbe_board_regs.h"

/* Settings that boards with this chip have. */
#define AUTOC_DEFAULT   0xc09c6004u     /* 10G serial; KX, KX4 not used */
#define AUTOC2_DEFAULT  0x000a0000u     /* SFI */
/* LED 0: 10G, 1: 1G, 2: link and activity, blinking, 3: off. */
#define LEDCTL_DEFAULT  0x0f840501u
/* SDP 3 and 5 (laser, rate) are outputs, low: laser on. */
#define ESDP_DEFAULT    0x2800u
#define FIRMWARE_VERSION 0x0009
#define IMAGE_VERSION   0x1000
#define ETRACK_ID       0x80000599u
#define MODULES         0x60            /* where they begin */

typedef struct Image {
    uint16_t *words;
    unsigned end;               /* first free word */
} Image;

static unsigned place(Image *image, unsigned words)
{
    unsigned at = image->end;

    image->end += words;
    return at;
}

/* A module of @words words behind its length; returns where it is. */
static unsigned module(Image *image, unsigned words)
{
    unsigned at = place(image, words + 1);

    memset(&image->words[at], 0, (words + 1) * sizeof(*image->words));
    image->words[at] = words;
    return at;
}

static void put_core(Image *image, unsigned port,
                     const IxgbeAdapterConfig *config)
{
    unsigned at = module(image, IXGBE_NVM_CORE_WORDS);
    uint16_t *core = &image->words[at];
    uint8_t mac[6];

    memcpy(mac, config->mac, sizeof(mac));
    /* The other port's address, which nobody but a tool reads. */
    mac[5] ^= port != config->port;
    for (unsigned i = 0; i < 3; i++) {
        core[IXGBE_NVM_CORE_ADDRESS + i] = rd_le16(mac + 2 * i);
    }
    core[IXGBE_NVM_CORE_LED] = LEDCTL_DEFAULT & 0xffff;
    core[IXGBE_NVM_CORE_LED + 1] = LEDCTL_DEFAULT >> 16;
    core[IXGBE_NVM_CORE_SDP] = ESDP_DEFAULT;
    image->words[IXGBE_NVM_CORE(port)] = at;
}

static void put_mac(Image *image, unsigned port)
{
    unsigned at = module(image, IXGBE_NVM_MAC_WORDS);

    image->words[at + IXGBE_NVM_MAC_MODE] = AUTOC_DEFAULT & 0xffff;
    image->words[at + IXGBE_NVM_MAC_AN] = AUTOC_DEFAULT >> 16;
    image->words[at + IXGBE_NVM_MAC_AUTOC2] = AUTOC2_DEFAULT >> 16;
    image->words[IXGBE_NVM_MAC(port)] = at;
}

/*
 * Pairs of module id and what to write to CORECTL for it.  What the writes do
 * to the analogue part has no counterpart here.
 */
static void put_sfp_list(Image *image)
{
    static const uint16_t sequence[] = { 0x0a01, 0x0b80, 0x0c22 };
    unsigned ids = IXGBE_NVM_SFP_SRLR_1 - IXGBE_NVM_SFP_DA_0 + 1;
    unsigned list = module(image, 2 * ids + 1);

    for (unsigned i = 0; i < ids; i++) {
        unsigned at = module(image, G_N_ELEMENTS(sequence) + 1);

        memcpy(&image->words[at + 1], sequence, sizeof(sequence));
        image->words[at + 1 + G_N_ELEMENTS(sequence)] = IXGBE_NVM_NONE;
        image->words[list + 1 + 2 * i] = IXGBE_NVM_SFP_DA_0 + i;
        image->words[list + 2 + 2 * i] = at;
    }
    image->words[list + 1 + 2 * ids] = IXGBE_NVM_NONE;
    image->words[IXGBE_NVM_SFP_LIST] = list;
}

/* 6.4: no firmware runs, but drivers look for its version. */
static void put_firmware(Image *image)
{
    unsigned at = module(image, IXGBE_NVM_FW_WORDS);
    unsigned patch = module(image, IXGBE_NVM_FW_PATCH_VERSION + 1);

    for (unsigned i = 1; i <= IXGBE_NVM_FW_WORDS; i++) {
        image->words[at + i] = IXGBE_NVM_NONE;
    }
    image->words[at + IXGBE_NVM_FW_PATCH] = patch;
    image->words[patch + IXGBE_NVM_FW_PATCH_VERSION] = FIRMWARE_VERSION;
    image->words[IXGBE_NVM_FIRMWARE] = at;
}

/* Two characters a word, the first in the upper half. */
static void put_pba(Image *image, const char *pba)
{
    unsigned len = strlen(pba);
    unsigned words = (len + 1) / 2;
    unsigned at = place(image, words + 1);

    /* This length counts itself. */
    image->words[at] = words + 1;
    for (unsigned i = 0; i < words; i++) {
        image->words[at + 1 + i] = pba[2 * i] << 8 |
                                   (2 * i + 1 < len ? pba[2 * i + 1] : ' ');
    }
    image->words[IXGBE_NVM_PBA] = IXGBE_NVM_PBA_STRING;
    image->words[IXGBE_NVM_PBA + 1] = at;
}

static void vpd_field(GByteArray *vpd, const char *key, const char *value)
{
    uint8_t len = strlen(value);

    g_byte_array_append(vpd, (const uint8_t *)key, 2);
    g_byte_array_append(vpd, &len, 1);
    g_byte_array_append(vpd, (const uint8_t *)value, len);
}

static void vpd_tag(GByteArray *vpd, uint8_t tag, const uint8_t *data,
                    size_t len)
{
    uint8_t head[3] = { tag, len & 0xff, len >> 8 };

    g_byte_array_append(vpd, head, sizeof(head));
    g_byte_array_append(vpd, data, len);
}

static void put_vpd(Image *image, const char *pba, const char *serial)
{
    static const char name[] = "Intel 82599 10 Gigabit Ethernet (iovlab)";
    static const uint8_t end = VPD_TAG_END;
    g_autoptr(GByteArray) fields = g_byte_array_new();
    g_autoptr(GByteArray) vpd = g_byte_array_new();
    uint8_t checksum[4] = { 'R', 'V', 1, 0 };
    unsigned at;

    vpd_field(fields, "PN", pba);
    vpd_field(fields, "SN", serial);
    vpd_tag(vpd, VPD_TAG_NAME, (const uint8_t *)name, strlen(name));
    /* RV: everything up to and with the checksum adds up to 0. */
    g_byte_array_append(fields, checksum, sizeof(checksum));
    vpd_tag(vpd, VPD_TAG_RO, fields->data, fields->len);
    for (guint i = 0; i < vpd->len - 1; i++) {
        vpd->data[vpd->len - 1] -= vpd->data[i];
    }
    g_byte_array_append(vpd, &end, 1);

    at = place(image, (vpd->len + 1) / 2);
    for (guint i = 0; i < vpd->len; i++) {
        image->words[at + i / 2] &= i % 2 ? 0x00ff : 0xff00;
        image->words[at + i / 2] |= vpd->data[i] << (i % 2 * 8);
    }
    image->words[IXGBE_NVM_VPD] = at;
}

uint16_t ixgbe_nvm_checksum(const uint16_t words[IXGBE_NVM_WORDS])
{
    uint16_t sum = 0;

    for (unsigned i = 0; i < IXGBE_NVM_CHECKSUM; i++) {
        sum += words[i];
    }
    for (unsigned i = IXGBE_NVM_FIRST_MODULE; i <= IXGBE_NVM_LAST_MODULE;
         i++) {
        unsigned at = words[i];
        unsigned len;

        if (at == 0 || at >= IXGBE_NVM_WORDS) {
            continue;
        }
        len = words[at] == IXGBE_NVM_NONE ? 0 : words[at];
        for (unsigned n = 1; n <= len && at + n < IXGBE_NVM_WORDS; n++) {
            sum += words[at + n];
        }
    }
    return IXGBE_NVM_SUM - sum;
}

void ixgbe_nvm_image(uint16_t words[IXGBE_NVM_WORDS],
                     const IxgbeAdapterConfig *config)
{
    Image image = { words, MODULES };
    const char *pba = config->pba[0] ? config->pba : "IOV599-001";
    char serial[13];

    memset(words, 0xff, IXGBE_NVM_WORDS * sizeof(*words));
    words[IXGBE_NVM_CONTROL_1] = 0x0040;
    words[IXGBE_NVM_CONTROL_2] = 0;
    words[0x02] = 0;
    words[IXGBE_NVM_VERSION] = IMAGE_VERSION;
    words[IXGBE_NVM_CAPS] = IXGBE_NVM_CAPS_ANY_SFP | IXGBE_NVM_CAPS_NO_FCOE |
                            IXGBE_NVM_CAPS_WOL_BOTH |
                            IXGBE_NVM_CAPS_NO_CROSSTALK;
    words[IXGBE_NVM_ETRACK] = ETRACK_ID & 0xffff;
    words[IXGBE_NVM_ETRACK + 1] = ETRACK_ID >> 16;
    for (unsigned i = IXGBE_NVM_BOOT; i <= IXGBE_NVM_BOOT_END; i++) {
        words[i] = 0;
    }
    for (unsigned port = 0; port < 2; port++) {
        put_core(&image, port, config);
        put_mac(&image, port);
    }
    put_sfp_list(&image);
    put_firmware(&image);
    put_pba(&image, pba);
    g_snprintf(serial, sizeof(serial), "%02X%02X%02X%02X%02X%02X",
               config->mac[0], config->mac[1], config->mac[2],
               config->mac[3], config->mac[4], config->mac[5]);
    put_vpd(&image, pba, config->serial[0] ? config->serial : serial);
    words[IXGBE_NVM_CHECKSUM] = ixgbe_nvm_checksum(words);
}
