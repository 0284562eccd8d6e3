#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic classes of ixgbe by Debian's dcb and tc: which queue a priority has,
its tag on the wire, priority flow control, and VFs beside classes."""
# timeout: 600
# behind: lazy strict-6.12 pt-6.12 reference-strict
import struct

from guest import main, need, need_device, wait_until
from ixgbe_guest import (EXPECTED, kernel, nic, inside, pair, reachable,
                         statistics, take_vf)

PF_MAC = bytes.fromhex('020000000001')
HERE = bytes.fromhex('02007700fefe')
FRAMES = 20
VLAN = 9
# While there are classes the PF's driver lets no VF choose one; 6.12 says so.
NO_VLANS = 'VF could not set VLAN 0'


class Tags:
    """Counts the VLAN tags of UDP on the wire."""

    def __init__(self, judge):
        self.seen = {}
        self.judge = judge
        judge.watch = self.look

    def look(self, frame):
        if frame[12:14] == b'\x81\0' and frame[27] == 17:
            tag, = struct.unpack_from('>H', frame, 14)
            self.seen[tag] = self.seen.get(tag, 0) + 1

    def send(self, priority):
        body = bytes(range(64))
        self.judge.send(PF_MAC + HERE + b'\x81\0'
                        + struct.pack('>H', priority << 13 | VLAN)
                        + b'\x88\xb5' + body)

    def pause(self, priority, quanta):
        """A PFC frame, IEEE 802.1Q."""
        self.judge.send(bytes.fromhex('0180c2000001') + HERE
                        + b'\x88\x08\x01\x01'
                        + struct.pack('>H', 1 << priority)
                        + b''.join(struct.pack('>H', quanta if n == priority
                                               else 0) for n in range(8))
                        + bytes(26))


def grown(guest, names, action, judge):
    """Waits until judge() is content with how these have grown."""
    before = statistics(guest)

    def have():
        after = statistics(guest)
        return [after.get(name, 0) - before.get(name, 0) for name in names]

    action()
    wait_until(lambda: judge(have()), lambda: f'{have()} of {names}', 30)
    return have()


def vlan(guest):
    qos = ' '.join(f'{n}:{n}' for n in range(8))
    for space, here in (('', 1), ('b', 2)):
        run, name = inside(space), f'{nic(space)}.{VLAN}'
        guest.check(f'{run}ip link add link {nic(space)} name {name} type '
                    f'vlan id {VLAN} egress-qos-map {qos} && '
                    f'{run}ip addr add 10.79.0.{here}/24 dev {name} && '
                    f'{run}ip link set {name} up')
    reachable(guest, '10.79.0.2')


def datagrams(guest, priority):
    guest.check(f'head -c {FRAMES * 100} /dev/zero | socat -b 100 -u - '
                f'UDP4-SENDTO:10.79.0.2:5000,priority={priority}')


def classes(guest, tags, count, class_of):
    """Each priority's queue, sent and received, and its tag."""
    for priority in range(8):
        tags.seen.clear()
        tc = class_of(priority)

        def enough(queues):
            return queues[tc] >= FRAMES

        sent = grown(guest, [f'tx_queue_{n}_packets' for n in range(count)],
                     lambda: datagrams(guest, priority), enough)
        need(sum(sent) - sent[tc] < 8,
             f'priority {priority}, class {tc}: sent by queues {sent}')
        tag = priority << 13 | VLAN
        wait_until(lambda: tags.seen.get(tag, 0) >= FRAMES,
                   lambda: f'priority {priority}: tags {tags.seen}')
        need(tags.seen == {tag: FRAMES},
             f'priority {priority}: tags {tags.seen}')

        def many():
            for _ in range(FRAMES):
                tags.send(priority)

        got = grown(guest, [f'rx_queue_{n}_packets' for n in range(count)],
                    many, enough)
        need(sum(got) - got[tc] < 8,
             f'priority {priority}, class {tc}: received by queues {got}')


def ets(guest, tags):
    """dcb ets: four classes with weights"""
    guest.check('dcb dcbx set dev eth0 host ieee')
    guest.check('dcb ets set dev eth0 willing off tc-tsa all:ets tc-bw 0:10 '
                '1:20 2:30 3:40 4:0 5:0 6:0 7:0 prio-tc 0:0 1:0 2:1 3:1 4:2 '
                '5:2 6:3 7:3', 60)
    guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
    need('3:40' in guest.check('dcb ets show dev eth0'), 'not kept')
    reachable(guest, '10.79.0.2')
    classes(guest, tags, 4, lambda priority: priority // 2)


def pfc(guest, tags):
    """dcb pfc: a PFC frame pauses and counts for the class of its priority"""
    guest.check('dcb pfc set dev eth0 prio-pfc all:off 5:on', 60)
    guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
    reachable(guest, '10.79.0.2')

    def some():
        for _ in range(FRAMES):
            tags.pause(5, 0xffff)
            tags.pause(3, 0xffff)
        tags.pause(5, 0)

    names = [f'rx_pb_{n}_pxoff' for n in range(8)] + \
        [f'rx_pb_{n}_pxon' for n in range(8)]
    got = grown(guest, names, some, lambda have: sum(have[8:]) >= 1)
    need(got[:8].count(0) == 6 and FRAMES in got[:8] and sum(got[8:]) == 1,
         f'PXOFF and PXON: {got}')
    print(f'# PXOFF {got[:8]}, PXON {got[8:]}')
    reachable(guest, '10.79.0.2')
    guest.check('dcb pfc set dev eth0 prio-pfc all:off', 60)


def beside_vfs(guest, _):
    """VFs while there are classes: traffic of both"""
    device = '/sys/class/net/eth0/device'
    guest.check(f'echo 2 > {device}/sriov_numvfs', 300)
    for vf in range(2):
        take_vf(guest, device, vf, f'v{vf}', f'10.77.0.1{vf}')
    guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
    for vf in range(2):
        reachable(guest, '10.77.0.2', f'v{vf}')
        reachable(guest, '10.77.0.1', f'v{vf}')
    reachable(guest, '10.77.0.11', 'v0')
    guest.check('ip link set eth0 vf 0 vlan 9 qos 5')
    guest.check('ip -n v0 addr add 10.79.0.10/24 dev nic')
    reachable(guest, '10.79.0.2', 'v0')
    guest.check('ip netns del v0; ip netns del v1; '
                f'echo 0 > {device}/sriov_numvfs', 120)
    reachable(guest)


def mqprio(guest, tags):
    """tc mqprio with hw 1: eight classes, four, none"""
    # Busybox has a tc of its own.
    guest.check('dcb ets set dev eth0 tc-bw all:0 tc-tsa all:strict '
                'prio-tc all:0', 60)
    reachable(guest)
    for count, each in ((8, 1), (4, 2)):
        table = ' '.join(str(n // each) for n in range(8))
        guest.check(f'/sbin/tc qdisc add dev eth0 root handle 100: mqprio num_tc '
                    f'{count} map {table} hw 1', 60)
        guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
        reachable(guest, '10.79.0.2')
        text = guest.check('/sbin/tc qdisc show dev eth0')
        need(f'tc {count}' in text, text)
        guest.check('/sbin/tc qdisc del dev eth0 root', 60)
        guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
        reachable(guest, '10.79.0.2')
    tags.seen.clear()


def one_boot():
    """Classes by dcb ets, dcb pfc, VFs beside them, mqprio, in one boot"""
    booted = kernel('8021q', 'sch_mqprio', programs=('socat',))
    with pair(booted, expected=f'{EXPECTED}|{NO_VLANS}') as (guest, judge):
        tags = Tags(judge)
        vlan(guest)
        for part in (ets, pfc, beside_vfs, mqprio):
            part(guest, tags)
            print(f'# {part.__doc__}', flush=True)


need_device('ixgbe')
main(one_boot)
