#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run one scenario of `iovlab demo` and judge what it leaves behind.

Usage: tests/guest/scenario.py NAME [OPTION...]

The scenario's own promise is its exit status; beside it the report must be
whole and the guests' consoles free of warnings.
"""
import glob
import json
import os
import subprocess
import sys

from guest import ROOT, TROUBLE, Failed, need

LOGS = os.path.join(ROOT, 'build', 'test-logs', 'guest')
# A guest that is kept from running complains, and rightly; and what it sends
# into a VF that was pulled meanwhile is lost.
FROZEN = ('frozen-guest',)


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


def run(name, options):
    report = os.path.join(LOGS, 'scenario-' + name)
    os.makedirs(report, exist_ok=True)
    for old in glob.glob(os.path.join(report, '*')):
        if os.path.isfile(old):
            os.unlink(old)
    status = subprocess.run(
        [os.path.join(ROOT, 'build', 'iovlab'), 'demo', '--scenario', name,
         '--report', report, *options], check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, 'IOVLAB_ROOT': ROOT}).returncode
    need(status == 0, f'exit status {status}')
    found = json.loads(read(os.path.join(report, 'report.json')))
    need(found['result'] == 'pass', f'result {found["result"]}')
    for stream in found['streams']:
        pulled = name in FROZEN and stream['name'] == 'guest-to-peer'
        need((stream['lost'] == 0 or pulled) and stream['duplicated'] == 0,
             f'stream {stream["name"]} lost {stream["lost"]},'
             f' doubled {stream["duplicated"]}')
        need(stream['received'] > 0, f'stream {stream["name"]} is empty')
    need(os.path.getsize(os.path.join(report, 'timeline.svg')) > 0,
         'no timeline')
    consoles = glob.glob(os.path.join(report, '*console*'))
    need(consoles, 'no console of a guest')
    for console in consoles:
        trouble = TROUBLE.search(read(console))
        need(not trouble or name in FROZEN,
             f'{console} has "{trouble and trouble.group()}"')


def main():
    try:
        run(sys.argv[1], sys.argv[2:])
    except Failed as error:
        print(f'not ok 1 {sys.argv[1]}\n# {error}')
        sys.exit(1)
    print(f'ok 1 {sys.argv[1]}')


main()
