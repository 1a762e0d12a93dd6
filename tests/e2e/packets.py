# SPDX-License-Identifier: MIT
"""IP packets built by hand, right or wrong, for what no socket would send."""

import socket
import struct

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
SYN, ACK = 0x02, 0x10
ECHO_REQUEST = 8
MORE_FRAGMENTS = 0x2000


def checksum(data):
    data += b"\0" * (len(data) % 2)
    words = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while words >> 16:
        words = (words & 0xffff) + (words >> 16)
    return ~words & 0xffff


def ethertype(packet):
    return 0x86dd if packet[0] >> 4 == 6 else 0x0800


def ip4(source, to, protocol, data, ident=1, fragment=0, spoil=0):
    """fragment: offset in bytes, with MORE_FRAGMENTS. spoil is added to the checksum."""
    offset = (fragment & ~MORE_FRAGMENTS) // 8 | fragment & MORE_FRAGMENTS
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(data), ident, offset, 64, protocol)
    ends = socket.inet_aton(source) + socket.inet_aton(to)
    total = (checksum(head + b"\0\0" + ends) + spoil) & 0xffff
    return head + struct.pack("!H", total) + ends + data


def ip6(source, to, next_header, data, hop_limit=64):
    return (struct.pack("!IHBB", 6 << 28, len(data), next_header, hop_limit)
            + socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, to) + data)


def summed(head, at, data, pseudo=b"", spoil=0):
    """head + data, with the checksum at that offset of the head."""
    total = (checksum(pseudo + head + data) + spoil) & 0xffff
    return head[:at] + struct.pack("!H", total) + head[at + 2:] + data


def pseudo4(source, to, protocol, size):
    return socket.inet_aton(source) + socket.inet_aton(to) + struct.pack("!BBH", 0, protocol, size)


def echo4(source, to, spoil=0):
    message = summed(struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, 1, 1), 2, b"x" * 32, spoil=spoil)
    return ip4(source, to, ICMP, message)


def udp4(source, to, port, spoil=0):
    data = b"x" * 32
    size = 8 + len(data)
    head = struct.pack("!HHHH", 4000, port, size, 0)
    return ip4(source, to, UDP, summed(head, 6, data, pseudo4(source, to, UDP, size), spoil))


def syn4(source, to, port, source_port):
    head = struct.pack("!HHIIBBHHH", source_port, port, 1, 0, 5 << 4, SYN, 8192, 0, 0)
    return ip4(source, to, TCP, summed(head, 16, b"", pseudo4(source, to, TCP, len(head))))


def stamped4(source, to, port, source_port, stamp):
    """A byte of a connection that says when it was sent; at a place of the stream that is any."""
    option = struct.pack("!BBBBII", 1, 1, 8, 10, stamp, 0)
    head = struct.pack("!HHIIBBHHH", source_port, port, 1, 1, 8 << 4, ACK, 8192, 0, 0) + option
    return ip4(source, to, TCP, summed(head, 16, b"x", pseudo4(source, to, TCP, len(head) + 1)))


def pseudo6(source, to, protocol, size):
    return (socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, to)
            + struct.pack("!II", size, protocol))


def router_advertisement(source):
    """To all nodes, of a router that nobody should use."""
    message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 0, 0, 0)
    return ip6(source, "ff02::1", ICMP6, summed(message, 2, b"", pseudo6(source, "ff02::1", ICMP6, len(message))), 255)


def mdns6(source):
    """A question without content."""
    head = struct.pack("!HHHH", 5353, 5353, 20, 0)
    return ip6(source, "ff02::fb", UDP, summed(head, 6, bytes(12), pseudo6(source, "ff02::fb", UDP, 20)), 255)
