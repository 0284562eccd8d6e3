# SPDX-License-Identifier: GPL-2.0-or-later
"""Ethernet endpoints that a test holds in its hand.

DatagramPeer is the other end of a guest's NIC on `-netdev dgram`: it answers
ARP and echo requests and judges every frame that the guest sends.
"""
import os
import socket
import struct
import threading

MAC = bytes.fromhex('02007700fefe')
ARP, IP4 = 0x0806, 0x0800
ICMP, TCP, UDP = 1, 6, 17


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip_packet(source, target, protocol, payload, ident=0):
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), ident, 0,
                       64, protocol, 0, source, target)
    head = head[:10] + struct.pack('>H', checksum(head)) + head[12:]
    return head + payload


def udp(source, target, source_port, target_port, data):
    """A UDP payload for ip_packet(), with its checksum."""
    length = 8 + len(data)
    pseudo = source + target + struct.pack('>BBH', 0, UDP, length)
    head = struct.pack('>HHHH', source_port, target_port, length, 0)
    total = checksum(pseudo + head + data) or 0xffff
    return head[:6] + struct.pack('>H', total) + data


class DatagramPeer(threading.Thread):
    """address: of this end, as text."""

    def __init__(self, directory, address='10.77.0.1'):
        super().__init__(daemon=True)
        self.address = socket.inet_aton(address)
        self.paths = [os.path.join(directory, 'peer'),
                      os.path.join(directory, 'nic')]
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.socket.bind(self.paths[0])
        self.frames = 0
        self.wrong = []         # what was wrong with frames, as text
        self.longest = 0
        self.udp = []           # payloads of UDP datagrams, in order
        self.guest_mac = None
        self.start()

    def netdev(self, name):
        return ['-netdev', f'dgram,id={name},local.type=unix,'
                           f'local.path={self.paths[1]},remote.type=unix,'
                           f'remote.path={self.paths[0]}']

    def send(self, frame):
        try:
            self.socket.sendto(frame, self.paths[1])
        except OSError:
            pass                # the guest is not there (any more)

    def send_ip(self, packet):
        self.send(self.guest_mac + MAC + struct.pack('>H', IP4) + packet)

    def run(self):
        while True:
            try:
                frame = self.socket.recv(65536)
            except OSError:
                return
            self.frames += 1
            self.longest = max(self.longest, len(frame))
            self.receive(frame)

    def close(self):
        self.socket.close()

    def receive(self, frame):
        if len(frame) < 14:
            self.wrong.append(f'a frame of {len(frame)} bytes')
            return
        kind, = struct.unpack_from('>H', frame, 12)
        self.guest_mac = frame[6:12]
        if kind == ARP:
            self.arp(frame)
        elif kind == IP4:
            self.ip(frame)

    def arp(self, frame):
        operation, = struct.unpack_from('>H', frame, 20)
        if operation == 1 and frame[38:42] == self.address:
            self.send(frame[6:12] + MAC + frame[12:20] + b'\0\2' + MAC
                      + self.address + frame[22:32])

    def ip(self, frame):
        length, = struct.unpack_from('>H', frame, 16)
        packet = frame[14:14 + length]
        head = (packet[0] & 15) * 4
        source, target = packet[12:16], packet[16:20]
        payload = packet[head:]
        if len(packet) < length:
            self.wrong.append('a short IP packet')
        if checksum(packet[:head]):
            self.wrong.append('an IP checksum')
        if struct.unpack_from('>H', packet, 6)[0] & 0x3fff:
            return              # a fragment: no header to look at
        pseudo = source + target + struct.pack('>BBH', 0, packet[9],
                                               len(payload))
        if packet[9] == ICMP:
            if checksum(payload):
                self.wrong.append('an ICMP checksum')
            if payload[0] == 8 and target == self.address:
                self.echo(source, payload)
        elif packet[9] == UDP:
            if payload[6:8] != b'\0\0' and checksum(pseudo + payload):
                self.wrong.append('a UDP checksum')
            self.udp.append(payload[8:])
        elif packet[9] == TCP and checksum(pseudo + payload):
            self.wrong.append('a TCP checksum')

    def echo(self, source, request):
        answer = b'\0\0\0\0' + request[4:]
        answer = answer[:2] + struct.pack('>H', checksum(answer)) + answer[4:]
        self.send_ip(ip_packet(self.address, source, ICMP, answer))
