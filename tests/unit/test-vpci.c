/*
 * Virtual PCI: protocol, life of bus and functions, configuration window.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci-rig.h"

static VpciRig *rig_with_function(void)
{
    VpciRig *rig = rig_new();

    rig_add(rig, 0);
    fake_guest_connect(rig->guest);
    return rig;
}

static VpciRig *rig_booted(void)
{
    VpciRig *rig = rig_with_function();

    rig_boot(rig);
    return rig;
}

/* The guest answers a rescind. */
static void guest_releases(VpciRig *rig)
{
    VmbusMsgRelid msg = { 0 };

    fake_guest_expect(rig->guest, VMBUS_MSG_RESCIND, &msg, sizeof(msg));
    g_assert_cmpuint(fake_guest_next_type(rig->guest), ==, 0);
    g_assert_true(vpci_bus_offered(rig->bus));
    fake_guest_post(rig->guest, VMBUS_MSG_RELID_RELEASED, &msg, sizeof(msg));
    fake_channel_free(rig->channel);
    rig->channel = NULL;
    rig_run(rig);
}

static uint32_t config_read(VpciRig *rig, uint8_t devfn, uint32_t offset,
                            unsigned size)
{
    vpci_window_write(rig->bus, 0, vpci_slot(devfn), 4);
    return vpci_window_read(rig->bus, VPCI_WINDOW_CONFIG + offset, size);
}

static void config_write(VpciRig *rig, uint8_t devfn, uint32_t offset,
                         uint32_t value, unsigned size)
{
    vpci_window_write(rig->bus, 0, vpci_slot(devfn), 4);
    vpci_window_write(rig->bus, VPCI_WINDOW_CONFIG + offset, value, size);
}

/* --- offers ---------------------------------------------------------------- */

static void test_offer_needs_function(void)
{
    VpciRig *rig = rig_new();

    fake_guest_connect(rig->guest);
    g_assert_null(fake_guest_find_offer(rig->guest, VPCI_CLASS_GUID, 0));
    rig_add(rig, 0);
    g_assert_cmpuint(fake_guest_next_type(rig->guest), ==, VMBUS_MSG_OFFER);
    rig_boot(rig);
    rig_free(rig);
}

static void test_same_device_id_refused(void)
{
    VpciRig *rig = rig_new();
    VmbusGuid other = rig_instance;

    other.b[6] ^= 7;        /* the function number's bits */
    other.b[0] ^= 1;
    g_assert_null(vpci_bus_new(rig->partition, rig->guest->bus, &other, NULL,
                               NULL));
    rig_free(rig);
}

/* --- version --------------------------------------------------------------- */

static void test_version_too_new(void)
{
    VpciRig *rig = rig_with_function();

    rig_open(rig);
    g_assert_cmphex(rig_version(rig, 0x10005), ==,
                    VPCI_STATUS_REVISION_MISMATCH);
    g_assert_cmphex(rig_version(rig, 0x20000), ==,
                    VPCI_STATUS_REVISION_MISMATCH);
    g_assert_cmphex(rig_version(rig, 0x10000), ==,
                    VPCI_STATUS_REVISION_MISMATCH);
    g_assert_cmphex(rig_version(rig, VPCI_VERSION_1_1), ==, 0);
    rig_free(rig);
}

static void test_version_first(void)
{
    VpciRig *rig = rig_with_function();

    rig_open(rig);
    g_assert_cmphex(rig_d0_entry(rig, RIG_WINDOW), ==,
                    VPCI_STATUS_INVALID_DEVICE_STATE);
    g_assert_cmphex(rig_slot_message(rig, VPCI_QUERY_REQUIREMENTS, 0), ==,
                    VPCI_STATUS_INVALID_DEVICE_STATE);
    g_assert_null(rig_inband(rig, VPCI_BUS_RELATIONS2));
    rig_free(rig);
}

static void test_version_once(void)
{
    VpciRig *rig = rig_with_function();

    rig_open(rig);
    g_assert_cmphex(rig_version(rig, VPCI_VERSION_1_4), ==, 0);
    g_assert_cmphex(rig_version(rig, VPCI_VERSION_1_3), ==,
                    VPCI_STATUS_INVALID_DEVICE_STATE);
    rig_free(rig);
}

/* --- relations --------------------------------------------------------------- */

static void query_relations(VpciRig *rig)
{
    VpciMsg msg;

    wr_le32(&msg.type, VPCI_QUERY_BUS_RELATIONS);
    rig_send(rig, &msg, sizeof(msg));
}

static void test_relations_by_version(void)
{
    static const struct {
        uint32_t version;
        uint32_t type;
        size_t size;
    } rows[] = {
        { VPCI_VERSION_1_1, VPCI_BUS_RELATIONS, sizeof(VpciDevice) },
        { VPCI_VERSION_1_2, VPCI_BUS_RELATIONS, sizeof(VpciDevice) },
        { VPCI_VERSION_1_3, VPCI_BUS_RELATIONS2, sizeof(VpciDevice2) },
        { VPCI_VERSION_1_4, VPCI_BUS_RELATIONS2, sizeof(VpciDevice2) },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        VpciRig *rig = rig_with_function();
        g_autoptr(FakePacket) pkt = NULL;
        const VpciDevice *dev;

        rig_open(rig);
        g_assert_cmphex(rig_version(rig, rows[i].version), ==, 0);
        query_relations(rig);
        pkt = rig_inband(rig, rows[i].type);
        g_assert_nonnull(pkt);
        g_assert_cmpuint(rd_le32(pkt->payload + 4), ==, 1);
        g_assert_cmpuint(pkt->len, >=, 8 + rows[i].size);
        g_assert_cmpuint(pkt->len, <, 8 + rows[i].size + 8);
        dev = (VpciDevice *)(pkt->payload + 8);
        g_assert_cmphex(rd_le16(&dev->device_id), ==, 0x152e);
        g_assert_cmpuint(rd_le32(&dev->serial), ==, RIG_SERIAL);
        rig_free(rig);
    }
}

static void test_relations_before_d0_completion(void)
{
    VpciRig *rig = rig_with_function();
    VpciD0EntryMsg msg = { 0 };
    g_autoptr(FakePacket) first = NULL;
    g_autoptr(FakePacket) second = NULL;

    rig_open(rig);
    g_assert_cmphex(rig_version(rig, VPCI_VERSION_1_4), ==, 0);
    wr_le32(&msg.type, VPCI_D0_ENTRY);
    wr_le64(&msg.mmio_base, RIG_WINDOW);
    fake_channel_send(rig->channel, VM_PKT_DATA_INBAND,
                      VM_PKT_FLAG_COMPLETION_REQUESTED, 1, NULL, 0, &msg,
                      sizeof(msg));
    rig_run(rig);
    first = fake_channel_recv(rig->channel);
    second = fake_channel_recv(rig->channel);
    g_assert_cmpuint(first->type, ==, VM_PKT_DATA_INBAND);
    g_assert_cmpuint(second->type, ==, VM_PKT_COMP);
    rig_free(rig);
}

static void test_second_function_is_announced(void)
{
    VpciRig *rig = rig_booted();
    g_autoptr(FakePacket) pkt = NULL;

    rig_add(rig, 1);
    pkt = rig_inband(rig, VPCI_BUS_RELATIONS2);
    g_assert_nonnull(pkt);
    g_assert_cmpuint(rd_le32(pkt->payload + 4), ==, 2);
    /* Device 0, function 1: not a devfn. */
    g_assert_cmpuint(rd_le32(pkt->payload + 8 + sizeof(VpciDevice2) + 12), ==,
                     1 << 5);
    rig_free(rig);
}

static void test_relations_wait_for_room(void)
{
    VpciRig *rig = rig_booted();
    VpciMsg msg;
    unsigned lists = 0;

    wr_le32(&msg.type, VPCI_QUERY_BUS_RELATIONS);
    for (unsigned i = 0; i < 300; i++) {
        fake_channel_send(rig->channel, VM_PKT_DATA_INBAND, 0, 0, NULL, 0,
                          &msg, sizeof(msg));
    }
    for (unsigned round = 0; round < 1000; round++) {
        FakePacket *pkt = rig_inband(rig, VPCI_BUS_RELATIONS2);

        if (pkt) {
            lists++;
            fake_packet_free(pkt);
        }
        rig_run(rig);
    }
    g_assert_cmpuint(lists, ==, 300);
    rig_free(rig);
}

/* --- power and window --------------------------------------------------------- */

static void test_d0_entry_twice(void)
{
    VpciRig *rig = rig_booted();
    VpciMsg msg;

    g_assert_cmphex(rig_d0_entry(rig, RIG_WINDOW), ==,
                    VPCI_STATUS_INVALID_DEVICE_STATE);
    /* What a crash kernel does then. */
    wr_le32(&msg.type, VPCI_D0_EXIT);
    g_assert_cmphex(rig_status(rig, &msg, sizeof(msg)), ==, 0);
    g_assert_cmphex(rig->window, ==, 0);
    g_assert_cmphex(rig_d0_entry(rig, RIG_WINDOW + 0x2000), ==, 0);
    g_assert_cmphex(rig->window, ==, RIG_WINDOW + 0x2000);
    rig_free(rig);
}

static void test_d0_entry_bad_window(void)
{
    VpciRig *rig = rig_with_function();

    rig_open(rig);
    g_assert_cmphex(rig_version(rig, VPCI_VERSION_1_4), ==, 0);
    g_assert_cmphex(rig_d0_entry(rig, RIG_WINDOW + 4), ==,
                    VPCI_STATUS_INVALID_PARAMETER);
    g_assert_cmphex(rig_d0_entry(rig, ~0xfffull), ==,
                    VPCI_STATUS_INVALID_PARAMETER);
    rig_free(rig);
}

static void test_window_config(void)
{
    VpciRig *rig = rig_booted();

    /* The list's ids, though the device itself reads all ones. */
    g_assert_cmphex(config_read(rig, 0, 0, 4), ==, 0x152e8086);
    g_assert_cmphex(config_read(rig, 0, 0, 2), ==, 0x8086);
    g_assert_cmphex(config_read(rig, 0, 3, 1), ==, 0x15);
    g_assert_cmphex(config_read(rig, 0, 0x201, 1), ==, 0x52);
    g_assert_cmphex(config_read(rig, 0, 0x3d, 1), ==, 0);
    config_write(rig, 0, 4, 0xffff, 2);
    g_assert_cmphex(rd_le16(&rig->config[0][4]), ==, 0xfffe);
    rig_free(rig);
}

static void test_window_hides_bars(void)
{
    VpciRig *rig = rig_booted();
    static const struct {
        uint32_t bar;
        bool visible;
    } rows[] = {
        { 0x10, true }, { 0x14, true }, { 0x18, false }, { 0x1c, true },
        { 0x20, false }, { 0x24, false }, { 0x30, false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        config_write(rig, 0, rows[i].bar, 0x12330000, 4);
        g_assert_cmphex(config_read(rig, 0, rows[i].bar, 4), ==,
                        rows[i].visible ? 0x12330000 : 0);
    }
    rig_free(rig);
}

static void test_window_absent_function(void)
{
    VpciRig *rig = rig_booted();

    g_assert_cmphex(config_read(rig, 1, 0, 4), ==, 0xffffffff);
    g_assert_cmphex(config_read(rig, 1, 0, 2), ==, 0xffff);
    vpci_window_write(rig->bus, 0, 0x100, 4);   /* reserved bits */
    g_assert_cmphex(vpci_window_read(rig->bus, VPCI_WINDOW_CONFIG, 4), ==,
                    0xffffffff);
    rig_free(rig);
}

static void test_window_odd_accesses(void)
{
    VpciRig *rig = rig_booted();

    for (uint32_t offset = 0; offset < VPCI_WINDOW_SIZE + 8; offset++) {
        for (unsigned size = 0; size <= 8; size++) {
            vpci_window_read(rig->bus, offset, size);
            vpci_window_write(rig->bus, offset, 0, size);
        }
    }
    rig_free(rig);
}

/* --- resources -------------------------------------------------------------- */

static void test_requirements(void)
{
    VpciRig *rig = rig_booted();
    VpciSlotMsg msg = { 0 };
    g_autoptr(FakePacket) pkt = NULL;

    wr_le32(&msg.type, VPCI_QUERY_REQUIREMENTS);
    pkt = rig_request(rig, &msg, sizeof(msg));
    g_assert_cmpuint(pkt->len, >=, sizeof(VpciRequirementsReply));
    g_assert_cmphex(rd_le32(pkt->payload + 4), ==, 0xffffc004);
    g_assert_cmphex(rd_le32(pkt->payload + 12), ==, 0);
    rig_free(rig);
}

static void test_assign_sets_bars(void)
{
    VpciRig *rig = rig_booted();
    VpciAssignedMsg msg = { 0 };

    wr_le32(&msg.type, VPCI_ASSIGNED_RESOURCES2);
    msg.bar[0].type = VPCI_RESOURCE_MEMORY;
    wr_le64(&msg.bar[0].address, 0x1234560000ull);
    wr_le32(&msg.bar[0].length, 0x3000);
    g_assert_cmphex(rig_status(rig, &msg, sizeof(msg)), ==, 0);
    g_assert_cmphex(rd_le32(&rig->config[0][0x10]), ==, 0x34560000);
    g_assert_cmphex(rd_le32(&rig->config[0][0x14]), ==, 0x12);
    rig_free(rig);
}

static void test_assign_refuses(void)
{
    static const struct {
        unsigned bar;
        uint64_t address;
        uint32_t length;
    } rows[] = {
        { 0, 0x1234562000ull, 0x3000 },     /* unaligned */
        { 0, 0x1234560000ull, 0x8000 },     /* too long */
        { 1, 0x1234560000ull, 0x3000 },     /* upper half */
        { 2, 0x10000, 0x20 },               /* no such BAR */
        { 3, 0x1234560000ull, 0x3000 },     /* above 4 GiB */
    };
    VpciRig *rig = rig_booted();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        VpciAssignedMsg msg = { 0 };
        VpciResource *r = &msg.bar[rows[i].bar];

        wr_le32(&msg.type, VPCI_ASSIGNED_RESOURCES2);
        r->type = VPCI_RESOURCE_MEMORY;
        wr_le64(&r->address, rows[i].address);
        wr_le32(&r->length, rows[i].length);
        g_assert_cmphex(rig_status(rig, &msg, sizeof(msg)), ==,
                        VPCI_STATUS_INVALID_PARAMETER);
    }
    rig_free(rig);
}

static void test_power_state(void)
{
    VpciRig *rig = rig_booted();
    VpciPowerMsg msg = { 0 };

    wr_le32(&msg.type, VPCI_POWER_STATE);
    wr_le32(&msg.state, VPCI_POWER_D0);
    g_assert_cmphex(rig_status(rig, &msg, sizeof(msg)), ==, 0);
    g_assert_cmphex(rd_le16(&rig->config[0][4]), ==, 2);
    wr_le32(&msg.state, VPCI_POWER_D3);
    g_assert_cmphex(rig_status(rig, &msg, sizeof(msg)), ==, 0);
    g_assert_cmphex(rd_le16(&rig->config[0][4]), ==, 0);
    wr_le32(&msg.state, 2);
    g_assert_cmphex(rig_status(rig, &msg, sizeof(msg)), ==,
                    VPCI_STATUS_INVALID_PARAMETER);
    rig_free(rig);
}

static void test_blocks(void)
{
    VpciRig *rig = rig_booted();
    uint8_t msg[sizeof(VpciBlockMsg) + VPCI_BLOCK_MAX] = { 0 };
    g_autoptr(FakePacket) pkt = NULL;

    wr_le32(msg, VPCI_READ_BLOCK);
    wr_le32(msg + 4, 0x5a);
    wr_le32(msg + 12, VPCI_BLOCK_MAX);
    pkt = rig_request(rig, msg, sizeof(VpciBlockMsg));
    g_assert_cmpuint(pkt->len, >=, 4 + VPCI_BLOCK_MAX);
    g_assert_cmphex(pkt->payload[3 + VPCI_BLOCK_MAX], ==, 0x5a);
    wr_le32(msg + 12, VPCI_BLOCK_MAX + 1);
    g_assert_cmphex(rig_status(rig, msg, sizeof(VpciBlockMsg)), ==,
                    VPCI_STATUS_INVALID_PARAMETER);

    wr_le32(msg, VPCI_WRITE_BLOCK);
    wr_le32(msg + 12, VPCI_BLOCK_MAX);
    g_assert_cmphex(rig_status(rig, msg, sizeof(msg)), ==, 0);
    g_assert_cmphex(rig_status(rig, msg, sizeof(msg) - 8), ==,
                    VPCI_STATUS_INVALID_PARAMETER);
    g_assert_cmpuint(rig->blocks, ==, 1);
    rig_free(rig);
}

/* --- errors ----------------------------------------------------------------- */

static void test_unknown_message(void)
{
    VpciRig *rig = rig_booted();
    uint32_t type;

    wr_le32(&type, VPCI_RESET_DEVICE);
    g_assert_cmphex(rig_status(rig, &type, sizeof(type)), ==,
                    VPCI_STATUS_NOT_SUPPORTED);
    wr_le32(&type, 0xdeadbeef);
    g_assert_cmphex(rig_status(rig, &type, sizeof(type)), ==,
                    VPCI_STATUS_NOT_SUPPORTED);
    g_assert_cmphex(rig_status(rig, NULL, 0), ==, VPCI_STATUS_NOT_SUPPORTED);
    rig_free(rig);
}

static void test_short_message(void)
{
    VpciRig *rig = rig_booted();
    VpciD0EntryMsg msg = { 0 };

    wr_le32(&msg.type, VPCI_D0_ENTRY);
    g_assert_cmphex(rig_status(rig, &msg, 8), ==, VPCI_STATUS_BAD_DATA);
    rig_free(rig);
}

static void test_unknown_slot(void)
{
    VpciRig *rig = rig_booted();

    g_assert_cmphex(rig_slot_message(rig, VPCI_QUERY_REQUIREMENTS, 9), ==,
                    VPCI_STATUS_NO_SUCH_DEVICE);
    rig_free(rig);
}

/* --- eject and surprise ------------------------------------------------------ */

static void complete_eject(VpciRig *rig, uint8_t devfn)
{
    VpciEjectCompleteMsg msg = { 0 };

    wr_le32(&msg.type, VPCI_EJECT_COMPLETE);
    wr_le32(&msg.slot, vpci_slot(devfn));
    rig_send(rig, &msg, sizeof(msg));
}

static void test_eject(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;
    g_autoptr(FakePacket) pkt = NULL;

    g_assert_cmphex(rig_create(rig, 0, 0x30, 1, 0, &msi), ==, 0);
    vpci_bus_eject(rig->bus, 0);
    vpci_bus_eject(rig->bus, 0);
    rig_run(rig);
    pkt = rig_inband(rig, VPCI_EJECT);
    g_assert_nonnull(pkt);
    g_assert_null(rig_inband(rig, VPCI_EJECT));
    /* The guest's driver still works with it while it shuts down. */
    g_assert_cmphex(config_read(rig, 0, 0, 2), ==, 0x8086);
    g_assert_cmpuint(rig->ejected, ==, 0);
    complete_eject(rig, 0);
    g_assert_cmpuint(rig->ejected, ==, 1);
    g_assert_cmpuint(rig->resets, ==, 1);
    g_assert_cmpuint(rig_entries(rig), ==, 0);
    g_assert_cmphex(config_read(rig, 0, 0, 2), ==, 0xffff);
    /* An empty bus is withdrawn, and offered anew for the next function. */
    guest_releases(rig);
    g_assert_cmpuint(rig->channels_gone, ==, 1);
    rig_add(rig, 0);
    rig_boot(rig);
    rig_free(rig);
}

static void test_eject_waits_until_function_is_known(void)
{
    VpciRig *rig = rig_with_function();
    g_autoptr(FakePacket) list = NULL;
    g_autoptr(FakePacket) again = NULL;
    g_autoptr(FakePacket) eject = NULL;

    rig_open(rig);
    g_assert_cmphex(rig_version(rig, VPCI_VERSION_1_4), ==, 0);
    query_relations(rig);
    list = rig_inband(rig, VPCI_BUS_RELATIONS2);
    vpci_bus_eject(rig->bus, 0);
    rig_run(rig);
    g_assert_null(rig_inband(rig, VPCI_EJECT));
    g_assert_cmphex(rig_d0_entry(rig, RIG_WINDOW), ==, 0);
    again = rig_inband(rig, VPCI_BUS_RELATIONS2);
    g_assert_cmphex(rig_assign(rig, 0), ==, 0);
    eject = rig_inband(rig, VPCI_EJECT);
    g_assert_nonnull(eject);
    rig_free(rig);
}

static void test_eject_unused(void)
{
    VpciRig *rig = rig_with_function();

    vpci_bus_eject(rig->bus, 0);
    g_assert_cmpuint(rig->unused, ==, 0);
    rig_run(rig);
    g_assert_cmpuint(rig->unused, ==, 1);
    rig_free(rig);
}

static void test_eject_ends_with_channel(void)
{
    VpciRig *rig = rig_booted();

    vpci_bus_eject(rig->bus, 0);
    rig_run(rig);
    fake_packet_free(rig_inband(rig, VPCI_EJECT));
    fake_channel_close(rig->channel);
    rig->channel = NULL;
    rig_run(rig);
    g_assert_cmpuint(rig->unused, ==, 1);
    g_assert_cmpuint(rig->ejected, ==, 0);
    rig_free(rig);
}

static void test_eject_complete_unasked(void)
{
    VpciRig *rig = rig_booted();

    complete_eject(rig, 0);
    g_assert_cmpuint(rig->ejected, ==, 0);
    g_assert_cmphex(config_read(rig, 0, 0, 2), ==, 0x8086);
    rig_free(rig);
}

static void test_remove_one_of_two(void)
{
    VpciRig *rig = rig_new();
    g_autoptr(FakePacket) pkt = NULL;

    rig_add(rig, 0);
    rig_add(rig, 1);
    fake_guest_connect(rig->guest);
    rig_boot(rig);
    vpci_bus_remove(rig->bus, 1);
    g_assert_cmphex(config_read(rig, 1, 0, 2), ==, 0xffff);
    rig_run(rig);
    pkt = rig_inband(rig, VPCI_BUS_RELATIONS2);
    g_assert_cmpuint(rd_le32(pkt->payload + 4), ==, 1);
    g_assert_cmpuint(fake_guest_next_type(rig->guest), ==, 0);
    rig_free(rig);
}

static void test_rescind_keeps_window(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;

    g_assert_cmphex(rig_create(rig, 0, 0x30, 1, 0, &msi), ==, 0);
    vpci_bus_rescind(rig->bus);
    g_assert_cmpuint(rig->resets, ==, 1);
    g_assert_cmpuint(rig_entries(rig), ==, 0);
    rig_run(rig);
    g_assert_cmphex(rig->window, ==, RIG_WINDOW);
    g_assert_cmphex(config_read(rig, 0, 0, 4), ==, 0xffffffff);
    g_assert_cmphex(config_read(rig, 0, 4, 2), ==, 0xffff);
    guest_releases(rig);
    g_assert_cmphex(rig->window, ==, 0);
    g_assert_cmpuint(rig->channels_gone, ==, 1);
    rig_free(rig);
}

static void test_function_waits_for_release(void)
{
    VpciRig *rig = rig_booted();

    vpci_bus_rescind(rig->bus);
    rig_add(rig, 0);
    /* Linux warns about two offers of one instance. */
    guest_releases(rig);
    g_assert_cmpuint(fake_guest_next_type(rig->guest), ==, VMBUS_MSG_OFFER);
    rig_boot(rig);
    rig_free(rig);
}

static void test_reset(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;

    g_assert_cmphex(rig_create(rig, 0, 0x30, 1, 0, &msi), ==, 0);
    vmbus_bus_reset(rig->guest->bus);
    rig_run(rig);
    g_assert_cmpuint(rig_entries(rig), ==, 0);
    g_assert_cmphex(rig->window, ==, 0);
    fake_channel_free(rig->channel);
    rig->channel = NULL;
    g_array_set_size(rig->guest->offers, 0);
    fake_guest_connect(rig->guest);
    rig_boot(rig);
    rig_free(rig);
}

static void test_invalidate_blocks(void)
{
    VpciRig *rig = rig_booted();
    g_autoptr(FakePacket) pkt = NULL;

    vpci_bus_invalidate_blocks(rig->bus, 0, 5);
    vpci_bus_invalidate_blocks(rig->bus, 0, 2);
    rig_run(rig);
    pkt = rig_inband(rig, VPCI_INVALIDATE_BLOCK);
    g_assert_nonnull(pkt);
    g_assert_cmpuint(rd_le64(pkt->payload + 8), ==, 7);
    g_assert_null(rig_inband(rig, VPCI_INVALIDATE_BLOCK));
    rig_free(rig);
}

#define ADD(name) g_test_add_func("/vpci/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(offer_needs_function);
    ADD(same_device_id_refused);
    ADD(version_too_new);
    ADD(version_first);
    ADD(version_once);
    ADD(relations_by_version);
    ADD(relations_before_d0_completion);
    ADD(second_function_is_announced);
    ADD(relations_wait_for_room);
    ADD(d0_entry_twice);
    ADD(d0_entry_bad_window);
    ADD(window_config);
    ADD(window_hides_bars);
    ADD(window_absent_function);
    ADD(window_odd_accesses);
    ADD(requirements);
    ADD(assign_sets_bars);
    ADD(assign_refuses);
    ADD(power_state);
    ADD(blocks);
    ADD(unknown_message);
    ADD(short_message);
    ADD(unknown_slot);
    ADD(eject);
    ADD(eject_waits_until_function_is_known);
    ADD(eject_unused);
    ADD(eject_ends_with_channel);
    ADD(eject_complete_unasked);
    ADD(remove_one_of_two);
    ADD(rescind_keeps_window);
    ADD(function_waits_for_release);
    ADD(reset);
    ADD(invalidate_blocks);
    return g_test_run();
}
