# SPDX-License-Identifier: MIT
"""Received, sent or forwarded, and of how many: what a firewall or a filter drops belongs to one direction.

A chain may be called from several hooks, a gap may be behind a routing
decision, and clsact has one pair of counters for both sides.
"""

import re

import truth
from field import (ALL, BAD, GOOD, LOST, TOLD, WANTED, Count, Found, Story, arrived, field, field_of, good_and_bad,
                   listening_bridge, out_gap, pair6, to_ports)
from field_devices import macvlan
from field_gap import chain
from lab import Skip, add_address, know, wire

LEGACY, LEGACY6, NFT = "iptables-legacy -w 20", "ip6tables-legacy -w 20", "iptables-nft"


# A gap behind the routing decision.


def uncounted_forward(r, *says, **how):
    return Found(r, "netfilter", "fwd", LOST, ALL, says=says, alarm=TOLD, **how)


@field
def forward_policy(stage):
    """The standard ruleset of a router with nftables: policy drop, no counter."""
    a, r, b = stage.router()
    r.nft(chain("ct state established,related accept\nudp dport %d accept" % WANTED, "forward", "drop", "inet fw"))
    return Story(good_and_bad(a, b), [out_gap(r), arrived(b)], [uncounted_forward(r, "policy", "inet fw forward")])


@field
def forward_policy_v6(stage):
    """The same with IPv6."""
    a, r, b = stage.router6()
    r.nft(chain("meta l4proto ipv6-icmp accept\nudp dport %d accept" % WANTED, "forward", "drop", "ip6 fw"))
    return Story(good_and_bad(a, b), [arrived(b)], [uncounted_forward(r, "policy", "ip6 fw forward", off=6)])


@field
def postrouting(stage):
    """A rule without a counter at postrouting, which what is sent passes, too."""
    a, r, b = stage.router()
    r.nft("table ip t {\nchain post { type filter hook postrouting priority 0; policy accept;\n"
          "udp dport %d drop\n}\n}\n" % BAD)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, b.address, BAD)
        r.send(GOOD, 100, b.address, WANTED)

    return Story(round_, [out_gap(r), arrived(b, each=2 * GOOD)], [uncounted_forward(r, "ip t post")])


@field
def no_endpoints(stage):
    """kube-proxy with nftables: a service without endpoints, a verdict map, a reject, and no counters."""
    a, r, b = stage.router()
    r.nft("""table ip kube-proxy {
chain reject-chain {
reject
}
map no-endpoint-services {
type ipv4_addr . inet_proto . inet_service : verdict
elements = { 10.96.0.10 . udp . 53 : goto reject-chain, 10.96.0.11 . tcp . 80 : drop }
}
chain service-endpoints-check {
ip daddr . meta l4proto . th dport vmap @no-endpoint-services
}
chain filter-input { type filter hook input priority -110;
ct state new jump service-endpoints-check
}
chain filter-forward { type filter hook forward priority -110;
ct state new jump service-endpoints-check
}
chain filter-output { type filter hook output priority -110;
ct state new jump service-endpoints-check
}
}
""")
    r.ip("route add 10.96.0.0/16 via 10.9.2.2")
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.flow_each(LOST, 100, "10.96.0.10", 53)

    return Story(round_, [out_gap(r), arrived(b)], [uncounted_forward(r, "reject-chain|no-endpoint-services")])


# A chain that several hooks call.


def shared_policy(ns, direction, *says, total=ALL, **how):
    return Found(ns, "netfilter", direction, LOST, total, kind="policy", says=says, **how)


def log_drop(ns, command=LEGACY):
    ns.feature(command + " -N LOGDROP")
    ns.feature(command + " -A LOGDROP -m comment --comment 'log and drop' -j DROP")
    for hook in ("INPUT", "FORWARD", "OUTPUT"):
        ns.feature(command + " -A %s -p udp --dport %d -j LOGDROP" % (hook, BAD))


@field
def shared_forward(stage):
    """LOGDROP, called from three hooks: what it drops was to be forwarded."""
    a, r, b = stage.router()
    log_drop(r)
    return Story(good_and_bad(a, b), [Count("rule", lambda: truth.rule(r, "LOGDROP", 1), LOST), arrived(b)],
                 [shared_policy(r, "fwd", "logdrop", "log and drop")])


@field
def shared_input(stage):
    """The same: what it drops was for the host."""
    a, b = stage.pair()
    log_drop(b)
    return Story(good_and_bad(a, b), [Count("rule", lambda: truth.rule(b, "LOGDROP", 1), LOST), arrived(b)],
                 [shared_policy(b, "rx", "logdrop")])


@field
def shared_output(stage):
    """The same with IPv6: what it drops was sent."""
    a, b = pair6(stage)
    log_drop(a, LEGACY6)
    return Story(good_and_bad(a, b), [arrived(b)], [shared_policy(a, "tx", "logdrop", off=6)])


@field
def shared_output_forward(stage):
    """kube-proxy's KUBE-SERVICES refuses the node itself, while it forwards other packets."""
    a, r, b = stage.router()
    kube_services(r)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        r.send(GOOD, 100, b.address, WANTED)
        r.flow_each(LOST, 100, "10.96.0.10", 53)

    return Story(round_, [Count("rule", lambda: truth.rule(r, "KUBE-SERVICES", 1), LOST), arrived(b, each=2 * GOOD)],
                 [shared_policy(r, "tx", "kube-services", "has no endpoints",
                                total=ALL + LOST)])  # and what tells it of the refusal


def kube_services(r):
    r.feature(LEGACY + " -N KUBE-SERVICES")
    for hook in ("FORWARD", "OUTPUT"):
        r.feature(LEGACY + " -A %s -m conntrack --ctstate NEW -j KUBE-SERVICES" % hook)
    r.feature(LEGACY + " -A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment 'has no endpoints' --dport 53"
              " -j REJECT --reject-with icmp-port-unreachable")
    r.ip("route add 10.96.0.0/16 via 10.9.2.2")


@field
def kube_reject(stage):
    """The same chain refuses a pod behind the node."""
    a, r, b = stage.router()
    kube_services(r)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.flow_each(LOST, 100, "10.96.0.10", 53)

    return Story(round_, [Count("rule", lambda: truth.rule(r, "KUBE-SERVICES", 1), LOST), arrived(b)],
                 [shared_policy(r, "fwd", "kube-services", "has no endpoints")])


SHARED_CHAIN = """table inet fw {
chain bad {
counter drop comment "bad traffic"
}
chain input { type filter hook input priority 0; policy accept;
udp dport %d jump bad
}
chain forward { type filter hook forward priority 0; policy accept;
udp dport %d jump bad
}
}
""" % (BAD, BAD)


@field
def shared_nft(stage):
    """nftables: a chain that input and forward jump to, with a counter."""
    a, r, b = stage.router()
    r.nft(SHARED_CHAIN)
    return Story(good_and_bad(a, b), [Count("rule", lambda: truth.nft_rule(r, "inet fw bad"), LOST), arrived(b)],
                 [shared_policy(r, "fwd", "inet fw bad", "bad traffic")])


@field
def shared_nft_both(stage):
    """The same, and what it drops was for the router as often as for those behind it."""
    a, r, b = stage.router6()
    r.nft(SHARED_CHAIN)
    send = good_and_bad(a, b)

    def round_():
        send()
        a.send(LOST, 100, "fd00:1::2", BAD)

    return Story(round_, [Count("rule", lambda: truth.nft_rule(r, "inet fw bad"), 2 * LOST), arrived(b)],
                 [shared_policy(r, "fwd", "inet fw bad", off=6, alarm=("WARNING", "")),
                  shared_policy(r, "rx", "inet fw bad", total=ALL + LOST, off=6, alarm=("WARNING", ""))])


@field
def isolation(stage):
    """docker's chains keep two networks apart, three deep, with iptables-nft."""
    a, r, b = stage.router()
    first, second = "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"
    for rule in ("-P FORWARD DROP", "-N DOCKER-USER", "-N " + first, "-N " + second, "-A FORWARD -j DOCKER-USER",
                 "-A FORWARD -j " + first, "-A FORWARD -o r1 -j ACCEPT", "-A FORWARD -i r1 -j ACCEPT",
                 "-A %s -i r0 ! -o r0 -p udp --dport %d -j %s" % (first, BAD, second), "-A %s -j RETURN" % first,
                 "-A %s -o r1 -j DROP" % second, "-A %s -j RETURN" % second, "-A DOCKER-USER -j RETURN"):
        r.feature("%s %s" % (NFT, rule))
    return Story(good_and_bad(a, b), [out_gap(r), arrived(b)], [shared_policy(r, "fwd", "docker-isolation-stage-2")])


@field
def bridge_share(stage):
    """A bridge asks iptables: a quarter of what it forwards is dropped, not all."""
    r, a, b = listening_bridge(stage)
    try:
        r.sysctl("net/bridge/bridge-nf-call-iptables", 1)
    except RuntimeError:
        raise Skip("no bridge-nf-call-iptables in this kernel")
    r.feature(LEGACY + " -P FORWARD DROP")
    r.feature(LEGACY + " -A FORWARD -p udp --dport %d -j ACCEPT" % WANTED)
    return Story(good_and_bad(a, b), [Count("policy", lambda: truth.policy(r, "FORWARD"), LOST), arrived(b)],
                 [shared_policy(r, "fwd", "policy of ip filter forward", off=3)])


@field
def bridge_share_nft(stage):
    """The same with a rule of iptables-nft, and a third namespace whose packets pass."""
    r, a, b, c = listening_bridge(stage, names=("a", "b", "c"))
    try:
        r.sysctl("net/bridge/bridge-nf-call-iptables", 1)
    except RuntimeError:
        raise Skip("no bridge-nf-call-iptables in this kernel")
    r.feature(NFT + " -A FORWARD -p udp --dport %d -j DROP" % BAD)
    send = good_and_bad(a, b)

    def round_():
        send()
        c.send(GOOD, 100, b.address, WANTED)

    return Story(round_, [arrived(b, each=2 * GOOD)],
                 [shared_policy(r, "fwd", "ip filter forward", total=ALL + GOOD, off=3)])


@field
def bridge_share_routed(stage):
    """The same, and the host routes as much besides: its frames count once."""
    r, a, b = listening_bridge(stage)
    try:
        r.sysctl("net/bridge/bridge-nf-call-iptables", 1)
    except RuntimeError:
        raise Skip("no bridge-nf-call-iptables in this kernel")
    c = stage.namespace("c")
    wire(c, "c0", "10.8.0.1/24", r, "r9", "10.8.0.2/24")
    add_address(r, "br0", "10.9.0.254/24")
    r.sysctl("net/ipv4/ip_forward", 1)
    c.ip("route add default via 10.8.0.2")
    know(r, "br0", b, "b0", b.address)
    r.feature(NFT + " -A FORWARD -p udp --dport %d -j DROP" % BAD)
    send = good_and_bad(a, b)

    def round_():
        send()
        c.send(GOOD, 100, b.address, WANTED)

    return Story(round_, [arrived(b, each=2 * GOOD)],
                 [shared_policy(r, "fwd", "ip filter forward", total=ALL + GOOD, off=3)])


# A chain at a device: of what comes there, which may be nothing that IP knows.


def at_device(ns, hook, device, rule="udp dport %d counter drop" % BAD):
    ns.nft("table netdev t {\nchain d { type filter hook %s device %s priority 0; policy accept;\n%s\n}\n}\n"
           % (hook, device, rule))


def dropped_there(ns, direction, lost=LOST, total=ALL, kind="policy", alarm=TOLD):
    return Found(ns, "netfilter", direction, lost, total, kind=kind, says=("netdev t d",), alarm=alarm)


@field
def port_ingress(stage):
    """What the rule of a bridge's port drops by policy is little of what comes there."""
    r, a, b = listening_bridge(stage)
    at_device(r, "ingress", "pa")
    few = LOST // 4
    b.reader(WANTED)
    return Story(to_ports(a, b.address, bad=few), [arrived(b)], [dropped_there(r, "rx", few, GOOD + few, alarm=None)])


@field
def port_egress(stage):
    """The same of what leaves by a port."""
    r, a, b = listening_bridge(stage)
    at_device(r, "egress", "pb")
    few = LOST // 4
    b.reader(WANTED)
    return Story(to_ports(a, b.address, bad=few), [arrived(b)], [dropped_there(r, "tx", few, GOOD + few, alarm=None)])


@field
def port_at_random(stage):
    """A port's rule drops one in fifty at random."""
    r, a, b = listening_bridge(stage)
    at_device(r, "ingress", "pa", "udp dport %d numgen inc mod 50 == 0 counter drop" % WANTED)
    b.reader(WANTED)
    return Story(lambda: a.send(50 * LOST, 60, b.address, WANTED), [arrived(b, each=49 * LOST)],
                 [dropped_there(r, "rx", total=50 * LOST, kind="loss")])


@field
def parent_egress(stage):
    """The parent of a container's macvlan drops a quarter of what that sends."""
    a, b = stage.pair()
    c = macvlan(stage, b, "b0")
    know(c, "mv0", a, "a0", a.address)
    at_device(b, "egress", "b0")
    a.reader(WANTED)
    return Story(to_ports(c, a.address), [arrived(a)], [dropped_there(b, "tx")])


@field
def parent_ingress(stage):
    """The same of what comes for it."""
    a, b = stage.pair()
    c = macvlan(stage, b, "b0")
    know(a, "a0", c, "mv0", c.address)
    at_device(b, "ingress", "b0")
    c.reader(WANTED)
    return Story(to_ports(a, c.address), [arrived(c)], [dropped_there(b, "rx")])


# clsact: both sides in one pair of counters.


def filtered(ns, interface, **how):
    ns.feature("tc qdisc replace dev %s clsact" % interface)
    try:
        ns.filter_bpf(interface, BAD, **how)
    except RuntimeError as e:
        raise Skip("no BPF filter: %s" % e)


def by_filter(ns, direction, place, total=ALL, **how):
    wrong = {"tx": ("ingress",), "rx": ("egress",)}[direction]
    return Found(ns, "qdisc", direction, LOST, total, place=place, kind="loss|policy", never=wrong, alarm=TOLD, **how)


@field
def filter_egress(stage):
    """A filter on the way out drops: nothing is received there at all."""
    a, b = stage.pair()
    filtered(a, "a0", egress=True)
    return Story(good_and_bad(a, b),
                 [Count("clsact", lambda: truth.qdisc(a, "a0", "clsact", "drops"), LOST), arrived(b)],
                 [by_filter(a, "tx", "a0", says=("egress",))])


@field
def filter_ingress(stage):
    """A filter on the way in drops."""
    a, b = stage.pair()
    filtered(b, "b0")
    return Story(good_and_bad(a, b),
                 [Count("clsact", lambda: truth.qdisc(b, "b0", "clsact", "drops"), LOST), arrived(b)],
                 [by_filter(b, "rx", "b0", says=("ingress",))])


@field
def filter_egress_v6(stage):
    """The same on the way out of a router, with IPv6."""
    a, r, b = stage.router6()
    filtered(r, "r1", egress=True, v6=True)
    return Story(good_and_bad(a, b),
                 [Count("clsact", lambda: truth.qdisc(r, "r1", "clsact", "drops"), LOST), arrived(b)],
                 [by_filter(r, "tx", "r1", says=("egress",), off=3)])


@field
def filter_egress_busy(stage):
    """A filter on the way out drops, and as much comes in at the same interface."""
    a, b = stage.pair()
    filtered(a, "a0", egress=True)
    send = good_and_bad(a, b)
    a.reader(WANTED)

    def round_():
        send()
        b.send(GOOD, 100, a.address, WANTED)

    return Story(round_, [Count("clsact", lambda: truth.qdisc(a, "a0", "clsact", "drops"), LOST), arrived(b)],
                 [by_filter(a, "tx", "a0", says=("egress",))])


def actions(ns, interface, side, action):
    ns.feature("tc qdisc replace dev %s clsact" % interface)
    ns.feature("tc filter add dev %s %s matchall action %s" % (interface, side, action))


def drops(ns, interface, least=3 * LOST // 4, most=9 * LOST):
    return Count("clsact", lambda: truth.qdisc(ns, interface, "clsact", "drops"), (least, most))


@field_of("direction")
def gact_egress(stage):
    """A forgotten test: an action drops every fourth packet or so, at random, on the way out."""
    a, b = stage.pair()
    actions(a, "a0", "egress", "ok random netrand drop 4")
    b.reader(WANTED)
    return Story(lambda: a.send(ALL, 100, b.address, WANTED), [drops(a, "a0")],
                 [Found(a, "qdisc", "tx", "clsact", ALL, place="a0", says=("random",), never=("ingress",))])


@field_of("direction")
def gact_ingress(stage):
    """The same on the way in."""
    a, b = stage.pair()
    actions(b, "b0", "ingress", "ok random netrand drop 4")
    b.reader(WANTED)
    return Story(lambda: a.send(ALL, 100, b.address, WANTED), [drops(b, "b0")],
                 [Found(b, "qdisc", "rx", "clsact", ALL, place="b0", says=("random",), never=("egress",))])


@field_of("direction")
def police_egress(stage):
    """A policer on the way out."""
    a, b = stage.pair()
    actions(a, "a0", "egress", "police rate 100kbit burst 10k drop")
    b.reader(WANTED)
    return Story(lambda: a.send(ALL, 500, b.address, WANTED), [drops(a, "a0", 3 * LOST, 3 * ALL)],
                 [Found(a, "qdisc", "tx", "clsact", ALL, place="a0", says=("polic",), never=("ingress", "random"))])


@field_of("direction")
def mirred_down(stage):
    """A redirect to a device that is down."""
    a, b = stage.pair()
    b.feature("ip link add ifb7 type ifb")
    actions(b, "b0", "ingress", "mirred egress redirect dev ifb7")
    return Story(lambda: a.send(ALL, 100, b.address, WANTED), [drops(b, "b0", 3 * ALL, 3 * ALL)],
                 [Found(b, "qdisc", "rx", "clsact", ALL, place="b0", says=("ifb7|mirred|redirect",),
                        never=("random", "polic"))])


@field_of("direction")
def both_sides(stage):
    """A policer on the way in, chance on the way out, at one interface: both directions, each with its own."""
    a, b = stage.pair()
    actions(a, "a0", "egress", "ok random netrand drop 4")
    actions_more(a, "a0", "ingress", "police rate 100kbit burst 10k drop")
    b.reader(WANTED)
    a.reader(WANTED)

    def side(name):
        return lambda: sum(int(n) for n in dropped_of(a, "a0", name))

    def round_():
        a.send(ALL, 100, b.address, WANTED)
        b.send(ALL, 500, a.address, WANTED)

    return Story(round_, [Count("out", side("egress"), (3 * LOST // 4, 9 * LOST)),
                          Count("in", side("ingress"), (3 * LOST, 9 * LOST + 999))],
                 [Found(a, "qdisc", "tx", "out", ALL, place="a0", says=("random",)),
                  Found(a, "qdisc", "rx", "in", ALL, place="a0", says=("polic",))])


def actions_more(ns, interface, side, action):
    ns.feature("tc filter add dev %s %s matchall action %s" % (interface, side, action))


def dropped_of(ns, interface, side):
    return re.findall(r"dropped (\d+)", ns.tool("tc -s filter show dev %s %s" % (interface, side)))
