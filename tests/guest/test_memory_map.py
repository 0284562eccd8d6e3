#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A processor reads registers while another changes the memory map."""
# timeout: 200
import re

from guest import Guest, image, main, need, need_device
from iommu_guest import program

DEVICES = '/sys/bus/pci/devices'
PF = f'{DEVICES}/0000:01:00.0'
STATUS = 8


def other_bars():
    """A register stays what it is while other devices' BARs come and go"""
    ports = [option for number in (1, 2) for option in
             ('-device', f'pcie-root-port,id=rp{number},slot={number}')]
    cards = ['-device', 'ixgbe,bus=rp1', '-device',
             'ixgbe,bus=rp2,addr=0.0,multifunction=on',
             '-device', 'ixgbe,bus=rp2,addr=0.1']
    with Guest([*ports, *cards], kernel=image(*program('map')),
               smp=2) as guest:
        guest.up()
        guest.check(f'for f in {PF} {DEVICES}/0000:02:00.*; do '
                    'echo 1 > $f/enable || exit 1; done')
        bridge = guest.check(f'dirname $(readlink -f {DEVICES}/0000:02:00.0)')
        # What moves in QEMU's table of the map is what is higher up: both ways.
        for times, port, resource in (
                (300, bridge, f'{PF}/resource0'),
                (300, f'$(dirname $(readlink -f {PF}))',
                 f'{DEVICES}/0000:02:00.0/resource0')):
            output = guest.check(f'iovlab-map {port}/config {resource} '
                                 f'{STATUS} {times}', 100)
            print('#', output, flush=True)
            found = re.search(r'(\d+) changes, (\d+) reads, 0 wrong', output)
            need(found and int(found[2]) > times, output)


need_device('ixgbe')
main(other_bars)
