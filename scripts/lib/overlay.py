#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make a QEMU tree's hw/iovlab and tests/qtest/iovlab equal to this clone.

Only files whose content differs are written, so that ninja rebuilds what has
changed and nothing else; files that are gone here go there too.
"""
import os
import sys

KINDS = ('.c', '.h', '.inc', 'meson.build')
TRACE_HEADER = '''/* QEMU's trace points of this directory: see scripts/lib/overlay.py. */
#include "trace/trace-hw_iovlab.h"
'''


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def collect(root, directory, wanted):
    """Adds to wanted each source below root/directory, named from root."""
    for base, dirs, names in os.walk(os.path.join(root, directory)):
        dirs.sort()
        for name in sorted(names):
            if name.endswith(KINDS) or name.startswith('trace-events'):
                path = os.path.join(base, name)
                wanted[os.path.relpath(path, root)] = read(path)


def device_files(root):
    wanted = {}
    for directory in ('include', 'sim', 'hw'):
        collect(root, directory, wanted)
    events = [text for path, text in sorted(wanted.items())
              if os.path.basename(path).startswith('trace-events')]
    wanted['trace-events'] = b'\n'.join(events)
    wanted['meson.build'] = read(os.path.join(root, 'qemu/meson.build'))
    wanted['Kconfig'] = read(os.path.join(root, 'qemu/Kconfig'))
    wanted['iovlab-trace.h'] = TRACE_HEADER.encode()
    return wanted


def test_files(root):
    wanted = {}
    collect(root, 'tests/qtest', wanted)
    return {os.path.relpath(path, 'tests/qtest'): text
            for path, text in wanted.items()}


def sync(wanted, target):
    for base, _, names in os.walk(target):
        for name in names:
            path = os.path.join(base, name)
            if os.path.relpath(path, target) not in wanted:
                os.unlink(path)
    for name, text in wanted.items():
        path = os.path.join(target, name)
        if os.path.isfile(path) and read(path) == text:
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(text)


def main():
    root, tree = sys.argv[1:]
    sync(device_files(root), os.path.join(tree, 'hw/iovlab'))
    sync(test_files(root), os.path.join(tree, 'tests/qtest/iovlab'))


main()
