#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's pci-hyperv on hv-vpci: buses, interrupts, eject, surprise."""
# timeout: 900
import json
import re

from guest import (TROUBLE, Failed, Guest, image, main, need, need_device,
                   wait_until)

# What pci-hyperv says when host and guest do not agree.
WRONG = re.compile(TROUBLE.pattern + r'|hv_pci.*(failed|[Ii]nvalid|error|'
                   r'Unimplemented|unhandled|too small)')
HOST = ['-device', 'hv-vmbus', '-netdev', 'user,id=n0', '-drive',
        'if=none,id=d0,file=null-co://,format=raw,size=1G']
MAC = '52:54:00:aa:00:01'
READ = 'dd if=/dev/nvme0n1 of=/dev/null bs=4k iflag=direct '


def boot(smp=2, trouble=WRONG, **options):
    return Guest(devices=HOST, smp=smp, trouble=trouble, memory='512',
                 **options)


def add_bus(guest, number, **more):
    guest.qmp.command('device_add', driver='hv-vpci', id=f'vpci{number}',
                      **more)


def add_vf(guest, number=0):
    guest.qmp.command('device_add', driver='ixgbe-vf', id='vf0', netdev='n0',
                      bus=f'vpci{number}.0', mac=MAC, rid=0x180)
    guest.wait('ls -d /sys/class/net/eth*')


def add_disk(guest, number=1):
    guest.qmp.command('device_add', driver='nvme', id='disk0', drive='d0',
                      bus=f'vpci{number}.0', serial='1')
    guest.wait('test -b /dev/nvme0n1')


def delete(guest, name, *gone, seconds=60):
    guest.qmp.command('device_del', id=name)
    for device in gone or (name,):
        guest.qmp.event('DEVICE_DELETED', seconds, device=device)


def leave(guest):
    """The way an administrator takes VF and bus away."""
    delete(guest, 'vf0')
    delete(guest, 'vpci0')
    guest.wait('test ! -e /sys/class/net/eth0')
    nothing_left(guest)


def vf_works(guest):
    guest.check('ip link set eth0 up && ip addr replace 10.0.2.15/24 dev eth0')
    guest.wait('ping -c 1 -W 1 10.0.2.2')


def use(guest, path):
    return json.loads(guest.qmp.command('qom-get', path=path, property='use'))


def iommu_use(guest):
    return use(guest, '/machine/vtd-iommu')


def nothing_left(guest):
    left = iommu_use(guest)
    need(not any(left.values()), f'the IOMMU still has {left}')


def buses():
    """Two buses: domain by GUID, slot by serial number, frames and sectors"""
    with boot() as guest:
        guest.up()
        add_bus(guest, 0, serial=77)
        add_bus(guest, 1, serial=5,
                **{'instance-id': '11223344-aabb-ccdd-0123-456789abcdef'})
        add_vf(guest)
        add_disk(guest)
        guest.wait_console('Using version 0x10004')
        guest.check('test -d /sys/bus/pci/devices/aabb:00:00.0/nvme')
        need(guest.check('cat /sys/bus/pci/slots/5/address') == 'aabb:00:00',
             'another slot')
        guest.check('test -d /sys/bus/pci/slots/77')
        vf_works(guest)
        guest.check(READ + 'count=500')


def interrupts(guest, what):
    """{irq: [count on each CPU]} of lines that have @what in them."""
    found = {}
    for line in guest.check('cat /proc/interrupts').split('\n'):
        if what in line:
            number, rest = line.split(':', 1)
            found[int(number)] = [int(word) for word in
                                  re.match(r'[\s\d]*', rest).group().split()]
    return found


def come(guest, irqs):
    """The CPUs to which the next 20 of these interrupts come."""
    before = after = interrupts(guest, 'eth0')

    def grown():
        return {(irq, i): now - then for irq in irqs for i, (now, then)
                in enumerate(zip(after[irq], before[irq])) if now != then}

    def enough():
        nonlocal after
        after = interrupts(guest, 'eth0')
        return sum(grown().values()) >= 20

    wait_until(enough, lambda: f'only these came: {grown()}')
    return {i for _, i in grown()}


def moves(smp):
    """Interrupts go where they are sent, under load, and with CPUs away."""
    with boot(smp) as guest:
        guest.up()
        add_bus(guest, 0)
        add_vf(guest)
        vf_works(guest)
        guest.check('(while true; do ping -q -c 1000 -i 0.01 10.0.2.2; done)'
                    ' >/dev/null 2>&1 &')
        irqs = interrupts(guest, 'eth0')
        need(len(irqs) >= 2, f'interrupts: {irqs}')
        for _ in range(3):
            for cpu in range(smp):
                for irq in irqs:
                    guest.check(f'echo {cpu} >'
                                f' /proc/irq/{irq}/smp_affinity_list')
                # One may be under way.
                for _ in range(40):
                    guest.check('usleep 50000')
                    grown = come(guest, irqs)
                    if grown == {cpu}:
                        break
                need(grown == {cpu}, f'sent to {cpu}, arrived at {grown}')
        for cpu in range(1, smp):
            online = f'/sys/devices/system/cpu/cpu{cpu}/online'
            guest.check(f'echo {cpu} > /proc/irq/{max(irqs)}/smp_affinity_list')
            guest.check(f'echo 0 > {online}')
            guest.wait('ping -c 1 -W 5 10.0.2.2')
            guest.check(f'echo 1 > {online}')
        guest.wait('ping -c 1 -W 5 10.0.2.2')
        # Each move gives up the old entry.
        used = iommu_use(guest)['irtes']
        need(used == len(irqs), f'{used} entries for {len(irqs)} interrupts')


def processors():
    """One, two, four CPUs: interrupts follow their affinity"""
    for smp in (1, 2, 4):
        moves(smp)


def storm(guest):
    """Fifty times in and out, ejected or by surprise, nothing is left"""
    for number in range(50):
        # Every fourth VF comes to the bus of the one before.
        if number % 4 != 1:
            add_bus(guest, 0)
        add_vf(guest)
        if number % 3 == 0:
            vf_works(guest)
        if number % 4 == 0:
            delete(guest, 'vf0')
        elif number % 2:
            delete(guest, 'vpci0', 'vf0', 'vpci0')
        else:
            delete(guest, 'vf0')
            delete(guest, 'vpci0')
        guest.wait('test ! -e /sys/class/net/eth0')
        nothing_left(guest)
    guest.wait('test -z "$(ls /sys/bus/vmbus/devices)"')
    left = use(guest, vmbus_path(guest))
    need(not any(left.values()), f'VMBus still has {left}')


def vmbus_path(guest):
    for top in ('/machine/peripheral-anon', '/machine/peripheral'):
        for item in guest.qmp.command('qom-list', path=top):
            if item['type'] == 'child<hv-vmbus>':
                return f'{top}/{item["name"]}'
    raise Failed('no hv-vmbus')


def early():
    """Eject and surprise while the guest still probes, or has no driver"""
    with boot(trouble=TROUBLE) as guest:
        guest.up()
        for by_surprise in (False, True):
            for wait in (0, 0.01, 0.02, 0.03, 0.05, 0.1):
                add_bus(guest, 0)
                guest.qmp.command('device_add', driver='ixgbe-vf', id='vf0',
                                  netdev='n0', bus='vpci0.0', mac=MAC)
                guest.check(f'usleep {int(wait * 1e6)}')
                if by_surprise:
                    delete(guest, 'vpci0', 'vf0', 'vpci0')
                else:
                    delete(guest, 'vf0')
                    delete(guest, 'vpci0')
        guest.check('rmmod pci_hyperv')
        add_bus(guest, 0)
        guest.qmp.command('device_add', driver='ixgbe-vf', id='vf0',
                          netdev='n0', bus='vpci0.0', mac=MAC)
        delete(guest, 'vf0')
        guest.check('modprobe pci-hyperv')
        add_vf(guest)
        vf_works(guest)


def in_use(guest):
    """A VF in use vanishes by surprise, ten times: no oops, nothing left"""
    for _ in range(10):
        add_bus(guest, 0)
        add_vf(guest)
        vf_works(guest)
        guest.check('(ping -q -s 1000 -i 0.001 10.0.2.2)'
                    ' >/dev/null 2>&1 &')
        guest.wait('test $(cat /sys/class/net/eth0/statistics/rx_packets)'
                   ' -gt 20')
        delete(guest, 'vpci0', 'vf0', 'vpci0')
        guest.wait('test ! -e /sys/class/net/eth0')
        nothing_left(guest)
    guest.run('killall ping')


def reload(guest):
    """The drivers of bus and VF go and come back"""
    add_bus(guest, 0)
    add_vf(guest)
    vf_works(guest)
    device = guest.check('basename $(readlink -f'
                         ' /sys/class/net/eth0/device)')
    driver = '/sys/bus/pci/drivers/ixgbevf'
    for line in (f'echo {device} > {driver}/unbind;'
                 f' echo {device} > {driver}/bind',
                 f'echo 1 > /sys/bus/pci/devices/{device}/remove;'
                 ' echo 1 > /sys/bus/pci/rescan',
                 'rmmod pci_hyperv && modprobe pci-hyperv'):
        guest.check(line)
        guest.wait('test -e /sys/class/net/eth0')
        vf_works(guest)
    leave(guest)


def reset():
    """The machine is reset with a VF in use; the VF comes back"""
    with boot() as guest:
        guest.qmp.command('set-action', reboot='reset')
        guest.up()
        add_bus(guest, 0)
        add_vf(guest)
        for number in range(3):
            vf_works(guest)
            guest.qmp.command('system_reset')
            guest.up()
            guest.wait('test -e /sys/class/net/eth0')
        delete(guest, 'vf0')
        nothing_left(guest)


def migration(guest):
    """A VF keeps the machine from migrating, an ejected one does not"""
    add_bus(guest, 0)
    add_vf(guest)
    try:
        guest.qmp.command('migrate', uri='exec:cat >/dev/null')
        raise Failed('migration was not refused')
    except Failed as error:
        need('vpci0 has a function' in str(error), str(error))
    leave(guest)
    guest.qmp.command('migrate-set-capabilities', capabilities=[
        {'capability': 'events', 'state': True}])
    guest.qmp.command('migrate', uri='exec:cat >/dev/null')
    guest.qmp.event('MIGRATION', status='completed')


def frozen(guest):
    """A guest that cannot answer loses the VF by surprise, and lives on"""
    add_bus(guest, 0)
    add_vf(guest)
    vf_works(guest)
    guest.qmp.command('stop')
    guest.qmp.command('device_del', id='vf0')
    try:
        guest.qmp.event('DEVICE_DELETED', 2, device='vf0')
        raise Failed('ejected without the guest')
    except Failed as error:
        need('no event' in str(error), str(error))
    delete(guest, 'vpci0', 'vf0')
    nothing_left(guest)
    guest.qmp.command('cont')
    guest.qmp.event('DEVICE_DELETED', device='vpci0')
    guest.wait('test ! -e /sys/class/net/eth0')
    add_bus(guest, 0)
    add_vf(guest)
    vf_works(guest)
    leave(guest)


def newer_kernel():
    """Debian 13's kernel (6.12): in, used, ejected, in again, withdrawn"""
    with boot(kernel=image('--suite', 'trixie')) as guest:
        guest.up()
        for name in ('vf0', 'vpci0'):
            if name == 'vf0':
                add_bus(guest, 0)
            add_vf(guest)
            vf_works(guest)
            delete(guest, name)
            guest.wait('test ! -e /sys/class/net/eth0')


def one_boot():
    """Fifty times in and out, in use, frozen; drivers reload; migration"""
    with boot() as guest:
        guest.up()
        for part in (storm, in_use, reload, frozen, migration):
            part(guest)
            print(f'# {part.__doc__}', flush=True)


need_device('hv-vmbus', 'hv-vpci', 'ixgbe-vf', 'vtd-iommu')
main(buses, processors, one_boot, early, reset, newer_kernel)
