# SPDX-License-Identifier: MIT
"""Devices on devices, and devices without a cable: one loss for one packet, in the words of its kind.

What an upper device counts because a lower one refused is an echo of it; the
error fields of tunnels and of devices with a reader in user space have
meanings of their own.
"""

import time

import truth
from field import (ALL, BAD, GOOD, LOST, WANTED, Count, Found, Story, arrived, bridge, field,
                   field_of, good_and_bad, link, listening_bridge, snmp)
from lab import add_address, know, run

HARDWARE = ("cable", "cabling", "duplex", "optic", "interrupts", "receive fifo", "damaged", "carrier lost")
VAGUE = ("no carrier, ring or queue full",)
BURST = 60  # of large packets, of which a slow shaper drops most


def slow(ns, interface):
    ns.feature("tc qdisc add dev %s root tbf rate 1mbit burst 4kb limit 10000" % interface)


def burst(a, to, port=BAD):
    return lambda: a.send(BURST, 900, to, port)


def shaped(ns, interface, **how):
    """One loss, in the qdisc."""
    return Found(ns, "qdisc", "tx", "%s tbf of %s" % (ns.name, interface), BURST, place=interface, says=("tbf",),
                 never=VAGUE, **how)


def shaper(ns, interface):
    return Count("%s tbf of %s" % (ns.name, interface), lambda: truth.qdisc(ns, interface, "tbf", "drops"),
                 (BURST, 3 * BURST))


def tunnel(ns, kind, interface, local, remote, inner, options=""):
    ns.feature("ip link add %s type %s local %s remote %s %s" % (interface, kind, local, remote, options))
    ns.ip("addr add %s dev %s" % (inner, interface))
    ns.ip("link set %s up" % interface)


def vxlans(a, b, options=("", "")):
    """vx0 of both, over a0 and b0."""
    for ns, end, far, inner, more in ((a, "a0", b, "10.99.0.1/24", options[0]),
                                      (b, "b0", a, "10.99.0.2/24", options[1])):
        tunnel(ns, "vxlan id 7", "vx0", ns.address, far.address, inner, "dstport 4789 dev %s %s" % (end, more))
    know(a, "vx0", b, "vx0", "10.99.0.2")
    know(b, "vx0", a, "vx0", "10.99.0.1")
    a.tool("ping -q -c1 -W2 10.99.0.2")


def macvlan(stage, parent, interface, upper="mv0", address="10.9.0.3", name="c", kind="macvlan mode bridge"):
    """A namespace with an upper device of an interface of another one."""
    c = stage.namespace(name)
    parent.feature("ip link add link %s name %s type %s" % (interface, upper, kind))
    parent.ip("link set %s netns %s" % (upper, c.name))
    add_address(c, upper, address + "/24")
    c.address = address
    return c


# Upper and lower devices.


@field
def vxlan_shaped(stage):
    """An overlay over a link that is shaped too low."""
    a, b = stage.pair()
    vxlans(a, b)
    slow(a, "a0")
    b.reader(BAD)
    return Story(burst(a, "10.99.0.2"),
                 [shaper(a, "a0"), Count("echo", link(a, "vx0", "tx", "dropped").read, (BURST, 3 * BURST))],
                 [shaped(a, "a0")])


@field
def vxlan_firewalled(stage):
    """The packets outside of an overlay are dropped by a rule: its policy, and no loss of the overlay."""
    a, b = stage.pair()
    vxlans(a, b)
    a.feature("iptables-legacy -w 20 -A OUTPUT -p udp --dport 4789 -m length --length 200:9000 -j DROP")
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 20, "10.99.0.2", WANTED)
        a.send(LOST, 400, "10.99.0.2", WANTED)

    return Story(round_, [Count("rule", lambda: truth.rule(a, "OUTPUT", 1), LOST), arrived(b)],
                 [Found(a, "netfilter", "tx", LOST, 2 * ALL, kind="policy", says=("output",))], never=VAGUE)


@field
def macvlan_shaped(stage):
    """A container's macvlan, its parent in another namespace has a shaper that is too slow."""
    a, b = stage.pair()
    c = macvlan(stage, a, "a0")
    know(c, "mv0", b, "b0", b.address)
    slow(a, "a0")
    b.reader(BAD)
    return Story(burst(c, b.address),
                 [shaper(a, "a0"), Count("echo", link(c, "mv0", "tx", "dropped").read, (BURST, 3 * BURST))],
                 [shaped(a, "a0")])


@field
def three_floors(stage):
    """An overlay over a macvlan over a shaped link, in two namespaces."""
    a, b = stage.pair()
    c = macvlan(stage, a, "a0")
    know(c, "mv0", b, "b0", b.address)
    know(b, "b0", c, "mv0", c.address)
    tunnel(c, "vxlan id 7", "vx0", c.address, b.address, "10.99.0.1/24", "dstport 4789 dev mv0")
    tunnel(b, "vxlan id 7", "vx0", b.address, c.address, "10.99.0.2/24", "dstport 4789 dev b0")
    know(c, "vx0", b, "vx0", "10.99.0.2")
    c.tool("ping -q -c1 -W2 10.99.0.2")
    slow(a, "a0")
    b.reader(BAD)
    return Story(burst(c, "10.99.0.2"), [shaper(a, "a0")], [shaped(a, "a0")])


@field
def shaped_upper(stage):
    """The shaper is on the overlay itself: it is told there, and nowhere else."""
    a, b = stage.pair()
    vxlans(a, b)
    slow(a, "vx0")
    b.reader(BAD)
    return Story(burst(a, "10.99.0.2"), [shaper(a, "vx0")], [shaped(a, "vx0")])


@field
def both_floors(stage):
    """An overlay that lacks a forwarding entry over a link that is shaped: both lose, and both are told."""
    a, b = stage.pair()
    no_entry(a)
    slow(a, "a0")
    b.reader(BAD)

    def round_():
        a.send(BURST, 900, b.address, BAD)
        a.send(3 * LOST, 100, "10.244.2.9", BAD)

    # that some of them are an echo of the shaper's cannot be ruled out
    return Story(round_, [shaper(a, "a0"), link(a, "vx0", "tx", "dropped", 3 * LOST)],
                 [shaped(a, "a0"), Found(a, "link", "tx", 3 * LOST, place="vx0", says=("forwarding|fdb",), never=VAGUE,
                                         off=3 * BURST)], reasons=None)


@field
def bandwidth_plugin(stage):
    """A pod's egress is limited by way of an ifb: one loss, in its shaper."""
    a, r, b = stage.router()
    r.feature("ip link add bwp0 type ifb")
    r.ip("link set bwp0 up")
    r.tool("tc qdisc add dev r0 ingress")
    r.tool("tc filter add dev r0 parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev bwp0")
    slow(r, "bwp0")
    b.reader(BAD)
    return Story(burst(a, b.address), [shaper(r, "bwp0")], [shaped(r, "bwp0")])


@field_of("devices")
def vlan_shaped(stage):
    """A VLAN over a link that is shaped too low."""
    a, b = vlans(stage)
    slow(a, "a0")
    b.reader(BAD)
    return Story(burst(a, "10.7.0.2"), [shaper(a, "a0")], [shaped(a, "a0")])


def vlans(stage):
    a, b = stage.pair()
    for ns, end, inner in ((a, "a0", "10.7.0.1/24"), (b, "b0", "10.7.0.2/24")):
        ns.feature("ip link add link %s name %s.5 type vlan id 5" % (end, end))
        add_address(ns, end + ".5", inner)
    know(a, "a0.5", b, "b0.5", "10.7.0.2")
    know(b, "b0.5", a, "a0.5", "10.7.0.1")
    return a, b


@field_of("devices")
def vlan_elsewhere(stage):
    """The VLAN is a container's, its parent another namespace's."""
    a, b = stage.pair()
    c = macvlan(stage, a, "a0", "v5", "10.7.0.1", kind="vlan id 5")
    b.feature("ip link add link b0 name b0.5 type vlan id 5")
    add_address(b, "b0.5", "10.7.0.2/24")
    know(c, "v5", b, "b0.5", "10.7.0.2")
    slow(a, "a0")
    b.reader(BAD)
    return Story(burst(c, "10.7.0.2"), [shaper(a, "a0")], [shaped(a, "a0")])


@field_of("devices")
def ipvlan_shaped(stage):
    """The same with an ipvlan."""
    a, b = stage.pair()
    c = macvlan(stage, a, "a0", "iv0", kind="ipvlan mode l2")
    know(c, "iv0", b, "b0", b.address)
    slow(a, "a0")
    b.reader(BAD)
    return Story(burst(c, b.address), [shaper(a, "a0")], [shaped(a, "a0")])


@field_of("devices")
def ipip_shaped(stage):
    """The same with an IPIP tunnel."""
    a, b = stage.pair()
    tunnel(a, "ipip", "t0", a.address, b.address, "10.99.0.1/24")
    tunnel(b, "ipip", "t0", b.address, a.address, "10.99.0.2/24")
    slow(a, "a0")
    b.reader(BAD)
    return Story(burst(a, "10.99.0.2"), [shaper(a, "a0")], [shaped(a, "a0")])


@field_of("devices")
def bond_shaped(stage):
    """A bond, one port of which has a shaper that is too slow."""
    a, b = bonded(stage)
    slow(a, "s0")
    b.reader(BAD)
    return Story(burst(a, "10.9.0.2"), [shaper(a, "s0")], [shaped(a, "s0")])


def bonded(stage):
    """a: bond0 of s0 and s1, at the other ends of which are p0 (10.9.0.2) and p1 of b."""
    a, b = (stage.namespace(name) for name in "ab")
    for n in "01":
        run("ip link add s%s netns %s type veth peer name p%s netns %s" % (n, a.name, n, b.name))
    a.feature("ip link add bond0 type bond mode active-backup miimon 100")
    for port in ("s0", "s1"):
        a.ip("link set %s master bond0" % port)
        a.ip("link set %s up" % port)
    add_address(a, "bond0", "10.9.0.1/24")
    add_address(b, "p0", "10.9.0.2/24")
    b.ip("link set p1 up")
    know(a, "bond0", b, "p0", "10.9.0.2")
    a.address, b.address = "10.9.0.1", "10.9.0.2"
    time.sleep(0.5)
    return a, b


# Tunnels.


def no_entry(a):
    """flannel's way, and the forwarding entry of a peer is missing."""
    a.feature("ip link add vx0 type vxlan id 1 local %s dstport 8472 dev a0 nolearning" % a.address)
    a.ip("addr add 10.244.1.0/32 dev vx0")
    a.ip("link set vx0 up")
    a.ip("route add 10.244.2.0/24 via 10.244.2.0 dev vx0 onlink")
    a.ip("neigh replace 10.244.2.0 lladdr 02:00:00:00:02:02 dev vx0 nud permanent")


@field
def vxlan_no_entry(stage):
    """A forwarding entry is missing: the overlay discards what is for that peer."""
    a, b = stage.pair()
    no_entry(a)
    return Story(lambda: a.send(LOST, 100, "10.244.2.9", 53), [link(a, "vx0", "tx", "dropped")],
                 [Found(a, "link", "tx", LOST, LOST, place="vx0", says=("forwarding|fdb",), never=VAGUE + HARDWARE)])


@field
def vxlan_ecn(stage):
    """The packets outside of an overlay are marked on their way, and those inside do not know ECN."""
    a, b = stage.pair()
    vxlans(a, b)
    a.feature("iptables-legacy -w 20 -t mangle -A POSTROUTING -o a0 -p udp --dport 4789 -m statistic --mode nth"
              " --every 4 --packet 0 -j TOS --set-tos 0x03/0x03")
    b.reader(WANTED)
    return Story(lambda: a.send(ALL, 100, "10.99.0.2", WANTED), [link(b, "vx0", "rx", "frame_errors"), arrived(b)],
                 [Found(b, "link", "rx", LOST, ALL, place="vx0", says=("ecn|congestion",), never=HARDWARE)])


@field
def vxlan_no_route(stage):
    """The remote end of an overlay has no route."""
    a, b = stage.pair()
    tunnel(a, "vxlan id 9", "vx1", a.address, "10.66.0.1", "10.98.0.1/24", "dstport 4790")
    a.ip("neigh replace 10.98.0.2 lladdr 02:00:00:00:02:02 dev vx1 nud permanent")
    send = good_and_bad(a, b)

    def round_():
        send()
        a.send(LOST, 100, "10.98.0.2", BAD)

    return Story(round_, [Count("carrier", lambda: truth.link(a, "vx1", "tx", "carrier_errors"), LOST), arrived(b)],
                 [Found(a, "link", "tx", LOST, LOST, place="vx1", says=("route",), never=VAGUE + HARDWARE)])


@field_of("devices")
def ipip_ecn(stage):
    """The same as vxlan_ecn with IPIP."""
    a, b = stage.pair()
    tunnel(a, "ipip", "t0", a.address, b.address, "10.99.0.1/24", "tos inherit")
    tunnel(b, "ipip", "t0", b.address, a.address, "10.99.0.2/24")
    a.feature("iptables-legacy -w 20 -t mangle -A POSTROUTING -o a0 -p 4 -m statistic --mode nth"
              " --every 4 --packet 0 -j TOS --set-tos 0x03/0x03")
    b.reader(WANTED)
    return Story(lambda: a.send(ALL, 100, "10.99.0.2", WANTED), [link(b, "t0", "rx", "frame_errors"), arrived(b)],
                 [Found(b, "link", "rx", LOST, ALL, place="t0", says=("ecn|congestion",), never=HARDWARE)])


def gre(stage, near, far, kind="gre"):
    a, b = stage.pair()
    tunnel(a, kind, "g0", a.address, b.address, "10.99.0.1/24", near)
    tunnel(b, kind, "g0", b.address, a.address, "10.99.0.2/24", far)
    return a, b


@field_of("devices")
def gre_sequence(stage):
    """GRE with sequence numbers over a way that mixes up their order."""
    a, b = gre(stage, "oseq", "iseq")
    a.feature("tc qdisc add dev a0 root netem delay 40ms reorder 50% limit 10000")
    b.reader(WANTED)
    late = Count("late", lambda: truth.link(b, "g0", "rx", "fifo_errors"), (30, 3 * ALL))
    return Story(lambda: a.send(ALL, 100, "10.99.0.2", WANTED, 0.001), [late],
                 [Found(b, "link", "rx", "late", None, place="g0", says=("sequence|order",), never=HARDWARE)], after=1)


@field_of("devices")
def gre_key(stage):
    """A GRE tunnel whose ends have different keys, while another container asks for an address that nobody has."""
    a, b = gre(stage, "key 1", "key 2")
    return nobody_elsewhere(stage, a, b, "10.99.0.2")


@field_of("devices")
def ipip_gone(stage):
    """A node lost its IPIP tunnel."""
    a, b = stage.pair()
    tunnel(a, "ipip", "t0", a.address, b.address, "10.99.0.1/24")
    return nobody_elsewhere(stage, a, b, "10.99.0.2")


def nobody_elsewhere(stage, a, b, inside):
    """Packets of a tunnel that is not here are refused; the dead neighbour is another namespace's."""
    c = stage.namespace("c")
    d = stage.namespace("d")
    run("ip link add c0 netns %s type veth peer name d0 netns %s" % (c.name, d.name))
    add_address(c, "c0", "10.8.0.1/24")
    add_address(d, "d0", "10.8.0.2/24")
    send = good_and_bad(a, b, bad=0)
    dead = iter(range(70, 250))

    def round_():
        send()
        a.send(LOST, 100, inside, BAD)
        c.send(5, 100, "10.8.0.%d" % next(dead), BAD)

    return Story(round_, [arrived(b), snmp(b, "IpInDelivers", GOOD + LOST)],
                 [Found(b, "link|ip|icmp|unexplained", "rx", LOST, kind="loss|unexplained", optional=True,
                        never=("neighbour", "does not answer", "does not resolve")),
                  Found(c, "neigh", "tx", 5, kind="loss", alarm=("WARNING", ""), off=10, optional=True)], after=4)


# Devices with a reader in user space, who sleeps.


@field
def tun_asleep(stage):
    """A VPN client that does not read its tun."""
    a, b = stage.pair()
    a.tun("tun0")
    a.ip("link set tun0 txqueuelen 20")
    add_address(a, "tun0", "10.66.0.1/24")
    send = good_and_bad(a, b, bad=0)
    return asleep(a, b, "tun0", send, lambda: a.send(LOST, 100, "10.66.0.2", BAD))


@field
def tap_asleep(stage):
    """A virtual machine that stands still behind its tap."""
    a, b = stage.pair()
    a.tun("tap0", tap=True)
    a.ip("link set tap0 txqueuelen 20")
    add_address(a, "tap0", "10.66.0.1/24")
    a.ip("neigh replace 10.66.0.2 lladdr 02:00:00:00:02:02 dev tap0 nud permanent")
    send = good_and_bad(a, b, bad=0)
    return asleep(a, b, "tap0", send, lambda: a.send(LOST, 100, "10.66.0.2", BAD))


def asleep(a, b, device, send, more):
    def round_():
        send()
        more()

    return Story(round_, [Count("dropped", link(a, device, "tx", "dropped").read, (3 * LOST - 20, 3 * LOST)),
                          arrived(b)],
                 [Found(a, "link", "tx", "dropped", place=device, says=("read|takes them",), never=VAGUE + HARDWARE)])


@field
def macvtap_asleep(stage):
    """A virtual machine behind a macvtap stands still: its device shows each packet twice, and lost it once."""
    a, b = stage.pair()
    mt0 = "link add link b0 name mt0 type macvtap mode bridge"
    b.feature("ip " + mt0)
    b.ip("link set mt0 txqueuelen 30 up")
    c = macvlan(stage, b, "b0", "mv1", "10.9.0.9")
    know(c, "mv1", b, "mt0", "10.9.0.77")
    b.tap_of("mt0")
    dropped = Count("dropped", link(b, "mt0", "rx", "dropped").read, (3 * ALL - 33, 3 * ALL))
    return Story(lambda: c.send(ALL, 100, "10.9.0.77", BAD), [dropped],
                 [Found(b, "link", "rx", "dropped", ALL, place="mt0", says=("read|takes them",), never=HARDWARE)])


@field_of("devices")
def ipvlan_down(stage):
    """The ipvlan of a container is down while its traffic still comes: one loss, whatever counts it."""
    a, b = stage.pair()
    c = macvlan(stage, b, "b0", "iv0", kind="ipvlan mode l2")
    a.ip("neigh replace 10.9.0.3 lladdr %s dev a0 nud permanent" % truth.mac(b, "b0"))
    send = good_and_bad(a, b, bad=0)
    c.ip("link set iv0 down")

    def round_():
        send()
        a.send(LOST, 100, "10.9.0.3", BAD)

    return Story(round_, [arrived(b)],
                 [Found(c, "link", "rx", LOST, None, place="iv0", says=("down",), never=("damaged",), optional=True),
                  Found(b, "ip", "rx", LOST, ALL, says=())])


@field_of("devices")
def bond_down(stage):
    """No port of a bond is active. Linux 6.1 counts nothing then: silence, or the right words."""
    a, b = bonded(stage)
    for port in ("p0", "p1"):
        b.ip("link set %s down" % port)
    time.sleep(0.5)
    return Story(lambda: a.send(LOST, 100, b.address, BAD), [snmp(a, "UdpOutDatagrams")],
                 [Found(a, "link|ip|unexplained", "tx", LOST, None, place="|bond0", kind="loss|unexplained",
                        says=("bond0|active|member",), optional=True, never=HARDWARE)])


# Bridges.


@field
def bridge_mtu_iptables(stage):
    """Ports of a bridge with different MTU, and the bridge asks iptables: IP counts what is too large, of the bridge's."""
    r, a, b, c = listening_bridge(stage, "nf_call_iptables 1", ("a", "b", "c"))
    b.reader(WANTED)
    c.reader(WANTED)
    r.ip("link set pb mtu 600")

    def round_():
        a.udp(LOST, 1000, b.address, WANTED, True)
        a.udp(GOOD, 1000, c.address, WANTED, True)

    return Story(round_, [snmp(r, "IpFragFails"), arrived(c)],
                 [Found(r, "ip", "fwd", LOST, ALL, says=("bridge br0", "pb 600"))])


@field
def bridge_mtu(stage):
    """Ports of a bridge with different MTU, and no firewall that asks: nothing counts what is too large."""
    r, a, b = listening_bridge(stage)
    try:
        r.sysctl("net/bridge/bridge-nf-call-iptables", 0)
    except RuntimeError:
        pass  # nor can it
    for ns, end in ((a, "a0"), (r, "pa")):
        ns.ip("link set %s mtu 9000" % end)
    send = good_and_bad(a, b, bad=0)

    def round_():
        send()
        a.send(LOST, 4000, b.address, BAD)

    return Story(round_, [arrived(b), link(b, "b0", "rx", "packets", GOOD)],
                 [Found(r, "link", "rx|tx|fwd", LOST, None, place="br0|pa|pb", says=("mtu",))])


@field_of("bridges")
def bridge_vlan(stage):
    """A bridge with VLANs, of which a port is no member: it discards that port's frames."""
    r, a, b, c = bridge(stage, "vlan_filtering 1 vlan_default_pvid 0", ("a", "b", "c"))
    for port in ("pb", "pc"):
        r.tool("bridge vlan add dev %s vid 10 pvid untagged" % port)
    time.sleep(0.5)
    b.reader(WANTED)

    def round_():
        a.send(LOST, 100, b.address, WANTED)
        c.send(GOOD, 100, b.address, WANTED)

    return Story(round_, [arrived(b)],
                 [Found(r, "link|unexplained", "rx|fwd", LOST, None, place="|br0|pa", kind="loss|unexplained",
                        says=("vlan",),
                        optional=True, never=HARDWARE)])


def spoofed_mac(r, command="ebtables-legacy"):
    for rule in ("-t nat -N libvirt-I-pa -P RETURN", "-t nat -N I-pa-mac -P RETURN",
                 "-t nat -A PREROUTING -i pa -j libvirt-I-pa",
                 "-t nat -A libvirt-I-pa -p IPv4 --ip-proto udp --ip-dport %d -j I-pa-mac" % BAD,
                 "-t nat -A I-pa-mac -s 52:54:00:11:22:33 -j RETURN", "-t nat -A I-pa-mac -j DROP"):
        r.feature("%s %s" % (command, rule))


@field_of("bridges")
def ebtables_legacy(stage):
    """libvirt's rules against false MAC addresses, with legacy ebtables, three chains deep."""
    r, a, b = listening_bridge(stage)
    spoofed_mac(r)
    return Story(good_and_bad(a, b), [arrived(b)],
                 [Found(r, "netfilter", "rx|fwd", LOST, ALL, kind="policy", says=("i-pa-mac",), off=3)])


@field
def ebtables_nft(stage):
    """The same with the ebtables of nftables."""
    r, a, b = listening_bridge(stage)
    r.nft("table bridge nat {\nchain I-pa-mac {\nether saddr 52:54:00:11:22:33 return\ncounter drop\n}\n"
          "chain pre { type filter hook prerouting priority dstnat; policy accept;\n"
          "iifname \"pa\" udp dport %d jump I-pa-mac\n}\n}\n" % BAD)
    return Story(good_and_bad(a, b),
                 [Count("rule", lambda: truth.nft_rule(r, "bridge nat I-pa-mac", 2), LOST), arrived(b)],
                 [Found(r, "netfilter", "rx|fwd", LOST, ALL, kind="policy", says=("i-pa-mac",), off=3)])


# Multicast and broadcast that a device has nobody for.

MDNS = 12


def overlay(a, b):
    """flannel's way: each peer has an entry, and groups have none. A pod's address is behind each."""
    for n, (ns, end, far) in enumerate(((a, "a0", b), (b, "b0", a)), 1):
        ns.feature("ip link add flannel.1 type vxlan id 1 local %s dev %s dstport 8472 nolearning" % (ns.address, end))
        ns.ip("link set flannel.1 address 0e:00:00:00:00:0%d" % n)
        ns.ip("addr add 10.244.%d.0/32 dev flannel.1" % n)
        ns.ip("link set flannel.1 up")
        mac, peer = "0e:00:00:00:00:0%d" % (3 - n), "10.244.%d.0" % (3 - n)
        ns.ip("neigh replace %s lladdr %s dev flannel.1 nud permanent" % (peer, mac))
        ns.tool("bridge fdb append %s dev flannel.1 dst %s" % (mac, far.address))
        ns.ip("route add %s/24 via %s dev flannel.1 onlink" % (peer, peer))
    a.ip("route add 224.0.0.0/4 dev flannel.1")
    b.ip("addr add 10.244.2.5/32 dev lo")
    b.reader(WANTED)


def mdns(ns, count=MDNS):
    ns.send(count, 60, "224.0.0.251", 5353)


def silent(a, device, lost=MDNS):
    """Nobody missed these: nothing is said but that nobody is there for them."""
    return Found(a, "link", "tx", lost, place=device, kind="unexplained", says=("multicast and broadcast",),
                 never=("slow", "forwarding"), alarm=None)


@field
def vxlan_mdns(stage):
    """The host's mDNS on flannel's interface, which has no entry for groups, by design."""
    a, b = stage.pair()
    overlay(a, b)

    def round_():
        a.send(GOOD, 60, "10.244.2.5", WANTED)
        mdns(a)

    return Story(round_, [link(a, "flannel.1", "tx", "dropped", MDNS), arrived(b)], [silent(a, "flannel.1")])


@field
def vxlan_mdns_and_loss(stage):
    """The same, and the agent has not added a node: packets for its pods are lost, no more and no less."""
    a, b = stage.pair()
    overlay(a, b)
    a.ip("neigh replace 10.244.3.0 lladdr 0e:00:00:00:00:09 dev flannel.1 nud permanent")
    a.ip("route add 10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink")

    def round_():
        a.send(GOOD, 60, "10.244.2.5", WANTED)
        mdns(a)
        a.send(LOST, 60, "10.244.3.5", BAD)

    return Story(round_, [link(a, "flannel.1", "tx", "dropped", MDNS + LOST), arrived(b)],
                 [Found(a, "link", "tx", LOST, place="flannel.1", says=("forwarding|fdb",),
                        never=VAGUE + HARDWARE + ("multicast",), off=3)], reasons=LOST + MDNS)


def unopened(ns, device, mode):
    """Made to stay, and nobody has it open."""
    ns.feature("ip tuntap add %s mode %s" % (device, mode))
    add_address(ns, device, "10.66.0.1/24")
    if mode == "tap":
        ns.ip("neigh replace 10.66.0.9 lladdr 02:00:00:00:02:09 dev %s nud permanent" % device)


def nobody_has(a, device):
    return Found(a, "link", "tx", LOST, place=device, says=("open",), never=("slow", "most likely", "queue"), off=3)


@field
def tap_unopened(stage):
    """A tap whose VM is off: the host's mDNS goes there, too."""
    a, b = stage.pair()
    unopened(a, "tap9", "tap")
    a.ip("route add 224.0.0.0/4 dev tap9")
    send = good_and_bad(a, b, bad=0)

    def round_():
        send()
        mdns(a)

    return Story(round_, [link(a, "tap9", "tx", "dropped", MDNS), arrived(b)], [silent(a, "tap9")])


@field
def tap_unopened_and_loss(stage):
    """The same, and packets for an address behind it: they are lost."""
    a, b = stage.pair()
    unopened(a, "tap9", "tap")
    a.ip("route add 224.0.0.0/4 dev tap9")
    send = good_and_bad(a, b, bad=0)

    def round_():
        send()
        mdns(a)
        a.send(LOST, 60, "10.66.0.9", BAD)

    return Story(round_, [link(a, "tap9", "tx", "dropped", MDNS + LOST), arrived(b)], [nobody_has(a, "tap9")],
                 reasons=LOST + MDNS)


@field
def tun_unopened(stage):
    """A tun that outlived its VPN: what is routed into it is lost, and no program is slow."""
    a, b = stage.pair()
    unopened(a, "tun9", "tun")
    send = good_and_bad(a, b, bad=0)

    def round_():
        send()
        a.send(LOST, 60, "10.66.0.9", BAD)

    return Story(round_, [link(a, "tun9", "tx", "dropped"), arrived(b)], [nobody_has(a, "tun9")])
