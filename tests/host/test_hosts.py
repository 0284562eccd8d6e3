#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two host processes, the top-of-rack switch and a stand-in for QEMU: a VM
moves to a VF, migrates under traffic and gets a VF again, and every frame
reaches it once and in order.  Also: wrong requests, and a host that restarts.

Usage: test_hosts.py IOVLAB FAKE_QEMU   (speaks TAP)
"""
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import IOVLAB, iovlab, main, show, wait_for

MAC = '00:15:5d:00:00:01'
RATE = 2000


def adapter():
    for host in json.loads(iovlab('show', 'vm', '--json')):
        for vm in host['vm']:
            return host['Host'], vm['NetworkAdapters'][0]
    return None, None


class Peer(threading.Thread):
    """Sends numbered frames to the VM until told to stop."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.count = 0
        self.on = True

    def run(self):
        head = bytes.fromhex(MAC.replace(':', '')) + b'\2\0\0\0\0\7\x88\xb5'
        start = time.monotonic()
        while self.on:
            due = int((time.monotonic() - start) * RATE)
            while self.count < due:
                frame = head + struct.pack('>I', self.count) + bytes(42)
                self.sock.sendall(struct.pack('>I', len(frame)) + frame)
                self.count += 1
            time.sleep(0.001)


def received():
    with open(os.environ['FAKE_QEMU_LOG'], encoding='ascii') as log:
        return [(int(n), path) for n, path in map(str.split, log)]


def start():
    iovlab('host', 'start', 'A')
    iovlab('host', 'start', 'B', '--vfs', '1')
    iovlab('run', '--host', 'A', '--name', 'vm', '--mac', MAC, '--detach',
           '--kernel', '/dev/null')
    wait_for('VF of A', lambda: adapter()[1]['State'] == 'VfActive')


def test_migrate():
    start()
    path = iovlab('tor', 'port-add', 'peer').strip()
    peer = Peer(path)
    peer.start()
    time.sleep(0.5)
    text = iovlab('migrate', 'vm', '--to', 'B')
    assert re.search(r'[1-9]\d* frames handed over', text), text
    wait_for('VF of B', lambda: adapter()[1]['State'] == 'VfActive')
    assert adapter()[0] == 'B'
    time.sleep(0.5)
    peer.on = False
    peer.join()
    wait_for('all frames', lambda: len(received()) >= peer.count)
    frames = received()
    wrong = [(i, f) for i, f in enumerate(frames) if f[0] != i][:5]
    assert not wrong, wrong
    assert len(frames) == peer.count
    paths = [path for _, path in frames]
    assert paths[0] == paths[-1] == 'vf' and 'synthetic' in paths, paths[-1]


def test_detach_attach():
    assert 'Synthetic' in iovlab('vf', 'detach', 'vm')
    assert adapter()[1]['IovUsage'] == 0
    assert 'VfActive' in iovlab('vf', 'attach', 'vm')


def vm_pid():
    for host in json.loads(iovlab('show', 'vm', '--json')):
        for vm in host['vm']:
            return vm['Pid']
    return None


def test_misbehaving_vf():
    """The host takes a VF away by itself, and only that."""
    path = iovlab('tor', 'port-add', 'peer2').strip()
    before = len(received())
    for count in (10, 20, 30):
        os.kill(vm_pid(), signal.SIGUSR1)
        wait_for('faults', lambda: adapter()[1]['IommuFaults'] >= count)
        assert adapter()[1]['State'] == 'VfActive', adapter()[1]
    os.kill(vm_pid(), signal.SIGUSR1)
    wait_for('removal', lambda: adapter()[1]['State'] == 'Synthetic')
    assert 'VfMisbehaved' in json.dumps(adapter()[1])
    # The VM goes on with the synthetic path.
    peer = Peer(path)
    peer.start()
    wait_for('frames', lambda: len(received()) > before + 100)
    peer.on = False
    peer.join()
    wait_for('all frames', lambda: len(received()) >= before + peer.count)
    assert {p for _, p in received()[before:]} == {'synthetic'}
    iovlab('tor', 'port-remove', 'peer2')
    # An administrator gives it another chance.
    assert 'VfActive' in iovlab('vf', 'attach', 'vm')


def test_host_restart():
    pid = json.loads(iovlab('show', 'vm', '--json'))[1]['vm'][0]['Pid']
    iovlab('host', 'stop', 'B', '--keep-vms')
    os.kill(pid, 0)
    assert 'no running host' in iovlab('vf', 'detach', 'vm', status=2)
    iovlab('host', 'start', 'B', '--vfs', '1')
    wait_for('link', lambda: adapter()[1]['GuestConnected'])
    assert adapter()[1]['State'] == 'VfActive'
    assert 'Synthetic' in iovlab('vf', 'detach', 'vm')


def test_settings_kept():
    """What was set on a host is so after a restart; a policy that is gone
    lets only the owner in"""
    policy = os.path.join(os.environ['IOVLAB_RUN'], 'kept')
    with open(policy, 'w', encoding='ascii') as file:
        file.write('role Viewer = *\nassign user 61009 role Viewer\n')
    iovlab('set', 'host', 'B', 'PolicyFile=' + policy, 'EjectLimitMs=5000',
           'Networks=store=10.9.0.2/24', 'MacAddressMaximum=00:15:5d:b5:e7:7f')
    for lost in False, True:
        if lost:
            os.unlink(policy)
        iovlab('host', 'stop', 'B', '--keep-vms')
        iovlab('host', 'start', 'B', '--vfs', '1')
        host = show('host', 'B')
        assert host['EjectLimitMs'] == 5000, host
        assert host['Networks'] == 'store=10.9.0.2/24', host
        assert host['MacAddressMaximum'] == '00:15:5d:b5:e7:7f', host
        assert host['PolicyFile'] == ('' if lost else policy), host
        env = {**os.environ, 'IOVLAB_AS': '61009'}
        done = subprocess.run([IOVLAB, 'show', 'host', 'B', '--json'],
                              env=env, capture_output=True, check=False)
        assert (b'EjectLimitMs' in done.stdout) != lost, done
        events = iovlab('events', 'B')
        assert ('settings-lost' in events) == lost, events
    iovlab('set', 'host', 'B', 'Networks=', 'MacAddressMaximum=')
    # What it is told at its start counts more.
    iovlab('host', 'stop', 'B', '--keep-vms')
    iovlab('host', 'start', 'B', '--vfs', '1', '--set', 'EjectLimitMs=60000')
    host = show('host', 'B')
    assert host['EjectLimitMs'] == 60000, host


def test_wrong_requests():
    for status, args in (
            (2, ['nothing']), (2, ['run', '--host', 'A']),
            (2, ['run', '--host', 'none', '--name', 'x']),
            (2, ['run', '--host', 'A', '--name', '../x', '--kernel',
                 '/dev/null']),
            (2, ['run', '--host', 'A', '--name', 'x', '--kernel', '/none']),
            (2, ['run', '--host', 'A', '--name', 'x', '--modules', '/tmp']),
            (2, ['run', '--host', 'A', '--name', 'x', '--initrd', '/none']),
            (2, ['run', '--host', 'A', '--name', 'x', '--kernel', '/dev/null',
                 '--initrd', '/dev/null', '--modules', '/tmp']),
            (2, ['run', '--host', 'A', '--name', 'x', '--kernel', '/dev/null',
                 '--nics', '9']),
            (2, ['run', '--host', 'A', '--name', 'x', '--kernel', '/dev/null',
                 '--mac', '01:0:0']),
            (2, ['host', 'start', 'A']), (2, ['migrate', 'vm']),
            (2, ['host', 'start', 'x', '--vfs', '64']),
            (2, ['restore', '--host', 'A', '/none']),
            (2, ['show', 'vm', 'none']), (2, ['show', 'nothing'])):
        text = iovlab(*args, status=status)
        assert text.count('\n') == 1 and text.startswith('iovlab: '), text


def test_access():
    env = {**os.environ, 'IOVLAB_AS': '61001'}

    def as_user(*args):
        done = subprocess.run([IOVLAB, *args], env=env, capture_output=True,
                              text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    policy = os.path.join(os.environ['IOVLAB_RUN'], 'policy')
    assert '"vm" : []' in as_user('show', 'vm', '--json')[1]
    with open(policy, 'w', encoding='utf-8') as file:
        file.write('role T = ViewVirtualMachineConfiguration\nscope s = vm\n'
                   'assign user 61001 role T scope s\nassign x\n')
    text = iovlab('set', '--host', 'B', 'host', 'B', 'PolicyFile=' + policy,
                  status=2)
    assert 'line 4' in text, text
    with open(policy, 'r+', encoding='utf-8') as file:
        lines = file.readlines()[:3]
        file.seek(0)
        file.truncate()
        file.writelines(lines)
    iovlab('set', '--host', 'B', 'host', 'B', 'PolicyFile=' + policy)
    assert '"Name" : "vm"' in as_user('show', 'vm', '--json')[1]
    status, text = as_user('stop', 'vm')
    assert status == 1 and 'StopVirtualMachine' in text, text
    refused = [json.loads(line) for line in
               iovlab('events', 'B', '--json').splitlines()
               if '"not-allowed"' in line]
    assert refused[-1]['scope'] == 's', refused
    iovlab('set', '--host', 'B', 'host', 'B', 'PolicyFile=')
    assert as_user('show', 'vm', '--json')[1].count('"Name" : "vm"') == 0


def test_networks():
    iovlab('set', '--host', 'A', 'host', 'A',
           'Networks=lan=10.1.0.1/16,b=10.5.0.1/16')
    iovlab('set', '--host', 'B', 'host', 'B', 'Networks=store=10.9.0.2/24')
    text = iovlab('migrate', 'vm', '--to', 'A', '--quiet', status=1)
    assert 'no network is available' in text, text
    assert 'MigrationNetworkNone' in iovlab('doctor', status=1)
    assert adapter()[0] == 'B'
    for host in 'A', 'B':
        iovlab('set', '--host', host, 'host', host, 'Networks=')


main(test_migrate, test_detach_attach, test_misbehaving_vf, test_host_restart,
     test_settings_kept, test_wrong_requests, test_access, test_networks)
