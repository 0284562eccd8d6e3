/*
 * Benchmark: frames a second from ring to ring, VF to VF, on one core, with 1,
 * 8 and 63 VFs sending.
 *
 * The whole of the card over plain memory: descriptors are fetched, frames
 * read, switched, written, descriptors written back, causes raised; what a
 * driver does is a tail for each batch.  bench-veb.c measures the adapter
 * alone.  For scale: 10GbE line rate is 14.88 million frames of 64 bytes a
 * second, 812,744 of 1,518.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/ixgbe_card.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_pf_regs.h"
#include "spec/ixgbe_regs.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define VFS 63
#define PF_POOL 63
#define RING 256u
#define BATCH 32u              /* frames for which the tail is moved once */
#define BUFFER 2048u
/* Memory of a VF: both rings, buffers behind them. */
#define PLACE (16384u + RING * BUFFER)
#define RX_RING(vf) ((vf) * PLACE)
#define TX_RING(vf) ((vf) * PLACE + 8192u)
#define BUFFERS(vf) ((vf) * PLACE + 16384u)
#define MEMORY (VFS * PLACE)

typedef struct Bench {
    IxgbeCard *card;
    IxgbeFunction *vf[VFS];
    uint8_t *memory;
    unsigned tail[VFS];         /* of the transmit rings */
    unsigned head[VFS];         /* of the receive rings, as last seen */
    uint64_t received;
    uint64_t interrupts;
    bool card_scheduled;
    bool scheduled;             /* some function */
} Bench;

static bool dma_read(void *opaque, uint64_t address, void *buf, size_t len)
{
    if (!iov_in_range(address, len, MEMORY)) {
        return false;
    }
    memcpy(buf, ((Bench *)opaque)->memory + address, len);
    return true;
}

static bool dma_write(void *opaque, uint64_t address, const void *buf,
                      size_t len)
{
    if (!iov_in_range(address, len, MEMORY)) {
        return false;
    }
    memcpy(((Bench *)opaque)->memory + address, buf, len);
    return true;
}

static void interrupt(void *opaque, unsigned vector)
{
    ((Bench *)opaque)->interrupts++;
}

static void line(void *opaque, bool level)
{
}

static uint64_t clock_ns(void *opaque)
{
    return g_get_monotonic_time() * 1000;
}

static void set_timer(void *opaque, uint64_t deadline)
{
}

static void schedule(void *opaque)
{
    ((Bench *)opaque)->scheduled = true;
}

static const IxgbeFunctionOps fn_ops = {
    .dma_read = dma_read,
    .dma_write = dma_write,
    .interrupt = interrupt,
    .line = line,
    .clock_ns = clock_ns,
    .set_timer = set_timer,
    .schedule = schedule,
};

static bool wire_tx(void *opaque, Frame *frame)
{
    return true;
}

static void card_schedule(void *opaque)
{
    ((Bench *)opaque)->card_scheduled = true;
}

static const IxgbeCardOps card_ops = {
    wire_tx, clock_ns, set_timer, card_schedule,
};

static void set(Bench *b, uint32_t offset, uint32_t value)
{
    ixgbe_card_mmio_write(b->card, offset, value, 4);
}

static void vf_set(Bench *b, unsigned vf, uint32_t offset, uint32_t value)
{
    ixgbe_function_mmio_write(b->vf[vf], offset, value, 4);
}

static void run(Bench *b, unsigned active)
{
    while (b->card_scheduled || b->scheduled) {
        if (b->card_scheduled) {
            b->card_scheduled = false;
            ixgbe_card_run(b->card);
        }
        if (b->scheduled) {
            b->scheduled = false;
            for (unsigned vf = 0; vf < MAX(active, 2); vf++) {
                ixgbe_function_run(b->vf[vf]);
            }
        }
    }
}

static void program(Bench *b)
{
    set(b, IXGBE_VT_CTL, IXGBE_VT_CTL_ENA | IXGBE_VT_CTL_REPLEN |
        PF_POOL << IXGBE_VT_CTL_POOL_SHIFT);
    set(b, IXGBE_MRQC, IXGBE_MRQE_VMDQ_RSS64);
    for (unsigned vf = 0; vf < VFS; vf++) {
        set(b, IXGBE_RAL(vf), 2);
        set(b, IXGBE_RAH(vf), vf << 8 | IXGBE_RAH_AV);
        set(b, IXGBE_MPSAR_LO(vf), vf < 32 ? 1u << vf : 0);
        set(b, IXGBE_MPSAR_HI(vf), vf < 32 ? 0 : 1u << (vf - 32));
        set(b, IXGBE_VMOLR(vf), IXGBE_VMOLR_AUPE | IXGBE_VMOLR_BAM);
        /* MAC anti-spoofing, as PF drivers have it. */
        set(b, IXGBE_PFVFSPOOF(vf / 8), 0xff);
    }
    for (unsigned i = 0; i < 2; i++) {
        set(b, IXGBE_VFRE(i), UINT32_MAX);
        set(b, IXGBE_VFTE(i), UINT32_MAX);
    }
    set(b, IXGBE_PFDTXGSWC, IXGBE_PFDTXGSWC_LBE);
    set(b, IXGBE_DMATXCTL, ixgbe_card_mmio_read(b->card, IXGBE_DMATXCTL, 4) |
        IXGBE_DMATXCTL_TE);
    set(b, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
    set(b, IXGBE_CTRL_EXT, IXGBE_CTRL_EXT_PFRSTD);
}

static void open_queues(Bench *b, unsigned vf)
{
    for (unsigned i = 0; i < RING; i++) {
        wr_le64(b->memory + RX_RING(vf) + 16 * i, BUFFERS(vf) + i * BUFFER);
    }
    ixgbe_function_set_bus_master(b->vf[vf], true);
    vf_set(b, vf, IXGBE_VTIVAR(0), 0x8180);
    /* As Linux's driver does: a message masks its vector. */
    vf_set(b, vf, IXGBE_VTEIAC, 3);
    vf_set(b, vf, IXGBE_VTEIAM, 3);
    vf_set(b, vf, IXGBE_VTEIMS, 3);
    vf_set(b, vf, IXGBE_VFRDBAL(0), RX_RING(vf));
    vf_set(b, vf, IXGBE_VFRDLEN(0), RING * 16);
    vf_set(b, vf, IXGBE_VFSRRCTL(0), IXGBE_SRRCTL_ONE_BUFFER |
           IXGBE_SRRCTL_DROP_EN | BUFFER / 1024);
    vf_set(b, vf, IXGBE_VFRXDCTL(0), IXGBE_RXDCTL_ENABLE);
    vf_set(b, vf, IXGBE_VFRDT(0), RING - 1);
    vf_set(b, vf, IXGBE_VFTDBAL(0), TX_RING(vf));
    vf_set(b, vf, IXGBE_VFTDLEN(0), RING * 16);
    vf_set(b, vf, IXGBE_VFTXDCTL(0), IXGBE_TXDCTL_ENABLE);
}

static void start(Bench *b)
{
    static const IxgbeAdapterConfig config = { .mac = { 0, 27, 33, 1, 2, 3 } };

    b->memory = g_malloc0(MEMORY);
    b->card = ixgbe_card_new(&config, &card_ops, &fn_ops, b);
    ixgbe_adapter_set_cable(ixgbe_card_adapter(b->card), true);
    for (unsigned vf = 0; vf < VFS; vf++) {
        b->vf[vf] = ixgbe_card_vf_new(b->card, vf, &fn_ops, b);
    }
    ixgbe_card_set_num_vfs(b->card, VFS);
    program(b);
    run(b, VFS);
    for (unsigned vf = 0; vf < VFS; vf++) {
        open_queues(b, vf);
    }
    run(b, VFS);
}

/* A batch of frames from one VF, from the place behind its buffers' first. */
static void send(Bench *b, unsigned from, unsigned to, size_t len,
                 unsigned batch)
{
    /* The transmit buffer is in the receive buffer that is never given. */
    uint8_t *data = b->memory + BUFFERS(from) + (RING - 1) * BUFFER;

    memset(data, 0, 14);
    data[0] = data[6] = 2;
    data[5] = to;
    data[11] = from;
    wr_be16(data + 12, 0x88b5);
    for (unsigned i = 0; i < batch; i++) {
        uint8_t *desc = b->memory + TX_RING(from) + 16 * b->tail[from];

        wr_le64(desc, data - b->memory);
        wr_le32(desc + 8, IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA |
                IXGBE_TXD_EOP | IXGBE_TXD_IFCS | IXGBE_TXD_RS | len);
        wr_le32(desc + 12, (uint32_t)len << IXGBE_TXD_PAYLEN_SHIFT);
        b->tail[from] = (b->tail[from] + 1) % RING;
    }
    vf_set(b, from, IXGBE_VFTDT(0), b->tail[from]);
}

/* Counts what has come, by its descriptors, and gives the buffers back. */
static void receive(Bench *b, unsigned vf)
{
    unsigned head = b->head[vf];
    uint8_t *ring = b->memory + RX_RING(vf);

    while (rd_le32(ring + 16 * head + 8) & IXGBE_RXS_DD) {
        wr_le64(ring + 16 * head, BUFFERS(vf) + head * BUFFER);
        wr_le64(ring + 16 * head + 8, 0);
        head = (head + 1) % RING;
        b->received++;
    }
    if (head != b->head[vf]) {
        vf_set(b, vf, IXGBE_VFRDT(0), (head + RING - 1) % RING);
        vf_set(b, vf, IXGBE_VTEIMS, 3);
    }
    b->head[vf] = head;
}

/* Microseconds of a core: other load of the machine counts little. */
static int64_t cpu_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

static double frame_rate(Bench *b, unsigned active, size_t len, unsigned batch,
                         double seconds)
{
    int64_t begin = cpu_time(), end;
    unsigned turn = 0;

    b->received = 0;
    do {
        unsigned from = turn++ % active, to = (from + 1) % MAX(active, 2);

        send(b, from, to, len, batch);
        run(b, active);
        receive(b, to);
        end = cpu_time();
    } while (end - begin < seconds * G_USEC_PER_SEC);
    if (b->received != (uint64_t)turn * batch) {
        printf("%" PRIu64 " of %u frames came\n", b->received, turn * batch);
    }
    return b->received * 1e6 / (end - begin);
}

static void report(Bench *b, unsigned active, size_t size, unsigned batch,
                   double seconds)
{
    double rate = frame_rate(b, active, size - 4, batch, seconds);

    printf("%-10u %12zu %12u %16.0f %10.2f\n", active, size, batch, rate,
           rate * size * 8 / 1e9);
}

/* The first argument is how long each measurement is, in seconds. */
int main(int argc, char **argv)
{
    static const unsigned active[] = { 1, 8, 63 };
    static const size_t sizes[] = { 64, 1518 };
    double seconds = argc > 1 ? g_ascii_strtod(argv[1], NULL) : 1;
    Bench b = { 0 };

    start(&b);
    printf("%-10s %12s %12s %16s %10s\n", "VFs", "frame bytes", "a doorbell",
           "frames/s", "Gbit/s");
    for (unsigned s = 0; s < G_N_ELEMENTS(sizes); s++) {
        for (unsigned a = 0; a < G_N_ELEMENTS(active); a++) {
            report(&b, active[a], sizes[s], BATCH, seconds);
        }
        report(&b, 1, sizes[s], 1, seconds);
    }
    printf("%" PRIu64 " messages\n", b.interrupts);
    for (unsigned vf = 0; vf < VFS; vf++) {
        ixgbe_card_vf_free(b.card, vf);
    }
    ixgbe_card_free(b.card);
    g_free(b.memory);
    return 0;
}
