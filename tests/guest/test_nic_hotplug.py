#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Network adapters that come to a running VM and go: at rest, in the middle
of their start, and with traffic on their VF."""
# timeout: 300
from guest import main, need
from lab import Lab, Peer

PING = 'ping -c 1 -W 2 10.77.0.1'
NAME = 'ls /sys/bus/vmbus/devices/*-0001-1000-2000-*/net'
GONE = f'! {NAME} > /dev/null 2>&1'


def add(lab, vm):
    """A second adapter with an address: the guest's name of it."""
    lab.iovlab('new', 'nic', 'web.1')
    name = vm.wait(NAME)
    vm.check(f'ip link set {name} up;'
             f' ip address add 10.77.0.12/16 dev {name}')
    return name


def remove(lab, vm):
    lab.iovlab('remove', 'nic', 'web.1')
    vm.wait(GONE)
    need(len(lab.show('nic')) == 1, 'the host still has it')
    vm.wait(PING)


def hotplug():
    """An adapter goes from a running VM, whatever it is doing"""
    with Lab('A') as lab:
        Peer(lab)
        # Two VCPUs: the adapters have a sub-channel each.
        vm = lab.vm('web', ip='10.77.0.11/16', options=['--smp', '2'])
        vm.wait(PING)
        vm.wait_path('vf')
        for _ in range(4):
            name = add(lab, vm)
            vm.wait_path('vf', 1)
            vm.check(f'(ping -I {name} -i 0.01 -c 100000 10.77.0.1'
                     ' > /dev/null 2>&1) &')
            vm.wait(f'ping -I {name} -c 1 -W 2 10.77.0.1')
            remove(lab, vm)
            vm.run('killall ping')
        # Its driver has only begun; its VF is on the way.
        lab.iovlab('new', 'nic', 'web.1')
        remove(lab, vm)
        add(lab, vm)
        remove(lab, vm)
        need(vm.nic()['Path'] == 'vf', 'the other adapter lost its VF')
        adapter = lab.show('adapter')[0]
        need(adapter['NumAllocatedVFs'] == 1, f'{adapter}')
        need(not lab.events('nic-not-released'), 'the guest kept one')


main(hotplug)
