/*
 * A VF on a bench: see ixgbe-rig.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe-rig.h"

#include "iovlab/checksum.h"

static unsigned tx_tail;

static bool dma_ok(Rig *rig, uint64_t addr, size_t len)
{
    return iov_in_range(addr, len, RIG_MEMORY) && addr + len <= rig->fault_from;
}

static bool dma_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    Rig *rig = opaque;

    if (addr - RIG_BAR < IXGBE_VF_BAR0_SIZE) {
        memset(buf, 0, len);
        ixgbe_function_mmio_read(rig->fn, addr - RIG_BAR, 4);
        return true;
    }
    if (!dma_ok(rig, addr, len)) {
        return false;
    }
    memcpy(buf, rig->memory + addr, len);
    rig->bytes_read += len;
    return true;
}

static bool dma_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    Rig *rig = opaque;

    if (addr - RIG_BAR < IXGBE_VF_BAR0_SIZE) {
        for (size_t i = 0; i + 4 <= len; i += 4) {
            ixgbe_function_mmio_write(rig->fn, addr - RIG_BAR + i,
                                      rd_le32((const uint8_t *)buf + i), 4);
        }
        return true;
    }
    if (!dma_ok(rig, addr, len)) {
        return false;
    }
    memcpy(rig->memory + addr, buf, len);
    return true;
}

static void interrupt(void *opaque, unsigned vector)
{
    Rig *rig = opaque;

    g_assert_cmpuint(vector, <, 3);
    rig->interrupts[vector]++;
}

static uint64_t clock_ns(void *opaque)
{
    return ((Rig *)opaque)->now;
}

static void set_timer(void *opaque, uint64_t deadline)
{
    ((Rig *)opaque)->timer = deadline;
}

static void schedule(void *opaque)
{
    ((Rig *)opaque)->scheduled = true;
}

static const IxgbeFunctionOps fn_ops = {
    .dma_read = dma_read,
    .dma_write = dma_write,
    .interrupt = interrupt,
    .clock_ns = clock_ns,
    .set_timer = set_timer,
    .schedule = schedule,
};

static bool port_tx(void *port, unsigned queue, const uint8_t *frame,
                    size_t len, const IxgbeTxMeta *meta)
{
    Rig *rig = port;

    g_assert_cmpuint(len, >=, rig->state.tx_rules.pad ? 60 : 14);
    g_assert_cmpuint(len, <=, IXGBE_FRAME_MAX);
    if (rig->tx_credit == 0) {
        return false;
    }
    rig->tx_credit--;
    rig->meta[rig->sent->len % G_N_ELEMENTS(rig->meta)] = *meta;
    g_ptr_array_add(rig->sent, g_bytes_new(frame, len));
    return true;
}

static void port_rx_room(void *port)
{
    ((Rig *)port)->rx_rooms++;
}

static void port_reset(void *port, bool flr)
{
    Rig *rig = port;

    rig->resets++;
    rig->flrs += flr;
}

static void port_mailbox(void *port, uint32_t value)
{
    ((Rig *)port)->mailbox = value;
}

static void port_mailbox_mem(void *port, unsigned index, uint32_t value)
{
    ((Rig *)port)->state.mbmem[index] = value;
}

static void port_bus_master(void *port, bool on)
{
}

static const IxgbePortOps port_ops = {
    .tx = port_tx,
    .rx_room = port_rx_room,
    .reset = port_reset,
    .mailbox = port_mailbox,
    .mailbox_mem = port_mailbox_mem,
    .bus_master = port_bus_master,
};

static void init(Rig *rig, const IxgbeVfConfig *config)
{
    memset(rig, 0, sizeof(*rig));
    rig->memory = g_malloc0(RIG_MEMORY);
    rig->fault_from = RIG_MEMORY;
    rig->timer = UINT64_MAX;
    rig->tx_credit = UINT_MAX;
    rig->sent = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    rig->fn = config ? ixgbe_vf_new(config, &fn_ops, rig)
                     : ixgbe_pf_new(&fn_ops, rig);
    ixgbe_function_set_port(rig->fn, &port_ops, rig);
    rig->state.links = IXGBE_LINKS_UP | IXGBE_LINKS_SPEED_10G;
    rig->state.rx_enable = rig->state.tx_enable = true;
    rig->state.tx_vlan_insert = true;
    rig->state.tx_rules = (IxgbeTxRules)IXGBE_TX_RULES_RESET;
    rig->state.pf_reset_done = true;
    ixgbe_function_set_state(rig->fn, &rig->state);
    ixgbe_function_set_bus_master(rig->fn, true);
    tx_tail = 0;
}

void rig_init(Rig *rig, const IxgbeVfConfig *config)
{
    init(rig, config);
}

void rig_init_pf(Rig *rig)
{
    init(rig, NULL);
}

void rig_clear(Rig *rig)
{
    ixgbe_function_free(rig->fn);
    g_free(rig->memory);
    g_ptr_array_unref(rig->sent);
}

void rig_run(Rig *rig)
{
    for (unsigned i = 0; i < 1000; i++) {
        if (rig->timer <= rig->now) {
            rig->timer = UINT64_MAX;
            ixgbe_function_timer(rig->fn);
        }
        if (!rig->scheduled) {
            return;
        }
        rig->scheduled = false;
        ixgbe_function_run(rig->fn);
    }
}

void rig_advance(Rig *rig, uint64_t ns)
{
    rig->now += ns;
    rig_run(rig);
}

uint32_t rig_read(Rig *rig, uint32_t offset)
{
    return ixgbe_function_mmio_read(rig->fn, offset, 4);
}

void rig_write(Rig *rig, uint32_t offset, uint32_t value)
{
    ixgbe_function_mmio_write(rig->fn, offset, value, 4);
}

void rig_start_rx(Rig *rig, uint32_t srrctl, unsigned buffers)
{
    for (unsigned i = 0; i < RIG_RING; i++) {
        uint8_t *desc = rig->memory + RIG_RX_RING(0) + i * IXGBE_DESC_SIZE;

        wr_le64(desc, RIG_RX_BUFFER(2 * i));
        wr_le64(desc + 8, RIG_RX_BUFFER(2 * i + 1));
    }
    rig_write(rig, IXGBE_VFRDBAL(0), RIG_RX_RING(0));
    rig_write(rig, IXGBE_VFRDBAH(0), 0);
    rig_write(rig, IXGBE_VFRDLEN(0), RIG_RING * IXGBE_DESC_SIZE);
    rig_write(rig, IXGBE_VFRDH(0), 0);
    rig_write(rig, IXGBE_VFRDT(0), 0);
    rig_write(rig, IXGBE_VFSRRCTL(0), srrctl);
    rig_write(rig, IXGBE_VFRXDCTL(0), IXGBE_RXDCTL_ENABLE | IXGBE_RXDCTL_VME);
    rig_write(rig, IXGBE_VFRDT(0), buffers);
}

void rig_start_tx(Rig *rig)
{
    rig_write(rig, IXGBE_VFTDBAL(0), RIG_TX_RING(0));
    rig_write(rig, IXGBE_VFTDBAH(0), 0);
    rig_write(rig, IXGBE_VFTDLEN(0), RIG_RING * IXGBE_DESC_SIZE);
    rig_write(rig, IXGBE_VFTDH(0), 0);
    rig_write(rig, IXGBE_VFTDT(0), 0);
    rig_write(rig, IXGBE_VFTXDCTL(0), IXGBE_TXDCTL_ENABLE);
    tx_tail = 0;
}

void rig_start_interrupts(Rig *rig)
{
    rig_write(rig, IXGBE_VTIVAR(0), 0x8080);
    rig_write(rig, IXGBE_VTIVAR_MISC, 0x81);
    rig_write(rig, IXGBE_VTEIAC, 3);
    rig_write(rig, IXGBE_VTEIAM, 3);
    rig_write(rig, IXGBE_VTEIMS, 3);
}

IxgbeRxResult rig_receive(Rig *rig, const void *frame, size_t len)
{
    IxgbeRxMeta meta = { 0 };

    return ixgbe_function_rx(rig->fn, frame, len, &meta);
}

IxgbeRxAdvWb rig_rx_desc(Rig *rig, unsigned i)
{
    IxgbeRxAdvWb wb;

    memcpy(&wb, rig->memory + RIG_RX_RING(0) + i * IXGBE_DESC_SIZE,
           sizeof(wb));
    return wb;
}

void rig_tx_desc(Rig *rig, uint64_t address, uint32_t cmd, uint32_t olinfo)
{
    uint8_t *desc = rig->memory + RIG_TX_RING(0) + tx_tail * IXGBE_DESC_SIZE;

    wr_le64(desc, address);
    wr_le32(desc + 8, cmd);
    wr_le32(desc + 12, olinfo);
    tx_tail = (tx_tail + 1) % RIG_RING;
}

void rig_tx_context(Rig *rig, unsigned maclen, unsigned iplen, unsigned l4len,
                    unsigned mss, uint32_t tucmd, uint16_t tag, unsigned idx)
{
    uint8_t *desc = rig->memory + RIG_TX_RING(0) + tx_tail * IXGBE_DESC_SIZE;

    wr_le32(desc, (uint32_t)tag << 16 | maclen << 9 | iplen);
    wr_le32(desc + 4, 0);
    wr_le32(desc + 8, IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_CONTEXT | tucmd);
    wr_le32(desc + 12, mss << 16 | l4len << 8 | idx << 4);
    tx_tail = (tx_tail + 1) % RIG_RING;
}

void rig_tx_kick(Rig *rig)
{
    rig_write(rig, IXGBE_VFTDT(0), tx_tail);
    rig_run(rig);
}

const uint8_t *rig_sent(Rig *rig, unsigned n, size_t *len)
{
    g_assert_cmpuint(n, <, rig->sent->len);
    return g_bytes_get_data(g_ptr_array_index(rig->sent, n), len);
}

size_t rig_ipv4_frame(uint8_t *frame, uint8_t protocol, size_t payload)
{
    size_t l4 = protocol == FRAME_PROTO_TCP ? 20 : 8;
    size_t len = 14 + 20 + l4 + payload;
    uint8_t *ip = frame + 14;
    FrameInfo info;

    memset(frame, 0, 14 + 20 + l4);
    memcpy(frame, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00",
           14);
    ip[0] = 0x45;
    wr_be16(ip + 2, 20 + l4 + payload);
    ip[8] = 64;
    ip[9] = protocol;
    memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
    if (protocol == FRAME_PROTO_TCP) {
        wr_be32(ip + 24, 0x12345678);
        ip[32] = 0x50;
        ip[33] = 0x18;
    } else {
        wr_be16(ip + 24, 8 + payload);
    }
    for (size_t i = 0; i < payload; i++) {
        frame[14 + 20 + l4 + i] = i * 7;
    }
    g_assert_true(frame_parse(frame, len, &info));
    csum_insert_ip(frame, &info);
    csum_insert_l4(frame, &info);
    return len;
}

/* As Linux does with MSI-X: auto-clear, auto-mask, moderation. */
void rig_start_pf_interrupts(Rig *rig, unsigned interval_us)
{
    rig_write(rig, IXGBE_GPIE, IXGBE_GPIE_MSIX | IXGBE_GPIE_EIAME);
    rig_write(rig, IXGBE_IVAR(0), 0x8080);
    rig_write(rig, IXGBE_EIAC, 0xffff);
    rig_write(rig, IXGBE_EIAM, 0xffff);
    rig_write(rig, IXGBE_EITR(0), interval_us / 2 << 3);
    rig_unmask_pf(rig);
}

void rig_unmask_pf(Rig *rig)
{
    rig_write(rig, IXGBE_EIMS, 1);
}
