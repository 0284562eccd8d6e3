#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that callers name who are not the host's owner: below the directories
that the owner allowed, and nowhere else, by whatever way a path comes.

Usage: test_files.py IOVLAB FAKE_QEMU   (speaks TAP)
"""
import json
import os
import socket
import subprocess

from harness import IOVLAB, iovlab, main, show, wait_for

OPERATIONS = ('ReadServiceConfiguration ReconfigureService CaptureTraffic '
              'CreateVirtualMachine ViewVirtualMachineConfiguration '
              'ReconfigureVirtualMachine SaveVirtualMachine '
              'StartVirtualMachine StopVirtualMachine MigrateVirtualMachine '
              'AllowInputToVirtualMachine')
SECRET = 'nobody else may have this\n'


def run_path(*parts):
    return os.path.join(os.environ['IOVLAB_RUN'], *parts)


def own(*parts, user=61001):
    return run_path('hosts', 'A', 'files', str(user), *parts)


def as_user(*args, user=61001):
    """The command as a user with a role: status and what it wrote."""
    done = subprocess.run([IOVLAB, *args], capture_output=True, text=True,
                          timeout=60, check=False,
                          env={**os.environ, 'IOVLAB_AS': str(user)})
    return done.returncode, done.stdout + done.stderr


def refused(words, *args, user=61001):
    status, text = as_user(*args, user=user)
    assert status == 1 and '[not-allowed]' in text, (args, status, text)
    assert words in text, (words, text)


def done(*args, user=61001):
    status, text = as_user(*args, user=user)
    assert status == 0, (args, text)
    return text


def ask(command, user=61001, **arguments):
    """The same without the iovlab command: the answer."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(run_path('hosts', 'A', 'control.sock'))
        client.settimeout(30)
        lines = client.makefile()
        for name, values in ('act-as', {'user': str(user)}), (
                command, arguments):
            client.sendall(json.dumps({
                'execute': name, 'arguments': values}).encode() + b'\n')
            answer = json.loads(lines.readline())
    return answer


def code_of(answer):
    return answer.get('error', {}).get('class')


def write(path, text=SECRET, mode=0o600):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def vm():
    return show('vm', 'web')


def running():
    wait_for('guest', lambda: show('nic', 'web.0')['GuestConnected'] and
             vm()['State'] == 'Running')


def start():
    iovlab('host', 'start', 'A')
    policy = write(run_path('policy'), f'role Some = {OPERATIONS}\n'
                   'assign user 61001 role Some\nassign user 61002 role Some\n')
    iovlab('set', 'host', 'A', 'PolicyFile=' + policy)
    iovlab('new', 'vm', 'web', 'AutomaticStartAction=Nothing')
    iovlab('new', 'nic', 'web.0', 'IovWeight=0')
    iovlab('start', 'web')
    running()


def test_own_directory():
    """Save, restore and capture in the directory of the user's own"""
    start()
    done('capture', 'A', 'wire', own('wire.pcapng'))
    done('capture', 'A', 'wire')
    size = os.stat(own('wire.pcapng')).st_size
    assert size > 0
    # Its own file, once more.
    done('capture', 'A', 'wire', own('wire.pcapng'))
    done('capture', 'A', 'wire')
    for _ in range(2):
        done('save', 'web', own('web.state'))
        with open(own('web.state'), 'rb') as file:
            data = file.read()
        assert data.startswith(b'{"') and data[65536:] == b'machine', data[:9]
        assert os.stat(own('web.state')).st_mode & 0o777 == 0o600
        wait_for('off', lambda: vm()['State'] == 'Off')
        done('restore', '--host', 'A', own('web.state'))
        running()


def test_elsewhere():
    """Other places: refused, with the property to set; nothing is touched"""
    os.makedirs(own(user=61002), exist_ok=True)
    secret = write(run_path('secret'))
    other = write(own('secret', user=61002))
    os.symlink(secret, own('link'))
    os.symlink(run_path(), own('up'))
    for path in (secret, run_path('new'), own('..', '..', '..', 'secret'),
                 own('..', '61002', 'secret'), other, own('..', 'new'),
                 run_path() + '-outside', 'relative-to-here'):
        refused('ClientWriteDirectories of host', 'save', 'web', path)
        refused('ClientWriteDirectories of host', 'capture', 'A', 'wire', path)
        refused('ClientReadDirectories of host', 'restore', '--host', 'A',
                path)
    # Unlike the command, a program may leave the names as they are.
    for path in (own() + '/../../../../secret', 'secret', '', '/',
                 own() + '/./../../../../new', '//' + secret):
        assert code_of(ask('save', vm='web', file=path)) == 'not-allowed', path
        assert code_of(ask('capture', port='wire', file=path)) == \
            'not-allowed', path
        assert code_of(ask('restore', file=path)) == 'not-allowed', path
    for path in own('link'), own('up', 'secret'), own('up', 'new'):
        for args in (('save', 'web', path), ('capture', 'A', 'wire', path),
                     ('restore', '--host', 'A', path)):
            status, text = as_user(*args)
            assert status and 'link' in text or 'no regular file' in text, text
    assert read(secret) == read(other) == SECRET
    assert os.path.islink(own('link')) and not os.path.exists(run_path('new'))
    assert not os.path.exists(run_path() + '-outside')
    assert vm()['State'] == 'Running', vm()
    events = [json.loads(line) for line in
              iovlab('events', 'A', '--json').splitlines()]
    told = {(e['operation'], e['user']) for e in events
            if e['event'] == 'not-allowed' and e['text']}
    assert {('SaveVirtualMachine', '61001'),
            ('CaptureTraffic', '61001')} <= told, told


def test_shared_directory():
    """A directory for all: what is there and not the user's stays"""
    shared = run_path('shared')
    os.mkdir(shared)
    os.chmod(shared, 0o755)
    old = write(os.path.join(shared, 'old'))
    new = os.path.join(shared, 'new.pcapng')
    iovlab('set', 'host', 'A', 'ClientWriteDirectories=files/%u:' + shared)
    refused('does not belong to user', 'save', 'web', old)
    refused('does not belong to user', 'capture', 'A', 'wire', old)
    assert read(old) == SECRET
    done('capture', 'A', 'wire', new)
    done('capture', 'A', 'wire')
    refused('does not belong to user', 'capture', 'A', 'wire', new, user=61002)
    done('capture', 'A', 'wire', own('a.pcapng', user=61002), user=61002)
    done('capture', 'A', 'wire', user=61002)
    # Writing is not reading.
    refused('ClientReadDirectories', 'restore', '--host', 'A', new)
    iovlab('set', 'host', 'A', 'ClientWriteDirectories=')
    refused('no file', 'capture', 'A', 'wire', own('b.pcapng'))
    iovlab('set', 'host', 'A', 'ClientWriteDirectories=files/%u')
    text = iovlab('set', 'host', 'A', 'ClientWriteDirectories=/a:../b',
                  status=2, code='bad-argument')
    assert "'..'" in text, text


def test_vm_files():
    """What QEMU opens: kernel, initial RAM disk, disk, options, monitor"""
    images = run_path('images')
    os.mkdir(images)
    os.chmod(images, 0o755)
    secret = run_path('secret')
    kernel = write(os.path.join(images, 'kernel'), 'k', 0o644)
    loose = write(os.path.join(images, 'loose'), 'k', 0o666)
    iovlab('set', 'host', 'A', f'ClientReadDirectories=files/%u:{images}')
    iovlab('new', 'vm', 'box', 'AutomaticStartAction=Nothing',
           'QemuOptions=-no-reboot')
    for name in 'Kernel', 'InitialRamDisk':
        for path in secret, '/etc/passwd', images + '/../secret':
            refused('ClientReadDirectories', 'set', 'vm', 'box',
                    f'{name}={path}')
            refused('ClientReadDirectories', 'new', 'vm', 'other',
                    f'{name}={path}')
        refused('can change it', 'set', 'vm', 'box', f'{name}={loose}')
        done('set', 'vm', 'box', f'{name}={kernel}')
    refused('ClientWriteDirectories', 'set', 'vm', 'box', 'Disk=' + kernel)
    refused('ClientWriteDirectories', 'set', 'vm', 'box', 'disk=' + secret)
    write(own('disk'))
    done('set', 'vm', 'box', 'Disk=' + own('disk'))
    refused('only the owner', 'set', 'vm', 'box', 'QemuOptions=-S')
    refused('only the owner', 'set', 'vm', 'box', 'QemuOptions=')
    # What is so already is no change.
    done('set', 'vm', 'box', 'QemuOptions=-no-reboot', 'MemoryMB=128')
    for command, more in ('run', {}), ('migrate-prepare', {
            'from': 'B', 'serial': 1}):
        for values in ({'Kernel': secret}, {'Disk': secret},
                       {'QemuOptions': '-S'}, {'qemuoptions': '-S'}):
            answer = ask(command, config={'name': 'other',
                                          'properties': values}, **more)
            assert code_of(answer) == 'not-allowed', (command, answer)
    assert [v['Name'] for v in show('vm')] == ['web', 'box'], show('vm')
    for command in 'pmemsave', 'human-monitor-command', 'migrate', 'x-silent':
        answer = ask('qmp', vm='web', execute=command)
        assert code_of(answer) == 'not-allowed', answer
    assert 'running' in ask('qmp', vm='web', execute='query-status')['return']
    iovlab('remove', 'vm', 'box')


def test_saved_settings():
    """A saved VM does not bring what its user could not set"""
    def saved(path, name, **values):
        head = json.dumps({'magic': 'iovlab-vm-2', 'serial': 1, 'config': {
            'name': name, 'properties': values}}) + '\n'
        return write(path, head.ljust(65536, '\0') + 'machine')

    for values in ({'QemuOptions': '-S'}, {'Kernel': run_path('secret')},
                   {'Disk': '/etc/passwd'}):
        path = saved(own('forged'), 'forged', **values)
        status, text = as_user('restore', '--host', 'A', path)
        assert status == 1 and '[not-allowed]' in text, text
    assert [v['Name'] for v in show('vm')] == ['web'], show('vm')
    # What the owner gave a VM that is here comes back with it.
    iovlab('stop', 'web')
    wait_for('off', lambda: vm()['State'] == 'Off')
    iovlab('set', 'vm', 'web', 'QemuOptions=-no-reboot')
    wait_for('start', lambda: subprocess.run(
        [IOVLAB, 'start', 'web'], check=False,
        capture_output=True).returncode == 0)
    running()
    done('save', 'web', own('web.state'))
    wait_for('off', lambda: vm()['State'] == 'Off')
    done('restore', '--host', 'A', own('web.state'))
    running()
    assert vm()['QemuOptions'] == '-no-reboot', vm()


def test_owners_properties():
    """The role that changes a host's settings cannot widen itself"""
    mine = write(own('policy'), 'role All = *\nassign user 61001 role All\n')
    for setting in ('PolicyFile=' + mine, 'PolicyFile=',
                    'ClientReadDirectories=/', 'ClientReadDirectories=/etc',
                    'clientwritedirectories=/etc'):
        refused('only the owner', 'set', 'host', 'A', setting)
    done('set', 'host', 'A', 'EjectLimitMs=5000')


def test_owner():
    """The owner names any file, as before"""
    iovlab('capture', 'A', 'wire', run_path('secret'))
    iovlab('capture', 'A', 'wire')
    with open(run_path('secret'), 'rb') as file:
        assert file.read(4) == b'\x0a\x0d\x0d\x0a'
    iovlab('save', 'web', run_path('web.state'))
    wait_for('off', lambda: vm()['State'] == 'Off')
    iovlab('restore', '--host', 'A', run_path('web.state'))
    running()


main(test_own_directory, test_elsewhere, test_shared_directory, test_vm_files,
     test_saved_settings, test_owners_properties, test_owner)
