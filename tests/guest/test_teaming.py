#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Teaming in the guest: Linux bonding over two adapters on two switches, each
with its VF."""
# timeout: 300
import re
import time

from guest import main, need
from lab import Lab, Peer

MIIMON = 500
# Echo requests this far apart, in seconds, and what a slow guest may add.
INTERVAL = 0.1
SLACK = 0.4
# netvsc acts on one link event in two seconds (LINKCHANGE_INT); the next waits.
# The last before a pull may have come late by that already: an idle VF's attach
# asks for an announcement, and netvsc comes back in two seconds when it finds
# the network lock taken.
BETWEEN_EVENTS = 5


def bond(vm):
    vm.check('cd /sys/class/net/bond0/bonding; ip link set bond0 down;'
             f' echo active-backup > mode; echo {MIIMON} > miimon;'
             ' echo active > fail_over_mac;'
             ' for i in eth0 eth1; do ip link set $i down;'
             ' echo +$i > slaves; done; echo eth0 > primary;'
             ' ip link set bond0 up; cd /;'
             ' ip address add 10.77.0.11/16 dev bond0')
    vm.wait('grep -q eth0 /sys/class/net/bond0/bonding/active_slave', 20)
    vm.wait('ping -c 1 -W 2 10.77.0.1', 30)


def lost_while(vm, act, seconds):
    """Seconds without an answer while act() is done, and after."""
    vm.check(f'(ping -c {int(seconds / INTERVAL)} -i {INTERVAL} -W 1 10.77.0.1'
             ' > /tmp/ping; echo done >> /tmp/ping) > /dev/null 2>&1 &')
    vm.wait('grep -q "seq=5 " /tmp/ping', 20)
    act()
    vm.wait('grep -q done /tmp/ping', 60)
    text = vm.check('cat /tmp/ping')
    seen = {int(n) for n in re.findall(r'seq=(\d+) ', text)}
    missing = set(range(max(seen) + 1)) - seen
    return len(missing) * INTERVAL


def pulled(vm):
    """What guest and host see while the cable is out."""
    vm.check('grep -q eth1 /sys/class/net/bond0/bonding/active_slave')
    need(vm.check('cat /sys/class/net/eth0/carrier') == '0',
         'the guest saw no cable pulled')
    nic = vm.nic(0)
    need(nic['Status'] == 'OK' and
         nic['StatusDescription'] == 'OK (SR-IOV active)',
         nic['StatusDescription'])


def replug(lab, vm):
    lab.set('adapter', 'Ethernet', CableConnected='true')
    vm.wait('grep -q eth0 /sys/class/net/bond0/bonding/active_slave', 30)
    vm.wait('ping -c 1 -W 2 10.77.0.1', 30)


def teaming():
    """A pulled cable costs no more than the bond's monitor interval"""
    with Lab('A') as lab:
        Peer(lab)
        lab.iovlab('new', 'adapter', 'Ethernet2')
        lab.iovlab('new', 'switch', 'External2', 'NetAdapterName=Ethernet2',
                   'IovEnabled=true')
        vm = lab.vm('web', nics=2, modules=['bonding'])
        lab.set('nic', 'web.1', SwitchName='External2')
        for i in range(2):
            lab.set('nic', f'web.{i}', AllowTeaming='On')
        vm.check('ip link set eth0 up; ip link set eth1 up')
        bond(vm)
        for i in range(2):
            vm.wait_path('vf', i)
        adapters = {vm.nic(i)['VirtualFunctionAdapter'] for i in range(2)}
        need(adapters == {'Ethernet', 'Ethernet2'}, f'{adapters}')

        for _ in range(3):
            time.sleep(BETWEEN_EVENTS)
            lost = lost_while(vm, lambda: lab.set('adapter', 'Ethernet',
                                                  CableConnected='false'), 5)
            print(f'# {lost:.1f} s without an answer')
            need(lost <= MIIMON / 1000 + SLACK,
                 f'{lost} s without an answer')
            pulled(vm)
            replug(lab, vm)

        # Not allowed: the team hears nothing of the cable, and is cut off.
        for i in range(2):
            lab.set('nic', f'web.{i}', AllowTeaming='Off')
        lab.set('adapter', 'Ethernet', CableConnected='false')
        status, _ = vm.run('ping -c 4 -W 1 10.77.0.1')
        need(status != 0, 'the team works without AllowTeaming')
        need(vm.check('cat /sys/class/net/eth0/carrier') == '1',
             'the link went down without AllowTeaming')
        lab.set('adapter', 'Ethernet', CableConnected='true')
        vm.wait('ping -c 1 -W 2 10.77.0.1', 30)


main(teaming)
