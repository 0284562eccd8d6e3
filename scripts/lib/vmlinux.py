# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel inside a bzImage.

A bzImage unpacks itself when it starts, which takes TCG six seconds where the
kernel is packed by xz.  What is in it is an ELF file with a PVH entry (a Xen
note), by which QEMU starts it as it is.
"""
import struct
import subprocess

# How a kernel may be packed (its build's CONFIG_KERNEL_...), by the first bytes.
PACKERS = {
    b'\x1f\x8b': ('gzip', '-dc'),
    b'\xfd7zXZ\0': ('xz', '-dc'),
    b'\x28\xb5\x2f\xfd': ('zstd', '-dcq'),
    b'\x02\x21\x4c\x18': ('lz4', '-dcq'),
}


class Broken(Exception):
    """It has no such kernel in it."""


def check(path, data):
    """Raises Broken if data, of the file path, does not begin as a bzImage."""
    if data[0x202:0x206] != b'HdrS' or len(data) < 0x250:
        raise Broken(f'{path} is no x86 Linux kernel (bzImage)')


def payload(path, data):
    """The packed kernel in a bzImage (Linux's boot protocol, 0x248)."""
    check(path, data)
    setup = (data[0x1f1] or 4) + 1
    offset, size = struct.unpack_from('<II', data, 0x248)
    start = setup * 512 + offset
    if start + size > len(data) or size < 8:
        raise Broken(f'{path}: its packed kernel is not whole')
    # The last four bytes are the size when unpacked, which gzip has anyway.
    end = start + size
    return data[start:end if data[start:start + 2] == b'\x1f\x8b' else end - 4]


def unpacked(path, data):
    """The ELF file in the bzImage data, of the file path."""
    packed = payload(path, data)
    for magic, command in PACKERS.items():
        if packed.startswith(magic):
            break
    else:
        raise Broken(f'{path} is packed in an unknown way')
    try:
        answer = subprocess.run(command, input=packed, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise Broken(f'{command[0]}: {error.strerror}') from error
    if answer.returncode or not answer.stdout.startswith(b'\x7fELF'):
        raise Broken(f'{path}: {command[0]} does not unpack it: '
                     f'{answer.stderr.decode(errors="replace").strip()}')
    return answer.stdout
