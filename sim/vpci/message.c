/*
 * Virtual PCI: what the guest asks, one message at a time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci_int.h"

#include "iovlab-trace.h"

/* Largest fixed answer: a configuration block or a resource list. */
#define REPLY_MAX 256
/* Descriptor and trailer of a packet, and its padding. */
#define PACKET_OVERHEAD 32

void vpci_reply(VpciBus *bus, const void *data, size_t len)
{
    g_byte_array_set_size(bus->reply, 0);
    g_byte_array_append(bus->reply, data, len);
}

static uint32_t query_version(VpciBus *bus, VpciFunction *fn,
                              const uint8_t *msg, size_t len)
{
    uint32_t version = rd_le32(msg + offsetof(VpciVersionMsg, version));
    uint32_t status = VPCI_STATUS_SUCCESS;
    VpciVersionReply reply;

    if (!vpci_bus_allows(bus, VPCI_BUS_EV_AGREE)) {
        return VPCI_STATUS_INVALID_DEVICE_STATE;
    }
    if (version < VPCI_VERSION_1_1 || version > VPCI_VERSION_MAX) {
        status = VPCI_STATUS_REVISION_MISMATCH;
        version = VPCI_VERSION_MAX;
    } else {
        bus->version = version;
        vpci_bus_event(bus, VPCI_BUS_EV_AGREE);
    }
    wr_le32(&reply.status, status);
    wr_le32(&reply.version, version);
    vpci_reply(bus, &reply, sizeof(reply));
    return status;
}

static uint32_t query_relations(VpciBus *bus, VpciFunction *fn,
                                const uint8_t *msg, size_t len)
{
    vpci_relations_send(bus);
    return VPCI_STATUS_SUCCESS;
}

static uint32_t d0_entry(VpciBus *bus, VpciFunction *fn,
                         const uint8_t *msg, size_t len)
{
    uint64_t base = rd_le64(msg + offsetof(VpciD0EntryMsg, mmio_base));

    if (!vpci_bus_allows(bus, VPCI_BUS_EV_D0_ENTRY)) {
        return VPCI_STATUS_INVALID_DEVICE_STATE;
    }
    if (base % 4096 || base > UINT64_MAX - VPCI_WINDOW_SIZE ||
        !bus->ops->window_map(bus->opaque, base)) {
        return VPCI_STATUS_INVALID_PARAMETER;
    }
    bus->window_mapped = true;
    bus->window_slot = 0;
    vpci_bus_event(bus, VPCI_BUS_EV_D0_ENTRY);
    /* For guests that do not ask; it comes before the completion. */
    vpci_relations_send(bus);
    return VPCI_STATUS_SUCCESS;
}

static uint32_t d0_exit(VpciBus *bus, VpciFunction *fn,
                        const uint8_t *msg, size_t len)
{
    if (!vpci_bus_event(bus, VPCI_BUS_EV_D0_EXIT)) {
        return VPCI_STATUS_INVALID_DEVICE_STATE;
    }
    vpci_bus_power_off(bus);
    return VPCI_STATUS_SUCCESS;
}

static uint32_t eject_complete(VpciBus *bus, VpciFunction *fn,
                               const uint8_t *msg, size_t len)
{
    if (!vpci_function_event(bus, fn, VPCI_FN_EV_COMPLETE)) {
        return VPCI_STATUS_INVALID_DEVICE_STATE;
    }
    fn->gone = VPCI_GONE_EJECTED;
    vpci_function_stop(bus, fn);
    bus->ops->schedule(bus->opaque);
    return VPCI_STATUS_SUCCESS;
}

static uint32_t power_state(VpciBus *bus, VpciFunction *fn,
                            const uint8_t *msg, size_t len)
{
    uint32_t state = rd_le32(msg + offsetof(VpciPowerMsg, state));
    VpciPowerReply reply = { 0 };

    if (state != VPCI_POWER_D0 && state != VPCI_POWER_D3) {
        return VPCI_STATUS_INVALID_PARAMETER;
    }
    vpci_function_power(bus, fn, state == VPCI_POWER_D0);
    wr_le32(&reply.slot, vpci_slot(fn->desc.devfn));
    wr_le32(&reply.state, state);
    vpci_reply(bus, &reply, sizeof(reply));
    return VPCI_STATUS_SUCCESS;
}

/* The slot of a block message is not where it is in the others. */
static VpciFunction *block_function(VpciBus *bus, const uint8_t *msg)
{
    uint8_t devfn;

    return vpci_slot_devfn(rd_le32(msg + offsetof(VpciBlockMsg, slot)),
                           &devfn) ? vpci_function_get(bus, devfn) : NULL;
}

static uint32_t read_block(VpciBus *bus, VpciFunction *unused,
                           const uint8_t *msg, size_t len)
{
    uint32_t wanted = rd_le32(msg + offsetof(VpciBlockMsg, length));
    VpciFunction *fn = block_function(bus, msg);
    uint8_t reply[4 + VPCI_BLOCK_MAX] = { 0 };
    size_t returned = 0;
    uint32_t status;

    if (!fn) {
        return VPCI_STATUS_NO_SUCH_DEVICE;
    }
    if (!bus->ops->block_read) {
        return VPCI_STATUS_NOT_SUPPORTED;
    }
    if (!wanted || wanted > VPCI_BLOCK_MAX) {
        return VPCI_STATUS_INVALID_PARAMETER;
    }
    status = bus->ops->block_read(bus->opaque, fn->desc.devfn,
                                  rd_le32(msg + offsetof(VpciBlockMsg, block)),
                                  reply + 4, wanted, &returned);
    if (status == VPCI_STATUS_SUCCESS) {
        vpci_reply(bus, reply, 4 + MIN(returned, wanted));
    }
    return status;
}

static uint32_t write_block(VpciBus *bus, VpciFunction *unused,
                            const uint8_t *msg, size_t len)
{
    uint32_t count = rd_le32(msg + offsetof(VpciBlockMsg, length));
    VpciFunction *fn = block_function(bus, msg);

    if (!fn) {
        return VPCI_STATUS_NO_SUCH_DEVICE;
    }
    if (!bus->ops->block_write) {
        return VPCI_STATUS_NOT_SUPPORTED;
    }
    if (!count || count > VPCI_BLOCK_MAX ||
        !iov_in_range(sizeof(VpciBlockMsg), count, len)) {
        return VPCI_STATUS_INVALID_PARAMETER;
    }
    return bus->ops->block_write(bus->opaque, fn->desc.devfn,
                                 rd_le32(msg + offsetof(VpciBlockMsg, block)),
                                 msg + sizeof(VpciBlockMsg), count);
}

typedef struct MessageRow {
    uint32_t type;
    uint16_t min_len;
    bool slot;                  /* about one function: find it */
    VpciBusState state;         /* lowest in which it is understood */
    uint32_t (*handle)(VpciBus *bus, VpciFunction *fn, const uint8_t *msg,
                       size_t len);
} MessageRow;

#define MSI_LEN(type) (sizeof(VpciSlotMsg) + sizeof(type))

static const MessageRow rows[] = {
    { VPCI_QUERY_PROTOCOL_VERSION, sizeof(VpciVersionMsg), false,
      VPCI_BUS_VERSION, query_version },
    { VPCI_QUERY_BUS_RELATIONS, sizeof(VpciMsg), false,
      VPCI_BUS_D3, query_relations },
    { VPCI_QUERY_REQUIREMENTS, sizeof(VpciSlotMsg), true,
      VPCI_BUS_D3, vpci_query_requirements },
    { VPCI_D0_ENTRY, sizeof(VpciD0EntryMsg), false,
      VPCI_BUS_D3, d0_entry },
    { VPCI_D0_EXIT, sizeof(VpciMsg), false,
      VPCI_BUS_D3, d0_exit },
    { VPCI_EJECT_COMPLETE, sizeof(VpciSlotMsg), true,
      VPCI_BUS_D3, eject_complete },
    { VPCI_RELEASE_RESOURCES, sizeof(VpciSlotMsg), true,
      VPCI_BUS_D3, vpci_release_resources },
    { VPCI_ASSIGNED_RESOURCES, sizeof(VpciAssignedMsg), true,
      VPCI_BUS_D0, vpci_assign_resources },
    { VPCI_ASSIGNED_RESOURCES2, sizeof(VpciAssignedMsg), true,
      VPCI_BUS_D0, vpci_assign_resources },
    { VPCI_ASSIGNED_RESOURCES3, sizeof(VpciAssignedMsg), true,
      VPCI_BUS_D0, vpci_assign_resources },
    { VPCI_GET_RESOURCES, sizeof(VpciSlotMsg), true,
      VPCI_BUS_D0, vpci_get_resources },
    { VPCI_CREATE_INTERRUPT, MSI_LEN(VpciMsi), true,
      VPCI_BUS_D0, vpci_create_interrupt },
    { VPCI_CREATE_INTERRUPT2, MSI_LEN(VpciMsi2), true,
      VPCI_BUS_D0, vpci_create_interrupt },
    { VPCI_CREATE_INTERRUPT3, MSI_LEN(VpciMsi3), true,
      VPCI_BUS_D0, vpci_create_interrupt },
    { VPCI_DELETE_INTERRUPT, sizeof(VpciDeleteMsg), true,
      VPCI_BUS_D3, vpci_delete_interrupt },
    { VPCI_DELETE_INTERRUPT2, sizeof(VpciDeleteMsg), true,
      VPCI_BUS_D3, vpci_delete_interrupt },
    { VPCI_POWER_STATE, sizeof(VpciPowerMsg), true,
      VPCI_BUS_D0, power_state },
    { VPCI_READ_BLOCK, sizeof(VpciBlockMsg), false,
      VPCI_BUS_D0, read_block },
    { VPCI_WRITE_BLOCK, sizeof(VpciBlockMsg), false,
      VPCI_BUS_D0, write_block },
};

static uint32_t handle(VpciBus *bus, const MessageRow *row,
                       const uint8_t *msg, size_t len)
{
    VpciFunction *fn = NULL;
    uint8_t devfn;

    if (len < row->min_len) {
        return VPCI_STATUS_BAD_DATA;
    }
    if (bus->state < row->state) {
        return VPCI_STATUS_INVALID_DEVICE_STATE;
    }
    if (row->slot) {
        if (vpci_slot_devfn(rd_le32(msg + offsetof(VpciSlotMsg, slot)),
                            &devfn)) {
            fn = vpci_function_get(bus, devfn);
        }
        if (!fn) {
            return VPCI_STATUS_NO_SUCH_DEVICE;
        }
    }
    return row->handle(bus, fn, msg, len);
}

void vpci_message(VpciBus *bus, const void *data, size_t len)
{
    const uint8_t *msg = data;
    uint32_t type = len >= sizeof(VpciMsg) ? rd_le32(msg) : 0;
    uint32_t status = VPCI_STATUS_NOT_SUPPORTED;
    uint8_t word[4];

    trace_vpci_message_in(bus->device_id, type, len);
    g_byte_array_set_size(bus->reply, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].type == type) {
            status = handle(bus, &rows[i], msg, len);
            break;
        }
    }
    trace_vpci_message_done(bus->device_id, type, status);
    /* Guests drop completions without so much as a status. */
    if (!bus->reply->len) {
        wr_le32(word, status);
        vpci_reply(bus, word, sizeof(word));
    }
}

size_t vpci_message_room(const VpciBus *bus, size_t len)
{
    return MAX(len, REPLY_MAX) + PACKET_OVERHEAD +
           vpci_relations_size(bus) + PACKET_OVERHEAD;
}
