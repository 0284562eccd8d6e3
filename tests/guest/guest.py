# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot a real guest and talk to it.

    with Guest(devices=['-device', 'hv-vmbus']) as guest:
        guest.check('test -d /sys/bus/vmbus')

A guest has a console (a log that tests can wait on), a second serial port on
which it runs shell lines, and a QMP monitor.  Everything it leaves behind is
in build/test-logs/guest/TEST/.
"""
import copy
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from behind import MODE, SUITE, Behind

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
TEST = re.sub(r'^test_|\.py$', '', os.path.basename(sys.argv[0])) + (
    MODE and '+' + MODE)
LOGS = os.path.join(ROOT, 'build', 'test-logs', 'guest', TEST)

# What no driver may say, whatever a test does.
TROUBLE = re.compile(r'BUG:|WARNING:|Oops|Call Trace|Kernel panic|'
                     r'soft lockup|blocked for more than|general protection')


# The kernel's own tests of its ciphers take a second.
APPEND = ('console=ttyS0 panic=-1 iovlab.shell=/dev/ttyS1 '
          'cryptomgr.notests ')


class Failed(Exception):
    """What was promised did not happen."""


def skip(reason):
    print(f'skipped: {reason}')
    sys.exit(77)


def image(*options, packed=False):
    """(kernel, initramfs) made by scripts/guest-image with these options; the
    kernel is unpacked for a boot of half the time, if not asked for packed."""
    if '--suite' not in options:
        options = ('--suite', SUITE, *options)
    if not packed:
        options = ('--unpacked', *options)
    script = os.path.join(ROOT, 'scripts', 'guest-image')
    answer = subprocess.run([script, *options], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, check=False)
    if answer.returncode:
        raise Failed('scripts/guest-image: ' + answer.stderr.decode())
    return answer.stdout.decode().split('\n')[:2]


def has_device(name):
    """True if the emulator was built with this device."""
    qemu = os.path.join(ROOT, 'scripts', 'qemu')
    answer = subprocess.run([qemu, '-M', 'none', '-device', 'help'],
                            stdout=subprocess.PIPE, check=True)
    return f'name "{name}"' in answer.stdout.decode()


def need_device(*names):
    for name in names:
        if not has_device(name):
            skip(f'this emulator has no device {name}')


def doze(start):
    """From one look at what is waited for since @start to the next: a tenth of
    that time, so that looking neither takes long nor keeps a guest busy."""
    time.sleep(min(max((time.monotonic() - start) / 10, 0.02), 0.2))


def need(condition, what):
    if not condition:
        raise Failed(what)


class Stream:
    """A byte stream read with time limits."""

    def __init__(self, sock):
        self.socket = sock
        self.data = b''

    def line(self, seconds):
        """The next line, without its end; None after the time."""
        end = time.monotonic() + seconds
        while b'\n' not in self.data:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            more = self.socket.recv(65536)
            if not more:
                return None
            self.data += more
        line, self.data = self.data.split(b'\n', 1)
        return line.decode('utf-8', 'replace').rstrip('\r')


class Qmp:
    def __init__(self, sock):
        self.stream = Stream(sock)
        self.events = []
        self.read(10)
        self.command('qmp_capabilities')

    def read(self, seconds):
        line = self.stream.line(seconds)
        if line is None:
            return None
        message = json.loads(line)
        if 'event' in message:
            self.events.append(message)
        return message

    def command(self, name, /, **arguments):
        """The answer; a refused command raises Failed with QEMU's words."""
        text = json.dumps({'execute': name, 'arguments': arguments})
        self.stream.socket.sendall(text.encode() + b'\n')
        while True:
            message = self.read(60)
            if message is None:
                raise Failed(f'QMP: no answer to {name}')
            if 'error' in message:
                raise Failed(f'QMP: {name}: {message["error"]["desc"]}')
            if 'return' in message:
                return message['return']

    def event(self, name, seconds=60, **data):
        """Waits for an event whose data has these members, and takes it."""
        end = time.monotonic() + seconds
        while True:
            for event in self.events:
                got = event.get('data', {})
                if event['event'] == name and all(
                        got.get(key) == value for key, value in data.items()):
                    self.events.remove(event)
                    return got
            left = end - time.monotonic()
            if left <= 0 or self.read(left) is None and left < 1:
                raise Failed(f'no event {name} within {seconds} s')


class Guest:
    """One QEMU.  devices: more options; append: more of the command line;
    behind: a mode of behind.py in which it has a remapping unit."""

    count = 0

    def __init__(self, devices=(), append='', memory='256', smp=1,
                 kernel=None, name=None, cpu='max', trouble=TROUBLE,
                 behind=MODE):
        Guest.count += 1
        self.name = name or f'guest{Guest.count}'
        self.trouble = trouble
        self.behind = None
        if behind:
            self.behind = Behind(behind)
            self.trouble = self.behind.trouble(trouble)
            devices = [*self.behind.devices, *devices]
            append = self.behind.append + append
        self.kernel, self.initrd = kernel or image()
        os.makedirs(LOGS, exist_ok=True)
        self.log = os.path.join(LOGS, self.name + '.console')
        self.errors = os.path.join(LOGS, self.name + '.qemu')
        # Socket paths are short whatever the clone's place is.
        self.dir = tempfile.mkdtemp(prefix='iovlab-test-')
        self.process = None
        self.shell = None
        self.qmp = None
        self.seen = 0
        self.options = [
            os.path.join(ROOT, 'scripts', 'qemu'), '-machine', 'q35',
            '-accel', 'tcg', '-cpu', cpu, '-m', memory, '-smp', str(smp),
            '-nodefaults', '-display', 'none', '-no-reboot',
            '-serial', f'file:{self.log}',
            '-chardev', f'socket,id=shell,path={self.dir}/shell,server=on,'
                        'wait=off',
            '-serial', 'chardev:shell',
            '-qmp', f'unix:{self.dir}/qmp,server=on,wait=off',
            '-kernel', self.kernel, '-initrd', self.initrd,
            '-append', APPEND + append,
            *devices]

    def __enter__(self):
        if not self.process:
            self.start()
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None and self.behind and self.process.poll() is None:
                self.remapped()
        finally:
            self.stop()
        if kind is None:
            self.healthy()

    def start(self):
        open(self.log, 'wb').close()
        with open(self.errors, 'wb') as errors:
            self.process = subprocess.Popen(self.options, stdout=errors,
                                            stderr=errors,
                                            stdin=subprocess.DEVNULL)
        self.qmp = Qmp(self.connect('qmp'))
        self.shell = Stream(self.connect('shell'))

    def move(self, path, **changes):
        """Saves the guest to a file and returns it restored in a new QEMU.

        It runs already and is to be stopped, by `with` or stop(); the old one
        keeps its paused process until it is.  changes are members of the new
        Guest to set before it starts.
        """
        if self.behind:
            self.remapped()
        self.qmp.command('migrate', uri=f'file:{path}')
        for _ in range(1200):
            state = self.qmp.command('query-migrate').get('status')
            if state in ('completed', 'failed', 'cancelled'):
                break
            time.sleep(0.05)
        need(state == 'completed', f'migration: {state}')
        new = copy.copy(self)
        new.process = new.shell = new.qmp = None
        Guest.count += 1
        new.name = f'{self.name}-moved'
        new.log = os.path.join(LOGS, new.name + '.console')
        new.errors = os.path.join(LOGS, new.name + '.qemu')
        new.dir = tempfile.mkdtemp(prefix='iovlab-test-')
        new.options = [option.replace(self.dir, new.dir)
                       .replace(self.log, new.log) for option in self.options]
        new.options += ['-incoming', f'file:{path}']
        for key, value in changes.items():
            setattr(new, key, value)
        try:
            new.start()
            # What comes in on a serial port before the state is lost with it.
            new.wait_running()
        except BaseException:
            new.stop()
            raise
        return new

    def wait_running(self, seconds=60):
        end = time.monotonic() + seconds
        while self.qmp.command('query-status')['status'] != 'running':
            self.alive()
            need(time.monotonic() < end, f'{self.name} does not run again')
            time.sleep(0.05)

    def connect(self, name):
        path = os.path.join(self.dir, name)
        for _ in range(200):
            self.alive()
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.connect(path)
                return sock
            except OSError:
                sock.close()
                time.sleep(0.05)
        raise Failed(f'{self.name}: no connection to {name}')

    def alive(self):
        if self.process.poll() is not None:
            with open(self.errors, encoding='utf-8') as errors:
                raise Failed(f'{self.name}: QEMU ended with status '
                             f'{self.process.returncode}: {errors.read()}')

    def remapped(self):
        """Fails if a guest that belongs behind a unit is not, or if the unit
        had to block something."""
        wrong = None
        if '-incoming' not in self.options:
            wrong = self.behind.absent(self.console())
        if self.behind.ours:
            wrong = wrong or self.behind.blocked(json.loads(self.qmp.command(
                'qom-get', path='/machine/peripheral/unit',
                property='stats')))
        need(not wrong, f'{self.name}: {wrong} (see {self.log})')

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.shell, self.qmp and self.qmp.stream):
            if stream:
                stream.socket.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def console(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    def healthy(self):
        """Fails if the console has a warning, an oops or the like."""
        found = self.trouble and self.trouble.search(self.console())
        if found:
            raise Failed(f'the guest\'s console ({self.log}) has '
                         f'"{found.group()}"')

    def wait_console(self, pattern, seconds=60):
        """Waits for a regular expression in the console; the match."""
        start = time.monotonic()
        while True:
            found = re.search(pattern, self.console())
            if found:
                return found
            if time.monotonic() > start + seconds:
                raise Failed(f'no "{pattern}" on the console ({self.log})'
                             f' within {seconds} s')
            self.alive()
            doze(start)

    def up(self, seconds=180):
        """Waits until the guest runs shell lines."""
        while True:
            line = self.shell.line(seconds)
            if line is None:
                raise Failed(f'{self.name} is not up after {seconds} s:'
                             f' see {self.log}')
            if line == 'iovlab-ready':
                return self

    def run(self, line, seconds=60):
        """Runs a shell line: (exit status, output)."""
        self.shell.socket.sendall(line.encode() + b'\n')
        output = []
        while True:
            answer = self.shell.line(seconds)
            if answer is None:
                self.alive()
                raise Failed(f'{self.name}: no end of "{line}" within'
                             f' {seconds} s; it wrote: {output}')
            # What was written last may have had no end of a line.
            found = re.search(r'iovlab-status (\d+)$', answer)
            if found:
                output += filter(None, [answer[:found.start()]])
                return int(found.group(1)), '\n'.join(output)
            output.append(answer)

    def check(self, line, seconds=60):
        """Runs a shell line that must succeed: its output."""
        status, output = self.run(line, seconds)
        if status:
            raise Failed(f'{self.name}: "{line}" has status {status}:'
                         f' {output}')
        return output

    def wait(self, line, seconds=60):
        """Runs a shell line until it succeeds: its output."""
        start = time.monotonic()
        while True:
            status, output = self.run(line)
            if status == 0:
                return output
            if time.monotonic() > start + seconds:
                raise Failed(f'{self.name}: "{line}" still has status'
                             f' {status} after {seconds} s: {output}')
            doze(start)


def wait_until(condition, what, seconds=60):
    """Until @condition() holds, or fails with what @what() says."""
    start = time.monotonic()
    while not condition():
        need(time.monotonic() < start + seconds,
             f'not within {seconds} s: {what()}')
        doze(start)


# The kernel's count of replies to echo requests: busybox's ping has room for
# six of them, and misses some when it does not run for a while.
REPLIES = "awk '/^Icmp:/ && n++ { print $11 }' /proc/net/snmp"


def echoes(guest, to, count=10, interval=0.02, inside='', more=''):
    """Every one of @count echo requests is answered, after a first one that
    may wait for link and neighbour.  inside: what runs a command where they
    are sent from."""
    before = int(guest.wait(f'{inside}ping -c 1 -W 2 {to} > /dev/null && '
                            f'{inside}{REPLIES}', 120))
    output = guest.run(f'{inside}ping -c {count} -i {interval} {more} {to}',
                       120 + count)[1]
    wait_until(lambda: int(guest.check(inside + REPLIES)) - before >= count,
               lambda: f'{guest.name}: not all of {count} were answered: '
               f'{output}', 20)


def requests(guest, inside=''):
    """Echo requests so far, and replies, also by the kernel's count."""
    names, values = (line.split() for line in guest.check(
        inside + 'grep ^Icmp: /proc/net/snmp').splitlines())
    count = dict(zip(names[1:], map(int, values[1:])))
    return count['OutEchos'], count['InEchoReps']


def unanswered(guest, inside=''):
    """Echo requests without a reply so far."""
    sent, replies = requests(guest, inside)
    return sent - replies


def main(*tests):
    """Runs functions as TAP points, each with its docstring as its name."""
    status = 0
    for number, test in enumerate(tests, 1):
        start = time.monotonic()
        try:
            test()
            word, note = 'ok', ''
        except Failed as error:
            word, note, status = 'not ok', f'# {error}\n', 1
        print(f'{word} {number} {test.__doc__}'
              f' # {time.monotonic() - start:.1f} s\n{note}', end='',
              flush=True)
    print(f'1..{len(tests)}')
    sys.exit(status)
