#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A migration is cancelled and the VM's QEMU does not answer: it ends all the
same, and it is known where the VM is, or said that it is not.

Usage: test_cancel.py IOVLAB FAKE_QEMU   (speaks TAP)
"""
import json
import os
import signal
import socket
import struct
import subprocess
import time

from harness import IOVLAB, iovlab, main, show, wait_for

# To host B, but "deaf-lost" to C, which hangs.
VMS = ('deaf', 'deaf-late', 'deaf-left', 'deaf-lost')
LIMIT_MS = 5000
ended = {}


def process_of(host):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(os.path.join(os.environ['IOVLAB_RUN'], 'hosts', host,
                                    'control.sock'))
        return struct.unpack('3i', client.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def on_host(host):
    answers = json.loads(iovlab('show', 'vm', '--json'))
    return {v['Name']: v for a in answers if a['Host'] == host
            for v in a['vm']}


def events(host, name):
    return [e for e in map(json.loads,
                           iovlab('events', host, '--json').splitlines())
            if e['event'] == name]


def is_gone(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as file:
            return file.read().rsplit(')', 1)[1].split()[0] == 'Z'
    except FileNotFoundError:
        return True


def run(*args):
    return subprocess.Popen([IOVLAB, *args], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def test_cancel():
    """All commands end in time"""
    for host in 'A', 'B', 'C':
        iovlab('host', 'start', host)
    iovlab('set', 'host', 'A', f'MigrationCancelLimitMs={LIMIT_MS}')
    for name in VMS:
        iovlab('new', '--host', 'A', 'vm', name,
               'AutomaticStartAction=Nothing')
        iovlab('new', '--host', 'A', 'nic', name + '.0', 'IovWeight=0')
        iovlab('start', name)
        wait_for('guest', lambda: show('nic', name + '.0')['GuestConnected'])
    moves = {name: run('migrate', name, '--quiet', '--to',
                       'C' if name == 'deaf-lost' else 'B') for name in VMS}
    wait_for('transfer', lambda: {
        e['vm'] for e in events('A', 'migrate-state')
        if e['state'] == 'transfer'} == set(VMS))
    wait_for('deaf-left at B', lambda: events('B', 'vm-resumed'))
    other = process_of('C')
    ended['pids'] = {n: v['Pid'] for n, v in on_host('A').items()}
    cancels = {}
    before = time.monotonic()
    os.kill(other, signal.SIGSTOP)
    try:
        for name in VMS:
            # The host by its socket: a command would ask all of them.
            cancels[name] = run('migrate', name, '--host', 'A', '--cancel')
        for name in VMS:
            for kind, process in ('move', moves[name]), ('cancel',
                                                         cancels[name]):
                text, _ = process.communicate(timeout=60)
                ended[name, kind] = process.returncode, text
    finally:
        os.kill(other, signal.SIGCONT)
    # Not before its time.
    assert time.monotonic() - before > LIMIT_MS / 1000
    states = {e['state'] for e in events('A', 'migrate-state')}
    assert 'abandoning' in states, states
    assert len(events('A', 'migrate-unanswered')) == len(VMS)


def test_given_up():
    """The other host has given up: the VM is here, and does not answer"""
    for name in 'deaf', 'deaf-late':
        for kind in 'move', 'cancel':
            status, text = ended[name, kind]
            assert status == 1 and '[timeout]' in text, text
            assert "host 'B' has given up" in text, text
        assert show('vm', name)['State'] == 'NotAnswering', show('vm', name)
        assert not show('vm', name)['Migrating']
        assert name not in on_host('B')
        text = iovlab('pause', name, status=1, code='wrong-state')
        assert 'does not answer' in text, text


def test_answers_late():
    """When it answers it is an ordinary VM again, whatever it says"""
    for name in 'deaf', 'deaf-late':
        os.kill(show('vm', name)['Pid'], signal.SIGUSR2)
        wait_for('answer', lambda: name in {
            e['vm'] for e in events('A', 'vm-answers')})
    wait_for('end', lambda: {'cancelled', 'completed'} <= {
        e['status'] for e in events('A', 'migration')})
    for name in 'deaf', 'deaf-late':
        wait_for('running', lambda: show('vm', name)['State'] == 'Running')
        iovlab('pause', name)
        wait_for('paused', lambda: show('vm', name)['State'] == 'Paused')
        iovlab('resume', name)


def test_left():
    """It runs at the other host: the migration is done"""
    status, text = ended['deaf-left', 'move']
    assert status == 0 and 'runs on host B' in text, text
    status, text = ended['deaf-left', 'cancel']
    assert status == 1 and '[wrong-state]' in text, text
    assert on_host('B')['deaf-left']['State'] == 'Running', on_host('B')
    assert 'deaf-left' not in on_host('A')
    wait_for('its old QEMU', lambda: is_gone(ended['pids']['deaf-left']))


def test_unknown():
    """Nobody knows where it is: that is said, and it can be stopped"""
    for kind in 'move', 'cancel':
        status, text = ended['deaf-lost', kind]
        assert status == 1 and '[timeout]' in text, text
        assert "host 'C' did not say" in text, text
    # C has heard by now that the connection is closed.
    wait_for('C', lambda: 'deaf-lost' not in on_host('C'))
    vm = on_host('A')['deaf-lost']
    assert vm['State'] == 'NotAnswering', vm
    # One that hangs does not end at being asked.
    os.kill(vm['Pid'], signal.SIGSTOP)
    iovlab('stop', 'deaf-lost')
    wait_for('its QEMU', lambda: is_gone(vm['Pid']))
    assert on_host('A')['deaf-lost']['State'] == 'Off'


main(test_cancel, test_given_up, test_answers_late, test_left, test_unknown)
