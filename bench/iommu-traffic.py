#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames a second that a guest sends through a VF behind a remapping unit.

A guest for each case (no unit; then vtd-iommu, vtd-iommu in scalable mode and
QEMU's intel-iommu, each in pass-through, lazy and strict mode) boots Debian's
kernel and makes a VF of its PF.  All but one are stopped while one is measured:
the kernel's pktgen sends as fast as the driver takes frames, to a network that
takes everything.  The rounds are interleaved and medians compared, so that a
change of the machine's load meets all cases.

Prints a table, or with --json a line for each case.  "ratio" is the rate beside
that without a unit; "us" is CPU time of QEMU for each frame, of the virtual
processor and of the rest; "flushes" are invalidation descriptors for each frame
and "misses" table walks, which only our unit tells.  A whole run takes some
three minutes.

--profile has perf look at QEMU in one more turn of each case, and tells the
shares of the guest's own translated code, of QEMU's machinery for running it,
of the host's kernel, of the remapping unit and of the card; then the guest's
and QEMU's functions with the most of it, in microseconds for each frame.
"""
import argparse
import collections
import glob
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import time

from lab import ROOT, say, thread_seconds       # finds tests/guest as well
from guest import Guest, image, need

MODES = {
    'pass-through': 'iommu=pt',
    'lazy': 'iommu.strict=0',
    'strict': 'iommu.strict=1',
}
UNITS = {
    'vtd-iommu': 'vtd-iommu,id=unit',
    'vtd-iommu-scalable': 'vtd-iommu,id=unit,x-scalable-mode=on',
    'intel-iommu': 'intel-iommu,intremap=on,eim=on',
}
CASES = ['none'] + [f'{unit}/{mode}' for unit in UNITS for mode in MODES]
# name: (device, drivers, has VFs)
NICS = {
    'ixgbe': ('ixgbe,bus=rp0', ('ixgbe', 'ixgbevf'), True),
    'igb': ('igb,bus=rp0,romfile=', ('igb', 'igbvf'), True),
    'virtio-net': ('virtio-net-pci,bus=rp0,iommu_platform=on,'
                   'disable-legacy=on,romfile=', ('virtio_net',), False),
}
PF = '/sys/bus/pci/devices/0000:01:00.0'


OWNERS = ('guest code', 'host kernel', 'unit', 'card', 'QEMU')


def functions(*places):
    """Names of the functions that these directories of ours define."""
    names = set()
    for place in places:
        for path in glob.glob(os.path.join(ROOT, place, '*.c')):
            with open(path, encoding='utf-8') as file:
                names.update(re.findall(r'^[a-z].*?\b(\w+)\([^;]*$',
                                        file.read(), re.M))
    return names


def owner_of(name, place, unit, card):
    """What a function belongs to: it is in object place."""
    if '/perf-' in place or 'anon' in place:
        return 'guest code'
    if '[' in place and 'unknown' not in place:
        return 'host kernel'
    if name in unit or re.match('vtd|memory_region_iommu', name):
        return 'unit'
    if name in card or re.match('igb|e1000|virtio|pci_dma|msix', name):
        return 'card'
    return 'QEMU'


class Case:
    """A guest that is stopped but for its turns."""

    def __init__(self, name, options, sink):
        self.name, self.options = name, options
        self.ours = name.startswith('vtd-iommu')
        self.rates, self.vcpu, self.rest = [], [], []
        self.flushes, self.misses = [], []
        devices, append = [], 'intel_iommu=off '
        if name != 'none':
            unit, mode = name.split('/')
            devices = ['-device', UNITS[unit]]
            append = f'intel_iommu=on {MODES[mode]} '
        device, drivers, self.vfs = NICS[options.nic]
        if options.profile:
            devices += ['-perfmap']     # perf then knows the guest's code
        devices += ['-name', 'debug-threads=on',
                    '-device', 'pcie-root-port,id=rp0,slot=1',
                    '-netdev', f'socket,id=n0,udp=127.0.0.1:{sink},'
                    'localaddr=127.0.0.1:0', '-device', device + ',netdev=n0']
        kernel = image('--suite', options.suite,
                       '--package', 'linux-image-amd64',
                       *(word for driver in (*drivers, 'virtio_pci', 'pktgen')
                         for word in ('--module', driver)))
        self.guest = Guest(kernel=kernel, smp=1, memory='512', devices=devices,
                           name=name.replace('/', '-'), append=append +
                           'no_timer_check iovlab.ip=10.0.9.1/24 '
                           'iovlab.modules=pktgen,virtio_pci,'
                           + ','.join(drivers))

    def start(self):
        self.guest.__enter__()
        try:
            self.prepare()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        names = f'/tmp/perf-{self.guest.process.pid}.map'   # of -perfmap
        self.guest.stop()
        if os.path.exists(names):
            os.unlink(names)

    def prepare(self):
        guest = self.guest
        guest.up(300)
        guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 60)
        self.nic = 'eth0'
        if self.vfs:
            guest.check(f'echo 1 > {PF}/sriov_numvfs', 60)
            self.nic = guest.wait(f'ls {PF}/virtfn0/net | grep eth', 60)
            guest.check(f'ip link set {self.nic} up')
            guest.wait(f'grep -q 1 /sys/class/net/{self.nic}/carrier', 60)
        guest.check(f'echo add_device {self.nic} > '
                    '/proc/net/pktgen/kpktgend_0')
        for line in (f'pkt_size {self.options.size}', 'delay 0', 'clone_skb 0',
                     'dst 10.0.9.2', 'dst_mac 02:00:00:00:00:02'):
            self.pktgen(line)
        self.send(2000)
        self.rate = self.send(2000)
        guest.qmp.command('stop')

    def pktgen(self, line):
        self.guest.check(f'echo "{line}" > /proc/net/pktgen/{self.nic}')

    def send(self, frames):
        """Frames a second."""
        self.pktgen(f'count {frames}')
        self.guest.check('echo start > /proc/net/pktgen/pgctrl', 300)
        text = self.guest.check(f'cat /proc/net/pktgen/{self.nic}')
        found = re.search(r'(\d+)pps', text)
        sent = re.search(r'pkts-sofar: (\d+)', text)
        need(found and int(sent.group(1)) == frames, text)
        return int(found.group(1))

    def counts(self):
        """What the unit counts: (descriptors, misses); 0 of another's."""
        if not self.ours:
            return 0, 0
        have = json.loads(self.guest.qmp.command(
            'qom-get', path='/machine/peripheral/unit', property='stats'))
        return have['descriptors'], have['iotlb-misses']

    def turn(self):
        frames = max(int(self.rate * self.options.seconds), 1000)
        self.guest.qmp.command('cont')
        before = thread_seconds(self.guest.process.pid)
        counted = self.counts()
        self.rates.append(self.send(frames))
        after = thread_seconds(self.guest.process.pid)
        for ratios, now, then in zip((self.flushes, self.misses),
                                     self.counts(), counted):
            ratios.append((now - then) / frames)
        self.guest.qmp.command('stop')
        self.vcpu.append((after[0] - before[0]) * 1e6 / frames)
        self.rest.append((after[1] - before[1]) * 1e6 / frames)

    def record(self):
        """perf's samples while the guest sends: (function, object) of each,
        and QEMU's time for a frame in microseconds."""
        frames = max(int(self.rate * 3 * self.options.seconds), 1000)
        pid = self.guest.process.pid
        with tempfile.TemporaryDirectory(prefix='iovlab-perf-') as place:
            data = os.path.join(place, 'data')
            with subprocess.Popen(
                    ['perf', 'record', '-q', '-e', 'cpu-clock', '-F', '997',
                     '-p', str(pid), '-o', data],
                    stdin=subprocess.DEVNULL) as perf:
                # It has to find the threads first.
                time.sleep(2)
                before = sum(thread_seconds(pid))
                self.send(frames)
                spent = sum(thread_seconds(pid)) - before
                perf.send_signal(signal.SIGINT)
                perf.wait()
            text = subprocess.run(['perf', 'script', '-i', data, '-F',
                                   'ip,sym,dso'], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True,
                                  check=True).stdout
        lines = [line.split() for line in text.splitlines()]
        return ([(words[1], words[-1]) for words in lines if len(words) >= 3],
                spent * 1e6 / frames)

    def symbols(self, addresses):
        """The guest's names of functions for "guest-0xADDRESS"."""
        guest, left = self.guest, sorted(addresses)
        guest.check('cut -d " " -f 1,3 /proc/kallsyms > /tmp/names', 60)
        while left:
            some, left = left[:50], left[50:]
            guest.check('for i in ' + ' '.join(name[8:] for name in some)
                        + '; do echo $i @; done >> /tmp/names')
        text = guest.check("sort /tmp/names | awk '$2 == \"@\" { print $1, "
                           "last; next } { last = $2 }' > /tmp/found; "
                           'cat /tmp/found', 120)
        found = dict(line.split() for line in text.splitlines())
        return {name: found.get(name[8:], name) for name in addresses}

    def profile(self):
        """The share of each of OWNERS in QEMU's time while the guest sends,
        and the functions with most of it."""
        self.guest.qmp.command('cont')
        samples, microseconds = self.record()
        names_of = self.symbols({name for name, _ in samples
                                 if name.startswith('guest-0xffff')})
        self.guest.qmp.command('stop')
        unit = functions('sim/iommu', 'hw/iommu')
        card = functions('sim/ixgbe', 'sim/net', 'hw/net')
        shares = collections.Counter()
        names = collections.defaultdict(collections.Counter)
        for name, place in samples:
            owner = owner_of(name, place, unit, card)
            shares[owner] += 1
            names[owner][names_of.get(name, name)] += 1
        total = max(len(samples), 1)
        return {'case': self.name, 'samples': total,
                'us_a_frame': round(microseconds, 1),
                'shares': {name: round(100 * shares[name] / total, 1)
                           for name in OWNERS},
                'us': {owner: {name: round(microseconds * count / total, 2)
                               for name, count in names[owner].most_common(16)}
                       for owner in OWNERS}}

    def result(self):
        return {'bench': 'iommu-traffic', 'case': self.name,
                'nic': self.options.nic, 'size': self.options.size,
                'per_second': statistics.median(self.rates),
                'runs': self.rates,
                'flushes': round(statistics.median(self.flushes), 2),
                'misses': round(statistics.median(self.misses), 2),
                'vcpu_us': round(statistics.median(self.vcpu), 1),
                'rest_us': round(statistics.median(self.rest), 1)}


def measure(cases, options, sink):
    """Each case's result and profile; all guests live at the same time."""
    started, profiles = [], []
    try:
        for name in cases:
            say(f'{name}: the guest boots')
            started.append(Case(name, options, sink).start())
        for number in range(options.rounds):
            say(f'round {number + 1} of {options.rounds}')
            for case in started:
                case.turn()
        if options.profile:
            say('profiles')
            profiles = [case.profile() for case in started]
    finally:
        for case in started:
            case.stop()
    return [case.result() for case in started], profiles


def add_ratios(results):
    of = {result['case']: result for result in results}
    base = of.get('none')
    for name, result in of.items():
        peer = of.get(name.replace('vtd-iommu', 'intel-iommu')
                      .replace('-scalable', ''))
        if base:
            result['ratio'] = round(
                result['per_second'] / base['per_second'], 3)
            result['ratio_by_time'] = round(
                base['vcpu_us'] / result['vcpu_us'], 3)
        if peer and peer is not result:
            result['beside_peer'] = round(
                result['per_second'] / peer['per_second'], 3)


def table(results):
    print(f'{"":32}{"frames/s":>10}{"ratio":>8}{"by time":>9}'
          f'{"/ intel-iommu":>15}{"VCPU us":>9}{"rest us":>9}'
          f'{"flushes":>9}{"misses":>8}')
    for result in results:
        peer = result.get('beside_peer') if result['case'] != 'none' else None
        print(f'{result["case"]:32}{result["per_second"]:10.0f}'
              f'{result.get("ratio", 0):8.2f}'
              f'{result.get("ratio_by_time", 0):9.2f}'
              f'{peer if peer else "":>15}'
              f'{result["vcpu_us"]:9.1f}{result["rest_us"]:9.1f}'
              f'{result["flushes"] or "":>9}{result["misses"] or "":>8}')


def profile_table(profiles):
    title = "percent of QEMU's time"
    print(f'\n{title:32}{"us a frame":>13}'
          + ''.join(f'{name:>13}' for name in OWNERS))
    for one in profiles:
        print(f'{one["case"]:32}{one["us_a_frame"]:13.1f}'
              + ''.join(f'{share:13.1f}' for share in one['shares'].values()))
    for owner in OWNERS:
        print(f'\n{owner}, us a frame')
        for one in profiles:
            print(f'{one["case"]:32}' + ', '.join(
                f'{name} {us}' for name, us in one['us'][owner].items()))


def main():
    parser = argparse.ArgumentParser(
        prog='bench/iommu-traffic.py', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--nic', choices=NICS, default='ixgbe',
                        help='whose VF, or virtio-net (default ixgbe)')
    parser.add_argument('--suite', default='bookworm',
                        help="Debian's, of the kernel (default bookworm)")
    parser.add_argument('--size', type=int, default=60,
                        help='bytes of a frame (default 60)')
    parser.add_argument('--seconds', type=float, default=1,
                        help='of each measurement (default 1)')
    parser.add_argument('--rounds', type=int, default=5,
                        help='measurements of each case (default 5)')
    parser.add_argument('--profile', action='store_true',
                        help='where the time goes, with perf')
    parser.add_argument('--json', action='store_true',
                        help='lines of JSON in place of a table')
    parser.add_argument('case', nargs='*', metavar='CASE',
                        help='only these: ' + ', '.join(CASES))
    options = parser.parse_args()
    for case in options.case:
        if case not in CASES:
            parser.error(f'no case {case}; there are {", ".join(CASES)}')
    os.chdir(ROOT)
    # A socket that nobody reads takes everything: what is too much is lost.
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(('127.0.0.1', 0))
    results, profiles = measure(options.case or CASES, options,
                                sink.getsockname()[1])
    add_ratios(results)
    if options.json:
        for result in [*results, *profiles]:
            print(json.dumps(result))
    else:
        table(results)
        if profiles:
            profile_table(profiles)


main()
