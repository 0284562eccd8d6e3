#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's intel-iommu driver on a guest-owned vtd-iommu, with traffic."""
# timeout: 1200
import json
import os
import tempfile

from guest import REPLIES, Guest, main, need, wait_until
from iommu_guest import OURS, REFERENCE, TRIXIE, boot, has, traffic


def affinity(guest):
    """interrupts move between the processors under load, none is lost"""
    guest.wait('ping -c 1 -W 5 10.0.2.2')
    before = int(guest.check(REPLIES))
    guest.check('ping -i 0.01 -c 200 10.0.2.2 > /dev/null & '
                'irqs=$(sed -n "s/^ *\\([0-9]*\\):.*virtio.*/\\1/p" '
                '/proc/interrupts); '
                'for n in $(seq 40); do for i in $irqs; do '
                'echo $((n % 2 + 1)) > /proc/irq/$i/smp_affinity '
                '2>/dev/null; done; usleep 50000; done; wait', 120)

    def replies():
        return int(guest.check(REPLIES)) - before

    wait_until(lambda: replies() >= 200, lambda: f'{replies()} of 200', 20)


def migrate(guest):
    """translation and remapping go on after a migration"""
    with tempfile.TemporaryDirectory() as place:
        with guest.move(os.path.join(place, 'state')) as target:
            traffic(target)


def modes_of(unit):
    for append, domain, more in (('', 'Translated', (affinity, migrate)),
                                 ('iommu.strict=1', 'Translated', ()),
                                 ('iommu=pt', 'Passthrough', ())):
        with boot(append=append, unit=unit) as guest:
            guest.up(200)
            has(guest, 'Enabled IRQ remapping in x2apic mode',
                'dmar0: Using Queued invalidation',
                f'Default domain type: {domain}')
            traffic(guest)
            guest.check('grep -q "IR-PCI-MSI.*virtio" /proc/interrupts')
            for part in more:
                part(guest)
                print(f'# {part.__doc__}', flush=True)


def modes():
    """lazy, strict and pass-through mode: DMA and interrupts remapped;
    affinity, migration"""
    modes_of(OURS)


BOTH_HAVE = ((',caching-mode=on', 'in x2apic mode'),
             (',aw-bits=39,eim=off', 'in xapic mode'),
             (',intremap=off', 'Translated'))


def options_of(unit, cases):
    for option, line in cases:
        # The last one of a name counts, but intel-iommu wants no eim then.
        if option == ',intremap=off':
            unit = unit.split(',')[0]
        with boot(option, unit=unit) as guest:
            guest.up(200)
            has(guest, line)
            traffic(guest)


def options():
    """caching mode, 39 and 57 bits, xAPIC, no interrupt remapping; flushes
    that older units want"""
    options_of(OURS, BOTH_HAVE + (
        (',aw-bits=57', 'in x2apic mode'),
        (',coherent=off,write-buffer=on,protected-memory=on,'
         'set-root-invalidates=off', 'in x2apic mode'),
        (',iotlb-entries=4,iotlb-ways=1,irte-entries=1,irte-ways=1',
         'in x2apic mode')))


def reference():
    """QEMU's own intel-iommu passes the same: modes, options, affinity,
    migration"""
    modes_of(REFERENCE)
    options_of(REFERENCE, BOTH_HAVE)


def trixie():
    """Debian 13's kernel (6.12): lazy, strict, pass-through"""
    for append in ('', 'iommu.strict=1', 'iommu=pt'):
        with boot(append=append, extra=TRIXIE) as guest:
            guest.up(200)
            has(guest, 'Enabled IRQ remapping in x2apic mode')
            traffic(guest)


HYPERVISOR = '/machine/hypervisor-iommu'


def unit(guest, name):
    return json.loads(guest.qmp.command('qom-get', path=HYPERVISOR,
                                        property=name))


def replay(guest, request):
    """Makes a request as the VF would; what became of it."""
    guest.qmp.command('qom-set', path=HYPERVISOR, property='x-replay',
                      value=request)
    return unit(guest, 'x-replay-result')


def revoked():
    """a VF's requests pass while it is granted; late ones are blocked"""
    vf = ['-device', 'hv-vmbus', '-device', 'hv-vpci,id=v0',
          '-netdev', 'user,id=n0', '-device',
          'ixgbe-vf,id=vf0,netdev=n0,bus=v0.0,rid=0x380']
    # RAM that the kernel is told to leave alone.
    spare = 0xf000000
    with Guest(devices=vf, smp=2, append='memmap=1M$0xf000000 '
               'iovlab.ip=10.0.2.15/24') as guest:
        guest.up(200)
        guest.wait('ping -c 5 10.0.2.2')
        use, stats = unit(guest, 'use'), unit(guest, 'stats')
        need(use['domains'] == 1 and use['irtes'] > 0, use)
        need(stats['iotlb-hits'] > 0 and stats['irte-hits'] > 0, stats)
        need(unit(guest, 'faults') == [], 'faults while granted')
        result = replay(guest, f'dma-write:0x380:{spare}:256')
        need(result['result'] == 'done' and result['memory-changed'], result)
        result = replay(guest, f'dma-write:0x381:{spare + 256}:256')
        need(result['result'] == 'blocked', 'another requester got in')

        guest.qmp.command('device_del', id='vf0')
        guest.qmp.event('DEVICE_DELETED', device='vf0')
        need(not any(unit(guest, 'use').values()), unit(guest, 'use'))
        for request in (f'dma-write:0x380:{spare + 512}:256',
                        'msi:0x380:0xfee00018:0', 'msi:0x380:0xfee00000:0x41'):
            result = replay(guest, request)
            need(result['result'] == 'blocked' and result['faults'] == 1 and
                 not result['memory-changed'], result)
        reasons = [fault['reason'] for fault in unit(guest, 'faults')[-3:]]
        need(reasons == [0x02, 0x22, 0x25], reasons)


main(revoked, modes, options, reference, trixie)
