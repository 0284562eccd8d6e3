# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts, their switch and VMs with real guests, by the `iovlab` command.

    with Lab('A') as lab:
        vm = lab.vm('web', host='A', ip='10.77.0.11/16')
        lab.set('nic', 'web.0', RouterGuard='On')
        vm.check('ping -c 1 10.77.0.1')

Each VM runs shell lines on its second serial port, as in guest.py.  Peer is a
station at the top-of-rack switch that a test holds in its hand.
"""
import glob
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

from guest import (APPEND, LOGS, ROOT, TROUBLE, Failed, Stream, doze, image,
                   need)
from peer import checksum, ip_packet

IOVLAB = os.path.join(ROOT, 'build', 'iovlab')


class Vm:
    """A VM with a shell."""

    def __init__(self, lab, name, host):
        self.lab, self.name, self.host = lab, name, host
        self.shell = None
        self.boots = 0

    def path(self, name):
        return os.path.join(self.lab.dir, 'hosts', self.host, 'vm', self.name,
                            name)

    def connect(self, host=None):
        """Also after a migration to another host."""
        self.host = host or self.host
        if self.shell:
            self.shell.socket.close()
        sock = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                sock.connect(self.path('agent.sock'))
                break
            except OSError:
                time.sleep(0.05)
        else:
            raise Failed(f'{self.name}: no shell')
        self.shell = Stream(sock)
        return self

    def run(self, line, seconds=60):
        """Runs a shell line: (exit status, output)."""
        self.lab.marks += 1
        mark = f'mark-{self.lab.marks}'
        text = f'echo {mark}; {line}\n'
        self.shell.socket.sendall(text.encode())
        output, mine = [], False
        end = time.monotonic() + seconds
        while True:
            answer = self.shell.line(max(0.1, end - time.monotonic()))
            if answer is None:
                raise Failed(f'{self.name}: no end of "{line}" within'
                             f' {seconds} s; it wrote: {output}')
            if answer.endswith(mark):
                mine, output = True, []
            elif mine and answer.startswith('iovlab-status '):
                return int(answer.split()[1]), '\n'.join(output)
            else:
                output.append(answer)

    def up(self, seconds=240):
        """Waits until the guest runs shell lines."""
        start = time.monotonic()
        while time.monotonic() < start + seconds:
            if 'iovlab-ready' in self.log('agent.log'):
                self.boots = self.log('agent.log').count('iovlab-ready')
                self.connect()
                self.run('true')
                return self
            doze(start)
        raise Failed(f'{self.name} is not up after {seconds} s: see'
                     f' {self.path("console.log")}')

    def awake(self, seconds=240):
        """
        Waits until the shell reads; what is sent to a guest that boots, or is
        about to be another one, is partly lost.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.shell.socket.sendall(b'\n\necho awake\n')
            while (line := self.shell.line(2)) is not None:
                if line == 'awake':
                    return self
        raise Failed(f'{self.name}: no shell after {seconds} s')

    def up_again(self, seconds=180):
        """Waits until another boot of the guest runs shell lines."""
        start = time.monotonic()
        while self.log('agent.log').count('iovlab-ready') == self.boots:
            need(time.monotonic() < start + seconds,
                 f'{self.name}: no other boot within {seconds} s: see '
                 f'{self.path("console.log")}')
            doze(start)
        self.boots = self.log('agent.log').count('iovlab-ready')
        return self.connect()

    def check(self, line, seconds=60):
        status, output = self.run(line, seconds)
        need(status == 0, f'{self.name}: "{line}" has status {status}:'
                          f' {output}')
        return output

    def wait(self, line, seconds=60):
        start = time.monotonic()
        while True:
            status, output = self.run(line)
            if status == 0:
                return output
            need(time.monotonic() < start + seconds, f'{self.name}: "{line}"'
                 f' still has status {status} after {seconds} s: {output}')
            doze(start)

    def wait_link_local(self, nic='eth0'):
        """Until it can hear what is sent to IPv6 nodes, a router's word too."""
        self.wait(f'ip -6 address show dev {nic} scope link |'
                  ' grep -v tentative | grep -q fe80')

    def log(self, name):
        try:
            with open(self.path(name), encoding='utf-8',
                      errors='replace') as log:
                return log.read()
        except OSError:
            return ''

    def console(self):
        return self.log('console.log')

    def wait_console(self, text, seconds=60):
        start = time.monotonic()
        while text not in self.console():
            need(time.monotonic() < start + seconds,
                 f'{self.name}: no "{text}" on the console')
            doze(start)

    def nic(self, index=0):
        """Properties of an adapter."""
        for nic in self.lab.show('nic', self.host):
            if nic['VMName'] == self.name and nic['Index'] == index:
                return nic
        raise Failed(f'{self.name} has no adapter {index}')

    def wait_state(self, state, index=0, seconds=60):
        """Until its VF's life is in this state: the properties."""
        start = time.monotonic()
        while True:
            nic = self.nic(index)
            if nic['State'] == state:
                return nic
            need(time.monotonic() < start + seconds, f'{self.name}: not '
                 f'{state} within {seconds} s: {nic["StatusDescription"]}')
            doze(start)

    def wait_path(self, path, index=0, seconds=60):
        start = time.monotonic()
        while self.nic(index)['Path'] != path:
            need(time.monotonic() < start + seconds, f'{self.name}: not on '
                 f'{path} within {seconds} s: '
                 f'{self.nic(index)["StatusDescription"]}')
            doze(start)


class Lab:
    """Hosts by name; options of a host as {name: [option...]}."""

    def __init__(self, *hosts, options=None):
        self.hosts = hosts
        self.options = options or {}
        self.vms = []
        self.marks = 0
        self.dir = tempfile.mkdtemp(prefix='iovlab-lab-')
        self.env = {**os.environ, 'IOVLAB_RUN': self.dir}

    def __enter__(self):
        for host in self.hosts:
            self.iovlab('host', 'start', host, *self.options.get(host, []))
        return self

    def __exit__(self, kind, value, trace):
        consoles = [(vm.name, vm.console()) for vm in self.vms]
        self.keep()
        subprocess.run([IOVLAB, 'stop', '--all'], env=self.env, check=False,
                       stdout=subprocess.DEVNULL, timeout=60)
        shutil.rmtree(self.dir, ignore_errors=True)
        for name, text in consoles:
            found = TROUBLE.search(text)
            if kind is None and found:
                raise Failed(f'{name}: the console has "{found.group()}"')

    def keep(self):
        """Logs for whoever looks for the cause of a failure."""
        os.makedirs(LOGS, exist_ok=True)
        for path in glob.glob(self.dir + '/**/*.log', recursive=True):
            flat = os.path.relpath(path, self.dir).replace('/', '-')
            shutil.copy(path, os.path.join(LOGS, flat))

    def iovlab(self, *args, status=0, user=None):
        """Runs the command, which must end with this status: its output."""
        env = {**self.env, 'IOVLAB_AS': user} if user else self.env
        done = subprocess.run([IOVLAB, *args], env=env, capture_output=True,
                              text=True, timeout=300, check=False)
        need(done.returncode == status,
             f'iovlab {" ".join(args)}: status {done.returncode}, not '
             f'{status}: {done.stdout}{done.stderr}')
        return done.stdout + done.stderr

    def set(self, kind, name, status=0, **values):
        return self.iovlab('set', kind, name,
                           *(f'{key}={value}' for key, value in
                             values.items()), status=status)

    def show(self, kind, host=None, user=None):
        """Objects of a kind, on one host or on all."""
        env = {**self.env, 'IOVLAB_AS': user} if user else self.env
        done = subprocess.run([IOVLAB, 'show', kind, '--json'], env=env,
                              capture_output=True, text=True, timeout=60,
                              check=False)
        need(done.returncode == 0, f'show {kind}: {done.stderr}')
        found = []
        for answer in json.loads(done.stdout):
            objects = answer.get(kind, [])
            if host is None or answer.get('Host') == host:
                found += objects if isinstance(objects, list) else [objects]
        return found

    def events(self, name=None, **members):
        text = self.iovlab('events', '--json')
        events = [json.loads(line) for line in text.splitlines()]
        return [event for event in events
                if (name is None or event['event'] == name) and
                all(event.get(k) == v for k, v in members.items())]

    def wait_event(self, name, seconds=60, **members):
        start = time.monotonic()
        while True:
            found = self.events(name, **members)
            if found:
                return found[-1]
            need(time.monotonic() < start + seconds,
                 f'no event {name} {members} within {seconds} s')
            doze(start)

    @staticmethod
    def image(modules=(), programs=(), extra=(), **more):
        """What vm() boots with the same words: kernel and initramfs."""
        return image(
            *extra,
            '--add', f'{ROOT}/build/guest/iovlab-agent:/bin/iovlab-agent',
            *(word for module in modules for word in ('--module', module)),
            *(word for name in programs for word in ('--program', name)), **more)

    def vm(self, name, host='A', ip='', nics=1, options=(), append='',
           modules=(), programs=(), extra=(), memory=256, up=True):
        kernel, initrd = self.image(modules, programs, extra)
        self.iovlab('run', '--host', host, '--name', name, '--kernel', kernel,
                    '--initrd', initrd, '--memory', str(memory), '--nics',
                    str(nics), '--detach', '--append',
                    APPEND + (f'iovlab.ip={ip} ' if ip else '') + append,
                    *options)
        vm = Vm(self, name, host)
        self.vms.append(vm)
        return vm.up() if up else vm

    def port(self, name):
        """A port of the top-of-rack switch: its socket."""
        return self.iovlab('tor', 'port-add', name).strip()


class Peer(threading.Thread):
    """A station at the top-of-rack switch; answers ARP, echo and, with a
    prefix, neighbour solicitations and IPv6 echo requests."""

    def __init__(self, lab, name='peer', address='10.77.0.1',
                 mac='020077000001', address6=None):
        super().__init__(daemon=True)
        self.mac = bytes.fromhex(mac)
        self.address = socket.inet_aton(address)
        self.address6 = address6 and socket.inet_pton(socket.AF_INET6,
                                                      address6)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(lab.port(name))
        self.lock = threading.Lock()
        self.frames = []
        self.vlan = None        # to be in a VLAN: what comes in others is not
        self.watch = lambda frame: None
        self.start()

    def send(self, frame):
        if self.vlan:
            frame = frame[:12] + struct.pack('>HH', 0x8100, self.vlan) \
                + frame[12:]
        with self.lock:
            self.socket.sendall(struct.pack('>I', len(frame)) + frame)

    def exactly(self, count):
        data = b''
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise OSError('closed')
            data += more
        return data

    def run(self):
        try:
            while True:
                length, = struct.unpack('>I', self.exactly(4))
                frame = self.exactly(length)
                self.frames.append(frame)
                self.watch(frame)
                self.receive(frame)
        except OSError:
            return

    def count(self, condition):
        return sum(1 for frame in list(self.frames) if condition(frame))

    def receive(self, frame):
        tag, = struct.unpack_from('>H', frame, 12)
        if tag == 0x8100 and struct.unpack_from('>H', frame, 14)[0] & 0xfff \
                == self.vlan:
            frame = frame[:12] + frame[16:]
        elif self.vlan:
            return
        kind, = struct.unpack_from('>H', frame, 12)
        if kind == 0x0806:
            self.arp(frame)
        elif kind == 0x0800:
            self.ip(frame)
        elif kind == 0x86dd and self.address6:
            self.ip6(frame)

    def arp(self, frame):
        if frame[20:22] == b'\0\1' and frame[38:42] == self.address:
            self.send(frame[6:12] + self.mac + frame[12:20] + b'\0\2'
                      + self.mac + self.address + frame[22:32])

    def ip(self, frame):
        length, = struct.unpack_from('>H', frame, 16)
        packet = frame[14:14 + length]
        if packet[9] != 1 or packet[20] != 8 or packet[16:20] != self.address:
            return
        answer = b'\0\0\0\0' + packet[24:]
        answer = answer[:2] + struct.pack('>H', checksum(answer)) + answer[4:]
        self.send(frame[6:12] + self.mac + b'\x08\0' + ip_packet(
            self.address, packet[12:16], 1, answer))

    def icmp6(self, target_mac, source, target, body, hops=255):
        """An ICMPv6 message with its checksum."""
        pseudo = source + target + struct.pack('>II', len(body), 58)
        body = body[:2] + struct.pack('>H', checksum(pseudo + body)) + body[4:]
        self.send(target_mac + self.mac + b'\x86\xdd' + struct.pack(
            '>IHBB', 6 << 28, len(body), 58, hops) + source + target + body)

    def ip6(self, frame):
        length, next_header = struct.unpack_from('>HB', frame, 18)
        source, target = frame[22:38], frame[38:54]
        body = frame[54:54 + length]
        if next_header != 58 or not body:
            return
        if body[0] == 135 and body[8:24] == self.address6:
            self.icmp6(frame[6:12], self.address6, source,
                       struct.pack('>BBHI', 136, 0, 0, 0x60000000)
                       + self.address6 + b'\2\1' + self.mac)
        elif body[0] == 128 and target == self.address6:
            self.icmp6(frame[6:12], self.address6, source,
                       b'\x81\0\0\0' + body[4:])

    def advertise(self, prefix):
        """A router advertisement with a /64 for autoconfiguration."""
        link_local = bytes.fromhex('fe80000000000000007700fffe000001')
        everyone = bytes.fromhex('ff02') + bytes(13) + b'\1'
        self.icmp6(bytes.fromhex('333300000001'), link_local, everyone,
                   struct.pack('>BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0)
                   + b'\1\1' + self.mac
                   + struct.pack('>BBBBIII', 3, 4, 64, 0xc0, 86400, 14400, 0)
                   + socket.inet_pton(socket.AF_INET6, prefix))
