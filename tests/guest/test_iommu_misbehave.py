#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest makes its VF read memory that is not the VM's."""
# timeout: 300
from guest import REPLIES, echoes, main, need, wait_until
from lab import Lab, Peer

PING = 'ping -c 1 -W 2 10.77.0.1'
MESSAGES = 'dmesg | grep -e ixgbevf -e hv_ -e pci'
KEPT = ('State', 'Path', 'Serial', 'IommuFaults', 'IovUsage')
# The transmit ring moves to where the VM has no memory, and is started again
# each time it stops: one blocked read each.  iomem=relaxed lets devmem write
# registers of a device that has a driver.
ATTACK = (
    'for d in /sys/bus/pci/devices/*; do'
    '  [ "$(cat $d/device)" = 0x152e ] && read -r base rest < $d/resource;'
    ' done; '
    'w() { devmem $((base + $1)) 32 $2; }; '
    'for i in $(seq 60); do'
    '  w 0x2028 0 && w 0x2004 0x7f && w 0x2010 0 && w 0x2018 0 &&'
    '  w 0x2028 0x02000000 && w 0x2018 1 || break;'
    ' done > /attack.log 2>&1')


def start(lab, name, address):
    vm = lab.vm(name, ip=address + '/16', append='iomem=relaxed')
    vm.wait(PING)
    vm.wait_state('VfActive')
    vm.wait(PING)
    return vm


def more(asked, count=50):
    """Waits for that many more frames."""
    target = len(asked) + count
    wait_until(lambda: len(asked) >= target, lambda: 'the other VM is idle')


def removed():
    """its VF is taken, it goes on without; the other VM notices nothing"""
    with Lab('A') as lab:
        peer = Peer(lab)
        bad = start(lab, 'bad', '10.77.0.11')
        calm = start(lab, 'calm', '10.77.0.12')
        before = {key: calm.nic()[key] for key in KEPT}
        lines = calm.check(MESSAGES)
        calm_mac = bytes.fromhex(calm.nic()['MacAddress'].replace(':', ''))
        asked = []

        def watch(frame):
            if frame[6:12] == calm_mac and frame[12:14] == b'\x08\0':
                asked.append(frame[40:42])      # the sequence number

        peer.watch = watch
        before_it = int(calm.check(REPLIES))
        calm.check('ping -i 0.02 10.77.0.1 > /dev/null 2>&1 &')
        more(asked)
        bad.run(ATTACK)
        event = lab.wait_event('vf-misbehaved', vm='bad')
        need(event['faults'] >= 32, event)
        bad.wait_path('synthetic')
        more(asked)
        fault = lab.events('iommu-fault')[0]
        need(fault['address'].startswith('0x7f') and not fault['write'], fault)
        bad.wait(PING)
        echoes(bad, '10.77.0.1', 20, 0.05)

        calm.check('killall ping')

        def counts():
            return {len(asked), len(set(asked)),
                    int(calm.check(REPLIES)) - before_it}

        wait_until(lambda: len(counts()) == 1, lambda:
                   f'frames, different ones, replies: {counts()}')
        after = {key: calm.nic()[key] for key in KEPT}
        need(after == before, f'{before} has become {after}')
        need(calm.check(MESSAGES) == lines, 'its drivers have a message')

        lab.set('nic', 'bad.0', IovWeight='50')
        bad.wait_state('VfActive')
        bad.wait(PING)


main(removed)
