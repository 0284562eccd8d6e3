#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel that takes over from another one while a VF is in use."""
# timeout: 600
import os

from guest import main, need
from iommu_guest import program
from lab import Lab, Peer

PING = 'ping -c 1 -W 2 10.77.0.1'
MODULES = ['virtio_pci', 'virtio_blk']


def drive(name, path, more=''):
    return ['-drive', f'if=none,id={name},format=raw,file={path}{more}',
            '-device', f'virtio-blk-pci,drive={name}']


def start(lab, options, **more):
    Peer(lab)
    vm = lab.vm('web', ip='10.77.0.11/16', modules=MODULES, memory=512,
                options=['--smp', '2', '--', *options], **more)
    on_vf(vm)
    return vm


def on_vf(vm):
    vm.wait_path('vf')
    vm.wait(PING)


def kexec():
    """kexec: UNLOAD, a VF reset before it is used again"""
    with Lab('A') as lab:
        extra = program('kexec')
        kernel, initrd = lab.image(MODULES, extra=extra, packed=True)
        vm = start(lab, drive('kernel', kernel, ',readonly=on')
                   + drive('initrd', initrd, ',readonly=on'), extra=extra)
        vm.check('dd if=/dev/vda of=/kernel bs=1M; '
                 'dd if=/dev/vdb of=/initrd bs=1M', 120)
        vm.check('ping -i 0.01 10.77.0.1 > /dev/null 2>&1 &')
        vm.check('(sleep 1; iovlab-kexec /kernel /initrd '
                 '"$(cat /proc/cmdline) second=1") > /dev/null 2>&1 &')
        vm.up_again().wait('grep -q second=1 /proc/cmdline')
        on_vf(vm)
        need(lab.show('adapter')[0]['NumAllocatedVFs'] == 1, 'a VF is lost')


def hibernate():
    """Hibernation: the same bus and VF after resume, its MSIs as well"""
    with Lab('A') as lab:
        swap = os.path.join(lab.dir, 'swap')
        with open(swap, 'wb') as disk:
            disk.truncate(1 << 30)
        vm = start(lab, drive('swap', swap))
        place = vm.check('cd /sys/bus/pci/devices; ls -d */net/*')
        vm.check('echo before > /tmp/mark; mkswap /dev/vda; swapon /dev/vda')
        vm.check('echo reboot > /sys/power/disk;'
                 '(sleep 1; echo disk > /sys/power/state) > /dev/null 2>&1 &')
        vm.up_again().check('test ! -e /tmp/mark')
        vm.check('(sleep 1; cat /sys/block/vda/dev > /sys/power/resume)'
                 ' > /dev/null 2>&1 &')
        vm.wait_console('hibernation exit', 120)
        vm.awake().wait('test "$(cat /tmp/mark)" = before')
        on_vf(vm)
        after = vm.check('cd /sys/bus/pci/devices; ls -d */net/*')
        need(after == place, f'{place} became {after}')


main(kexec, hibernate)
