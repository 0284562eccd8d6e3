#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The PF's receive side, judged by Linux's ixgbe and by ethtool."""
# timeout: 1500
# behind: pt strict-6.12 lazy-6.12 reference-lazy
import contextlib
import os
import re
import socket
import struct
import tempfile
import time

from guest import (Guest, echoes, image, main, need, need_device,
                   wait_until)
from peer import ICMP, MAC, DatagramPeer, checksum, ip_packet, udp

GUEST = '10.77.0.2'
CPUS = 4


def kernel():
    return image('--package', 'linux-image-amd64', '--module', 'ixgbe',
                 '--module', 'macvlan', '--module', '8021q',
                 '--program', 'ethtool', '--program', 'iproute2')


class Card:
    """One PF; the other end of its wire is in the test's hand."""

    def __init__(self, guest, peer):
        self.guest, self.peer = guest, peer
        self.source = peer.address
        self.target = socket.inet_aton(GUEST)

    def udp_frame(self, sport, dport, tag=None):
        packet = ip_packet(self.source, self.target, 17,
                           udp(self.source, self.target, sport, dport,
                               b'x' * 64))
        return self.ethernet(packet, tag)

    def ethernet(self, packet, tag=None):
        head = self.peer.guest_mac + MAC
        if tag is not None:
            head += struct.pack('>HH', 0x8100, tag)
        return head + struct.pack('>H', 0x0800) + packet

    def counters(self):
        out = self.guest.check('ethtool -S eth0', 60)
        return {name: int(value) for name, value
                in re.findall(r'^\s*(\w+): (\d+)$', out, re.M)}

    def send(self, frames):
        for n, frame in enumerate(frames):
            self.peer.send(frame)
            if n % 16 == 15:
                time.sleep(0.02)

    def queues(self, frames, enough=None):
        """Sends them; how many more came in by each queue, once these are
        enough: as many as were sent, if nothing else is said."""
        enough = enough or (lambda got: sum(got) >= len(frames))
        names = [f'rx_queue_{n}_packets' for n in range(CPUS)]
        self.before = self.counters()
        self.send(frames)
        got = None

        def arrived():
            nonlocal got
            self.after = self.counters()
            got = [self.after.get(name, 0) - self.before.get(name, 0)
                   for name in names]
            return enough(got)

        wait_until(arrived, lambda: f'{len(frames)} frames came as {got}')
        return got

    def nothing(self, frames, what):
        """None of these comes in: an echo request after them, by the queue
        that they would have come by, is answered.  That takes a hash of
        addresses only."""
        answers = self.peer.answers
        request = struct.pack('>BBHHH', 8, 0, 0, 7, answers)
        request = request[:2] + struct.pack('>H', checksum(request)) + \
            request[4:]
        got = self.queues([*frames, self.ethernet(ip_packet(
            self.source, self.target, ICMP, request))],
            lambda got: sum(got) and self.peer.answers > answers)
        need(sum(got) <= 1 + 3, f'{what} came as {got}')


class Peer(DatagramPeer):
    """Counts the guest's answers to echo requests."""

    answers = 0

    def receive(self, frame):
        if frame[12:14] == b'\x08\0' and frame[23] == ICMP and \
           frame[34:36] == b'\0\0':
            self.answers += 1
        super().receive(frame)


@contextlib.contextmanager
def card():
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        peer = Peer(place)
        devices = ['-device', 'pcie-root-port,id=rp1,slot=1',
                   *peer.netdev('n0'), '-device',
                   'ixgbe,bus=rp1,netdev=n0,mac=02:00:00:00:00:01']
        with Guest(devices, smp=CPUS, memory='512', kernel=kernel(),
                   append=f'iovlab.ip={GUEST}/24') as guest:
            guest.up(600)
            guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
            guest.wait('ping -c 1 -W 2 10.77.0.1', 60)
            # Nobody listens on the ports that are used: no answers.
            guest.check('echo 1 > /proc/sys/net/ipv4/icmp_ratelimit; '
                        'echo 0 > /proc/sys/net/ipv4/icmp_msgs_per_sec')
            yield Card(guest, peer)
        peer.close()


def mostly(c, frames, queue):
    """All in this queue; a stray packet of the guest's own life is allowed."""
    got = c.queues(frames, lambda got: got[queue] >= len(frames))
    need(sum(got) - got[queue] <= 3,
         f'{len(frames)} frames for queue {queue} came as {got}')


def perfect(c):
    """ethtool -N: rules choose a queue, drop, and go away again"""
    guest = c.guest
    dns = [c.udp_frame(5000 + n, 53) for n in range(30)]
    plain = [c.udp_frame(5000 + n, 54) for n in range(30)]
    guest.check('ethtool -K eth0 ntuple on', 60)
    guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
    without = c.queues(plain)
    own = without.index(max(without))
    queue = (own + 1) % CPUS
    guest.check(f'ethtool -N eth0 flow-type udp4 dst-port 53 action {queue} '
                'loc 7', 60)
    mostly(c, dns, queue)
    need(c.after['fdir_match'] - c.before['fdir_match'] >= 30,
         'fdir_match does not count')
    mostly(c, plain, own)
    need(c.after['fdir_miss'] - c.before['fdir_miss'] >= 30,
         'fdir_miss does not count')
    listed = guest.check('ethtool -n eth0', 60)
    need('Filter: 7' in listed and f'Direct to queue {queue}' in listed,
         f'the rule is listed as {listed}')
    guest.check('ethtool -N eth0 flow-type udp4 dst-port 54 action -1 loc 8',
                60)
    c.nothing(plain, 'frames to be dropped')
    guest.check('ethtool -N eth0 delete 8', 60)
    mostly(c, plain, own)
    guest.check('ethtool -N eth0 delete 7', 60)
    mostly(c, dns, own)


def toeplitz(key, data):
    bits = int.from_bytes(key, 'big')
    length = len(key) * 8
    result = 0
    for n in range(len(data) * 8):
        if data[n // 8] >> (7 - n % 8) & 1:
            result ^= bits >> (length - 32 - n) & 0xffffffff
    return result


def rss(c):
    """ethtool -x, -X: every frame in the queue that key and table say"""
    guest = c.guest
    guest.check('ethtool -N eth0 rx-flow-hash udp4 sdfn', 60)
    guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
    for set_up in ('equal 4', 'equal 2', 'weight 0 3 0 1'):
        guest.check(f'ethtool -X eth0 {set_up}', 60)
        shown = guest.check('ethtool -x eth0', 60)
        key = bytes.fromhex(re.search(r'(?:[0-9a-f]{2}:){39}[0-9a-f]{2}',
                                      shown)[0].replace(':', ''))
        table = [int(entry) for line in
                 re.findall(r'^\s*\d+:\s+((?:\d+\s*)+)$', shown, re.M)
                 for entry in line.split()]
        need(len(table) == 128, f'{len(table)} entries in {shown}')
        wanted = [0] * CPUS
        frames = []
        for n in range(60):
            frames.append(c.udp_frame(6000 + n, 7000 + 3 * n))
            data = c.source + c.target + struct.pack('>HH', 6000 + n,
                                                     7000 + 3 * n)
            wanted[table[toeplitz(key, data) & 127]] += 1
        got = c.queues(frames, lambda got: all(
            have >= want for have, want in zip(got, wanted)))
        off = sum(abs(a - b) for a, b in zip(got, wanted))
        need(off <= 3, f'{set_up}: {wanted} expected, {got} came')
    # From here on all frames between two addresses are in one queue.
    guest.check('ethtool -X eth0 default && '
                'ethtool -N eth0 rx-flow-hash udp4 sd', 60)
    guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)


def vlans(c):
    """VLANs: stripped or not, filtered; promiscuous"""
    guest = c.guest
    guest.check('ip link add link eth0 name eth0.100 type vlan id 100 && '
                'ip link set eth0.100 up')

    def arrived():
        return int(guest.check(
            'cat /sys/class/net/eth0.100/statistics/rx_packets'))

    for strip in ('on', 'off', 'on'):
        guest.check(f'ethtool -K eth0 rxvlan {strip}', 60)
        guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
        before = arrived()
        c.send([c.udp_frame(5000, 53, 3 << 13 | 100)] * 20)
        wait_until(lambda: arrived() - before >= 20, lambda: f'rxvlan {strip}:'
                   f' {arrived() - before} of 20 tagged frames')
    c.nothing([c.udp_frame(5000, 53, 101)] * 10, 'frames of an unknown VLAN')
    guest.check('ip link set eth0 promisc on')
    c.queues([c.udp_frame(5000, 53, 101)] * 10)
    guest.check('ip link set eth0 promisc off; ip link del eth0.100')


def all_frames(c):
    """rx-all: oversize frames are delivered only if asked for"""
    long = [c.udp_frame(5000, 53) + b'p' * 1600] * 5
    c.nothing(long, 'oversize frames')
    c.guest.check('ethtool -K eth0 rx-all on', 60)
    c.guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
    before = c.counters()
    c.send(long)

    def delivered():
        after = c.counters()
        return sum(after[name] - before[name] for name in
                   ('rx_packets', 'rx_errors'))

    wait_until(lambda: delivered() >= 5,
               lambda: f'rx-all: {delivered()} of 5 oversize frames')
    c.guest.check('ethtool -K eth0 rx-all off', 60)


def rings(c):
    """-l/-L, -g/-G: fewer queues, smaller rings, traffic after each"""
    guest = c.guest
    for change in ('-L eth0 combined 2', '-G eth0 rx 128 tx 128',
                   '-L eth0 combined 4', '-G eth0 rx 4096 tx 512'):
        guest.check(f'ethtool {change}', 90)
        guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
        guest.wait('ping -c 1 -W 2 10.77.0.1', 60)
        c.queues([c.udp_frame(5000 + n, 53) for n in range(40)])


def one_card():
    """Flow rules, RSS, VLANs, rx-all, rings, on one boot"""
    need_device('ixgbe')
    with card() as c:
        for part in (rss, vlans, all_frames, rings, perfect):
            part(c)
            print(f'# {part.__doc__}')


# --- two ports of one guest, back to back ------------------------------------

@contextlib.contextmanager
def back_to_back():
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        ends = [os.path.join(place, name) for name in 'ab']
        devices = ['-device', 'pcie-root-port,id=rp1,slot=1',
                   '-device', 'pcie-root-port,id=rp2,slot=2']
        for n in range(2):
            devices += ['-netdev', f'dgram,id=n{n},local.type=unix,'
                        f'local.path={ends[n]},remote.type=unix,'
                        f'remote.path={ends[1 - n]}', '-device',
                        f'ixgbe,bus=rp{n + 1},netdev=n{n},'
                        f'mac=02:00:00:00:00:0{n + 1}']
        with Guest(devices, smp=2, memory='640', kernel=kernel()) as guest:
            guest.up(600)
            guest.check('ip netns add far && ip link set eth1 netns far && '
                        'ip addr add 10.0.0.1/24 dev eth0 && '
                        'ip link set eth0 up && '
                        'ip netns exec far ip addr add 10.0.0.2/24 dev eth1 '
                        '&& ip netns exec far ip link set eth1 up')
            guest.wait('ip netns exec far ping -c 1 -W 2 10.0.0.1', 120)
            yield guest


def macvlan(guest):
    """l2-fwd-offload: a macvlan has a pool of its own"""
    guest.wait('ip netns exec far ping -c 1 -W 2 10.0.0.1', 60)
    guest.check('ethtool -K eth0 l2-fwd-offload on', 60)
    guest.wait('ip netns exec far ping -c 1 -W 2 10.0.0.1', 60)
    guest.check('ip netns add mv && ip link add link eth0 name mv0 '
                'type macvlan mode bridge && ip link set mv0 netns mv && '
                'ip netns exec mv ip addr add 10.0.0.3/24 dev mv0 && '
                'ip netns exec mv ip link set mv0 up', 60)
    echoes(guest, '10.0.0.3', inside='ip netns exec far ')
    guest.wait('ip netns exec far ping -c 1 -W 2 10.0.0.1', 60)
    guest.check('ip netns del mv; ethtool -K eth0 l2-fwd-offload off', 60)


def two_ports():
    """macvlan offload between two ports"""
    need_device('ixgbe')
    with back_to_back() as guest:
        macvlan(guest)


main(one_card, two_ports)
