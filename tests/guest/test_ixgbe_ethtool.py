#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's ethtool on the 82599's PF and VF, with Debian's own drivers."""
# timeout: 1800
# behind: strict lazy-6.12 pt-6.12 reference-strict
import re

from behind import MODE
from guest import Guest, image, main, need, need_device

need_device('ixgbe')

MAC = '00:1b:21:aa:bb:c0'
KERNEL = image('--package', 'linux-image-amd64', '--only-module', 'ixgbe',
               '--module', 'ixgbevf', '--program', 'ethtool',
               '--program', 'iproute2')


def booted(**properties):
    """A guest with one 82599 in a root port; eth0 is up."""
    more = ''.join(f',{key.replace("_", "-")}={value}'
                   for key, value in properties.items())
    return Guest(kernel=KERNEL, memory='512', devices=[
        '-device', 'pcie-root-port,id=rp0,chassis=1',
        '-netdev', 'user,id=n0,restrict=on',
        '-device', f'ixgbe,id=nic,bus=rp0,netdev=n0,mac={MAC}{more}'])


def start(guest):
    guest.up(300)
    guest.wait('ip link show eth0', 120)
    guest.check('ip link set eth0 up', 60)


def carrier(guest, wanted, seconds=60):
    guest.wait(f'test "$(cat /sys/class/net/eth0/carrier)" = {wanted}',
               seconds)


def module(guest, kind):
    guest.qmp.command('qom-set', path='/machine/peripheral/nic',
                      property='module', value=kind)


def identify(guest):
    out = guest.check('ethtool -i eth0')
    need('driver: ixgbe' in out, out)
    need('supports-register-dump: yes' in out, out)
    need(re.search(r'firmware-version: 0x80000599', out), out)
    out = guest.check('ethtool -P eth0')
    need(MAC in out, out)
    out = guest.check('ethtool eth0')
    need('10000baseSR/Full' in out or '10000baseT/Full' in out, out)
    need('Speed: 10000Mb/s' in out, out)
    need('Port: FIBRE' in out, out)


def self_test(guest):
    # The driver gives its loopback 200 ms, which a busy machine may not have.
    out = guest.wait('ethtool -t eth0 offline', 120)
    need('The test result is PASS' in out, out)
    for name in ('Register', 'Eeprom', 'Interrupt', 'Loopback', 'Link'):
        need(re.search(rf'{name} test.*\s0$', out, re.M), out)
    carrier(guest, 1)


def module_memory(guest):
    out = guest.check('ethtool -m eth0', 120)
    for text in ('10G Base-SR', 'Intel Corp', 'IOVLAB-SR', 'Identifier',
                 '35.00 degrees C', '3.3000 V', 'RX_LOS implemented'):
        need(text in out, f'no "{text}" in: {out}')


def eeprom(guest):
    words = guest.check('ethtool -e eth0 raw on | wc -c', 120)
    need(words.strip() == '16384', f'{words} bytes of NVM')
    need(guest.run('ethtool -E eth0 magic 0x1234 offset 0x2000 value 0x5a')[0],
         'a wrong magic number is taken')
    guest.check('ethtool -E eth0 magic 0x10fb8086 offset 0x2001 value 0x5a',
                60)
    out = guest.check('ethtool -e eth0 offset 0x2000 length 2')
    need(re.search(r'0x2000:\s+ff 5a', out), out)
    out = guest.check('ethtool -t eth0 online', 60)
    need('PASS' in out, out)


def registers(guest):
    out = guest.check('ethtool -d eth0', 60)
    need(len(out.splitlines()) > 1000, out)
    # The pause timers hold what the driver wrote.
    ones = [line for line in out.splitlines()
            if '0xFFFFFFFF' in line and 'Flow Ctrl Tx Timer' not in line]
    need(not ones, f'registers read all ones: {ones}')
    need(re.search(r'LINKS.*0x[0-9A-F]+', out), out)


def pause(guest):
    out = guest.check('ethtool -a eth0')
    need('Autonegotiate:\toff' in out, out)
    guest.check('ethtool -A eth0 rx on tx off', 60)
    carrier(guest, 1)
    out = guest.check('ethtool -a eth0')
    need(re.search(r'RX:\s+on', out) and re.search(r'TX:\s+off', out), out)


def blink_and_clock(guest):
    guest.check('ethtool -p eth0 1', 60)
    out = guest.check('ethtool -T eth0')
    need('hardware-transmit' in out and 'PTP Hardware Clock: 0' in out, out)
    guest.check('ethtool -s eth0 wol d')


def come_and_go(guest):
    """The module is pulled, another is put in; the cable likewise"""
    guest.qmp.command('set_link', name='nic', up=False)
    carrier(guest, 0)
    guest.qmp.command('set_link', name='nic', up=True)
    carrier(guest, 1)
    module(guest, 'none')
    carrier(guest, 0)
    need(guest.run('ethtool -m eth0', 60)[0], 'no module, but -m reads')
    module(guest, 'da')
    carrier(guest, 1, 120)
    out = guest.check('ethtool -m eth0', 60)
    need('IOVLAB-DA' in out, out)


def virtual_function(guest):
    """-t offline, -i and -d on a VF"""
    guest.check('echo 1 > /sys/class/net/eth0/device/sriov_numvfs', 60)
    vf = guest.wait('ls /sys/class/net/eth0/device/virtfn0/net', 60)
    guest.wait(f'ip link set {vf} up', 60)
    guest.wait(f'test "$(cat /sys/class/net/{vf}/carrier)" = 1', 60)
    need('driver: ixgbevf' in guest.check(f'ethtool -i {vf}'), 'no VF')
    out = guest.wait(f'ethtool -t {vf} offline', 120)
    need('The test result is PASS' in out, out)
    out = guest.check(f'ethtool -d {vf}', 60)
    need('0xFFFFFFFF' not in out, out)


def one_boot():
    """-i -P -t -m -e -E -d -a -A -p -T and -s on the PF, one driver's life;
    a VF; modules come and go"""
    with booted() as guest:
        start(guest)
        carrier(guest, 1)
        for part in (identify, self_test, module_memory, eeprom, registers,
                     pause, blink_and_clock, self_test):
            part(guest)
        out = guest.check('dmesg | grep ixgbe')
        need(not re.search('failed|not supported|rror', out), out)
        # Modules have nothing to do with DMA.
        for part in (virtual_function, *(() if MODE else (come_and_go,))):
            part(guest)
            print(f'# {part.__doc__}', flush=True)


def other_modules():
    """The driver takes each kind of module, and none, when it is probed"""
    with booted(sfp='none') as guest:
        start(guest)
        need(guest.run('ethtool -m eth0', 60)[0], 'no module, but -m reads')
        module(guest, 'sr')
        carrier(guest, 1, 120)
        slot = guest.check('basename $(readlink /sys/class/net/eth0/device)')
        for kind, text in (('lr', '10G Base-LR'), ('da', 'IOVLAB-DA')):
            driver = '/sys/bus/pci/drivers/ixgbe'
            guest.check(f'echo {slot} > {driver}/unbind', 120)
            module(guest, kind)
            guest.check(f'echo {slot} > {driver}/bind', 120)
            guest.wait('ip link set eth0 up', 60)
            carrier(guest, 1)
            out = guest.check('ethtool -m eth0', 60)
            need(text in out, out)


def one_gigabit():
    """1 Gb/s, with another module from the start"""
    with booted(link_speed='1g', sfp='lr') as guest:
        start(guest)
        carrier(guest, 1)
        out = guest.check('ethtool eth0; ethtool -m eth0', 60)
        need('Speed: 1000Mb/s' in out and 'IOVLAB-LX' in out, out)


main(one_boot, *(() if MODE else (other_modules, one_gigabit)))
