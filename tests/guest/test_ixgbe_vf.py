#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A stock ixgbevf on ixgbe-vf, stand-alone: traffic of all kinds, reloads."""
# timeout: 500
# behind: strict lazy-6.12 pt-6.12 reference-pt
import contextlib
import os
import tempfile

from behind import MODE
from guest import Guest, echoes, main, need, need_device

MAC = '02:00:00:00:00:0{}'


def vf(number, netdev, more=''):
    return ['-device', f'pcie-root-port,id=rp{number},slot={number}',
            '-netdev', netdev + ',id=n0', '-device',
            f'ixgbe-vf,bus=rp{number},netdev=n0,mac={MAC.format(number)}'
            + more]


def wire_in(place):
    return f'addr.type=unix,addr.path={place}/wire'


@contextlib.contextmanager
def two_guests(smp=1, more=''):
    """Guests 1 and 2 (10.0.0.1, 10.0.0.2), a VF each, on one wire."""
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        wire = wire_in(place)
        with Guest(vf(1, f'stream,server=on,{wire}', more), smp=smp,
                   append='iovlab.ip=10.0.0.1/24') as one, \
             Guest(vf(2, f'stream,server=off,{wire}', more), smp=smp,
                   append='iovlab.ip=10.0.0.2/24') as two:
            for guest in (one, two):
                guest.up(300)
                guest.wait('grep -q 1 /sys/class/net/eth0/carrier')
            two.wait('ping -c 1 -W 1 10.0.0.1')
            yield one, two


def transfer(source, target, address, megabytes=8):
    """A file over TCP, compared at the end."""
    source.check('head -c %d /dev/urandom > /tmp/sent' % (megabytes << 20))
    # busybox's nc ends when its input does: the fifo has none.
    target.check('rm -f /tmp/got /tmp/hold; mkfifo /tmp/hold; '
                 'sleep 999 > /tmp/hold & '
                 '(nc -l -p 5000 < /tmp/hold > /tmp/got; '
                 'touch /tmp/done) > /dev/null 2>&1 &')
    source.wait(f'nc -w 20 {address} 5000 < /tmp/sent', 60)
    target.wait('test -e /tmp/done')
    sums = [guest.check(f'sha1sum < /tmp/{name}')
            for guest, name in ((source, 'sent'), (target, 'got'))]
    target.check('rm /tmp/done')
    need(sums[0] == sums[1], f'{sums[0]} was sent, {sums[1]} arrived')


def frames(guest, address, sizes):
    for size in sizes:
        echoes(guest, address, 3, more=f'-s {size}')


def traffic(one, two):
    """frames of all sizes, TCP both ways"""
    one.wait_console('NIC Link is Up 10 Gbps')
    frames(two, '10.0.0.1', (0, 1, 17, 18, 19, 46, 64, 500, 1472, 4000, 20000))
    transfer(one, two, '10.0.0.2')
    transfer(two, one, '10.0.0.1')
    errors = two.check('cat /sys/class/net/eth0/statistics/*_errors')
    need(set(errors.split()) == {'0'}, f'errors were counted: {errors}')


def jumbo(one, two):
    """MTU 9000: large frames and TCP"""
    for guest in (one, two):
        guest.check('ip link set eth0 mtu 9000')
        guest.wait('grep -q 1 /sys/class/net/eth0/carrier')
    two.wait('ping -c 1 -W 1 10.0.0.1')
    frames(two, '10.0.0.1', (1472, 3000, 8000, 8972, 30000))
    transfer(one, two, '10.0.0.2')
    for guest in (one, two):
        guest.check('ip link set eth0 mtu 1500')
    two.wait('ping -c 1 -W 1 10.0.0.1')


def reload(_, two):
    """The driver comes and goes 50 times"""
    two.check('for i in $(seq 50); do rmmod ixgbevf && '
              'modprobe ixgbevf || exit 1; done', 200)
    two.check('ip addr add 10.0.0.2/24 dev eth0; ip link set eth0 up')
    two.wait('ping -c 1 -W 1 10.0.0.1')


def reset(_, two):
    """A function level reset from sysfs; then the driver starts over"""
    two.check('echo 1 > /sys/class/net/eth0/device/reset')
    two.check('ip link set eth0 down; ip link set eth0 up')
    two.wait('ping -c 1 -W 1 10.0.0.1', 60)


def migrate(one, two):
    """Stand-alone it is saved and restored; the driver notices nothing"""
    def events(guest):
        guest.qmp.command('migrate-set-capabilities', capabilities=[
            {'capability': 'events', 'state': True}])

    two.check('ip link set eth0 mtu 3000')
    two.wait('grep -q 1 /sys/class/net/eth0/carrier')
    before = two.check('dmesg | grep -c ixgbevf; '
                       'grep eth0 /proc/net/dev_mcast')
    two.check('ping 10.0.0.1 > /tmp/ping 2>&1 &')
    events(two)
    state = two.dir + '/state'
    two.qmp.command('migrate', uri='file:' + state)
    two.qmp.event('MIGRATION', status='completed')
    with open(state, 'rb') as stream:
        saved = stream.read()
    # Its console so far is not kept.
    two.healthy()
    if two.behind:
        two.remapped()
    two.stop()
    two.options = [option.replace(two.dir, two.dir + 'b')
                   for option in two.options] + ['-incoming', 'defer']
    two.dir += 'b'
    os.mkdir(two.dir)
    with open(two.dir + '/state', 'wb') as stream:
        stream.write(saved)
    two.start()
    events(two)
    two.qmp.command('migrate-incoming', uri=f'file:{two.dir}/state')
    two.qmp.event('MIGRATION', status='completed')
    frames(one, '10.0.0.2', (0, 1000))
    frames(two, '10.0.0.1', (0, 1000, 2900))
    after = two.check('dmesg | grep -c ixgbevf; '
                      'grep eth0 /proc/net/dev_mcast')
    # The guest's IPv6 may join one more group meanwhile.
    need(set(before.split()) <= set(after.split()) and
         before.split()[0] == after.split()[0],
         f'before: {before}, after: {after}')
    transfer(one, two, '10.0.0.2')
    # The PF driver still talks to it.
    two.check('ip link set eth0 mtu 1500')
    two.wait('ping -c 1 -W 1 10.0.0.1')


def link(_, two):
    """set_link is seen by the driver, both ways"""
    for up in (False, True):
        two.qmp.command('set_link', name='n0', up=up)
        two.wait(f'grep -q {int(up)} /sys/class/net/eth0/carrier')
    two.wait('ping -c 1 -W 1 10.0.0.1')


def shared(smp, more, *parts):
    """The parts on one boot of two guests."""
    with two_guests(smp, more) as guests:
        for part in parts:
            part(*guests)
            print(f'# {part.__doc__}', flush=True)


def processors_1():
    """One processor: all there is"""
    shared(1, ',id=vf0', traffic, jumbo, link, reset, reload, migrate)


def processors_4():
    """Four processors: frames of all sizes and TCP both ways"""
    shared(4, '', traffic)


def behind_unit():
    """Four processors: traffic, MTU 9000, reset, migration"""
    shared(4, ',id=vf0', traffic, jumbo, reset, migrate)


def hyperv():
    """Frames and TCP with the Hyper-V flavour, which has no mailbox"""
    shared(2, ',flavour=hyperv', traffic)


need_device('ixgbe-vf')
main(*((behind_unit,) if MODE else (processors_1, processors_4)), hyperv)
