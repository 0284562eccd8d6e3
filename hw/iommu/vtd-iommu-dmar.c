/*
 * The DMAR table of the guest-owned units.
 *
 * Units with a scope first; last the one that has all other devices
 * (INCLUDE_PCI_ALL), so that devices and buses that come later belong to it as
 * well, with the IOAPIC and the HPET.  Then reserved regions, and with ATS a
 * statement that all root ports let it through, and the NUMA nodes of units.
 * Source: VT-d 4.1, 8.1 (table), 8.3 (DRHD), 8.3.1 (scopes), 8.4 (RMRR), 8.5
 * (ATSR), 8.6 (RHSA).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/option.h"
#include "qemu/config-file.h"
#include "qapi/error.h"
#include "hw/acpi/acpi.h"
#include "hw/boards.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci-host/q35.h"
#include "system/numa.h"
#include "iommu/vtd-iommu-int.h"

enum {
    DMAR_INTR_REMAP = 1,
    DRHD_TYPE = 0,
    DRHD_INCLUDE_PCI_ALL = 1,
    RMRR_TYPE = 1,
    ATSR_TYPE = 2,
    ATSR_ALL_PORTS = 1,
    RHSA_TYPE = 3,
    SCOPE_ENDPOINT = 1,
    SCOPE_BRIDGE = 2,
    SCOPE_IOAPIC = 3,
    SCOPE_HPET = 4,
    /* As QEMU numbers them in the MADT and in the HPET table. */
    IOAPIC_ID = 0,
    HPET_ID = 0,
};

static void put8(GByteArray *t, uint8_t v)
{
    g_byte_array_append(t, &v, 1);
}

static void put16(GByteArray *t, uint16_t v)
{
    put8(t, v);
    put8(t, v >> 8);
}

static void put32(GByteArray *t, uint32_t v)
{
    put16(t, v);
    put16(t, v >> 16);
}

static void put64(GByteArray *t, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        put8(t, v >> 8 * i);
    }
}

static void put_scope(GByteArray *t, uint8_t type, uint8_t id, uint8_t bus,
                      uint8_t devfn)
{
    put8(t, type);
    put8(t, 8);                 /* one path entry */
    put16(t, 0);
    put8(t, id);
    put8(t, bus);
    put8(t, PCI_SLOT(devfn));
    put8(t, PCI_FUNC(devfn));
}

/* A device of the root bus, or a bridge and all behind it. */
static void put_device(GByteArray *t, PCIBus *root, uint8_t devfn)
{
    PCIDevice *dev = root->devices[devfn];
    bool bridge = dev && IS_PCI_BRIDGE(dev);

    put_scope(t, bridge ? SCOPE_BRIDGE : SCOPE_ENDPOINT, 0, 0, devfn);
}

static void end_structure(GByteArray *t, unsigned start)
{
    stw_le_p(t->data + start + 2, t->len - start);
}

static void put_unit(GByteArray *t, const VtdIommu *s, PCIBus *root)
{
    unsigned start = t->len;
    bool rest = !s->scopes->len;

    put16(t, DRHD_TYPE);
    put16(t, 0);
    put8(t, rest ? DRHD_INCLUDE_PCI_ALL : 0);
    put8(t, 0);                 /* registers of one page */
    put16(t, 0);                /* segment */
    put64(t, s->base);
    if (rest) {
        put_scope(t, SCOPE_IOAPIC, IOAPIC_ID, Q35_PSEUDO_BUS_PLATFORM,
                  VTD_IOMMU_IOAPIC_DEVFN);
        put_scope(t, SCOPE_HPET, HPET_ID, Q35_PSEUDO_BUS_PLATFORM,
                  VTD_IOMMU_HPET_DEVFN);
    }
    for (unsigned i = 0; i < s->scopes->len; i++) {
        put_device(t, root, g_array_index(s->scopes, uint8_t, i));
    }
    end_structure(t, start);
}

typedef struct Reserved {
    uint64_t first, last;
    uint8_t devfn;
} Reserved;

/* FIRST-LAST@DEVICE, whole pages. */
static bool parse_reserved(const char *text, Reserved *r, Error **errp)
{
    const char *end;

    if (qemu_strtou64(text, &end, 0, &r->first) || *end != '-' ||
        qemu_strtou64(end + 1, &end, 0, &r->last) || *end != '@' ||
        r->first % VTD_PAGE_SIZE || (r->last + 1) % VTD_PAGE_SIZE ||
        r->first > r->last) {
        error_setg(errp, "vtd-iommu: '%s' is no reserved region of whole "
                   "pages, as in '0xfeffc000-0xfeffcfff@04.0'", text);
        return false;
    }
    return vtd_iommu_parse_devfn(end + 1, &r->devfn, errp);
}

bool vtd_iommu_dmar_check(const VtdIommu *s, Error **errp)
{
    g_auto(GStrv) parts = s->reserved ? g_strsplit(s->reserved, "+", 0) : NULL;

    for (unsigned i = 0; parts && parts[i]; i++) {
        Reserved r;

        if (!parse_reserved(parts[i], &r, errp)) {
            return false;
        }
    }
    return true;
}

static void put_reserved(GByteArray *t, const VtdIommu *s, PCIBus *root)
{
    g_auto(GStrv) parts = s->reserved ? g_strsplit(s->reserved, "+", 0) : NULL;

    for (unsigned i = 0; parts && parts[i]; i++) {
        unsigned start = t->len;
        Reserved r;

        if (parse_reserved(parts[i], &r, NULL)) {
            put16(t, RMRR_TYPE);
            put16(t, 0);
            put16(t, 0);
            put16(t, 0);        /* segment */
            put64(t, r.first);
            put64(t, r.last);
            put_device(t, root, r.devfn);
            end_structure(t, start);
        }
    }
}

static void put_ats(GByteArray *t)
{
    unsigned start = t->len;

    put16(t, ATSR_TYPE);
    put16(t, 0);
    put8(t, ATSR_ALL_PORTS);
    put8(t, 0);
    put16(t, 0);                /* segment */
    end_structure(t, start);
}

/* QEMU's nodes are the proximity domains of its SRAT. */
static bool put_node(GByteArray *t, const VtdIommu *s, Error **errp)
{
    const NumaState *numa = MACHINE(qdev_get_machine())->numa_state;
    unsigned start = t->len;

    if (s->node == VTD_IOMMU_NO_NODE) {
        return true;
    }
    if (!numa || s->node >= numa->num_nodes) {
        error_setg(errp, "vtd-iommu: this machine has no NUMA node %u",
                   s->node);
        return false;
    }
    put16(t, RHSA_TYPE);
    put16(t, 0);
    put32(t, 0);
    put64(t, s->base);
    put32(t, s->node);
    end_structure(t, start);
    return true;
}

/* QEMU takes tables of devices as it takes a user's: from a file. */
static bool add_table(const void *data, size_t len, Error **errp)
{
    g_autofree char *path = NULL, *options = NULL;
    g_autoptr(GError) gerror = NULL;
    QemuOpts *opts;
    int fd = g_file_open_tmp("vtd-iommu-dmar-XXXXXX", &path, &gerror);
    bool ok;

    if (fd < 0) {
        error_setg(errp, "%s", gerror->message);
        return false;
    }
    ok = qemu_write_full(fd, data, len) == len;
    close(fd);
    if (!ok) {
        error_setg_errno(errp, errno, "%s", path);
    } else {
        Error *local = NULL;

        options = g_strdup_printf("sig=DMAR,rev=1,data=%s", path);
        opts = qemu_opts_parse(qemu_find_opts("acpi"), options, false, &local);
        if (opts) {
            acpi_table_add(opts, &local);
            qemu_opts_del(opts);
        }
        ok = !local;
        error_propagate(errp, local);
    }
    unlink(path);
    return ok;
}

bool vtd_iommu_dmar_add(GPtrArray *units, PCIBus *root, Error **errp)
{
    g_autoptr(GByteArray) t = g_byte_array_new();
    const VtdIommu *any = g_ptr_array_index(units, 0);
    bool remapping = true, ats = false;

    for (unsigned i = 0; i < units->len; i++) {
        const VtdIommu *s = g_ptr_array_index(units, i);

        remapping = remapping && s->config.interrupt_remapping;
        ats = ats || s->config.device_tlb;
    }
    put8(t, any->config.haw_bits - 1);
    put8(t, remapping ? DMAR_INTR_REMAP : 0);
    for (unsigned i = 0; i < 10; i++) {
        put8(t, 0);
    }
    /* INCLUDE_PCI_ALL is the last of its segment (8.3). */
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < units->len; i++) {
            const VtdIommu *s = g_ptr_array_index(units, i);

            if ((s->scopes->len == 0) == (pass == 1)) {
                put_unit(t, s, root);
            }
        }
    }
    for (unsigned i = 0; i < units->len; i++) {
        put_reserved(t, g_ptr_array_index(units, i), root);
    }
    if (ats) {
        put_ats(t);
    }
    for (unsigned i = 0; i < units->len; i++) {
        if (!put_node(t, g_ptr_array_index(units, i), errp)) {
            return false;
        }
    }
    return add_table(t->data, t->len, errp);
}
