# SPDX-License-Identifier: MIT
"""Losses that no counter tells, only the kernel's reasons, each with its healthy twin."""

import truth
from field import (ALL, BAD, GOOD, LOST, TOLD, WANTED, Found, Story, arrived, field, good_and_bad, in_gap, link,
                   listening_bridge)
from field_devices import vxlans
from field_gap import denied
from lab import add_address, know
from packets import udp4

APART = ("kept apart",)
# bridges call these NO_TX_TARGET, or only name a function that drops as much where nothing is wrong: reasons=None
STRANGER = "02:00:00:00:00:77"  # a MAC address that nobody has


def from_port(r, port, each=LOST + GOOD):
    return link(r, port, "rx", "packets", each)


@field
def bridge_apart(stage):
    """Ports of a bridge are isolated: what they have for one another is dropped on purpose, and told."""
    r, a, b, c = listening_bridge(stage, names=("a", "b", "c"))
    c.reader(WANTED)
    for port in ("pa", "pb"):
        r.ip("link set %s type bridge_slave isolated on" % port)

    def round_():
        a.send(GOOD, 100, c.address, WANTED)
        a.send(LOST, 100, b.address, BAD)

    return Story(round_, [arrived(c), from_port(r, "pa")],
                 [Found(r, "link", "rx", LOST, ALL, place="pa", kind="policy", says=APART, told=True)],
                 reasons=None)


@field
def bridge_apart_few(stage):
    """Few of what comes is for an isolated port: nobody is told."""
    r, a, b, c = listening_bridge(stage, names=("a", "b", "c"))
    c.reader(WANTED)
    for port in ("pa", "pb"):
        r.ip("link set %s type bridge_slave isolated on" % port)

    def round_():
        a.send(12 * GOOD, 100, c.address, WANTED)
        a.send(LOST, 100, b.address, BAD)

    return Story(round_, [arrived(c, each=12 * GOOD)],
                 [Found(r, "link", "rx", LOST, 12 * GOOD + LOST, place="pa", kind="policy", says=APART, told=True,
                        alarm=None)], reasons=None)


@field
def bridge_not_flooded(stage):
    """A hypervisor's bridge sends what is for an unknown address to no port: on purpose, too."""
    r, a, b = listening_bridge(stage)
    b.reader(WANTED)
    r.ip("link set pb type bridge_slave flood off")
    strange = [udp4(a.address, b.address, BAD).hex()] * LOST

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.frames_of("a0", STRANGER, strange)

    return Story(round_, [arrived(b), from_port(r, "pa")],
                 [Found(r, "link", "rx", LOST, ALL, place="pa", kind="policy", says=APART, told=True)],
                 reasons=None)


@field
def bridge_other_side(stage):
    """A switch floods what is for a host on its own side of the bridge: no other port is to have it, and nobody loses."""
    r, a, b = listening_bridge(stage)
    b.reader(WANTED)
    flooded = [udp4(b.address, a.address, BAD).hex()] * LOST
    teach = [udp4(a.address, b.address, WANTED).hex()]

    def round_():
        a.frames_of("a0", truth.mac(b, "b0"), teach, source=STRANGER)
        a.frames_of("a0", STRANGER, flooded)
        a.send(GOOD, 100, b.address, WANTED)

    return Story(round_, [arrived(b, each=GOOD + 1), from_port(r, "pa", LOST + GOOD + 1)])


@field
def bridge_mtu_among_small(stage):
    """What is too large for a port is found among ever so many small frames."""
    r, a, b = listening_bridge(stage)
    try:
        r.sysctl("net/bridge/bridge-nf-call-iptables", 0)
    except RuntimeError:
        pass  # nor can it
    b.reader(WANTED)
    for ns, end in ((a, "a0"), (r, "pa")):
        ns.ip("link set %s mtu 9000" % end)

    def round_():
        a.send(10 * GOOD, 100, b.address, WANTED)
        a.send(LOST, 4000, b.address, BAD)

    return Story(round_, [arrived(b, each=10 * GOOD), link(b, "b0", "rx", "packets", 10 * GOOD)],
                 [Found(r, "link", "tx", LOST, 10 * GOOD + LOST, place="pb", says=("pb 1500", "pa has mtu 9000"))])


@field
def cgroup_tcp(stage):
    """systemd's IPAddressDeny= for a service of TCP: who wants to connect is not heard."""
    a, b = stage.pair()
    end = denied(b)
    end.service.call("listen", BAD)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.dial(LOST, b.address, BAD, close=True)

    return Story(round_, [arrived(b)],
                 [Found(b, "tcp", "rx", LOST, None, says=("cgroup", "ipaddressdeny"), told=True)],
                 may=(("tcp", "tx"),), finish=end)


@field
def cgroup_tcp_allowed(stage):
    """The same service is spoken to at another port."""
    a, b = stage.pair()
    end = denied(b)
    end.service.call("listen", WANTED)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.dial(LOST, b.address, WANTED, close=True)

    return Story(round_, [arrived(b)], finish=end)


@field
def tunnel_of_a_container(stage):
    """A tunnel was made on the host and moved into a container: a rule of the host drops what it sends, and is told."""
    a, b = stage.pair()
    c = stage.namespace("c")
    vxlans(a, b)
    a.ip("link set vx0 netns " + c.name)
    add_address(c, "vx0", "10.99.0.1/24")
    know(c, "vx0", b, "vx0", "10.99.0.2")
    know(b, "vx0", c, "vx0", "10.99.0.1")
    a.nft("table ip t { chain o { type filter hook output priority 0; udp dport 4789 ip length > 300 drop; }; }")
    b.reader(WANTED)

    def round_():
        c.send(GOOD, 20, "10.99.0.2", WANTED)
        c.send(LOST, 400, "10.99.0.2", WANTED)

    return Story(round_, [arrived(b)],
                 [Found(a, "netfilter", "tx", LOST, None, says=("ip t o",), alarm=TOLD)], may=(("link", "tx"),))


# Rules that drop where IP does not miss it.


def quiet(ns, family, chain, port=BAD, verdict="drop"):
    ns.nft("table %s nd {\nchain i { type filter hook %s priority 0; policy accept;\nudp dport %d %s\n}\n}\n"
           % (family, chain, port, verdict))


def unnamed(ns, direction, says):
    return Found(ns, "netfilter", direction, LOST, ALL, says=("without a counter, by rule handle", says, "counter\""),
                 never=("more",), told=True)


@field
def device_uncounted(stage):
    """A rule of family netdev drops in front of IP, without a counter; only the kernel's own word tells."""
    a, b = stage.pair()
    send = good_and_bad(a, b)
    quiet(b, "netdev", "ingress device b0")
    return Story(send, [arrived(b), in_gap(b, 0)], [unnamed(b, "rx", "of netdev nd i")])


@field
def device_uncounted_inet(stage):
    """The same of family inet at its hook of a device."""
    a, b = stage.pair()
    send = good_and_bad(a, b)
    quiet(b, "inet", "ingress device b0")
    return Story(send, [arrived(b), in_gap(b, 0)], [unnamed(b, "rx", "of inet nd i")])


@field
def device_counted(stage):
    """Rules of netdev, one of which counts what it drops, and the other matches nothing: nobody else is to blame."""
    a, b = stage.pair()
    send = good_and_bad(a, b)
    quiet(b, "netdev", "ingress device b0", 7)
    b.nft("table netdev t {\nchain c { type filter hook ingress device b0 priority 5; policy accept;\n"
          "udp dport %d counter drop\n}\n}\n" % BAD)
    return Story(send, [arrived(b), in_gap(b, 0)],
                 [Found(b, "netfilter", "rx", LOST, ALL, kind="policy", says=("netdev t c",),
                        never=("without a counter",))])


@field
def device_idle(stage):
    """A rule of IP drops without a counter, none of netdev and bridges does."""
    a, b = stage.pair()
    send = good_and_bad(a, b)
    quiet(b, "netdev", "ingress device b0", 7)
    b.nft("table bridge nb {\nchain f { type filter hook forward priority 0; policy accept;\nudp dport 7 drop\n}\n}\n"
          "table inet s {\nchain i { type filter hook input priority 0; policy accept;\nudp dport %d drop\n}\n}\n" % BAD)
    return Story(send, [arrived(b), in_gap(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("of inet s i",), never=("netdev", "bridge"))])


@field
def bridge_uncounted(stage):
    """A rule of family bridge drops what it forwards, without a counter."""
    r, a, b = listening_bridge(stage)
    quiet(r, "bridge", "forward")
    return Story(good_and_bad(a, b), [arrived(b), from_port(r, "pa")], [unnamed(r, "fwd", "of bridge nd i")])
