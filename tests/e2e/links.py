# SPDX-License-Identifier: MIT
"""Losses of links that no counter of the kernel's own tells, and what is none."""

import ctypes
import platform
import struct
import subprocess
import time

import truth
from cases import (ALL, GOOD, GOOD_PORT, LOST, LOST_PORT, TCP_PORT, case, check_received, link_series,
                   snmp_series)
from lab import Skip, add_address, know, run, wait_until
from watch import Alert, Series, Share

BPF_PROG_LOAD, BPF_OBJ_PIN = 5, 6
BPF_PROG_TYPE_XDP = 6
XDP_DROP, XDP_PASS = 1, 2
PORT_AT = 14 + 20 + 2  # of UDP's destination, in a frame without options
SYSCALL_BPF = {"x86_64": 321, "aarch64": 280}


def bpf(command, attributes):
    number = SYSCALL_BPF.get(platform.machine())
    if number is None:
        raise Skip("no number for bpf() on " + platform.machine())
    buffer = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(number, command, buffer, 128)
    if result < 0:
        raise Skip("bpf(): error %d" % ctypes.get_errno())
    return result


def instruction(code, dst=0, src=0, offset=0, value=0):
    return struct.pack("=BBhi", code, src << 4 | dst, offset, value)


def load_drop_of_port(port):
    """An XDP program that drops UDP to one port: fd of it."""
    program = b"".join((
        instruction(0x61, 2, 1, 0),  # r2 = data
        instruction(0x61, 3, 1, 4),  # r3 = data_end
        instruction(0xb7, 0, value=XDP_PASS),
        instruction(0xbf, 4, 2),  # r4 = r2
        instruction(0x07, 4, value=PORT_AT + 2),
        instruction(0x2d, 4, 3, 3),  # too short: pass
        instruction(0x69, 5, 2, PORT_AT),  # r5 = the port, as it is in memory
        instruction(0x55, 5, 0, 1, int.from_bytes(struct.pack("!H", port), "little")),
        instruction(0xb7, 0, value=XDP_DROP),
        instruction(0x95)))
    code = ctypes.create_string_buffer(program, len(program))
    words = ctypes.create_string_buffer(b"GPL")
    return bpf(BPF_PROG_LOAD, struct.pack("=IIQQ", BPF_PROG_TYPE_XDP, len(program) // 8,
                                          ctypes.addressof(code), ctypes.addressof(words)))


def attach(ns, interface, mode):
    """mode as `ip link` spells it: xdpdrv or xdpgeneric."""
    fd = load_drop_of_port(LOST_PORT)
    # the program is handed over as an open file, by /proc: nothing is pinned
    attach_by_netlink(ns, interface, fd, {"xdpdrv": 4, "xdpgeneric": 2}[mode])


ATTACH = """
import socket, struct, sys
fd, flags, index = int(sys.argv[1]), int(sys.argv[2]), socket.if_nametoindex(sys.argv[3])
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
xdp = struct.pack("=HHiHHI", 8, 1, fd, 8, 3, flags)
body = struct.pack("=BxHiII", 0, 0, index, 0, 0) + struct.pack("=HH", 4 + len(xdp), 43 | 0x8000) + xdp
sock.send(struct.pack("=IHHII", 16 + len(body), 19, 5, 1, 0) + body)
error = struct.unpack_from("=i", sock.recv(4096), 16)[0]
sys.exit(error and "error %d" % -error)
"""


def attach_by_netlink(ns, interface, fd, flags):
    done = subprocess.run(["ip", "netns", "exec", ns.name, "python3", "-c", ATTACH,
                           str(fd), str(flags), interface], pass_fds=[fd], capture_output=True, text=True)
    if done.returncode:
        raise Skip("XDP cannot be attached: " + done.stderr.strip())


def ethtool(ns, interface, name):
    """ethtool -S: the sum over the queues, # being the number of one."""
    first, last = name.split("#")
    total = 0
    for line in ns.feature("ethtool -S " + interface).splitlines():
        key, _, value = line.strip().partition(": ")
        if key.startswith(first) and key.endswith(last) and value:
            total += int(value)
    return total


def to_two_ports(a, b):
    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(LOST, 200, b.address, LOST_PORT)
        time.sleep(0.05)  # a veth with XDP works on them a little later

    return burst


@case
def A18(stage):
    """An XDP program in the driver drops."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    attach(b, "b0", "xdpdrv")
    lost = Series(b.place("b0"), "if_rx_dropped-link-xdp_drops",
                  lambda: ethtool(b, "b0", "rx_queue_#_xdp_drops"), LOST)
    with stage.watch([lost], select=False) as watch:
        watch.bursts(to_two_ports(a, b))
        watch.check([Share(b.place("b0"), "percent-link-rx", lost, ALL)],
                    [Alert(b.place("b0"), "link-rx", ("XDP program on b0",))])


@case
def A19(stage):
    """An XDP program outside of the driver drops: nobody counts it; see reason_xdp."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    attach(b, "b0", "xdpgeneric")
    with stage.watch(options="DropReasons false") as watch:
        watch.bursts(to_two_ports(a, b))
        watch.settle()
        watch.check_silent()
        check_received(b, GOOD * watch.bursts_sent)


@case
def A5(stage):
    """The peer of a veth is down, and the sender does not know yet."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)

    def burst():
        b.ip("link set b0 up")
        know(b, "b0", a, "a0", a.address)
        wait_until("the carrier of a0", lambda: "LOWER_UP" in a.ip("link show a0"), 2)
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        b.ip("link set b0 down")
        a.udp(LOST, 200, b.address, LOST_PORT)

    # now and then the kernel tells the sender before it sends
    some = (2 * LOST, 5 * LOST)
    received = link_series(b, "b0", "rx", some)
    with stage.watch([received, link_series(a, "a0", "tx", some)]) as watch:
        watch.bursts(burst)
        watch.check([Share(b.place("b0"), "percent-link-rx", received, ALL)],
                    [Alert(b.place("b0"), "link-rx", ("b0 is down",))])


def bridged(stage):
    """a: a0 - p1 :r br0: p2 - b0 :b, and the address of b."""
    a, r, b = (stage.namespace(name) for name in ("a", "r", "b"))
    r.ip("link add br0 type bridge")
    r.ip("link set br0 up")
    for ns, end, port, address in ((a, "a0", "p1", "10.9.0.1"), (b, "b0", "p2", "10.9.0.2")):
        run("ip link add %s netns %s type veth peer name %s netns %s" % (end, ns.name, port, r.name))
        r.ip("link set %s master br0" % port)
        r.ip("link set %s up" % port)
        add_address(ns, end, address + "/24")
        ns.address = address
    know(a, "a0", b, "b0", b.address)
    know(b, "b0", a, "a0", a.address)
    return a, r, b


def call_iptables(r):
    try:
        r.sysctl("net/bridge/bridge-nf-call-iptables", 1)
    except RuntimeError:
        raise Skip("no bridge-nf-call-iptables in this kernel")


@case
def A13(stage):
    """A bridge whose ports differ in MTU, and that asks iptables."""
    a, r, b = bridged(stage)
    a.ip("link set a0 mtu 9000")
    r.ip("link set p1 mtu 9000")
    call_iptables(r)
    b.sink(GOOD_PORT)

    def burst():
        a.udp(GOOD, 1000, b.address, GOOD_PORT)
        a.udp(LOST, 8000, b.address, LOST_PORT, probe=True)

    lost = snmp_series(r, "FragFails", "ip", "IpFragFails")
    with stage.watch([lost]) as watch:
        watch.bursts(burst)
        watch.check(alerts=[Alert(r.place(), "ip-fwd", ("bridge br0", "p1", "9000", "p2", "1500"))])


@case
def A14(stage):
    """The same with TCP between ends of MTU 9000: it hangs, for nobody tells the sender."""
    a, r, b = bridged(stage)
    for ns, device in ((a, "a0"), (b, "b0"), (r, "p1")):
        ns.ip("link set %s mtu 9000" % device)
    a.feature("ethtool -K a0 tso off gso off")  # bundles pass a veth, whatever its MTU
    call_iptables(r)
    b.tcp_sink(TCP_PORT)

    def burst():
        a.connect(10, b.address, TCP_PORT)
        a.talk(20000)
        time.sleep(0.3)

    lost = Series(r.place(), "packets-ip-FragFails", lambda: truth.snmp(r, "IpFragFails"), (100, 10000))
    again = Series(a.place(), "packets-tcp-RetransSegs", lambda: truth.snmp(a, "TcpRetransSegs"), (20, 10000))
    with stage.watch([lost, again]) as watch:
        watch.bursts(burst)
        a.hang_up()
        watch.check(alerts=[Alert(r.place(), "ip-fwd", ("bridge br0", "p1", "9000", "p2", "1500"))])


@case
def A13_late(stage):
    """The same, with an MTU that is changed while collectd looks."""
    a, r, b = bridged(stage)
    call_iptables(r)
    b.sink(GOOD_PORT)

    def burst():
        a.udp(GOOD, 1000, b.address, GOOD_PORT)
        a.udp(LOST, 8000, b.address, LOST_PORT, probe=True)

    lost = snmp_series(r, "FragFails", "ip", "IpFragFails")
    with stage.watch([lost]) as watch:
        a.ip("link set a0 mtu 9000")
        r.ip("link set p1 mtu 9000")
        watch.bursts(burst)
        watch.check(alerts=[Alert(r.place(), "ip-fwd", ("bridge br0", "p1", "9000", "p2", "1500"))])


@case
def A16(stage):
    """Ports of a bridge that may not talk to each other: policy, and no counter; see field_bridge_apart."""
    a, r, b = bridged(stage)
    r.ip("link set p1 type bridge_slave isolated on")
    r.ip("link set p2 type bridge_slave isolated on")
    with stage.watch(options="DropReasons false") as watch:
        watch.bursts(lambda: a.udp(LOST, 200, b.address, GOOD_PORT))
        watch.settle()
        watch.check_silent()


def misdirected(stage, send):
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    other = Series(b.place("b0"), "if_rx_dropped-link-rx_otherhost_dropped",
                   lambda: truth.rare_link(b, "b0", "rx", "otherhost"), LOST)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        send(a, b)

    send(a, b)
    if not other.read():
        raise Skip("this kernel does not count frames for others (Linux 5.19)")
    with stage.watch([other]) as watch:
        watch.bursts(burst)
        watch.check()


@case
def A9(stage):
    """Frames of a VLAN that nobody has set up: graphed, but no fault."""
    ip = struct.pack("!HBBHHHBBH8s", 77, 0x45, 0, 80, 0, 0, 64, 17, 0, bytes(8))
    payload = struct.pack("!HH", 77, 0x0800) + ip[2:]
    misdirected(stage, lambda a, b: a.frames(LOST, "a0", truth.mac(b, "b0"), 0x8100, payload.hex()))


@case
def A10(stage):
    """Frames for another MAC address: graphed, but no fault."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 80, 0, 0, 64, 17, 0, bytes(4), bytes(4))
    misdirected(stage, lambda a, b: a.frames(LOST, "a0", "02:00:00:00:00:99", 0x0800, ip.hex()))
