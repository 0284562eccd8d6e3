#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for QEMU: QMP and the link protocol, no machine.

It is the host processes' VM in tests: it takes frames, moves its data path
when a VF comes or goes, and migrates to another one of its kind.  Every frame
it takes is a line in $FAKE_QEMU_LOG.  On SIGUSR1 its VF makes requests that
the IOMMU blocks.  $FAKE_QEMU_VERSION is the link's version, if it is another.
QMP's x-silent is never answered, and a file with `bad` in its name cannot be
written.  A VM whose name begins with `deaf` is not done with its migration and
hears nothing from migrate_cancel on, until SIGUSR2; then `deaf` gives up and
`deaf-late` says that it was done.  `deaf-left` runs at the other end meanwhile.
"""
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time

(FRAME, HELLO, ACK, RUNSTATE, DRAINED) = (2, 16, 17, 18, 19)
(WELCOME, DRAIN, RECALL) = (32, 33, 34)
(NIC_DATAPATH_DONE, NIC_STATUS, NIC_DATAPATH, VF_FAULT) = (50, 64, 65, 101)
MAGIC = 0x4b4e4c56
VERSION = int(os.environ.get('FAKE_QEMU_VERSION', '2'))
ROLE_NIC, ROLE_VF = 1, 2
BLACKOUT = 0.15

selector = selectors.DefaultSelector()
log = open(os.environ['FAKE_QEMU_LOG'], 'a', encoding='ascii', buffering=1)


class Link:
    """One device's connection to the host process."""

    def __init__(self, vm, path, role, index):
        self.vm, self.role, self.index = vm, role, index
        self.taken = 0
        self.buffer = b''
        self.up = False
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        selector.register(self.sock, selectors.EVENT_READ, self.readable)
        self.send(HELLO, struct.pack(
            '<IHH64sIB3xQQ', MAGIC, VERSION, role, vm.name.encode(), index,
            vm.incoming, 0, 0))

    def send(self, kind, body=b''):
        try:
            self.sock.sendall(struct.pack('<IHH', len(body), kind, 0) + body)
        except OSError:
            pass                # the reader will see the end

    def close(self):
        if self.sock.fileno() >= 0:
            selector.unregister(self.sock)
            self.sock.close()

    def run_state(self):
        self.send(ACK, struct.pack('<Q', self.taken))
        self.send(RUNSTATE, struct.pack('<B7xQQ', self.vm.running, 0, 0))

    def status(self):
        self.send(NIC_STATUS, struct.pack(
            '<6sBBIIHBBQQ', self.vm.mac, not self.vm.incoming, 1, 0x60001,
            0x0b, 1500, self.vm.on_vf, 0, 0, 0))

    def readable(self):
        if self.sock.fileno() < 0:
            return
        try:
            data = self.sock.recv(1 << 18)
        except OSError:
            data = b''
        if not data:
            self.close()
            if self in (self.vm.nic, self.vm.vf):
                self.vm.lost.append((self.role, self.index))
            return
        self.buffer += data
        while len(self.buffer) >= 8:
            length, kind, _ = struct.unpack_from('<IHH', self.buffer)
            if len(self.buffer) < 8 + length:
                return
            body = self.buffer[8:8 + length]
            self.buffer = self.buffer[8 + length:]
            self.message(kind, body)

    def message(self, kind, body):
        if kind == WELCOME:
            self.up = True
            self.run_state()
            if self.role == ROLE_NIC:
                self.status()
            else:
                self.vm.ask_path(True)
        elif kind == FRAME:
            self.taken, = struct.unpack_from('<Q', body)
            frame = body[24:]
            if frame[12:14] == b'\x88\xb5':
                number, = struct.unpack_from('>I', frame, 14)
                path = 'vf' if self.role == ROLE_VF else 'synthetic'
                log.write(f'{number} {path}\n')
            self.send(ACK, struct.pack('<Q', self.taken))
        elif kind == DRAIN:
            self.send(DRAINED, body)
        elif kind == RECALL:
            self.send(ACK, struct.pack('<Q', self.taken))
            self.send(DRAINED, body)
        elif kind == NIC_DATAPATH_DONE:
            self.vm.on_vf = body[8]
            self.vm.path_moved()


class Vm:
    """The command line, QMP, and what they make."""

    def __init__(self, argv):
        self.name = argv[argv.index('-name') + 1]
        self.incoming = '-incoming' in argv
        self.running = not self.incoming
        self.on_vf = 0
        self.vf = None
        self.ejecting = None
        self.client = None
        self.buffer = b''
        self.lost = []
        self.deaf = self.wakes = False
        options = {}
        for option, value in zip(argv, argv[1:]):
            if option in ('-chardev', '-device'):
                pairs = dict(p.split('=', 1) for p in value.split(',')
                             if '=' in p)
                options[pairs.get('id', value)] = pairs
        self.mac = bytes.fromhex(options['net0']['mac'].replace(':', ''))
        self.link_path = options['nic0']['path']
        self.nic = None
        self.server = socket.socket(socket.AF_UNIX)
        if os.path.exists(options['qmp']['path']):
            os.unlink(options['qmp']['path'])
        self.server.bind(options['qmp']['path'])
        self.server.listen(1)
        selector.register(self.server, selectors.EVENT_READ, self.accept)
        self.nic = Link(self, self.link_path, ROLE_NIC, 0)

    def reconnect(self):
        """The host process may be back."""
        for role, index in list(self.lost):
            try:
                link = Link(self, self.link_path, role, index)
            except OSError:
                return
            self.lost.remove((role, index))
            if role == ROLE_NIC:
                self.nic = link
            else:
                self.vf = link

    def accept(self):
        self.client, _ = self.server.accept()
        selector.register(self.client, selectors.EVENT_READ, self.readable)
        self.say({'QMP': {'version': {}}})

    def say(self, thing):
        try:
            self.client.sendall(json.dumps(thing).encode() + b'\n')
        except OSError:
            pass

    def event(self, name, **data):
        self.say({'event': name, 'data': data})

    def readable(self):
        data = self.client.recv(65536)
        if not data:
            selector.unregister(self.client)
            return
        self.buffer += data
        self.requests()

    def requests(self):
        while b'\n' in self.buffer and not self.deaf:
            line, self.buffer = self.buffer.split(b'\n', 1)
            request = json.loads(line)
            name = request['execute'].replace('-', '_')
            handler = getattr(self, 'do_' + name, lambda args: {})
            answer = handler(request.get('arguments', {}))
            if name == 'x_silent' or self.deaf:
                continue
            kind = 'error' if 'desc' in answer else 'return'
            self.say({kind: answer, 'id': request.get('id')})

    def do_query_status(self, _):
        return {'running': self.running, 'status': 'inmigrate' if
                self.incoming else 'running' if self.running else 'paused'}

    def do_quit(self, _):
        sys.exit(0)

    def do_device_add(self, args):
        if args['driver'] == 'ixgbe-vf':
            self.vf = Link(self, self.link_path, ROLE_VF, args['vf'])
        return {}

    def do_device_del(self, args):
        if args['id'].startswith('vpci'):
            self.event('DEVICE_DELETED', device=args['id'])
        else:
            self.ejecting = args['id']
            self.ask_path(False)
        return {}

    def ask_path(self, to_vf):
        self.nic.send(NIC_DATAPATH, struct.pack('<QB7x', 1, to_vf))

    def path_moved(self):
        if self.ejecting and not self.on_vf:
            self.vf.close()
            self.vf = None
            self.lost = [lost for lost in self.lost if lost[0] == ROLE_NIC]
            self.event('DEVICE_DELETED', device=self.ejecting)
            self.ejecting = None

    def save(self, uri):
        """To a file, as QEMU does: of a failure the event comes first."""
        path, _, offset = uri.removeprefix('file:').partition(',offset=')
        if 'bad' in path:
            self.event('MIGRATION', status='failed')
            return {'class': 'GenericError', 'desc': 'no such luck'}
        with open(path, 'r+b') as file:
            file.seek(int(offset))
            file.write(b'machine')
        self.running = False
        self.event('STOP')
        self.event('MIGRATION', status='completed')
        return {}

    def do_stop(self, _):
        self.running = False
        self.event('STOP')
        self.nic.run_state()
        return {}

    def do_cont(self, _):
        self.running = True
        if self.incoming:
            self.incoming = False
            self.nic.status()
        self.nic.run_state()
        self.event('RESUME')
        return {}

    def do_migrate(self, args):
        """The VM stops, and runs at the other end a moment later."""
        self.event('MIGRATION', status='active')
        if args['uri'].startswith('file:'):
            return self.save(args['uri'])
        if self.name.startswith('deaf'):
            if self.name == 'deaf-left':
                self.send_all(args['uri'])
            return {}
        self.running = False
        self.event('STOP')
        self.nic.run_state()
        deadline = time.monotonic() + BLACKOUT
        while time.monotonic() < deadline:
            turn(deadline - time.monotonic())
        self.send_all(args['uri'])
        self.event('MIGRATION', status='completed')
        return {}

    def send_all(self, uri):
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(uri.removeprefix('unix:'))
            stream.sendall(b'machine')

    def do_migrate_cancel(self, _):
        if self.name.startswith('deaf'):
            self.deaf = True
            selector.unregister(self.client)
        return {}

    def wake(self):
        """What it did not hear is there now, then what came of it."""
        if self.deaf and self.wakes:
            self.deaf = self.wakes = False
            selector.register(self.client, selectors.EVENT_READ, self.readable)
            self.requests()
            if self.name == 'deaf-late':
                self.running = False
                self.event('STOP')
                self.event('MIGRATION', status='completed')
            else:
                self.event('MIGRATION', status='cancelled')

    def hear(self, *_):
        self.wakes = True

    def load(self, uri):
        """From a file: it runs when it is told to."""
        path, _, offset = uri.removeprefix('file:').partition(',offset=')
        with open(path, 'rb') as file:
            file.seek(int(offset))
            if file.read(7) != b'machine':
                return {'class': 'GenericError', 'desc': 'no machine there'}
        self.event('MIGRATION', status='completed')
        return {}

    def do_migrate_incoming(self, args):
        if args['uri'].startswith('file:'):
            return self.load(args['uri'])
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.bind(args['uri'].removeprefix('unix:'))
        self.stream.listen(1)
        selector.register(self.stream, selectors.EVENT_READ, self.arrive)
        return {}

    def arrive(self):
        stream, _ = self.stream.accept()
        stream.recv(16)
        selector.unregister(self.stream)
        self.incoming = False
        self.running = True
        self.nic.status()
        self.nic.run_state()
        self.event('RESUME')


def turn(timeout=None):
    for key, _ in selector.select(timeout):
        key.data()


def misbehave(*_):
    if vm.vf:
        vm.vf.send(VF_FAULT, struct.pack('<HBBIQ', 0x380, 5, 1, 10, 0x1000))


vm = Vm(sys.argv)
signal.signal(signal.SIGUSR1, misbehave)
signal.signal(signal.SIGUSR2, vm.hear)
while True:
    turn(0.1)
    vm.reconnect()
    vm.wake()
