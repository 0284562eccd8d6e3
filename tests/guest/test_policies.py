#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Policies that a VF enforces, and the same on the synthetic path; ACLs and
mirroring, which take the VF away."""
# timeout: 300
import time

from guest import main, need, wait_until
from lab import Lab, Peer

FORGED = '02bad0bad0ba'
KIND = '88b5'
SIZE, LIMIT = 1400, 11200000


def frame_of(vm, source=None, size=60):
    mac = source or vm.nic()['MacAddress'].replace(':', '')
    return '020077000001' + mac + KIND + '5a' * (size - 14)


def sent_by(peer, source):
    return peer.count(lambda f: f[6:12] == bytes.fromhex(source)
                      and KIND in f[12:18].hex())


def spoofing(vm, peer, path):
    need(vm.nic()['Path'] == path, f'not on {path}')
    own = vm.nic()['MacAddress'].replace(':', '')
    before, marks = sent_by(peer, FORGED), sent_by(peer, own)
    vm.run(f'iovlab-agent frame eth0 {frame_of(vm, FORGED)} 5')
    # What came after them is here: they are not on their way.
    vm.check(f'iovlab-agent frame eth0 {frame_of(vm)} 1')
    wait_until(lambda: sent_by(peer, own) > marks, lambda: 'its own frame')
    need(sent_by(peer, FORGED) == before, f'{path}: a forged frame passed')
    vm.lab.set('nic', 'web.0', MacAddressSpoofing='On')
    vm.check(f'iovlab-agent frame eth0 {frame_of(vm, FORGED)} 5')
    wait_until(lambda: sent_by(peer, FORGED) == before + 5, lambda:
               f'{path}: {sent_by(peer, FORGED) - before} of 5 passed')
    vm.lab.set('nic', 'web.0', MacAddressSpoofing='Off')


def vlan(vm, peer, path):
    vm.wait('ping -c 1 -W 5 10.77.0.1')
    vm.lab.set('nic', 'web.0', Vlan='Access:10')
    need(vm.nic()['Path'] == path, f'not on {path}')
    status, _ = vm.run('ping -c 2 -W 1 10.77.0.1')
    need(status != 0, f'{path}: an answer from outside the VLAN')
    peer.vlan = 10
    vm.wait('ping -c 1 -W 2 10.77.0.1')
    vm.lab.set('nic', 'web.0', Vlan='Untagged')
    peer.vlan = None
    vm.wait('ping -c 1 -W 2 10.77.0.1')


def speed(vm, peer):
    """Bits a second of a burst from the guest, of which nothing is lost."""
    times = []
    mac = vm.nic()['MacAddress'].replace(':', '')

    def watch(frame):
        if frame[6:12].hex() == mac and KIND in frame[12:18].hex():
            times.append(time.monotonic())

    peer.watch = watch
    # A watcher that is kept waiting has the first frames late.
    start = time.monotonic()
    sent = int(vm.check(f'iovlab-agent frame eth0 {frame_of(vm, size=SIZE)}'
                        ' 1500', 60))
    end = time.monotonic() + 60
    while len(times) < sent and time.monotonic() < end:
        time.sleep(0.1)
    peer.watch = lambda frame: None
    need(len(times) == sent, f'{len(times)} of {sent} came')
    # 24 bytes more on a wire: preamble, FCS, gap.
    return sent * (SIZE + 24) * 8 / (times[-1] - start)


def rate(vm, peer, path):
    free = speed(vm, peer)
    vm.lab.set('nic', 'web.0', MaximumBandwidth=LIMIT)
    need(vm.nic()['Path'] == path, f'not on {path}')
    kept = speed(vm, peer)
    print(f'# {path}: {free / 1e6:.1f} Mbit/s, {kept / 1e6:.1f} with a limit'
          f' of {LIMIT / 1e6:.1f}')
    need(kept < LIMIT * 1.2, f'{path}: {kept:.0f} bits a second')
    vm.lab.set('nic', 'web.0', MaximumBandwidth='0')


def both_paths():
    """VLAN, spoofing and bandwidth hold on a VF and without one"""
    with Lab('A') as lab:
        peer = Peer(lab)
        vm = lab.vm('web', ip='10.77.0.11/16')
        vm.wait_path('vf')
        for path in 'vf', 'synthetic':
            if path == 'synthetic':
                lab.set('nic', 'web.0', IovWeight='0')
                vm.wait_path('synthetic')
            spoofing(vm, peer, path)
            vlan(vm, peer, path)
            rate(vm, peer, path)


def switch_only():
    """ACLs and mirroring take the VF away, work, and give it back"""
    with Lab('A') as lab:
        Peer(lab)
        vm = lab.vm('web', ip='10.77.0.11/16,10.99.0.1/16', nics=2)
        vm.wait_path('vf')
        lab.set('nic', 'web.0', Acls='Deny:Outbound:remote=10.77.0.1;'
                'Meter:Outbound')
        nic = vm.wait_state('Waiting')
        need(nic['ReasonCode'] == 'PolicyAcl', nic['ReasonCode'])
        status, _ = vm.run('ping -c 2 -W 1 10.77.0.1')
        need(status != 0, 'the ACL lets it through')
        nic = vm.nic()
        need(nic['PolicyDrops']['AclOutbound'] > 0, f'{nic["PolicyDrops"]}')
        need(nic['AclMeters'][0]['Frames'] > 0, f'{nic["AclMeters"]}')
        lab.set('nic', 'web.0', Acls='')
        vm.wait_path('vf')
        vm.wait('ping -c 1 -W 2 10.77.0.1')

        lab.set('nic', 'web.0', PortMirroring='Source')
        lab.set('nic', 'web.1', PortMirroring='Destination')
        vm.wait_state('Waiting', 0)
        vm.wait_state('Waiting', 1)
        vm.check('ip link set eth1 promisc on')
        count = 'cat /sys/class/net/eth1/statistics/rx_packets'
        before = int(vm.check(count))
        vm.check('ping -c 10 -i 0.1 -W 5 10.77.0.1')
        # The last copy may be behind the answer.
        wait_until(lambda: int(vm.check(count)) >= before + 20, lambda:
                   f'{int(vm.check(count)) - before} copies of 20 frames')
        lab.set('nic', 'web.0', PortMirroring='None')
        lab.set('nic', 'web.1', PortMirroring='None')
        vm.wait_path('vf', 0)
        vm.wait('ping -c 1 -W 5 10.77.0.1')


main(both_paths, switch_only)
