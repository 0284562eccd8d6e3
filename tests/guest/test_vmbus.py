#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A stock kernel's hv_vmbus on our VMBus: connecting, hot-plug, migration."""
# timeout: 400
import os
import random
import subprocess
import time

from guest import LOGS, ROOT, Guest, image, main, need, need_device

VMBUS = ['-device', 'hv-vmbus']
NET = ['-netdev', 'user,id=n0', '-device',
       'hv-net,id=net0,netdev=n0,mac=52:54:00:00:00:01']
DEVICES = 'ls /sys/bus/vmbus/devices'


def migration_events(guest):
    guest.qmp.command('migrate-set-capabilities', capabilities=[
        {'capability': 'events', 'state': True}])


def outgoing(guest, state):
    migration_events(guest)
    guest.qmp.command('migrate', uri='file:' + state)
    guest.qmp.event('MIGRATION', status='completed')


def incoming(guest, state):
    migration_events(guest)
    guest.qmp.command('migrate-incoming', uri='file:' + state)
    guest.qmp.event('MIGRATION', status='completed')


def versions():
    """Every VMBus version from 2.4 to 5.3 is negotiated"""
    for version in ('2.4', '3.0', '4.0', '4.1', '5.0', '5.1', '5.2', '5.3'):
        with Guest(devices=['-device', f'hv-vmbus,max-version={version}'],
                   name='version' + version, cpu='qemu64') as guest:
            guest.up()
            found = guest.wait_console(r'Vmbus version:([\d.]+)').group(1)
            need(found == version, f'{found} instead of {version}')


def processors():
    """Up to 12 processors, by both kinds of APIC and of TCG"""
    for smp, cpu, more in ((1, 'qemu64', []),
                           (4, 'qemu64', ['-accel', 'tcg,thread=single']),
                           (4, 'max', []),
                           (12, 'qemu64,+x2apic', []),
                           (2, 'Haswell-noTSX,vendor=GenuineIntel', [])):
        with Guest(devices=VMBUS + NET + more, smp=smp, cpu=cpu, memory='512',
                   name=f'smp{smp}-{cpu.split(",")[0]}',
                   append='iovlab.ip=10.0.2.15/24') as guest:
            guest.up()
            guest.wait_console('Hypervisor detected: Microsoft Hyper-V')
            guest.wait('ping -c 1 -W 5 10.0.2.2')
            # Channels move to other processors, and processors go away.
            for cpu_number in list(range(smp)) + [0]:
                guest.check('for c in /sys/bus/vmbus/devices/*/channels/*/cpu;'
                            f' do echo {cpu_number} > $c; done')
                guest.wait('ping -c 1 -W 5 10.0.2.2')
            for cpu_number in range(1, min(smp, 4)):
                online = f'/sys/devices/system/cpu/cpu{cpu_number}/online'
                guest.check(f'echo 0 > {online}; ping -c 1 -W 5 10.0.2.2;'
                            f'echo 1 > {online}')
            guest.wait('ping -c 1 -W 5 10.0.2.2')


def reload_driver():
    """The driver unloads (UNLOAD) and binds again"""
    with Guest(devices=VMBUS) as guest:
        guest.up()
        guest.check('rmmod hv_netvsc pci_hyperv hv_vmbus')
        guest.check('modprobe hv_netvsc')
        need(guest.console().count('Vmbus version:5.3') == 2,
             'not bound a second time')


def newer_kernel():
    """Debian 13's kernel (6.12) binds, and uses its NIC"""
    with Guest(devices=VMBUS + NET, smp=2, memory='512',
               kernel=image('--suite', 'trixie'),
               append='iovlab.ip=10.0.2.15/24') as guest:
        guest.up()
        guest.wait_console('Vmbus version:5.3')
        guest.wait('ping -c 1 -W 5 10.0.2.2')


def use(guest):
    return guest.qmp.command('qom-get', path='/machine/peripheral/bus',
                             property='use')


def hotplug():
    """Offers come and go, also while the guest is busy taking them"""
    with Guest(devices=['-device', 'hv-vmbus,id=bus'] + NET +
               ['-netdev', 'user,id=n1'], smp=2,
               append='iovlab.ip=10.0.2.15/24') as guest:
        guest.up()
        guest.wait('ping -c 1 -W 5 10.0.2.2')
        before = use(guest)
        chance = random.Random(1)
        for number in range(20):
            guest.qmp.command('device_add', driver='hv-net', id='net1',
                              netdev='n1', mac='52:54:00:00:00:02')
            if number < 5:
                guest.wait('ip link set eth1 up')
            else:
                time.sleep(chance.random() * chance.choice((0.02, 0.2, 1)))
            guest.qmp.command('device_del', id='net1')
            guest.qmp.event('DEVICE_DELETED', device='net1')
        need(guest.check(DEVICES + ' | wc -l') == '1', 'a device is left')
        need(use(guest) == before, f'{before} became {use(guest)}')
        guest.wait('ping -c 1 -W 5 10.0.2.2')


def reboot():
    """The guest comes back from reboots and from resets in mid-flight"""
    with Guest(devices=VMBUS + NET, smp=2,
               append='iovlab.ip=10.0.2.15/24') as guest:
        guest.qmp.command('set-action', reboot='reset')
        for number in range(4):
            guest.up()
            guest.wait('ping -c 1 -W 5 10.0.2.2')
            if number % 2:
                guest.qmp.command('system_reset')
            else:
                guest.shell.socket.sendall(b'reboot -f\n')


def panic():
    """A panic is reported to the host, and the bus let go of"""
    with Guest(devices=VMBUS + NET + ['-action', 'panic=none', '-trace',
                                      'hv_vmbus_connection_close'],
               trouble=None, append='panic=1') as guest:
        guest.up()
        guest.shell.socket.sendall(b'echo c > /proc/sysrq-trigger\n')
        info = guest.qmp.event('GUEST_PANICKED')['info']
        need(info['type'] == 'hyper-v', str(info))
        with open(guest.errors, encoding='utf-8') as errors:
            need('connection_close unload' in errors.read(), 'no UNLOAD')


def migrate():
    """Migration through a file, to a machine with one device more"""
    state = os.path.join(LOGS, 'state')
    more = ['-netdev', 'user,id=n1', '-device', 'hv-net,id=net1,netdev=n1']
    with Guest(devices=VMBUS + NET, smp=2, name='source',
               append='iovlab.ip=10.0.2.15/24') as guest:
        guest.up()
        guest.wait('ping -c 1 -W 5 10.0.2.2')
        outgoing(guest, state)
    with Guest(devices=VMBUS + more + NET + ['-incoming', 'defer'], smp=2,
               name='destination') as guest:
        incoming(guest, state)
        guest.qmp.event('RESUME')
        guest.wait('ping -c 1 -W 5 10.0.2.2')
        guest.wait(f'test $({DEVICES} | wc -l) = 2 && ip link show eth1')
        need('version' not in guest.console(), 'it booted instead')
    os.unlink(state)


def unanswered():
    """A device whose removal is not answered need not exist at the other end"""
    state = os.path.join(LOGS, 'state')
    with Guest(devices=VMBUS + NET, smp=2, name='frozen') as guest:
        guest.up()
        # A stopped guest answers nothing.
        guest.qmp.command('stop')
        guest.qmp.command('device_del', id='net0')
        outgoing(guest, state)
    with Guest(devices=VMBUS + NET[:2] + ['-incoming', 'defer'], smp=2,
               name='thawed') as guest:
        incoming(guest, state)
        guest.qmp.command('cont')
        guest.wait(f'test $({DEVICES} | wc -l) = 0')
    os.unlink(state)


def refusals():
    """Wrong set-ups end in one clear line"""
    for devices, words in (
            (VMBUS + VMBUS, 'a machine has one VMBus'),
            (['-device', 'hv-vmbus,max-version=7'], 'is not a VMBus version'),
            (['-device', 'hv-net'], "No 'hv-vmbus-bus' bus found"),
            (VMBUS + ['-device', 'hv-net,instance-id=7'], 'is not a GUID')):
        answer = subprocess.run(
            [os.path.join(ROOT, 'scripts', 'qemu'), '-machine', 'q35',
             '-nodefaults', '-display', 'none', '-S', *devices],
            stderr=subprocess.PIPE, timeout=120, check=False)
        errors = answer.stderr.decode()
        need(answer.returncode == 1 and words in errors and
             errors.count('\n') == 1, f'{words}: got {errors}')


need_device('hv-vmbus', 'hv-net')
main(versions, processors, reload_driver, newer_kernel, hotplug, reboot,
     panic, migrate, unanswered, refusals)
