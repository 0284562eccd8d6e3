/*
 * The DMAR table of a guest-owned unit.
 *
 * One unit for all of segment 0 (INCLUDE_PCI_ALL), so that devices and buses
 * that come later belong to it as well, and the IOAPIC's scope.  Source: VT-d
 * 4.1, 8.1 (table), 8.3 (DRHD), 8.3.1 (scopes).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/option.h"
#include "qemu/config-file.h"
#include "qapi/error.h"
#include "hw/acpi/acpi.h"
#include "hw/pci/pci.h"
#include "hw/pci-host/q35.h"
#include "iommu/vtd-iommu-int.h"

#define DMAR_INTR_REMAP 1
#define DRHD_INCLUDE_PCI_ALL 1
#define SCOPE_IOAPIC 3
/* As QEMU numbers it in the MADT. */
#define IOAPIC_ID 0

typedef struct IOV_PACKED DmarTable {
    /* Behind the ACPI header. */
    uint8_t host_address_width;
    uint8_t flags;
    uint8_t reserved[10];
    /* DRHD */
    uint16_t type;
    uint16_t length;
    uint8_t unit_flags;
    uint8_t size;
    uint16_t segment;
    uint64_t base;
    /* Scope of the IOAPIC */
    uint8_t scope_type;
    uint8_t scope_length;
    uint16_t scope_reserved;
    uint8_t scope_id;
    uint8_t scope_bus;
    uint8_t scope_device;
    uint8_t scope_function;
} DmarTable;
IOV_SIZE_CHECK(DmarTable, 36);

/* QEMU takes tables of devices as it takes a user's: from a file. */
static bool add_table(const void *data, size_t len, Error **errp)
{
    g_autofree char *path = NULL, *options = NULL;
    g_autoptr(GError) gerror = NULL;
    QemuOpts *opts;
    int fd = g_file_open_tmp("vtd-iommu-dmar-XXXXXX", &path, &gerror);
    bool ok;

    if (fd < 0) {
        error_setg(errp, "vtd-iommu: %s", gerror->message);
        return false;
    }
    ok = qemu_write_full(fd, data, len) == len;
    close(fd);
    if (!ok) {
        error_setg_errno(errp, errno, "vtd-iommu: %s", path);
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

bool vtd_iommu_dmar_add(const VtdUnitConfig *config, Error **errp)
{
    DmarTable table = {
        .host_address_width = config->haw_bits - 1,
        .flags = config->interrupt_remapping ? DMAR_INTR_REMAP : 0,
        .type = cpu_to_le16(0),
        .length = cpu_to_le16(sizeof(table) - offsetof(DmarTable, type)),
        .unit_flags = DRHD_INCLUDE_PCI_ALL,
        .base = cpu_to_le64(VTD_IOMMU_REGISTERS),
        .scope_type = SCOPE_IOAPIC,
        .scope_length = sizeof(table) - offsetof(DmarTable, scope_type),
        .scope_id = IOAPIC_ID,
        .scope_bus = Q35_PSEUDO_BUS_PLATFORM,
        .scope_device = PCI_SLOT(Q35_PSEUDO_DEVFN_IOAPIC),
        .scope_function = PCI_FUNC(Q35_PSEUDO_DEVFN_IOAPIC),
    };

    return add_table(&table, sizeof(table), errp);
}
