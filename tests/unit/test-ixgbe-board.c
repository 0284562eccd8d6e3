/*
 * The board around the MAC, used as PF drivers use it: NVM, module, link,
 * semaphores, timers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "board-play.h"
#include "ixgbe/sfp.h"

static void start(Rig *r, IxgbeModuleKind module, unsigned speed,
                  unsigned port)
{
    IxgbeAdapterConfig config = {
        .port = port, .module = module, .link_speed = speed,
        .serial = "SERIAL-1", .pba = "ABCDEF-012",
    };

    memcpy(config.mac, RIG_MAC[RIG_PF], 6);
    rig_init_config(r, &config);
}

static void start_plain(Rig *r)
{
    start(r, IXGBE_MODULE_SR, 0, 0);
}

static void driver_reset(Rig *r, uint32_t bit)
{
    rig_write(r, IXGBE_CTRL, IXGBE_CTRL_GIO_DIS);
    g_assert_cmphex(rig_read(r, IXGBE_CTRL) & IXGBE_CTRL_GIO_DIS, !=, 0);
    g_assert_cmphex(rig_read(r, IXGBE_STATUS) & IXGBE_STATUS_GIO, ==, 0);
    rig_set(r, IXGBE_CTRL, bit);
    g_assert_cmphex(rig_read(r, IXGBE_CTRL) &
                    (IXGBE_CTRL_RST | IXGBE_CTRL_LRST), ==, 0);
    g_assert_cmphex(rig_read(r, IXGBE_STATUS) & IXGBE_STATUS_GIO, !=, 0);
}

/* --- probe ------------------------------------------------------------------- */

static void mdio_scan(Rig *r)
{
    for (uint32_t phy = 0; phy < 32; phy++) {
        /* Address cycle, then read: clause 45. */
        rig_write(r, IXGBE_MSCA, IXGBE_MSCA_COMMAND | 1 << 16 | phy << 21 |
                  2);
        g_assert_cmphex(rig_read(r, IXGBE_MSCA) & IXGBE_MSCA_COMMAND, ==, 0);
        rig_write(r, IXGBE_MSCA, IXGBE_MSCA_COMMAND | 0x0c000000 | 1 << 16 |
                  phy << 21);
        g_assert_cmphex(rig_read(r, IXGBE_MSCA) & IXGBE_MSCA_COMMAND, ==, 0);
        g_assert_cmphex(rig_read(r, IXGBE_MSRWD) >> 16, ==, 0xffff);
        g_assert_cmphex(rig_read(r, IXGBE_MSRWD), !=, UINT32_MAX);
    }
}

/* Returns the module's id in the NVM's list, as drivers find it. */
static unsigned identify(Rig *r, unsigned port)
{
    uint8_t id, codes_10g, codes_1g, cable, oui[3];

    g_assert_true(play_i2c_read(r, SFF_ADDRESS_ID, SFF_IDENTIFIER, &id));
    g_assert_cmphex(id, ==, SFF_IDENTIFIER_SFP);
    play_i2c_read(r, SFF_ADDRESS_ID, SFF_CODES_1G, &codes_1g);
    play_i2c_read(r, SFF_ADDRESS_ID, SFF_CODES_10G, &codes_10g);
    play_i2c_read(r, SFF_ADDRESS_ID, SFF_CABLE, &cable);
    for (unsigned i = 0; i < 3; i++) {
        play_i2c_read(r, SFF_ADDRESS_ID, SFF_OUI + i, &oui[i]);
    }
    g_assert_cmphex(rd_be16(oui) << 8 | oui[2], ==, 0x001b21);
    if (cable & SFF_CABLE_PASSIVE) {
        return IXGBE_NVM_SFP_DA_0 + port;
    }
    g_assert_cmphex(codes_10g | codes_1g, !=, 0);
    return IXGBE_NVM_SFP_SRLR_0 + port;
}

static void setup_module(Rig *r, unsigned id)
{
    unsigned at = play_nvm_word(r, IXGBE_NVM_SFP_LIST) + 1;
    unsigned data, writes = 0;
    uint16_t word;

    for (; (word = play_nvm_word(r, at)) != id; at += 2) {
        g_assert_cmphex(word, !=, IXGBE_NVM_NONE);
    }
    data = play_nvm_word(r, at + 1);
    g_assert_cmphex(data, !=, 0);
    g_assert_cmphex(data, !=, IXGBE_NVM_NONE);
    play_lock(r, LOCK_MAC);
    while ((word = play_nvm_word(r, ++data)) != IXGBE_NVM_NONE) {
        rig_write(r, IXGBE_CORECTL, word);
        g_assert_cmpuint(++writes, <, 100);
    }
    play_unlock(r, LOCK_MAC);
    g_assert_cmpuint(writes, >, 0);
    g_assert_true(play_autoc(r, rig_read(r, IXGBE_AUTOC) |
                             IXGBE_LMS_10G_SERIAL << IXGBE_AUTOC_LMS_SHIFT));
}

static void check_firmware_words(Rig *r)
{
    unsigned fw = play_nvm_word(r, IXGBE_NVM_FIRMWARE);
    unsigned patch = play_nvm_word(r, fw + IXGBE_NVM_FW_PATCH);

    g_assert_cmphex(fw, !=, IXGBE_NVM_NONE);
    g_assert_cmphex(play_nvm_word(r, fw + IXGBE_NVM_FW_LESM), ==,
                    IXGBE_NVM_NONE);
    g_assert_cmphex(patch, !=, IXGBE_NVM_NONE);
    g_assert_cmpuint(play_nvm_word(r, patch + IXGBE_NVM_FW_PATCH_VERSION), >,
                     5);
    g_assert_cmphex(rig_read(r, IXGBE_FWSM) & 0xe, ==, 0);
    g_assert_cmphex(rig_read(r, IXGBE_MMNGC) & 1, ==, 0);
    g_assert_cmphex(rig_read(r, IXGBE_HICR) & 1, ==, 0);
}

static void check_part_number(Rig *r)
{
    unsigned at = play_nvm_word(r, IXGBE_NVM_PBA + 1);
    unsigned words = play_nvm_word(r, at) - 1;
    char text[12] = "";

    g_assert_cmphex(play_nvm_word(r, IXGBE_NVM_PBA), ==,
                    IXGBE_NVM_PBA_STRING);
    g_assert_cmpuint(words, ==, 5);
    for (unsigned i = 0; i < words; i++) {
        text[2 * i] = play_nvm_word(r, at + 1 + i) >> 8;
        text[2 * i + 1] = play_nvm_word(r, at + 1 + i);
    }
    g_assert_cmpstr(text, ==, "ABCDEF-012");
}

static void probe(Rig *r, unsigned port, unsigned id)
{
    uint32_t eec = rig_read(r, IXGBE_EEC);

    g_assert_cmphex(eec & IXGBE_EEC_PRES, !=, 0);
    g_assert_cmphex(eec & IXGBE_EEC_AUTO_RD, !=, 0);
    g_assert_cmpuint(1u << ((eec >> IXGBE_EEC_SIZE_SHIFT & 0xf) + 6), ==,
                     IXGBE_NVM_WORDS);
    g_assert_cmpuint(rig_read(r, IXGBE_STATUS) >> IXGBE_STATUS_LAN_ID_SHIFT &
                     3, ==, port);
    mdio_scan(r);
    g_assert_cmpuint(identify(r, port), ==, id);
    setup_module(r, id);
    driver_reset(r, IXGBE_CTRL_RST);
    g_assert_cmphex(rig_read(r, 0x5400), ==, rd_le32(RIG_MAC[RIG_PF]));
    g_assert_cmphex(rig_read(r, 0x5404), ==,
                    IXGBE_RAH_AV | rd_le16(RIG_MAC[RIG_PF] + 4));
    g_assert_cmphex(play_nvm_checksum(r), ==,
                    play_nvm_word(r, IXGBE_NVM_CHECKSUM));
    check_firmware_words(r);
    check_part_number(r);
    g_assert_cmphex(play_nvm_word(r, IXGBE_NVM_SAN_MAC), ==, IXGBE_NVM_NONE);
    g_assert_cmphex(play_nvm_word(r, IXGBE_NVM_CAPS) & 0x83, ==, 0x83);
}

static void check_up(Rig *r, uint32_t speed)
{
    g_assert_cmphex(rig_read(r, IXGBE_LINKS) & (IXGBE_LINKS_UP |
                    IXGBE_LINKS_SPEED_MASK), ==, IXGBE_LINKS_UP | speed);
}

static void test_probe(void)
{
    static const struct {
        IxgbeModuleKind module;
        unsigned port, id;
    } cases[] = {
        { IXGBE_MODULE_SR, 0, 5 }, { IXGBE_MODULE_SR, 1, 6 },
        { IXGBE_MODULE_LR, 0, 5 }, { IXGBE_MODULE_LR, 1, 6 },
        { IXGBE_MODULE_DA, 0, 3 }, { IXGBE_MODULE_DA, 1, 4 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Rig r;

        start(&r, cases[i].module, 10000, cases[i].port);
        probe(&r, cases[i].port, cases[i].id);
        check_up(&r, IXGBE_LINKS_SPEED_10G);
        rig_clear(&r);
    }
}

/* --- NVM --------------------------------------------------------------------- */

static void test_spi(void)
{
    uint16_t in[3], out[40];
    Rig r;

    start_plain(&r);
    play_spi_read(&r, IXGBE_NVM_PBA, 3, in);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmphex(in[i], ==, play_nvm_word(&r, IXGBE_NVM_PBA + i));
    }
    /* A write wraps in its page of 32 words. */
    for (unsigned i = 0; i < G_N_ELEMENTS(out); i++) {
        out[i] = 0x100 + i;
    }
    play_spi_write(&r, 0x1000, 40, out);
    g_assert_cmphex(play_nvm_word(&r, 0x1000), ==, 0x120);
    g_assert_cmphex(play_nvm_word(&r, 0x1007), ==, 0x127);
    g_assert_cmphex(play_nvm_word(&r, 0x1008), ==, 0x108);
    g_assert_cmphex(play_nvm_word(&r, 0x101f), ==, 0x11f);
    g_assert_cmphex(play_nvm_word(&r, 0x1020), ==, 0xffff);
    rig_clear(&r);
}

/* Without EEC.REQ the pins are not the driver's: nothing moves. */
static void test_spi_needs_request(void)
{
    uint16_t before, after;
    Rig r;

    start_plain(&r);
    play_spi_read(&r, 0x1000, 1, &before);
    play_spi_select(&r);
    play_spi_out(&r, EEPROM_WREN, 8);
    play_spi_select(&r);
    play_spi_out(&r, EEPROM_WRITE, 8);
    play_spi_out(&r, 0x2000, 16);
    play_spi_out(&r, (uint16_t)~before, 16);
    play_spi_select(&r);
    g_assert_cmphex(rig_read(&r, IXGBE_EEC) & IXGBE_EEC_GNT, ==, 0);
    g_assert_cmphex(play_spi_in(&r, 8), ==, 0);
    play_spi_read(&r, 0x1000, 1, &after);
    g_assert_cmphex(after, ==, before);
    rig_clear(&r);
}

static void test_spi_needs_permission(void)
{
    Rig r;

    start_plain(&r);
    /* Without WREN, and a second write after one. */
    play_spi_begin(&r);
    play_spi_select(&r);
    play_spi_out(&r, EEPROM_WRITE, 8);
    play_spi_out(&r, 0x2000, 16);
    play_spi_out(&r, 0x1234, 16);
    play_spi_select(&r);
    play_spi_out(&r, EEPROM_WREN, 8);
    play_spi_select(&r);
    play_spi_out(&r, EEPROM_RDSR, 8);
    g_assert_cmphex(play_spi_in(&r, 8), ==, EEPROM_STATUS_WEL);
    play_spi_select(&r);
    play_spi_out(&r, EEPROM_WRITE, 8);
    play_spi_out(&r, 0x2002, 16);
    play_spi_out(&r, 0x1234, 16);
    play_spi_select(&r);
    play_spi_out(&r, EEPROM_RDSR, 8);
    g_assert_cmphex(play_spi_in(&r, 8), ==, 0);
    play_spi_end(&r);
    g_assert_cmphex(play_nvm_word(&r, 0x1000), ==, 0xffff);
    g_assert_cmphex(play_nvm_word(&r, 0x1001), ==, 0x3412);
    /* Pins without a grant are nobody's. */
    play_spi_out(&r, EEPROM_WREN, 8);
    g_assert_cmphex(rig_read(&r, IXGBE_EEC) & IXGBE_EEC_DO, ==, 0);
    rig_clear(&r);
}

static void test_eewr(void)
{
    Rig r;

    start_plain(&r);
    g_assert_cmphex(rig_read(&r, IXGBE_EEWR) & IXGBE_EERW_DONE, !=, 0);
    rig_write(&r, IXGBE_EEWR, 0xabcd0000 | 0x1234 << 2 | IXGBE_EERW_START);
    g_assert_cmphex(rig_read(&r, IXGBE_EEWR) & IXGBE_EERW_DONE, !=, 0);
    g_assert_cmphex(play_nvm_word(&r, 0x1234), ==, 0xabcd);
    rig_clear(&r);
}

/* What a tool writes is there after the next reset. */
static void test_new_address(void)
{
    uint16_t address[] = { 0x1b00, 0xcc21, 0xeedd };
    uint16_t sum;
    Rig r;

    start_plain(&r);
    play_spi_write(&r, play_nvm_word(&r, IXGBE_NVM_CORE(0)) +
                   IXGBE_NVM_CORE_ADDRESS, 3, address);
    g_assert_cmphex(play_nvm_checksum(&r), !=,
                    play_nvm_word(&r, IXGBE_NVM_CHECKSUM));
    sum = play_nvm_checksum(&r);
    play_spi_write(&r, IXGBE_NVM_CHECKSUM, 1, &sum);
    driver_reset(&r, IXGBE_CTRL_LRST);
    g_assert_cmphex(rig_read(&r, IXGBE_RAL(0)), ==, 0xcc211b00);
    g_assert_cmphex(rig_read(&r, IXGBE_RAH(0)), ==, 0x8000eedd);
    /* A pointer to nowhere gives no address. */
    rig_write(&r, IXGBE_EEWR, 0xfffe0000 | IXGBE_NVM_CORE(0) << 2 |
              IXGBE_EERW_START);
    driver_reset(&r, IXGBE_CTRL_RST);
    g_assert_cmphex(rig_read(&r, IXGBE_RAH(0)), ==, 0);
    rig_clear(&r);
}

static void test_vpd(void)
{
    uint8_t vpd[256], sum = 0;
    unsigned at, end;
    Rig r;

    start_plain(&r);
    for (unsigned i = 0; i < sizeof(vpd); i += 4) {
        wr_le32(vpd + i, ixgbe_adapter_vpd_read(r.adapter, i));
    }
    g_assert_cmphex(vpd[0], ==, VPD_TAG_NAME);
    at = 3 + rd_le16(vpd + 1);
    g_assert_cmphex(vpd[at], ==, VPD_TAG_RO);
    end = at + 3 + rd_le16(vpd + at + 1);
    g_assert_cmphex(vpd[end], ==, VPD_TAG_END);
    for (unsigned i = 0; i < end; i++) {
        sum += vpd[i];
    }
    g_assert_cmphex(sum, ==, 0);
    g_assert_nonnull(memmem(vpd + at, end - at, "SERIAL-1", 8));
    rig_clear(&r);
}

/* --- module -------------------------------------------------------------------- */

static void test_no_module(void)
{
    uint8_t value;
    Rig r;

    start(&r, IXGBE_MODULE_NONE, 0, 0);
    g_assert_false(play_i2c_read(&r, SFF_ADDRESS_ID, 0, &value));
    g_assert_cmphex(rig_read(&r, IXGBE_ESDP) &
                    IXGBE_ESDP_DATA(IXGBE_SDP_MODULE), ==, 0);
    g_assert_cmphex(rig_read(&r, IXGBE_LINKS), ==, 0);
    r.causes = 0;
    ixgbe_adapter_set_module(r.adapter, IXGBE_MODULE_LR);
    g_assert_cmphex(r.causes, ==,
                    IXGBE_EICR_SDP(IXGBE_SDP_MODULE) | IXGBE_EICR_LSC);
    g_assert_cmpuint(identify(&r, 0), ==, IXGBE_NVM_SFP_SRLR_0);
    g_assert_cmphex(rig_read(&r, IXGBE_ESDP) &
                    IXGBE_ESDP_DATA(IXGBE_SDP_MODULE), !=, 0);
    check_up(&r, IXGBE_LINKS_SPEED_10G);
    r.causes = 0;
    ixgbe_adapter_set_module(r.adapter, IXGBE_MODULE_NONE);
    g_assert_cmphex(r.causes, ==,
                    IXGBE_EICR_SDP(IXGBE_SDP_MODULE) | IXGBE_EICR_LSC);
    g_assert_cmphex(rig_read(&r, IXGBE_LINKS), ==, 0);
    g_assert_false(play_i2c_read(&r, SFF_ADDRESS_ID, 0, &value));
    rig_clear(&r);
}

static unsigned ddm_word(Rig *r, unsigned offset)
{
    uint8_t bytes[2];

    g_assert_true(play_i2c_read(r, SFF_ADDRESS_DDM, offset, &bytes[0]));
    g_assert_true(play_i2c_read(r, SFF_ADDRESS_DDM, offset + 1, &bytes[1]));
    return rd_be16(bytes);
}

static void test_diagnostics(void)
{
    uint8_t value, sum = 0;
    Rig r;

    start_plain(&r);
    for (unsigned i = 0; i < SFF_CHECKSUM_BASE; i++) {
        play_i2c_read(&r, SFF_ADDRESS_ID, i, &value);
        sum += value;
    }
    play_i2c_read(&r, SFF_ADDRESS_ID, SFF_CHECKSUM_BASE, &value);
    g_assert_cmphex(sum, ==, value);
    g_assert_cmpuint(ddm_word(&r, SFF_DDM_VALUES), ==, 35 << 8);
    g_assert_cmpuint(ddm_word(&r, SFF_DDM_RX_POWER), >, 0);
    ixgbe_adapter_set_cable(r.adapter, false);
    g_assert_cmpuint(ddm_word(&r, SFF_DDM_RX_POWER), ==, 0);
    play_i2c_read(&r, SFF_ADDRESS_DDM, SFF_DDM_STATUS, &value);
    g_assert_cmphex(value, ==, SFF_STATUS_RX_LOS);
    g_assert_cmpuint(ddm_word(&r, SFF_DDM_TX_POWER), >, 0);
    rig_set(&r, IXGBE_ESDP, IXGBE_ESDP_DATA(IXGBE_SDP_TX_DISABLE));
    g_assert_cmpuint(ddm_word(&r, SFF_DDM_TX_POWER), ==, 0);
    /* The user's part can be written, the rest cannot. */
    g_assert_true(play_i2c_write(&r, SFF_ADDRESS_DDM, SFF_DDM_USER, 0x5a));
    play_i2c_read(&r, SFF_ADDRESS_DDM, SFF_DDM_USER, &value);
    g_assert_cmphex(value, ==, 0x5a);
    g_assert_true(play_i2c_write(&r, SFF_ADDRESS_ID, 0, 0x5a));
    play_i2c_read(&r, SFF_ADDRESS_ID, 0, &value);
    g_assert_cmphex(value, ==, SFF_IDENTIFIER_SFP);
    rig_clear(&r);

    start(&r, IXGBE_MODULE_DA, 0, 0);
    g_assert_false(play_i2c_read(&r, SFF_ADDRESS_DDM, 0, &value));
    rig_clear(&r);
}

/* --- link ---------------------------------------------------------------------- */

static void test_laser(void)
{
    Rig r;

    start_plain(&r);
    check_up(&r, IXGBE_LINKS_SPEED_10G);
    r.causes = 0;
    rig_set(&r, IXGBE_ESDP, IXGBE_ESDP_DATA(IXGBE_SDP_TX_DISABLE));
    g_assert_cmphex(rig_read(&r, IXGBE_LINKS), ==, 0);
    g_assert_cmphex(r.causes, ==, IXGBE_EICR_LSC);
    rig_unset(&r, IXGBE_ESDP, IXGBE_ESDP_DATA(IXGBE_SDP_TX_DISABLE));
    check_up(&r, IXGBE_LINKS_SPEED_10G);
    rig_clear(&r);
}

static void test_gigabit(void)
{
    uint32_t autoc;
    uint8_t codes;
    Rig r;

    start(&r, IXGBE_MODULE_SR, 1000, 0);
    play_i2c_read(&r, SFF_ADDRESS_ID, SFF_CODES_1G, &codes);
    g_assert_cmphex(codes, ==, SFF_1000BASE_SX);
    play_i2c_read(&r, SFF_ADDRESS_ID, SFF_CODES_10G, &codes);
    g_assert_cmphex(codes, ==, 0);
    g_assert_cmphex(rig_read(&r, IXGBE_LINKS), ==, 0);
    autoc = rig_read(&r, IXGBE_AUTOC) & ~IXGBE_AUTOC_LMS;
    g_assert_true(play_autoc(&r, autoc | IXGBE_LMS_1G_AN <<
                             IXGBE_AUTOC_LMS_SHIFT));
    check_up(&r, IXGBE_LINKS_SPEED_1G);
    g_assert_cmphex(rig_read(&r, IXGBE_PCS1GLSTA), ==, 0x10011);
    g_assert_cmphex(rig_read(&r, IXGBE_PCS1GANLP), !=, 0);
    g_assert_cmphex(r.end[0].state.links & IXGBE_LINKS_SPEED_MASK, ==,
                    IXGBE_LINKS_SPEED_1G);
    rig_clear(&r);
}

/* Frames that a full wire refused do not stand in the way of loopback. */
static void test_loopback_of_full_wire(void)
{
    Rig r;

    start_plain(&r);
    rig_program(&r);
    r.end[RIG_WIRE].room = 0;
    rig_send(&r, RIG_PF, RIG_PEER, RIG_MAC[RIG_PF], -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    driver_reset(&r, IXGBE_CTRL_RST);
    rig_set(&r, IXGBE_HLREG0, IXGBE_HLREG0_LPBK);
    rig_set(&r, IXGBE_FCTRL, IXGBE_FCTRL_BAM);
    rig_set(&r, IXGBE_DMATXCTL, IXGBE_DMATXCTL_TE);
    rig_set(&r, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
    rig_send(&r, RIG_PF, RIG_BCAST, RIG_MAC[RIG_PF], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_PF));
    /* A frame from outside is not for a port in loopback. */
    rig_send(&r, RIG_WIRE, RIG_BCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_clear(&r);
}

/* Both bring back what the NVM says; only LRST takes the link down. */
static void test_resets(void)
{
    uint32_t autoc;
    Rig r;

    start_plain(&r);
    autoc = rig_read(&r, IXGBE_AUTOC);
    rig_write(&r, IXGBE_AUTOC, autoc ^ 0x10000000);
    rig_write(&r, IXGBE_LEDCTL, 0);
    r.causes = 0;
    driver_reset(&r, IXGBE_CTRL_RST);
    g_assert_cmphex(rig_read(&r, IXGBE_AUTOC), ==, autoc);
    g_assert_cmphex(rig_read(&r, IXGBE_LEDCTL), !=, 0);
    g_assert_cmphex(r.causes, ==, 0);
    driver_reset(&r, IXGBE_CTRL_LRST);
    g_assert_cmphex(r.causes, ==, IXGBE_EICR_LSC);
    check_up(&r, IXGBE_LINKS_SPEED_10G);
    /* A driver's lock is not lost with its reset. */
    play_lock(&r, LOCK_MAC);
    driver_reset(&r, IXGBE_CTRL_RST);
    g_assert_cmphex(rig_read(&r, IXGBE_GSSR), ==, LOCK_MAC);
    ixgbe_adapter_power_reset(r.adapter);
    g_assert_cmphex(rig_read(&r, IXGBE_GSSR), ==, 0);
    rig_clear(&r);
}

static void test_leds(void)
{
    Rig r;

    start_plain(&r);
    g_assert_cmpint(ixgbe_adapter_led(r.adapter, 0), ==, IXGBE_LED_STATE_LIT);
    g_assert_cmpint(ixgbe_adapter_led(r.adapter, 1), ==, IXGBE_LED_STATE_OFF);
    g_assert_cmpint(ixgbe_adapter_led(r.adapter, 2), ==,
                    IXGBE_LED_STATE_BLINKS);
    ixgbe_adapter_set_cable(r.adapter, false);
    g_assert_cmpint(ixgbe_adapter_led(r.adapter, 2), ==, IXGBE_LED_STATE_OFF);
    rig_unset(&r, IXGBE_LEDCTL, IXGBE_LEDCTL_MODE(2));
    rig_set(&r, IXGBE_LEDCTL, IXGBE_LED_ON << 16);
    g_assert_cmpint(ixgbe_adapter_led(r.adapter, 2), ==,
                    IXGBE_LED_STATE_BLINKS);
    g_assert_cmpint(ixgbe_adapter_led(r.adapter, 4), ==, IXGBE_LED_STATE_OFF);
    rig_clear(&r);
}

/* --- timers -------------------------------------------------------------------- */

static void advance(Rig *r, uint64_t ms)
{
    r->now += ms * 1000000;
    if (r->timer <= r->now) {
        ixgbe_adapter_timer(r->adapter);
    }
    rig_run(r);
}

static void test_tcp_timer(void)
{
    Rig r;

    start_plain(&r);
    r.causes = 0;
    rig_write(&r, IXGBE_TCPTIMER, 5 | IXGBE_TCPTIMER_KICK |
              IXGBE_TCPTIMER_ENABLE);
    advance(&r, 4);
    g_assert_cmphex(r.causes, ==, 0);
    advance(&r, 1);
    g_assert_cmphex(r.causes, ==, IXGBE_EICR_TCP_TIMER);
    r.causes = 0;
    advance(&r, 100);
    g_assert_cmphex(r.causes, ==, 0);
    rig_write(&r, IXGBE_TCPTIMER, 5 | IXGBE_TCPTIMER_KICK |
              IXGBE_TCPTIMER_ENABLE | IXGBE_TCPTIMER_LOOP);
    for (int i = 0; i < 3; i++) {
        advance(&r, 5);
        g_assert_cmphex(r.causes, ==, IXGBE_EICR_TCP_TIMER);
        r.causes = 0;
    }
    /* It stands while it is not enabled, and goes on from there. */
    advance(&r, 3);
    rig_write(&r, IXGBE_TCPTIMER, 5);
    advance(&r, 50);
    g_assert_cmphex(r.causes, ==, 0);
    rig_write(&r, IXGBE_TCPTIMER, 5 | IXGBE_TCPTIMER_ENABLE);
    advance(&r, 1);
    g_assert_cmphex(r.causes, ==, 0);
    advance(&r, 1);
    g_assert_cmphex(r.causes, ==, IXGBE_EICR_TCP_TIMER);
    /* Ended by hand: at once, and once. */
    rig_write(&r, IXGBE_TCPTIMER, 5 | IXGBE_TCPTIMER_KICK |
              IXGBE_TCPTIMER_ENABLE);
    r.causes = 0;
    rig_write(&r, IXGBE_TCPTIMER, 5 | IXGBE_TCPTIMER_FINISH |
              IXGBE_TCPTIMER_ENABLE);
    g_assert_cmphex(r.causes, ==, IXGBE_EICR_TCP_TIMER);
    r.causes = 0;
    advance(&r, 50);
    g_assert_cmphex(r.causes, ==, 0);
    rig_clear(&r);
}

/* --- saved state ---------------------------------------------------------------- */

static void move(Rig *from, Rig *to)
{
    g_autoptr(GBytes) bytes = NULL;
    StateWriter w;
    StateReader r;

    state_writer_init(&w);
    ixgbe_adapter_save(from->adapter, &w);
    bytes = state_writer_finish(&w);
    state_reader_init(&r, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    g_assert_true(ixgbe_adapter_load(to->adapter, &r));
    state_reader_clear(&r);
}

/* Half way through an instruction of the EEPROM. */
static void test_saved(void)
{
    Rig a, b;

    start(&a, IXGBE_MODULE_LR, 0, 0);
    start(&b, IXGBE_MODULE_NONE, 0, 0);
    rig_write(&a, IXGBE_EEWR, 0xabcd0000 | 0x1234 << 2 | IXGBE_EERW_START);
    rig_write(&a, IXGBE_TCPTIMER, 5 | IXGBE_TCPTIMER_KICK |
              IXGBE_TCPTIMER_ENABLE);
    play_spi_begin(&a);
    play_spi_out(&a, EEPROM_READ, 8);
    play_spi_out(&a, 0x12, 8);
    move(&a, &b);
    play_spi_out(&b, 0x34, 8);
    g_assert_cmphex(play_spi_in(&b, 8), ==, 0xff);
    play_spi_end(&b);
    g_assert_cmphex(play_nvm_word(&b, 0x1234), ==, 0xabcd);
    g_assert_cmpuint(identify(&b, 0), ==, IXGBE_NVM_SFP_SRLR_0);
    check_up(&b, IXGBE_LINKS_SPEED_10G);
    b.causes = 0;
    advance(&b, 5);
    g_assert_cmphex(b.causes, ==, IXGBE_EICR_TCP_TIMER);
    rig_clear(&a);
    rig_clear(&b);
}

/* The module's bus in states that it never has. */
static void test_bad_bus(void)
{
    enum { STATE = 6 + 2 * SFF_MEMORY, BITS = STATE + 4, CLOCK = STATE + 5 };
    static const struct {
        uint8_t state, bits, clock;
        bool good;
    } buses[] = {
        { IXGBE_I2C_READ, 8, 1, true }, { IXGBE_I2C_READ, 7, 0, true },
        { IXGBE_I2C_READ, 8, 0, false }, { IXGBE_I2C_READ, 9, 1, false },
        { IXGBE_I2C_STATES, 0, 1, false },
    };
    Rig r;

    start(&r, IXGBE_MODULE_LR, 0, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(buses); i++) {
        StateReader reader;
        StateWriter w;
        GByteArray *bytes;
        uint8_t *sfp;

        state_writer_init(&w);
        ixgbe_adapter_save(r.adapter, &w);
        bytes = g_bytes_unref_to_array(state_writer_finish(&w));
        sfp = memmem(bytes->data, bytes->len, "SFP ", 4);
        g_assert_nonnull(sfp);
        sfp[STATE] = buses[i].state;
        sfp[BITS] = buses[i].bits;
        sfp[CLOCK] = buses[i].clock;
        state_reader_init(&reader, bytes->data, bytes->len);
        g_assert_cmpint(ixgbe_adapter_load(r.adapter, &reader), ==,
                        buses[i].good);
        state_reader_clear(&reader);
        g_byte_array_unref(bytes);
    }
    rig_clear(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/board/probe", test_probe);
    g_test_add_func("/board/nvm/spi", test_spi);
    g_test_add_func("/board/nvm/request", test_spi_needs_request);
    g_test_add_func("/board/nvm/permission", test_spi_needs_permission);
    g_test_add_func("/board/nvm/eewr", test_eewr);
    g_test_add_func("/board/nvm/address", test_new_address);
    g_test_add_func("/board/nvm/vpd", test_vpd);
    g_test_add_func("/board/module/none", test_no_module);
    g_test_add_func("/board/module/diagnostics", test_diagnostics);
    g_test_add_func("/board/link/laser", test_laser);
    g_test_add_func("/board/link/gigabit", test_gigabit);
    g_test_add_func("/board/link/resets", test_resets);
    g_test_add_func("/board/link/loopback", test_loopback_of_full_wire);
    g_test_add_func("/board/leds", test_leds);
    g_test_add_func("/board/tcp-timer", test_tcp_timer);
    g_test_add_func("/board/saved", test_saved);
    g_test_add_func("/board/bad-bus", test_bad_bus);
    return g_test_run();
}
