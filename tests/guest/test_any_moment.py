#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Migrations that do not ask whether the guest is ready for one."""
# timeout: 600
from guest import main, need
from lab import Lab, Peer

PING = 'ping -c 1 -W 2 10.77.0.1'


def to_and_fro(lab, vm, times):
    for _ in range(times):
        host = 'B' if vm.host == 'A' else 'A'
        lab.iovlab('migrate', vm.name, '--to', host, '--quiet')
        vm.connect(host)


def settled(lab, vm):
    vm.wait_path('vf')
    vm.wait(PING)
    vfs = {host: lab.show('adapter', host)[0]['NumAllocatedVFs']
           for host in 'AB'}
    need(vfs == {vm.host: 1, 'AB'.replace(vm.host, ''): 0}, f'VFs: {vfs}')


def booting():
    """While it boots, opens its channels, joins its VF; while it reboots"""
    with Lab('A', 'B') as lab:
        Peer(lab)
        vm = lab.vm('web', ip='10.77.0.11/16', options=['--smp', '2'],
                    up=False)
        to_and_fro(lab, vm, 8)
        vm.awake()
        settled(lab, vm)
        # The VF is on its way in or out at each of these.
        to_and_fro(lab, vm, 6)
        settled(lab, vm)
        vm.check('touch /tmp/old; (sleep 0.5; reboot -f) &')
        to_and_fro(lab, vm, 8)
        vm.awake()
        vm.check('test ! -e /tmp/old')
        settled(lab, vm)


main(booting)
