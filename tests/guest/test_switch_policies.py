#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the software switch does with frames of real guests: private VLANs,
priority tags, storms, parts of a busy uplink.  And the queues of a VF with two
queue pairs."""
# timeout: 300
import os
import socket
import struct
import threading
import time

from guest import main, need, wait_until
from lab import Lab, Peer
from peer import ip_packet, udp

KIND = '88b5'
ROUND = 25                      # frames of each probe
# A private VLAN: which of the VM's adapters is in which part of it.
PROMISCUOUS, ISOLATED, COMMUNITY, FELLOW = range(4)
PRIVATE = ('Promiscuous:100:101-102', 'Isolated:100:101', 'Community:100:102',
           'Community:100:102')
MAY_SPEAK = {(PROMISCUOUS, ISOLATED), (PROMISCUOUS, COMMUNITY),
             (PROMISCUOUS, FELLOW), (ISOLATED, PROMISCUOUS),
             (COMMUNITY, PROMISCUOUS), (FELLOW, PROMISCUOUS),
             (COMMUNITY, FELLOW), (FELLOW, COMMUNITY)}


def mac(vm, nic):
    return vm.nic(nic)['MacAddress'].replace(':', '')


def frame(target, source, tags='', size=100):
    head = target + source + tags + KIND
    return head + '5a' * (size - len(head) // 2)


def send(vm, nic, data, count=ROUND, rate=''):
    return int(vm.check(f'iovlab-agent frame eth{nic} {data} {count} {rate}'))


def received(vm, nic):
    return int(vm.check(f'cat /sys/class/net/eth{nic}/statistics/rx_packets'))


def seen(peer, source, tag=None):
    """Frames of an adapter on the wire: their tags' control information."""
    found = [f for f in list(peer.frames)
             if f[6:12].hex() == source and KIND in f[12:18].hex()]
    return [struct.unpack_from('>H', f, 14)[0] if f[12:14] == b'\x81\0'
            else None for f in found]


def private_vlans(lab, vm, peer):
    for nic, mode in enumerate(PRIVATE):
        lab.set('nic', f'web.{nic}', Vlan=mode)
    macs = [mac(vm, nic) for nic in range(4)]
    for source in range(4):
        for target in range(4):
            if source == target:
                continue
            before = received(vm, target)
            send(vm, source, frame(macs[target], macs[source]))
            if (source, target) in MAY_SPEAK:
                wait_until(lambda: received(vm, target) >= before + ROUND,
                           lambda: f'{PRIVATE[source]} to {PRIVATE[target]}: '
                           f'{received(vm, target) - before} of {ROUND}')
                continue
            time.sleep(0.3)
            came = received(vm, target) - before
            # A few frames are the guest's own.
            need(came < ROUND, f'{PRIVATE[source]} to {PRIVATE[target]}: '
                 f'{came} of {ROUND}')
    for nic, vid in enumerate((100, 101, 102, 102)):
        send(vm, nic, frame('020077000001', macs[nic]))
        vids = {tag & 0xfff for tag in wait_seen(peer, macs[nic])}
        need(vids == {vid}, f'{PRIVATE[nic]} on the wire: {vids}, not {vid}')
        lab.set('nic', f'web.{nic}', Vlan='Untagged')


def wait_seen(peer, source):
    end = time.monotonic() + 10
    while len(seen(peer, source)) < ROUND and time.monotonic() < end:
        time.sleep(0.1)
    tags = seen(peer, source)
    need(len(tags) >= ROUND, f'{len(tags)} of {ROUND} on the wire')
    peer.frames.clear()
    return tags


def priority_tag(lab, vm, peer):
    source = mac(vm, 0)
    tagged = frame('020077000001', source, tags='8100a000')
    for allowed, priority in (('On', 5), ('Off', 0)):
        lab.set('nic', 'web.0', IeeePriorityTag=allowed)
        send(vm, 0, tagged)
        tags = wait_seen(peer, source)
        need(all((tag or 0) >> 13 == priority for tag in tags),
             f'IeeePriorityTag {allowed}: {set(tags)}')


def storm(lab, vm, peer):
    source, limit, count = mac(vm, 0), 20, 300
    lab.set('nic', 'web.0', StormLimit=str(limit))
    peer.frames.clear()
    start = time.monotonic()
    send(vm, 0, frame('ffffffffffff', source), count)
    elapsed = time.monotonic() - start

    def dropped():
        return vm.nic(0)['PolicyDrops']['StormLimit']

    wait_until(lambda: dropped() + len(seen(peer, source)) >= count,
               lambda: f'{dropped()} of {count} dropped, '
               f'{len(seen(peer, source))} on the wire')
    passed, drops = len(seen(peer, source)), dropped()
    need(limit <= passed <= limit * (elapsed + 1) + 1,
         f'{passed} of {count} broadcasts in {elapsed:.1f} s passed')
    need(drops >= count - passed, f'{drops} counted, {passed} passed')
    send(vm, 0, frame('020077000001', source), 100)
    wait_until(lambda: len(seen(peer, source)) == passed + 100, lambda:
               f'{len(seen(peer, source)) - passed} of 100 unicasts passed')
    lab.set('nic', 'web.0', StormLimit='0')


class SlowWire(threading.Thread):
    """The other end of the adapter's wire, in the place of the top-of-rack
    switch: takes nothing until it is started, and then 300 KB a second."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        path = os.path.join(lab.dir, 'tor', 'A.sock')
        lab.set('adapter', 'Ethernet', CableConnected='false')
        os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        lab.set('adapter', 'Ethernet', CableConnected='true')
        self.wire, _ = self.listener.accept()

    def run(self):
        try:
            while self.wire.recv(6000):
                time.sleep(0.02)
        except OSError:
            pass


def sent_by_each(lab, macs):
    frames = {nic['MacAddress'].replace(':', ''):
              nic['Frames']['SyntheticReceived'] for nic in lab.show('nic')}
    return [frames[m] for m in macs]


def busy_uplink(lab, vm, _):
    """Two adapters that send all they can, and their parts of the wire."""
    macs = [mac(vm, nic) for nic in range(2)]
    wire = SlowWire(lab)
    for nic, weight in ((0, 80), (1, 20)):
        lab.set('nic', f'web.{nic}', MinimumBandwidthWeight=str(weight))
        vm.check(f'iovlab-agent frame eth{nic}'
                 f' {frame("020077000001", macs[nic], size=1400)} 1000000'
                 ' > /dev/null 2>&1 &')
    # Until all that lies between switch and wire is full.
    end, before, full = time.monotonic() + 60, None, [0, 0]
    while before != full or not all(full):
        need(time.monotonic() < end, 'the uplink never was busy')
        before = full
        time.sleep(0.7)
        full = sent_by_each(lab, macs)
    wire.start()
    time.sleep(5)
    many, few = (b - a for a, b in zip(full, sent_by_each(lab, macs)))
    vm.check('killall iovlab-agent')
    print(f'# weights 80 and 20: {many} and {few} frames')
    need(few and 2.5 < many / few < 8, f'{many} and {few}')


def switch():
    """Private VLANs, priority tags, storm limit, bandwidth weights"""
    with Lab('A') as lab:
        peer = Peer(lab)
        vm = lab.vm('web', nics=4, options=['--iov-weight', '0', '--smp', '2'])
        vm.check('for i in 0 1 2 3; do echo 1 >'
                 ' /proc/sys/net/ipv6/conf/eth$i/disable_ipv6;'
                 ' ip link set eth$i up; done')
        for test in private_vlans, priority_tag, storm, busy_uplink:
            start = time.monotonic()
            test(lab, vm, peer)
            peer.frames.clear()
            print(f'# {test.__name__}: {time.monotonic() - start:.1f} s')


def queue_counts(vm):
    """Frames received by each queue of the VF, as ethtool shows them."""
    text = vm.check('ethtool -S $(ls /sys/class/net/eth0 | grep lower_ |'
                    ' sed s/lower_//)')
    return [int(line.split()[1]) for line in text.splitlines()
            if 'rx_queue_' in line and '_packets' in line]


def quiet_times(vm, act):
    """Nanoseconds of quiet that the VF kept after its interrupts meanwhile."""
    before = len(vm.log('qemu.log'))
    act()
    time.sleep(0.5)
    return [int(line.split('quiet for ')[1].split()[0])
            for line in vm.log('qemu.log')[before:].splitlines()
            if 'ixgbe_intr_send' in line and 'vector 0,' in line]


def moderation(lab, vm, peer):
    """The host's moderation of a VF, whatever the guest's driver asks for."""
    def ping():
        vm.check('ping -c 5 -i 0.1 -W 5 10.77.0.1')

    def flood():
        data = ip_packet(socket.inet_aton('10.77.1.1'), target, 17,
                         udp(socket.inet_aton('10.77.1.1'), target, 1, 9,
                             bytes(20)))
        for _ in range(4000):
            peer.send(address + peer.mac + b'\x08\0' + data)

    target, address = socket.inet_aton('10.77.0.11'), bytes.fromhex(mac(vm, 0))
    for mode, least, most in (('Off', 0, 0), ('Low', 20000, 10**9),
                              ('Medium', 100000, 10**9),
                              ('High', 250000, 10**9)):
        lab.set('nic', 'web.0', IovInterruptModeration=mode)
        need(vm.nic()['Path'] == 'vf', 'it lost its VF')
        quiet = quiet_times(vm, ping)
        need(quiet and all(least <= q <= most for q in quiet),
             f'{mode}: {quiet}')
    lab.set('nic', 'web.0', IovInterruptModeration='Adaptive')
    calm = quiet_times(vm, ping)
    for _ in range(5):
        # On a busy machine the flood may be none.
        busy = quiet_times(vm, flood)
        if max(busy, default=0) >= 100000:
            break
    print(f'# adaptive: {set(calm)} when calm, {set(busy)} when busy')
    need(set(calm) == {0}, f'{calm}')
    need(max(busy, default=0) >= 100000, f'{set(busy)}')
    lab.set('nic', 'web.0', IovInterruptModeration='Default')


def queues():
    """Moderation of a VF, and flows over its queues when it has two"""
    with Lab('A') as lab:
        peer = Peer(lab)
        vm = lab.vm('web', ip='10.77.0.11/16', programs=['ethtool'],
                    options=['--smp', '2', '--', '-trace',
                             'enable=ixgbe_intr_send'])
        vm.wait_path('vf')
        vm.wait('ping -c 1 -W 2 10.77.0.1')
        moderation(lab, vm, peer)
        need(len(queue_counts(vm)) == 1, f'{queue_counts(vm)}')
        lab.iovlab('set', 'nic', 'web.0', 'IovQueuePairsRequested=2', '--wait')
        vm.wait_path('vf')
        need(vm.nic()['IovQueuePairsAssigned'] == 2, f'{vm.nic()}')
        before = queue_counts(vm)
        need(len(before) == 2, f'{before}')
        target, address = socket.inet_aton('10.77.0.11'), mac(vm, 0)
        for flow in range(64):
            source = socket.inet_aton(f'10.77.1.{flow}')
            data = udp(source, target, 1000 + flow, 9, bytes(20))
            for _ in range(10):
                peer.send(bytes.fromhex(address) + peer.mac + b'\x08\0'
                          + ip_packet(source, target, 17, data))

        def grown():
            return [b - a for a, b in zip(before, queue_counts(vm))]

        wait_until(lambda: sum(grown()) >= 640, lambda: f'{grown()}')
        print(f'# 640 frames of 64 flows: {grown()}')
        need(min(grown()) >= 100, f'{grown()}')


main(switch, queues)
