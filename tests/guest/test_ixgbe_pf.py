#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stock ixgbe and ixgbevf in one guest: the PF, its VFs, and all between."""
# timeout: 1800
# behind: strict lazy-6.12 pt-6.12 reference-pt
import contextlib
import re
import tempfile

from behind import MODE, SUITE
from guest import (Guest, image, main, need, need_device, requests,
                   unanswered, wait_until)
from ixgbe_guest import take_vf
from peer import DatagramPeer

PF = '/sys/bus/pci/devices/0000:01:00.0'
# What ixgbe and ixgbevf say when something is wrong.
WRONG = re.compile(r'ixgbe.*(warning|error|fail|timed out|unsupported|hang|'
                   r'not complete|cannot|could not)', re.I)
# ... and what they say to a PF driver of an older mailbox, or for a
# configuration that is as wanted.
EXPECTED = re.compile(r'MAC address not assigned|API .*not supported|'
                      r'Failed to allocate MSI')


def kernel(suite=SUITE):
    return image('--suite', suite, '--package', 'linux-image-amd64',
                 '--module', 'ixgbe', '--program', 'iproute2')


@contextlib.contextmanager
def card(suite=SUITE, more='', smp=1, memory='512'):
    """A guest with the PF up (10.77.0.2), and the peer on its wire."""
    with tempfile.TemporaryDirectory(prefix='iovlab-wire-') as place:
        peer = DatagramPeer(place)
        devices = ['-device', 'pcie-root-port,id=rp1,slot=1',
                   *peer.netdev('n0'), '-device',
                   'ixgbe,id=pf,bus=rp1,netdev=n0,mac=02:00:00:00:00:01'
                   + more]
        with Guest(devices, kernel=kernel(suite), memory=memory, smp=smp,
                   append='iovlab.modules=ixgbe,ixgbevf '
                          'iovlab.ip=10.77.0.2/24') as guest:
            guest.up(600)
            carrier(guest, '', 'eth0')
            guest.wait(ping('10.77.0.1'), 60)
            yield guest, peer
            if guest.process.poll() is None:
                said(guest)
            need(not peer.wrong, f'on the wire: {peer.wrong[:5]}')
        peer.close()


def said(guest):
    lines = guest.check('dmesg', 60).splitlines()
    wrong = [line for line in lines
             if WRONG.search(line) and not EXPECTED.search(line)]
    need(not wrong, f'the drivers said: {wrong[:5]}')


def inside(space):
    return f'ip netns exec {space} ' if space else ''


def carrier(guest, space, nic, up=1):
    guest.wait(f'{inside(space)}grep -q {up} /sys/class/net/{nic}/carrier',
               120)


def ping(address, space='', more=''):
    return f'{inside(space)}ping -c 1 -W 5 {more} {address} > /dev/null'


def enable(guest, count):
    """VFs 0 to count - 1, bound, each up in a network namespace vfN."""
    guest.check(f'echo {count} > {PF}/sriov_numvfs', 600)
    for vf in range(count):
        take_vf(guest, PF, vf, f'vf{vf}', address(vf))
    for vf in range(count):
        carrier(guest, f'vf{vf}', 'nic')


def disable(guest, count, in_use=True):
    """A VF that is in use waits for a second for answers of its PF's driver,
    which has forgotten it already."""
    names = [f'vf{vf}' for vf in range(count)]
    if not in_use:
        guest.check(' && '.join(f'ip -n {name} link set nic down'
                                for name in names), 60)
    guest.check(f'echo 0 > {PF}/sriov_numvfs', 600)
    guest.check(' && '.join(f'ip netns del {name}' for name in names))


def address(vf):
    return f'10.77.0.{100 + vf}'


def everywhere(guest, count):
    """Each VF to the PF, the next VF and the wire; the PF to each VF."""
    for vf in range(count):
        guest.wait(' && '.join(
            [ping(target, f'vf{vf}') for target in
             ('10.77.0.2', address((vf + 1) % count), '10.77.0.1')]
            + [ping(address(vf))]), 60)


def transfer(guest, source, target, to, megabytes=4):
    """A file over TCP from one namespace to another, compared."""
    guest.check('rm -f /tmp/done /tmp/got /tmp/hold; mkfifo /tmp/hold; '
                f'head -c {megabytes << 20} /dev/urandom > /tmp/sent; '
                'sleep 9999 > /tmp/hold & '
                f'({inside(target)}nc -l -p 5000 < /tmp/hold > /tmp/got; '
                'touch /tmp/done) > /dev/null 2>&1 &', 60)
    guest.wait(f'{inside(source)}nc -w 30 {to} 5000 < /tmp/sent', 300)
    guest.wait('test -e /tmp/done', 120)
    guest.check('cmp /tmp/sent /tmp/got', 60)


def probe(guest, peer, release):
    """frames of all sizes, vectors, link changes"""
    need(guest.check('uname -r').startswith(release), f'not {release}')
    guest.wait_console('NIC Link is Up 10 Gbps')
    for size in (0, 1, 17, 18, 19, 46, 500, 1472):
        guest.wait(ping('10.77.0.1', more=f'-s {size}'), 60)
    vectors = guest.check('grep -c eth0 /proc/interrupts')
    need(int(vectors) >= 2, f'{vectors} vectors in use')
    for up in (False, True):
        guest.qmp.command('set_link', name='n0', up=up)
        carrier(guest, '', 'eth0', int(up))
    guest.wait(ping('10.77.0.1'), 60)
    need(peer.longest <= 1514, f'a frame of {peer.longest} bytes')


def bind(guest):
    """The PF's driver goes and comes back."""
    for step in ('unbind', 'bind'):
        guest.check(f'echo 0000:01:00.0 > /sys/bus/pci/drivers/ixgbe/{step}',
                    120)
    guest.check('ip link set eth0 up; ip addr add 10.77.0.2/24 dev eth0')
    carrier(guest, '', 'eth0')
    guest.wait(ping('10.77.0.1'), 60)


def interrupts(guest):
    """MSI-X, and INTx where there is no MSI, carry the traffic"""
    for kind in ('PCI-MSI', 'IO-APIC'):
        if kind == 'IO-APIC':
            guest.check(f'echo 0 > {PF}/msi_bus')
            bind(guest)
        guest.wait(ping('10.77.0.1'), 60)
        guest.check(f'grep eth0 /proc/interrupts | grep -q {kind}')


def pf_6_1():
    """ixgbe of 6.1: probe without a word, traffic, link; rounds; INTx"""
    with card() as (guest, peer):
        probe(guest, peer, '6.1.')
        rounds(guest)
        interrupts(guest)


def pf_6_12():
    """ixgbe of 6.12: probe without a word, traffic, link; INTx"""
    with card('trixie') as (guest, peer):
        probe(guest, peer, '6.12.')
        interrupts(guest)


def vfs(guest):
    """to the PF, each other and the wire; TCP; resets"""
    enable(guest, 4)
    everywhere(guest, 4)
    transfer(guest, 'vf0', 'vf1', address(1))
    transfer(guest, 'vf2', '', '10.77.0.2')
    transfer(guest, '', 'vf3', address(3))
    # The PF is reset: VFs hear of it and come back.
    for state, up in (('down', 0), ('up', 1)):
        guest.check(f'ip link set eth0 {state}')
        for vf in range(4):
            carrier(guest, f'vf{vf}', 'nic', up)
    everywhere(guest, 4)
    # A function level reset of one VF leaves the others alone.
    guest.check(f'echo 1 > {PF}/virtfn1/reset', 60)
    guest.wait(ping(address(0), 'vf3'), 60)
    guest.check('ip -n vf1 link set nic down; ip -n vf1 link set nic up')
    carrier(guest, 'vf1', 'nic')
    everywhere(guest, 4)
    refused = guest.run(f'echo 65 > {PF}/sriov_numvfs')
    need(refused[0] != 0, '65 VFs are allowed')
    disable(guest, 4)
    guest.wait(ping('10.77.0.1'), 60)


def all_vfs():
    """63 VFs, each bound and with traffic to the PF, another VF, the wire"""
    with card(memory='1536') as (guest, _):
        enable(guest, 63)
        everywhere(guest, 63)


def rounds(guest):
    """VFs come and go, drivers unbind and bind, the PF is reset: 10 rounds"""
    for count in range(1, 11):
        enable(guest, count % 4 + 1)
        guest.wait(ping('10.77.0.2', 'vf0'), 60)
        guest.wait(ping('10.77.0.1', 'vf0'), 60)
        disable(guest, count % 4 + 1, count < 3)
    for _ in range(5):
        bind(guest)


def migrate(guest):
    """saved and restored with traffic on PF and VFs: no driver notices"""
    with tempfile.TemporaryDirectory(prefix='iovlab-move-') as place:
        enable(guest, 3)
        everywhere(guest, 3)
        said(guest)
        guest.check('dmesg -c > /dev/null')
        spaces = ('', 'vf0', 'vf1')
        early = [requests(guest, inside(space)) for space in spaces]
        guest.check(f'ping -i 0.1 {address(1)} > /tmp/p0 2>&1 & '
                    'ip netns exec vf0 ping -i 0.1 10.77.0.1 > /tmp/p1 '
                    '2>&1 & '
                    f'ip netns exec vf1 ping -i 0.1 {address(2)} > /tmp/p2 '
                    '2>&1 &')
        for space, (sent, _) in zip(spaces, early):
            wait_until(lambda: requests(guest, inside(space))[0] >= sent + 10,
                       lambda: f'no stream in {space or "the PF"}')
        moved = guest.move(f'{place}/state')
        guest.stop()
        try:
            # The drivers look at their devices every 2 s.
            moved.check('sleep 3')
            everywhere(moved, 3)
            moved.check('killall -INT ping')
            moved.wait('! pidof ping')
            for n, (space, counts) in enumerate(zip(spaces, early)):
                before = counts[0] - counts[1]
                sent = int(moved.check("sed -n 's/ packets transmitted.*//p' "
                                       f'/tmp/p{n}'))
                need(sent > 20, f'stream {n}: {sent} were sent')
                # An answer from the wire may have come to the old QEMU.
                wait_until(lambda: unanswered(moved, inside(space)) - before
                           <= (n == 1), lambda: f'stream {n}: '
                           f'{unanswered(moved, inside(space)) - before} of '
                           f'{sent} are lost')
            transfer(moved, 'vf0', 'vf2', address(2), 1)
            spoken = moved.check('dmesg | grep -i ixgbe || true')
            need(not spoken, f'the drivers noticed: {spoken}')
            moved.healthy()
        finally:
            moved.stop()


def vfs_and_migration():
    """VFs by sriov_numvfs: traffic, resets; saved and restored with traffic"""
    with card(smp=2) as (guest, _):
        vfs(guest)
        migrate(guest)


def two_ports():
    """Two functions of one slot are two ports, each with VFs of its own"""
    devices = ['-device', 'pcie-root-port,id=rp1,slot=1']
    for port in range(2):
        devices += ['-netdev', f'hubport,id=n{port},hubid=0', '-device',
                    f'ixgbe,bus=rp1,addr=0.{port},multifunction=on,'
                    f'netdev=n{port},mac=02:00:00:00:00:0{port + 1}']
    with Guest(devices, kernel=kernel(), memory='512',
               append='iovlab.modules=ixgbe,ixgbevf') as guest:
        guest.up(600)
        for port in range(2):
            place = f'/sys/bus/pci/devices/0000:01:00.{port}'
            guest.check(f'echo 2 > {place}/sriov_numvfs', 600)
            links = guest.check(f'readlink {place}/virtfn0; '
                                f'readlink {place}/virtfn1')
            need(links.split() == [f'../0000:01:10.{port}',
                                   f'../0000:01:10.{port + 2}'],
                 f'port {port} has VFs {links}')
            nic = guest.check(f'ls {place}/net')
            guest.check(f'ip netns add p{port}; '
                        f'ip link set {nic} netns p{port}; '
                        f'ip -n p{port} link set {nic} name port; '
                        f'ip -n p{port} addr add 10.77.0.{port + 1}/24 '
                        f'dev port; ip -n p{port} link set port up', 60)
        carrier(guest, 'p0', 'port')
        carrier(guest, 'p1', 'port')
        guest.wait(ping('10.77.0.2', 'p0'), 60)
        said(guest)


def nic_option():
    """-nic model=ixgbe is a NIC like any other"""
    with Guest(['-nic', 'user,model=ixgbe'], kernel=kernel(),
               memory='512', append='iovlab.modules=ixgbe '
               'iovlab.ip=10.0.2.15/24') as guest:
        guest.up(600)
        carrier(guest, '', 'eth0')
        guest.wait(ping('10.0.2.2'), 60)
        said(guest)


need_device('ixgbe')
main(*(() if MODE else (pf_6_1, nic_option, all_vfs)), pf_6_12,
     vfs_and_migration, two_ports)
