#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hv-net with link=: a host process that comes, goes and tells it things."""
# timeout: 400
import os
import shutil
import socket
import struct
import tempfile
import threading
import time

from guest import REPLIES, Guest, main, need, need_device, wait_until
from peer import ARP, DatagramPeer

ERROR, FRAME = 1, 2
HELLO, ACK, RUNSTATE, DRAINED = 16, 17, 18, 19
WELCOME, DRAIN, CREDIT = 32, 33, 35
NIC_CONFIG, NIC_VF, NIC_DATAPATH_DONE, NIC_ANNOUNCE = 48, 49, 50, 51
NIC_STATUS, NIC_DATAPATH = 64, 65
ADDRESS = bytes.fromhex('00155d112233')


class Host(DatagramPeer):
    """A host process that is one port with one neighbour (10.77.0.1)."""

    def __init__(self, directory):
        self.path = os.path.join(directory, 'link')
        self.listener = None
        self.connection = None
        self.session = 0
        self.messages = []      # (type, body) of the VM
        self.status = None
        self.arps = 0
        super().__init__(directory)

    # The thread of DatagramPeer has no part here.
    def run(self):
        pass

    def listen(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        threading.Thread(target=self.serve, args=(self.listener,),
                         daemon=True).start()

    def vanish(self):
        """As when the process is killed."""
        os.unlink(self.path)
        for sock in (self.listener, self.connection):
            sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def put(self, kind, body=b''):
        try:
            self.connection.sendall(struct.pack('<IHH', len(body), kind, 0)
                                    + body)
        except OSError:
            pass

    def config(self, up=1):
        self.put(NIC_CONFIG, ADDRESS + struct.pack('<BBIHH', up, 0, 10000,
                                                   1500, 0))

    def serve(self, listener):
        try:
            self.connection = listener.accept()[0]
        except OSError:
            return
        stream = self.connection.makefile('rb')
        self.sequence = self.taken = 0
        self.session += 1
        while True:
            try:
                head = stream.read(8)
                if len(head) < 8:
                    return
                length, kind, _ = struct.unpack('<IHH', head)
                self.message(kind, stream.read(length))
            except (OSError, ValueError):
                return

    def message(self, kind, body):
        self.messages.append((kind, body))
        if kind == HELLO:
            self.put(WELCOME, struct.pack('<HHHHQ', 2, 64, 64, 0,
                                          self.session))
            self.config()
        elif kind == NIC_STATUS:
            self.status = struct.unpack('<6sBBIIHBBQQ', body)
        elif kind == NIC_DATAPATH:
            self.put(NIC_DATAPATH_DONE, body)
        elif kind == FRAME:
            self.taken += 1
            self.put(CREDIT, struct.pack('<Q', self.taken))
            frame = body[24:]
            self.arps += frame[12:14] == struct.pack('>H', ARP)
            self.receive(frame)

    def send(self, frame):
        self.sequence += 1
        self.put(FRAME, struct.pack('<QBBBBI8x', self.sequence, 0, 0, 0, 0, 0)
                 + frame)

    @staticmethod
    def wait(condition, what):
        wait_until(condition, lambda: what)


class Lab:
    """A guest on 10.77.0.2 and its host."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix='iovlab-link-')
        self.host = Host(self.directory)
        self.host.listen()
        self.guest = Guest(['-device', 'hv-vmbus', '-chardev',
                            f'socket,id=host,path={self.host.path},'
                            'reconnect-ms=200', '-device',
                            'hv-net,id=nic,link=host,vm=test'],
                           append='iovlab.ip=10.77.0.2/24')
        self.guest.__enter__()
        self.guest.up()
        self.guest.wait('ping -c 1 -W 1 10.77.0.1')
        return self.guest, self.host

    def __exit__(self, *what):
        self.guest.__exit__(*what)
        shutil.rmtree(self.directory, ignore_errors=True)


def settings(guest, host):
    """The host's address and settings are the guest's; its state is told"""
    need(guest.check('cat /sys/class/net/eth0/address').strip() ==
         '00:15:5d:11:22:33', 'not the host\'s address')
    host.wait(lambda: host.status and host.status[4], 'a packet filter')
    mac, connected, sriov, version = host.status[:4]
    need((mac, connected, sriov, version) == (ADDRESS, 1, 1, 0x60001),
         str(host.status))
    host.config(up=0)
    guest.wait('grep -q 0 /sys/class/net/eth0/carrier')
    host.config(up=1)
    guest.wait('grep -q 1 /sys/class/net/eth0/carrier')


def association(guest, host):
    """A VF is announced to the guest, and its end; the guest drains"""
    host.put(NIC_VF, struct.pack('<B3xI', 1, 7))
    guest.wait_console('VF slot 7 added')
    host.put(NIC_VF, struct.pack('<B3xI', 0, 0))
    guest.wait_console('VF slot 7 removed')
    host.put(DRAIN, struct.pack('<Q', 99))
    host.wait(lambda: (DRAINED, struct.pack('<Q', 99)) in host.messages,
              'DRAINED')


def announce(guest, host):
    """Asked to, the guest announces its address"""
    guest.wait('ping -c 1 -W 1 10.77.0.1')
    before = host.arps
    host.put(NIC_ANNOUNCE)
    host.wait(lambda: host.arps > before, 'a gratuitous ARP')


def restart(guest, host):
    """A host process that is back in time: no frame of the guest is lost"""
    before = int(guest.check(REPLIES))
    guest.check('(ping -i 0.3 -c 12 -W 9 10.77.0.1 > /tmp/ping; '
                'touch /tmp/done) > /dev/null 2>&1 &')
    guest.wait(f'test $({REPLIES}) -gt {before + 1}')
    host.vanish()
    # Less than what hv-net waits for its host.
    time.sleep(1)
    host.listen()
    guest.wait('test -e /tmp/done')

    def lost():
        return 12 + before - int(guest.check(REPLIES))

    # One request may have been answered into the closed socket.
    wait_until(lambda: lost() <= 1, lambda: f'{lost()} of 12 are lost')
    need(host.status and host.status[1] == 1, 'no status after it')


def gone(guest, host):
    """A host process that stays away: the cable is out until it is back"""
    host.vanish()
    guest.check('ping -c 20 -i 0.1 10.77.0.1 > /dev/null 2>&1 &')
    guest.wait('grep -q 0 /sys/class/net/eth0/carrier')
    # Nothing in the guest is stuck.
    guest.check('ip link set eth0 down && ip link set eth0 up')
    host.listen()
    guest.wait('grep -q 1 /sys/class/net/eth0/carrier')
    guest.wait('ping -c 1 -W 1 10.77.0.1')


def one_boot():
    """Settings, a VF's announcement, ARP, a host that restarts, one that is
    gone"""
    with Lab() as (guest, host):
        for part in (settings, association, announce, restart, gone):
            part(guest, host)
            print(f'# {part.__doc__}', flush=True)


need_device('hv-vmbus', 'hv-net')
main(one_boot)
