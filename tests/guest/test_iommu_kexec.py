#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A new kernel finds the unit as the old one left it."""
# timeout: 900
import functools
import http.server
import os
import re
import threading

from guest import TROUBLE, main, need
from iommu_guest import OURS, REFERENCE, boot, has, program, traffic


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


def serve(directory):
    """The port of a server for the directory's files."""
    server = http.server.ThreadingHTTPServer(
        ('127.0.0.1', 0), functools.partial(Quiet, directory=directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def fetch(guest):
    """Puts the guest's own kernel and initramfs into the guest."""
    for path, name in ((guest.kernel, 'kernel'), (guest.initrd, 'initrd')):
        port = serve(os.path.dirname(path))
        guest.check(f'wget -q -O /{name} http://10.0.2.2:{port}/'
                    f'{os.path.basename(path)}', 120)


def next_kernel(guest, option, more):
    guest.check(f'iovlab-kexec {option} /kernel /initrd '
                '"$(sed s/crashkernel=[^ ]*// /proc/cmdline) ' + more + '"',
                60)


def orderly(unit, append=''):
    with boot(unit=unit, append=append, extra=program('kexec'),
              memory='768') as guest:
        guest.up(200)
        traffic(guest, 5)
        fetch(guest)
        guest.check('(sleep 1; iovlab-kexec /kernel /initrd '
                    '"$(cat /proc/cmdline) second=1") > /dev/null 2>&1 &')
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
              extra=program('kexec'), memory='1024',
              trouble=re.compile('Kernel panic.*second')) as guest:
        guest.up(200)
        traffic(guest, 5)
        fetch(guest)
        next_kernel(guest, '--crash', 'second=1 nr_cpus=1 reset_devices')
        guest.check('ping -i 0.01 10.0.2.2 > /dev/null 2>&1 &')
        guest.check('(sleep 1; echo c > /proc/sysrq-trigger) &')
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
    """QEMU's own intel-iommu: kdump"""
    crash(REFERENCE)


main(kexec, kdump, reference)
