#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user may get wrong: one line that says what to do, status 2.

Usage: test_usage.py IOVLAB FAKE_QEMU   (speaks TAP)
"""
import os
import tempfile

from harness import IOVLAB, iovlab, main


def refused(words, *args):
    """The command ends with status 2 and one line that has these words."""
    lines = [line for line in iovlab(*args, status=2).splitlines()
             if line.startswith('iovlab')]
    assert len(lines) == 1 and words in lines[0], (args, lines)


def test_options():
    """Options of the demo that are unknown, absurd or contradict"""
    refused('--list-scenarios', 'demo', '--scenario', 'nothing')
    refused('see iovlab demo --help', 'demo', '--nothing')
    refused('see iovlab demo --help', 'demo', '--smp', 'two')
    refused("what is 'more'?", 'demo', 'more')
    for number in ('0', '9', '-1'):
        refused('--smp takes 1 to 8', 'demo', '--smp', number)
    for number in ('0', '20001'):
        refused('--rate takes 1 to 20000', 'demo', '--rate', number)
    refused('go together', 'demo', '--kernel', IOVLAB)
    refused('go together', 'demo', '--modules', '/')
    refused('not both', 'demo', '--kernel', IOVLAB, '--modules', '/',
            '--kernel-package', IOVLAB)
    refused('report folder', 'demo', '--report', '/proc/nothing')


def test_kernel():
    """Kernels that are none, or have no modules"""
    with tempfile.TemporaryDirectory(prefix='iovlab-') as directory:
        report = ('demo', '--report', os.path.join(directory, 'report'))
        missing = os.path.join(directory, 'missing.deb')
        refused(f'no such kernel package: {missing}', *report,
                '--kernel-package', missing)
        broken = os.path.join(directory, 'broken.deb')
        with open(broken, 'w', encoding='ascii') as file:
            file.write('no archive\n')
        refused(f'{broken} is no Debian package', *report, '--kernel-package',
                broken)
        refused('no such directory', *report, '--kernel', broken, '--modules',
                missing)


def test_qemu():
    """No QEMU: said before anything starts"""
    fake = os.environ['IOVLAB_QEMU']
    os.environ['IOVLAB_QEMU'] = '/nothing/qemu'
    try:
        with tempfile.TemporaryDirectory(prefix='iovlab-') as directory:
            refused('no program', 'demo', '--report', directory)
    finally:
        os.environ['IOVLAB_QEMU'] = fake


def test_names():
    """Commands, hosts and kinds that there are not, and a host twice"""
    refused('iovlab --help', 'nothing')
    refused('usage: iovlab migrate', 'migrate')
    refused('usage: iovlab vf attach', 'vf', 'attach')
    refused("not 'nothing'", 'show', 'nothing')
    refused('iovlab host start A', 'run', '--host', 'A', '--name', 'v')
    iovlab('host', 'start', 'A')
    refused("'A'", 'host', 'start', 'A')
    iovlab('host', 'stop', 'A')


if __name__ == '__main__':
    main(test_options, test_kernel, test_qemu, test_names)
