#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""State changes of a VM whose traffic is on its VF."""
# timeout: 400
from guest import main, need
from lab import Lab, Peer

PING = 'ping -c 1 -W 2 10.77.0.1'


def start(lab):
    Peer(lab)
    vm = lab.vm('web', ip='10.77.0.11/16')
    vm.wait(PING)
    vm.wait_state('VfActive')
    return vm


def pause_and_reset():
    """A paused VM keeps its VF; a reset one has it again"""
    with Lab('A') as lab:
        vm = start(lab)
        serial = vm.nic()['Serial']
        lab.iovlab('pause', 'web')
        need(lab.show('vm')[0]['State'] == 'Paused', 'not paused')
        nic = vm.nic()
        need(nic['IovUsage'] == 1 and nic['Serial'] == serial, f'{nic}')
        lab.iovlab('pause', 'web', status=1)
        lab.iovlab('resume', 'web')
        vm.wait(PING)
        need(vm.nic()['Path'] == 'vf', vm.nic()['Path'])
        vm.check('echo gone > /tmp/mark')
        lab.iovlab('reset', 'web')
        vm.up_again().wait('test ! -e /tmp/mark')
        vm.wait_state('VfActive', seconds=120)
        vm.wait(PING)
        need(lab.show('adapter')[0]['NumAllocatedVFs'] == 1, 'a VF is lost')


def checkpoint_and_revert():
    """The VF is taken for a checkpoint; a revert brings memory back"""
    with Lab('A') as lab:
        vm = start(lab)
        serial = vm.nic()['Serial']
        vm.check('echo before > /tmp/mark')
        lab.iovlab('checkpoint', 'web', 'one')
        lab.wait_event('vfs-detached')
        lab.wait_event('checkpoint-made')
        vm.wait_state('VfActive', seconds=120)
        need(vm.nic()['Serial'] > serial, 'it is the old VF')
        vm.wait(PING)
        vm.check('echo after > /tmp/mark')
        need(lab.show('vm')[0]['Checkpoints'] == 'one', 'no checkpoint')
        lab.iovlab('checkpoint', 'web', 'one', status=2)
        serial = vm.nic()['Serial']
        lab.iovlab('revert', 'web', 'one')
        vm.connect()
        vm.wait('test "$(cat /tmp/mark)" = before')
        vm.wait_state('VfActive', seconds=120)
        need(vm.nic()['Serial'] > serial, 'a serial was used twice')
        vm.wait(PING)
        # No more than 50; those here are as good as any to count.
        for number in range(49):
            with open(vm.path(f'n{number}.checkpoint'), 'wb'):
                pass
        text = lab.iovlab('checkpoint', 'web', 'more', status=1)
        need('wrong-state' in text and '50 checkpoints' in text, text)
        need(vm.nic()['Path'] == 'vf', 'the VF was taken for nothing')
        lab.iovlab('checkpoint', '--remove', 'web', 'one')
        lab.iovlab('checkpoint', '--remove', 'web', 'one', status=2)
        lab.iovlab('revert', 'web', 'one', status=2)
        need('one' not in lab.show('vm')[0]['Checkpoints'].split(),
             'it is still there')


main(pause_and_reset, checkpoint_and_revert)
