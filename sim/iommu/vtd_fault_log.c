/*
 * Advanced fault logging: records in memory, as many as software has room for.
 *
 * Source: VT-d 3.1, 7.2.2 (logging), 10.4.4 (SFL, EAFL), 10.4.9 (AFO, APF),
 * 10.4.15 (AFLOG).  Revision 4 has taken it out and reserves its bits, so it
 * is an option and off by default.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

/* SFL: another log, empty. */
void vtd_fault_log_set(VtdUnit *u)
{
    uint64_t aflog = vtd_reg64(u, VTD_AFLOG);

    u->fault_log = aflog & VTD_PAGE_MASK;
    u->fault_log_records = VTD_PAGE_SIZE / VTD_ENTRY_SIZE <<
                           ((aflog & VTD_AFLOG_FLS_MASK) >>
                            VTD_AFLOG_FLS_SHIFT);
    u->fault_log_next = 0;
    trace_vtd_unit_fault_log_set(u->fault_log, u->fault_log_records);
}

bool vtd_fault_log_active(const VtdUnit *u)
{
    return vtd_reg32(u, VTD_GSTS) & VTD_GCMD_EAFL;
}

/*
 * A full log takes nothing until software has set another one, so that no
 * record is lost that has been written.
 */
bool vtd_fault_log_append(VtdUnit *u, uint64_t lo, uint64_t hi,
                          uint32_t *event)
{
    uint64_t address = u->fault_log + u->fault_log_next * VTD_ENTRY_SIZE;
    uint8_t raw[VTD_ENTRY_SIZE];

    *event = 0;
    if (u->fault_log_next >= u->fault_log_records) {
        *event = VTD_FSTS_AFO;
        trace_vtd_unit_fault_overflow();
    } else {
        wr_le64(raw, lo);
        wr_le64(raw + 8, hi & ~VTD_FRCD_F);
        if (u->ops->mem_write(u->opaque, address, raw, sizeof(raw))) {
            *event = u->fault_log_next++ ? 0 : VTD_FSTS_APF;
            return true;
        }
        /* Not memory, for which no status bit is named. */
    }
    u->stats.faults_lost++;
    return false;
}
