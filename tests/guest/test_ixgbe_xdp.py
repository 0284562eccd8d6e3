#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""XDP on ixgbe's PF and on ixgbevf, loaded by Debian's ip: pass, drop, send
back, redirect; what comes back is compared byte by byte."""
# timeout: 600
# behind: lazy strict pt reference-strict
import os
import tempfile
import time

from bpf_object import xdp_object
from guest import main, need, need_device
from ixgbe_guest import inside, kernel, pair, reachable, statistics

HERE = bytes.fromhex('02007700fefe')
PF_MAC, VF_MAC = bytes.fromhex('020000000001'), bytes.fromhex('020000000103')
SIZES = (60, 61, 64, 128, 255, 700, 1500, 1513, 1514)
BACK, DROPPED, AWAY = b'\x88\xb5', b'\x88\xb6', b'\x88\xb7'


class Echoes:
    """Sends frames on the wire and keeps what comes back to HERE."""

    def __init__(self, judge):
        self.judge = judge
        self.got = []
        judge.watch = self.look

    def look(self, frame):
        if frame[:6] == HERE:
            self.got.append(frame)

    def exchange(self, target, kind, rounds=5, answered=True):
        """(sent, back): as sorted lists; all are waited for, if answered."""
        self.got.clear()
        sent = []
        for n in range(rounds):
            for size in SIZES:
                body = bytes((n * 7 + size + i) & 0xff
                             for i in range(size - 14))
                sent.append(body)
                self.judge.send(target + HERE + kind + body)
            time.sleep(0.1)
        end = time.monotonic() + (60 if answered else 1.5)
        while time.monotonic() < end and len(self.got) < len(sent):
            time.sleep(0.1)
        for frame in self.got:
            need(frame[6:14] == target + kind, f'came back as {frame[:14]}')
        return sorted(sent), sorted(frame[14:] for frame in self.got)


def judge_actions(guest, echoes, target, space, name, kinds):
    """Every action of the program; and none after it is taken away."""
    run = inside(space)
    need(not echoes.exchange(target, BACK, 1, False)[1], 'before a program')
    guest.check(f'{run}ip link set dev {name} xdpdrv obj /xdp.o sec xdp', 60)
    need('prog/xdp' in guest.check(f'{run}ip link show {name}'), 'no program')
    guest.wait(f'test "$({run}cat /sys/class/net/{name}/carrier)" = 1', 60)
    reachable(guest, space=space)
    for kind in kinds:
        sent, back = echoes.exchange(target, kind)
        need(sent == back, f'{name}, {kind.hex()}: of {len(sent)} frames '
                           f'{len(back)} came back, '
                           f'{len(set(sent) & set(back))} as they were')
    _, back = echoes.exchange(target, DROPPED, answered=False)
    need(not back, f'{len(back)} dropped frames came back')
    reachable(guest, space=space)
    have = statistics(guest, space, name)
    print(f'# {name}: ' + ', '.join(f'{key} {value}' for key, value
                                    in have.items() if 'xdp' in key))
    guest.check(f'{run}ip link set dev {name} xdpdrv off', 60)
    guest.wait(f'test "$({run}cat /sys/class/net/{name}/carrier)" = 1', 60)
    reachable(guest, space=space)
    need(not echoes.exchange(target, BACK, 1, False)[1], 'it is still there')


def physical(guest, echoes):
    """The PF: XDP_TX, XDP_DROP, XDP_REDIRECT, XDP_PASS; jumbo is refused"""
    guest.check('ethtool -K eth0 lro off', 60)
    reachable(guest)
    judge_actions(guest, echoes, PF_MAC, '', 'eth0', (BACK, AWAY))
    guest.check('ip link set eth0 mtu 9710', 60)
    need(guest.run('ip link set dev eth0 xdpdrv obj /xdp.o sec xdp', 60)[0],
         'XDP with frames of several buffers')
    guest.check('ip link set eth0 mtu 1500', 60)
    reachable(guest)


def virtual(guest, echoes):
    """A VF: XDP_TX, XDP_DROP, XDP_PASS"""
    device = '/sys/class/net/eth0/device'
    guest.check(f'echo 1 > {device}/sriov_numvfs', 300)
    guest.wait(f'ls {device}/virtfn0/net/ | grep -q eth', 120)
    name = guest.check(f'ls {device}/virtfn0/net/')
    guest.check(f'ip netns add v && ip link set {name} netns v && '
                f'ip -n v link set {name} name nic address '
                f'{VF_MAC.hex(":")} && ip -n v addr add 10.77.0.3/24 dev nic '
                '&& ip -n v link set nic up', 60)
    reachable(guest, space='v')
    judge_actions(guest, echoes, VF_MAC, 'v', 'nic', (BACK,))


def one_boot():
    """XDP on the PF, then on a VF, with Linux 6.12"""
    with tempfile.TemporaryDirectory(prefix='iovlab-xdp-') as place:
        path = os.path.join(place, 'xdp.o')
        with open(path, 'wb') as file:
            file.write(xdp_object())
        booted = kernel(suite='trixie', more=('--add', f'{path}:/xdp.o'))
        with pair(booted, smp=2) as (guest, judge):
            echoes = Echoes(judge)
            for part in (physical, virtual):
                part(guest, echoes)
                print(f'# {part.__doc__}', flush=True)


need_device('ixgbe')
main(one_boot)
