/*
 * Whether the machine may give VFs to VMs: IovSupport of the host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

bool machine_overridden(const Host *host)
{
    return host->config.chipset_flaw && host->config.iov_override;
}

ReasonList *machine_reasons(const Host *host)
{
    const HostConfig *m = &host->config;
    const struct {
        bool wrong;
        ReasonCode code;
    } causes[] = {
        { !m->slat, REASON_NO_SLAT },
        { !m->iommu, REASON_NO_IOMMU },
        { m->iommu && !m->interrupt_remapping,
          REASON_NO_INTERRUPT_REMAPPING },
        { m->iommu && !m->remapping_enabled, REASON_REMAPPING_OFF },
        { !m->pcie_control, REASON_NO_PCIE_CONTROL },
        { !m->root_port_acs, REASON_NO_ACS },
        { !m->root_port_ari, REASON_NO_ARI },
        { m->chipset_flaw && !m->iov_override, REASON_CHIPSET_FLAW },
    };
    ReasonList *list = reasons_new();

    for (size_t i = 0; i < G_N_ELEMENTS(causes); i++) {
        if (causes[i].wrong) {
            reasons_add(list, causes[i].code, NULL);
        }
    }
    return list;
}
