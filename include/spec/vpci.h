/*
 * Virtual PCI over VMBus: messages and the configuration window.
 *
 * There is no public specification of this protocol.  Layouts and numbers are
 * those of the two open implementations, Linux's guest driver
 * (drivers/pci/controller/pci-hyperv.c) and OpenVMM's host side
 * (vm/devices/pci/vpci_protocol); where their names differ, OpenVMM's are
 * used.  All fields are little-endian.  "VSP" is the host, "VSC" the guest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_VPCI_H
#define SPEC_VPCI_H

#include "iovlab/bytes.h"

/* Class GUID of a virtual PCI bus. */
#define VPCI_CLASS_GUID "44c4f61d-4444-4400-9d52-802e27ede19f"

enum {
    VPCI_VERSION_1_1 = 0x00010001,
    VPCI_VERSION_1_2 = 0x00010002,  /* VP arrays, *2 messages */
    VPCI_VERSION_1_3 = 0x00010003,  /* BUS_RELATIONS2 */
    VPCI_VERSION_1_4 = 0x00010004,  /* 32-bit vectors, *3 messages */
    VPCI_VERSION_MAX = VPCI_VERSION_1_4,
};

#define VPCI_MESSAGE_BASE 0x42490000u

typedef enum VpciMessageType {
    VPCI_BUS_RELATIONS          = VPCI_MESSAGE_BASE + 0x00, /* VSP to VSC */
    VPCI_QUERY_BUS_RELATIONS    = VPCI_MESSAGE_BASE + 0x01,
    VPCI_POWER_STATE            = VPCI_MESSAGE_BASE + 0x04,
    VPCI_QUERY_REQUIREMENTS     = VPCI_MESSAGE_BASE + 0x05,
    VPCI_GET_RESOURCES          = VPCI_MESSAGE_BASE + 0x06,
    VPCI_D0_ENTRY               = VPCI_MESSAGE_BASE + 0x07,
    VPCI_D0_EXIT                = VPCI_MESSAGE_BASE + 0x08,
    VPCI_READ_BLOCK             = VPCI_MESSAGE_BASE + 0x09,
    VPCI_WRITE_BLOCK            = VPCI_MESSAGE_BASE + 0x0a,
    VPCI_EJECT                  = VPCI_MESSAGE_BASE + 0x0b, /* VSP to VSC */
    VPCI_EJECT_COMPLETE         = VPCI_MESSAGE_BASE + 0x0f,
    VPCI_ASSIGNED_RESOURCES     = VPCI_MESSAGE_BASE + 0x10,
    VPCI_RELEASE_RESOURCES      = VPCI_MESSAGE_BASE + 0x11,
    VPCI_INVALIDATE_BLOCK       = VPCI_MESSAGE_BASE + 0x12, /* VSP to VSC */
    VPCI_QUERY_PROTOCOL_VERSION = VPCI_MESSAGE_BASE + 0x13,
    VPCI_CREATE_INTERRUPT       = VPCI_MESSAGE_BASE + 0x14,
    VPCI_DELETE_INTERRUPT       = VPCI_MESSAGE_BASE + 0x15,
    VPCI_ASSIGNED_RESOURCES2    = VPCI_MESSAGE_BASE + 0x16,
    VPCI_CREATE_INTERRUPT2      = VPCI_MESSAGE_BASE + 0x17,
    VPCI_DELETE_INTERRUPT2      = VPCI_MESSAGE_BASE + 0x18,
    VPCI_BUS_RELATIONS2         = VPCI_MESSAGE_BASE + 0x19, /* VSP to VSC */
    VPCI_ASSIGNED_RESOURCES3    = VPCI_MESSAGE_BASE + 0x1a,
    VPCI_CREATE_INTERRUPT3      = VPCI_MESSAGE_BASE + 0x1b,
    VPCI_RESET_DEVICE           = VPCI_MESSAGE_BASE + 0x1c, /* 1.5 and up */
} VpciMessageType;

/* NTSTATUS values in completions; a set top bit is a failure. */
typedef enum VpciStatus {
    VPCI_STATUS_SUCCESS              = 0,
    VPCI_STATUS_INVALID_PARAMETER    = 0xc000000d,
    VPCI_STATUS_NO_SUCH_DEVICE       = 0xc000000e,
    VPCI_STATUS_REVISION_MISMATCH    = 0xc0000059,
    VPCI_STATUS_NO_RESOURCES         = 0xc000009a,
    VPCI_STATUS_NOT_SUPPORTED        = 0xc00000bb,
    VPCI_STATUS_INVALID_DEVICE_STATE = 0xc0000184,
    VPCI_STATUS_BAD_DATA             = 0xc000090b,
} VpciStatus;

/* A slot: device in bits 4:0, function in bits 7:5.  Not a PCI devfn. */
static inline uint32_t vpci_slot(uint8_t devfn)
{
    return (devfn >> 3 & 0x1f) | (uint32_t)(devfn & 7) << 5;
}

/* False if reserved bits of @slot are set. */
static inline bool vpci_slot_devfn(uint32_t slot, uint8_t *devfn)
{
    *devfn = (slot & 0x1f) << 3 | (slot >> 5 & 7);
    return slot <= 0xff;
}

typedef struct IOV_PACKED VpciMsg {
    uint32_t type;
} VpciMsg;
IOV_SIZE_CHECK(VpciMsg, 4);

/* Messages about one function begin so. */
typedef struct IOV_PACKED VpciSlotMsg {
    uint32_t type;
    uint32_t slot;
} VpciSlotMsg;
IOV_SIZE_CHECK(VpciSlotMsg, 8);

typedef struct IOV_PACKED VpciVersionMsg {
    uint32_t type;
    uint32_t version;
} VpciVersionMsg;
IOV_SIZE_CHECK(VpciVersionMsg, 8);

typedef struct IOV_PACKED VpciVersionReply {
    uint32_t status;
    uint32_t version;
} VpciVersionReply;
IOV_SIZE_CHECK(VpciVersionReply, 8);

typedef struct IOV_PACKED VpciD0EntryMsg {
    uint32_t type;
    uint32_t reserved;
    uint64_t mmio_base;             /* of the configuration window */
} VpciD0EntryMsg;
IOV_SIZE_CHECK(VpciD0EntryMsg, 16);

/* VpciDevice entries follow. */
typedef struct IOV_PACKED VpciRelationsMsg {
    uint32_t type;
    uint32_t count;
} VpciRelationsMsg;
IOV_SIZE_CHECK(VpciRelationsMsg, 8);

/* One function in BUS_RELATIONS. */
typedef struct IOV_PACKED VpciDevice {
    uint16_t vendor_id;
    uint16_t device_id;
    uint8_t revision;
    uint8_t prog_if;
    uint8_t sub_class;
    uint8_t base_class;
    uint16_t sub_vendor_id;
    uint16_t sub_system_id;
    uint32_t slot;
    uint32_t serial;
} VpciDevice;
IOV_SIZE_CHECK(VpciDevice, 20);

/* One function in BUS_RELATIONS2. */
typedef struct IOV_PACKED VpciDevice2 {
    VpciDevice device;
    uint32_t flags;                 /* VPCI_DEVICE_NUMA */
    uint16_t numa_node;
    uint16_t reserved;
} VpciDevice2;
IOV_SIZE_CHECK(VpciDevice2, 28);
enum { VPCI_DEVICE_NUMA = 1 };

#define VPCI_BARS 6

typedef struct IOV_PACKED VpciRequirementsReply {
    uint32_t status;
    uint32_t bar_mask[VPCI_BARS];   /* as read after writing all ones */
} VpciRequirementsReply;
IOV_SIZE_CHECK(VpciRequirementsReply, 28);

/* A CM_PARTIAL_RESOURCE_DESCRIPTOR. */
typedef struct IOV_PACKED VpciResource {
    uint8_t type;                   /* VPCI_RESOURCE_* */
    uint8_t share;
    uint16_t flags;                 /* VPCI_RESOURCE_LARGE_* */
    uint64_t address;
    uint32_t length;                /* scaled by the LARGE flag */
    uint32_t padding;
} VpciResource;
IOV_SIZE_CHECK(VpciResource, 20);
enum {
    VPCI_RESOURCE_NULL = 0,
    VPCI_RESOURCE_MEMORY = 3,
    VPCI_RESOURCE_MEMORY_LARGE = 7,
};
enum {
    VPCI_RESOURCE_LARGE_40 = 1 << 9,    /* length in units of 2^8 */
    VPCI_RESOURCE_LARGE_48 = 1 << 10,   /* 2^16 */
    VPCI_RESOURCE_LARGE_64 = 1 << 11,   /* 2^32 */
};

/* Reply to GET_RESOURCES; it has no status. */
typedef struct IOV_PACKED VpciResourceList {
    uint16_t version;
    uint16_t revision;
    uint32_t count;
    VpciResource bar[VPCI_BARS];
} VpciResourceList;
IOV_SIZE_CHECK(VpciResourceList, 128);

/* ASSIGNED_RESOURCES*: msi_count VpciMsi, VpciMsi2 or VpciMsi3 follow. */
typedef struct IOV_PACKED VpciAssignedMsg {
    uint32_t type;
    uint32_t slot;
    VpciResource bar[VPCI_BARS];
    uint32_t msi_count;
    uint32_t reserved;
} VpciAssignedMsg;
IOV_SIZE_CHECK(VpciAssignedMsg, 136);

/* The same entries follow, translated. */
typedef struct IOV_PACKED VpciAssignedReply {
    uint32_t status;
    uint32_t slot;
    VpciResource bar[VPCI_BARS];
    uint32_t msi_count;
    uint32_t reserved;
} VpciAssignedReply;
IOV_SIZE_CHECK(VpciAssignedReply, 136);

enum { VPCI_DELIVER_FIXED = 0, VPCI_DELIVER_LOWEST = 1 };
#define VPCI_MSI_VPS 32

/* An interrupt as the guest wants it: versions 1, 2 and 3. */
typedef struct IOV_PACKED VpciMsi {
    uint8_t vector;
    uint8_t delivery_mode;
    uint16_t vector_count;
    uint32_t reserved;
    uint64_t vp_mask;
} VpciMsi;
IOV_SIZE_CHECK(VpciMsi, 16);

typedef struct IOV_PACKED VpciMsi2 {
    uint8_t vector;
    uint8_t delivery_mode;
    uint16_t vector_count;
    uint16_t vp_count;
    uint16_t vp[VPCI_MSI_VPS];
} VpciMsi2;
IOV_SIZE_CHECK(VpciMsi2, 70);

typedef struct IOV_PACKED VpciMsi3 {
    uint32_t vector;
    uint8_t delivery_mode;
    uint8_t reserved;
    uint16_t vector_count;
    uint16_t vp_count;
    uint16_t vp[VPCI_MSI_VPS];
} VpciMsi3;
IOV_SIZE_CHECK(VpciMsi3, 74);

/* Room that an entry takes in ASSIGNED_RESOURCES, 2 and 3. */
enum { VPCI_MSI_ENTRY = 16, VPCI_MSI2_ENTRY = 72, VPCI_MSI3_ENTRY = 80 };

/* An interrupt as the host made it. */
typedef struct IOV_PACKED VpciMsiRemapped {
    uint16_t reserved;
    uint16_t vector_count;
    uint32_t data;
    uint64_t address;
} VpciMsiRemapped;
IOV_SIZE_CHECK(VpciMsiRemapped, 16);

/* CREATE_INTERRUPT, 2, 3: a VpciSlotMsg, then a VpciMsi, 2 or 3. */
typedef struct IOV_PACKED VpciCreateReply {
    uint32_t status;
    uint32_t reserved;
    VpciMsiRemapped msi;
} VpciCreateReply;
IOV_SIZE_CHECK(VpciCreateReply, 24);

typedef struct IOV_PACKED VpciDeleteMsg {
    uint32_t type;
    uint32_t slot;
    VpciMsiRemapped msi;
} VpciDeleteMsg;
IOV_SIZE_CHECK(VpciDeleteMsg, 24);

typedef struct IOV_PACKED VpciPowerMsg {
    uint32_t type;
    uint32_t slot;
    uint32_t state;                 /* VPCI_POWER_* */
} VpciPowerMsg;
IOV_SIZE_CHECK(VpciPowerMsg, 12);
enum { VPCI_POWER_D0 = 1, VPCI_POWER_D3 = 4 };

typedef struct IOV_PACKED VpciPowerReply {
    uint32_t status;
    uint32_t slot;
    uint32_t state;
    uint32_t reserved;
} VpciPowerReply;
IOV_SIZE_CHECK(VpciPowerReply, 16);

typedef struct IOV_PACKED VpciEjectCompleteMsg {
    uint32_t type;
    uint32_t slot;
    uint32_t status;
} VpciEjectCompleteMsg;
IOV_SIZE_CHECK(VpciEjectCompleteMsg, 12);

#define VPCI_BLOCK_MAX 128

/* READ_BLOCK, and the head of WRITE_BLOCK (the bytes follow). */
typedef struct IOV_PACKED VpciBlockMsg {
    uint32_t type;
    uint32_t block;
    uint32_t slot;
    uint32_t length;
} VpciBlockMsg;
IOV_SIZE_CHECK(VpciBlockMsg, 16);

typedef struct IOV_PACKED VpciInvalidateMsg {
    uint32_t type;
    uint32_t slot;
    uint64_t mask;                  /* of the first 64 blocks */
} VpciInvalidateMsg;
IOV_SIZE_CHECK(VpciInvalidateMsg, 16);

/* Configuration window: the slot selector, and a page of the function. */
#define VPCI_WINDOW_SIZE   0x2000
#define VPCI_WINDOW_CONFIG 0x1000
#define VPCI_CONFIG_SIZE   0x1000

#endif
