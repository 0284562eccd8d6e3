#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's objects: made, changed and removed by commands and by a file;
wrong requests leave everything as it was, whoever sends them and however.

Usage: test_objects.py IOVLAB FAKE_QEMU   (speaks TAP)
"""
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from harness import IOVLAB, iovlab, main, show, wait_for

FILE = '''# a laboratory
[host]
ChipsetFlaw = true
[adapter Ethernet]
RequestedVFs = 40
[adapter Second]
SriovCapable = false
[switch External]
NetAdapterName = Ethernet
IovEnabled = true
[switch Plain]
NetAdapterName = Second
[switch Quiet]
SwitchType = Private
[vm web]
MemoryMB = 128
AutomaticStartAction = Nothing
[nic web.0]
IovWeight = 50
[nic web.3]
SwitchName = Quiet
'''


def codes(reasons):
    return [r['Code'] for r in reasons]


def state():
    """All that can be set."""
    return [show(kind) for kind in ('host', 'adapter', 'switch', 'nic')]


def test_machine():
    """Each flaw of the machine is a reason, several at once"""
    flaws = {'SecondLevelTranslation': 'NoSecondLevelTranslation',
             'InterruptRemapping': 'NoInterruptRemapping',
             'RemappingEnabled': 'RemappingSwitchedOff',
             'PcieControlGranted': 'NoPcieControl',
             'RootPortAcs': 'RootPortNoAcs', 'RootPortAri': 'RootPortNoAri'}
    words = {'RootPortAcs': 'MissingAcs', 'RootPortAri': 'MissingAcs',
             'PcieControlGranted': 'NoOscSupport'}
    for flaw, code in flaws.items():
        iovlab('host', 'start', 'M', '--set', f'{flaw}=false')
        assert codes(show('host')[0]['IovSupportReasons']) == [code]
        adapter = show('adapter')[0]
        assert adapter['SriovSupport'] == words.get(flaw, 'NoIoMmuSupport')
        assert adapter['NumVFs'] == 0 and show('vf') == []
        iovlab('host', 'stop', 'M')
    iovlab('host', 'start', 'M', '--set', 'IommuPresent=off', '--set',
           'RootPortAcs=off', '--set', 'BusNumbers=1', '--set',
           'VfBarSpaceKB=2047')
    host, adapter, switch = (show(k)[0] for k in ('host', 'adapter', 'switch'))
    assert not host['IovSupport']
    assert codes(host['IovSupportReasons']) == ['NoIommu', 'RootPortNoAcs']
    assert codes(switch['IovSupportReasons']) == [
        'NoIommu', 'RootPortNoAcs', 'NoBusNumbers', 'NoVfBarSpace']
    assert switch['IovEnabled'] and not switch['IovSupport']
    iovlab('host', 'stop', 'M')
    for flaw, word in (('BusNumbers=1', 'NoBusResources'),
                       ('VfBarSpaceKB=2047', 'NoVfBarSpace')):
        iovlab('host', 'start', 'M', '--set', flaw)
        assert show('host')[0]['IovSupport']
        assert show('adapter')[0]['SriovSupport'] == word
        iovlab('host', 'stop', 'M')
    iovlab('host', 'start', 'M', '--set', 'Nothing=1', status=2)
    iovlab('host', 'start', 'M', '--set', 'ChipsetFlaw=perhaps', status=2)


def test_override():
    """A flawed chipset, overridden at run time and again after a restart"""
    iovlab('host', 'start', 'M', '--set', 'ChipsetFlaw=true')
    assert codes(show('host')[0]['IovSupportReasons']) == ['ChipsetUntrusted']
    iovlab('set', 'host', 'M', 'IovEnableOverride=true')
    wait_for('VFs', lambda: show('adapter')[0]['NumVFs'] == 7)
    iovlab('host', 'stop', 'M', '--keep-vms')
    iovlab('host', 'start', 'M', '--set', 'ChipsetFlaw=true')
    assert show('host')[0]['IovSupport']
    assert 'iov-override' in iovlab('events', 'M')
    iovlab('host', 'stop', 'M')


def test_file():
    """A host described in a file; mistakes are told with their line"""
    with tempfile.NamedTemporaryFile('w', suffix='.host') as file:
        file.write(FILE)
        file.flush()
        iovlab('host', 'start', 'A', '--file', file.name)
        for line, old, new in (
                (5, 'RequestedVFs = 40', 'RequestedVFs = 400'),
                (3, 'ChipsetFlaw = true', 'ChipsetFlow = true'),
                (3, 'ChipsetFlaw = true', 'ChipsetFlaw true'),
                (4, '[adapter Ethernet]', '[adapter Ethernet'),
                (4, '[adapter Ethernet]', '[cable Ethernet]'),
                (6, '[adapter Second]', '[adapter Ethernet]'),
                (16, 'MemoryMB = 128', 'Kernel = /no/such/file'),
                (16, 'MemoryMB = 128', 'State = Running'),
                (18, '[nic web.0]', '[nic mail.0]'),
                (20, 'SwitchName = Quiet', 'SwitchName = Quite')):
            with open(file.name + '2', 'w', encoding='ascii') as wrong:
                wrong.write(FILE.replace(old, new, 1))
            text = iovlab('host', 'start', 'W', '--file', file.name + '2',
                          status=2)
            # An object that is not there is told at its section.
            places = [f'2:{line}: '] + [f'2:{line - 1}: ']
            assert any(p in text for p in places), (new, text)
            assert text.count('\n') == 1, text
            os.unlink(file.name + '2')
    assert [a['Name'] for a in show('adapter')] == ['Ethernet', 'Second']
    assert show('nic', 'web.0')['IovWeight'] == 50
    assert show('vm', 'web')['State'] == 'Off'
    assert codes(show('switch', 'Plain')['IovSupportReasons']) == [
        'ChipsetUntrusted', 'AdapterNoSriov', 'SwitchNoIov']
    assert codes(show('switch', 'Quiet')['IovSupportReasons']) == [
        'SwitchNotExternal']


def test_refused():
    """A wrong request changes nothing and has its code"""
    before = state()
    for code, args in (
            ('bad-argument', 'set nic web.0 IovWeight=101'),
            ('bad-argument', 'set nic web.0 IovWeight=-1'),
            ('bad-argument', 'set nic web.0 IovWeight=1 Connected=maybe'),
            ('bad-argument', 'set nic web.0 IovQueuePairsRequested=0'),
            ('unknown-property', 'set nic web.0 IovWeight=1 Nothing=2'),
            ('read-only', 'set nic web.0 IovUsage=1'),
            ('read-only', 'set switch Plain IovEnabled=true'),
            ('not-found', 'set nic web.0 IovWeight=2 SwitchName=none'),
            ('bad-argument', 'set adapter Ethernet RequestedVFs=64'),
            ('bad-argument', 'set host A EjectLimitMs=0'),
            ('exists', 'new switch Quiet SwitchType=Private'),
            ('exists', 'new nic web.0'),
            ('not-found', 'new switch Third'),
            ('in-use', 'new switch Third NetAdapterName=Ethernet'),
            ('not-found', 'new switch Third NetAdapterName=none'),
            ('bad-argument', 'new switch Third SwitchType=Other'),
            ('bad-argument', 'new switch Third SwitchType=Private '
             'IovEnabled=true'),
            ('bad-argument', 'new nic web.8 --host A'),
            ('in-use', 'remove adapter Ethernet'),
            ('in-use', 'remove switch Quiet'),
            ('bad-argument', 'remove host A'),
            ('bad-argument', 'new vf Ethernet.1 --host A')):
        iovlab(*args.split(), status=2, code=code)
        assert state() == before, args
    for args in ('set nothing A X=1', 'set nic web.0', 'set nic web.7 X=1',
                 'set nic web.0 X', 'new nic mail.0', 'remove vm none',
                 'stop none', 'start none', 'pause none'):
        iovlab(*args.split(), status=2)
        assert state() == before, args
    iovlab('stop', 'web', status=1, code='wrong-state')
    iovlab('pause', 'web', status=1, code='wrong-state')
    iovlab('checkpoint', 'web', 'x', status=1, code='wrong-state')
    iovlab('revert', 'web', 'x', status=2, code='not-found')


def test_objects():
    """Switches, adapters and VMs come and go"""
    iovlab('new', 'adapter', 'Third', 'RequestedVFs=3')
    assert show('adapter', 'Third')['Location'] == '05:00.0'
    iovlab('new', 'switch', 'Three', 'NetAdapterName=Third', 'IovEnabled=on')
    iovlab('set', 'nic', 'web.0', 'SwitchName=Three', 'IovWeight=7',
           'MacAddress=00-15-5D-99-00-01')
    nic = show('nic', 'web.0')
    assert nic['SwitchName'] == 'Three' and nic['IovWeight'] == 7
    assert nic['MacAddress'] == '00:15:5d:99:00:01'
    iovlab('remove', 'switch', 'Three', status=2, code='in-use')
    iovlab('remove', 'nic', 'web.3')
    iovlab('set', 'nic', 'web.0', 'SwitchName=')
    iovlab('remove', 'switch', 'Three')
    iovlab('remove', 'adapter', 'Third')
    iovlab('new', 'vm', 'mail', 'MemoryMB=64', '--host', 'A')
    iovlab('remove', 'vm', 'mail')
    assert [v['Name'] for v in show('vm')] == ['web']


def test_start_stop():
    """A VM that is kept starts, takes its VF, and is off again"""
    iovlab('set', 'host', 'A', 'IovEnableOverride=true')
    iovlab('start', 'web')
    iovlab('set', 'vm', 'web', 'MemoryMB=256', status=1, code='wrong-state')
    iovlab('remove', 'vm', 'web', status=1, code='wrong-state')
    wait_for('VF', lambda: show('nic', 'web.0')['State'] == 'VfActive')
    assert show('adapter', 'Ethernet')['NumAllocatedVFs'] == 1
    assert 'SR-IOV active' in iovlab('top')
    iovlab('set', 'nic', 'web.0', 'IovWeight=0')
    wait_for('no VF', lambda: show('nic', 'web.0')['State'] == 'Synthetic')
    iovlab('set', 'nic', 'web.0', 'IovWeight=3')
    wait_for('VF', lambda: show('nic', 'web.0')['State'] == 'VfActive')
    # The adapter restarts: its VFs are asked back before, and given again.
    iovlab('set', 'adapter', 'Ethernet', 'RequestedVFs=5')
    wait_for('5 VFs', lambda: show('adapter', 'Ethernet')['NumVFs'] == 5)
    wait_for('VF', lambda: show('nic', 'web.0')['State'] == 'VfActive')
    iovlab('set', 'adapter', 'Ethernet', 'Enabled=false')
    wait_for('no VFs', lambda: show('adapter', 'Ethernet')['NumVFs'] == 0)
    assert codes(show('nic', 'web.0')['StatusReasons']) == ['SriovDisabled']
    iovlab('set', 'adapter', 'Ethernet', 'Enabled=true')
    wait_for('VF', lambda: show('nic', 'web.0')['State'] == 'VfActive')
    iovlab('stop', 'web')
    assert show('vm', 'web')['State'] == 'Off'
    assert show('nic', 'web.0')['IovWeight'] == 3
    assert show('adapter', 'Ethernet')['NumAllocatedVFs'] == 0


def test_internal():
    """The parent partition talks to a VM on an internal switch, and not to
    one on a private switch"""
    iovlab('new', 'switch', 'Inner', 'SwitchType=Internal')
    iovlab('set', 'nic', 'web.0', 'SwitchName=Inner', 'IovWeight=100')
    iovlab('start', 'web')
    wait_for('guest', lambda: show('nic', 'web.0')['GuestConnected'])
    nic = show('nic', 'web.0')
    assert codes(nic['StatusReasons']) == ['SwitchNotExternal'], nic
    head = bytes.fromhex(nic['MacAddress'].replace(':', '')) + \
        b'\2\0\0\0\0\7\x88\xb5'
    log = os.environ['FAKE_QEMU_LOG']
    with socket.socket(socket.AF_UNIX) as host:
        host.connect(show('switch', 'Inner')['HostSocket'])
        for number in range(3):
            frame = head + struct.pack('>I', number) + bytes(42)
            host.sendall(struct.pack('>I', len(frame)) + frame)

        def came():
            with open(log, encoding='ascii') as lines:
                return [line.split()[0] for line in lines][-3:]

        wait_for('frames', lambda: came() == ['0', '1', '2'])
    assert show('switch', 'Quiet')['HostSocket'] == ''
    # A host without the switch does not take the VM.
    iovlab('host', 'start', 'B')
    assert "no switch 'Inner'" in iovlab('migrate', 'web', '--to', 'B',
                                         status=1)
    iovlab('host', 'stop', 'B')
    iovlab('stop', 'web')
    iovlab('set', 'nic', 'web.0', 'SwitchName=')
    iovlab('remove', 'switch', 'Inner')


def test_at_once():
    """Many commands at once, and clients that die half-way"""
    path = os.path.join(os.environ['IOVLAB_RUN'], 'hosts', 'A',
                        'control.sock')
    failed = []

    def setter(weight):
        for _ in range(5):
            try:
                iovlab('set', 'nic', 'web.0', f'IovWeight={weight}',
                       f'IovQueuePairsRequested={weight}')
            except AssertionError as error:
                failed.append(error)

    threads = [threading.Thread(target=setter, args=(w,)) for w in (1, 2, 4)]
    for thread in threads:
        thread.start()
    for part in (b'{"execute": "set", "arguments": {"object": "nic",',
                 b'{"execute": "new", "arguments": {"object": "switch", '
                 b'"name": "Half", "values": {"SwitchType": "Private"}}}\n',
                 b'nonsense\n', b'{"execute": "set"}\n', b'\0' * 4096):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(part)
    process = subprocess.Popen([IOVLAB, 'events', '--follow'],
                               stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for thread in threads:
        thread.join()
    assert not failed, failed[0]
    nic = show('nic', 'web.0')
    assert nic['IovWeight'] == nic['IovQueuePairsRequested'], nic
    wait_for('switch', lambda: 'Half' in [s['Name'] for s in show('switch')])


def test_link_version():
    """A QEMU of another version is told of, on the adapter and by doctor"""
    os.environ['FAKE_QEMU_VERSION'] = '7'
    try:
        iovlab('host', 'start', 'V')
        iovlab('run', '--host', 'V', '--name', 'old', '--detach',
               '--kernel', '/dev/null')
        wait_for('reason', lambda: 'LinkVersion' in
                 codes(show('nic', 'old.0')['StatusReasons']))
        nic = show('nic', 'old.0')
        assert nic['Status'] == 'Error', nic
        assert 'version 7' in nic['StatusDescription'], nic
        iovlab('set', 'nic', 'old.0', 'IovWeight=0')
        assert show('nic', 'old.0')['Status'] == 'Error'
        assert 'LinkVersion' in iovlab('doctor', status=1)
        told = [line for line in iovlab('events', 'V', '--json').splitlines()
                if '"link-version"' in line]
        assert len(told) == 1, told
    finally:
        del os.environ['FAKE_QEMU_VERSION']
        iovlab('host', 'stop', 'V')


def test_eighty_columns():
    """What people look at fits in a terminal, with all there is to say"""
    name = 'database-server-1'
    iovlab('host', 'start', 'wide-host-name', '--set', 'IommuPresent=off',
           '--set', 'RootPortAcs=off', '--set', 'RootPortAri=off')
    iovlab('run', '--host', 'wide-host-name', '--name', name, '--nics', '8',
           '--detach', '--kernel', '/dev/null')
    iovlab('set', 'nic', f'{name}.7', 'RouterGuard=On', 'DhcpGuard=On')
    for words in (['show'], ['show', 'nic'], ['show', 'nic', f'{name}.7'],
                  ['show', 'vf'], ['show', 'host', 'wide-host-name'],
                  ['top'], ['doctor']):
        text = iovlab(*words, status=int(words == ['doctor']))
        longest = max(text.splitlines(), key=len)
        assert len(longest) <= 80, (words, longest)
        assert not text.startswith('\n'), words
    assert 'database-se~.7' in iovlab('show', 'nic')
    assert 'NoIommu +5' in iovlab('top'), iovlab('top')
    assert f'set nic {name}.7 RouterGuard=Off' in ' '.join(
        iovlab('doctor', status=1).split())
    iovlab('host', 'stop', 'wide-host-name')


def test_doctor():
    """The doctor finds the switch without IOV, and the VM that suffers"""
    iovlab('set', 'host', 'A', 'IovEnableOverride=false')
    found = json.loads(iovlab('doctor', '--json', status=1))
    places = {(f['Code'], f['Where']) for f in found}
    assert ('ChipsetUntrusted', 'host A') in places, places
    assert ('SwitchNoIov', 'host A, switch Plain') in places, places


main(test_machine, test_override, test_file, test_refused, test_objects,
     test_start_stop, test_internal, test_at_once, test_link_version,
     test_eighty_columns, test_doctor)
