# SPDX-License-Identifier: MIT
"""What vanishes inside IP without a counter, and who is to be suspected: routes, targets, limits, programs.

And gaps that nothing explains, and gaps that something else hides.
"""

import os
import struct
import subprocess
import sys

import packets
import truth
from field import (ALL, BAD, GOOD, LOST, TOLD, WANTED, Count, Found, Story, arrived, field, field_of,
                   good_and_bad, in_gap, out_gap, pair6, snmp)
from lab import HERE, Agent, Skip, wait_until

RULE = ("firewall rule without", "`counter`")  # who is not to be blamed
FIRST = "type filter hook %s priority 0; policy %s;"


def chain(rules, hook="input", policy="accept", table="ip t", name=None):
    """One table with one base chain; its name is that of the hook unless given."""
    return "table %s {\nchain %s { %s\n%s\n}\n}\n" % (table, name or hook, FIRST % (hook, policy), rules)


# Routes.


def thrown_away(router, says, to="10.55.1.1"):
    """What is for that address vanishes in the router; all else arrives."""
    a, r, b = router
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, to, BAD)

    v6 = ":" in to
    missed = (3 * LOST, 3 * LOST + 9) if v6 else LOST  # and a neighbour's solicitations
    return Story(round_, [in_gap(r, missed, v6=v6), arrived(b)],
                 [Found(r, "ip", "rx|fwd", LOST, ALL, says=says, never=RULE, alarm=TOLD, off=6 if v6 else 0)])


def route_of(stage, kind):
    """Forwarded packets meet a route that throws them away, and no table of any firewall is there."""
    a, r, b = stage.router()
    r.ip("route add %s 10.55.0.0/16" % kind)
    return thrown_away((a, r, b), (kind, "route"))


@field
def route_blackhole(stage):
    """A blackhole route of a router."""
    return route_of(stage, "blackhole")


@field
def route_unreachable(stage):
    """An unreachable route of a router: refused with ICMP."""
    return route_of(stage, "unreachable")


@field
def route_prohibit(stage):
    """A prohibit route of a router."""
    return route_of(stage, "prohibit")


@field
def route_blackhole_v6(stage):
    """A blackhole route with IPv6."""
    a, r, b = stage.router6()
    r.ip("route add blackhole fd55::/16")
    return thrown_away((a, r, b), ("blackhole", "route"), "fd55::1")


def rule_of(stage, kind):
    """The same by a rule of policy routing."""
    a, r, b = stage.router()
    r.ip("rule add to 10.55.0.0/16 prio 77 %s" % kind)
    r.ip("route add 10.55.0.0/16 via %s" % b.address)
    return thrown_away((a, r, b), (kind, "rule 77"))


@field
def rule_blackhole(stage):
    """A rule of a router says blackhole."""
    return rule_of(stage, "blackhole")


@field
def rule_prohibit(stage):
    """A rule of a router says prohibit."""
    return rule_of(stage, "prohibit")


@field
def rule_blackhole_v6(stage):
    """The same with IPv6, beside an unreachable route that nobody meets."""
    a, r, b = stage.router6()
    r.ip("-6 rule add to fd55::/16 prio 77 blackhole")
    r.ip("route add fd55::/16 via %s" % b.address)
    r.ip("route add unreachable fd66::/16")
    return thrown_away((a, r, b), ("blackhole", "rule 77"), "fd55::1")


def refused_v6(stage, how):
    """IPv6 counts what a route refuses as if there were no route."""
    a, r, b = stage.router6()
    r.ip(how)
    r.ip("route add blackhole fd66::/16")
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, "fd55::1", BAD)

    return a, r, b, round_


@field
def route_unreachable_v6(stage):
    """An unreachable route with IPv6, beside a blackhole route that nobody meets."""
    a, r, b, round_ = refused_v6(stage, "route add unreachable fd55::/16")
    return Story(round_, [snmp(r, "Ip6InNoRoutes"), arrived(b)],
                 [Found(r, "ip", "rx|fwd", LOST, ALL, says=("route unreachable fd55::/16",), never=("blackhole",),
                        off=6)])


@field
def rule_prohibit_v6(stage):
    """A rule of policy routing refuses with IPv6."""
    a, r, b, round_ = refused_v6(stage, "-6 rule add to fd55::/16 prio 77 prohibit")
    return Story(round_, [snmp(r, "Ip6InNoRoutes"), arrived(b)],
                 [Found(r, "ip", "rx|fwd", LOST, ALL, says=("rule 77", "prohibit"), never=("blackhole",), off=6)])


@field
def rule_unreachable(stage):
    """IPv4 counts what a rule calls unreachable as if there were no route."""
    a, r, b = stage.router()
    r.ip("rule add to 10.55.0.0/16 prio 77 unreachable")
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, "10.55.1.1", BAD)

    return Story(round_, [snmp(r, "IpExtInNoRoutes"), arrived(b)],
                 [Found(r, "ip", "rx|fwd", LOST, ALL, says=("rule 77", "unreachable"))])


@field
def route_missing(stage):
    """The twin: there is no route, nor one that refuses."""
    a, r, b = stage.router()
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, "10.55.1.1", BAD)

    return Story(round_, [snmp(r, "IpExtInNoRoutes"), arrived(b)],
                 [Found(r, "ip", "rx|fwd", LOST, ALL, says=("a route is missing",), never=("suspect",))])


@field
def route_blackhole_host(stage):
    """A rule of policy routing throws away a part of what a host receives."""
    a, b = stage.pair()
    b.ip("rule add from 10.9.0.1 to 10.9.0.2 sport 4444 prio 0 blackhole")
    b.ip("rule del prio 0 table local")
    b.ip("rule add prio 10 table local")
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, b.address, WANTED, source_port=4444)

    return Story(round_, [arrived(b)],
                 [Found(b, "ip|unexplained", "rx", LOST, ALL, kind="loss|unexplained", never=RULE)])


@field
def route_and_rule(stage):
    """A blackhole route, and a rule that counts what it drops: each has its own."""
    a, r, b = stage.router()
    r.ip("route add blackhole 10.55.0.0/16")
    r.feature("iptables-legacy -w 20 -A FORWARD -p udp --dport %d -j DROP" % BAD)
    send = good_and_bad(a, b)

    def round_():
        send()
        a.send(LOST, 100, "10.55.1.1", BAD)

    return Story(round_, [in_gap(r), arrived(b)],
                 [Found(r, "ip", "rx|fwd", LOST, ALL + LOST, says=("blackhole", "route"), never=RULE, alarm=TOLD),
                  Found(r, "netfilter", "fwd", LOST, ALL, kind="policy", says=("forward",))])


@field
def route_unused(stage):
    """A blackhole route that nothing meets: of an uncounted rule's loss it is no suspect."""
    a, r, b = stage.router()
    r.ip("route add blackhole 10.55.0.0/16")
    r.nft(chain("udp dport %d drop" % BAD, "forward"))
    return Story(good_and_bad(a, b), [out_gap(r), arrived(b)],
                 [Found(r, "netfilter", "fwd", LOST, ALL, says=("ip t forward",), never=("blackhole",), alarm=TOLD)])


# Targets that drop though they are none that does.


def tproxy_found(b, **how):
    return Found(b, "netfilter", "rx", LOST, ALL, says=("tproxy",), alarm=TOLD, **how)


@field
def tproxy_down(stage):
    """A transparent proxy died: TPROXY without a socket discards what it matches."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -t mangle -A PREROUTING -p udp --dport %d -m comment --comment 'to proxy'"
              " -j TPROXY --on-port 3128 --tproxy-mark 1" % BAD)
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)], [tproxy_found(b)])


@field
def tproxy_down_nft(stage):
    """nftables passes what its tproxy finds no socket for: nothing is lost."""
    a, b = stage.pair()
    b.nft("table ip t {\nchain pre { type filter hook prerouting priority mangle; policy accept;\n"
          "udp dport %d tproxy to :3128 meta mark set 1 accept\n}\n}\n" % BAD)
    b.reader(BAD)
    return Story(good_and_bad(a, b), [arrived(b), arrived(b, BAD, LOST)])


@field
def tproxy_down_v6(stage):
    """The same with IPv6, and its rule has a counter."""
    a, b = pair6(stage)
    b.feature("ip6tables-legacy -w 20 -t mangle -A PREROUTING -p udp --dport %d -j TPROXY --on-port 3128" % BAD)
    return Story(good_and_bad(a, b), [arrived(b)], [tproxy_found(b, off=6)])


@field
def tproxy_up(stage):
    """The proxy lives: it gets all, and nothing is said."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -t mangle -A PREROUTING -p udp --dport %d -j TPROXY --on-port 3128" % BAD)
    b.reader(3128, transparent=True)
    return Story(good_and_bad(a, b), [arrived(b), arrived(b, 3128, LOST)])


@field
def ips_verdict(stage):
    """An intrusion prevention system drops by its own verdict: its queue is named, not an nft rule."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -p udp -m comment --comment 'to the IPS' -j NFQUEUE --queue-num 5")
    b.queue_judge(5, BAD)
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("queue",), never=("nft list ruleset", "nobody listens"),
                        alarm=TOLD)])


@field
def ips_verdict_forward(stage):
    """The same on a router."""
    a, r, b = stage.router()
    r.feature("iptables-legacy -w 20 -A FORWARD -p udp -j NFQUEUE --queue-num 5")
    r.queue_judge(5, BAD)
    return Story(good_and_bad(a, b), [out_gap(r), arrived(b)],
                 [Found(r, "netfilter", "fwd", LOST, ALL, says=("queue",), never=("nft list ruleset", "nobody listens"),
                        alarm=TOLD)])


@field
def ips_verdict_v6(stage):
    """The same with IPv6."""
    a, b = pair6(stage)
    b.feature("ip6tables-legacy -w 20 -A INPUT -p udp -j NFQUEUE --queue-num 6")
    b.queue_judge(6, BAD, v6=True)
    return Story(good_and_bad(a, b), [arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("queue",), never=("nft list ruleset", "nobody listens"),
                        alarm=TOLD, off=6)])


@field
def ips_stalled(stage):
    """It stalls: its queue runs full and the kernel drops the rest. What waits is not lost."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -p udp -j NFQUEUE --queue-num 5")
    b.queue_stalled(5, 50)
    return Story(lambda: a.send(ALL, 100, b.address, BAD),
                 [Count("queue", lambda: truth.queue_dropped(b, 5), (3 * ALL - 50, 3 * ALL - 50))],
                 [Found(b, "netfilter", "rx", "queue", says=("queue",), never=RULE)])


@field
def ips_stalled_forward(stage):
    """The same on a router, and beside it traffic that does not meet the queue."""
    a, r, b = stage.router()
    r.feature("iptables-legacy -w 20 -A FORWARD -p udp --dport %d -j NFQUEUE --queue-num 7" % BAD)
    r.queue_stalled(7, 20)
    return Story(good_and_bad(a, b),
                 [Count("queue", lambda: truth.queue_dropped(r, 7), (3 * LOST - 20, 3 * LOST - 20)), arrived(b)],
                 [Found(r, "netfilter", "fwd", "queue", says=("queue",), never=RULE)])


def queue_of_own(stage, rules, number=7):
    """What a router sends itself goes through a queue that nobody reads, what it forwards does not."""
    a, r, b = stage.router()
    for rule in rules:
        r.feature(rule)
    r.queue_stalled(number, 20)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        r.send(LOST, 100, b.address, BAD)

    return Story(round_,
                 [Count("queue", lambda: truth.queue_dropped(r, number), (3 * LOST - 20, 3 * LOST - 20))],
                 [Found(r, "netfilter", "tx", "queue", says=("queue",), never=RULE)])


@field
def ips_stalled_output(stage):
    """A full queue of what a router sends itself: nothing of what it forwards is lost."""
    return queue_of_own(stage, ["iptables-legacy -w 20 -A OUTPUT -p udp --dport %d -j NFQUEUE --queue-num 7" % BAD])


@field
def ips_stalled_output_nft(stage):
    """The same in nftables, from a chain that OUTPUT jumps to, with bypass; and another queue for INPUT and FORWARD."""
    return queue_of_own(stage, ["iptables-nft -w 20 -N ips",
                                "iptables-nft -w 20 -A ips -p udp --dport %d -j NFQUEUE --queue-num 7 --queue-bypass" % BAD,
                                "iptables-nft -w 20 -A OUTPUT -j ips",
                                "iptables-nft -w 20 -A INPUT -p tcp -j NFQUEUE --queue-num 8 --queue-bypass",
                                "iptables-nft -w 20 -A FORWARD -p tcp -j NFQUEUE --queue-num 8 --queue-bypass"])


@field_of("gap")
def ips_stalled_output_61(stage):
    """The same before Linux 6.7, where IP does not miss them."""
    return queue_of_own(stage, ["iptables-legacy -w 20 -A OUTPUT -p udp --dport %d -j NFQUEUE --queue-num 7" % BAD])


@field_of("gap")
def ipvs_gone(stage):
    """The pod of a long flow is gone: IPVS discards what still follows its entry."""
    a, r, b = stage.router()
    r.ip("addr add 10.96.0.10/32 dev lo")
    r.ipvs_add("10.96.0.10:53", ["10.9.2.2:5353"])
    b.reader(5353)
    b.reader(WANTED)
    a.send(3, 50, "10.96.0.10", 53, source_port=34567)
    r.ipvs_remove("10.96.0.10:53", "10.9.2.2:5353")

    def round_():
        a.send(GOOD, 50, b.address, WANTED)
        a.send(LOST, 50, "10.96.0.10", 53, source_port=34567)

    return Story(round_, [arrived(b)],
                 [Found(r, "netfilter", "rx", LOST, ALL, says=("IPVS", "10.9.2.2:5353"), tells=("IPVS",), off=3, never=RULE,
                        alarm=TOLD)])


@field_of("gap")
def ipvs_gone_one(stage):
    """One of two servers is gone, and a long flow of each goes on."""
    a, r, b = stage.router()
    r.ip("addr add 10.96.0.10/32 dev lo")
    r.ipvs_add("10.96.0.10:53", ["10.9.2.2:5353", "10.9.2.2:5354"])
    for port in (5353, 5354):
        b.reader(port)
        a.send(3, 50, "10.96.0.10", 53, source_port=30000 + port)
    r.ipvs_remove("10.96.0.10:53", "10.9.2.2:5354")

    def round_():
        for port in (5353, 5354):
            a.send(LOST, 50, "10.96.0.10", 53, source_port=30000 + port)

    return Story(round_, [arrived(b, 5353, LOST)],
                 [Found(r, "netfilter", "rx", LOST, 2 * LOST, says=("IPVS", "10.9.2.2:5354"), tells=("IPVS",), off=3,
                        never=RULE,
                        alarm=TOLD)])


# Limits and meters without counters.


@field
def meter(stage):
    """A meter for each source, without a counter: what is above it is dropped."""
    a, b = stage.pair()
    b.nft("""table ip lim {
set talkers { type ipv4_addr; flags dynamic; timeout 1m; }
chain input { type filter hook input priority 0; policy accept;
udp dport %d update @talkers { ip saddr limit rate over 10/second burst 5 packets } drop comment "per source"
udp dport 5003 ct state new ct count over 10 drop comment "too many flows"
}
}
""" % BAD)
    b.reader(BAD)
    send = good_and_bad(a, b)
    return Story(send, [Count("gap", in_gap(b).read, (2 * LOST, 3 * LOST)), arrived(b)],
                 [Found(b, "netfilter", "rx", "gap", ALL, says=("ip lim input", "per source"), tells=("ip lim input",),
                        alarm=TOLD)])


@field
def rate_limit(stage):
    """A plain limit on a router, inet and IPv6."""
    a, r, b = stage.router6()
    r.nft(chain('udp dport %d limit rate over 5/second burst 5 packets drop comment "slowly"' % BAD, "forward",
                table="inet lim"))
    send = good_and_bad(a, b)
    return Story(send, [arrived(b)],
                 [Found(r, "netfilter", "fwd", 33, ALL, says=("inet lim forward", "slowly"),
                        tells=("inet lim forward",), off=20, alarm=TOLD)])


@field
def connection_limit(stage):
    """ct count: more flows than are allowed."""
    a, b = stage.pair()
    b.nft(chain('udp dport %d ct state new ct count over 10 drop comment "too many flows"' % BAD, table="ip lim"))
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.flow_each(LOST, 100, b.address, BAD)

    return Story(round_, [Count("gap", in_gap(b).read, (2 * LOST, 3 * LOST)), arrived(b)],
                 [Found(b, "netfilter", "rx", "gap", ALL, says=("ip lim input", "too many flows"),
                        tells=("ip lim input",), alarm=TOLD)])


# Rules without a counter.


@field
def kill_switch(stage):
    """A VPN client's kill switch: an output chain with a policy that drops, and no counters."""
    a, b = stage.pair()
    a.nft(chain("oif lo accept\nudp dport %d accept" % WANTED, "output", "drop", "inet vpn"))
    return Story(good_and_bad(a, b), [out_gap(a), snmp(a, "IpOutDiscards"), arrived(b)],
                 [Found(a, "netfilter", "tx", LOST, ALL, says=("policy", "inet vpn output"), alarm=TOLD)])


@field
def kill_switch_v6(stage):
    """The same with IPv6, in a table of family ip6."""
    a, b = pair6(stage)
    a.nft(chain("meta l4proto ipv6-icmp accept\nudp dport %d accept" % WANTED, "output", "drop", "ip6 vpn"))
    return Story(good_and_bad(a, b), [arrived(b)],
                 [Found(a, "netfilter", "tx", LOST, ALL, says=("policy", "ip6 vpn output"), off=6, alarm=TOLD)])


@field
def fail2ban(stage):
    """fail2ban has banned a customer: a set, a reject, no counter."""
    a, b = stage.pair()
    b.nft("""table inet f2b-table {
set addr-set-sshd { type ipv4_addr; elements = { 10.9.0.1 }; }
chain f2b-chain { type filter hook input priority -1; policy accept;
tcp dport { 22, 2222 } ip saddr @addr-set-sshd reject
}
}
""")
    b.listen(2222)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.scan([2222] * LOST, b.address)

    return Story(round_, [in_gap(b), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("inet f2b-table f2b-chain",), alarm=TOLD)])


@field
def uncounted_goto(stage):
    """Two chains deep, in an ip6 table."""
    a, b = pair6(stage)
    b.nft("table ip6 t {\nchain deep {\nudp dport %d drop\n}\nchain sub {\nmeta l4proto udp goto deep\n}\n"
          "chain in { type filter hook input priority 0; policy accept;\njump sub\n}\n}\n" % BAD)
    return Story(good_and_bad(a, b), [arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("ip6 t deep",), off=6, alarm=TOLD)])


# Martians: only the host counts them. In a machine of their own, or they would be anybody's.


@field_of("hostwide")
def martian_source(stage):
    """Policy routing by mark while src_valid_mark is on: what is to be forwarded dies as a martian."""
    a, r, b = stage.router()
    r.sysctl("net/ipv4/conf/all/src_valid_mark", 1)
    r.ip("rule add fwmark 1 lookup 100")
    r.ip("route add local default dev lo table 100")
    r.feature("iptables-legacy -w 20 -t mangle -A PREROUTING -i r0 -p udp --dport %d -j MARK --set-mark 1" % BAD)
    return Story(good_and_bad(a, b), [in_gap(r), arrived(b)],
                 [Found(r, "ip", "rx", LOST, ALL, says=("martian", "in_martian_src"), tells=("martian",), never=RULE,
                        alarm=TOLD)], host=True)


@field_of("bridges")  # where no other packets vanish in IP, nor are there martians of another kind
def martian_destination(stage):
    """DNAT to 127.0.0.1 while route_localnet is off: the destination is the martian."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -t nat -A PREROUTING -p udp --dport %d -j DNAT --to 127.0.0.1" % BAD)
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)],
                 [Found(b, "ip", "rx", LOST, ALL, says=("martian", "in_martian_dst"), tells=("martian",), never=RULE,
                        alarm=TOLD)], host=True)


@field_of("hostwide")
def martian_spoofed(stage):
    """A source address of the loopback network."""
    a, b = stage.pair()
    b.reader(WANTED)
    mac = truth.mac(b, "b0")
    wrong = packets.udp4("127.0.0.9", b.address, BAD).hex()

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.frames_of("a0", mac, [wrong] * LOST)

    return Story(round_, [in_gap(b), arrived(b)],
                 [Found(b, "ip", "rx", LOST, ALL, says=("martian", "in_martian_src"), tells=("martian",), never=RULE,
                        alarm=TOLD)], host=True)


@field_of("hostwide")
def martian_elsewhere(stage):
    """As many packets meet a blackhole route while others are martians in other namespaces: no martian was here."""
    return route_of(stage, "blackhole")


# Programs.


@field
def cgroup_udp(stage):
    """systemd's IPAddressDeny: a program of a cgroup discards what is for a service."""
    a, b = stage.pair()
    c = denied(b)
    return Story(good_and_bad(a, b), [snmp(b, "UdpInErrors"), arrived(b)],
                 [Found(b, "udp", "rx", LOST, ALL, says=("filter", str(BAD)), never=("checksum",),
                        alarm=TOLD)], finish=c)


class Service(Agent):
    """An agent that sees the cgroups of the host, which `ip netns exec` hides."""

    def __init__(self, name):
        self.process = subprocess.Popen(
            ["nsenter", "--net=/run/netns/" + name, sys.executable, os.path.join(HERE, "agent.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def denied(b, egress=False, v6=False):
    """An agent of its own in the namespace: the cgroup has to be its alone."""
    name = "pktloss-" + b.name
    service = Service(b.name)
    try:
        service.call("cgroup_deny", name, BAD, egress, v6)
    except RuntimeError as e:
        service.stop()
        raise Skip("no program in a cgroup: %s" % e)
    if not egress:
        service.call("reader", BAD)  # a socket belongs to where it was made

    def end():
        service.stop()
        for root in ("/sys/fs/cgroup/unified/", "/sys/fs/cgroup/"):
            if os.path.isdir(root + name):
                wait_until("the cgroup to be empty", lambda: not open(root + name + "/cgroup.procs").read(), 3)
                os.rmdir(root + name)
    end.service = service
    return end


@field
def cgroup_egress(stage):
    """A program of a cgroup discards what a service sends."""
    a, b = stage.pair()
    end = denied(a, egress=True)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        end.service.call("send", LOST, 100, b.address, BAD)

    return Story(round_, [arrived(b)],
                 [Found(a, "ip|netfilter|udp|unexplained", "tx", LOST, ALL, kind="loss|unexplained", says=(),
                        never=RULE)],
                 finish=end)


@field
def tcx_ingress(stage):
    """A program attached by tcx drops what comes in: no counter of the kernel tells."""
    a, b = stage.pair()
    send = good_and_bad(a, b)
    tcx(b, "b0")
    return Story(send, [snmp(b, "IpInReceives", GOOD), arrived(b)],
                 [Found(b, "link", "rx", LOST, ALL, place="b0", kind="policy", says=("tcx",), never=RULE, told=True)])


@field
def tcx_egress(stage):
    """A program attached by tcx drops what is sent: IP knows that it was discarded, and by nobody else."""
    a, b = stage.pair()
    send = good_and_bad(a, b)
    tcx(a, "a0", egress=True)
    return Story(send, [snmp(a, "IpOutDiscards"), arrived(b)],
                 [Found(a, "link|qdisc|ip|udp|unexplained", "tx", LOST, ALL, place="|a0", kind="loss|unexplained",
                        never=RULE)])


@field
def netdev_egress(stage):
    """A rule of family netdev drops behind IP, without a counter; those on the way in and of IP are no suspects."""
    a, b = stage.pair()
    send = good_and_bad(a, b)
    a.nft("table inet s {\nchain o {\ntype filter hook output priority 0;\nudp dport 7 drop\n}\n}\n"
          "table netdev t {\nchain i {\ntype filter hook ingress device a0 priority 0;\nudp dport 7 drop\n}\n"
          "chain e {\ntype filter hook egress device a0 priority 0;\nudp dport %d drop\n}\n}\n" % BAD)
    return Story(send, [snmp(a, "IpOutDiscards"), arrived(b)],
                 [Found(a, "ip|netfilter", "tx", LOST, ALL, says=("rule handle", "of netdev t e"),
                        never=("bpf", "more"))])


def tcx(ns, interface, **how):
    try:
        ns.tcx(interface, BAD, **how)
    except RuntimeError as e:
        raise Skip("no tcx: %s" % e)


# Gaps that nothing explains.


def source_routed(source, to, via, port):
    """A datagram with a loose source route, which hosts refuse without a word."""
    options = struct.pack("!BBB4sB", 131, 7, 4, bytes(map(int, via.split("."))), 0)
    plain = packets.udp4(source, to, port)
    head = bytes([0x47]) + plain[1:2] + struct.pack("!H",
                                                    len(plain) + 8) + plain[4:10] + bytes(2) + plain[12:20] + options
    return (head[:10] + struct.pack("!H", packets.checksum(head)) + head[12:] + plain[20:]).hex()


@field
def unexplained(stage):
    """IP discards source routes without a counter, and no firewall is there: listed, and nobody is blamed or paged."""
    a, b = stage.pair()
    b.reader(WANTED)
    mac = truth.mac(b, "b0")
    wrong = source_routed(a.address, b.address, "10.9.0.7", WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.frames_of("a0", mac, [wrong] * LOST)

    return Story(round_, [in_gap(b), arrived(b)],
                 [Found(b, "unexplained|ip", "rx", LOST, ALL, kind="unexplained", never=RULE)])


@field
def unexplained_counted(stage):
    """The same where a firewall counts all that it drops: it is no suspect."""
    a, b = stage.pair()
    b.nft(chain("udp dport %d counter drop\nct state invalid counter drop" % BAD))
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport 5003 -j DROP")
    send = good_and_bad(a, b)
    mac = truth.mac(b, "b0")
    wrong = source_routed(a.address, b.address, "10.9.0.7", WANTED)

    def round_():
        send()
        a.frames_of("a0", mac, [wrong] * LOST)

    return Story(round_, [in_gap(b, 2 * LOST), arrived(b)],
                 [Found(b, "unexplained|ip", "rx", LOST, ALL + LOST, kind="unexplained", never=RULE),
                  Found(b, "netfilter", "rx", LOST, ALL + LOST, kind="policy", says=("ip t input",))])


@field
def unexplained_forward(stage):
    """The same with what a router is to forward."""
    a, r, b = stage.router()
    b.reader(WANTED)
    mac = truth.mac(r, "r0")
    wrong = source_routed(a.address, "10.9.1.2", "10.9.2.2", WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.frames_of("a0", mac, [wrong] * LOST)

    return Story(round_, [in_gap(r), arrived(b)],
                 [Found(r, "unexplained|ip", "rx|fwd", LOST, ALL, kind="unexplained", never=RULE)])


# Gaps that something else hides.


@field
def stream_and_rule(stage):
    """A multicast stream that is delivered must not hide an uncounted rule."""
    a, b = stage.pair()
    a.ip("route add 224.0.0.0/4 dev a0")
    b.nft(chain("udp dport %d drop" % BAD))
    b.join("239.1.1.1", 5004, b.address)
    send = good_and_bad(a, b)

    def round_():
        send()
        a.send(2 * LOST, 500, "239.1.1.1", 5004)

    return Story(round_, [Count("gap", in_gap(b).read, (3 * LOST, 3 * LOST + 3)), arrived(b),
                          arrived(b, 5004, 2 * LOST)],
                 [Found(b, "netfilter", "rx", LOST, ALL + 2 * LOST, says=("ip t input",), off=3, alarm=TOLD)])



@field
def vrrp_refused(stage):
    """keepalived's split brain: joined, and an input chain without a counter never lets VRRP in."""
    a, b = stage.pair()
    a.ip("route add 224.0.0.0/4 dev a0")
    b.nft(chain("ct state established,related accept\nudp dport %d accept" % WANTED, policy="drop",
                table="inet filter"))
    b.join_raw("224.0.0.18", 112, b.address)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.raw(LOST, 20, "224.0.0.18", 112)

    return Story(round_, [Count("gap", in_gap(b).read, (3 * LOST, 3 * LOST + 3)), arrived(b), arrived(b, "raw112", 0)],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("inet filter input",), off=3, alarm=TOLD)])


@field
def vrrp_refused_rule(stage):
    """The same by a legacy rule that counts: a policy."""
    a, b = stage.pair()
    a.ip("route add 224.0.0.0/4 dev a0")
    b.feature("iptables-legacy -w 20 -A INPUT -p 112 -j DROP")
    b.join_raw("224.0.0.18", 112, b.address)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.raw(LOST, 20, "224.0.0.18", 112)

    return Story(round_, [Count("rule", lambda: truth.rule(b, "INPUT", 1), LOST), arrived(b), arrived(b, "raw112", 0)],
                 [Found(b, "netfilter", "rx", LOST, ALL, kind="policy", says=("input", "rule 1"))])


@field
def vrrp_heard(stage):
    """VRRP that is heard: nothing is lost, whatever the firewall could do."""
    a, b = stage.pair()
    a.ip("route add 224.0.0.0/4 dev a0")
    b.nft(chain("ip protocol 112 accept\nigmp type membership-report-v1 accept\nudp dport %d accept" % WANTED,
                policy="drop",
                table="inet filter"))
    b.join_raw("224.0.0.18", 112, b.address)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.raw(LOST, 20, "224.0.0.18", 112)

    return Story(round_, [arrived(b), arrived(b, "raw112", LOST)])
