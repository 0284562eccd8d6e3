#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Other kernels than the default one boot too."""
# timeout: 240
from guest import Guest, image, main, need


def trixie():
    """Debian 13's cloud kernel boots (6.12, compressed modules)"""
    with Guest(kernel=image('--suite', 'trixie', packed=True)) as guest:
        guest.up(120)
        need(guest.check('uname -r').startswith('6.12.'), 'not 6.12')
        guest.check('modprobe -n -v ixgbevf || lsmod | grep ixgbevf')


main(trixie)
