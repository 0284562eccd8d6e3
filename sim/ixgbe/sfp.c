/*
 * What an SFP+ module says about itself, and measures.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "spec/ixgbe_board_regs.h"

#define STATE_VERSION 1

/* 1/256 degrees, 100 uV, 2 uA, 0.1 uW, 0.1 uW */
#define QUANTITIES 5
static const uint16_t thresholds[QUANTITIES][4] = {
    /* high alarm, low alarm, high warning, low warning */
    { 78 << 8, 0xf300 /* -13 */, 73 << 8, 0xf800 /* -8 */ },
    { 37000, 29000, 36000, 30000 },
    { 6500, 1000, 6000, 1250 },
    { 15849, 631, 12589, 794 },
    { 15849, 158, 12589, 251 },
};
static const uint16_t normal[QUANTITIES] = {
    35 << 8, 33000, 3000, 6000, 5000,
};

static void put_text(uint8_t *at, size_t size, const char *text)
{
    size_t len = strlen(text);

    memset(at, ' ', size);
    memcpy(at, text, MIN(len, size));
}

static uint8_t sum(const uint8_t *at, unsigned first, unsigned end)
{
    uint8_t total = 0;

    for (unsigned i = first; i < end; i++) {
        total += at[i];
    }
    return total;
}

static void fill_optic(uint8_t *id, bool lr, bool gigabit)
{
    id[SFF_CONNECTOR] = SFF_CONNECTOR_LC;
    if (gigabit) {
        id[SFF_CODES_1G] = lr ? SFF_1000BASE_LX : SFF_1000BASE_SX;
    } else {
        id[SFF_CODES_10G] = lr ? SFF_10GBASE_LR : SFF_10GBASE_SR;
    }
    if (lr) {
        id[SFF_LENGTH_SMF_KM] = 10;
        id[SFF_LENGTH_SMF] = 100;
    } else {
        id[SFF_LENGTH_OM2] = 8;
        id[SFF_LENGTH_OM1] = 3;
        id[SFF_LENGTH_OM3] = 30;
    }
    wr_be16(id + SFF_WAVELENGTH, lr ? 1310 : 850);
    id[SFF_OPTIONS + 1] = SFF_OPTION_TX_DISABLE | SFF_OPTION_TX_FAULT |
                          SFF_OPTION_RX_LOS;
    id[SFF_DDM_TYPE] = SFF_DDM_IMPLEMENTED | SFF_DDM_INTERNAL |
                       SFF_DDM_AVERAGE_POWER;
    id[SFF_ENHANCED] = 0xb0;            /* alarms, soft Tx disable, Rx LOS */
    id[SFF_COMPLIANCE] = SFF_COMPLIANCE_9_3;
    put_text(id + SFF_PART, 16, gigabit ? (lr ? "IOVLAB-LX" : "IOVLAB-SX")
                                        : (lr ? "IOVLAB-LR" : "IOVLAB-SR"));
}

static void fill_cable(uint8_t *id)
{
    id[SFF_CONNECTOR] = SFF_CONNECTOR_PIGTAIL;
    id[SFF_CABLE] = SFF_CABLE_PASSIVE;
    id[SFF_LENGTH_COPPER] = 3;
    id[SFF_WAVELENGTH] = 0x01;          /* SFF-8431 appendix E */
    put_text(id + SFF_PART, 16, "IOVLAB-DA");
}

static void fill_id(const IxgbeAdapterConfig *config, uint8_t *id)
{
    bool gigabit = config->link_speed == 1000;
    static const uint8_t intel[] = { 0x00, 0x1b, 0x21 };

    memset(id, 0, SFF_MEMORY);
    id[SFF_IDENTIFIER] = SFF_IDENTIFIER_SFP;
    id[SFF_EXT_IDENTIFIER] = 0x04;
    id[SFF_ENCODING] = gigabit ? SFF_ENCODING_8B10B : SFF_ENCODING_64B66B;
    id[SFF_BITRATE] = gigabit ? 13 : 103;
    put_text(id + SFF_VENDOR, 16, "Intel Corp");
    memcpy(id + SFF_OUI, intel, sizeof(intel));
    put_text(id + SFF_REVISION, 4, "A");
    put_text(id + SFF_SERIAL, 16, config->serial[0] ? config->serial
                                                    : "IOV0001");
    put_text(id + SFF_DATE, 8, "250101");
    if (config->module == IXGBE_MODULE_DA) {
        fill_cable(id);
    } else {
        fill_optic(id, config->module == IXGBE_MODULE_LR, gigabit);
    }
    id[SFF_CHECKSUM_BASE] = sum(id, 0, SFF_CHECKSUM_BASE);
    id[SFF_CHECKSUM_EXT] = sum(id, SFF_OPTIONS, SFF_CHECKSUM_EXT);
}

static void fill_ddm(uint8_t *ddm)
{
    memset(ddm, 0, SFF_MEMORY);
    for (unsigned q = 0; q < QUANTITIES; q++) {
        for (unsigned i = 0; i < 4; i++) {
            wr_be16(ddm + SFF_THRESHOLDS + 8 * q + 2 * i, thresholds[q][i]);
        }
        wr_be16(ddm + SFF_DDM_VALUES + 2 * q, normal[q]);
    }
    /* Slopes of an internal calibration: 1. */
    for (unsigned i = 0; i < 4; i++) {
        ddm[SFF_DDM_CALIBRATION + 20 + 4 * i] = 1;
    }
    ddm[SFF_DDM_CHECKSUM] = sum(ddm, 0, SFF_DDM_CHECKSUM);
}

void ixgbe_sfp_insert(IxgbeAdapter *a)
{
    a->sfp = (IxgbeSfp) { .data = true, .host_clock = true,
                          .host_data = true };
    if (ixgbe_sfp_present(a)) {
        fill_id(&a->config, a->sfp.id);
        fill_ddm(a->sfp.ddm);
    }
}

bool ixgbe_sfp_present(const IxgbeAdapter *a)
{
    return a->config.module != IXGBE_MODULE_NONE;
}

bool ixgbe_sfp_has_ddm(const IxgbeAdapter *a)
{
    return a->sfp.id[SFF_DDM_TYPE] & SFF_DDM_IMPLEMENTED;
}

/* Measurements that depend on the laser and on the light that comes in. */
static uint8_t measured(const IxgbeAdapter *a, uint8_t offset)
{
    bool dark = ixgbe_link_laser_off(a);
    bool los = !a->cable;
    uint8_t value = a->sfp.ddm[offset];

    switch (offset) {
    case SFF_DDM_TX_POWER - 2 ... SFF_DDM_TX_POWER + 1:
        return dark ? 0 : value;
    case SFF_DDM_RX_POWER ... SFF_DDM_RX_POWER + 1:
        return los ? 0 : value;
    case SFF_DDM_STATUS:
        return value | (dark ? SFF_STATUS_TX_DISABLED : 0) |
               (los ? SFF_STATUS_RX_LOS : 0);
    case SFF_DDM_ALARMS + 1:
    case SFF_DDM_WARNINGS + 1:
        return value | (los ? SFF_FLAG_RX_LOW : 0);
    default:
        return value;
    }
}

uint8_t ixgbe_sfp_get(const IxgbeAdapter *a, uint8_t slave, uint8_t offset)
{
    return slave == SFF_ADDRESS_ID ? a->sfp.id[offset] : measured(a, offset);
}

void ixgbe_sfp_put(IxgbeAdapter *a, uint8_t slave, uint8_t offset,
                   uint8_t value)
{
    if (slave == SFF_ADDRESS_DDM && offset >= SFF_DDM_USER &&
        offset < SFF_DDM_USER_END) {
        a->sfp.ddm[offset] = value;
    }
}

void ixgbe_sfp_save(const IxgbeSfp *sfp, StateWriter *w)
{
    state_put_section(w, "SFP ", STATE_VERSION);
    state_put_bytes(w, sfp->id, sizeof(sfp->id));
    state_put_bytes(w, sfp->ddm, sizeof(sfp->ddm));
    state_put_u8(w, sfp->state);
    state_put_u8(w, sfp->slave);
    state_put_u8(w, sfp->offset);
    state_put_u8(w, sfp->shift);
    state_put_u8(w, sfp->bits);
    state_put_bool(w, sfp->host_clock);
    state_put_bool(w, sfp->host_data);
    state_put_bool(w, sfp->data);
}

bool ixgbe_sfp_load(IxgbeSfp *sfp, StateReader *r)
{
    if (!state_get_section(r, "SFP ", STATE_VERSION)) {
        return false;
    }
    state_get_bytes(r, sfp->id, sizeof(sfp->id));
    state_get_bytes(r, sfp->ddm, sizeof(sfp->ddm));
    sfp->state = state_get_u8(r);
    sfp->slave = state_get_u8(r);
    sfp->offset = state_get_u8(r);
    sfp->shift = state_get_u8(r);
    sfp->bits = state_get_u8(r);
    sfp->host_clock = state_get_bool(r);
    sfp->host_data = state_get_bool(r);
    sfp->data = state_get_bool(r);
    /* All eight bits only until the clock falls. */
    if (sfp->state >= IXGBE_I2C_STATES ||
        sfp->bits > (sfp->host_clock ? 8 : 7)) {
        state_fail(r, "bad state of the module's bus");
    }
    return state_ok(r);
}
