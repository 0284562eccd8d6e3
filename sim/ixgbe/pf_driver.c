/*
 * PF driver: bringing the adapter up, and what the owner decides about VFs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pf_driver.h"
#include "spec/ixgbe_regs.h"
#include "iovlab-trace.h"

#define LINK_MBPS 10000
/* Below this the factor does not fit its field. */
#define RATE_MIN_MBPS 11
/* More VFs than this leave two queues for each. */
#define VFS_WITH_4_QUEUES 31

static const uint8_t default_key[40] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
    0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
    0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
    0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* --- start and stop ------------------------------------------------------ */

static void start_rss(IxgbePfDriver *pf)
{
    for (unsigned i = 0; i < 10; i++) {
        pf_write(pf, IXGBE_RSSRK(i), rd_le32(default_key + 4 * i));
    }
    for (unsigned i = 0; i < 32; i++) {
        pf_write(pf, IXGBE_RETA(i),
                 pf->queues_per_pool == 4 ? 0x03020100 : 0x01000100);
    }
}

static void start_pools(IxgbePfDriver *pf)
{
    bool four = pf->num_vfs <= VFS_WITH_4_QUEUES;

    pf->queues_per_pool = four ? 4 : 2;
    pf->ops->set_num_vfs(pf->opaque, pf->num_vfs);
    pf_write(pf, IXGBE_GCR_EXT, four ? 2 : 3);
    pf_write(pf, IXGBE_VT_CTL, IXGBE_VT_CTL_ENA | IXGBE_VT_CTL_REPLEN |
             pf->pool << IXGBE_VT_CTL_POOL_SHIFT);
    pf_write(pf, IXGBE_MRQC, (four ? IXGBE_MRQE_VMDQ_RSS32
                                   : IXGBE_MRQE_VMDQ_RSS64) |
             IXGBE_MRQC_TCP_IPV4 | IXGBE_MRQC_IPV4 | IXGBE_MRQC_IPV6 |
             IXGBE_MRQC_TCP_IPV6);
    start_rss(pf);
    pf_write(pf, IXGBE_VMOLR(pf->pool), IXGBE_VMOLR_AUPE | IXGBE_VMOLR_BAM |
             IXGBE_VMOLR_ROMPE | IXGBE_VMOLR_MPE);
    pf_set_bit(pf, IXGBE_VFRE(0), pf->pool, true);
    pf_set_bit(pf, IXGBE_VFTE(0), pf->pool, true);
    /* The software switch may send to its own pool while a path moves. */
    pf_set_bit(pf, IXGBE_PFVMTXSW(0), pf->pool, true);
    pf_write(pf, IXGBE_PFDTXGSWC, IXGBE_PFDTXGSWC_LBE);
    pf_write(pf, IXGBE_VLNCTRL,
             pf_read(pf, IXGBE_VLNCTRL) | IXGBE_VLNCTRL_VFE);
    for (unsigned i = 0; i < 2; i++) {
        pf_write(pf, IXGBE_PFMBIMR(i), UINT32_MAX);
        pf_write(pf, IXGBE_VMECM(i), UINT32_MAX);
    }
}

static void start(IxgbePfDriver *pf)
{
    pf_write(pf, IXGBE_CTRL, IXGBE_CTRL_RST);
    pf_write(pf, IXGBE_MAXFRS, PF_MAX_FRAME << 16);
    pf_write(pf, IXGBE_HLREG0,
             pf_read(pf, IXGBE_HLREG0) | IXGBE_HLREG0_JUMBOEN);
    pf_write(pf, IXGBE_MCSTCTRL, IXGBE_MCSTCTRL_MFE);
    /* A switch stands behind the default pool: it wants everything. */
    pf_write(pf, IXGBE_FCTRL,
             IXGBE_FCTRL_BAM | IXGBE_FCTRL_MPE | IXGBE_FCTRL_UPE);
    if (pf->num_vfs) {
        start_pools(pf);
    }
    ixgbe_pf_driver_uplink_vlan(pf, 0, true);
    for (unsigned vf = 0; vf < pf->num_vfs; vf++) {
        pf_vf_reset(pf, vf);
    }
    pf_write(pf, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
    pf_write(pf, IXGBE_DMATXCTL,
             pf_read(pf, IXGBE_DMATXCTL) | IXGBE_DMATXCTL_TE);
    pf_write(pf, IXGBE_CTRL_EXT,
             IXGBE_CTRL_EXT_PFRSTD | IXGBE_CTRL_EXT_DRV_LOAD);
}

/* Entry 0 is the adapter's own address, as reset left it. */
static void own_address(IxgbePfDriver *pf)
{
    uint8_t mac[6];

    wr_le32(mac, pf_read(pf, IXGBE_RAL(0)));
    wr_le16(mac + 4, pf_read(pf, IXGBE_RAH(0)));
    ixgbe_pf_driver_filter(pf, mac, IXGBE_PF_DEFAULT_POOL);
}

IxgbePfDriver *ixgbe_pf_driver_new(unsigned num_vfs,
                                   const IxgbePfDriverOps *ops, void *opaque)
{
    IxgbePfDriver *pf = g_new0(IxgbePfDriver, 1);

    pf->ops = ops;
    pf->opaque = opaque;
    pf->num_vfs = MIN(num_vfs, PF_MAX_VFS);
    pf->pool = pf->num_vfs;
    for (unsigned i = 0; i < IXGBE_RAR_ENTRIES; i++) {
        pf->address[i].place = PF_PLACE_NONE;
    }
    for (unsigned vf = 0; vf < PF_MAX_VFS; vf++) {
        pf->vf[vf].info.spoof_check = true;
    }
    start(pf);
    own_address(pf);
    pf->link_up = pf_read(pf, IXGBE_LINKS) & IXGBE_LINKS_UP;
    trace_ixgbe_pf_start(pf->num_vfs, pf->link_up);
    return pf;
}

void ixgbe_pf_driver_free(IxgbePfDriver *pf)
{
    if (pf) {
        pf_write(pf, IXGBE_CTRL, IXGBE_CTRL_RST);
        pf->ops->set_num_vfs(pf->opaque, 0);
        g_free(pf);
    }
}

/* --- interrupts ---------------------------------------------------------- */

static void link_change(IxgbePfDriver *pf)
{
    bool up = pf_read(pf, IXGBE_LINKS) & IXGBE_LINKS_UP;

    if (up == pf->link_up) {
        return;
    }
    pf->link_up = up;
    for (unsigned vf = 0; vf < pf->num_vfs; vf++) {
        if (pf->vf[vf].info.ready) {
            pf_mailbox_ping(pf, vf);
        }
    }
    pf->ops->event(pf->opaque, IXGBE_PF_LINK, 0);
}

void ixgbe_pf_driver_interrupt(IxgbePfDriver *pf, uint32_t eicr)
{
    if (eicr & IXGBE_EICR_LSC) {
        link_change(pf);
    }
    if (eicr & IXGBE_EICR_MAILBOX) {
        pf_mailbox_task(pf);
    }
}

void ixgbe_pf_driver_watchdog(IxgbePfDriver *pf)
{
    uint32_t spoofed = pf_read(pf, IXGBE_SSVPC);

    if (spoofed) {
        pf->spoofed += spoofed;
        pf->ops->event(pf->opaque, IXGBE_PF_SPOOFED, 0);
    }
    for (unsigned vf = 0; vf < pf->num_vfs; vf++) {
        if (pf->vf[vf].ping) {
            pf_mailbox_ping(pf, vf);
        }
    }
}

unsigned ixgbe_pf_driver_num_vfs(const IxgbePfDriver *pf)
{
    return pf->num_vfs;
}

unsigned ixgbe_pf_driver_default_pool(const IxgbePfDriver *pf)
{
    return pf->pool;
}

bool ixgbe_pf_driver_link_up(const IxgbePfDriver *pf)
{
    return pf->link_up;
}

uint64_t ixgbe_pf_driver_spoofed(const IxgbePfDriver *pf)
{
    return pf->spoofed;
}

/* --- settings of a VF into registers ------------------------------------- */

void pf_vf_apply_enable(IxgbePfDriver *pf, unsigned vf)
{
    const PfVf *v = &pf->vf[vf];
    bool on = v->info.assigned && v->info.enabled &&
              v->info.link_state != IXGBE_PF_LINK_DISABLE;

    pf_set_bit(pf, IXGBE_VFTE(0), vf, on);
    pf_set_bit(pf, IXGBE_VFRE(0), vf, on && !v->rx_off);
}

void pf_vf_apply_spoof(IxgbePfDriver *pf, unsigned vf)
{
    const PfVf *v = &pf->vf[vf];
    bool check = v->info.spoof_check && !v->macvlans;
    uint32_t value = pf_read(pf, IXGBE_PFVFSPOOF(vf / 8));
    uint32_t mac = 1u << (vf % 8), vlan = 0x100u << (vf % 8);

    value &= ~(mac | vlan);
    if (check) {
        value |= vlan | (v->check_rests ? 0 : mac);
    }
    pf_write(pf, IXGBE_PFVFSPOOF(vf / 8), value);
}

/* VMOLR, VMVIR, anti-spoofing. */
void pf_vf_apply_policy(IxgbePfDriver *pf, unsigned vf)
{
    const PfVf *v = &pf->vf[vf];
    uint32_t vmolr = v->info.vid ? 0 : IXGBE_VMOLR_AUPE;
    uint32_t vmvir = 0;

    if (v->info.multicast && !v->info.ready) {
        /* A driver without a mailbox cannot say which groups it wants. */
        vmolr |= IXGBE_VMOLR_BAM | IXGBE_VMOLR_MPE;
    } else if (v->info.multicast && v->xcast >= IXGBE_MBX_XCAST_MULTI) {
        vmolr |= IXGBE_VMOLR_BAM;
        vmolr |= v->hash_count ? IXGBE_VMOLR_ROMPE : 0;
        vmolr |= v->xcast == IXGBE_MBX_XCAST_ALLMULTI ? IXGBE_VMOLR_MPE : 0;
    }
    if (v->info.vid || v->info.qos) {
        vmvir = IXGBE_VMVIR_DEFAULT | (uint32_t)v->info.qos << 13 |
                v->info.vid;
    }
    pf_write(pf, IXGBE_VMOLR(vf), vmolr);
    pf_write(pf, IXGBE_VMVIR(vf), vmvir);
    pf_vf_apply_spoof(pf, vf);
}

/* --- what the owner asks for --------------------------------------------- */

static PfVf *vf_at(IxgbePfDriver *pf, unsigned vf)
{
    return vf < pf->num_vfs ? &pf->vf[vf] : NULL;
}

bool ixgbe_pf_driver_vf_assign_number(IxgbePfDriver *pf, unsigned vf)
{
    PfVf *v = vf_at(pf, vf);

    if (!v || v->info.assigned) {
        return false;
    }
    v->info.assigned = true;
    trace_ixgbe_pf_vf_assign(vf, true);
    return true;
}

int ixgbe_pf_driver_vf_assign(IxgbePfDriver *pf)
{
    for (unsigned vf = 0; vf < pf->num_vfs; vf++) {
        if (ixgbe_pf_driver_vf_assign_number(pf, vf)) {
            return vf;
        }
    }
    return -1;
}

void ixgbe_pf_driver_vf_free(IxgbePfDriver *pf, unsigned vf)
{
    PfVf *v = vf_at(pf, vf);

    if (!v || !v->info.assigned) {
        return;
    }
    ixgbe_pf_driver_vf_set_rate(pf, vf, 0);
    pf_address_leave_vf(pf, vf);
    pf_multicast_set(pf, vf, NULL, 0);
    *v = (PfVf) { .info = { .spoof_check = true } };
    pf_vf_reset(pf, vf);
    trace_ixgbe_pf_vf_assign(vf, false);
}

unsigned ixgbe_pf_driver_vfs_free(const IxgbePfDriver *pf)
{
    unsigned count = 0;

    for (unsigned vf = 0; vf < pf->num_vfs; vf++) {
        count += !pf->vf[vf].info.assigned;
    }
    return count;
}

void ixgbe_pf_driver_vf_set_mac(IxgbePfDriver *pf, unsigned vf,
                                const uint8_t mac[6])
{
    PfVf *v = vf_at(pf, vf);

    if (v) {
        memcpy(v->info.mac, mac, 6);
        v->mac_fixed = true;
    }
}

void ixgbe_pf_driver_vf_mac(const IxgbePfDriver *pf, unsigned vf,
                            uint8_t mac[6])
{
    memset(mac, 0, 6);
    if (vf < pf->num_vfs) {
        memcpy(mac, pf->vf[vf].info.mac, 6);
    }
}

void ixgbe_pf_driver_vf_enable(IxgbePfDriver *pf, unsigned vf, bool on)
{
    PfVf *v = vf_at(pf, vf);

    if (v) {
        v->info.enabled = on;
        pf_vf_apply_enable(pf, vf);
    }
}

void ixgbe_pf_driver_vf_set_vlan(IxgbePfDriver *pf, unsigned vf, uint16_t vid,
                                 uint8_t qos)
{
    PfVf *v = vf_at(pf, vf);

    if (!v || vid >= 4096 || qos > 7) {
        return;
    }
    v->info.vid = vid;
    v->info.qos = qos;
    pf_vlan_clear(pf, vf);
    pf_vlan_port(pf, vf);
    pf_vf_apply_policy(pf, vf);
    /* The VF's driver has to ask for its queues again. */
    ixgbe_pf_driver_vf_ping(pf, vf);
}

void ixgbe_pf_driver_vf_set_spoof_check(IxgbePfDriver *pf, unsigned vf,
                                        bool on)
{
    PfVf *v = vf_at(pf, vf);

    if (v) {
        v->info.spoof_check = on;
        pf_vf_apply_spoof(pf, vf);
    }
}

void ixgbe_pf_driver_vf_check_again(IxgbePfDriver *pf, unsigned vf)
{
    PfVf *v = vf_at(pf, vf);

    if (v) {
        v->check_rests = false;
        pf_vf_apply_spoof(pf, vf);
    }
}

void ixgbe_pf_driver_vf_set_queues(IxgbePfDriver *pf, unsigned vf,
                                   unsigned pairs)
{
    PfVf *v = vf_at(pf, vf);

    if (v) {
        v->info.queues = MIN(pairs, pf->queues_per_pool);
    }
}

void ixgbe_pf_driver_vf_set_trust(IxgbePfDriver *pf, unsigned vf, bool on)
{
    PfVf *v = vf_at(pf, vf);

    if (v && v->info.trusted != on) {
        v->info.trusted = on;
        /* Without CTS: it starts over, and asks for its modes again. */
        v->clear_to_send = false;
        ixgbe_pf_driver_vf_ping(pf, vf);
    }
}

bool ixgbe_pf_driver_vf_set_rate(IxgbePfDriver *pf, unsigned vf,
                                 unsigned mbps)
{
    PfVf *v = vf_at(pf, vf);
    uint32_t value = 0;

    if (!v || (mbps && (mbps < RATE_MIN_MBPS || mbps > LINK_MBPS))) {
        return false;
    }
    if (mbps) {
        value = IXGBE_RTTBCNRC_RS_ENA |
                ((uint32_t)LINK_MBPS << IXGBE_RTTBCNRC_SHIFT) / mbps;
    }
    v->info.rate_mbps = mbps;
    for (unsigned i = 0; i < pf->queues_per_pool; i++) {
        pf_write(pf, IXGBE_RTTDQSEL, vf * pf->queues_per_pool + i);
        pf_write(pf, IXGBE_RTTBCNRC, value);
    }
    return true;
}

void ixgbe_pf_driver_vf_set_link_state(IxgbePfDriver *pf, unsigned vf,
                                       IxgbePfLinkState state)
{
    PfVf *v = vf_at(pf, vf);

    if (v && v->info.link_state != state) {
        v->info.link_state = state;
        pf_vf_apply_enable(pf, vf);
        ixgbe_pf_driver_vf_ping(pf, vf);
    }
}

void ixgbe_pf_driver_vf_set_multicast(IxgbePfDriver *pf, unsigned vf, bool on)
{
    PfVf *v = vf_at(pf, vf);

    if (v) {
        v->info.multicast = on;
        pf_vf_apply_policy(pf, vf);
    }
}

void ixgbe_pf_driver_vf_set_query_rss(IxgbePfDriver *pf, unsigned vf, bool on)
{
    PfVf *v = vf_at(pf, vf);

    if (v) {
        v->query_rss = on;
    }
}

void ixgbe_pf_driver_vf_ping(IxgbePfDriver *pf, unsigned vf)
{
    PfVf *v = vf_at(pf, vf);

    if (v && v->info.ready) {
        pf_mailbox_ping(pf, vf);
    }
}

void ixgbe_pf_driver_vf_info(const IxgbePfDriver *pf, unsigned vf,
                             IxgbePfVfInfo *info)
{
    *info = (IxgbePfVfInfo) { 0 };
    if (vf < pf->num_vfs) {
        *info = pf->vf[vf].info;
    }
}
