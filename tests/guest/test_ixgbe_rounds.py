#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ixgbe comes and goes: rounds of VFs and of binding, and hot unplug with VFs
enabled; nothing of it stays behind in the guest's kernel or in QEMU.

IOVLAB_ROUNDS is how many of each; with fewer it is done sooner.
"""
# timeout: 2400
# behind: strict lazy-6.12 pt-6.12 reference-pt
import contextlib
import os
import re
import tempfile
import time

from behind import MODE
from guest import Guest, main, need, need_device
from ixgbe_guest import kernel, reachable, said
from peer import DatagramPeer

# Behind a unit it is seen that each mode lets go of what a round mapped.
ROUNDS = int(os.environ.get('IOVLAB_ROUNDS', '20' if MODE else '1000'))
PF = '/sys/bus/pci/devices/0000:01:00.0'
BIND = '/sys/bus/pci/drivers/ixgbe'
DEVICE = {'driver': 'ixgbe', 'id': 'pf', 'bus': 'rp1', 'netdev': 'n0',
          'mac': '02:00:00:00:00:01'}


# The guest's clock counts instructions and skips what it would sleep: of a
# round of VFs a second and more is msleep().
NO_SLEEP = ('-icount', 'shift=5,sleep=off')


@contextlib.contextmanager
def card():
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        peer = DatagramPeer(place)
        devices = ['-device', 'pcie-root-port,id=rp1,slot=1',
                   *peer.netdev('n0'), '-device',
                   ','.join([DEVICE['driver']] + [
                       f'{key}={value}' for key, value in DEVICE.items()
                       if key != 'driver'])]
        with Guest(devices, kernel=kernel(), memory='512', smp=2,
                   append='iovlab.ip=10.77.0.2/24') as guest:
            guest.up(600)
            reachable(guest, '10.77.0.1')
            yield guest
        peer.close()


def held(guest):
    """What QEMU holds, the guest's memory and the code that it made for it
    apart: KiB; and its objects."""
    total = size = 0
    code = False
    with open(f'/proc/{guest.process.pid}/smaps', encoding='ascii') as maps:
        for line in maps:
            found = re.match(r'(Size|Rss): +(\d+) kB', line)
            if re.match('[0-9a-f]+-[0-9a-f]+ ', line):
                code = 'wx' in line.split()[1]
            elif found and found[1] == 'Size':
                size = int(found[2])
            elif found and size < 500 << 10 and not code:
                total += int(found[2])
    lines = 0
    for what in ('info mtree', 'info qom-tree', 'info qtree'):
        text = guest.qmp.command('human-monitor-command',
                                 **{'command-line': what})
        lines += len(text.splitlines())
    return total, lines


def kept(guest):
    """What the guest's kernel holds: KiB that are not free and no cache."""
    guest.check('sync; echo 3 > /proc/sys/vm/drop_caches')
    text = guest.check('cat /proc/meminfo')
    have = {name: int(value) for name, value in
            re.findall(r'^(\w+): +(\d+) kB', text, re.M)}
    return have['SUnreclaim'] + have['VmallocUsed'] + have['PageTables']


def interrupts(guest):
    """How many the guest's kernel has taken, from vectors to legacy lines."""
    return int(guest.check('ls /sys/kernel/irq | wc -l'))


def rounds(guest, what, line, count=ROUNDS):
    """Runs a shell line count times; nothing may be more afterwards."""
    def repeat(times):
        guest.check(f'for i in $(seq {times}); do {line} || break; done; '
                    f'test $i = {times}', 20 * times)
    repeat(min(max(count // 5, 3), 30))
    before = (*held(guest), kept(guest), interrupts(guest))
    start = time.monotonic()
    done = 0
    while done < count:
        some = min(count - done, 10)
        repeat(some)
        done += some
    spent = time.monotonic() - start
    after = (*held(guest), kept(guest), interrupts(guest))
    print(f'# {count} rounds of {what}, {spent / count:.2f} s each; QEMU: '
          f'{before[0]} to {after[0]} KiB, {before[1]} to {after[1]} lines of '
          f'objects; guest: {before[2]} to {after[2]} KiB, {before[3]} to '
          f'{after[3]} interrupts', flush=True)
    need(after[1] == before[1], f'{what}: QEMU has more objects')
    need(after[3] == before[3], f'{what}: the guest has more interrupts')
    # Allocators keep some; a leak of a page in each round would show.
    need(after[0] - before[0] < 8000 + 3 * count, f'{what}: QEMU grows')
    need(after[2] - before[2] < 2000 + 3 * count, f'{what}: the guest grows')


def come_and_go():
    """Rounds of VFs, of the PF's and of a VF's binding leave nothing behind"""
    devices = [*NO_SLEEP, '-device', 'pcie-root-port,id=rp1,slot=1',
               '-netdev', 'hubport,id=n0,hubid=0', '-device',
               'ixgbe,bus=rp1,netdev=n0']
    with Guest(devices, kernel=kernel(), memory='512') as guest:
        guest.up(600)
        guest.check('echo 0 > /proc/sys/kernel/printk')
        guest.check(f'echo 0 > {PF}/sriov_drivers_autoprobe')
        rounds(guest, 'VFs', f'echo 4 > {PF}/sriov_numvfs && '
               f'test -e {PF}/virtfn3 && echo 0 > {PF}/sriov_numvfs')
        guest.check(f'echo 1 > {PF}/sriov_drivers_autoprobe')
        rounds(guest, 'VFs with drivers', f'echo 4 > {PF}/sriov_numvfs && '
               f'test -e {PF}/virtfn3/net && echo 0 > {PF}/sriov_numvfs',
               ROUNDS // 10)
        rounds(guest, 'binding the PF',
               f'echo 0000:01:00.0 > {BIND}/unbind && '
               f'echo 0000:01:00.0 > {BIND}/bind && test -e {PF}/net')
        guest.check(f'ip link set eth0 up; echo 1 > {PF}/sriov_numvfs')
        guest.wait(f'grep -q 1 {PF}/net/*/carrier', 60)
        vf = guest.check(f'basename $(readlink {PF}/virtfn0)')
        rounds(guest, 'binding a VF',
               f'echo {vf} > {BIND}vf/unbind && echo {vf} > {BIND}vf/bind && '
               f'test -e {PF}/virtfn0/net')
        guest.check(f'ip link set $(ls {PF}/virtfn0/net) up')
        guest.wait(f'grep -q 1 {PF}/virtfn0/net/*/carrier', 60)
        guest.check(f'echo 0 > {PF}/sriov_numvfs')
        # Its loopback waits for 200 ms, which such a clock may skip before the
        # device has had its turn.
        guest.wait('ethtool -t eth0 offline', 60)
        said(guest)


def unplug():
    """device_del with VFs enabled and in use, device_add: both work again"""
    with card() as guest:
        for turn in range(2):
            guest.check(f'echo 3 > {PF}/sriov_numvfs', 120)
            for vf in range(3):
                guest.wait(f'test -e {PF}/virtfn{vf}/net', 60)
                name = guest.check(f'ls {PF}/virtfn{vf}/net')
                guest.check(f'ip link set {name} up')
            guest.qmp.command('device_del', id='pf')
            guest.qmp.event('DEVICE_DELETED', 60, device='pf')
            guest.wait(f'! test -e {PF}', 60)
            need(guest.check('ls /sys/class/net') == 'lo', 'a NIC is left')
            guest.qmp.command('device_add', **DEVICE)
            guest.wait('test -e /sys/class/net/eth0', 120)
            guest.check('ip addr add 10.77.0.2/24 dev eth0; '
                        'ip link set eth0 up')
            reachable(guest, '10.77.0.1')
        said(guest, 'MAC address not assigned|Adapter removed')


need_device('ixgbe')
main(come_and_go, unplug)
