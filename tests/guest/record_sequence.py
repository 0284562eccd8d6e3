#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Record what a driver does to the registers of ixgbe and its VFs.

Usage: tests/guest/record_sequence.py [NAME...]

Boots the guest of each NAME (without one: of all), lets the driver work and
leaves the sequence in tests/qtest/sequences/NAME.txt, which qtest/sequences
replays.  docs/testing.md describes the form of these files.
"""
import collections
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

from guest import ROOT, Guest, image, need
from peer import DatagramPeer

WHERE = os.path.join(ROOT, 'tests', 'qtest', 'sequences')
PF_MAC = '02:00:00:00:00:01'
# Shorter times between accesses (in us) are added up.
TICK = 1000
# Accesses of a loop.
LONGEST = 48
PF_BYTES, VF_BYTES = 0x20000, 0x4000

# Reads that a replay cannot repeat, beside the counters (access RC): clocks,
# what depends on frames that came in, and on when a ring was looked at.
UNCHECKED = re.compile(
    r'^(VF)?FRTIMER|^SYSTIM|^RXSTMP|^TXSTMP|^TSAUXC|^AUXSTMP|'
    r'^(EICR|EICS|VTEICR|VTEICS)|^(VF)?[RT]D[HT]$|^VF[GM][PO][RT]C|'
    r'^TXDGPC|^QPRDC')

Event = collections.namedtuple('Event', 'time kind place offset size value')


# --- the trace --------------------------------------------------------------

class Names:
    """Registers by offset, from the pages that the tables make."""

    def __init__(self, *pages):
        self.names = {}
        for page in pages:
            with open(os.path.join(ROOT, 'docs', page),
                      encoding='utf-8') as file:
                for line in file:
                    self.row(line)

    def row(self, line):
        found = re.match(r'\| (\w+)(?:\[(\d+)\.\.(\d+)\])? \| (0x\w+)'
                         r'(?: \+ (0x\w+) n)? \| ([^|]*) \|', line)
        if not found:
            return
        name, first, last, offset, stride, access = found.groups()
        count = int(last) - int(first) + 1 if first else 1
        for n in range(count):
            at = int(offset, 16) + n * int(stride or '0', 16)
            self.names.setdefault(at, (name, access.startswith('RC')))

    def name(self, offset):
        return self.names.get(offset, ('?', False))[0]

    def checked(self, offset):
        name, clears = self.names.get(offset, ('?', False))
        return not clears and not UNCHECKED.search(name)


PF_NAMES = Names('registers-ixgbe-pf.md', 'registers-ixgbe-queues.md')
VF_NAMES = Names('registers-ixgbe-vf.md')


def read_trace(path):
    """The events of our functions, in order."""
    access = re.compile(
        r"\d+@(\d+)\.(\d+):memory_region_ops_(read|write) cpu \S+ mr \S+ addr "
        r"(0x\w+) value (0x\w+) size (\d+) name 'ixgbe-(vf-)?mmio'")
    config = re.compile(
        r'\d+@(\d+)\.(\d+):ixgbe_config_write (\S+) (\d+): (0x\w+) = '
        r'(0x\w+), (\d+) bytes')
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            found = access.search(line)
            if found:
                yield Event(
                    int(found[1]) * 1000000 + int(found[2]), found[3][0],
                    'vf' if found[7] else 'pf', int(found[4], 16),
                    int(found[6]), int(found[5], 16))
                continue
            found = config.search(line)
            if found:
                place = 'pf' if found[3] == 'ixgbe' else f'vf{found[4]}'
                yield Event(int(found[1]) * 1000000 + int(found[2]), 'c',
                            place, int(found[5], 16), int(found[7]),
                            int(found[6], 16))


def placed(events):
    """Addresses become offsets, and VFs get their numbers."""
    first = min((event.offset // VF_BYTES for event in events
                 if event.place == 'vf'), default=0)
    for event in events:
        if event.kind == 'c':
            yield event
        elif event.place == 'pf':
            yield event._replace(offset=event.offset % PF_BYTES)
        else:
            yield event._replace(
                place=f'vf{event.offset // VF_BYTES - first}',
                offset=event.offset % VF_BYTES)


def wanted_config(event):
    """Not the addresses: a replay has its own."""
    bars = range(0x10, 0x34)
    sriov_bars = range(0x160 + 0x24, 0x160 + 0x3c)
    return event.offset not in bars and event.offset not in sriov_bars


Access = collections.namedtuple('Access', 'words numbers gap')


def access_of(event, gap):
    """What a line says, with the numbers that a loop may step."""
    if event.kind == 'c':
        return Access(('c', event.place, event.size, event.offset),
                      (event.offset, event.value), gap)
    names = PF_NAMES if event.place == 'pf' else VF_NAMES
    checked = event.kind == 'w' or names.checked(event.offset)
    return Access((event.kind, event.place, names.name(event.offset),
                   event.size, checked),
                  (event.offset, event.value if checked else 0), gap)


def text_of(access, steps=(0, 0)):
    offset, value = (f'{number:x}' + (f'{step:+x}' if step else '')
                     for number, step in zip(access.numbers, steps))
    words = access.words
    if words[0] == 'c':
        return f'c {words[1]} {words[3]:x}/{words[2]} {value}'
    size = '' if words[3] == 4 else f'/{words[3]}'
    return f'{words[0]} {words[1]} {words[2]} {offset}{size} ' + \
        (value if words[4] else '?')


def rounds_of(accesses, start, length):
    """How often the block at start comes in a row, and the steps in it."""
    block = accesses[start:start + length]
    again = accesses[start + length:start + 2 * length]
    if len(again) < length or any(a.words != b.words for a, b in
                                  zip(block, again)):
        return 1, None
    steps = [tuple(y - x for x, y in zip(a.numbers, b.numbers))
             for a, b in zip(block, again)]
    count = 2
    while True:
        at = start + count * length
        more = accesses[at:at + length]
        if len(more) < length or any(
                m.words != a.words or m.numbers !=
                tuple(x + count * step
                      for x, step in zip(a.numbers, pair))
                for m, a, pair in zip(more, block, steps)):
            return count, steps
        count += 1


def folded(accesses):
    """(accesses, steps, rounds): loops, and single accesses."""
    at = 0
    while at < len(accesses):
        best = 1, 1, None
        for length in range(1, LONGEST + 1):
            count, steps = rounds_of(accesses, at, length)
            if length * count - length - 1 > best[0] * best[1] - best[1] \
                    and count > 1:
                best = count, length, steps
        count, length, steps = best
        yield accesses[at:at + length], steps or [(0, 0)], count, \
            sum(access.gap for access in accesses[at:at + length * count])
        at += length * count


def without_flushes(events):
    """Drivers read STATUS to flush writes, mostly the same."""
    last = None
    for event in events:
        if event.kind == 'r' and event.place == 'pf' and event.offset == 8:
            if event.value == last:
                continue
            last = event.value
        yield event


def lines_of(events):
    """The file's lines."""
    events = [event for event in without_flushes(placed(list(events)))
              if event.kind != 'c' or wanted_config(event)]
    need(events, 'the trace has no access')
    accesses, now = [], events[0].time
    for event in events:
        accesses.append(access_of(event, event.time - now))
        now = event.time
    time = 0
    for block, steps, count, gap in folded(accesses):
        # What passed in a loop comes behind it.
        time += block[0].gap
        if time >= TICK:
            yield f't {time}'
            time = 0
        if count > 1:
            yield f'loop {count} {len(block)}'
        for access, pair in zip(block, steps):
            yield text_of(access, pair)
        time += gap - block[0].gap


# --- the guests ----------------------------------------------------------------

@contextlib.contextmanager
def guest_with(device, kernel, trace, more=(), plain=False, **options):
    """A guest with this device on a root port of its own, and its peer.

    plain: without a command line of Linux, and with QEMU's own peer, which
    gives an address.
    """
    place = tempfile.mkdtemp(prefix='iovlab-record-')
    peer = DatagramPeer(place)
    try:
        guest = Guest(devices=[
                *more, '-device', 'pcie-root-port,id=rp,slot=1',
                *(['-netdev', 'user,id=n0'] if plain else peer.netdev('n0')),
                '-device',
                f'{device},bus=rp,netdev=n0,mac={PF_MAC},romfile=',
                '-msg', 'timestamp=on', '-D', trace,
                '-trace', 'memory_region_ops_*',
                '-trace', 'ixgbe_config_write'],
                kernel=kernel, **options)
        if plain:
            where = guest.options.index('-append')
            del guest.options[where:where + 2]
        with guest:
            yield guest
    finally:
        peer.close()
        shutil.rmtree(place)


def linux_image(suite):
    return image('--suite', suite, '--package', 'linux-image-amd64',
                 '--module', 'ixgbe', '--module', 'ixgbevf',
                 '--program', 'iproute2')


def up_and_down(guest, nic):
    guest.check(f'ip link set {nic} up')
    guest.wait(f'grep -q 1 /sys/class/net/{nic}/carrier', 120)
    guest.check(f'ip addr add 10.77.0.2/24 dev {nic}')
    guest.wait('ping -c 1 -W 5 10.77.0.1 > /dev/null', 60)
    guest.check('ping -c 3 -s 1400 10.77.0.1 > /dev/null')
    guest.check(f'ip addr flush dev {nic}; ip link set {nic} down')


def linux_pf(trace, suite):
    with guest_with('ixgbe', linux_image(suite), trace, memory='512',
                    append='iovlab.modules=ixgbe') as guest:
        guest.up(600)
        up_and_down(guest, 'eth0')
        guest.check('rmmod ixgbe', 60)
        return 'Linux ' + guest.check('uname -r')


def linux_vf(trace, suite):
    with guest_with('ixgbe', linux_image(suite), trace, memory='512',
                    append='iovlab.modules=ixgbe,ixgbevf') as guest:
        guest.up(600)
        guest.check('ip link set eth0 up')
        guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 120)
        pf = '/sys/class/net/eth0/device'
        guest.check(f'echo 2 > {pf}/sriov_numvfs', 60)
        nic = guest.wait(f'ls {pf}/virtfn1/net', 60)
        guest.check('ip link set eth0 vf 1 mac 02:00:00:00:00:a1')
        guest.check(f'ip link set {nic} address 02:00:00:00:00:a1')
        up_and_down(guest, nic)
        guest.check(f'echo 0 > {pf}/sriov_numvfs', 60)
        return 'Linux ' + guest.check('uname -r')


def hyperv_vf(trace, suite):
    with guest_with('ixgbe-vf,flavour=hyperv', linux_image(suite), trace,
                    append='iovlab.modules=ixgbevf', memory='512') as guest:
        guest.up(600)
        up_and_down(guest, 'eth0')
        guest.check('rmmod ixgbevf', 60)
        return 'Linux ' + guest.check('uname -r')


DPDK = ('dpdk-dev', 'librte-net-ixgbe23', 'librte-mempool-ring23',
        'librte-bus-pci23', 'librte-bus-vdev23')


@contextlib.contextmanager
def dpdk_guest(trace, append=''):
    kernel = image('--package', 'linux-image-amd64', '--only-module', 'ixgbe',
                   '--module', 'ixgbevf', '--module', 'vfio-pci', '--module',
                   'vfio_iommu_type1', '--program', 'iproute2',
                   *(word for name in DPDK for word in ('--program', name)))
    with guest_with('ixgbe', kernel, trace, more=(
            '-device', 'intel-iommu,intremap=on,eim=on'), memory='1024',
            smp=2, append='intel_iommu=on iommu=pt no_timer_check '
                          + append) as guest:
        guest.up(300)
        guest.check('echo 96 > /proc/sys/vm/nr_hugepages; '
                    'mkdir -p /dev/hugepages /var/run; chmod 755 /; '
                    'mount -t hugetlbfs none /dev/hugepages')
        yield guest


def testpmd(guest, address):
    """Frames out over this function, from VFIO's hands; testpmd's version."""
    path = f'/sys/bus/pci/devices/{address}'
    guest.check('modprobe vfio-pci; modprobe vfio_iommu_type1; '
                f'echo vfio-pci > {path}/driver_override; '
                f'if [ -e {path}/driver ]; then '
                f'echo {address} > {path}/driver/unbind; fi; '
                f'echo {address} > /sys/bus/pci/drivers_probe', 60)
    # Physical addresses: a replay has no remapping.
    guest.check(f'mkfifo /tmp/in; dpdk-testpmd -v -l 0,1 -a {address} '
                '--iova-mode=pa -- -i --total-num-mbufs=4096 '
                '--nb-cores=1 --rxd=128 --txd=128 < /tmp/in > '
                '/dev/ttyS0 2>&1 & exec 7> /tmp/in')
    guest.wait_console('testpmd> ', 120)
    for line, answer in (('show port info 0', 'Link speed: 10 Gbps'),
                         ('set fwd txonly', 'Set txonly'),
                         ('set burst 1', 'set to 1'),
                         ('set txpkts 64', ''), ('start', 'txonly'),
                         ('stop', 'Accumulated'), ('quit', 'Bye')):
        guest.check(f'echo "{line}" >&7')
        guest.wait_console(answer, 60)
    version = re.search(r"RTE Version: '([^']*)'", guest.console())
    need(version, 'testpmd does not say its version')
    return version[1]


def dpdk_pf(trace, _):
    with dpdk_guest(trace, 'iovlab.modules=vfio-pci') as guest:
        return testpmd(guest, '0000:01:00.0')


def dpdk_vf(trace, _):
    with dpdk_guest(trace, 'iovlab.modules=ixgbe') as guest:
        guest.check('ip link set eth0 up')
        guest.wait('grep -q 1 /sys/class/net/eth0/carrier', 120)
        guest.check('echo 1 > /sys/class/net/eth0/device/sriov_numvfs', 60)
        guest.check('ip link set eth0 vf 0 mac 02:00:00:00:00:a0')
        return testpmd(guest, '0000:01:10.0')


def ipxe(device):
    def record(trace, _):
        path = next(path for path in ('/usr/lib/ipxe/ipxe.lkrn',
                                      '/boot/ipxe.lkrn')
                    if os.path.exists(path))
        with tempfile.NamedTemporaryFile('w', suffix='.ipxe') as script:
            script.write('#!ipxe\ndhcp net0 || exit 1\nifclose net0\n'
                         'echo closed\nshell\n')
            script.flush()
            with guest_with(device, (path, script.name), trace, more=(
                    '-machine', 'graphics=off'), memory='512', plain=True) as guest:
                guest.wait_console('closed', 120)
        text = subprocess.run(['dpkg-query', '-W', '-f', '${Version}', 'ipxe'],
                              stdout=subprocess.PIPE, check=False).stdout
        return 'iPXE ' + text.decode()
    return record


SEQUENCES = {
    'linux-6.1-ixgbe': (linux_pf, 'bookworm', 'ixgbe',
                        'probe, up, echo requests, down, removal'),
    'linux-6.12-ixgbe': (linux_pf, 'trixie', 'ixgbe',
                         'probe, up, echo requests, down, removal'),
    'linux-6.1-ixgbevf': (linux_vf, 'bookworm', 'ixgbe',
                          'PF up, two VFs probed by ixgbevf, VF 1 up, echo '
                          'requests, down, VFs off'),
    'linux-6.12-ixgbevf': (linux_vf, 'trixie', 'ixgbe',
                           'PF up, two VFs probed by ixgbevf, VF 1 up, echo '
                           'requests, down, VFs off'),
    'linux-6.1-ixgbevf-hyperv': (hyperv_vf, 'bookworm',
                                 'ixgbe-vf,flavour=hyperv',
                                 'probe, up, echo requests, down, removal'),
    'dpdk-ixgbe': (dpdk_pf, '', 'ixgbe',
                   'testpmd: probe, start, frames out, stop, close'),
    'dpdk-ixgbe-vf': (dpdk_vf, '', 'ixgbe',
                      'Linux has the PF and makes a VF; testpmd on it: '
                      'probe, start, frames out, stop, close'),
    'ipxe-intelx': (ipxe('ixgbe'), '', 'ixgbe',
                    'probe, open, DHCP, close'),
    'ipxe-intelxvf': (ipxe('ixgbe-vf'), '', 'ixgbe-vf',
                      'probe, open, DHCP, close'),
}


def record(name):
    work, suite, device, what = SEQUENCES[name]
    with tempfile.NamedTemporaryFile(prefix='iovlab-trace-') as trace:
        driver = work(trace.name, suite)
        lines = list(lines_of(read_trace(trace.name)))
    path = os.path.join(WHERE, name + '.txt')
    with open(path, 'w', encoding='ascii') as file:
        file.write('# SPDX-License-Identifier: GPL-2.0-or-later\n'
                   f'# driver: {driver}\n# does: {what}\n'
                   '# recorded by: tests/guest/record_sequence.py '
                   f'{name}\n' f'device {device}\n')
        file.write('\n'.join(lines) + '\n')
    print(f'{path}: {len(lines)} lines, {driver}')


def main():
    names = sys.argv[1:] or list(SEQUENCES)
    unknown = [name for name in names if name not in SEQUENCES]
    if unknown or '--help' in names:
        sys.exit(f'{__doc__}\nNAME: {", ".join(SEQUENCES)}')
    os.makedirs(WHERE, exist_ok=True)
    for name in names:
        record(name)


main()
