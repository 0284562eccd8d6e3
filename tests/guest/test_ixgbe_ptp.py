#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's linuxptp between two ports of ixgbe: hardware time stamps of both
ends bring one clock to the other's time; phc2sys brings a clock to a clock."""
# timeout: 600
# behind: pt strict-6.12 lazy-6.12 reference-lazy
import re
import time

from guest import main, need, need_device
from ixgbe_guest import inside, kernel, nic, pair

# For all that ptp4l is not told by its options.  Announcements come often, so
# that roles are found soon; the slave waits for them for as long as a busy
# machine may take, the master, whom nobody else announces to, does not.
CONFIG = """[global]
twoStepFlag 1
tx_timestamp_timeout 10000
summary_interval -2
logAnnounceInterval -2
announceReceiptTimeout {timeout}
logSyncInterval -3
logMinDelayReqInterval -3
step_threshold 0.00002
first_step_threshold 0.00002
"""
TIMEOUTS = {'': 2, 'b': 250}


def clock(guest, space, what):
    text = guest.check(f'{inside(space)}phc_ctl {nic(space)} -- {what}', 60)
    found = re.search(r'clock time is (\d+\.\d+)', text)
    return float(found.group(1)) if found else None


def apart(guest):
    """Seconds from eth0's clock to eth1's; both are read in one breath, the
    time between the two reads is taken out."""
    best = None
    line = '; '.join(f'{inside(space)}phc_ctl {nic(space)} -- get'
                     for space in ('', 'b', ''))
    for _ in range(3):
        a, b, c = (float(value) for value in re.findall(
            r'clock time is (\d+\.\d+)', guest.check(line)))
        if best is None or c - a < best[0]:
            best = (c - a, b - (a + c) / 2)
    return best[1]


def offsets(guest, name):
    """The servo's view: pairs of (offset in ns, state)."""
    text = guest.check(f'cat /tmp/{name}')
    return [(int(value), state) for value, state in
            re.findall(r'offset\s+(-?\d+) s(\d)', text)], text


def follow(guest, transport):
    """ptp4l: a slave 100 s off comes to its master's time"""
    clock(guest, '', 'set 1000')
    clock(guest, 'b', 'set 1100')
    rest = apart(guest)
    need(abs(rest - 100) < 20, f'{rest} s apart at first')
    for space, more in (('', '--priority1 1'), ('b', '-s')):
        guest.check(f'{inside(space)}ptp4l {transport} -H '
                    f'-f /ptp-{nic(space)}.cfg '
                    f'-i {nic(space)} -m {more} '
                    f'--uds_address /tmp/uds-{nic(space)} '
                    f'> /tmp/{nic(space)} 2>&1 &')
    end = time.monotonic() + 200
    while True:
        found, said = offsets(guest, 'eth1')
        summary = re.findall(r'rms +(\d+) max +(\d+)', said)
        locked = [value for value, state in found if state == '2']
        if len(locked) > 8 or len(summary) > 5:
            break
        need(time.monotonic() < end, said)
        time.sleep(0.2)
    said += guest.check('cat /tmp/eth0')
    need('timed out while polling' not in said, said)
    rest = apart(guest)
    need(abs(rest) < 2, f'still {rest} s apart: {said}')
    print(f'# {transport}: last offsets {locked[-3:] or summary[-3:]} ns, '
          f'clocks read {rest:.3f} s apart')
    guest.check('killall ptp4l')
    guest.wait('! pidof ptp4l')


def clocks(guest):
    """phc2sys: eth1's clock follows eth0's; the system's follows neither"""
    clock(guest, '', 'set 5000')
    clock(guest, 'b', 'set 7000')
    first, other = (guest.check(f'{run}ethtool -T {name} | sed -n '
                                '"s/.*Clock: //p"') for run, name in
                    (('', 'eth0'), (inside('b'), 'eth1')))
    guest.check(f'phc2sys -s /dev/ptp{first} -c /dev/ptp{other} -O 0 -R 8 -m '
                '-S 0.01 > /tmp/phc2sys 2>&1 &')
    end = time.monotonic() + 120
    while True:
        found, said = offsets(guest, 'phc2sys')
        if len([1 for _, state in found if state == '2']) > 12:
            break
        need(time.monotonic() < end, said)
        time.sleep(0.2)
    rest = apart(guest)
    need(abs(rest) < 2, f'still {rest} s apart: {said}')
    print(f'# phc2sys: last offsets {[value for value, _ in found[-3:]]} ns')
    guest.check('killall phc2sys')


def one_boot():
    """ptp4l over Ethernet, UDP on IPv4 and on IPv6; phc2sys"""
    booted = kernel(programs=('linuxptp',))
    with pair(booted, smp=2) as (guest, _):
        for space, timeout in TIMEOUTS.items():
            guest.check(f'printf %b {CONFIG.format(timeout=timeout)!r} > '
                        f'/ptp-{nic(space)}.cfg')
        for transport in ('-2', '-4', '-6'):
            follow(guest, transport)
        clocks(guest)


need_device('ixgbe')
main(one_boot)
