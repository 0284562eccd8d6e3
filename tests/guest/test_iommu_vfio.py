#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VFIO in the guest: groups, a device of a program's own, what is refused."""
# timeout: 900
import re

from guest import TROUBLE, main, need
from iommu_guest import OURS, REFERENCE, TRIXIE, VFIO, boot, program

PORTS = ('-device', 'pcie-root-port,id=rp0,chassis=1,addr=5',
         '-device', 'vtd-test-endpoint,bus=rp0,addr=0.0',
         '-device', 'pcie-root-port,id=rp1,chassis=2,addr=6',
         '-device', 'vtd-test-endpoint,bus=rp1,addr=0.0,multifunction=on',
         '-device', 'vtd-test-endpoint,bus=rp1,addr=0.1')


def start(unit=OURS, append='', extra=(), devices=PORTS):
    return boot(unit=unit, append=append, devices=devices,
                extra=(*VFIO, *program('vfio'), *extra), trouble=TROUBLE)


def endpoints(guest):
    """{address: group} of the test endpoints."""
    lines = guest.check(
        'for d in /sys/bus/pci/devices/*; do '
        'grep -q 0x5644 $d/device && '
        'echo ${d##*/} $(basename $(readlink $d/iommu_group)); done; true')
    return dict(line.split() for line in lines.split('\n'))


def take(guest, address):
    """Binds to vfio-pci."""
    guest.check(f'echo vfio-pci > /sys/bus/pci/devices/{address}/'
                f'driver_override; echo {address} > '
                '/sys/bus/pci/drivers_probe; '
                f'test -e /sys/bus/pci/devices/{address}/driver')


def use(guest, address, group, rounds=20):
    output = guest.check(f'iovlab-vfio {group} {address} {rounds}', 300)
    need('all well' in output, output)


def assigned(unit, **more):
    with start(unit, **more) as guest:
        guest.up(200)
        found = endpoints(guest)
        groups = list(found.values())
        need(len(found) == 3, found)
        first, second, third = sorted(found)
        need(groups.count(found[first]) == 1,
             f'{first} shares its group: {found}')
        need(found[second] == found[third],
             f'functions of one device are apart: {found}')
        take(guest, first)
        use(guest, first, found[first])
        # What the program did not map was blocked and told.
        log = guest.check('dmesg')
        need(re.search(r'DMAR: \[DMA Write NO_PASID\] Request device '
                       r'\[%s\] fault addr 0x123410000 \[fault reason 0x'
                       % first[5:], log), 'no fault was reported')
        need(not re.search('Invalidation|hardware is malfunctioning', log),
             'the driver complains')


def program_of_its_own():
    """a group for the device; mapped memory is reached and no other"""
    assigned(OURS)
    assigned(OURS + ',x-scalable-mode=on,device-iotlb=on')
    assigned(OURS, append='iommu=pt')


def reference():
    """QEMU's own intel-iommu passes the same test"""
    assigned(REFERENCE)


def trixie():
    """Debian 13's kernel (6.12)"""
    assigned(OURS, extra=TRIXIE)


def no_remapping():
    """without interrupt remapping VFIO wants to be told that it is unsafe"""
    with start(OURS + ',intremap=off') as guest:
        guest.up(200)
        found = endpoints(guest)
        first = sorted(found)[0]
        take(guest, first)
        status, output = guest.run(f'iovlab-vfio {found[first]} {first} 1', 60)
        need(status == 1 and 'VFIO_SET_IOMMU' in output, output)
        need('No interrupt remapping' in guest.check('dmesg'), 'no reason')
        guest.check('echo 1 > /sys/module/vfio_iommu_type1/parameters/'
                    'allow_unsafe_interrupts')
        use(guest, first, found[first], 5)


def reserved():
    """a device with reserved memory (RMRR) is refused"""
    region = ',reserved=0xfeffc000-0xfeffcfff@07.0'
    with start(OURS + region, devices=('-device',
                                       'vtd-test-endpoint,addr=7')) as guest:
        guest.up(200)
        (address, group), = endpoints(guest).items()
        need('0x00000000feffc000 0x00000000feffcfff direct' in guest.check(
            f'cat /sys/kernel/iommu_groups/{group}/reserved_regions'),
             'no reserved region')
        take(guest, address)
        status, output = guest.run(f'iovlab-vfio {group} {address} 1', 60)
        need(status == 1 and 'VFIO_SET_IOMMU' in output, output)
        need('RMRR' in guest.check('dmesg'), 'no reason')


main(program_of_its_own, reference, trixie, no_remapping, reserved)
