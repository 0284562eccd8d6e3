# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests behind a remapping unit: what the tests of it share."""
import os
import re

import behind
from guest import ROOT, TROUBLE, Guest, echoes, image, need

OURS, REFERENCE = behind.OURS, behind.REFERENCE
FAULTS = re.compile(TROUBLE.pattern + behind.FAULTS)
MODULES = ('--only-module', 'virtio_net', '--module', 'virtio_pci')
VFIO = ('--module', 'vfio-pci', '--module', 'vfio_iommu_type1')
TRIXIE = ('--suite', 'trixie')
NIC = ('-netdev', 'user,id=n0', '-device',
       'virtio-net-pci,netdev=n0,iommu_platform=on,disable-legacy=on')
APPEND = behind.APPEND + 'iovlab.ip=10.0.2.15/24 iovlab.gw=10.0.2.2 '


def program(name):
    """Options for image() that put a guest program of ours into it."""
    path = os.path.join(ROOT, 'build', 'guest', 'iovlab-' + name)
    return ('--add', f'{path}:/bin/iovlab-{name}')


def boot(options='', append='', extra=(), smp=2, devices=(), unit=OURS,
         units=None, nic=NIC, memory='512', trouble=FAULTS):
    """A guest; units: the -device options of several units."""
    front = []
    for one in units or [unit + options]:
        front += ['-device', one]
    return Guest(kernel=image(*extra, *MODULES), smp=smp, memory=memory,
                 devices=[*front, *nic, *devices], append=APPEND + append,
                 trouble=trouble, behind=None)


def traffic(guest, count=20, address='10.0.2.2'):
    echoes(guest, address, count)


def has(guest, *lines):
    console = guest.check('dmesg')
    for line in lines:
        need(re.search(line, console), f'no "{line}" in the kernel\'s log')
