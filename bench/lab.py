# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guest benchmarks share: processes, the peer, CPU accounts."""
import atexit
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'guest'))
# pylint: disable=wrong-import-position
from guest import Stream  # noqa: E402
from peer import checksum, ip_packet  # noqa: E402

IOVLAB = os.path.join(ROOT, 'build', 'iovlab')
PEER_MAC = bytes.fromhex('02007700fefe')
ARP, IP4, ICMP, UDP = 0x0806, 0x0800, 1, 17
STREAM_PORT, STREAM_MAGIC = 7777, 0x566f4901    # include/spec/stream.h


class Failed(Exception):
    """What the benchmark needs did not happen."""


def say(text):
    print(f'iovlab: {text}', file=sys.stderr, flush=True)


class Lab:
    """A run directory with hosts and a top-of-rack switch of its own."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='iovlab-bench-')
        self.env = {**os.environ, 'IOVLAB_RUN': self.dir, 'IOVLAB_ROOT': ROOT}
        self.children = []
        atexit.register(self.close)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def close(self):
        if self.dir:
            for child in self.children:
                child.kill()
                child.wait()
            subprocess.run([IOVLAB, 'stop', '--all'], env=self.env,
                           check=False, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            shutil.rmtree(self.dir, ignore_errors=True)
            self.dir = None

    def iovlab(self, *args):
        done = subprocess.run([IOVLAB, *args], env=self.env, check=False,
                              stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise Failed(f'iovlab {" ".join(args)}: {done.stderr.strip()}')
        return done.stdout

    def port(self, name):
        """A port of the top-of-rack switch: the path of its socket."""
        return self.iovlab('tor', 'port-add', name).strip()

    def vm(self, name):
        for host in json.loads(self.iovlab('show', 'vm', '--json')):
            for vm in host['vm']:
                if vm['Name'] == name:
                    return host['Host'], vm
        raise Failed(f'no VM {name}')

    def pid(self, *words):
        """The process of this lab whose command line has these words."""
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/cmdline', 'rb') as file:
                    line = file.read().decode().split('\0')
                with open(f'/proc/{pid}/environ', 'rb') as file:
                    ours = f'IOVLAB_RUN={self.dir}\0'.encode() in file.read()
            except OSError:
                continue
            if ours and line[1:1 + len(words)] == list(words):
                return int(pid)
        raise Failed(f'no process iovlab {" ".join(words)}')


class Shell:
    """The guest's shell on its second serial port."""

    def __init__(self, path):
        self.path = path
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path)
        self.stream = Stream(sock)

    def up(self, seconds=180):
        while True:
            line = self.stream.line(seconds)
            if line is None:
                raise Failed(f'the guest is not up after {seconds} s')
            if line == 'iovlab-ready':
                return

    def run(self, line, seconds=60):
        self.stream.socket.sendall(line.encode() + b'\n')
        output = []
        while True:
            answer = self.stream.line(seconds)
            if answer is None:
                raise Failed(f'the guest does not end "{line}": {output}')
            if answer.startswith('iovlab-status '):
                if answer != 'iovlab-status 0':
                    raise Failed(f'the guest: "{line}": {output}')
                return '\n'.join(output)
            output.append(answer)

    def wait(self, line, seconds=60):
        end = time.monotonic() + seconds
        while True:
            try:
                return self.run(line)
            except Failed:
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)


class Peer(threading.Thread):
    """The station at a port of the switch: answers ARP, counts what comes,
    and keeps echo requests under way."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lock = threading.Lock()
        self.frames = 0                 # other than echo replies
        self.target = None              # of echo requests
        self.window = 0                 # kept under way; 0: as poll() says
        self.sent = self.replies = 0
        self.stream = None              # its number; None: echo requests
        self.numbers = {}               # of a stream from the guest, by stream
        self.start()

    def send(self, *frames):
        data = b''.join(struct.pack('>I', len(f)) + f for f in frames)
        with self.lock:
            self.socket.sendall(data)

    def stream_frame(self):
        mac, source, target, size = self.target
        data = struct.pack('<IIQQ', STREAM_MAGIC, self.stream, self.sent,
                           time.monotonic_ns()) + bytes(size - 24)
        body = struct.pack('>HHHH', STREAM_PORT, STREAM_PORT, 8 + size, 0)
        self.sent += 1
        return (mac + PEER_MAC + struct.pack('>H', IP4) +
                ip_packet(source, target, UDP, body + data))

    def echo_request(self):
        mac, source, target, size = self.target
        self.sent += 1
        body = struct.pack('>BBHHHI', 8, 0, 0, 1, self.sent & 0xffff,
                           self.sent) + bytes(max(size - 46, 0))
        body = body[:2] + struct.pack('>H', checksum(body)) + body[4:]
        return (mac + PEER_MAC + struct.pack('>H', IP4) +
                ip_packet(source, target, ICMP, body))

    def begin(self, mac, address, size, stream=None):
        """Requests go to this guest from here on, or a stream's frames."""
        target = socket.inet_aton(address)
        source = target[:3] + b'\1'
        self.window = self.sent = self.replies = 0
        self.stream = stream
        self.target = (bytes.fromhex(mac.replace(':', '')), source, target,
                       size)

    def keep(self, window):
        """So many requests under way; one that was lost is not made up."""
        self.window = window
        self.send(*(self.echo_request() for _ in range(window)))

    def pace(self, rate, seconds):
        """Requests at a steady rate."""
        make = self.echo_request if self.stream is None else self.stream_frame
        start = time.monotonic()
        done = 0
        while (now := time.monotonic()) < start + seconds:
            due = int((now - start) * rate)
            if due > done:
                self.send(*(make() for _ in range(due - done)))
                done = due
            time.sleep(0.001)

    def take(self, frame):
        kind = struct.unpack_from('>H', frame, 12)[0]
        if kind == ARP and frame[20:22] == b'\0\1' and frame[41] == 1:
            self.send(frame[6:12] + PEER_MAC + frame[12:20] + b'\0\2' +
                      PEER_MAC + frame[38:42] + frame[22:32])
        elif kind == IP4 and frame[23] == ICMP and frame[34] == 0:
            self.replies += 1
            return self.window > 0
        elif kind == IP4 and frame[23] == UDP and len(frame) >= 66 and \
                struct.unpack_from('<I', frame, 42)[0] == STREAM_MAGIC:
            number, seq = struct.unpack_from('<IQ', frame, 46)
            self.numbers.setdefault(number, []).append((seq,
                                                        time.monotonic()))
        else:
            self.frames += 1
        return False

    def run(self):
        data = b''
        while more := self.socket.recv(1 << 18):
            data += more
            at = again = 0
            while len(data) >= at + 4:
                end = at + 4 + struct.unpack_from('>I', data, at)[0]
                if len(data) < end:
                    break
                if end - at >= 46:
                    again += self.take(data[at + 4:end])
                at = end
            data = data[at:]
            if again:
                self.send(*(self.echo_request() for _ in range(again)))


def thread_seconds(pid):
    """CPU seconds of a process: (its VCPUs, all other threads)."""
    vcpus = others = 0
    for tid in os.listdir(f'/proc/{pid}/task'):
        try:
            with open(f'/proc/{pid}/task/{tid}/comm', encoding='utf-8') as f:
                name = f.read()
            with open(f'/proc/{pid}/task/{tid}/schedstat',
                      encoding='utf-8') as f:
                seconds = int(f.read().split()[0]) / 1e9
        except OSError:
            continue
        if name.startswith('CPU '):
            vcpus += seconds
        else:
            others += seconds
    return vcpus, others


def guest_idle(shell):
    """(seconds idle of all processors, seconds up) as the guest counts."""
    fields = shell.run('cat /proc/uptime').split()
    return float(fields[1]), float(fields[0])
