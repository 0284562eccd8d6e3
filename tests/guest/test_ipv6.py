#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""IPv6: an autoconfigured address over detach, migration and attach."""
# timeout: 240
import socket
import struct
import threading
import time

from guest import main, need, wait_until
from lab import Lab, Peer

PREFIX = '2001:db8:77::'


class Pinger(threading.Thread):
    """Echo requests to the guest, and which of them it answered."""

    def __init__(self, peer, mac, target):
        super().__init__(daemon=True)
        self.peer, self.mac = peer, mac
        self.target = socket.inet_pton(socket.AF_INET6, target)
        self.sent = 0
        self.seen = set()
        self.on = True
        peer.watch = self.answer
        self.start()

    def answer(self, frame):
        if frame[12:14] == b'\x86\xdd' and frame[20] == 58 and \
                frame[54] == 129 and frame[22:38] == self.target:
            self.seen.add(struct.unpack_from('>I', frame, 62)[0])

    def run(self):
        while self.on:
            self.peer.icmp6(self.mac, self.peer.address6, self.target,
                            struct.pack('>BBHHHI', 128, 0, 0, 7, 0, self.sent))
            self.sent += 1
            time.sleep(0.05)


def autoconfigured():
    """Address and traffic stay over detach, migration and attach"""
    with Lab('A', 'B') as lab:
        peer = Peer(lab, address6=PREFIX + '1')
        vm = lab.vm('web', ip='10.77.0.11/16')
        vm.wait_path('vf')
        # What is advertised once has to find the guest listening.
        vm.wait_link_local()
        peer.advertise(PREFIX)
        show = 'ip -6 address show dev eth0 scope global'
        vm.wait(f'{show} | grep -q {PREFIX[:-1]}')
        vm.wait(f'! {show} | grep -q tentative')
        address = vm.check(f"{show} | sed -n 's,.*inet6 \\(.*\\)/64.*,\\1,p'")
        mac = bytes.fromhex(vm.nic()['MacAddress'].replace(':', ''))
        eui = bytes([mac[0] ^ 2]) + mac[1:3] + b'\xff\xfe' + mac[3:]
        need(socket.inet_pton(socket.AF_INET6, address)[8:] == eui, address)
        vm.wait(f'ping -c 1 -W 2 {PREFIX}1')

        pinger = Pinger(peer, mac, address)
        time.sleep(1)
        lab.iovlab('vf', 'detach', 'web')
        time.sleep(0.5)
        lab.iovlab('vf', 'attach', 'web')
        vm.wait_path('vf')
        lab.iovlab('migrate', 'web', '--to', 'B', '--quiet')
        vm.connect('B')
        vm.wait_path('vf')
        time.sleep(1)
        pinger.on = False
        pinger.join()

        def lost():
            return sorted(set(range(pinger.sent)) - pinger.seen)

        wait_until(lambda: not lost(), lambda: f'{len(lost())} of '
                   f'{pinger.sent} not answered: {lost()[:10]}')
        need(pinger.sent > 50, f'{pinger.sent} sent')
        after = vm.check(f"{show} | sed -n 's,.*inet6 \\(.*\\)/64.*,\\1,p'")
        need(after == address, f'{address} became {after}')
        vm.wait(f'ping -c 1 -W 5 {PREFIX}1')


main(autoconfigured)
