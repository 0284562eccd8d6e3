#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's own programs in a guest's image."""
# timeout: 300
from guest import Guest, image, main, need


def programs_run():
    """ethtool, ip, bridge, iperf3 and tcpdump run in the guest"""
    kernel = image('--program', 'ethtool', '--program', 'iproute2',
                   '--program', 'iperf3', '--program', 'tcpdump')
    with Guest(kernel=kernel, memory='384') as guest:
        guest.up()
        need(guest.check('ethtool --version').startswith('ethtool version'),
             'no ethtool')
        need('iproute2' in guest.check('ip -V'), 'ip is not Debian\'s')
        guest.check('bridge -V')
        guest.check('tcpdump --version')
        guest.check('iperf3 -s -D -1')
        guest.wait("grep -qs ':1451 ' /proc/net/tcp /proc/net/tcp6")
        out = guest.check('iperf3 -c 127.0.0.1 -n 1M', 120)
        need('receiver' in out, f'iperf3 said {out}')


main(programs_run)
