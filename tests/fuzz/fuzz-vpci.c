/*
 * Fuzz target: the virtual PCI bus, behind a guest that booted as Linux does.
 *
 * The rest are operations: a first byte says what (message, window access,
 * hypercall, something the host does), a second how many bytes belong to it.
 * Messages get a valid type and slot most of the time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPERATIONS_MAX 200

static void message(VpciRig *rig, uint8_t choice, const uint8_t *p, size_t len)
{
    uint8_t msg[256] = { 0 };
    FakePacket *pkt;

    memcpy(msg + 4, p, len);
    wr_le32(msg, VPCI_MESSAGE_BASE + (choice & 0x1f));
    if (!(choice & 0x20)) {
        wr_le32(msg + 4, choice & 1 ? 1 << 5 : 0);
    }
    fake_channel_send(rig->channel, choice & 0x40 ? VM_PKT_DATA_INBAND
                                                  : VM_PKT_COMP,
                      choice >> 7, 1, NULL, 0, msg, 4 + len);
    rig_run(rig);
    while ((pkt = fake_channel_recv(rig->channel))) {
        fake_packet_free(pkt);
    }
}

static void window(VpciRig *rig, const uint8_t *p, size_t len)
{
    uint32_t offset;

    if (len < 7) {
        return;
    }
    offset = rd_le16(p) % (VPCI_WINDOW_SIZE + 16);
    if (p[2] & 1) {
        vpci_window_write(rig->bus, offset, rd_le32(p + 3), p[2] >> 1 & 7);
    } else {
        vpci_window_read(rig->bus, offset, p[2] >> 1 & 7);
    }
}

static void hypercall(VpciRig *rig, const uint8_t *p, size_t len)
{
    uint8_t in[sizeof(HvRetargetInput) + 16] = { 0 };

    /* Valid head; the bytes are the entry, the vector, the set. */
    wr_le64(in, UINT64_MAX);
    wr_le64(in + 8, 0xbbaaddc8);
    wr_le32(in + 16, HV_INTERRUPT_SOURCE_MSI);
    if (len) {
        memcpy(in + 24, p + 1, MIN(len - 1, sizeof(in) - 24));
        vpci_partition_retarget(rig->partition, in, sizeof(in) - (p[0] >> 4),
                                p[0] & 15);
    }
}

static void host(VpciRig *rig, const uint8_t *p, size_t len)
{
    static const VpciFunctionDesc desc = { .devfn = 1, .vendor_id = 1 };
    uint8_t what = len ? p[0] : 0;

    switch (what % 5) {
    case 0:
        vpci_bus_eject(rig->bus, what >> 7);
        break;
    case 1:
        vpci_bus_add(rig->bus, &desc);
        break;
    case 2:
        vpci_bus_remove(rig->bus, 1);
        break;
    case 3:
        vpci_bus_invalidate_blocks(rig->bus, 0, what);
        break;
    default:
        vpci_bus_rescind(rig->bus);
        break;
    }
    rig_run(rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VpciRig *rig = rig_new();
    size_t pos = 0;

    rig_add(rig, 0);
    fake_guest_connect(rig->guest);
    rig_boot(rig);
    for (unsigned i = 0; i < OPERATIONS_MAX && pos + 3 <= size; i++) {
        const uint8_t *p = data + pos + 3;
        size_t len = MIN(data[pos + 2], size - pos - 3);

        switch (data[pos] & 7) {
        case 0:
            window(rig, p, len);
            break;
        case 1:
            hypercall(rig, p, len);
            break;
        case 2:
            host(rig, p, len);
            break;
        default:
            /* No ring to write to once the bus is gone. */
            if (!rig->channels_gone) {
                message(rig, data[pos + 1], p, MIN(len, 252));
            }
            break;
        }
        pos += 3 + len;
    }
    rig_free(rig);
    return 0;
}
