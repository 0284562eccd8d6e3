#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checksums, segmentation, tunnels, jumbo frames and coalescing of ixgbe under
Debian's iperf3 and socat, with a judge of every checksum on the wire."""
# timeout: 900
# behind: strict lazy-6.12 pt-6.12 reference-strict
import re

from guest import Failed, main, need, need_device, wait_until
from ixgbe_guest import (Sends, answered, bring, features, inside, iperf,
                         kernel, nic, pair, reachable, statistics)

ALL = ('rx', 'tx', 'sg', 'tso', 'gso', 'gro', 'tx-udp-segmentation',
       'tx-udp_tnl-segmentation', 'tx-udp_tnl-csum-segmentation',
       'tx-tcp-mangleid-segmentation')
# SKB_GSO_* of Linux's skbuff.h.
TCPV4, TCPV6, TUNNEL, TUNNEL_CSUM = 1 << 0, 1 << 4, 1 << 10, 1 << 11
UDP_L4 = 0
DATA = ('10.77.0.2', 'fd77::2')


def datagrams(guest, to, cut=True):
    """200,000 bytes in datagrams of 1,400, compared; cut: by UDP_SEGMENT, 36 of
    them in a write."""
    size, more = (1400, '')
    if cut:
        size, more = (50000, ',setsockopt-int=17:103:1400')
    v6 = ':' in to
    far = f'UDP6-SENDTO:[{to}]' if v6 else f'UDP4-SENDTO:{to}'
    guest.check('head -c 200000 /dev/urandom > /tmp/sent')
    for _ in range(3):
        # A network may lose some.
        guest.check(f'rm -f /tmp/got; {inside("b")}socat -u '
                    f'UDP{6 if v6 else 4}-RECV:5000 CREATE:/tmp/got '
                    '> /tmp/listener 2>&1 &', 60)
        guest.wait(f'{inside("b")}grep -qi :1388 '
                   f'/proc/net/udp{6 if v6 else ""}')
        guest.check(f'socat -b {size} -u OPEN:/tmp/sent {far}:5000{more}', 60)
        status, _ = guest.run('for n in $(seq 200); do '
                              'cmp -s /tmp/sent /tmp/got && break; '
                              'usleep 50000; done; cmp /tmp/sent /tmp/got')
        guest.check('killall socat')
        guest.wait('! pidof socat')
        if status == 0:
            return
    raise Failed(f'datagrams to {to} are lost')


def state_of(guest, feature):
    text = guest.check('ethtool -k eth0', 60)
    return re.search(rf'^\s*{feature}: (\w+)', text, re.M)[1]


def everything(guest, judge, state):
    features(guest, *(f'{name} {state}' for name in ALL))
    for name in ('tcp-segmentation-offload', 'tx-checksum-ip-generic',
                 'rx-checksumming'):
        need(state_of(guest, name) == state, f'{name} is not {state}')
    reachable(guest)
    for to in DATA:
        reachable(guest, to)
        judge.seen.clear()
        bring(guest, to)
        # The server counts what it has read when the client has written all:
        # what is in their buffers then is not counted.
        end = iperf(guest, to, '-n 4M -w 128K')
        need(end['sum_received']['bytes'] >= 1 << 20, f'{to}: {end}')
        end = iperf(guest, to, '-n 4M -R')
        need(end['sum_received']['bytes'] >= 1 << 20, f'{to}: {end}')
        end = iperf(guest, to, '-u -b 20M -l 1400 -n 1M')
        need(end['sum']['packets'] > 700 and end['sum']['lost_percent'] < 50,
             f'UDP to {to}, {state}: {end["sum"]}')
        # The kernel wants no segmentation without checksums.
        datagrams(guest, to, state == 'on')
        version = 6 if ':' in to else 4
        for kind, least in (('tcp', 4000), ('udp', 700)):
            wait_until(lambda: judge.seen.get(f'{kind}{version}', 0) > least,
                       lambda: f'{kind}{version}, {state}: {judge.seen}')
    bring(guest, DATA[0], 'SCTP', 65536)
    wait_until(lambda: judge.seen.get('sctp4', 0) > 40,
               lambda: f'SCTP: {judge.seen}')


def offloads_off(guest, judge):
    """No offload: TCP, UDP and SCTP over IPv4 and IPv6"""
    sends = Sends(guest, 'eth0')
    everything(guest, judge, 'off')
    need(sends.large() == 0, 'frames to be cut')


def offloads_on(guest, judge):
    """All offloads: the same; TSO and USO of IPv4 and IPv6 are the device's"""
    sends = Sends(guest, 'eth0')
    everything(guest, judge, 'on')
    for space in ('', 'b'):
        have = statistics(guest, space)
        for name in ('rx_csum_offload_errors', 'rx_errors', 'tx_errors'):
            need(have[name] == 0, f'{name}: {have[name]}')
    for to, tcp in zip(DATA, (TCPV4, TCPV6)):
        sends.large()
        bring(guest, to)
        # A megabyte is 16 of the largest.
        large = sends.large(tcp)
        need(large > 8, f'{large} TSO sends to {to}')
        datagrams(guest, to)
        large = sends.large(UDP_L4)
        need(large and large % 4 == 0, f'{large} USO sends to {to}')


def tunnel(guest, name, net, more, v6=''):
    for space, here, there in (('', 1, 2), ('b', 2, 1)):
        run = inside(space)
        remote = f'fd77::{there}' if v6 else f'10.77.0.{there}'
        guest.check(f'{run}ip link add {name} type vxlan id 7{len(name)} '
                    f'remote {remote} dstport 4789 dev {nic(space)} {more} && '
                    f'{run}ip addr add {net}.{here}/24 dev {name} && '
                    f'{run}ip addr add fd78::{here}/64 dev {name} nodad && '
                    f'{run}ip link set {name} up', 60)


def vxlan(guest, judge):
    """VXLAN: segmentation and checksums inside, with and without one outside"""
    sends = Sends(guest, 'eth0')
    for name, more, v6, kind in (('vx', 'noudpcsum', '', TUNNEL),
                                 ('vxc', 'udpcsum', '', TUNNEL_CSUM),
                                 ('vx6', '', 'yes', TUNNEL_CSUM)):
        tunnel(guest, name, '10.78.0', more, v6)
        for to, tcp in (('10.78.0.2', TCPV4), ('fd78::2', TCPV6)):
            reachable(guest, to)
            sends.large()
            bring(guest, to)
            large = sends.large(tcp | kind)
            need(large > 8, f'{name}: {large} sends through the tunnel to {to}')
        for space in ('', 'b'):
            guest.check(f'{inside(space)}ip link del {name}', 60)
    for name in ('tcp4 in vxlan 4', 'tcp4 in vxlan 6', 'tcp6 in vxlan 4'):
        wait_until(lambda: judge.seen.get(name, 0) > 700,
                   lambda: f'{name}: {judge.seen}')


def large_receive(guest, _):
    """LRO: segments are joined, the file is whole"""
    far = inside('b')
    guest.check(f'{far}ethtool -K eth1 lro on gro off; '
                'ethtool -K eth0 tso off gso off', 60)
    reachable(guest)
    before = statistics(guest, 'b')
    bring(guest, DATA[0], size=4 << 20)
    after = statistics(guest, 'b')
    joined = after['hw_rsc_aggregated'] - before['hw_rsc_aggregated']
    print(f'# {joined} segments were joined')
    need(joined > 100, f'{joined} segments were joined')
    guest.check(f'{far}ethtool -K eth1 lro off gro on; '
                'ethtool -K eth0 tso on gso on', 60)
    reachable(guest)


def jumbo(guest, judge):
    """MTU 9710: frames of every size up to it, TCP, UDP, and one of a size"""
    for space in ('', 'b'):
        guest.check(f'{inside(space)}ip link set {nic(space)} mtu 9710', 60)
    reachable(guest)
    for size in (1472, 1473, 4000, 9000, 9682):
        answered(guest, more=f'-s {size}')
    wait_until(lambda: judge.longest == 9710 + 14,
               lambda: f'the longest had {judge.longest} bytes')
    for to in DATA:
        bring(guest, to, size=4 << 20)
        end = iperf(guest, to, '-u -b 50M -l 9600 -n 2M')
        need(end['sum']['packets'] > 200 and end['sum']['lost_percent'] < 50,
             f'UDP to {to}: {end["sum"]}')
    have = statistics(guest, 'b')
    need(have['rx_errors'] == 0 and have['rx_length_errors'] == 0,
         f'errors: {have}')
    # A receiver of 1,500 takes none of more, one of 9,710 after that does.
    guest.check(f'{inside("b")}ip link set eth1 mtu 1500', 60)
    reachable(guest)
    judged = guest.run('ping -c 2 -W 1 -s 8000 10.77.0.2', 60)
    need(judged[0], 'a frame above the MTU came through')
    guest.check('ip link set eth0 mtu 1500', 60)
    reachable(guest)


def flow_director(guest, _):
    """ATR: the flow director follows a TCP flow"""
    before = statistics(guest)['fdir_match'] + \
        statistics(guest, 'b')['fdir_match']
    bring(guest, DATA[0], size=2 << 20)
    after = statistics(guest)['fdir_match'] + \
        statistics(guest, 'b')['fdir_match']
    need(after - before > 100, f'{after - before} frames matched')


def moderation(guest, _):
    """ethtool -C: fewer interrupts than the limit and than frames"""
    def interrupts():
        text = guest.check('cat /proc/uptime; grep eth1-TxRx /proc/interrupts')
        lines = text.splitlines()
        counts = [sum(int(word) for word in line.split()[1:3])
                  for line in lines[1:]]
        return float(lines[0].split()[0]), counts

    for usecs in (900, 100):
        guest.check(f'{inside("b")}ethtool -C eth1 rx-usecs {usecs}', 60)
        text = guest.check(f'{inside("b")}ethtool -c eth1', 60)
        need(re.search(rf'rx-usecs:\s+{usecs}', text), text)
        before, frames = interrupts(), statistics(guest, 'b')['rx_packets']
        iperf(guest, DATA[0], '-t 1')
        after = interrupts()
        frames = statistics(guest, 'b')['rx_packets'] - frames
        spent = after[0] - before[0]
        rates = [(b - a) / spent for a, b in zip(before[1], after[1])]
        print(f'# rx-usecs {usecs}: {max(rates):.0f} interrupts a second, '
              f'{frames / spent:.0f} frames')
        # A tenth more: causes that the driver raises itself.
        need(0 < max(rates) < 1.1e6 / usecs, f'{rates} interrupts a second')
    guest.check(f'{inside("b")}ethtool -C eth1 rx-usecs 1', 60)


def one_boot():
    """Offloads, VXLAN, LRO, MTU 9710, ATR, moderation, in one boot"""
    booted = kernel('vxlan', 'crc32c_generic', 'sctp',
                    programs=('iperf3', 'socat'))
    with pair(booted, smp=2) as (guest, judge):
        for part in (offloads_off, offloads_on, vxlan, large_receive, jumbo,
                     flow_director, moderation):
            part(guest, judge)
            print(f'# {part.__doc__}', flush=True)


need_device('ixgbe')
main(one_boot)
