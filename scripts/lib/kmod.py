# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel modules as packages carry them: compressed or not, and without the
indexes that depmod makes at installation.  What a module needs is read from
the module itself (its section .modinfo)."""
import gzip
import lzma
import os
import struct
import subprocess

SUFFIXES = ('.ko', '.ko.xz', '.ko.zst', '.ko.gz')


class Broken(Exception):
    """A module that cannot be read."""


def canonical(name):
    return name.replace('-', '_')


def decompress(path):
    with open(path, 'rb') as file:
        data = file.read()
    try:
        if path.endswith('.xz'):
            return lzma.decompress(data)
        if path.endswith('.gz'):
            return gzip.decompress(data)
        if path.endswith('.zst'):
            return subprocess.run(['zstd', '-dcq'], input=data, check=True,
                                  stdout=subprocess.PIPE).stdout
    except (lzma.LZMAError, OSError, EOFError,
            subprocess.CalledProcessError) as error:
        raise Broken(f'cannot decompress {path}: {error}') from error
    return data


def modinfo(data, path):
    """The "key=value" strings of an ELF64 file's .modinfo, as (key, value)."""
    try:
        if data[:5] != b'\x7fELF\x02':
            raise Broken(f'{path} is no 64-bit kernel module')
        table, = struct.unpack_from('<Q', data, 0x28)
        size, count, names = struct.unpack_from('<HHH', data, 0x3a)
        sections = [struct.unpack_from('<IIQQQQ', data, table + i * size)
                    for i in range(count)]
        strings = sections[names][4]
        for name, _, _, _, offset, length in sections:
            if data[strings + name:].startswith(b'.modinfo\0'):
                text = data[offset:offset + length].decode('utf-8', 'replace')
                return [item.split('=', 1) for item in text.split('\0')
                        if '=' in item]
    except (struct.error, IndexError) as error:
        raise Broken(f'{path} is damaged') from error
    return []


class Module:
    def __init__(self, path):
        self.data = decompress(path)
        info = modinfo(self.data, path)
        self.depends = [canonical(name) for key, value in info
                        if key == 'depends' for name in value.split(',')
                        if name]
        self.softdeps = [canonical(name) for key, value in info
                         if key == 'softdep'
                         for name in value.partition('pre:')[2].split()
                         if not name.endswith(':')]
        self.aliases = [value for key, value in info if key == 'alias']


class Modules:
    """The modules in one directory of one kernel version."""

    def __init__(self, directory):
        self.paths = {}
        self.loaded = {}
        for base, _, names in os.walk(directory):
            for name in names:
                if name.endswith(SUFFIXES):
                    key = canonical(name[:name.index('.ko')])
                    self.paths[key] = os.path.join(base, name)
        self.builtin = set()
        listing = os.path.join(directory, 'modules.builtin')
        if os.path.exists(listing):
            with open(listing, encoding='utf-8') as file:
                self.builtin = {
                    canonical(os.path.basename(line.strip())[:-len('.ko')])
                    for line in file}

    def missing(self, names):
        return [name for name in names if canonical(name) not in self.paths
                and canonical(name) not in self.builtin]

    def module(self, name):
        if name not in self.loaded:
            self.loaded[name] = Module(self.paths[name])
        return self.loaded[name]

    def direct(self, name):
        """What a module needs at once and is not built in."""
        module = self.module(name)
        hard = [need for need in module.depends if need not in self.builtin]
        for need in hard:
            if need not in self.paths:
                raise Broken(f'module {name} needs {need}, which is not there')
        return hard + [need for need in module.softdeps
                       if need in self.paths and need not in hard]

    def needs(self, name):
        """All that must be loaded before a module, the nearest first."""
        order, queue = [], self.direct(name)
        while queue:
            need = queue.pop(0)
            if need in order:
                order.remove(need)
            if need != name:
                order.append(need)
                queue += self.direct(need)
            if len(order) > len(self.paths):
                raise Broken(f'module {name} needs itself')
        return order

    def closure(self, names):
        """Module by name: those named and all they need; not the built in."""
        chosen = {}
        queue = [canonical(name) for name in names]
        while queue:
            name = queue.pop()
            if name not in chosen and name in self.paths:
                chosen[name] = self.module(name)
                queue += self.direct(name)
        return chosen
