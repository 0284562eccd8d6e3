#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames a second that a guest sends through a NIC behind a remapping unit.

Usage: bench/iommu-traffic.py [--frames N] [--size BYTES] [--repeat N]
                              [--nic DEVICE] [--module NAME] [CASE...]

Boots Debian's kernel once for each case (no unit, then vtd-iommu and QEMU's
intel-iommu in pass-through, lazy and strict mode, and vtd-iommu in scalable
mode), sends with the kernel's pktgen to a network that takes everything, and
prints one line of JSON for each.  "relative" is the rate beside that without a
unit.  The default NIC is virtio-net behind the unit; --nic takes any other,
for instance --nic igb --module igb.
"""
import argparse
import json
import os
import re
import socket
import statistics
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'guest'))
from guest import Guest, image, need  # noqa: E402

MODES = {
    'pass-through': 'iommu=pt',
    'lazy': 'iommu.strict=0',
    'strict': 'iommu.strict=1',
}
UNITS = {
    'vtd-iommu': 'vtd-iommu',
    'vtd-iommu-scalable': 'vtd-iommu,x-scalable-mode=on',
    'intel-iommu': 'intel-iommu,intremap=on,eim=on',
}
CASES = ['none'] + [f'{unit}/{mode}' for unit in UNITS for mode in MODES]
VIRTIO = 'virtio-net-pci,iommu_platform=on,disable-legacy=on'


def send(guest, frames, size):
    """One run of pktgen: frames a second."""
    device = '/proc/net/pktgen/eth0'
    for line in (f'count {frames}', f'pkt_size {size}', 'delay 0',
                 'clone_skb 0', 'dst 10.0.9.2',
                 'dst_mac 02:00:00:00:00:02'):
        guest.check(f'echo "{line}" > {device}')
    guest.check('echo start > /proc/net/pktgen/pgctrl', 300)
    found = re.search(r'(\d+)pps', guest.check(f'cat {device}'))
    need(found, 'pktgen has no result')
    return int(found.group(1))


def measure(case, options):
    # A socket that nobody reads takes everything: what is too much is lost.
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(('127.0.0.1', 0))
    devices, append = [], 'intel_iommu=off '
    if case != 'none':
        unit, mode = case.split('/')
        devices = ['-device', UNITS[unit]]
        append = f'intel_iommu=on no_timer_check {MODES[mode]} '
    devices += ['-netdev', 'socket,id=n0,udp=127.0.0.1:'
                f'{sink.getsockname()[1]},localaddr=127.0.0.1:0', '-device',
                options.nic + ',netdev=n0']
    kernel = image('--only-module', options.module, '--module', 'virtio_pci',
                   '--module', 'pktgen')
    with Guest(kernel=kernel, smp=1, memory='512', devices=devices,
               append=append + 'iovlab.ip=10.0.9.1/24') as guest:
        guest.up(300)
        guest.wait('test "$(cat /sys/class/net/eth0/operstate)" != down', 60)
        guest.check('echo add_device eth0 > /proc/net/pktgen/kpktgend_0')
        send(guest, options.frames // 10, options.size)
        return [send(guest, options.frames, options.size)
                for _ in range(options.repeat)]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--frames', type=int, default=100000)
    parser.add_argument('--size', type=int, default=60)
    parser.add_argument('--repeat', type=int, default=3)
    parser.add_argument('--nic', default=VIRTIO)
    parser.add_argument('--module', default='virtio_net')
    parser.add_argument('case', nargs='*', choices=[[], *CASES], default=[])
    options = parser.parse_args()
    base = None
    for case in options.case or CASES:
        rates = measure(case, options)
        median = statistics.median(rates)
        if case == 'none':
            base = median
        print(json.dumps({
            'bench': 'iommu-traffic', 'case': case, 'size': options.size,
            'per_second': median, 'runs': rates,
            'relative': round(median / base, 3) if base else None}),
            flush=True)


main()
