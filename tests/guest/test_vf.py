#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ixgbe-vf on its own (no host process), driven by Linux's ixgbevf."""
# timeout: 300
import shutil
import tempfile

from guest import Guest, image, main, need, need_device
from peer import DatagramPeer

MAC = '52:54:00:aa:00:01'
VF = f'ixgbe-vf,id=vf0,netdev=n0,mac={MAC}'
# The IOMMU is the hypervisor's: the guest does not see it.
VPCI = ['-device', 'hv-vmbus', '-device', 'vtd-iommu,owner=hypervisor',
        '-device', 'hv-vpci,id=vpci0', '-device', VF + ',bus=vpci0.0,rid=0x180']
PCIE = ['-device', 'pcie-root-port,id=root',
        '-device', VF + ',bus=root']


def with_peer(devices, *parts, **options):
    directory = tempfile.mkdtemp(prefix='iovlab-test-')
    peer = DatagramPeer(directory)
    try:
        with Guest(devices=peer.netdev('n0') + devices,
                   append='iovlab.ip=10.77.0.2/24', **options) as guest:
            guest.up(120)
            guest.wait('grep 1 /sys/class/net/eth0/carrier')
            need(guest.check('cat /sys/class/net/eth0/address') == MAC,
                 'another address')
            for part in parts:
                part(guest)
        need(not peer.wrong, f'wrong frames: {peer.wrong[:5]}')
    finally:
        peer.close()
        shutil.rmtree(directory)


def pings(guest):
    for size in (0, 56, 1000, 1472):
        guest.wait(f'ping -c 1 -W 5 -s {size} 10.77.0.1')


def device_id(expected):
    def test(guest):
        found = guest.check('cat /sys/class/net/eth0/device/device')
        need(found == expected, f'the device is {found}')
        pings(guest)
    return test


def root_port():
    """On a PCIe root port the VF is 8086:10ed with its mailbox"""
    with_peer(PCIE, device_id('0x10ed'), smp=2)


def newer_kernel():
    """Both with Debian 13's kernel (6.12)"""
    kernel = image('--suite', 'trixie')
    with_peer(VPCI, device_id('0x152e'), smp=2, kernel=kernel)
    with_peer(PCIE, device_id('0x10ed'), smp=2, kernel=kernel)


def down_and_up(guest):
    """The interface goes down and up (reset of the VF) ten times"""
    for _ in range(10):
        guest.check('ip link set eth0 down && ip link set eth0 up')
    guest.wait('ping -c 1 -W 1 10.77.0.1')


def eject(guest):
    """device_del of the VF is an eject; a new one can be plugged"""
    pings(guest)
    for _ in range(3):
        guest.qmp.command('device_del', id='vf0')
        guest.qmp.event('DEVICE_DELETED', device='vf0')
        guest.wait('test ! -e /sys/class/net/eth0')
        guest.qmp.command('device_add', driver='ixgbe-vf', id='vf0',
                          bus='vpci0.0', netdev='n0', mac=MAC, rid=0x180)
        guest.wait('test -e /sys/class/net/eth0')
        guest.check('ip address add 10.77.0.2/24 dev eth0 && '
                    'ip link set eth0 up')
        guest.wait('ping -c 1 -W 1 10.77.0.1')


def surprise(guest):
    """device_del of the bus removes the VF by surprise; the guest lives"""
    pings(guest)
    guest.qmp.command('device_del', id='vpci0')
    guest.qmp.event('DEVICE_DELETED', device='vf0')
    guest.qmp.event('DEVICE_DELETED', device='vpci0', seconds=60)
    guest.wait('test ! -e /sys/class/net/eth0')
    guest.check('true')


def virtual_bus():
    """On a virtual PCI bus the VF is 8086:152e: frames, down and up, eject,
    surprise"""
    with_peer(VPCI, device_id('0x152e'), down_and_up, eject, surprise, smp=2)


need_device('hv-vmbus', 'hv-vpci', 'ixgbe-vf', 'vtd-iommu')
main(virtual_bus, root_port, newer_kernel)
