#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""RouterGuard and DhcpGuard: a VM that speaks as a router or as a DHCP server
to another one, whose kernel and DHCP client are the judges."""
# timeout: 300
import socket
import struct

from guest import Failed, main, need
from lab import Lab, Peer
from peer import checksum

PREFIX = '2001:db8:66::'
UDHCPD = ('start 10.77.9.1\\nend 10.77.9.9\\ninterface eth0\\n'
          'lease_file /tmp/leases\\n')


def advertisement(mac, tags=b'', options=0):
    """A router advertisement, as hexadecimal digits."""
    source = bytes.fromhex('fe80000000000000026655fffe443322')
    target = bytes.fromhex('ff02') + bytes(13) + b'\1'
    body = struct.pack('>BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0) \
        + b'\1\1' + mac + struct.pack('>BBBBIII', 3, 4, 64, 0xc0, 86400,
                                      14400, 0) \
        + socket.inet_pton(socket.AF_INET6, PREFIX)
    pseudo = source + target + struct.pack('>II', len(body), 58)
    body = body[:2] + struct.pack('>H', checksum(pseudo + body)) + body[4:]
    # Empty destination options before it.
    header = b''
    for left in range(options, 0, -1):
        header += bytes([60 if left > 1 else 58, 0, 1, 4, 0, 0, 0, 0])
    packet = struct.pack('>IHBB', 6 << 28, len(header) + len(body),
                         60 if options else 58, 255) + source + target
    return (bytes.fromhex('333300000001') + mac + tags + b'\x86\xdd'
            + packet + header + body).hex()


def is_advertisement(frame):
    return b'\x86\xdd' in frame[12:24] and socket.inet_pton(
        socket.AF_INET6, PREFIX) in frame


def mac_of(vm):
    return bytes.fromhex(vm.nic()['MacAddress'].replace(':', ''))


def say(rogue, **disguise):
    rogue.check('iovlab-agent frame eth0 '
                + advertisement(mac_of(rogue), **disguise) + ' 3')


def believed(rogue, victim):
    """The victim has an address of the prefix after some advertisement."""
    for _ in range(20):
        say(rogue)
        if victim.run(f'sleep 2; {has_address()}')[0] == 0:
            return
    raise Failed('no address by autoconfiguration')


def has_address():
    return f'ip -6 address show dev eth0 | grep -q {PREFIX[:-1]}'


def lease(victim):
    return 'udhcpc -i eth0 -n -q -t 4 -T 1 -s /bin/true'


def guards():
    """Guards take the VF, stop the VM's messages, and give the VF back"""
    with Lab('A') as lab:
        peer = Peer(lab)
        rogue = lab.vm('rogue', ip='10.77.0.11/16', up=False)
        victim = lab.vm('victim', ip='10.77.0.12/16')
        rogue.up()
        rogue.wait_path('vf')
        victim.wait_path('vf')

        # Without a guard the other VM believes it, once it can listen.
        victim.wait_link_local()
        believed(rogue, victim)
        rogue.check(f"printf '{UDHCPD}' > /tmp/conf; touch /tmp/leases;"
                    ' udhcpd /tmp/conf')
        victim.wait(lease(victim), 60)
        need(peer.count(is_advertisement) > 0, 'nothing on the wire')

        lab.set('nic', 'rogue.0', RouterGuard='On', DhcpGuard='On')
        nic = rogue.wait_state('Waiting')
        codes = [reason['Code'] for reason in nic['StatusReasons']]
        need('PolicyRouterGuard' in codes and 'PolicyDhcpGuard' in codes,
             f'reasons {codes}')
        need('RouterGuard' in nic['StatusDescription'],
             nic['StatusDescription'])
        lab.wait_event('vf-freed', vm='rogue')
        need(nic['Path'] == 'synthetic', nic['Path'])

        victim.check('ip -6 address flush dev eth0 scope global')
        before = peer.count(is_advertisement)
        say(rogue)
        say(rogue, tags=b'\x81\0\0\0')
        say(rogue, tags=b'\x88\xa8\0\0\x81\0\0\0')
        say(rogue, options=1)
        say(rogue, options=20)
        status, _ = victim.run(lease(victim), 60)
        need(status != 0, 'a lease in spite of DhcpGuard')
        status, _ = victim.run(has_address())
        need(status != 0, 'an address in spite of RouterGuard')
        need(peer.count(is_advertisement) == before, 'one passed to the wire')
        drops = rogue.nic()['PolicyDrops']
        need(drops['RouterGuard'] == 15, f'{drops}')
        need(drops['DhcpGuard'] > 0, f'{drops}')
        # Everything else passes.
        rogue.wait('ping -c 1 -W 2 10.77.0.1')
        rogue.wait('ping -c 1 -W 2 10.77.0.12')

        lab.set('nic', 'rogue.0', RouterGuard='Off', DhcpGuard='Off')
        rogue.wait_path('vf')
        believed(rogue, victim)


main(guards)
