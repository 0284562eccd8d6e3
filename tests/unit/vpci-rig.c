/*
 * A virtual PCI bus for tests: see vpci-rig.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci-rig.h"

const VmbusGuid rig_instance = {
    { 0x01, 0x02, 0x03, 0x04, 0xaa, 0xbb, 0xcc, 0xdd,
      0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c }
};

/* --- the host ------------------------------------------------------------- */

static bool op_apic_id(void *opaque, uint32_t vp, uint32_t *apic_id)
{
    *apic_id = vp * 2;
    return vp < FAKE_GUEST_VPS;
}

static const VpciPartitionOps partition_ops = { .apic_id = op_apic_id };

static void op_schedule(void *opaque)
{
    VpciRig *rig = opaque;

    rig->scheduled = true;
}

static uint32_t op_config_read(void *opaque, uint8_t devfn, uint32_t offset,
                               unsigned size)
{
    VpciRig *rig = opaque;
    uint32_t value = 0;

    g_assert_true(iov_in_range(offset, size, VPCI_CONFIG_SIZE));
    memcpy(&value, &rig->config[devfn][offset], size);
    return value;
}

static void op_config_write(void *opaque, uint8_t devfn, uint32_t offset,
                            uint32_t value, unsigned size)
{
    VpciRig *rig = opaque;

    g_assert_true(iov_in_range(offset, size, VPCI_CONFIG_SIZE));
    memcpy(&rig->config[devfn][offset], &value, size);
}

static bool op_window_map(void *opaque, uint64_t gpa)
{
    VpciRig *rig = opaque;

    g_assert_cmphex(rig->window, ==, 0);
    rig->window = gpa;
    return gpa != 0;
}

static void op_window_unmap(void *opaque)
{
    VpciRig *rig = opaque;

    g_assert_cmphex(rig->window, !=, 0);
    rig->window = 0;
}

static int op_irq_alloc(void *opaque, uint8_t devfn, unsigned count)
{
    VpciRig *rig = opaque;
    unsigned run = 0;

    for (int i = 0; i < RIG_ENTRIES; i++) {
        run = rig->entry[i].used ? 0 : run + 1;
        if (run == count) {
            for (unsigned n = 0; n < count; n++) {
                rig->entry[i - n].used = true;
                rig->entry[i - n].devfn = devfn;
            }
            return i + 1 - count;
        }
    }
    return -1;
}

static bool op_irq_set(void *opaque, int index, const HvrInterrupt *irq)
{
    VpciRig *rig = opaque;

    g_assert_true(index >= 0 && index < RIG_ENTRIES);
    g_assert_true(rig->entry[index].used);
    rig->entry[index].irq = *irq;
    return true;
}

static void op_irq_free(void *opaque, int index, unsigned count)
{
    VpciRig *rig = opaque;

    for (unsigned i = 0; i < count; i++) {
        g_assert_true(rig->entry[index + i].used);
        rig->entry[index + i] = (RigEntry) { 0 };
    }
}

static void op_irq_message(void *opaque, int index, uint64_t *address,
                           uint32_t *data)
{
    *address = 0xfee00018 | (uint64_t)index << 5;
    *data = 0;
}

static void op_function_reset(void *opaque, uint8_t devfn)
{
    VpciRig *rig = opaque;

    rig->resets++;
    memset(&rig->config[devfn][4], 0, 2);
}

static void op_function_gone(void *opaque, uint8_t devfn, VpciGone why)
{
    VpciRig *rig = opaque;

    if (why == VPCI_GONE_EJECTED) {
        rig->ejected++;
    } else {
        rig->unused++;
    }
}

static void op_channel_gone(void *opaque)
{
    VpciRig *rig = opaque;

    rig->channels_gone++;
}

static uint32_t op_block_read(void *opaque, uint8_t devfn, uint32_t block,
                              void *buf, size_t len, size_t *returned)
{
    memset(buf, block, len);
    *returned = len;
    return VPCI_STATUS_SUCCESS;
}

static uint32_t op_block_write(void *opaque, uint8_t devfn, uint32_t block,
                               const void *buf, size_t len)
{
    VpciRig *rig = opaque;

    g_assert_cmpuint(len, <=, VPCI_BLOCK_MAX);
    rig->blocks++;
    return VPCI_STATUS_SUCCESS;
}

static const VpciBusOps bus_ops = {
    .schedule = op_schedule,
    .config_read = op_config_read,
    .config_write = op_config_write,
    .window_map = op_window_map,
    .window_unmap = op_window_unmap,
    .irq_alloc = op_irq_alloc,
    .irq_set = op_irq_set,
    .irq_free = op_irq_free,
    .irq_message = op_irq_message,
    .function_reset = op_function_reset,
    .function_gone = op_function_gone,
    .channel_gone = op_channel_gone,
    .block_read = op_block_read,
    .block_write = op_block_write,
};

VpciRig *rig_new(void)
{
    VpciRig *rig = g_new0(VpciRig, 1);

    rig->guest = fake_guest_new();
    rig->partition = vpci_partition_new(&partition_ops, rig);
    rig->bus = vpci_bus_new(rig->partition, rig->guest->bus, &rig_instance,
                            &bus_ops, rig);
    g_queue_init(&rig->inband);
    return rig;
}

void rig_free(VpciRig *rig)
{
    vpci_bus_free(rig->bus);
    g_assert_cmpuint(rig_entries(rig), ==, 0);
    g_assert_cmphex(rig->window, ==, 0);
    vpci_partition_free(rig->partition);
    g_queue_clear_full(&rig->inband, (GDestroyNotify)fake_packet_free);
    if (rig->channel) {
        fake_channel_free(rig->channel);
    }
    fake_guest_free(rig->guest);
    g_free(rig);
}

void rig_run(VpciRig *rig)
{
    fake_guest_run(rig->guest);
    while (rig->scheduled) {
        rig->scheduled = false;
        vpci_bus_poll(rig->bus);
        fake_guest_run(rig->guest);
    }
}

void rig_add(VpciRig *rig, uint8_t devfn)
{
    VpciFunctionDesc desc = {
        .devfn = devfn,
        .vendor_id = 0x8086,
        .device_id = 0x152e,
        .revision = 1,
        .base_class = 2,
        .sub_vendor_id = 0x8086,
        .sub_system_id = 0x3,
        .serial = RIG_SERIAL + devfn,
        /* 16 KB 64-bit, an I/O BAR that is hidden, 16 KB 32-bit */
        .bar_mask = { 0xffffc004, 0xffffffff, 0, 0xffffc000 },
        .numa = true,
        .numa_node = 1,
    };

    memset(rig->config[devfn], 0, VPCI_CONFIG_SIZE);
    memset(&rig->config[devfn][0], 0xff, 4);    /* as a real VF's */
    rig->config[devfn][0x3d] = 1;
    rig->config[devfn][0x201] = 0x52;
    g_assert_true(vpci_bus_add(rig->bus, &desc));
    rig_run(rig);
}

unsigned rig_entries(const VpciRig *rig)
{
    unsigned used = 0;

    for (unsigned i = 0; i < RIG_ENTRIES; i++) {
        used += rig->entry[i].used;
    }
    return used;
}

/* --- the guest --------------------------------------------------------------- */

void rig_open(VpciRig *rig)
{
    const VmbusMsgOffer *offer;

    if (fake_guest_next_type(rig->guest) == VMBUS_MSG_OFFER) {
        offer = fake_guest_take_offer(rig->guest);
    } else {
        offer = fake_guest_find_offer(rig->guest, VPCI_CLASS_GUID, 0);
    }
    g_assert_nonnull(offer);
    rig->channel = fake_channel_open(rig->guest, rd_le32(&offer->relid), 4,
                                     NULL, 0);
    rig_run(rig);
}

void rig_send(VpciRig *rig, const void *msg, size_t len)
{
    g_assert_true(fake_channel_send(rig->channel, VM_PKT_DATA_INBAND, 0, 0,
                                    NULL, 0, msg, len));
    rig_run(rig);
}

static FakePacket *take(VpciRig *rig, uint16_t type)
{
    FakePacket *pkt;

    while ((pkt = fake_channel_recv(rig->channel))) {
        /* Linux drops packets of 20 bytes and less. */
        g_assert_cmpuint(pkt->len, >, 4);
        if (pkt->type == type) {
            return pkt;
        }
        g_assert_cmpuint(pkt->type, ==, VM_PKT_DATA_INBAND);
        g_queue_push_tail(&rig->inband, pkt);
    }
    return NULL;
}

FakePacket *rig_request(VpciRig *rig, const void *msg, size_t len)
{
    FakePacket *pkt;

    g_assert_true(fake_channel_send(rig->channel, VM_PKT_DATA_INBAND,
                                    VM_PKT_FLAG_COMPLETION_REQUESTED,
                                    ++rig->trans_id, NULL, 0, msg, len));
    rig_run(rig);
    pkt = take(rig, VM_PKT_COMP);
    g_assert_nonnull(pkt);
    g_assert_cmpuint(pkt->trans_id, ==, rig->trans_id);
    return pkt;
}

uint32_t rig_status(VpciRig *rig, const void *msg, size_t len)
{
    g_autoptr(FakePacket) pkt = rig_request(rig, msg, len);

    return rd_le32(pkt->payload);
}

FakePacket *rig_inband(VpciRig *rig, uint32_t type)
{
    FakePacket *pkt = g_queue_pop_head(&rig->inband);

    if (!pkt) {
        pkt = take(rig, VM_PKT_DATA_INBAND);
    }
    if (pkt) {
        g_assert_cmphex(rd_le32(pkt->payload), ==, type);
    }
    return pkt;
}

uint32_t rig_version(VpciRig *rig, uint32_t version)
{
    VpciVersionMsg msg;

    wr_le32(&msg.type, VPCI_QUERY_PROTOCOL_VERSION);
    wr_le32(&msg.version, version);
    return rig_status(rig, &msg, sizeof(msg));
}

uint32_t rig_d0_entry(VpciRig *rig, uint64_t base)
{
    VpciD0EntryMsg msg = { 0 };

    wr_le32(&msg.type, VPCI_D0_ENTRY);
    wr_le64(&msg.mmio_base, base);
    return rig_status(rig, &msg, sizeof(msg));
}

uint32_t rig_slot_message(VpciRig *rig, uint32_t type, uint8_t devfn)
{
    VpciSlotMsg msg;

    wr_le32(&msg.type, type);
    wr_le32(&msg.slot, vpci_slot(devfn));
    return rig_status(rig, &msg, sizeof(msg));
}

uint32_t rig_assign(VpciRig *rig, uint8_t devfn)
{
    /* As Linux sends it: longer than the fixed part, all zero. */
    uint8_t msg[202] = { 0 };

    wr_le32(msg, VPCI_ASSIGNED_RESOURCES2);
    wr_le32(msg + 4, vpci_slot(devfn));
    return rig_status(rig, msg, sizeof(msg));
}

uint32_t rig_create(VpciRig *rig, uint8_t devfn, uint32_t vector,
                    unsigned count, uint16_t vp, VpciMsiRemapped *msi)
{
    struct IOV_PACKED {
        VpciSlotMsg head;
        VpciMsi3 want;
    } msg = { 0 };
    g_autoptr(FakePacket) pkt = NULL;

    wr_le32(&msg.head.type, VPCI_CREATE_INTERRUPT3);
    wr_le32(&msg.head.slot, vpci_slot(devfn));
    wr_le32(&msg.want.vector, vector);
    wr_le16(&msg.want.vector_count, count);
    wr_le16(&msg.want.vp_count, 1);
    wr_le16(&msg.want.vp[0], vp);
    pkt = rig_request(rig, &msg, sizeof(msg));
    g_assert_cmpuint(pkt->len, >=, sizeof(VpciCreateReply));
    memcpy(msi, pkt->payload + offsetof(VpciCreateReply, msi), sizeof(*msi));
    return rd_le32(pkt->payload);
}

void rig_boot(VpciRig *rig)
{
    VpciMsg query;
    FakePacket *list;

    rig_open(rig);
    g_assert_cmphex(rig_version(rig, VPCI_VERSION_1_4), ==, 0);
    wr_le32(&query.type, VPCI_QUERY_BUS_RELATIONS);
    rig_send(rig, &query, sizeof(query));
    list = rig_inband(rig, VPCI_BUS_RELATIONS2);
    g_assert_nonnull(list);
    g_assert_cmphex(rig_d0_entry(rig, RIG_WINDOW), ==, 0);
    fake_packet_free(rig_inband(rig, VPCI_BUS_RELATIONS2));
    for (uint32_t i = 0; i < rd_le32(list->payload + 4); i++) {
        const VpciDevice2 *dev = (VpciDevice2 *)(list->payload + 8) + i;
        uint8_t devfn;

        g_assert_true(vpci_slot_devfn(rd_le32(&dev->device.slot), &devfn));
        g_assert_cmphex(rig_slot_message(rig, VPCI_QUERY_REQUIREMENTS, devfn),
                        ==, 0);
        g_assert_cmphex(rig_assign(rig, devfn), ==, 0);
    }
    fake_packet_free(list);
}
