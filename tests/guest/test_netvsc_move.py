#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hv-net under traffic: migrated through a file, stopped, tagged."""
# timeout: 500
import contextlib
import os
import tempfile

from guest import LOGS, Guest, image, main, need, need_device

NAMES = ('one', 'two')


def nic(directory, me, other):
    return ['-device', 'hv-vmbus', '-netdev',
            f'dgram,id=n0,local.type=unix,local.path={directory}/{me},'
            f'remote.type=unix,remote.path={directory}/{other}',
            '-device', f'hv-net,id=nic,netdev=n0,'
                       f'mac=02:00:00:00:00:0{1 + NAMES.index(me)}']


@contextlib.contextmanager
def pair(smp=1, kernel=None):
    """Two guests on one wire, 10.0.0.1 and 10.0.0.2, and its directory."""
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        with Guest(nic(place, 'one', 'two'), smp=smp, name='one',
                   kernel=kernel, append='iovlab.ip=10.0.0.1/24') as one, \
             Guest(nic(place, 'two', 'one'), smp=smp, name='two',
                   kernel=kernel, append='iovlab.ip=10.0.0.2/24') as two:
            one.up()
            two.up()
            two.wait('ping -c 1 -W 1 10.0.0.1')
            yield one, two, place


def start_transfer(source, target, address, megabytes, port=5000):
    source.check('head -c %d /dev/urandom > /tmp/sent%d'
                 % (megabytes << 20, port))
    # busybox's nc ends when its input does: the fifo has none.
    target.check(f'mkfifo /tmp/hold{port}; sleep 999 > /tmp/hold{port} & '
                 f'(nc -l -p {port} < /tmp/hold{port} > /tmp/got{port}; '
                 f'touch /tmp/done{port}) > /dev/null 2>&1 &')
    source.check(f'(until nc {address} {port} < /tmp/sent{port}; do sleep 0.2;'
                 ' done) > /dev/null 2>&1 &')


def finish_transfer(source, target, port=5000):
    target.wait(f'test -e /tmp/done{port}', 200)
    sums = [guest.check(f'sha1sum < /tmp/{name}{port}')
            for guest, name in ((source, 'sent'), (target, 'got'))]
    need(sums[0] == sums[1], f'{sums[0]} was sent, {sums[1]} arrived')


def events(guest):
    guest.qmp.command('migrate-set-capabilities', capabilities=[
        {'capability': 'events', 'state': True}])


def migrate():
    """TCP both ways goes on over three migrations through a file"""
    with pair(smp=2) as (one, two, place):
        state = os.path.join(place, 'state')
        start_transfer(one, two, '10.0.0.2', 24)
        start_transfer(two, one, '10.0.0.1', 24, 5001)
        old = one
        for number in range(3):
            old.run('sleep 0.5')
            events(old)
            old.qmp.command('migrate', uri='file:' + state)
            old.qmp.event('MIGRATION', status='completed')
            old.stop()
            if os.path.exists(os.path.join(place, 'one')):
                os.unlink(os.path.join(place, 'one'))
            new = Guest(nic(place, 'one', 'two') +
                        ['-incoming', 'defer'], smp=2, name=f'one-{number}')
            new.start()
            events(new)
            new.qmp.command('migrate-incoming', uri='file:' + state)
            new.qmp.event('MIGRATION', 60, status='completed')
            new.qmp.event('RESUME', 60)
            old = new
        try:
            finish_transfer(old, two)
            finish_transfer(two, old, 5001)
            need(not old.trouble.search(old.console()),
                 f'trouble in {old.log}')
        finally:
            old.stop()


def stop_and_go():
    """TCP goes on over twenty stops of the machine"""
    with pair() as (one, two, _):
        start_transfer(one, two, '10.0.0.2', 24)
        for _ in range(20):
            one.qmp.command('stop')
            one.qmp.command('cont')
            one.run('usleep 50000')
        finish_transfer(one, two)


def vlan():
    """TCP on a VLAN interface: tags travel beside the frame"""
    with pair(kernel=image('--module', '8021q')) as (one, two, _):
        for number, guest in enumerate((one, two), 1):
            guest.check('ip link add link eth0 name eth0.5 type vlan id 5 && '
                        f'ip address add 10.5.0.{number}/24 dev eth0.5 && '
                        'ip link set eth0.5 up')
        one.wait('ping -c 1 -W 1 10.5.0.2')
        start_transfer(one, two, '10.5.0.2', 8)
        finish_transfer(one, two)
        one.wait('ping -c 1 -s 1472 -W 5 10.5.0.2')


need_device('hv-vmbus', 'hv-net')
os.makedirs(LOGS, exist_ok=True)
main(migrate, stop_and_go, vlan)
