#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Several remapping units, the platform's scopes, devices that come later."""
# timeout: 600
import os
import subprocess

from guest import ROOT, main, need
from iommu_guest import NIC, boot, has, traffic

TWO = ('-netdev', 'user,id=n0', '-device',
       'virtio-net-pci,netdev=n0,iommu_platform=on,disable-legacy=on,addr=4',
       '-device', 'pcie-root-port,id=rp0,chassis=1,addr=5',
       '-device', 'pcie-root-port,id=rp1,chassis=2,addr=6',
       '-netdev', 'user,id=n1,net=10.0.3.0/24', '-device',
       'virtio-net-pci,netdev=n1,iommu_platform=on,disable-legacy=on,bus=rp0')


def units():
    """a device, a root port with what is behind it, and all others"""
    with boot(units=['vtd-iommu', 'vtd-iommu,scope=04.0',
                     'vtd-iommu,scope=05.0,caching-mode=on'], nic=TWO) as guest:
        guest.up(200)
        has(guest, 'Enabled IRQ remapping in x2apic mode',
            r'DRHD base: 0x000000fed90000 flags: 0x1',
            r'DRHD base: 0x000000fed91000 flags: 0x0',
            r'IOAPIC id 0 under DRHD base  ?0xfed90000',
            r'HPET id 0 under DRHD base  ?0xfed90000')
        base = {}
        for unit in guest.check('ls /sys/class/iommu').split():
            place = guest.check(
                f'cat /sys/class/iommu/{unit}/intel-iommu/address').strip()
            base[place] = guest.check(f'ls /sys/class/iommu/{unit}/devices')
        need(len(base) == 3, base)
        need(base['fed91000'].split() == ['0000:00:04.0'], base)
        need('0000:00:05.0' in base['fed92000'] and
             '0000:01:00.0' in base['fed92000'], base)
        need('0000:00:1f.2' in base['fed90000'], base)
        guest.check('ip address add 10.0.3.15/24 dev eth1; ip link set eth1 '
                    'up')
        traffic(guest)
        traffic(guest, address='10.0.3.2')


def nodes():
    """units in NUMA nodes (RHSA)"""
    numa = ['-object', 'memory-backend-ram,id=m0,size=256M', '-numa',
            'node,nodeid=0,memdev=m0,cpus=0', '-object',
            'memory-backend-ram,id=m1,size=256M', '-numa',
            'node,nodeid=1,memdev=m1,cpus=1']
    with boot(units=['vtd-iommu,node=0', 'vtd-iommu,scope=04.0,node=1'],
              nic=TWO, devices=numa, smp='2,sockets=2') as guest:
        guest.up(200)
        has(guest, 'RHSA base: 0x000000fed90000 proximity domain: 0x0',
            'RHSA base: 0x000000fed91000 proximity domain: 0x1')
        traffic(guest)


def hotplug():
    """a device that is plugged in belongs to the unit of all others"""
    with boot(nic=[*NIC, '-device',
                   'pcie-root-port,id=rp1,chassis=2,addr=6',
                   '-netdev', 'user,id=n1,net=10.0.3.0/24']) as guest:
        guest.up(200)
        guest.qmp.command('device_add', driver='virtio-net-pci', bus='rp1',
                          netdev='n1', iommu_platform=True, id='late',
                          **{'disable-legacy': 'on'})
        guest.wait('test -e /sys/class/net/eth1', 60)
        guest.check('ip address add 10.0.3.15/24 dev eth1; ip link set eth1 '
                    'up')
        traffic(guest, address='10.0.3.2')


def refused():
    """what cannot be is refused with a reason"""
    for options, words in (
            (['vtd-iommu', 'vtd-iommu'], 'all but one need a scope'),
            (['vtd-iommu,scope=04.0', 'vtd-iommu,scope=04.0+05.0'],
             'in the scope of two units'),
            (['vtd-iommu,scope=4x'], 'no device of the root bus'),
            (['vtd-iommu,node=1'], 'no NUMA node 1'),
            (['vtd-iommu,reserved=5-3@04.0'], 'no reserved region'),
            (['vtd-iommu,page-requests=on'], 'need scalable mode'),
            (['vtd-iommu,aw-bits=40'], '39, 48 or 57')):
        front = []
        for one in options:
            front += ['-device', one]
        answer = subprocess.run(
            [os.path.join(ROOT, 'scripts', 'qemu'), '-M', 'q35', '-nodefaults',
             '-display', 'none', '-S', *front], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
            check=False)
        text = answer.stdout.decode()
        need(answer.returncode == 1 and words in text, f'{options}: {text}')


main(units, nodes, hotplug, refused)
