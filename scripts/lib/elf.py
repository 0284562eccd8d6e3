# SPDX-License-Identifier: GPL-2.0-or-later
"""Which shared libraries and which loader an x86-64 ELF file asks for."""
import struct

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NULL, DT_NEEDED, DT_STRTAB = 0, 1, 5


def is_elf(data):
    return data[:5] == b'\x7fELF\x02'


def headers(data):
    """The program headers: (type, offset, address, size in the file)."""
    where, = struct.unpack_from('<Q', data, 0x20)
    size, count = struct.unpack_from('<HH', data, 0x36)
    for number in range(count):
        kind, _, offset, address, _, length = struct.unpack_from(
            '<IIQQQQ', data, where + number * size)
        yield kind, offset, address, length


def string(data, where):
    return data[where:data.index(b'\0', where)].decode()


def needs(data):
    """(names of libraries, path of the loader or None)"""
    segments = list(headers(data))
    loader = next((string(data, offset) for kind, offset, _, _ in segments
                   if kind == PT_INTERP), None)
    needed, names = [], None
    for kind, offset, _, length in segments:
        if kind != PT_DYNAMIC:
            continue
        for at in range(offset, offset + length, 16):
            tag, value = struct.unpack_from('<QQ', data, at)
            if tag == DT_NULL:
                break
            if tag == DT_NEEDED:
                needed.append(value)
            elif tag == DT_STRTAB:
                names = value
    for kind, offset, address, length in segments:
        if names is not None and kind == PT_LOAD and \
           address <= names < address + length:
            names = names - address + offset
            return [string(data, names + value) for value in needed], loader
    return [], loader
