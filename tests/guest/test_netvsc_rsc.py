#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Receive segment coalescing of hv-net, as Linux's hv_netvsc turns it on."""
# timeout: 300
import hashlib
import socket
import tempfile
import threading

from guest import Guest, image, main, need, need_device
from lab import Lab

MIB = 1 << 20
SIZE = 8 * MIB
BLOCK = hashlib.sha512(b'block').digest() * 1021
WANT = hashlib.sha256((BLOCK * (SIZE // len(BLOCK) + 1))[:SIZE]).hexdigest()
# Linux sends the setting only when it changes, and not at the first probe.
ON = 'ethtool -K eth0 lro off && ethtool -K eth0 lro on'


class Server(threading.Thread):
    """Sends SIZE bytes to everyone who connects."""

    def __init__(self):
        super().__init__(daemon=True)
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self):
        while True:
            with self.server.accept()[0] as connection:
                connection.sendall((BLOCK * (SIZE // len(BLOCK) + 1))[:SIZE])


def bytes_per_packet(guest, line):
    """Runs a transfer to the guest; what a packet that came held."""
    count = 'cat /sys/class/net/eth0/statistics/rx_packets'
    before = int(guest.check(count))
    need(guest.check(line, 120).split()[0] == WANT, 'other bytes came')
    return SIZE / (int(guest.check(count)) - before)


def lro(guest):
    return guest.check('ethtool -k eth0 | grep large-receive-offload')


def user_network():
    """lro on: packets above the MTU, whole; and off; and after a restore"""
    server = Server()
    fetch = f'nc 10.0.2.2 {server.port} | sha256sum'
    with tempfile.TemporaryDirectory(prefix='iovlab-rsc-') as place:
        guest = Guest(devices=['-device', 'hv-vmbus', '-netdev',
                               'user,id=n0', '-device', 'hv-net,netdev=n0'],
                      append='iovlab.ip=10.0.2.15/24', smp=2,
                      kernel=image('--program', 'ethtool'))
        guest.start()
        try:
            guest.up()
            need(lro(guest).endswith(': on'), lro(guest))
            guest.check(ON)
            size = bytes_per_packet(guest, fetch)
            print(f'# on: {size:.0f} bytes a packet')
            need(size > 2 * 1460, f'on: {size:.0f} bytes a packet')
            moved = guest.move(f'{place}/state')
            guest.stop()
            guest = moved
            size = bytes_per_packet(guest, fetch)
            need(size > 2 * 1460, f'restored: {size:.0f} bytes a packet')
            guest.check('ethtool -K eth0 lro off')
            size = bytes_per_packet(guest, fetch)
            need(size <= 1460, f'off: {size:.0f} bytes a packet')
            guest.healthy()
        finally:
            guest.stop()


def not_offered():
    """rsc=off: Linux does not know of it"""
    with Guest(devices=['-device', 'hv-vmbus', '-netdev', 'user,id=n0',
                        '-device', 'hv-net,netdev=n0,rsc=off'],
               kernel=image('--program', 'ethtool')) as guest:
        guest.up()
        need('off [fixed]' in lro(guest), lro(guest))


def host():
    """SoftwareRscEnabled and RscEnabled of a host, between two VMs"""
    with Lab('A') as lab:
        options = ['--iov-weight', '0']
        to = lab.vm('to', ip='10.77.0.11/16', programs=['ethtool'],
                    options=options)
        source = lab.vm('from', ip='10.77.0.12/16', options=options)
        source.check(f'mkdir /www && yes iovlab | head -c {SIZE} > /www/data '
                     '&& httpd -h /www')
        want = source.check('sha256sum < /www/data').split()[0]
        to.check(ON)
        switch = lab.show('switch')[0]['Name']

        def transfer():
            count = 'cat /sys/class/net/eth0/statistics/rx_packets'
            before = int(to.check(count))
            got = to.check('wget -q -O - http://10.77.0.12/data | sha256sum',
                           200)
            need(got.split()[0] == want, 'other bytes came')
            return SIZE / (int(to.check(count)) - before)

        for kind, name, key in (('switch', switch, 'SoftwareRscEnabled'),
                                ('nic', 'to.0', 'RscEnabled')):
            size = transfer()
            print(f'# on: {size:.0f} bytes a packet')
            need(size > 1500, f'on: {size:.0f} bytes a packet')
            lab.set(kind, name, **{key: 'false'})
            size = transfer()
            need(size <= 1460, f'{key}=false: {size:.0f} bytes a packet')
            lab.set(kind, name, **{key: 'true'})


need_device('hv-vmbus', 'hv-net')
main(user_network, not_offered, host)
