#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest may do with a VF that its hv_netvsc uses."""
# timeout: 600
import os
import socket
import tempfile
import time

from bpf_object import xdp_object
from guest import main, need, requests, unanswered, wait_until
from lab import Lab, Peer

PING = 'ping -c 1 -W 2 10.77.0.1'
VF = '$(dirname $(dirname $(ls -d /sys/bus/pci/devices/*/net/* | head -1)))'
NIC = '$(basename $(ls -d /sys/bus/pci/devices/*/net/* | head -1))'
IXGBEVF = '/sys/bus/pci/drivers/ixgbevf'


def start(lab, **options):
    Peer(lab)
    vm = lab.vm('web', ip='10.77.0.11/16', **options)
    on_vf(vm)
    return vm


def on_vf(vm):
    vm.wait_path('vf')
    vm.wait(PING)


def on_synthetic(vm):
    vm.wait_path('synthetic')
    vm.wait(PING)


def driver():
    """ixgbevf unbinds, goes down, is unloaded; the device is removed"""
    with Lab('A') as lab:
        vm = start(lab)
        serial = vm.nic()['Serial']
        device = vm.check(f'basename {VF}')
        vm.check(f'echo {device} > {IXGBEVF}/unbind')
        on_synthetic(vm)
        vm.check(f'echo {device} > {IXGBEVF}/bind')
        on_vf(vm)

        vm.check(f'ip link set {NIC} down')
        on_synthetic(vm)
        vm.check(f'ip link set {NIC} up')
        on_vf(vm)

        vm.check(f'echo 1 > /sys/bus/pci/devices/{device}/remove')
        on_synthetic(vm)
        vm.check('echo 1 > /sys/bus/pci/rescan')
        on_vf(vm)

        vm.check('rmmod ixgbevf')
        on_synthetic(vm)
        vm.check('modprobe ixgbevf')
        on_vf(vm)
        need(vm.nic()['Serial'] == serial, 'the host took the VF')


def netvsc():
    """hv_netvsc is unloaded, has another MTU, has other channels"""
    with Lab('A') as lab:
        vm = start(lab, programs=['ethtool'], options=['--smp', '2'])
        for mtu in 1400, 1500:
            vm.check(f'ip link set eth0 mtu {mtu}')
            on_vf(vm)
        for channels in 1, 2:
            vm.check(f'ethtool -L eth0 combined {channels}')
            vm.check(f'ethtool -l eth0 | tail -n +7 | grep -q {channels}')
            on_vf(vm)
        # Linux does not ask for the other path then: the VF goes on alone.
        vm.check('rmmod hv_netvsc')
        need(vm.nic()['Path'] == 'vf', vm.nic()['Path'])
        vm.check(f'ip address add 10.77.0.11/16 dev {NIC}; {PING}')
        vm.check(f'ip address flush dev {NIC}; modprobe hv_netvsc')
        vm.wait('ip link set eth0 up && ip address add 10.77.0.11/16 dev eth0')
        on_vf(vm)


def xdp():
    """A program on the netvsc acts on its VF's frames, and on the next VF's"""
    with tempfile.TemporaryDirectory(prefix='iovlab-xdp-') as place, \
            Lab('A') as lab:
        path = os.path.join(place, 'xdp.o')
        with open(path, 'wb') as file:
            file.write(xdp_object())
        peer = Peer(lab)
        vm = lab.vm('web', ip='10.77.0.11/16', programs=['ethtool', 'iproute2'],
                    extra=['--add', f'{path}:/xdp.o'])
        on_vf(vm)
        mac = bytes.fromhex(vm.nic()['MacAddress'].replace(':', ''))

        def taken():
            """
            How many of 100 frames that the program drops the netvsc had of its
            VF.  (Sending back is not for this VF: without a mailbox Linux 6.1
            has no queue for that, and falls over.)
            """
            count = "ethtool -S eth0 | sed -n 's/^ *vf_rx_packets: //p'"
            before = int(vm.check(count))
            for _ in range(100):
                peer.send(mac + peer.mac + b'\x88\xb6' + bytes(50))
            on_vf(vm)
            return int(vm.check(count)) - before

        need(taken() >= 100, 'before there is a program')
        vm.check('ethtool -K eth0 lro off')
        vm.check('ip link set dev eth0 xdpdrv obj /xdp.o sec xdp')
        need(taken() < 50, 'not on the VF')
        lab.iovlab('vf', 'detach', 'web')
        on_synthetic(vm)
        lab.iovlab('vf', 'attach', 'web')
        on_vf(vm)
        need(taken() < 50, 'not on the next VF')
        vm.check('ip link set dev eth0 xdpdrv off')
        need(taken() >= 100, 'still there')


def leave(vm, cpu):
    """
    Takes a CPU away as an administrator does who wants to lose nothing.  Linux
    refuses while a channel is bound to it; and pci-hyperv's interrupts, which
    cannot be raised again, are lost if one is pending there as it goes.
    """
    vm.check('for c in /sys/bus/vmbus/devices/*/channels/*/cpu; do'
             f' [ $(cat $c) != {cpu} ] || echo 0 > $c; done')
    vm.check('for i in /proc/irq/*/eth1*; do'
             ' echo 1 > $(dirname $i)/smp_affinity; done')
    vm.wait(f'echo 0 > /sys/devices/system/cpu/cpu{cpu}/online')


def idle():
    """A guest that sends nothing is asked for a word before its VF's link"""
    with Lab('A') as lab:
        peer = Peer(lab)
        vm = lab.vm('web', ip='10.77.0.11/16')
        on_vf(vm)
        lab.iovlab('vf', 'detach', 'web')
        on_synthetic(vm)
        # hv_netvsc heeds one link event in two seconds.
        time.sleep(3)
        own = socket.inet_aton('10.77.0.11')
        first = len(peer.frames)
        settled = len(lab.events('vf-settled'))
        lab.iovlab('vf', 'attach', 'web')
        for _ in range(300):
            if len(lab.events('vf-settled')) > settled:
                break
            time.sleep(0.1)
        words = [frame for frame in peer.frames[first:]
                 if frame[12:14] == b'\x08\x06' and
                 frame[28:32] == frame[38:42] == own]
        need(words, 'the guest did not announce itself')
        on_vf(vm)


def processors():
    """A CPU goes and comes under traffic; channels and VF move away"""
    with Lab('A') as lab:
        vm = start(lab, options=['--smp', '4'])
        before = unanswered(vm)
        vm.check('ping -i 0.01 10.77.0.1 > /tmp/ping 2>&1 & echo $! > /tmp/pid')
        steps = []

        def lost():
            return unanswered(vm) - before

        def done(step):
            steps.append((step, lost()))

        for cpu in 3, 2, 1:
            leave(vm, cpu)
            on_vf(vm)
            done(f'CPU {cpu} is gone')
        lab.iovlab('vf', 'detach', 'web')
        on_synthetic(vm)
        done('VF is gone')
        for cpu in 1, 2, 3:
            vm.check(f'echo 1 > /sys/devices/system/cpu/cpu{cpu}/online')
        done('CPUs are back')
        lab.iovlab('vf', 'attach', 'web')
        on_vf(vm)
        done('VF is back')
        replies = requests(vm)[1]
        wait_until(lambda: requests(vm)[1] >= replies + 50,
                   lambda: f'the stream stands still; {steps}')
        vm.check('kill -INT $(cat /tmp/pid)')
        vm.wait('! pidof ping')
        sent = int(vm.check("sed -n 's/ packets transmitted.*//p' /tmp/ping"))
        need(sent > 100, f'{sent} were sent')
        wait_until(lambda: lost() == 0,
                   lambda: f'{lost()} of {sent} lost; {steps}')


main(driver, netvsc, xdp, idle, processors)
