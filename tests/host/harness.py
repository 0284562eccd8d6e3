# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of host processes share: the command, and TAP."""
import json
import os
import subprocess
import sys
import tempfile
import time

IOVLAB, FAKE = map(os.path.realpath, sys.argv[1:3])


def iovlab(*args, status=0, code=None):
    """Runs the command, which must end with this status: what it wrote."""
    done = subprocess.run([IOVLAB, *args], capture_output=True, text=True,
                          timeout=60, check=False)
    text = done.stdout + done.stderr
    assert done.returncode == status, (args, done)
    assert code is None or f'[{code}]' in text, (args, text)
    return text


def show(kind, name=None):
    """Objects of a kind on all hosts, or the one with this name."""
    answers = json.loads(iovlab('show', kind, '--json'))
    found = [o for a in answers for o in
             (a[kind] if isinstance(a[kind], list) else [a[kind]])]
    if name is None:
        return found
    return next(o for o in found if o['Name'] == name)


def wait_for(what, condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def main(*tests):
    """Runs functions as TAP points, with the stand-in for QEMU."""
    failed = 0
    print(f'1..{len(tests)}')
    with tempfile.TemporaryDirectory(prefix='iovlab-') as directory:
        os.environ['IOVLAB_RUN'] = directory
        os.environ['IOVLAB_QEMU'] = FAKE
        # A command that ends with an error does not free its message first.
        os.environ['ASAN_OPTIONS'] = 'detect_leaks=0'
        os.environ['FAKE_QEMU_LOG'] = os.path.join(directory, 'frames')
        try:
            for number, test in enumerate(tests, 1):
                try:
                    test()
                    print(f'ok {number} {test.__name__}', flush=True)
                except (AssertionError, OSError, KeyError, IndexError,
                        StopIteration, TypeError,
                        subprocess.TimeoutExpired) as error:
                    failed += 1
                    print(f'not ok {number} {test.__name__}: {error!r}',
                          flush=True)
        finally:
            subprocess.run([IOVLAB, 'stop', '--all'], check=False,
                           stdout=subprocess.DEVNULL)
    sys.exit(failed != 0)
