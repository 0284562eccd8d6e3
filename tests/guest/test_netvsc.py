#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hv-net on QEMU's own network backends, driven by Linux's hv_netvsc."""
# timeout: 300
import hashlib
import re
import shutil
import socket
import tempfile
import threading
import time

from guest import Guest, main, need, need_device, wait_until
from peer import UDP, DatagramPeer, ip_packet, udp

BUS = ['-device', 'hv-vmbus']
USER = BUS + ['-netdev', 'user,id=n0', '-device', 'hv-net,id=nic,netdev=n0']
ADDRESS = 'iovlab.ip=10.0.2.15/24 iovlab.gw=10.0.2.2'


def user_network(guest):
    """hv-net on -netdev user: the guest reaches the gateway"""
    guest.check('readlink /sys/class/net/eth0/device/driver | '
                'grep hv_netvsc')
    guest.wait('ping -c 1 -W 5 10.0.2.2')


class Transfer(threading.Thread):
    """A TCP server that sends what it has got back once the guest is done."""

    def __init__(self):
        super().__init__(daemon=True)
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        self.digest = hashlib.sha256()
        self.size = 0
        self.start()

    def run(self):
        connection, _ = self.server.accept()
        with connection:
            while True:
                data = connection.recv(65536)
                if not data:
                    break
                self.digest.update(data)
                self.size += len(data)
        with self.server.accept()[0] as connection:
            block = bytes(range(256)) * 256
            for _ in range(256):
                connection.sendall(block)


def tcp(guest):
    """16 MiB by TCP in each direction arrive whole (LSO, checksums)"""
    transfer = Transfer()
    guest.check('dd if=/dev/urandom of=/tmp/data bs=1M count=16')
    sent = guest.check('sha256sum < /tmp/data').split()[0]
    guest.check(f'nc 10.0.2.2 {transfer.port} < /tmp/data', 200)
    got = guest.check(f'nc 10.0.2.2 {transfer.port} | sha256sum', 200)
    wait_until(lambda: transfer.size == 16 << 20,
               lambda: f'{transfer.size} bytes came')
    need(transfer.digest.hexdigest() == sent, 'sent data differs')
    need(got.split()[0] == hashlib.sha256(bytes(range(256)) * 65536)
         .hexdigest(), 'received data differs')


def frames(guest, peer):
    """Frames of all lengths leave well-formed, whatever the guest offloads"""
    for size in (0, 1, 17, 18, 19, 63, 512, 1471, 1472, 1473, 8000):
        guest.wait(f'ping -c 1 -W 5 -s {size} 10.77.0.1' if size <= 1472 else
                   f'ping -c 1 -W 1 -s {size} 10.77.0.1 || true')
    guest.run('nslookup example.test 10.77.0.1 > /dev/null 2>&1 &')
    wait_until(lambda: any(b'example' in data for data in peer.udp),
               lambda: 'no UDP datagram came')
    need(peer.longest <= 1518, f'a frame of {peer.longest} bytes')
    need(not peer.wrong, f'wrong: {peer.wrong[:5]}')


def no_ports(guest):
    """How many UDP datagrams the guest has had for a port that is closed."""
    return int(guest.check("awk '/^Udp: [0-9]/ { print $3 }'"
                           ' /proc/net/snmp'))


def burst(guest, peer):
    """2,000 datagrams in bursts are all in the guest, none twice"""
    source, target = peer.address, socket.inet_aton('10.77.0.2')
    before = no_ports(guest)
    for number in range(2000):
        data = b'%06d' % number
        peer.send_ip(ip_packet(source, target, UDP,
                               udp(source, target, 9, 9, data)))
        if number % 20 == 19:
            time.sleep(0.02)
    wait_until(lambda: no_ports(guest) - before >= 2000,
               lambda: f'{no_ports(guest) - before} came')
    need(no_ports(guest) - before == 2000,
         f'{no_ports(guest) - before} came')


def one_peer():
    """Frames of all lengths, and 2,000 datagrams in bursts"""
    directory = tempfile.mkdtemp(prefix='iovlab-test-')
    peer = DatagramPeer(directory)
    try:
        with Guest(devices=BUS + peer.netdev('n0') +
                   ['-device', 'hv-net,netdev=n0'],
                   append='iovlab.ip=10.77.0.2/24') as guest:
            guest.up()
            guest.wait('ping -c 1 -W 5 10.77.0.1')
            for part in (burst, frames):
                part(guest, peer)
                print(f'# {part.__doc__}', flush=True)
    finally:
        peer.close()
        shutil.rmtree(directory)


def channels():
    """Four CPUs get four channels"""
    with Guest(devices=USER, append=ADDRESS, smp=4) as guest:
        guest.up()
        guest.wait('test $(ls -d /sys/bus/vmbus/devices/*/channels/* | wc -l)'
                   ' -eq 4')
        guest.wait('ping -c 1 -W 5 10.0.2.2')


def hotplug():
    """A NIC comes and goes while the guest runs"""
    with Guest(devices=BUS) as guest:
        guest.up()
        guest.check('test ! -e /sys/class/net/eth0')
        for _ in range(3):
            guest.qmp.command('netdev_add', type='user', id='n1')
            guest.qmp.command('device_add', driver='hv-net', id='late',
                              netdev='n1')
            guest.wait('test -e /sys/class/net/eth0')
            guest.check('ip address add 10.0.2.15/24 dev eth0 && '
                        'ip link set eth0 up')
            guest.wait('ping -c 1 -W 1 10.0.2.2')
            guest.qmp.command('device_del', id='late')
            guest.qmp.event('DEVICE_DELETED', device='late')
            guest.wait('test ! -e /sys/class/net/eth0')
            guest.qmp.command('netdev_del', id='n1')


def mtu(guest):
    """The MTU can be raised, and the NIC still works"""
    guest.check('ip link set eth0 mtu 4000')
    need('mtu 4000' in guest.check('ip link show eth0'), 'not 4000')
    guest.wait('ping -c 1 -W 1 10.0.2.2')


def reload_driver(guest):
    """hv_netvsc unbinds and binds again, ten times"""
    device = guest.check('ls /sys/bus/vmbus/devices')
    need(re.fullmatch(r'[0-9a-f-]{36}', device), device)
    for _ in range(10):
        for verb in ('unbind', 'bind'):
            guest.check(f'echo {device} > '
                        f'/sys/bus/vmbus/drivers/hv_netvsc/{verb}')
    guest.check('ip address add 10.0.2.15/24 dev eth0 && '
                'ip link set eth0 up')
    guest.wait('ping -c 1 -W 1 10.0.2.2')


def one_processor():
    """QEMU's user-mode network, MTU 4000, the driver reloads"""
    with Guest(devices=USER, append=ADDRESS) as guest:
        guest.up()
        for part in (user_network, mtu, reload_driver):
            part(guest)
            print(f'# {part.__doc__}', flush=True)


def save_restore():
    """TCP; the guest is saved and restored three times, its NIC works on"""
    with tempfile.TemporaryDirectory(prefix='iovlab-test-') as directory:
        guest = Guest(devices=USER, append=ADDRESS, smp=2)
        guest.start()
        try:
            guest.up()
            tcp(guest)
            guest.check('rm /tmp/data')
            for number in range(3):
                guest.wait('ping -c 1 -W 5 10.0.2.2')
                moved = guest.move(f'{directory}/state{number}')
                guest.stop()
                guest = moved
            guest.wait('ping -c 1 -W 5 10.0.2.2')
            guest.healthy()
        finally:
            guest.stop()


need_device('hv-vmbus', 'hv-net')
main(one_processor, one_peer, channels, hotplug, save_restore)
