#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux in scalable mode: PASID tables, first-stage tables, ATS."""
# timeout: 900
import json
import os
import tempfile

from guest import main, need
from iommu_guest import REFERENCE, TRIXIE, boot, has, traffic

SCALABLE = ',id=unit,x-scalable-mode=on'
# A PCIe device only behind a port.
ATS = ('-device', 'pcie-root-port,id=rp0,chassis=1', '-netdev', 'user,id=n0',
       '-device', 'virtio-net-pci,netdev=n0,iommu_platform=on,'
       'disable-legacy=on,bus=rp0,ats=on')


def stats(guest):
    return json.loads(guest.qmp.command(
        'qom-get', path='/machine/peripheral/unit', property='stats'))


def talk(guest):
    guest.up(200)
    has(guest, 'Enabled IRQ remapping in x2apic mode')
    ecap = guest.check('cat /sys/class/iommu/dmar0/intel-iommu/ecap')
    need(int(ecap, 16) >> 43 & 1, 'SMTS is not offered')
    traffic(guest)


def run(options='', append='', moves=False, **more):
    """Boots and talks; the unit's statistics.  moves: and migrates after
    that."""
    with boot(SCALABLE + options, append, **more) as guest:
        talk(guest)
        result = stats(guest)
        need(result['scalable'], 'the driver did not choose scalable mode')
        if moves:
            migrate(guest)
        return result


def migrate(guest):
    """Translation goes on after a migration."""
    with tempfile.TemporaryDirectory() as place, \
            guest.move(os.path.join(place, 'state')) as target:
        traffic(target)
        need(stats(target)['scalable'], 'not in scalable mode')


def first_stage():
    """first-stage domains: the unit sets accessed and dirty bits; migration"""
    for append in ('', 'iommu.strict=1'):
        result = run(append=append, moves=bool(append))
        need(result['first-stage-walks'] > 0, result)


def second_stage():
    """second stage only, and pass-through"""
    result = run(',x-flts=off')
    need(result['first-stage-walks'] == 0 and result['iotlb-hits'] > 0,
         result)
    run(append='iommu=pt')


def wide():
    """57 bits (five levels), caching mode, small caches"""
    run(',aw-bits=57')
    run(',caching-mode=on')
    run(',iotlb-entries=4,iotlb-ways=1')


def device_tlb():
    """ATS is switched on, every flush of its TLB is answered; migration"""
    result = run(',device-iotlb=on', 'iommu.strict=1', True, nic=ATS)
    need(result['device-invalidations'] > 0, result)


def trixie():
    """Debian 13's kernel (6.12)"""
    result = run(extra=TRIXIE)
    need(result['iotlb-hits'] > 0, result)
    run(extra=TRIXIE, append='iommu.strict=1')


def reference():
    """QEMU's own intel-iommu: first stage, second stage, pass-through, 6.12"""
    for options, append, more in (
            (',x-flts=on', '', {}), (',x-flts=on', 'iommu.strict=1', {}),
            ('', '', {}), ('', 'iommu=pt', {}),
            (',x-flts=on', '', {'extra': TRIXIE})):
        with boot(',x-scalable-mode=on' + options, append, unit=REFERENCE,
                  **more) as guest:
            talk(guest)


main(first_stage, second_stage, wide, device_tlb, trixie, reference)
