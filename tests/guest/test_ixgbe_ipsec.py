#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""IPsec inline of ixgbe: `ip xfrm ... offload dev` on one port speaks with
Linux's own ESP on the other, with itself, and over a VF; ESP on the wire."""
# timeout: 600
# behind: scalable pt strict-6.12 lazy-6.12 reference-lazy
from guest import main, need, need_device
from ixgbe_guest import (Sends, bring, features, inside, kernel, nic, pair,
                         statistics)

KEY = '0x' + '0123456789abcdef' * 2 + '01020304'
MODULES = ('esp4', 'esp4_offload', 'esp6', 'esp6_offload', 'xfrm_user', 'gcm',
           'ctr', 'seqiv', 'ghash-generic', 'sha512_generic',
           'jitterentropy_rng', 'drbg')
ENDS = {4: ('10.77.0.1', '10.77.0.2'), 6: ('fd77::1', 'fd77::2')}


def security(guest, space, version, offload):
    """ESP in transport mode, both ways, at one end."""
    here, there = ENDS[version]
    run = inside(space)
    for source, target, spi in ((here, there, 0x101), (there, here, 0x102)):
        way = 'out' if (source == here) == (not space) else 'in'
        more = f'offload dev {nic(space)} dir {way}' if offload else ''
        guest.check(f'{run}ip xfrm state add src {source} dst {target} proto '
                    f'esp spi {spi} reqid {version} mode transport aead '
                    f'"rfc4106(gcm(aes))" {KEY} 128 {more}', 60)
        guest.check(f'{run}ip xfrm policy add src {source} dst {target} proto 6 '
                    f'dir {way} tmpl src {source} dst {target} proto esp '
                    f'reqid {version} mode transport', 60)


def end(guest):
    for space in ('', 'b'):
        guest.check(f'{inside(space)}ip xfrm state flush; '
                    f'{inside(space)}ip xfrm policy flush', 60)


def counters(guest):
    here, there = statistics(guest), statistics(guest, 'b')
    return {'sent': here['tx_ipsec'], 'got': here['rx_ipsec'],
            'far sent': there['tx_ipsec'], 'far got': there['rx_ipsec']}


def grown(guest, judge, version, size):
    """A file from eth0 to eth1: how the counters grew; all of it ESP."""
    before = counters(guest)
    judge.seen.clear()
    bring(guest, ENDS[version][1], size=size)
    need(judge.seen.get(f'50{version}', 0) > size // 1500 and
         not judge.seen.get(f'tcp{version}', 0),
         f'in the clear: {judge.seen}')
    after = counters(guest)
    return {name: after[name] - before[name] for name in after}


def talks(guest, judge, version):
    """IPv{4,6}: device to software, software to device, device to device"""
    size = 512 << 10
    for here, far in ((True, False), (False, True), (True, True)):
        security(guest, '', version, here)
        security(guest, 'b', version, far)
        have = grown(guest, judge, version, size)
        print(f'# IPv{version}: {have}')
        # What is sent is counted before it is cut.
        for name, used, least in (('sent', here, 10), ('got', here, 10),
                                  ('far sent', far, 10),
                                  ('far got', far, size // 1500)):
            need(have[name] >= least if used else have[name] == 0,
                 f'IPv{version}, offload {here} and {far}: {have}')
        end(guest)
    bring(guest, ENDS[version][1], size=4096)


def segmented(guest, judge):
    """TSO of ESP: the device cuts, numbers and encrypts"""
    features(guest, 'tx-esp-segmentation on', 'tso on')
    sends = Sends(guest, 'eth0')
    security(guest, '', 4, True)
    security(guest, 'b', 4, False)
    have = grown(guest, judge, 4, 2 << 20)
    large = sends.large()
    print(f'# {have}, {large} large sends')
    need(large > 10, f'{large} frames were left to the device to cut')
    end(guest)


def one_boot():
    """ESP over IPv4 and IPv6, in transport mode, and segmented"""
    with pair(kernel(*MODULES, programs=('socat',))) as (guest, judge):
        for version in ENDS:
            talks(guest, judge, version)
        segmented(guest, judge)


need_device('ixgbe')
main(one_boot)
