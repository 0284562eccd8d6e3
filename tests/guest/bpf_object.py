# SPDX-License-Identifier: GPL-2.0-or-later
"""An object file with one XDP program, as libbpf and `ip link set ... xdp`
load it, made without a compiler.

The program looks at a frame's EtherType only: 88b5 goes back to its sender
(XDP_TX), 88b6 is dropped, 88b7 is redirected to where it came from, and all
else passes.
"""
import struct

EM_BPF = 247
# Classes and modes of the instruction set, RFC 9669.
MOV_REG, MOV_IMM, ADD_IMM = 0xbf, 0xb7, 0x07
LOAD16, LOAD32, STORE16 = 0x69, 0x61, 0x6b
JUMP_GREATER, JUMP_EQUAL, JUMP, CALL, EXIT = 0x2d, 0x15, 0x05, 0x85, 0x95
ABORTED, DROP, PASS, TX = range(4)
REDIRECT = 23                   # helper bpf_redirect()
DATA, DATA_END, INGRESS = 0, 4, 12


def one(code, target=0, source=0, offset=0, value=0):
    return struct.pack('<BBhi', code, source << 4 | target, offset, value)


def ending(value):
    return [one(MOV_IMM, 0, value=value), one(EXIT)]


def swap():
    """The addresses of the frame at r2."""
    code = []
    for at in (0, 2, 4):
        code += [one(LOAD16, 4, 2, at), one(LOAD16, 5, 2, at + 6),
                 one(STORE16, 2, 5, at), one(STORE16, 2, 4, at + 6)]
    return code


def program():
    wire = {kind: int.from_bytes(kind.to_bytes(2, 'big'), 'little')
            for kind in (0x88b5, 0x88b6, 0x88b7)}
    back = swap() + ending(TX)
    away = swap() + [one(LOAD32, 1, 1, INGRESS), one(MOV_IMM, 2),
                     one(CALL, value=REDIRECT), one(EXIT)]
    head = [one(LOAD32, 2, 1, DATA), one(LOAD32, 3, 1, DATA_END),
            one(MOV_REG, 4, 2), one(ADD_IMM, 4, value=14),
            one(JUMP_GREATER, 4, 3, 4), one(LOAD16, 5, 2, 12),
            one(JUMP_EQUAL, 5, 0, 4, wire[0x88b5]),
            one(JUMP_EQUAL, 5, 0, 3 + len(back), wire[0x88b6]),
            one(JUMP_EQUAL, 5, 0, 4 + len(back), wire[0x88b7])]
    return b''.join(head + ending(PASS) + back + ending(DROP) + away)


def xdp_object():
    """The bytes of the file: sections xdp and license, and what ELF wants."""
    names = b'\0xdp\0license\0.symtab\0.strtab\0shapes\0'
    code, licence = program(), b'GPL\0'
    # The program's function, global, at the start of section 1.
    symbols = bytes(24) + struct.pack('<IBBHQQ', names.index(b'shapes'), 0x12,
                                      0, 1, 0, len(code))
    parts, at, headers = [], 64, [bytes(64)]
    for name, kind, flags, body, link, info, entry in (
            (b'xdp', 1, 6, code, 0, 0, 0), (b'license', 1, 3, licence, 0, 0, 0),
            (b'.symtab', 2, 0, symbols, 4, 1, 24),
            (b'.strtab', 3, 0, names, 0, 0, 0)):
        body = body.ljust(-(-len(body) // 8) * 8, b'\0')
        size = len(code) if name == b'xdp' else len(licence) \
            if name == b'license' else len(body)
        headers.append(struct.pack('<IIQQQQIIQQ', names.index(name), kind,
                                   flags, 0, at, size, link, info, 8, entry))
        parts.append(body)
        at += len(body)
    head = b'\x7fELF\2\1\1' + bytes(9) + struct.pack(
        '<HHIQQQIHHHHHH', 1, EM_BPF, 1, 0, 0, at, 0, 64, 0, 0, 64, 5, 4)
    return head + b''.join(parts) + b''.join(headers)
