#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Put a guest's initramfs together: see scripts/guest-image.

Prints the kernel's path and the initramfs's path, one a line.  The same input
gives the same bytes, and the file is named by them.
"""
import argparse
import functools
import hashlib
import os
import re
import stat
import struct
import subprocess
import sys

import kmod
import programs
import vmlinux

APPLETS = ('sh mount umount cat cut sed grep head tail ls mkdir rm cp mv ln '
           'sleep usleep echo printf test [ true false expr seq wc sort tr '
           'uname date dmesg ps kill top free ip ifconfig route ping arping '
           'nc wget udhcpc ethtool modprobe insmod rmmod lsmod modinfo '
           'setsid cttyhack poweroff reboot sync dd hexdump od md5sum '
           'sha256sum awk find xargs tee touch env id stat timeout vi less '
           'more stty mknod lspci devmem nproc taskset chmod cmp diff nohup '
           'nslookup telnet httpd tftp watch which yes').split()


class Refused(Exception):
    """Something that the user can put right."""


def read(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError as error:
        raise Refused(f'cannot read {path}: {error.strerror}') from error


def kernel_version(path):
    """The version in a bzImage's header (Linux's boot protocol, 0x20e)."""
    image = read(path)[:0x10000]
    vmlinux.check(path, image)
    where, = struct.unpack_from('<H', image, 0x20e)
    text = image[0x200 + where:].split(b'\0')[0].decode('ascii', 'replace')
    return text.split()[0] if text.split() else ''


def find_kernel(root):
    """The one kernel in an unpacked package."""
    found = []
    for base, _, names in os.walk(root):
        found += [os.path.join(base, name) for name in names
                  if re.match(r'vmlinuz(-|$)', name)]
    if not found:
        raise Refused('the kernel package has no vmlinuz in it')
    return sorted(found)[0]


def find_modules(top, version):
    """The directory of this version's modules: top, or one below it."""
    for lib in ('lib/modules', 'usr/lib/modules', '.'):
        path = os.path.join(top, lib, version)
        if os.path.isdir(path):
            return path
    if any(os.path.exists(os.path.join(top, name))
           for name in ('kernel', 'modules.builtin', 'modules.order')):
        return top
    raise Refused(f'{top} has no modules for Linux {version}')


class Archive:
    """A cpio archive ("newc") without times, owners or inode numbers."""

    def __init__(self):
        self.files = {}

    def add(self, path, mode, data=b''):
        parent = os.path.dirname(path.strip('/'))
        if parent and parent not in self.files:
            self.add(parent, stat.S_IFDIR | 0o755)
        self.files[path.strip('/')] = (mode, data)

    def file(self, path, data, mode=0o644):
        self.add(path, stat.S_IFREG | mode, data)

    def link(self, path, target):
        self.add(path, stat.S_IFLNK | 0o777, target.encode())

    def device(self, path, major, minor):
        self.add(path, stat.S_IFCHR | 0o600, (major, minor))

    def bytes(self):
        out = bytearray()
        for inode, name in enumerate(sorted(self.files), 1):
            self.entry(out, inode, name, *self.files[name])
        self.entry(out, 0, 'TRAILER!!!', 0, b'')
        return bytes(out) + bytes(-len(out) % 512)

    @staticmethod
    def entry(out, inode, name, mode, data):
        major = minor = 0
        if stat.S_ISCHR(mode):
            major, minor = data
            data = b''
        fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor,
                  len(name) + 1, 0)
        out += b'070701' + b''.join(b'%08X' % field for field in fields)
        out += name.encode() + b'\0'
        out += bytes(-len(out) % 4)
        out += data
        out += bytes(-len(out) % 4)


def add_busybox(archive, path):
    archive.file('bin/busybox', read(path), 0o755)
    listed = subprocess.run([path, '--list'], stdout=subprocess.PIPE,
                            check=False).stdout.decode().split()
    for applet in APPLETS:
        if applet in listed:
            archive.link('bin/' + applet, 'busybox')


def add_modules(archive, modules, wanted, version):
    """Adds the wanted modules, what they need, and modprobe's two indexes."""
    chosen = modules.closure(wanted)
    directory = f'lib/modules/{version}'
    dependencies, aliases = [], []
    for name, module in sorted(chosen.items()):
        archive.file(f'{directory}/{name}.ko', module.data)
        needs = ''.join(f' {need}.ko' for need in modules.needs(name))
        dependencies.append(f'{name}.ko:{needs}\n')
        aliases += [f'alias {alias} {name}\n' for alias in module.aliases]
    archive.file(f'{directory}/modules.dep', ''.join(dependencies).encode())
    archive.file(f'{directory}/modules.alias', ''.join(aliases).encode())
    loaded = [name for name in map(kmod.canonical, wanted) if name in chosen]
    archive.file('etc/modules', ('\n'.join(loaded) + '\n').encode())


def build(args):
    kernel = args.kernel or find_kernel(args.root)
    version = kernel_version(kernel)
    archive = Archive()
    for directory in ('dev', 'proc', 'sys', 'tmp', 'run', 'sbin', 'root'):
        archive.add(directory, stat.S_IFDIR | 0o755)
    archive.device('dev/console', 5, 1)
    archive.device('dev/null', 1, 3)
    archive.file('init', read(args.init), 0o755)
    add_busybox(archive, args.busybox)

    top = args.modules or args.root
    if top:
        modules = kmod.Modules(find_modules(top, version))
        missing = modules.missing(args.module)
        if missing:
            raise Refused(f'Linux {version} has no driver '
                          f'{", ".join(missing)}: give another kernel'
                          ' (--kernel-package or --kernel with --modules)')
        add_modules(archive, modules, args.module, version)
    else:
        archive.file('etc/modules', b'')

    added = programs.Programs(archive, APPLETS)
    for directory in args.program:
        added.add(directory)

    for item in args.add:
        source, _, target = item.rpartition(':')
        if not source or not target.startswith('/'):
            raise Refused(f'--add wants FILE:/PATH, not {item}')
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
        archive.file(target, read(source), mode)
    return kernel, archive.bytes()


def store(data, cache, kind, make=lambda data: data):
    """Puts make(data) into the cache under the hash of data, if it is not there;
    forgets the oldest."""
    os.makedirs(cache, exist_ok=True)
    path = os.path.join(cache, hashlib.sha256(data).hexdigest()[:16] + kind)
    if not os.path.exists(path):
        part = f'{path}.{os.getpid()}'
        with open(part, 'wb') as file:
            file.write(make(data))
        os.rename(part, path)
    os.utime(path)
    images = [os.path.join(cache, name) for name in os.listdir(cache)]
    for old in sorted(images, key=os.path.getmtime)[:-50]:
        os.unlink(old)
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--root', help='an unpacked kernel package')
    parser.add_argument('--kernel')
    parser.add_argument('--modules')
    parser.add_argument('--module', action='append', default=[])
    parser.add_argument('--add', action='append', default=[])
    parser.add_argument('--program', action='append', default=[])
    parser.add_argument('--init', required=True)
    parser.add_argument('--busybox', required=True)
    parser.add_argument('--unpacked', action='store_true')
    parser.add_argument('--cache', required=True)
    args = parser.parse_args()
    try:
        kernel, data = build(args)
        path = store(data, args.cache, '.cpio')
        if args.unpacked:
            kernel = store(read(kernel), args.cache, '.vmlinux',
                           functools.partial(vmlinux.unpacked, kernel))
    except (Refused, kmod.Broken, vmlinux.Broken) as error:
        print(f'iovlab: {error}', file=sys.stderr)
        sys.exit(2)
    print(os.path.abspath(kernel))
    print(os.path.abspath(path))


main()
