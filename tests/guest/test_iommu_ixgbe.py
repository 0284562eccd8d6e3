#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The 82599's PF and VFs behind vtd-iommu: groups, interrupts, who reaches
whom.  (Traffic is judged by test_ixgbe_*.py, which run behind it as well.)"""
# timeout: 1500
import re
import tempfile

from guest import Guest, echoes, image, main, need, need_device
from iommu_guest import FAULTS
from ixgbe_guest import take_vf
from peer import DatagramPeer

PF = '/sys/bus/pci/devices/0000:01:00.0'
VFS = 2


def start(unit, append, place, suite):
    peer = DatagramPeer(place)
    kernel = image('--suite', suite, '--package', 'linux-image-amd64',
                   '--module', 'ixgbe', '--module', 'vfio-pci',
                   '--program', 'iproute2')
    devices = ['-device', unit, '-device', 'pcie-root-port,id=rp1,slot=1',
               *peer.netdev('n0'), '-device',
               'ixgbe,bus=rp1,netdev=n0,mac=02:00:00:00:00:01']
    return peer, Guest(devices, kernel=kernel, memory='768', smp=2,
                       trouble=FAULTS, behind=None,
                       append='intel_iommu=on no_timer_check '
                              'iovlab.modules=ixgbe,ixgbevf '
                              'iovlab.ip=10.77.0.2/24 ' + append)


def ping(guest, address, space=''):
    echoes(guest, address, inside=f'ip netns exec {space} ' if space else '')


def enable(guest):
    """The VFs, each up in a network namespace vfN."""
    guest.check(f'echo {VFS} > {PF}/sriov_numvfs', 600)
    for vf in range(VFS):
        take_vf(guest, PF, vf, f'vf{vf}', f'10.77.0.{100 + vf}')


def groups(guest):
    """PF and VFs are in groups of their own: ACS is above them."""
    found = [guest.check(f'basename $(readlink {PF}{vf}/iommu_group)')
             for vf in ('', *(f'/virtfn{n}' for n in range(VFS)))]
    need(len(set(found)) == len(found), f'groups {found}')


def run(unit='vtd-iommu', append='', suite='bookworm'):
    need_device('ixgbe')
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        peer, guest = start(unit, append, place, suite)
        with guest:
            guest.up(600)
            need('Enabled IRQ remapping in x2apic mode' in
                 guest.check('dmesg'), 'no interrupt remapping')
            guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 120)
            ping(guest, '10.77.0.1')
            enable(guest)
            groups(guest)
            for vf in range(VFS):
                ping(guest, '10.77.0.1', f'vf{vf}')
                ping(guest, '10.77.0.2', f'vf{vf}')
                ping(guest, f'10.77.0.{100 + (vf + 1) % VFS}', f'vf{vf}')
            interrupts = guest.check('cat /proc/interrupts')
            need(re.search('IR-PCI-MSI.*eth0', interrupts), interrupts)
            need(not peer.wrong, f'on the wire: {peer.wrong[:5]}')
        peer.close()


def strict():
    """6.1, strict: PF, VFs and between them; a group for each"""
    run(append='iommu.strict=1')


def scalable():
    """6.12 in scalable mode"""
    run('vtd-iommu,x-scalable-mode=on', suite='trixie')


main(strict, scalable)
