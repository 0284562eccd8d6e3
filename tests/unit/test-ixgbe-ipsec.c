/*
 * The security block: tables behind their windows, ESP out and in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"
#include "iovlab/aesgcm.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_ipsec_regs.h"

static const uint8_t KEY[16] = {
    0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c,
    0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08,
};
static const uint8_t SALT[4] = { 0xca, 0xfe, 0xba, 0xbe };

/* The specification's test case 4. */
static void test_cipher(void)
{
    static const uint8_t nonce[] = {
        0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88,
    };
    static const uint8_t aad[] = {
        0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xfe, 0xed,
        0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xab, 0xad, 0xda, 0xd2,
    };
    static const uint8_t want_tag[] = {
        0x5b, 0xc9, 0x4f, 0xbc, 0x32, 0x21, 0xa5, 0xdb,
        0x94, 0xfa, 0xe9, 0x5a, 0xe7, 0x12, 0x1a, 0x47,
    };
    uint8_t text[60] = {
        0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5, 0xa5, 0x59, 0x09, 0xc5,
        0xaf, 0xf5, 0x26, 0x9a, 0x86, 0xa7, 0xa9, 0x53, 0x15, 0x34, 0xf7, 0xda,
        0x2e, 0x4c, 0x30, 0x3d, 0x8a, 0x31, 0x8a, 0x72, 0x1c, 0x3c, 0x0c, 0x95,
        0x95, 0x68, 0x09, 0x53, 0x2f, 0xcf, 0x0e, 0x24, 0x49, 0xa6, 0xb5, 0x25,
        0xb1, 0x6a, 0xed, 0xf5, 0xaa, 0x0d, 0xe6, 0x57, 0xba, 0x63, 0x7b, 0x39,
    };
    uint8_t plain[60], tag[16];

    memcpy(plain, text, sizeof(text));
    aesgcm_encrypt(KEY, nonce, aad, sizeof(aad), text, sizeof(text), tag);
    g_assert_cmpmem(tag, 16, want_tag, 16);
    g_assert_cmphex(rd_be32(text), ==, 0x42831ec2);
    g_assert_true(aesgcm_decrypt(KEY, nonce, aad, sizeof(aad), text,
                                 sizeof(text), tag));
    g_assert_cmpmem(text, 60, plain, 60);
    tag[3] ^= 1;
    g_assert_false(aesgcm_decrypt(KEY, nonce, aad, sizeof(aad), text,
                                  sizeof(text), tag));
    g_assert_cmpmem(text, 60, plain, 60);
}

/* --- the tables ---------------------------------------------------- */

/* The words in the order in which a driver's array of bytes has them. */
static void write_key(Rig *r, uint32_t key_reg, uint32_t salt_reg)
{
    for (unsigned n = 0; n < 4; n++) {
        rig_write(r, key_reg + 4 * n, rd_be32(KEY + 4 * (3 - n)));
    }
    rig_write(r, salt_reg, rd_be32(SALT));
}

static void set_tx_sa(Rig *r, unsigned sa)
{
    write_key(r, IXGBE_IPSTXKEY(0), IXGBE_IPSTXSALT);
    rig_write(r, IXGBE_IPSTXIDX, IXGBE_IPSIDX_EN | IXGBE_IPSIDX_WRITE |
              sa << IXGBE_IPSIDX_SA_SHIFT);
}

static void rx_table(Rig *r, unsigned table, unsigned entry, uint32_t command)
{
    rig_write(r, IXGBE_IPSRXIDX, IXGBE_IPSIDX_EN | command |
              table << IXGBE_IPSIDX_TABLE_SHIFT |
              entry << IXGBE_IPSIDX_SA_SHIFT);
}

static void set_rx_sa(Rig *r, unsigned sa, uint32_t spi, const uint8_t *ip,
                      uint32_t mod)
{
    uint8_t bytes[4];

    wr_be32(bytes, spi);
    rig_write(r, IXGBE_IPSRXSPI, rd_le32(bytes));
    rig_write(r, IXGBE_IPSRXIPIDX, 3);
    rx_table(r, IXGBE_IPSRX_TABLE_SPI, sa, IXGBE_IPSIDX_WRITE);
    for (unsigned n = 0; n < 4; n++) {
        rig_write(r, IXGBE_IPSRXIPADDR(n), rd_le32(ip + 4 * n));
    }
    rx_table(r, IXGBE_IPSRX_TABLE_IP, 3, IXGBE_IPSIDX_WRITE);
    write_key(r, IXGBE_IPSRXKEY(0), IXGBE_IPSRXSALT);
    rig_write(r, IXGBE_IPSRXMOD, mod);
    rx_table(r, IXGBE_IPSRX_TABLE_KEY, sa, IXGBE_IPSIDX_WRITE);
}

#define MOD_ESP (IXGBE_IPSRXMOD_VALID | IXGBE_IPSRXMOD_ESP)

static const uint8_t IP4[16] = { [12] = 10, 0, 0, 2 };

static void start(Rig *r)
{
    rig_init(r);
    rig_program(r);
    rig_write(r, IXGBE_SECTXCTRL, 4);
    rig_write(r, IXGBE_SECRXCTRL, 0);
    set_tx_sa(r, 1023);
    set_rx_sa(r, 77, 0x1234, IP4, MOD_ESP | IXGBE_IPSRXMOD_DECRYPT);
}

static void test_windows(void)
{
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_IPSTXSALT, 0);
    rig_write(&r, IXGBE_IPSTXIDX, IXGBE_IPSIDX_READ |
              1023 << IXGBE_IPSIDX_SA_SHIFT);
    g_assert_cmphex(rig_read(&r, IXGBE_IPSTXSALT), ==, 0xcafebabe);
    g_assert_cmphex(rig_read(&r, IXGBE_IPSTXKEY(3)), ==, 0xfeffe992);
    g_assert_cmphex(rig_read(&r, IXGBE_IPSTXIDX), ==,
                    1023 << IXGBE_IPSIDX_SA_SHIFT);
    rig_write(&r, IXGBE_IPSRXSPI, 0);
    rig_write(&r, IXGBE_IPSRXMOD, 0);
    rx_table(&r, IXGBE_IPSRX_TABLE_SPI, 77, IXGBE_IPSIDX_READ);
    rx_table(&r, IXGBE_IPSRX_TABLE_KEY, 77, IXGBE_IPSIDX_READ);
    g_assert_cmphex(rig_read(&r, IXGBE_IPSRXSPI), ==, 0x34120000);
    g_assert_cmphex(rig_read(&r, IXGBE_IPSRXIPIDX), ==, 3);
    g_assert_cmphex(rig_read(&r, IXGBE_IPSRXMOD), ==,
                    MOD_ESP | IXGBE_IPSRXMOD_DECRYPT);
    rig_clear(&r);
}

/* What drivers wait for before they set the block up. */
static void test_ready(void)
{
    Rig r;

    rig_init(&r);
    g_assert_cmphex(rig_read(&r, IXGBE_SECTXSTAT), ==, 0);
    rig_set(&r, IXGBE_SECTXCTRL, IXGBE_SECTXCTRL_TX_DIS);
    rig_set(&r, IXGBE_SECRXCTRL, IXGBE_SECRXCTRL_RX_DIS);
    g_assert_cmphex(rig_read(&r, IXGBE_SECTXSTAT), ==, IXGBE_SECTXSTAT_RDY);
    g_assert_cmphex(rig_read(&r, IXGBE_SECRXSTAT), ==, IXGBE_SECRXSTAT_RDY);
    rig_clear(&r);
}

/* --- packets ---------------------------------------------------- */

enum { ESP_AT = 34, TEXT_AT = ESP_AT + 16, TEXT = 60 };

static Frame *esp_frame(const uint8_t *dst, const uint8_t *src, uint32_t spi)
{
    Frame *frame = rig_frame(dst, src, -1, TEXT_AT + TEXT + 16, 0);
    uint8_t *ip = frame->data + 14;

    ip[0] = 0x45;
    wr_be16(ip + 2, frame->len - 14);
    ip[9] = IP_PROTO_ESP;
    wr_be32(ip + 16, 0x0a000002);
    wr_be32(frame->data + ESP_AT, spi);
    wr_be32(frame->data + ESP_AT + 4, 1);
    wr_be64(frame->data + ESP_AT + 8, 0xfacedbaddecaf888);
    for (unsigned n = 0; n < TEXT; n++) {
        frame->data[TEXT_AT + n] = n * 3;
    }
    return frame;
}

static Frame *send_esp(Rig *r, bool encrypt, unsigned sa)
{
    IxgbeTxMeta meta = {
        .ipsec = true, .esp = true, .encrypt = encrypt, .sa = sa,
    };
    Frame *frame = esp_frame(RIG_PEER, RIG_MAC[RIG_PF], 0x1234);
    unsigned before = r->end[RIG_WIRE].frames;

    g_assert_true(ixgbe_adapter_port_tx(r->end[RIG_PF].port,
                                        RIG_PF * RIG_QPP, frame, &meta));
    frame_unref(frame);
    rig_run(r);
    g_assert_cmpuint(r->end[RIG_WIRE].frames, ==, before + 1);
    return r->end[RIG_WIRE].last;
}

/* Sends the frame that went out back in, to the PF. */
static uint32_t receive_back(Rig *r, const Frame *out)
{
    Frame *frame = frame_new(out->data, out->len);
    unsigned before = r->end[RIG_PF].frames;

    memcpy(frame->data, RIG_MAC[RIG_PF], 6);
    memcpy(frame->data + 6, RIG_PEER, 6);
    ixgbe_adapter_wire_rx(r->adapter, frame);
    frame_unref(frame);
    rig_run(r);
    g_assert_cmpuint(r->end[RIG_PF].frames, ==, before + 1);
    return r->end[RIG_PF].meta.status;
}

static void test_round_trip(void)
{
    Frame *plain = esp_frame(RIG_MAC[RIG_PF], RIG_PEER, 0x1234);
    Frame *out;
    Rig r;

    start(&r);
    out = send_esp(&r, true, 1023);
    g_assert_cmpmem(out->data + 14, TEXT_AT - 14, plain->data + 14,
                    TEXT_AT - 14);
    g_assert_true(memcmp(out->data + TEXT_AT, plain->data + TEXT_AT, TEXT));
    g_assert_cmphex(receive_back(&r, out), ==, IXGBE_RXS_SECP);
    g_assert_cmpmem(r.end[RIG_PF].last->data, TEXT_AT + TEXT, plain->data,
                    TEXT_AT + TEXT);
    /* one bit wrong: told, and left as it was */
    out->data[TEXT_AT + 5] ^= 4;
    g_assert_cmphex(receive_back(&r, out), ==,
                    IXGBE_RXS_SECP | IXGBE_RXS_SECERR_AUTH);
    g_assert_cmpmem(r.end[RIG_PF].last->data + 14, out->len - 14,
                    out->data + 14, out->len - 14);
    frame_unref(plain);
    rig_clear(&r);
}

static void test_authenticate_only(void)
{
    Frame *out;
    Rig r;

    start(&r);
    set_rx_sa(&r, 77, 0x1234, IP4, MOD_ESP);
    out = send_esp(&r, false, 1023);
    g_assert_cmpuint(out->data[TEXT_AT + 7], ==, 21);
    g_assert_cmphex(receive_back(&r, out), ==, IXGBE_RXS_SECP);
    out->data[TEXT_AT + 7]++;
    g_assert_cmphex(receive_back(&r, out), ==,
                    IXGBE_RXS_SECP | IXGBE_RXS_SECERR_AUTH);
    rig_clear(&r);
}

/* Whatever has no SA, or no business here, passes as it is. */
static void test_passes(void)
{
    static const uint8_t other[16] = { [12] = 10, 0, 0, 3 };
    Frame *out;
    Rig r;

    start(&r);
    out = send_esp(&r, true, 1023);
    frame_ref(out);
    set_rx_sa(&r, 77, 0x1235, IP4, MOD_ESP | IXGBE_IPSRXMOD_DECRYPT);
    g_assert_cmphex(receive_back(&r, out), ==, 0);
    set_rx_sa(&r, 77, 0x1234, other, MOD_ESP | IXGBE_IPSRXMOD_DECRYPT);
    g_assert_cmphex(receive_back(&r, out), ==, 0);
    set_rx_sa(&r, 77, 0x1234, IP4, IXGBE_IPSRXMOD_ESP);
    g_assert_cmphex(receive_back(&r, out), ==, 0);
    set_rx_sa(&r, 77, 0x1234, IP4, MOD_ESP | IXGBE_IPSRXMOD_DECRYPT);
    wr_be16(out->data + 16, 2000);
    g_assert_cmphex(receive_back(&r, out), ==, 0);
    wr_be16(out->data + 16, 40);
    g_assert_cmphex(receive_back(&r, out), ==, 0);
    wr_be16(out->data + 16, out->len - 14);
    wr_be16(out->data + 20, 0x2000);
    g_assert_cmphex(receive_back(&r, out), ==, 0);
    wr_be16(out->data + 20, 0);
    g_assert_cmphex(receive_back(&r, out), ==, IXGBE_RXS_SECP);
    frame_unref(out);
    rig_write(&r, IXGBE_SECTXCTRL, IXGBE_SECTXCTRL_SECTX_DIS);
    g_assert_cmpuint(send_esp(&r, true, 1023)->data[TEXT_AT + 1], ==, 3);
    rig_clear(&r);
}

static void test_migrates(void)
{
    StateWriter w;
    StateReader reader;
    uint8_t sent[TEXT_AT + TEXT + 16];
    Frame *out;
    Rig a, b;

    start(&a);
    memcpy(sent, send_esp(&a, true, 1023)->data, sizeof(sent));
    state_writer_init(&w);
    ixgbe_adapter_save(a.adapter, &w);
    g_autoptr(GBytes) bytes = state_writer_finish(&w);

    rig_clear(&a);
    rig_init(&b);
    state_reader_init(&reader, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    g_assert_true(ixgbe_adapter_load(b.adapter, &reader));
    rig_run(&b);
    out = frame_new(sent, sizeof(sent));
    g_assert_cmphex(receive_back(&b, out), ==, IXGBE_RXS_SECP);
    frame_unref(out);
    rig_clear(&b);
}

#define TEST(fn) g_test_add_func("/ixgbe/ipsec/" #fn, test_##fn)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(cipher);
    TEST(windows);
    TEST(ready);
    TEST(round_trip);
    TEST(authenticate_only);
    TEST(passes);
    TEST(migrates);
    return g_test_run();
}
