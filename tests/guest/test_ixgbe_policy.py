#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`ip link set ... vf` and `bridge link` of Debian's iproute2 on ixgbe: what
each setting does to traffic, with every frame on the wire seen."""
# timeout: 900
# behind: lazy strict-6.12 pt-6.12 reference-pt
import json
import re

from guest import ROOT, main, need, need_device, wait_until
from ixgbe_guest import (answered, inside, iperf, kernel, pair, reachable,
                         statistics, take_vf, unreachable)

PF = '/sys/class/net/eth0/device'
FAR = bytes.fromhex('020000000002')
TYPE = bytes.fromhex('88b5')
FRAMES = 20
LAST = b'the last one'


def vf_mac(vf):
    return bytes.fromhex(f'0200000001{vf:02x}')


def text_of(mac):
    return mac.hex(':')


def enable(guest, count=2):
    """VFs of eth0, each up in a namespace vN: 10.77.0.1N."""
    guest.check(f'echo {count} > {PF}/sriov_numvfs', 300)
    for vf in range(count):
        guest.check(f'ip link set eth0 vf {vf} mac {text_of(vf_mac(vf))}')
        guest.wait(f'ls {PF}/virtfn{vf}/net/ | grep -q eth', 120)
        # The driver reads its address when it is probed.
        guest.check(f'echo $(basename $(readlink {PF}/virtfn{vf})) > '
                    '/tmp/slot; cat /tmp/slot > '
                    '/sys/bus/pci/drivers/ixgbevf/unbind; cat /tmp/slot > '
                    '/sys/bus/pci/drivers/ixgbevf/bind', 120)
        take_vf(guest, PF, vf, f'v{vf}', f'10.77.0.1{vf}')
    for vf in range(count):
        carrier(guest, f'v{vf}', 1)
        reachable(guest, '10.77.0.2', f'v{vf}')


def carrier(guest, space, wanted):
    guest.wait(f'test "$({inside(space)}cat /sys/class/net/nic/carrier)" = '
               f'{wanted}', 60)


def shown(guest, vf=0):
    text = guest.check('ip -j -d link show eth0')
    return json.loads(text)[0]['vfinfo_list'][vf]


class Seen:
    """Frames of our type on the wire."""

    def __init__(self, judge):
        self.frames = []
        judge.watch = self.look

    def look(self, frame):
        if TYPE in (frame[12:14], frame[16:18]):
            self.frames.append(frame)

    def take(self, condition=lambda frame: True):
        got = [frame for frame in self.frames if condition(frame)]
        self.frames.clear()
        return len(got)

    def all(self, count, what, condition=lambda frame: True):
        """Waits for so many, and no more, and takes them."""
        def have():
            return len([1 for frame in list(self.frames) if condition(frame)])

        wait_until(lambda: have() >= count, lambda:
                   f'{what}: {have()} of {count} frames', 30)
        got = self.take(condition)
        need(got == count, f'{what}: {got} frames for {count}')


def send(guest, space, frame, name='nic', count=FRAMES):
    frame = frame.ljust(60, b'.')
    guest.check(f'{inside(space)}iovlab-agent frame {name} {frame.hex()} '
                f'{count}')


def nothing(guest, seen, what, condition=lambda frame: True):
    """None of what VF 0 sent before this is on the wire, but a last one."""
    send(guest, 'v0', FAR + vf_mac(0) + TYPE + LAST, count=1)

    def arrived():
        return any(LAST in frame for frame in list(seen.frames))

    wait_until(arrived, lambda: f'{what}? not even a good frame does')
    need(seen.take(lambda frame: LAST not in frame and condition(frame)) == 0,
         what)


def rate(guest, _):
    """max_tx_rate limits; 0 takes the limit away"""
    def measured(seconds):
        end = iperf(guest, '10.77.0.2', f'-t {seconds}', 'v0')
        return end['sum_received']['bits_per_second']

    free = measured(1)
    guest.check('ip link set eth0 vf 0 max_tx_rate 11')
    need(shown(guest)['rate']['max_tx'] == 11, f'{shown(guest)}')
    limited = measured(4)
    need(1e6 < limited < 12e6, f'limited to 11 Mb/s: {limited / 1e6}')
    guest.check('ip link set eth0 vf 0 max_tx_rate 0')
    need(shown(guest)['rate']['max_tx'] == 0, f'{shown(guest)}')
    again = [measured(1)]
    while again[-1] < 1.3 * limited and len(again) < 5:
        again.append(measured(2))
    # A machine that is too busy for more than the limit shows no difference.
    need(again[-1] > 1.3 * limited or free < 3 * limited,
         f'free {free / 1e6}, limited {limited / 1e6}, free again {again}')
    print(f'# free {free / 1e6:.0f} Mb/s, limit 11: {limited / 1e6:.1f}')
    need(guest.run('ip link set eth0 vf 0 max_tx_rate 9')[0],
         'a rate is taken that the driver refuses')


def spoofed(guest):
    """What the driver said of SSVPC, which it reads every 2 s."""
    found = re.findall(r'(\d+) Spoofed packets detected',
                       guest.check('dmesg'))
    return sum(int(number) for number in found)


def spoof(guest, seen):
    """spoofchk: forged addresses and VLANs are dropped and counted, or pass"""
    own = FAR + vf_mac(0) + TYPE
    forged = FAR + bytes.fromhex('020000006666') + TYPE
    tagged = FAR + vf_mac(0) + b'\x81\0\0\x21' + TYPE
    need(shown(guest)['spoofchk'], 'spoofchk is off')
    send(guest, 'v0', own)
    seen.all(FRAMES, 'of its own address')
    before = spoofed(guest)
    send(guest, 'v0', forged)
    send(guest, 'v0', tagged)
    nothing(guest, seen, 'forged frames came through')

    def counted():
        return spoofed(guest) - before

    wait_until(lambda: counted() >= 2 * FRAMES, lambda:
               f'{counted()} of {2 * FRAMES} were counted')
    # More of them would be in what it reads next.
    guest.check('sleep 2.5')
    # Rarely one of another is among them: IPv6 of a VLAN that is gone.
    need(counted() <= 2 * FRAMES + 2, f'{counted()} were counted')
    guest.check('ip link set eth0 vf 0 spoofchk off')
    send(guest, 'v0', forged)
    send(guest, 'v0', tagged)
    seen.all(2 * FRAMES, 'spoofchk off')
    guest.check('ip link set eth0 vf 0 spoofchk on')
    send(guest, 'v0', forged)
    nothing(guest, seen, 'spoofchk is not on again')


def trust(guest, _):
    """trust: an address of its own choice, all multicast"""
    other = '02:00:00:00:77:77'
    change = f'ip -n v0 link set nic address {other}'
    group = bytes.fromhex('01005e012345') + FAR + TYPE

    def received():
        return int(guest.check(inside('v0') + 'cat /sys/class/net/nic/'
                               'statistics/rx_packets'))

    def heard():
        before = received()
        send(guest, 'b', group, 'eth1')
        # An answer comes after what the wire had before the request.
        reachable(guest, '10.77.0.10', 'b')
        return received() - before

    need(guest.run(change)[0], 'the VF changed an address that is fixed')
    guest.check('ip -n v0 link set nic allmulticast on')
    need(heard() < FRAMES // 2, 'all multicast without trust')
    guest.check('ip -n v0 link set nic allmulticast off')
    guest.check('ip link set eth0 vf 0 trust on')
    need(shown(guest)['trust'], 'not trusted')
    # The VF is told to reset.
    carrier(guest, 'v0', 1)
    reachable(guest, space='v0')
    guest.wait('ip -n v0 link set nic allmulticast off; '
               'ip -n v0 link set nic allmulticast on')
    # It may not have come to that yet.
    wait_until(lambda: heard() >= FRAMES,
               lambda: 'no multicast in spite of trust')
    guest.check('ip -n v0 link set nic allmulticast off')
    guest.wait(change)
    need(shown(guest)['address'] == other, f'{shown(guest)}')
    reachable(guest, space='v0')
    guest.check(f'ip -n v0 link set nic address {text_of(vf_mac(0))}')
    guest.check('ip link set eth0 vf 0 trust off')
    reachable(guest, space='v0')


def state(guest, _):
    """state: disable takes the VF's link, auto brings it back"""
    # Linux's ixgbe says of enable that it does not support it.
    for word, wanted in (('disable', 0), ('auto', 1)):
        guest.check(f'ip link set eth0 vf 0 state {word}')
        # The driver does not say which it is; the VF does.
        carrier(guest, 'v0', wanted)
        if wanted:
            reachable(guest, space='v0')
            reachable(guest, '10.77.0.10', 'v1')
        else:
            unreachable(guest, '10.77.0.10', 'v1')
            reachable(guest, space='v1')


def port_vlan(guest, seen):
    """vlan and qos: tagged on the wire, alone in its VLAN"""
    guest.check(f'{inside("b")}ip link add link eth1 name eth1.100 type vlan '
                f'id 100 && {inside("b")}ip addr add 10.79.0.2/24 dev '
                f'eth1.100 && {inside("b")}ip link set eth1.100 up && '
                'ip -n v0 addr add 10.79.0.10/24 dev nic')
    unreachable(guest, '10.79.0.2', 'v0')
    guest.check('ip link set eth0 vf 0 vlan 100 qos 5')
    have = shown(guest)['vlan_list'][0]
    need((have['vlan'], have['qos']) == (100, 5), f'{have}')
    carrier(guest, 'v0', 1)
    reachable(guest, '10.79.0.2', 'v0')
    send(guest, 'v0', FAR + vf_mac(0) + TYPE)
    tag = b'\x81\0' + (5 << 13 | 100).to_bytes(2, 'big')
    seen.all(FRAMES, f'tag {tag.hex()}', lambda frame: frame[12:16] == tag)
    unreachable(guest, '10.77.0.11', 'v0')
    # Its own tags are not sent.
    send(guest, 'v0', FAR + vf_mac(0) + b'\x81\0\0\x21' + TYPE)
    nothing(guest, seen, 'a tag of its own went out',
            lambda frame: frame[12:16] == b'\x81\0\0\x21')
    guest.check('ip link set eth0 vf 0 vlan 0')
    carrier(guest, 'v0', 1)
    reachable(guest, '10.77.0.11', 'v0')
    unreachable(guest, '10.79.0.2', 'v0')
    # A VLAN that the VF asks for itself.
    guest.check('ip -n v0 addr del 10.79.0.10/24 dev nic; '
                'ip -n v0 link add link nic name nic.100 type vlan id 100 && '
                'ip -n v0 addr add 10.79.0.10/24 dev nic.100 && '
                'ip -n v0 link set nic.100 up')
    reachable(guest, '10.79.0.2', 'v0')
    reachable(guest, '10.77.0.2', 'v0')
    guest.check('ip -n v0 link del nic.100; ip -n b link del eth1.100')


def query_rss(guest, _):
    """query_rss: the VF sees table and key of RSS only if it may"""
    ask = inside('v0') + 'ethtool -x nic'
    need(guest.run(ask)[0], 'RSS is shown to a VF that may not ask')
    guest.check('ip link set eth0 vf 0 query_rss on')
    keys = [re.search(r'(?:[0-9a-f]{2}:){39}[0-9a-f]{2}', guest.check(line))
            for line in (ask, 'ethtool -x eth0')]
    need(keys[0] and keys[0][0] == keys[1][0], f'{keys}')
    guest.check('ip link set eth0 vf 0 query_rss off')
    need(guest.run(ask)[0], 'RSS is still shown')


def bridge_modes(guest, seen):
    """VEPA: VF to VF goes to the wire and is not seen by the other; VEB"""
    frame = vf_mac(1) + vf_mac(0) + TYPE
    for mode, outside in (('vepa', FRAMES), ('veb', 0), ('vepa', FRAMES),
                          ('veb', 0)):
        guest.check(f'bridge link set dev eth0 hwmode {mode}')
        have = guest.check('bridge -j -d link show dev eth0')
        need(f'"hwmode":"{mode.upper()}"' in have.replace(' ', ''), have)
        carrier(guest, 'v0', 1)
        carrier(guest, 'v1', 1)
        reachable(guest, '10.77.0.2', 'v0')
        if mode == 'veb':
            reachable(guest, '10.77.0.11', 'v0')
        else:
            unreachable(guest, '10.77.0.11', 'v0')
        seen.take()
        send(guest, 'v0', frame)
        if outside:
            seen.all(outside, mode)
        else:
            nothing(guest, seen, f'{mode}: frames on the wire')


def vf_tools(guest, _):
    """ethtool of the VF: -g -G -c -C -k -K -S, with traffic after each"""
    run = inside('v0')
    for line in ('-G nic rx 128 tx 128', '-C nic rx-usecs 100',
                 '-K nic tx off', '-K nic rx off', '-G nic rx 4096 tx 1024',
                 '-K nic rx on tx on tso on', '-C nic rx-usecs 1'):
        guest.check(f'{run}ethtool {line}', 60)
        carrier(guest, 'v0', 1)
        reachable(guest, space='v0')
    for line, pattern in (('-g', r'RX:\s+4096'),
                          ('-c', 'rx-usecs'), ('-k', 'scatter-gather: on'),
                          ('-i', 'driver: ixgbevf')):
        text = guest.check(f'{run}ethtool {line} nic', 60)
        need(re.search(pattern, text), f'{line}: {text}')
    before = statistics(guest, 'v0', 'nic')
    answered(guest, space='v0', count=5)
    after = statistics(guest, 'v0', 'nic')
    for name in ('rx_packets', 'tx_packets'):
        need(after[name] - before[name] >= 5, f'{name} does not count')


def mtu(guest, _):
    """A VF with MTU 9710, as the PF's: large frames to the wire and back"""
    guest.check('ip link set eth0 mtu 9710; ip -n b link set eth1 mtu 9710')
    for vf in range(2):
        carrier(guest, f'v{vf}', 1)
    guest.wait('ip -n v0 link set nic mtu 9710')
    carrier(guest, 'v0', 1)
    reachable(guest, space='v0')
    answered(guest, space='v0', more='-s 9682')


def one_boot():
    """Rate, spoofchk, trust, state, vlan, query_rss, VEPA, of one PF's VFs"""
    agent = f'{ROOT}/build/guest/iovlab-agent'
    booted = kernel('8021q', programs=('iperf3',),
                    more=('--add', f'{agent}:/bin/iovlab-agent'))
    with pair(booted) as (guest, judge):
        seen = Seen(judge)
        enable(guest)
        for part in (rate, spoof, trust, state, port_vlan, query_rss,
                     bridge_modes, vf_tools, mtu):
            part(guest, seen)
            print(f'# {part.__doc__}', flush=True)


need_device('ixgbe')
main(one_boot)
