/*
 * Frames for the ixgbe device tests: see ixgbe-traffic.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/sockets.h"
#include "ixgbe-traffic.h"

#define PLACE 0x40000u          /* bytes of a ring with its buffers */
#define PATIENCE 4000           /* times 500 us */

void work(Pf *pf)
{
    g_usleep(500);
    qtest_clock_step(pf->qts, 50 * 1000);
}

uint32_t ring_get(Ring *ring, unsigned reg)
{
    return qtest_readl(ring->pf->qts, ring->regs + reg);
}

void ring_set(Ring *ring, unsigned reg, uint32_t value)
{
    qtest_writel(ring->pf->qts, ring->regs + reg, value);
}

/* --- the card ------------------------------------------------------------ */

void program(Pf *pf, unsigned vfs)
{
    enable_vfs(pf, vfs);
    set(pf, IXGBE_GCR_EXT, 3);
    set(pf, IXGBE_VT_CTL, IXGBE_VT_CTL_ENA | IXGBE_VT_CTL_REPLEN |
        PF_POOL << IXGBE_VT_CTL_POOL_SHIFT);
    set(pf, IXGBE_MRQC, IXGBE_MRQE_VMDQ_RSS64);
    set(pf, IXGBE_FCTRL, IXGBE_FCTRL_BAM);
    for (unsigned i = 0; i <= PF_POOL; i++) {
        set(pf, IXGBE_RAL(i), 0x00000002);
        set(pf, IXGBE_RAH(i), i << 8 | IXGBE_RAH_AV);
        set(pf, IXGBE_MPSAR_LO(i), 1u << i);
        set(pf, IXGBE_MPSAR_HI(i), 0);
        set(pf, IXGBE_VMOLR(i), IXGBE_VMOLR_AUPE | IXGBE_VMOLR_BAM);
    }
    for (unsigned i = 0; i < 2; i++) {
        set(pf, IXGBE_VFRE(i), UINT32_MAX);
        set(pf, IXGBE_VFTE(i), UINT32_MAX);
    }
    set(pf, IXGBE_PFDTXGSWC, IXGBE_PFDTXGSWC_LBE);
    set(pf, IXGBE_HLREG0, get(pf, IXGBE_HLREG0) | IXGBE_HLREG0_JUMBOEN |
        IXGBE_HLREG0_TXPADEN);
    set(pf, IXGBE_MAXFRS, (MAX_FRAME + 4) << 16);
    set(pf, IXGBE_DMATXCTL, get(pf, IXGBE_DMATXCTL) | IXGBE_DMATXCTL_TE);
    set(pf, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
    set(pf, IXGBE_CTRL_EXT, IXGBE_CTRL_EXT_PFRSTD);
    work(pf);
}

void card_start(Card *card, gconstpointer data)
{
    g_autofree char *netdev = NULL;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    netdev = g_strdup_printf("socket,id=n0,fd=%d", pair[1]);
    /* Frame by frame, each waited for by steps of the clock. */
    start(&card->pf, netdev, "ixgbe,tx-gather=0", data);
    close(pair[1]);
    card->wire.fd = pair[0];
    set_bars(&card->pf);
    program(&card->pf, 8);
}

void card_stop(Card *card, gconstpointer data)
{
    close(card->wire.fd);
    teardown(&card->pf, data);
}

/* --- rings --------------------------------------------------------------- */

void rx_place(Ring *ring, Pf *pf, uint64_t regs, unsigned place)
{
    *ring = (Ring) {
        .pf = pf,
        .regs = regs,
        .base = 0x1000000 + place * PLACE,
        .buffers = 0x1000000 + place * PLACE + 0x10000,
    };
}

void pf_rx(Ring *ring, Card *card, unsigned place)
{
    rx_place(ring, &card->pf, PF_BAR0 + IXGBE_RDBAL(PF_QUEUE), place);
}

void pf_tx(Ring *ring, Card *card, unsigned place)
{
    rx_place(ring, &card->pf, PF_BAR0 + IXGBE_TDBAL(PF_QUEUE), place);
}

void vf_rx(Ring *ring, Card *card, unsigned vf, unsigned place)
{
    rx_place(ring, &card->pf, VF_BAR0 + vf * IXGBE_VF_BAR0_SIZE +
             IXGBE_VFRDBAL(0), place);
}

void vf_tx(Ring *ring, Card *card, unsigned vf, unsigned place)
{
    rx_place(ring, &card->pf, VF_BAR0 + vf * IXGBE_VF_BAR0_SIZE +
             IXGBE_VFTDBAL(0), place);
}

static void ring_open(Ring *ring)
{
    ring_set(ring, Q_CTL, 0);
    ring_set(ring, Q_BAL, ring->base);
    ring_set(ring, Q_BAH, 0);
    ring_set(ring, Q_LEN, RING_SIZE * IXGBE_DESC_SIZE);
    ring_set(ring, Q_HEAD, 0);
    ring_set(ring, Q_TAIL, 0);
    ring_set(ring, Q_CTL, IXGBE_RXDCTL_ENABLE);
    ring->next = 0;
}

static void rx_desc(Ring *ring, unsigned at)
{
    uint8_t desc[IXGBE_DESC_SIZE] = { 0 };

    wr_le64(desc, ring->buffers + at * RX_BUFFER);
    qtest_memwrite(ring->pf->qts, ring->base + at * IXGBE_DESC_SIZE, desc,
                   sizeof(desc));
}

void rx_open(Ring *ring, uint32_t srrctl)
{
    for (unsigned i = 0; i < RING_SIZE; i++) {
        rx_desc(ring, i);
    }
    ring_set(ring, Q_SRRCTL, srrctl | RX_BUFFER / 1024);
    ring_open(ring);
    ring_set(ring, Q_TAIL, RING_SIZE - 1);
}

void tx_open(Ring *ring)
{
    ring_open(ring);
}

void tx_desc(Ring *ring, uint64_t address, uint32_t cmd, uint32_t olinfo)
{
    uint8_t desc[IXGBE_DESC_SIZE];

    wr_le64(desc, address);
    wr_le32(desc + 8, cmd);
    wr_le32(desc + 12, olinfo);
    qtest_memwrite(ring->pf->qts, ring->base + ring->next * IXGBE_DESC_SIZE,
                   desc, sizeof(desc));
    ring->next = (ring->next + 1) % RING_SIZE;
}

void tx_frame(Ring *ring, const void *frame, size_t len)
{
    if (len) {
        qtest_memwrite(ring->pf->qts, ring->buffers, frame, len);
    }
    tx_desc(ring, ring->buffers, IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA |
            IXGBE_TXD_EOP | IXGBE_TXD_RS | IXGBE_TXD_IFCS | len, len << 14);
    ring_set(ring, Q_TAIL, ring->next);
}

bool tx_done(Ring *ring)
{
    for (unsigned i = 0; i < PATIENCE; i++) {
        if (ring_get(ring, Q_HEAD) == ring_get(ring, Q_TAIL)) {
            return true;
        }
        work(ring->pf);
    }
    return false;
}

size_t rx_take(Ring *ring, uint8_t *frame)
{
    size_t len = 0;

    for (unsigned i = 0; i < PATIENCE; i++) {
        uint8_t desc[IXGBE_DESC_SIZE];
        unsigned at = ring->next;
        bool last;

        qtest_memread(ring->pf->qts, ring->base + at * sizeof(desc), desc,
                      sizeof(desc));
        if (!(rd_le32(desc + 8) & IXGBE_RXS_DD)) {
            work(ring->pf);
            continue;
        }
        last = rd_le32(desc + 8) & IXGBE_RXS_EOP;
        g_assert_cmpuint(rd_le16(desc + 12), <=, RX_BUFFER);
        g_assert_cmpuint(len + rd_le16(desc + 12), <=, MAX_FRAME);
        qtest_memread(ring->pf->qts, ring->buffers + at * RX_BUFFER,
                      frame + len, rd_le16(desc + 12));
        len += rd_le16(desc + 12);
        rx_desc(ring, at);
        ring->next = (at + 1) % RING_SIZE;
        ring_set(ring, Q_TAIL, at);
        if (last) {
            return len;
        }
    }
    return SIZE_MAX;
}

/* --- the wire ------------------------------------------------------------ */

void wire_send(Wire *wire, const void *frame, size_t len)
{
    uint32_t head = htonl(len);

    g_assert_cmpint(send(wire->fd, &head, sizeof(head), 0), ==, sizeof(head));
    g_assert_cmpint(send(wire->fd, frame, len, 0), ==, (ssize_t)len);
}

size_t wire_take(Card *card, uint8_t *frame)
{
    uint32_t head;

    for (unsigned i = 0; i < PATIENCE; i++) {
        ssize_t got = recv(card->wire.fd, &head, sizeof(head), MSG_DONTWAIT);

        if (got < 0) {
            work(&card->pf);
            continue;
        }
        g_assert_cmpint(got, ==, sizeof(head));
        g_assert_cmpuint(ntohl(head), <=, MAX_FRAME);
        g_assert_cmpint(recv(card->wire.fd, frame, ntohl(head), MSG_WAITALL),
                        ==, ntohl(head));
        return ntohl(head);
    }
    return SIZE_MAX;
}

void make_frame(uint8_t *frame, unsigned to, unsigned from, size_t len)
{
    const uint8_t head[14] = { 2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from,
                               0x88, 0xb5 };

    memcpy(frame, head, MIN(len, sizeof(head)));
    for (size_t i = sizeof(head); i < len; i++) {
        frame[i] = i * 7 + len;
    }
}

/* --- does it still work? ------------------------------------------------- */

void still_passes(Card *card)
{
    static uint8_t sent[100], got[MAX_FRAME];
    Ring rx, tx;

    alive(&card->pf);
    vf_rx(&rx, card, 2, 20);
    vf_tx(&tx, card, 1, 21);
    rx_open(&rx, IXGBE_SRRCTL_ONE_BUFFER);
    ring_set(&tx, Q_WBAL, 0);
    tx_open(&tx);
    make_frame(sent, 2, 1, sizeof(sent));
    tx_frame(&tx, sent, sizeof(sent));
    g_assert_cmpuint(rx_take(&rx, got), ==, sizeof(sent));
    g_assert_cmpmem(got, sizeof(sent), sent, sizeof(sent));
    make_frame(sent, PEER, 1, 99);
    tx_frame(&tx, sent, 99);
    do {
        /* What was sent before comes before. */
        g_assert_cmpuint(wire_take(card, got), !=, SIZE_MAX);
    } while (memcmp(got, sent, 99));
}
