#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's testpmd (DPDK) on the PF and on VFs, over VFIO behind an IOMMU; and
on the PF over AF_XDP, with Linux's driver between."""
# timeout: 1200
import os
import re
import shutil
import struct
import tempfile
import time

from guest import (Guest, doze, image, main, need, need_device,
                   wait_until)
from peer import MAC, DatagramPeer, ip_packet, udp

ADDRESS = '52:54:00:dd:0f:01'
PACKAGES = ('dpdk-dev', 'iproute2', 'librte-net-ixgbe23',
            'librte-mempool-ring23', 'librte-bus-pci23', 'librte-bus-vdev23')
MODULES = ('--package', 'linux-image-amd64', '--only-module', 'ixgbe',
           '--module', 'ixgbevf', '--module', 'vfio-pci',
           '--module', 'vfio_iommu_type1')
# libxdp has programs for the kernel.
AF_XDP = ('dpdk-dev', 'iproute2', 'ethtool', 'librte-net-af-xdp23',
          'librte-mempool-ring23', 'librte-bus-pci23', 'librte-bus-vdev23',
          'libxdp1')
PF = '0000:01:00.0'
FRAMES = 200


class Wire(DatagramPeer):
    """Keeps what comes back."""

    def receive(self, frame):
        super().receive(frame)
        self.back.append(frame)

    def __init__(self, directory):
        self.back = []
        super().__init__(directory)

    def offer(self, target, count, flows=1):
        """Sends UDP frames of @flows flows to the address."""
        for i in range(count):
            payload = struct.pack('>I', i) + bytes(60 + i * 7 % 1300)
            packet = ip_packet(self.address, b'\x0a\x4d\0\2', 17, udp(
                self.address, b'\x0a\x4d\0\2', 5000 + i % flows, 7, payload))
            self.send(target + MAC + b'\x08\0' + packet)
            time.sleep(0.001)

    def numbers(self):
        """Of the offered frames that came back."""
        return [struct.unpack_from('>I', frame, 42)[0]
                for frame in list(self.back)
                if len(frame) >= 100 and frame[12:14] == b'\x08\0'
                and frame[23] == 17 and frame[36:38] == b'\0\7']


class Testpmd:
    def __init__(self, guest, ports, eal='', options=''):
        self.guest = guest
        self.end = len(self.output())
        allow = ' '.join(f'-a {port}' for port in ports)
        guest.check('rm -f /tmp/in; mkfifo /tmp/in')
        guest.check(f'dpdk-testpmd -l 0,1 {allow} {eal} --iova-mode=va -- -i '
                    '--total-num-mbufs=4096 --nb-cores=1 --rxd=256 --txd=256 '
                    f'{options} < /tmp/in > /dev/ttyS0 2>&1 &')
        guest.check('exec 7> /tmp/in')
        self.wait('testpmd> ', 120)

    def output(self):
        # On a terminal, so that its standard output has no buffer.
        return self.guest.console().replace('\r', '')

    def wait(self, pattern, seconds=60):
        start = time.monotonic()
        while True:
            text = self.output()
            found = re.search(pattern, text[self.end:], re.S)
            if found:
                return found
            need(time.monotonic() < start + seconds,
                 f'testpmd did not say "{pattern}": {text[-2000:]}')
            doze(start)

    def say(self, command, pattern='testpmd> ', seconds=60):
        """One command; what it printed."""
        self.end = len(self.output())
        self.guest.check(f'echo "{command}" >&7')
        return self.wait(pattern, seconds).string

    def stats(self, port=0):
        text = self.say(f'show port stats {port}', r'Tx-bps.*testpmd> ')
        return {name: int(value) for name, value in
                re.findall(r'([RT]X-\w+): *(\d+)', text)}

    def quit(self):
        self.say('quit', 'Bye', 60)
        self.guest.check('exec 7>&-')


def boot(peer, unit, **options):
    return Guest(kernel=image(*MODULES, *[word for package in PACKAGES
                                          for word in ('--program', package)]),
                 devices=['-device', unit, '-device', 'pcie-root-port,id=root',
                          *peer.netdev('n0'), '-device',
                          f'ixgbe,netdev=n0,mac={ADDRESS},bus=root'],
                 append='intel_iommu=on no_timer_check', memory='1024', smp=2,
                 behind=None, **options)


def bind(guest, address):
    """Out of the kernel's hands, into VFIO's."""
    path = f'/sys/bus/pci/devices/{address}'
    guest.check(f'echo vfio-pci > {path}/driver_override; '
                f'if [ -e {path}/driver ]; then '
                f'echo {address} > {path}/driver/unbind; fi; '
                f'echo {address} > /sys/bus/pci/drivers_probe; '
                f'test -e {path}/driver', 60)


def prepare(guest):
    guest.up(240)
    guest.check('echo 96 > /proc/sys/vm/nr_hugepages; mkdir -p /dev/hugepages /var/run; chmod 755 /;'
                ' mount -t hugetlbfs none /dev/hugepages')


def with_guest(unit, *parts):
    directory = tempfile.mkdtemp(prefix='iovlab-test-')
    wire = Wire(directory)
    try:
        with boot(wire, unit) as guest:
            prepare(guest)
            for part in parts:
                part(guest, wire)
                print(f'# {part.__doc__}', flush=True)
        need(not wire.wrong, f'wrong frames: {wire.wrong[:5]}')
    finally:
        wire.close()
        shutil.rmtree(directory)


def came(wire, count):
    """Waits for so many of the offered frames to come back."""
    wait_until(lambda: len(wire.numbers()) >= count, lambda:
               f'{len(wire.numbers())} of {count} frames came back')


def comes_back(pmd, wire, mode, target):
    """One forwarding mode: what is offered comes back, once, in order."""
    del wire.back[:]
    pmd.say(f'set fwd {mode}')
    pmd.say('start')
    wire.offer(target, FRAMES)
    came(wire, FRAMES)
    pmd.say('stop')
    got = wire.numbers()
    need(got == list(range(FRAMES)),
         f'{mode}: {len(got)} of {FRAMES} frames came back')


def forwards(pmd, wire, mode, target):
    """The same, counted by all."""
    pmd.say('clear port stats all')
    comes_back(pmd, wire, mode, target)
    stats = pmd.stats()
    need(stats['RX-packets'] == FRAMES and stats['TX-packets'] == FRAMES and
         stats['RX-missed'] == 0, f'{mode}: testpmd counts {stats}')


def modes(guest, wire):
    """io, mac, csum, rxonly and txonly on the PF, counts agree"""
    target = bytes.fromhex(ADDRESS.replace(':', ''))
    bind(guest, PF)
    pmd = Testpmd(guest, [PF], options='--port-topology=loop')
    text = pmd.say('show port info 0', 'Link speed.*testpmd> ')
    need('net_ixgbe' in text and 'Link status: up' in text and
         'Link speed: 10 Gbps' in text, text)
    for mode in ('io', 'mac', 'csum'):
        forwards(pmd, wire, mode, target)
    # rxonly: taken and counted, and nothing comes back.
    del wire.back[:]
    pmd.say('clear port stats all')
    pmd.say('set fwd rxonly')
    pmd.say('start')
    wire.offer(target, FRAMES)
    wait_until(lambda: pmd.stats()['RX-packets'] >= FRAMES,
               lambda: f'rxonly lost frames: {pmd.stats()}')
    pmd.say('stop')
    need(pmd.stats()['RX-packets'] == FRAMES, 'rxonly has more')
    need(not wire.numbers(), 'rxonly sent something')
    # txonly: what testpmd counts is what the wire saw.
    pmd.say('clear port stats all')
    before = wire.frames
    pmd.say('set fwd txonly')
    pmd.say('set burst 4')
    pmd.say('start')
    wait_until(lambda: wire.frames - before > 1000,
               lambda: f'{wire.frames - before} frames were sent')
    pmd.say('stop')

    def sent():
        return pmd.stats()['TX-packets']

    # What is in the ring still leaves.
    wait_until(lambda: sent() == wire.frames - before > 100, lambda:
               f'testpmd sent {sent()}, the wire saw '
               f'{wire.frames - before}', 120)
    pmd.quit()


def queues_of(pmd, count):
    """Waits for so many frames: how many of them each receive queue had;
    testpmd leaves out one that had none."""
    start = time.monotonic()
    while True:
        text = pmd.say('show fwd stats all', 'Accumulated.*testpmd> ')
        found = {int(queue): int(frames) for queue, frames in re.findall(
            r'RX Port= 0/Queue= *(\d+).*?RX-packets: *(\d+)', text, re.S)}
        if sum(found.values()) >= count or time.monotonic() > start + 60:
            return [found.get(queue, 0) for queue in range(4)]
        doze(start)


def link_interrupts(guest, kind, name):
    """The cable is pulled and comes back; testpmd hears of it by interrupts
    of this kind, and by no others."""
    pmd = Testpmd(guest, [PF], eal=f'--vfio-intr={kind}',
                  options='--port-topology=loop')
    pmd.say('show port info 0', 'Link status: up')

    def count():
        rows = guest.check(f'grep vfio /proc/interrupts | grep {PF}')
        need(rows.count('vfio') == 1 and f'{name}' in rows,
             f'--vfio-intr={kind}: {rows}')
        return sum(map(int, rows.split(':')[1].split()[:2]))
    for up, word in ((False, 'down'), (True, 'up')):
        before = count()
        pmd.end = len(pmd.output())
        guest.qmp.command('set_link', name='n0', up=up)
        pmd.wait('link state change event')
        pmd.say('show port info 0', f'Link status: {word}')
        need(count() > before, f'{kind}: {word} without an interrupt')
    pmd.quit()


def rss_and_rules(guest, wire):
    """RSS spreads flows over queues; a flow rule takes one out; the link's
    changes come by MSI and by INTx"""
    target = bytes.fromhex(ADDRESS.replace(':', ''))
    bind(guest, PF)
    pmd = Testpmd(guest, [PF], options='--port-topology=loop --rxq=4 '
                  '--txq=4 --rss-udp')
    pmd.say('set fwd rxonly')
    pmd.say('start')
    wire.offer(target, FRAMES, flows=64)
    counts = queues_of(pmd, FRAMES)
    need(all(counts) and sum(counts) == FRAMES,
         f'RSS gave {counts}')
    # One flow, where RSS puts it, and then where the rule says.
    pmd.say('clear fwd stats all')
    wire.offer(target, 20)
    first = queues_of(pmd, 20)
    need(sum(first) == 20 and max(first) == 20, f'one flow is in {first}')
    queue = (first.index(20) + 1) % 4
    text = pmd.say('flow create 0 ingress pattern eth / ipv4 src is '
                   '10.77.0.1 dst is 10.77.0.2 / udp src is 5000 dst is 7 '
                   f'/ end actions queue index {queue} / end',
                   'Flow rule #0 created|[Ee]rror|rejected')
    need('Flow rule #0 created' in text, text)
    pmd.say('clear fwd stats all')
    wire.offer(target, 20)
    ruled = queues_of(pmd, 20)
    pmd.say('flow flush 0')
    need(ruled[queue] == 20 and sum(ruled) == 20,
         f'the rule for queue {queue} gave {ruled}')
    pmd.quit()
    link_interrupts(guest, 'msi', 'vfio-msi[0]')
    link_interrupts(guest, 'legacy', 'vfio-intx')


def vfs(guest, wire):
    """Two VFs of Linux's PF, each in a group of its own, forward frames"""
    guest.check('ip link set eth0 up')
    guest.check('echo 2 > /sys/class/net/eth0/device/sriov_numvfs', 60)
    places = ['0000:01:10.0', '0000:01:10.2']
    macs = [bytes.fromhex('0200000000a%d' % n) for n in range(2)]
    groups = set()
    for n, place in enumerate(places):
        guest.check(f'ip link set eth0 vf {n} mac 02:00:00:00:00:a{n}')
        bind(guest, place)
        group = guest.check(f'ls /sys/bus/pci/devices/{place}/iommu_group'
                            '/devices')
        need(group == place, f'{place} shares its group: {group}')
        groups.add(guest.check(
            f'readlink /sys/bus/pci/devices/{place}/iommu_group'))
    need(len(groups) == 2, f'groups: {groups}')
    pmd = Testpmd(guest, places, options='--port-topology=loop')
    text = pmd.say('show port info 1', 'Link speed.*testpmd> ')
    need('net_ixgbe_vf' in text and 'Link status: up' in text, text)
    for mac in macs:
        # With the addresses swapped: the PF checks the source.
        comes_back(pmd, wire, 'macswap', mac)
    pmd.quit()
    guest.check('echo 0 > /sys/class/net/eth0/device/sriov_numvfs', 120)


def one_boot():
    """VFs of Linux's PF, modes, RSS, flow rules and interrupts on the PF"""
    with_guest('vtd-iommu', vfs, modes, rss_and_rules)


def reference():
    """Modes behind QEMU's own intel-iommu"""
    with_guest('intel-iommu,intremap=on,eim=on', modes)


def af_xdp():
    """AF_XDP without copies on the PF: frames of up to 1 KB come back"""
    directory = tempfile.mkdtemp(prefix='iovlab-test-')
    wire = Wire(directory)
    with Guest(kernel=image(*MODULES, *[word for package in AF_XDP
                                        for word in ('--program', package)]),
               devices=['-device', 'pcie-root-port,id=root',
                        *wire.netdev('n0'), '-device',
                        f'ixgbe,netdev=n0,mac={ADDRESS},bus=root'],
               append='iovlab.ip=10.77.0.2/24', memory='1024',
               smp=2) as guest:
        prepare(guest)
        guest.check('mount -t bpf bpf /sys/fs/bpf; ethtool -K eth0 lro off && '
                    'ethtool -L eth0 combined 1', 60)
        guest.wait('ping -c 1 -W 2 10.77.0.1', 60)
        pmd = Testpmd(guest, [], eal='--no-pci --vdev net_af_xdp0,iface=eth0,'
                      'start_queue=0,queue_count=1')
        # The driver gives this MAC whole kilobytes of a buffer of 2 KB that
        # has its headroom in it, and drops what does not fit.
        wanted = [n for n in range(FRAMES) if 46 + 60 + n * 7 % 1300 < 1024]
        for _ in range(2):
            del wire.back[:]
            pmd.say('set fwd macswap')
            pmd.say('start')
            wire.offer(bytes.fromhex(ADDRESS.replace(':', '')), FRAMES)
            came(wire, len(wanted))
            pmd.say('stop')
            got = wire.numbers()
            need(got == wanted, f'{len(got)} of {len(wanted)} came back')
        pmd.quit()
        # The kernel has its queue again.
        guest.wait('ping -c 1 -W 2 10.77.0.1', 60)
    need(not wire.wrong, f'wrong frames: {wire.wrong[:5]}')
    wire.close()
    shutil.rmtree(directory)


need_device('ixgbe')
os.environ.setdefault('LC_ALL', 'C')
main(one_boot, reference, af_xdp)
