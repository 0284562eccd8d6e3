#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A new kernel finds the unit as the old one left it."""
# timeout: 900
import re

from guest import REPLIES, TROUBLE, image, main, need, wait_until
from iommu_guest import (MODULES, OURS, REFERENCE, boot, has, program,
                         traffic)

EXTRA = (*program('kexec'), '--module', 'virtio_blk')


def disks():
    """The guest's own kernel and initramfs, on two disks behind the unit."""
    options = []
    for path, name in zip(image(*EXTRA, *MODULES, packed=True),
                          ('kernel', 'initrd')):
        options += ['-drive', f'if=none,id={name},format=raw,readonly=on,'
                    f'file={path}', '-device',
                    f'virtio-blk-pci,drive={name},iommu_platform=on,'
                    'disable-legacy=on']
    return options


def fetch(guest):
    guest.check('dd if=/dev/vda of=/kernel bs=1M; '
                'dd if=/dev/vdb of=/initrd bs=1M', 120)


def next_kernel(guest, option, more):
    guest.check(f'iovlab-kexec {option} /kernel /initrd '
                '"$(sed "s/crashkernel=[^ ]*//" /proc/cmdline) ' + more + '"',
                60)


def orderly(unit, append=''):
    with boot(unit=unit, append=append, extra=EXTRA, devices=disks(),
              memory='768') as guest:
        guest.up(200)
        traffic(guest, 5)
        fetch(guest)
        # No answer to this line.
        guest.shell.socket.sendall(b'iovlab-kexec /kernel /initrd '
                                   b'"$(cat /proc/cmdline) second=1"\n')
        guest.up(200)
        guest.check('grep -q second=1 /proc/cmdline')
        has(guest, 'Enabled IRQ remapping in x2apic mode')
        traffic(guest)


def kexec():
    """kexec: translation and interrupt remapping go on in the new kernel"""
    orderly(OURS)
    orderly(OURS + ',x-scalable-mode=on', 'iommu.strict=1')


def crash(unit):
    """The old kernel panics while its NIC has DMA; the next copies tables."""
    with boot(unit=unit, append='crashkernel=256M ',
              extra=EXTRA, devices=disks(), memory='1024',
              trouble=re.compile('Kernel panic.*second')) as guest:
        guest.up(200)
        traffic(guest, 5)
        fetch(guest)
        next_kernel(guest, '--crash', 'second=1 nr_cpus=1 reset_devices')
        before = int(guest.check(REPLIES))
        guest.check('ping -i 0.01 10.0.2.2 > /dev/null 2>&1 &')
        wait_until(lambda: int(guest.check(REPLIES)) > before + 20,
                   lambda: 'no traffic')
        guest.shell.socket.sendall(b'echo c > /proc/sysrq-trigger\n')
        guest.up(300)
        guest.check('grep -q second=1 /proc/cmdline')
        has(guest, 'Translation already enabled - trying to copy',
            'Copied translation tables from previous kernel for dmar0',
            'Copied IR table for dmar0 from previous kernel')
        traffic(guest)
        log = guest.check('dmesg')
        found = re.search(TROUBLE.pattern, log)
        need(not found, f'the second kernel says {found}')
        faults = re.findall('DMAR: .DMA.*fault addr.*', log)
        need(len(faults) <= 3, f'{len(faults)} faults: {faults[:3]}')


def kdump():
    """kdump: the tables of the kernel that panicked are copied"""
    crash(OURS)


def reference():
    """QEMU's own intel-iommu: kexec and kdump"""
    orderly(REFERENCE)
    crash(REFERENCE)


main(kexec, kdump, reference)
