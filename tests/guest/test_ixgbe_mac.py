#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ixgbe's MAC with Debian's own programs as the judges: two
ports whose wires meet, each in a network namespace of its own."""
# timeout: 1800
# behind: pt strict-6.12 lazy-6.12 reference-strict
import contextlib
import re
import tempfile
import time

from behind import MODE
from guest import Failed, Guest, image, main, need, need_device, wait_until
from peer import DatagramPeer


def kernel():
    return image('--package', 'linux-image-amd64', '--module', 'ixgbe',
                 '--program', 'iproute2', '--program', 'ethtool',
                 '--program', 'linuxptp')


def port(number, mac, netdev):
    return ['-device', f'pcie-root-port,id=rp{number},slot={number}',
            '-device', f'ixgbe,id=pf{number},bus=rp{number},netdev={netdev},'
                       f'mac={mac}']


@contextlib.contextmanager
def pair():
    """eth0 is 10.77.0.1; eth1, in namespace b, 10.77.0.2."""
    devices = ['-netdev', 'hubport,id=n0,hubid=0',
               '-netdev', 'hubport,id=n1,hubid=0',
               *port(1, '02:00:00:00:00:01', 'n0'),
               *port(2, '02:00:00:00:00:02', 'n1')]
    with Guest(devices, kernel=kernel(), memory='768',
               append='iovlab.modules=ixgbe iovlab.ip=10.77.0.1/24') as guest:
        guest.up(600)
        # Both MACs count the same frames: none is filtered away.
        guest.check('ip link set eth0 allmulticast on; '
                    'ip link set eth1 allmulticast on')
        guest.check('ip addr add fd77::1/64 dev eth0 nodad; ip netns add b '
                    '&& ip link set eth1 netns b '
                    '&& ip -n b addr add 10.77.0.2/24 dev eth1 '
                    '&& ip -n b addr add fd77::2/64 dev eth1 nodad '
                    '&& ip -n b link set lo up && ip -n b link set eth1 up',
                    60)
        guest.wait('ping -c 1 -W 5 10.77.0.2 > /dev/null', 120)
        guest.wait('ping -c 1 -W 5 fd77::2 > /dev/null', 120)
        yield guest


def inside(space):
    return f'ip netns exec {space} ' if space else ''


def nic(space):
    return 'eth1' if space else 'eth0'


def transfer(guest, to, megabytes=4):
    """A file over TCP to namespace b, compared."""
    guest.check('rm -f /tmp/done /tmp/got /tmp/hold; mkfifo /tmp/hold; '
                f'head -c {megabytes << 20} /dev/urandom > /tmp/sent; '
                'sleep 9999 > /tmp/hold & '
                f'({inside("b")}nc -l -p 5000 < /tmp/hold > /tmp/got; '
                'touch /tmp/done) > /dev/null 2>&1 &', 60)
    guest.wait(f'nc -w 60 {to} 5000 < /tmp/sent', 300)
    guest.wait('test -e /tmp/done', 120)
    guest.check('cmp /tmp/sent /tmp/got', 60)


def statistics(guest, space=''):
    text = guest.check(f'{inside(space)}ethtool -S {nic(space)}', 60)
    return {name: int(value) for name, value
            in re.findall(r'^\s+(\S+): (\d+)$', text, re.M)}


def both_ends(guest):
    """Statistics of both ends at a moment at which neither sends."""
    for _ in range(20):
        first, other, again = (statistics(guest), statistics(guest, 'b'),
                               statistics(guest))
        if all(first[name] == again[name] for name in
               ('tx_pkts_nic', 'rx_pkts_nic')):
            return first, other
    raise Failed('the wire is never quiet')


def counters_agree(guest):
    """ethtool -S of one end is what the other end's says"""
    start = both_ends(guest)
    guest.check(' && '.join(
        f'ping -c 3 -i 0.05 -s {size} 10.77.0.2 > /dev/null'
        for size in (10, 100, 200, 400, 800, 1400)), 60)
    transfer(guest, '10.77.0.2', 1)
    grown = []

    def agree():
        grown[:] = [{name: after[name] - before[name] for name in after}
                    for before, after in zip(start, both_ends(guest))]
        return all(one[sent] == other[got] > 0
                   for one, other in (grown, grown[::-1])
                   for sent, got in (('tx_pkts_nic', 'rx_pkts_nic'),
                                     ('tx_bytes_nic', 'rx_bytes_nic')))

    # A frame may be on its way.
    wait_until(agree, lambda: f'{grown}')
    for one in grown:
        need(one['tx_pkts_nic'] == one['tx_packets'],
             f'sent {one["tx_packets"]}, MAC {one["tx_pkts_nic"]}')
        need(one['rx_pkts_nic'] == one['rx_packets'],
             f'got {one["rx_packets"]}, MAC {one["rx_pkts_nic"]}')
        need(one['rx_no_dma_resources'] == 0 and
             one['rx_missed_errors'] == 0, f'lost frames: {one}')


def clock(guest, what):
    text = guest.check(f'phc_ctl eth0 -- {what}', 60)
    found = re.search(r'clock time is (\d+\.\d+)', text)
    return float(found.group(1)) if found else None


class Reading:
    """The clock, and between which two moments of ours it was read."""

    def __init__(self, guest):
        self.first = time.monotonic()
        self.time = clock(guest, 'get')
        self.last = time.monotonic()


def runs(guest, slow, fast):
    """The clock gains between slow and fast seconds in a second: for so long
    that the time a reading takes is a hundredth, if that can be had."""
    before = Reading(guest)
    end = time.monotonic() + 30
    while True:
        time.sleep(0.5)
        after = Reading(guest)
        least, most = after.first - before.last, after.last - before.first
        if most < 1.01 * least or time.monotonic() > end:
            break
    gained = after.time - before.time
    need(least * slow < gained < most * fast,
         f'{gained} s in {least} to {most} s')
    return after.time


def time_stamps(guest):
    """The PTP clock advances, is set and adjusted"""
    text = guest.check('ethtool -T eth0')
    need('hardware-transmit' in text and 'hardware-receive' in text and
         re.search(r'PTP Hardware Clock: \d', text), text)
    clock(guest, 'set 1000')
    need(1000 <= clock(guest, 'get') < 1060, 'it was not set')
    second = runs(guest, 0.98, 1.02)
    clock(guest, 'adj 500')
    third = clock(guest, 'get')
    need(500 <= third - second < 560, f'adjusted to {third}')
    # The widest that the driver takes.
    clock(guest, 'freq 60000000')
    runs(guest, 1.04, 1.08)
    clock(guest, 'freq 0')


def two_ports():
    """ethtool -S of one end is what the other end's says; the PTP clock"""
    with pair() as guest:
        # The clock has no DMA.
        for part in (counters_agree, *(() if MODE else (time_stamps,))):
            part(guest)
            print(f'# {part.__doc__}', flush=True)


class PausePeer(DatagramPeer):
    """Can ask the guest's MAC to stop."""

    def pause(self, quanta):
        frame = bytes.fromhex('0180c2000001') + bytes(6) + bytes.fromhex(
            '88080001') + quanta.to_bytes(2, 'big')
        self.send(frame.ljust(60, b'\0'))


def pause():
    """PAUSE frames are understood, counted, and not passed on"""
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        peer = PausePeer(place)
        devices = [*peer.netdev('n0'), *port(1, '02:00:00:00:00:01', 'n0')]
        with Guest(devices, kernel=kernel(), memory='512',
                   append='iovlab.modules=ixgbe '
                          'iovlab.ip=10.77.0.2/24') as guest:
            guest.up(600)
            guest.wait('ping -c 1 -W 5 10.77.0.1 > /dev/null', 120)
            guest.run('ethtool -A eth0 rx on tx on', 60)
            text = guest.check('ethtool -a eth0')
            need(re.search(r'RX:\s+on', text), text)
            before = statistics(guest)
            for _ in range(50):
                peer.pause(0xffff)
            peer.pause(0)
            # Stopped for no longer than that.
            guest.wait('ping -c 1 -W 5 10.77.0.1 > /dev/null')
            after = statistics(guest)
            for kind, sent in (('xoff', 50), ('xon', 1)):
                name = 'rx_flow_control_' + kind
                need(after[name] - before[name] == sent,
                     f'{sent} sent, {name} is {after[name]}')
            # They are the MAC's: the host never sees them.
            need(after['rx_packets'] - before['rx_packets'] < 10, 'passed on')
        peer.close()


need_device('ixgbe')
main(two_ports, pause)
