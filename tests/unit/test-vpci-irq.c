/*
 * Virtual PCI: interrupts, and the hypercall that retargets them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci-rig.h"

#define DEVICE_ID 0xbbaaddc8ull         /* rig_instance, function 0 */

typedef struct IOV_PACKED RetargetCall {
    HvRetargetInput fixed;
    uint64_t banks[3];
} RetargetCall;

static VpciRig *rig_booted(void)
{
    VpciRig *rig = rig_new();

    rig_add(rig, 0);
    fake_guest_connect(rig->guest);
    rig_boot(rig);
    return rig;
}

/* As Linux fills it in, for a VP set of one bank. */
static RetargetCall call_for(const VpciMsiRemapped *msi, uint32_t vector,
                             uint64_t vps)
{
    RetargetCall call = { 0 };

    wr_le64(&call.fixed.partition_id, UINT64_MAX);
    wr_le64(&call.fixed.device_id, DEVICE_ID);
    wr_le32(&call.fixed.source, HV_INTERRUPT_SOURCE_MSI);
    wr_le32(&call.fixed.msi_address, rd_le64(&msi->address));
    wr_le32(&call.fixed.msi_data, rd_le32(&msi->data));
    wr_le32(&call.fixed.vector, vector);
    wr_le32(&call.fixed.flags, HV_RETARGET_VP_SET);
    wr_le64(&call.fixed.vp_mask, HV_VP_SET_SPARSE_4K);
    wr_le64(&call.fixed.valid_banks, 1);
    wr_le64(&call.banks[0], vps);
    return call;
}

static uint16_t retarget(VpciRig *rig, const RetargetCall *call)
{
    return vpci_partition_retarget(rig->partition, call, sizeof(*call), 2);
}

static void test_create(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;

    g_assert_cmphex(rig_create(rig, 0, 0x41, 1, 3, &msi), ==, 0);
    g_assert_cmpuint(rd_le16(&msi.vector_count), ==, 1);
    g_assert_cmphex(rd_le64(&msi.address), ==, 0xfee00018);
    g_assert_cmphex(rig->entry[0].irq.vector, ==, 0x41);
    g_assert_cmpuint(rig->entry[0].irq.dest_apic_id, ==, 6);
    rig_free(rig);
}

static void test_create_versions(void)
{
    VpciRig *rig = rig_booted();
    struct IOV_PACKED {
        VpciSlotMsg head;
        VpciMsi want;
    } v1 = { 0 };
    struct IOV_PACKED {
        VpciSlotMsg head;
        VpciMsi2 want;
    } v2 = { 0 };

    wr_le32(&v1.head.type, VPCI_CREATE_INTERRUPT);
    v1.want.vector = 0x55;
    wr_le16(&v1.want.vector_count, 1);
    wr_le64(&v1.want.vp_mask, ~3ull);           /* Linux gives all ones */
    g_assert_cmphex(rig_status(rig, &v1, sizeof(v1)), ==, 0);
    g_assert_cmpuint(rig->entry[0].irq.dest_apic_id, ==, 4);

    wr_le32(&v2.head.type, VPCI_CREATE_INTERRUPT2);
    v2.want.vector = 0x56;
    wr_le16(&v2.want.vector_count, 1);
    wr_le16(&v2.want.vp_count, 2);
    wr_le16(&v2.want.vp[0], 99);                /* no such VP */
    wr_le16(&v2.want.vp[1], 1);
    g_assert_cmphex(rig_status(rig, &v2, sizeof(v2)), ==, 0);
    g_assert_cmpuint(rig->entry[1].irq.dest_apic_id, ==, 2);
    wr_le16(&v2.want.vp_count, 33);
    g_assert_cmphex(rig_status(rig, &v2, sizeof(v2)), ==,
                    VPCI_STATUS_INVALID_PARAMETER);
    rig_free(rig);
}

static void test_create_refuses(void)
{
    static const struct {
        uint32_t vector;
        unsigned count;
        uint16_t vp;
    } rows[] = {
        { 15, 1, 0 }, { 256, 1, 0 }, { 0xffffffff, 1, 0 }, { 254, 4, 0 },
        { 0x40, 0, 0 }, { 0x40, 3, 0 }, { 0x40, 64, 0 },
        { 0x40, 1, FAKE_GUEST_VPS },
    };
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmphex(rig_create(rig, 0, rows[i].vector, rows[i].count,
                                   rows[i].vp, &msi), ==,
                        VPCI_STATUS_INVALID_PARAMETER);
    }
    g_assert_cmpuint(rig_entries(rig), ==, 0);
    rig_free(rig);
}

static void test_create_out_of_entries(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;

    g_assert_cmphex(rig_create(rig, 0, 32, 32, 0, &msi), ==, 0);
    g_assert_cmphex(rig_create(rig, 0, 32, 32, 0, &msi), ==, 0);
    g_assert_cmphex(rig_create(rig, 0, 32, 1, 0, &msi), ==,
                    VPCI_STATUS_NO_RESOURCES);
    rig_free(rig);
}

static void delete(VpciRig *rig, const VpciMsiRemapped *msi)
{
    VpciDeleteMsg msg = { .msi = *msi };

    wr_le32(&msg.type, VPCI_DELETE_INTERRUPT);
    rig_send(rig, &msg, sizeof(msg));
}

static void test_delete(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped a;
    VpciMsiRemapped b;
    RetargetCall call;

    g_assert_cmphex(rig_create(rig, 0, 0x41, 1, 0, &a), ==, 0);
    g_assert_cmphex(rig_create(rig, 0, 0x42, 1, 0, &b), ==, 0);
    delete(rig, &a);
    g_assert_cmpuint(rig_entries(rig), ==, 1);
    delete(rig, &a);
    g_assert_cmpuint(rig_entries(rig), ==, 1);
    call = call_for(&a, 0x43, 1);
    g_assert_cmphex(retarget(rig, &call), ==, HV_STATUS_INVALID_PARAMETER);
    call = call_for(&b, 0x43, 1);
    g_assert_cmphex(retarget(rig, &call), ==, HV_STATUS_SUCCESS);
    rig_free(rig);
}

static void test_assign_maps_interrupts(void)
{
    VpciRig *rig = rig_booted();
    uint8_t msg[sizeof(VpciAssignedMsg) + 2 * VPCI_MSI3_ENTRY] = { 0 };
    VpciMsi3 *want = (VpciMsi3 *)(msg + sizeof(VpciAssignedMsg) +
                                  VPCI_MSI3_ENTRY);
    g_autoptr(FakePacket) pkt = NULL;

    wr_le32(msg, VPCI_ASSIGNED_RESOURCES3);
    wr_le32(msg + offsetof(VpciAssignedMsg, msi_count), 2);
    wr_le32(&want->vector, 0x60);
    wr_le16(&want->vector_count, 2);
    wr_le16(&want->vp_count, 1);
    pkt = rig_request(rig, msg, sizeof(msg));
    g_assert_cmphex(rd_le32(pkt->payload), ==, 0);
    g_assert_cmpuint(pkt->len, ==, sizeof(msg));
    g_assert_cmphex(rd_le64(pkt->payload + sizeof(VpciAssignedReply) +
                            VPCI_MSI3_ENTRY + 8), ==, 0xfee00018);
    g_assert_cmpuint(rig_entries(rig), ==, 2);

    wr_le32(msg + offsetof(VpciAssignedMsg, msi_count), 3);
    g_assert_cmphex(rig_status(rig, msg, sizeof(msg)), ==,
                    VPCI_STATUS_BAD_DATA);
    rig_free(rig);
}

static void test_release_frees(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;

    g_assert_cmphex(rig_create(rig, 0, 0x41, 1, 0, &msi), ==, 0);
    g_assert_cmphex(rig_slot_message(rig, VPCI_RELEASE_RESOURCES, 0), ==, 0);
    g_assert_cmpuint(rig_entries(rig), ==, 0);
    g_assert_cmpuint(rig->resets, ==, 1);
    rig_free(rig);
}

/* --- retarget ----------------------------------------------------------------- */

static void test_retarget_set(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;
    RetargetCall call;

    g_assert_cmphex(rig_create(rig, 0, 0x41, 1, 0, &msi), ==, 0);
    call = call_for(&msi, 0x77, 1 << 2);
    g_assert_cmphex(retarget(rig, &call), ==, HV_STATUS_SUCCESS);
    g_assert_cmphex(rig->entry[0].irq.vector, ==, 0x77);
    g_assert_cmpuint(rig->entry[0].irq.dest_apic_id, ==, 4);
    rig_free(rig);
}

static void test_retarget_mask(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;
    RetargetCall call;

    g_assert_cmphex(rig_create(rig, 0, 0x41, 1, 0, &msi), ==, 0);
    call = call_for(&msi, 0x77, 0);
    wr_le32(&call.fixed.flags, 0);
    wr_le64(&call.fixed.vp_mask, 1 << 3 | 1ull << 63);
    g_assert_cmphex(vpci_partition_retarget(rig->partition, &call,
                                            sizeof(call), 0), ==,
                    HV_STATUS_SUCCESS);
    g_assert_cmpuint(rig->entry[0].irq.dest_apic_id, ==, 6);
    rig_free(rig);
}

static void test_retarget_one_of_many(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;
    RetargetCall call;

    g_assert_cmphex(rig_create(rig, 0, 32, 4, 0, &msi), ==, 0);
    call = call_for(&msi, 0x77, 1 << 1);
    wr_le32(&call.fixed.msi_data, rd_le32(&msi.data) + 2);
    g_assert_cmphex(retarget(rig, &call), ==, HV_STATUS_SUCCESS);
    g_assert_cmphex(rig->entry[2].irq.vector, ==, 0x77);
    g_assert_cmphex(rig->entry[1].irq.vector, ==, 33);
    wr_le32(&call.fixed.msi_data, rd_le32(&msi.data) + 4);
    g_assert_cmphex(retarget(rig, &call), ==, HV_STATUS_INVALID_PARAMETER);
    rig_free(rig);
}

/* Bank 1 has no VP that exists, bank 0 is not given. */
static void test_retarget_no_vp(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;
    RetargetCall call;

    g_assert_cmphex(rig_create(rig, 0, 0x41, 1, 0, &msi), ==, 0);
    call = call_for(&msi, 0x77, 1);
    wr_le64(&call.fixed.valid_banks, 2);
    g_assert_cmphex(retarget(rig, &call), ==, HV_STATUS_INVALID_PARAMETER);
    g_assert_cmphex(rig->entry[0].irq.vector, ==, 0x41);
    rig_free(rig);
}

static void test_retarget_refuses(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;
    RetargetCall good;
    RetargetCall call;

    g_assert_cmphex(rig_create(rig, 0, 0x41, 1, 0, &msi), ==, 0);
    good = call_for(&msi, 0x77, 1);

#define REFUSED(field, value, status)                                   \
    do {                                                                \
        call = good;                                                    \
        call.fixed.field = (value);                                     \
        g_assert_cmphex(retarget(rig, &call), ==, (status));            \
    } while (0)
    REFUSED(partition_id, 0, HV_STATUS_ACCESS_DENIED);
    REFUSED(device_id, DEVICE_ID + 8, HV_STATUS_INVALID_PARAMETER);
    REFUSED(device_id, DEVICE_ID + 1, HV_STATUS_INVALID_PARAMETER);
    REFUSED(device_id, DEVICE_ID | 1ull << 32, HV_STATUS_INVALID_PARAMETER);
    REFUSED(source, 2, HV_STATUS_INVALID_PARAMETER);
    REFUSED(vector, 15, HV_STATUS_INVALID_PARAMETER);
    REFUSED(vector, 256, HV_STATUS_INVALID_PARAMETER);
    REFUSED(flags, 0x80000002, HV_STATUS_INVALID_PARAMETER);
    REFUSED(msi_address, 0xfee00000, HV_STATUS_INVALID_PARAMETER);
    REFUSED(vp_mask, 2, HV_STATUS_INVALID_PARAMETER);
    REFUSED(valid_banks, 0, HV_STATUS_INVALID_PARAMETER);
    REFUSED(valid_banks, 3, HV_STATUS_INVALID_PARAMETER);
#undef REFUSED
    g_assert_cmphex(rig->entry[0].irq.vector, ==, 0x41);
    rig_free(rig);
}

static void test_retarget_lengths(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;
    RetargetCall call;

    g_assert_cmphex(rig_create(rig, 0, 0x41, 1, 0, &msi), ==, 0);
    call = call_for(&msi, 0x77, 1);
    for (size_t len = 0; len < sizeof(call.fixed) + 8; len++) {
        g_autofree void *copy = g_memdup2(&call, len);

        g_assert_cmphex(vpci_partition_retarget(rig->partition, copy, len, 2),
                        ==, HV_STATUS_INVALID_HYPERCALL_INPUT);
    }
    g_assert_cmphex(vpci_partition_retarget(rig->partition, &call,
                                            sizeof(call), 1023), ==,
                    HV_STATUS_INVALID_HYPERCALL_INPUT);
    rig_free(rig);
}

static void test_retarget_needs_power(void)
{
    VpciRig *rig = rig_booted();
    VpciMsiRemapped msi;
    RetargetCall call;
    VpciMsg msg;

    g_assert_cmphex(rig_create(rig, 0, 0x41, 1, 0, &msi), ==, 0);
    wr_le32(&msg.type, VPCI_D0_EXIT);
    g_assert_cmphex(rig_status(rig, &msg, sizeof(msg)), ==, 0);
    g_assert_cmpuint(rig_entries(rig), ==, 0);
    call = call_for(&msi, 0x77, 1);
    g_assert_cmphex(retarget(rig, &call), ==, HV_STATUS_INVALID_PARAMETER);
    rig_free(rig);
}

#define ADD(name) g_test_add_func("/vpci-irq/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(create);
    ADD(create_versions);
    ADD(create_refuses);
    ADD(create_out_of_entries);
    ADD(delete);
    ADD(assign_maps_interrupts);
    ADD(release_frees);
    ADD(retarget_set);
    ADD(retarget_mask);
    ADD(retarget_one_of_many);
    ADD(retarget_no_vp);
    ADD(retarget_refuses);
    ADD(retarget_lengths);
    ADD(retarget_needs_power);
    return g_test_run();
}
