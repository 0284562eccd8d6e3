# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian programs for a guest: a package's files and the libraries they need.

A directory (made by scripts/guest-image) has the package unpacked in own/ and
everything that it depends on in all/.
"""
import os
import stat

import elf

# What of a package goes in.  Of the packages it depends on, only the shared
# libraries that something asks for.
WANTED = ('bin/', 'sbin/', 'usr/bin/', 'usr/sbin/', 'usr/lib/', 'usr/libexec/',
          'lib/', 'etc/')
LIBRARIES = ('lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu', 'lib64',
             'usr/lib64', 'lib', 'usr/lib')


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def follow(root, path, depth=10):
    """The file in root that path names, through links within root."""
    full = os.path.join(root, path)
    while os.path.islink(full) and depth:
        target = os.readlink(full)
        path = target.lstrip('/') if target.startswith('/') else \
            os.path.normpath(os.path.join(os.path.dirname(path), target))
        full = os.path.join(root, path)
        depth -= 1
    return full if os.path.isfile(full) and not os.path.islink(full) else None


def files_of(root):
    for base, _, names in os.walk(root):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(base, name), root)
            if path.startswith(WANTED):
                yield path


def find_library(root, name):
    for directory in LIBRARIES:
        found = follow(root, os.path.join(directory, name))
        if found:
            return read(found)
    return None


class Programs:
    """Puts programs into an archive.  applets: busybox's, which its shell
    prefers to files unless /etc/programs names them."""

    def __init__(self, archive, applets):
        self.archive = archive
        self.applets = applets
        self.libraries = set()
        self.shadowed = {}

    def need(self, root, data):
        """Puts in what an ELF file asks for; what is missing, it asks at
        run time."""
        names, loader = elf.needs(data)
        todo = [(name, os.path.join('lib/x86_64-linux-gnu', name))
                for name in names]
        if loader:
            todo.append((os.path.basename(loader), loader.lstrip('/')))
        for name, place in todo:
            library = None if place in self.libraries else \
                find_library(root, name)
            if library:
                self.libraries.add(place)
                self.archive.file(place, library, 0o755)
                self.need(root, library)

    def add(self, directory):
        own, root = (os.path.join(directory, part) for part in ('own', 'all'))
        for path in files_of(own):
            full = os.path.join(own, path)
            if os.path.islink(full):
                self.archive.link(path, os.readlink(full))
                continue
            data = read(full)
            mode = os.stat(full).st_mode
            self.archive.file(path, data, 0o755 if mode & stat.S_IXUSR
                              else 0o644)
            if elf.is_elf(data):
                self.need(root, data)
            name = os.path.basename(path)
            if 'bin/' in path and name in self.applets:
                self.shadowed[name] = path
                self.archive.file('etc/programs', ''.join(
                    f'{name} /{path}\n' for name, path in
                    sorted(self.shadowed.items())).encode())
