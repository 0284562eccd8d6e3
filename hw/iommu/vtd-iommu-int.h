/*
 * vtd-iommu's insides, shared by the files of hw/iommu.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_IOVLAB_VTD_IOMMU_INT_H
#define HW_IOVLAB_VTD_IOMMU_INT_H

#include "exec/memory.h"
#include "hw/qdev-core.h"
#include "qemu/lockable.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "qapi/qapi-types-common.h"
#include "iommu/vtd-iommu.h"

OBJECT_DECLARE_SIMPLE_TYPE(VtdIommu, VTD_IOMMU)

#define TYPE_VTD_IOMMU_MEMORY_REGION "vtd-iommu-memory-region"

/* Where Q35 has its unit (guest-owned); further ones follow. */
#define VTD_IOMMU_REGISTERS 0xfed90000ULL
#define VTD_IOMMU_UNITS 8
#define VTD_IOMMU_NO_NODE UINT32_MAX

/* Requesters that are no PCI functions: on Q35's bus for the platform. */
#define VTD_IOMMU_IOAPIC_DEVFN 0x00     /* as QEMU's own unit has it */
#define VTD_IOMMU_HPET_DEVFN 0x08

/* Private tables lie above every GPA's SPA (hypervisor-owned unit). */
#define VTD_IOMMU_TABLE_SPA (1ULL << 45)
#define VTD_IOMMU_TABLE_SIZE (8 * MiB)

/* QEMU splits an access to nowhere into pieces of at most this. */
#define VTD_IOMMU_PIECE 4

/* Faults kept for the faults property. */
#define VTD_IOMMU_FAULT_LOG 64

/* A requester's view of memory. */
typedef struct VtdFunction {
    VtdIommu *iommu;
    PCIBus *bus;                /* NULL: no PCI function, or none any more */
    int devfn;
    VtdRidLookup *lookup;
    void *opaque;
    AddressSpace as;
    MemoryRegion root;
    IOMMUMemoryRegion dma;
    MemoryRegion window;        /* interrupts, 0xfee00000..0xfeefffff */
    /* The last request that was blocked: see same_request(). */
    bool blocked;
    bool blocked_write;
    uint16_t blocked_rid;
    hwaddr blocked_address;
} VtdFunction;

typedef struct VtdBus {
    VtdIommu *iommu;
    PCIBus *bus;                /* NULL: released */
    VtdRidLookup *lookup;
    void *opaque;
    VtdFunction *function[PCI_DEVFN_MAX];
} VtdBus;

typedef struct VtdLoggedFault {
    VtdFault fault;
    int64_t time_ms;            /* of the virtual clock */
} VtdLoggedFault;

struct VtdIommu {
    DeviceState parent_obj;

    /* Properties. */
    char *owner;
    OnOffAuto intremap;
    OnOffAuto eim;
    bool caching_mode;
    uint8_t aw_bits;
    bool device_iotlb;
    bool pt;
    bool snoop_control;
    bool dma_drain;
    bool coherent;
    bool write_buffer;
    bool set_root_invalidates;
    bool protected_memory;
    bool fault_log;
    uint16_t fault_records;
    uint32_t iotlb_entries;
    uint32_t iotlb_ways;
    uint32_t irte_entries;
    uint32_t irte_ways;
    uint32_t structure_entries;

    bool scalable_mode;
    bool first_stage;
    OnOffAuto page_requests;

    /* DMA may come from any thread; recursive for the unit's callbacks. */
    QemuRecMutex lock;
    VtdUnit *unit;
    AddressSpace *target_as;    /* where translated requests go */

    GPtrArray *buses;           /* VtdBus; released ones are used again */
    GPtrArray *spare_functions; /* VtdFunction */
    unsigned notified;          /* functions with IOMMU notifiers */

    /* Requesters (vtd-iommu-requester.c). */
    QLIST_HEAD(, VtdRequester) requesters;
    GArray *devices_pending;    /* uint16_t: a device has not answered */
    QEMUTimer *device_timer;
    unsigned dma_in_flight;

    /* Hypervisor-owned. */
    Hypervisor *hypervisor;
    AddressSpace spa_as;
    MemoryRegion spa_root;
    MemoryRegion spa_guest;     /* guest memory at HVR_SPA_OFFSET */
    MemoryRegion tables;
    MemoryListener listener;
    GArray *ram;                /* HvrRam */
    bool ram_changed;
    GBytes *state;              /* for VMState */

    /* Guest-owned. */
    char *scope;                /* property: the devices of this unit */
    char *reserved;             /* property: reserved regions (RMRR) */
    uint32_t node;              /* property: NUMA node (RHSA) */
    VtdUnitConfig config;
    uint64_t base;              /* of the registers */
    GArray *scopes;             /* uint8_t devfn on the root bus */
    MemoryRegion registers;
    VtdFunction *ioapic;
    VtdFunction *hpet;
    QEMUBH *events;             /* sends what another thread put off */

    NotifierList fault_notifiers;
    VtdLoggedFault log[VTD_IOMMU_FAULT_LOG];
    uint64_t fault_count;
    GHashTable *faults_of;      /* requester id -> number of faults */

    VtdFunction *replay;
    uint16_t replay_rid;
    char *replay_result;
};

/* What is the user's to choose whoever owns the unit: sizes (vtd-iommu.c). */
void vtd_iommu_unit_config(const VtdIommu *s, VtdUnitConfig *c);

/* Functions and buses (vtd-iommu-function.c). */
VtdFunction *vtd_function_new(VtdIommu *s, PCIBus *bus, int devfn,
                              VtdRidLookup *lookup, void *opaque);
/* The record of a bus behind the unit, made if there is none. */
VtdBus *vtd_iommu_get_bus(VtdIommu *s, PCIBus *bus, VtdRidLookup *lookup,
                          void *opaque);
AddressSpace *vtd_bus_address_space(VtdBus *vb, int devfn);
uint16_t vtd_function_rid(const VtdFunction *fn);
/* The unit of a function's address space; NULL if it is another kind. */
VtdIommu *vtd_function_iommu(AddressSpace *as);
/* The PCI function behind the unit that has this requester id, or NULL. */
PCIDevice *vtd_iommu_find_device(VtdIommu *s, uint16_t rid);
/* Device of a requester id for messages, "device 03:10.0" if unknown. */
char *vtd_iommu_requester_name(VtdIommu *s, uint16_t rid);
/* Tells IOMMU notifiers of devices that keep translations (vhost). */
void vtd_iommu_notify_unmap(VtdIommu *s, const VtdInvalidated *what);
/* An interrupt that the unit let through. */
void vtd_iommu_deliver(const VtdInterrupt *irq);

/* Requesters (vtd-iommu-requester.c): the unit's side. */
VtdDeviceAnswer vtd_iommu_device_invalidate(void *opaque,
                                            const VtdDeviceInvalidation *what);
void vtd_iommu_page_response(void *opaque, const VtdPageResponse *response);
void vtd_iommu_device_timeout(void *opaque);
/* After a reset nothing is pending. */
void vtd_iommu_forget_devices(VtdIommu *s);
bool vtd_iommu_drain(void *opaque);

/* The hypervisor's side (vtd-iommu-hypervisor.c). */
bool vtd_iommu_hypervisor_realize(VtdIommu *s, Error **errp);
void vtd_iommu_hypervisor_unrealize(VtdIommu *s);

/* The guest's unit (vtd-iommu-guest.c) and its table (vtd-iommu-dmar.c). */
bool vtd_iommu_guest_realize(VtdIommu *s, Error **errp);
/* The units of this machine, in the order of the command line. */
GPtrArray *vtd_iommu_guest_units(void);
/* "04.0" on the root bus; false with @errp set. */
bool vtd_iommu_parse_devfn(const char *text, uint8_t *devfn, Error **errp);
/* One table for all units, once every device is there. */
bool vtd_iommu_dmar_add(GPtrArray *units, PCIBus *root, Error **errp);
/* Is the property "reserved" well-formed? */
bool vtd_iommu_dmar_check(const VtdIommu *s, Error **errp);

/* Faults (vtd-iommu-fault.c). */
void vtd_iommu_fault(void *opaque, const VtdFault *fault);

/* Testing aids (vtd-iommu-debug.c). */
void vtd_iommu_debug_class_init(ObjectClass *oc);

#endif
