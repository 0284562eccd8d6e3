# SPDX-License-Identifier: GPL-2.0-or-later
"""Two ports of one guest whose wires meet, each in a network namespace of its
own, and a judge on that wire: what the tests of ixgbe's features share."""
import contextlib
import json
import re
import struct
import tempfile

from behind import SUITE
from guest import Guest, echoes, image, need
from peer import DatagramPeer, checksum

VXLAN = 4789
SCTP = 132
# What ixgbe and ixgbevf say when something is wrong.
WRONG = re.compile(r'ixgbe.*(warning|error|fail|timed out|unsupported|\bhang|'
                   r'not complete|cannot|could not)', re.I)

# ... and what they say although nothing is.
EXPECTED = 'MAC address not assigned'


def kernel(*modules, suite=SUITE, programs=(), more=()):
    options = ['--only-module', 'ixgbe']
    for module in ('ixgbevf', *modules):
        options += ['--module', module]
    for program in ('iproute2', 'ethtool', *programs):
        options += ['--program', program]
    return image('--suite', suite, '--package', 'linux-image-amd64', *options,
                 *more)


def port(number, mac, netdev, more=''):
    return ['-device', f'pcie-root-port,id=rp{number},slot={number}',
            '-device', f'ixgbe,id=pf{number},bus=rp{number},netdev={netdev},'
                       f'mac={mac}{more}']


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


class WireJudge(DatagramPeer):
    """Sees every frame on the wire and checks each checksum in it, also those
    of what is inside VXLAN.  seen counts frames by kind, watch() may look."""

    def __init__(self, directory):
        super().__init__(directory)
        self.seen = {}
        self.watch = None

    def receive(self, frame):
        self.guest_mac = frame[6:12]
        if self.watch:
            self.watch(frame)
        self.ethernet(frame, '')

    def count(self, kind):
        self.seen[kind] = self.seen.get(kind, 0) + 1

    def ethernet(self, frame, where):
        at = 12
        while frame[at:at + 2] in (b'\x81\0', b'\x88\xa8'):
            at += 4
        kind, = struct.unpack_from('>H', frame, at)
        if kind == 0x0800:
            self.ip4(frame[at + 2:], where)
        elif kind == 0x86dd:
            self.ip6(frame[at + 2:], where)
        elif kind == 0x0806 and not where:
            self.arp(frame)

    def ip4(self, data, where):
        length, ident, offset, _, protocol = struct.unpack_from('>HHHBB',
                                                                data, 2)
        head = (data[0] & 15) * 4
        if len(data) < length or head < 20:
            self.wrong.append(f'{where}IPv4 of {len(data)}, says {length}')
        if checksum(data[:head]):
            self.wrong.append(f'{where}IPv4 checksum, packet {ident}')
        if not offset & 0x3fff:
            self.upper(data[12:20], protocol, data[head:length], where + '4')

    def ip6(self, data, where):
        length, protocol = struct.unpack_from('>HB', data, 4)
        if len(data) < 40 + length:
            self.wrong.append(f'{where}IPv6 of {len(data)}, says {length}')
        self.upper(data[8:40], protocol, data[40:40 + length], where + '6')

    def upper(self, addresses, protocol, data, where):
        names = {1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp', SCTP: 'sctp'}
        name = f'{names.get(protocol, protocol)}{where}'
        self.count(name)
        pseudo = addresses + struct.pack('>II', len(data), protocol)
        if protocol == SCTP:
            # One in 16, for this takes time here.
            if self.seen[name] % 16 == 1 and struct.unpack_from(
                    '<I', data, 8)[0] != crc32c(data[:8] + bytes(4)
                                                + data[12:]):
                self.wrong.append(f'{name} checksum')
            return
        if protocol == 1 and where.endswith('4'):
            pseudo = b''
        if protocol == 17:
            length, total = struct.unpack_from('>HH', data, 4)
            if length != len(data):
                self.wrong.append(f'{name} says {length} of {len(data)}')
            if struct.unpack_from('>H', data, 2)[0] == VXLAN:
                self.ethernet(data[16:], where + ' in vxlan ')
            if not total and where.endswith('4'):
                return
        if names.get(protocol) and checksum(pseudo + data):
            self.wrong.append(f'{name} checksum of {len(data)} bytes')


@contextlib.contextmanager
def pair(booted, memory='768', smp=1, more='', expected=EXPECTED):
    """(guest, judge): eth0 is 10.77.0.1, fd77::1; eth1, in namespace b,
    10.77.0.2, fd77::2; judge is a WireJudge with no address."""
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        judge = WireJudge(place)
        judge.address = b'none'
        devices = [*judge.netdev('w'), '-netdev',
                   'hubport,id=n2,hubid=0,netdev=w',
                   '-netdev', 'hubport,id=n0,hubid=0',
                   '-netdev', 'hubport,id=n1,hubid=0',
                   *port(1, '02:00:00:00:00:01', 'n0', more),
                   *port(2, '02:00:00:00:00:02', 'n1', more)]
        with Guest(devices, kernel=booted, memory=memory, smp=smp,
                   append='iovlab.ip=10.77.0.1/24') as guest:
            guest.up(600)
            guest.check('echo 8388608 > /proc/sys/net/core/rmem_default; '
                        'ip addr add fd77::1/64 dev eth0 nodad; '
                        'ip netns add b && ip link set eth1 netns b '
                        '&& ip -n b addr add 10.77.0.2/24 dev eth1 '
                        '&& ip -n b addr add fd77::2/64 dev eth1 nodad '
                        '&& ip -n b link set lo up '
                        '&& ip -n b link set eth1 up', 60)
            reachable(guest)
            yield guest, judge
            if guest.process.poll() is None:
                said(guest, expected)
            need(not judge.wrong, f'on the wire: {judge.wrong[:5]}')
        judge.close()


def take_vf(guest, device, vf, space, address):
    """A VF of the PF whose sysfs directory is @device, once it is bound: in a
    network namespace of its own, as nic, up."""
    guest.wait(f'ls {device}/virtfn{vf}/net/ | grep -q eth', 120)
    name = guest.check(f'ls {device}/virtfn{vf}/net/')
    guest.check(f'ip netns add {space}; ip link set {name} netns {space} && '
                f'ip -n {space} link set {name} name nic && '
                f'ip -n {space} addr add {address}/24 dev nic && '
                f'ip -n {space} link set nic up', 60)


def reachable(guest, to='10.77.0.2', space='', seconds=120):
    guest.wait(f'{inside(space)}ping -c 1 -W 1 {to} > /dev/null', seconds)


def unreachable(guest, to, space='', more=''):
    status, _ = guest.run(f'{inside(space)}ping -c 2 -i 0.3 -W 1 {more} {to} '
                          '> /dev/null', 60)
    need(status, f'{to} can be reached from {space or "the PF"}')


def answered(guest, to='10.77.0.2', space='', more='', count=3):
    """No echo request is lost."""
    echoes(guest, to, count, inside=inside(space), more=more)


def iperf(guest, to, more, space='', target='b'):
    """What iperf3's client says at the end; its server is in @target."""
    # The one before may not have gone yet.
    guest.wait('! pidof iperf3 > /dev/null')
    guest.check(f'{inside(target)}iperf3 -s -D -1')
    guest.wait(f"{inside(target)}grep -qs ':1451 ' /proc/net/tcp "
               '/proc/net/tcp6')
    text = guest.check(f'{inside(space)}iperf3 -c {to} -J {more}', 300)
    return json.loads(text)['end']


def said(guest, expected=EXPECTED):
    """Fails if a driver complained."""
    wrong = [line for line in guest.check('dmesg', 60).splitlines()
             if WRONG.search(line) and not re.search(expected, line)]
    need(not wrong, f'the drivers said: {wrong[:5]}')


def inside(space):
    return f'ip netns exec {space} ' if space else ''


def nic(space):
    return 'eth1' if space == 'b' else 'eth0'


def features(guest, *settings):
    """ethtool -K of both ports."""
    for space in ('', 'b'):
        guest.check(f'{inside(space)}ethtool -K {nic(space)} '
                    + ' '.join(settings), 60)


def statistics(guest, space='', name=None):
    text = guest.check(f'{inside(space)}ethtool -S {name or nic(space)}', 60)
    return {key: int(value) for key, value
            in re.findall(r'^\s+(\S+): (\d+)$', text, re.M)}


def bring(guest, to, kind='TCP', size=1 << 20, more='', space='', target='b'):
    """A file of random bytes by socat, compared.  kind: TCP, SCTP, ..."""
    v6 = ':' in to
    far = f'[{to}]' if v6 else to
    guest.check(f'head -c {size} /dev/urandom > /tmp/sent; rm -f /tmp/got '
                '/tmp/done; '
                f'({inside(target)}socat -u {kind}{6 if v6 else 4}-LISTEN:'
                '5000,reuseaddr CREATE:/tmp/got; touch /tmp/done) '
                '> /tmp/listener 2>&1 &', 60)
    guest.wait(f'{inside(space)}socat -u OPEN:/tmp/sent '
               f'{kind}:{far}:5000{more}', 120)
    guest.wait('test -e /tmp/done', 60)
    guest.check(f'cmp /tmp/sent /tmp/got && test "$(wc -c < /tmp/got)" = {size}',
                60)


class Sends:
    """What the stack hands to a port's driver: the kernel's trace of it."""

    PLACE = '/sys/kernel/debug/tracing'

    def __init__(self, guest, name):
        self.guest = guest
        self.event = f'{self.PLACE}/events/net/net_dev_start_xmit'
        guest.check(f"echo 'name == \"{name}\" && gso_segs > 1' > "
                    f'{self.event}/filter; echo > {self.PLACE}/trace; '
                    f'echo 1 > {self.event}/enable')

    def large(self, kind=None):
        """Since the last call: how many frames that the device has to cut, of
        SKB_GSO bits kind.  The trace has 16 bits of it: UDP_L4 shows as 0."""
        text = self.guest.check(f'cat {self.PLACE}/trace; '
                                f'echo > {self.PLACE}/trace', 60)
        types = [int(found, 16) for found in
                 re.findall(r'gso_type=0x([0-9a-f]+)', text)]
        if not kind:
            return len(types) if kind is None else types.count(0)
        return sum(1 for found in types if found & kind == kind)
