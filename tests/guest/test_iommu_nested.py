#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest with KVM assigns a VF to a guest of its own by VFIO."""
# timeout: 600
import os
import re
import tempfile
import time

from guest import (REPLIES, TROUBLE, Guest, echoes, image, main, need,
                   need_device)
from iommu_guest import FAULTS
from peer import DatagramPeer

PF = '/sys/bus/pci/devices/0000:01:00.0'
FIRMWARE = ('/usr/share/seabios/bios-256k.bin', '/usr/share/qemu/kvmvapic.bin',
            '/usr/share/qemu/linuxboot_dma.bin')
COUNT = 100
# Debian's own QEMU, with the processor's help (AMD's SVM, which TCG emulates).
INNER = ('qemu-system-x86_64 -M pc -accel kvm -cpu host -m 192 -nodefaults '
         '-no-reboot -display none -serial file:/inner.console '
         '-device vfio-pci,host={vf} '
         '-kernel /inner/vmlinuz -initrd /inner/initrd -append "console=ttyS0 '
         'quiet panic=-1 iovlab.ip=10.77.0.100/24 iovlab.run=/bin/inner" '
         '> /inner.log 2>&1; echo $? > /inner.status')
# Runs in the inner guest.
SCRIPT = f'''#!/bin/sh
until ping -c 1 -W 2 10.77.0.1 > /dev/null; do usleep 100000; done
for to in 10.77.0.1 10.77.0.2; do
    before=$({REPLIES})
    ping -c {COUNT} -i 0.02 -s 1000 $to > /dev/null
    echo "inner: to $to: $(($({REPLIES}) - before)) replies"
done
grep eth0 /proc/interrupts | sed 's/^/inner: /'
echo "inner: done"
nc -l -p 7
'''


def outer_image(place):
    script = os.path.join(place, 'inner')
    with open(script, 'w', encoding='utf-8') as file:
        file.write(SCRIPT)
    os.chmod(script, 0o755)
    kernel, initrd = image('--only-module', 'ixgbevf', '--add',
                           f'{script}:/bin/inner', packed=True)
    words = ['--add', f'{kernel}:/inner/vmlinuz',
             '--add', f'{initrd}:/inner/initrd']
    for path in FIRMWARE:
        words += ['--add', f'{path}:/usr/share/qemu/{os.path.basename(path)}']
    return image('--package', 'linux-image-amd64', '--only-module', 'ixgbe',
                 '--module', 'vfio-pci', '--module', 'vfio_iommu_type1',
                 '--module', 'kvm-amd', '--module', 'ixgbevf',
                 '--program', 'qemu-system-x86', *words)


def assign(guest):
    """Makes a VF and gives it to VFIO: its address."""
    guest.check(f'echo 0 > {PF}/sriov_drivers_autoprobe; '
                f'echo 1 > {PF}/sriov_numvfs', 120)
    vf = guest.check(f'basename $(readlink {PF}/virtfn0)')
    path = f'/sys/bus/pci/devices/{vf}'
    guest.check('ip link set eth0 vf 0 mac 02:00:00:00:00:64; '
                f'echo vfio-pci > {path}/driver_override; '
                f'echo {vf} > /sys/bus/pci/drivers_probe; '
                f'test -e {path}/driver')
    return vf


def judge(guest, peer):
    """Traffic of the inner guest with the wire, the PF, and from the PF."""
    guest.wait('grep -q "inner: to 10.77.0.1:" /inner.console', 300)
    # From the PF to it.
    echoes(guest, '10.77.0.100', COUNT, 0.02)
    guest.wait('grep -q "inner: done" /inner.console', 120)
    interrupts = guest.check('grep vfio-msix /proc/interrupts')
    # It ends when it is called.
    guest.wait('nc -w 5 10.77.0.100 7 < /dev/null', 60)
    guest.wait('grep -qx 0 /inner.status', 120)
    text = guest.check('cat /inner.console')
    need(text.count(f': {COUNT} replies') == 2, text)
    need(re.search(r'MSI.*eth0', text), 'no MSI-X in the inner guest')
    need(not TROUBLE.search(text), text)
    need(peer.frames >= COUNT, 'its frames were not on the wire')
    need('IR-PCI-MSI' in interrupts and
         sum(map(int, re.findall(r' (\d+) ', interrupts))) > COUNT,
         interrupts)


def nested():
    """its driver brings the VF up; traffic; the VF comes back to its host"""
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        peer = DatagramPeer(place)
        devices = ['-device', 'vtd-iommu,id=unit', '-device',
                   'pcie-root-port,id=rp1,slot=1', *peer.netdev('n0'),
                   '-device', 'ixgbe,bus=rp1,netdev=n0,mac=02:00:00:00:00:01']
        with Guest(devices, kernel=outer_image(place), memory='1536', smp=2,
                   trouble=FAULTS, append='intel_iommu=on no_timer_check '
                   'iovlab.ip=10.77.0.2/24') as guest:
            guest.up(600)
            guest.check('test -e /dev/kvm')
            vf = assign(guest)
            start = time.monotonic()
            guest.check('{ ' + INNER.format(vf=vf) + '; } &')
            guest.wait('grep -q "guest is up" /inner.console', 600)
            print(f'# the inner guest is up after '
                  f'{time.monotonic() - start:.0f} s')
            judge(guest, peer)
            path = f'/sys/bus/pci/devices/{vf}'
            guest.check(f'echo > {path}/driver_override; '
                        f'echo 1 > {PF}/sriov_drivers_autoprobe; '
                        f'echo {vf} > {path}/driver/unbind; modprobe ixgbevf; '
                        f'echo {vf} > /sys/bus/pci/drivers_probe; '
                        'ip address del 10.77.0.2/24 dev eth0')
            nic = guest.wait(f'ls {path}/net', 60)
            guest.check(f'ip link set {nic} up; '
                        f'ip address add 10.77.0.100/24 dev {nic}')
            guest.wait('ping -c 1 -W 2 10.77.0.1', 60)
        need(not peer.wrong, f'on the wire: {peer.wrong[:5]}')
        peer.close()


need_device('ixgbe')
main(nested)
