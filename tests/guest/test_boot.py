#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A stock kernel reaches user space, and its network works."""
# timeout: 120
from guest import Guest, image, main, need


def boot():
    """Debian 12's cloud kernel boots and runs what it is told"""
    with Guest(kernel=image(packed=True), smp=2) as guest:
        guest.up()
        need(guest.check('uname -r').startswith('6.1.'), 'not a 6.1 kernel')
        need(guest.check('nproc') == '2', 'not two CPUs')
        status, output = guest.run('echo one; echo two; false')
        need((status, output) == (1, 'one\ntwo'), f'{status} {output}')


def network():
    """A virtio NIC gets the address it was given"""
    with Guest(kernel=image('--module', 'virtio_pci', '--module',
                            'virtio_net'),
               devices=['-netdev', 'user,id=n0', '-device',
                        'virtio-net-pci,netdev=n0,romfile='],
               append='iovlab.ip=10.0.2.15/24 iovlab.gw=10.0.2.2') as guest:
        guest.up()
        guest.wait('ping -c 1 -W 5 10.0.2.2')


main(boot, network)
