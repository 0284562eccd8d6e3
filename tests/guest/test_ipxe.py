#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's iPXE boots a guest over the network: its drivers are intelx (the
PF) and intelxvf (a VF), which poll and know neither MSI-X nor the mailbox's
later versions."""
# timeout: 600
import functools
import http.server
import os
import tempfile
import threading

from guest import Guest, image, main, need, need_device, skip

IPXE = '/usr/lib/ipxe/ipxe.lkrn', '/boot/ipxe.lkrn'
SCRIPT = '''#!ipxe
ifstat net0
dhcp net0 || exit 1
echo chip:${net0/chip} mac:${net0/mac}
kernel http://10.0.2.2:%(port)d/linux initrd=initrd console=ttyS0 panic=-1 \
iovlab.shell=/dev/ttyS1 iovlab.ip=10.0.2.15/24
initrd http://10.0.2.2:%(port)d/initrd
boot
'''
MAC = '52:54:00:1b:0f:01'


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Served:
    """Files for the guest: 10.0.2.2 is this machine's loopback for it."""

    def __init__(self, **files):
        self.place = tempfile.TemporaryDirectory(prefix='iovlab-test-')
        self.dir = self.place.name
        for name, path in files.items():
            os.symlink(path, os.path.join(self.dir, name))
        self.server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), functools.partial(Quiet, directory=self.dir))
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def script(self):
        path = os.path.join(self.dir, 'script')
        with open(path, 'w', encoding='ascii') as file:
            file.write(SCRIPT % {'port': self.server.server_port})
        return path

    def close(self):
        self.server.shutdown()
        self.place.cleanup()


def boots(device, chip, driver, modules):
    ipxe = next((path for path in IPXE if os.path.exists(path)), None)
    if not ipxe:
        skip('no iPXE: apt-get install ipxe')
    kernel, initrd = image(*modules, packed=True)
    served = Served(linux=kernel, initrd=initrd)
    guest = Guest(devices=['-machine', 'graphics=off',
                           '-device', 'pcie-root-port,id=root',
                           '-netdev', 'user,id=n0', '-device',
                           f'{device},netdev=n0,mac={MAC},bus=root'],
                  memory='512', kernel=(ipxe, served.script()))
    # iPXE takes a command line for its own.
    where = guest.options.index('-append')
    del guest.options[where:where + 2]
    try:
        with guest:
            guest.wait_console(f'chip:{chip} mac:{MAC}', 200)
            guest.up(240)
            need(guest.check('cat /sys/class/net/eth0/address') == MAC,
                 'another address')
            link = guest.check('readlink /sys/class/net/eth0/device/driver')
            need(link.endswith('/' + driver), f'the driver is {link}')
            guest.wait('ping -c 1 -W 5 10.0.2.2')
    finally:
        served.close()


def over_the_pf():
    """intelx boots Linux over the PF"""
    boots('ixgbe', '82599-sfp', 'ixgbe',
          ('--package', 'linux-image-amd64', '--only-module', 'ixgbe'))


def over_a_vf():
    """intelxvf boots Linux over a VF on a root port of its own"""
    boots('ixgbe-vf', '82599-vf', 'ixgbevf', ())


need_device('ixgbe', 'ixgbe-vf')
main(over_the_pf, over_a_vf)
