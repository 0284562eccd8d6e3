#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong around a host process: commands that cannot be done end and
say so, nothing half-done stays, and nothing of others is touched.

Usage: test_failures.py IOVLAB FAKE_QEMU   (speaks TAP)
"""
import json
import os
import resource
import signal
import socket
import stat
import struct
import subprocess
import time

from harness import IOVLAB, iovlab, main, show, wait_for


def run_path(*parts):
    return os.path.join(os.environ['IOVLAB_RUN'], *parts)


def process_of(*place):
    """The process that listens at a control socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(run_path(*place, 'control.sock'))
        return struct.unpack('3i', client.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def as_user(*args):
    """The command as somebody without a role: status and what it wrote."""
    done = subprocess.run([IOVLAB, *args], capture_output=True, text=True,
                          timeout=20, check=False,
                          env={**os.environ, 'IOVLAB_AS': '61009'})
    return done.returncode, done.stdout + done.stderr


def vm(name='web'):
    return show('vm', name)


def kill_qemu():
    pid = vm()['Pid']
    assert pid > 0, vm()
    os.kill(pid, signal.SIGKILL)


def start(name='web'):
    iovlab('start', name)
    wait_for('guest', lambda: show('nic', f'{name}.0')['GuestConnected'])


def test_one_switch():
    """Of several switches that start at once one stays, and it answers"""
    for _ in range(5):
        all_of = [subprocess.Popen([IOVLAB, 'tor', 'start'],
                                   stderr=subprocess.DEVNULL)
                  for _ in range(6)]
        codes = [p.wait(timeout=20) for p in all_of]
        assert sorted(codes) == [0, 2, 2, 2, 2, 2], codes
        iovlab('show', 'tor')
        # Its place is free when the command is back.
        iovlab('tor', 'stop')


def test_private_files():
    """A policy opens the host's directory, not what is written there"""
    iovlab('host', 'start', 'A')
    iovlab('new', 'vm', 'web', 'AutomaticStartAction=Nothing')
    iovlab('new', 'nic', 'web.0', 'IovWeight=0')
    policy = run_path('policy')
    with open(policy, 'w', encoding='ascii') as file:
        file.write('role Viewer = *\nassign user 61008 role Viewer\n')
    iovlab('set', 'host', 'A', 'PolicyFile=' + policy)
    state = run_path('hosts', 'A', 'state.json')
    wait_for('state', lambda: os.path.exists(state))
    for name in 'state.json', 'host.log':
        mode = os.stat(run_path('hosts', 'A', name)).st_mode
        assert stat.S_IMODE(mode) == 0o600, (name, oct(mode))
    iovlab('set', 'host', 'A', 'PolicyFile=')


def test_not_allowed():
    """Who may not end a host or the switch is told so"""
    for args in (['stop', 'A'], ['host', 'stop', 'A'], ['tor', 'stop'],
                 ['stop', '--all']):
        status, text = as_user(*args)
        assert status == 1 and '[not-allowed]' in text, (args, text)
    assert show('host', 'A') and vm()


def test_off():
    """A VF for a VM that is off: no waiting for a guest that is not there"""
    before = time.monotonic()
    text = iovlab('vf', 'attach', 'web', status=1, code='wrong-state')
    assert 'is off' in text, text
    assert time.monotonic() - before < 10
    assert show('nic', 'web.0')['IovWeight'] == 0


def test_unanswered():
    """A command that QEMU never answers ends with the VM"""
    start()
    for end in (lambda: iovlab('stop', 'web'), kill_qemu):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(run_path('hosts', 'A', 'control.sock'))
            client.settimeout(20)
            client.sendall(json.dumps(
                {'execute': 'qmp', 'id': 7, 'arguments':
                 {'vm': 'web', 'execute': 'x-silent'}}).encode() + b'\n')
            time.sleep(0.3)
            end()
            answer = json.loads(client.makefile().readline())
        assert answer['id'] == 7 and 'error' in answer, answer
        wait_for('off', lambda: vm()['State'] == 'Off')
        wait_for('start', lambda: subprocess.run(
            [IOVLAB, 'start', 'web'], check=False,
            capture_output=True).returncode == 0)
        wait_for('guest', lambda: show('nic', 'web.0')['GuestConnected'])


def test_checkpoint_fails():
    """A checkpoint that fails leaves none, and can be tried again"""
    for _ in range(2):
        text = iovlab('checkpoint', 'web', 'bad', status=1, code='failed')
        assert 'could not write' in text, text
        assert vm()['Checkpoints'] == '', vm()
        wait_for('running', lambda: vm()['State'] == 'Running')
    iovlab('checkpoint', 'web', 'good')
    assert vm()['Checkpoints'] == 'good', vm()
    wait_for('running', lambda: vm()['State'] == 'Running')
    # A pipe would stop the host until somebody reads it.
    pipe = run_path('pipe')
    os.mkfifo(pipe)
    iovlab('save', 'web', pipe, status=2, code='bad-argument')
    iovlab('restore', '--host', 'A', pipe, status=2, code='bad-argument')
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    wait_for('running', lambda: vm()['State'] == 'Running')


def test_taken_number():
    """A host that comes back does not take another process for its QEMU"""
    pid = vm()['Pid']
    assert pid > 0, vm()
    iovlab('host', 'stop', 'A', '--keep-vms')
    os.kill(pid, signal.SIGKILL)
    path = run_path('hosts', 'A', 'state.json')
    with subprocess.Popen(['sleep', '600']) as other:
        try:
            with open(path, encoding='utf-8') as file:
                state = json.load(file)
            state['vms'][0]['pid'] = other.pid
            with open(path, 'w', encoding='utf-8') as file:
                json.dump(state, file)
            iovlab('host', 'start', 'A')
            assert vm()['State'] == 'Off', vm()
            time.sleep(0.3)
            assert other.poll() is None, 'it was ended'
        finally:
            other.kill()


def test_switch_hangs():
    """A switch that does not answer keeps no host from ending"""
    pid = process_of('tor')
    iovlab('host', 'start', 'B')
    iovlab('tor', 'port-remove', 'B')
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for('no wire', lambda: not show('host', 'B')['WireConnected'])
        time.sleep(1)           # the host asks for its port meanwhile
        iovlab('host', 'stop', 'B')
    finally:
        os.kill(pid, signal.SIGCONT)


def test_capture_fails():
    """A capture that has no room says so"""
    iovlab('tor', 'port-add', 'full')
    for owner, port in ('tor', 'full'), ('A', 'wire'):
        text = iovlab('capture', owner, port, '/dev/full', status=1,
                      code='failed')
        assert '/dev/full' in text, text
    iovlab('capture', 'A', 'wire', status=2, code='not-found')
    # Room for the head, and not for the frames.
    pid = process_of('hosts', 'A')
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
    iovlab('capture', 'A', 'wire', run_path('wire.pcapng'))
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(iovlab('tor', 'port-add', 'full').strip())
        frame = b'\xff' * 6 + b'\2\0\0\0\0\7\x88\xb5' + bytes(1400)
        for _ in range(20):
            peer.sendall(struct.pack('>I', len(frame)) + frame)
        wait_for('frames', lambda: os.stat(
            run_path('wire.pcapng')).st_size >= 4096)
    iovlab('capture', 'A', 'wire', status=1, code='failed')
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_removed():
    """A VM that is removed takes its checkpoints along"""
    assert vm()['Checkpoints'] == 'good', vm()
    iovlab('remove', 'vm', 'web')
    iovlab('new', 'vm', 'web')
    assert vm()['Checkpoints'] == '', vm()


main(test_one_switch, test_private_files, test_not_allowed, test_off,
     test_unanswered, test_checkpoint_fails, test_taken_number, test_switch_hangs,
     test_capture_fails, test_removed)
