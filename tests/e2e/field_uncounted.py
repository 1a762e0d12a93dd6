# SPDX-License-Identifier: MIT
"""Hosts with the usual firewall of nftables: what no rule lets pass meets the policy of its chain, which has no counter.

What comes for groups that nobody joined never meets it, and what it drops is mostly what nobody misses.
"""

import itertools

import packets
import truth
from field import (ALL, ANY, BAD, GOOD, LOST, TOLD, WANTED, Count, Found, Story, arrived, field, good_and_bad, in_gap,
                   listening_bridge, pair6, to_ports)
from field_gap import RULE, chain, source_routed
from field_healthy import MDNS6, goodness, noisy_neighbour, with_broadcast
from lab import add_address

MDNS = "01:00:5e:00:00:fb"
FEW = 11  # less than a tenth of what comes, and more than an alarm needs


def usual(more=""):
    return chain("ct state established,related accept\nct state invalid drop\nudp dport %d accept\n%s" % (WANTED, more),
                 policy="drop", table="inet fw")


def both(*parts):
    def round_():
        for part in parts:
            part()
    return round_


@field
def usual_mdns(stage):
    """mDNS and SSDP of the neighbour, that nobody joined, over a veth: nothing is lost."""
    a, b = stage.pair()
    b.nft(usual())
    return Story(both(goodness(a, b), noisy_neighbour(a)), [in_gap(b, 2 * LOST), arrived(b)])


@field
def usual_mdns_bridge(stage):
    """The same of containers at a bridge, that a LAN's frames come over: who sent them is not known."""
    r, a, b = listening_bridge(stage)
    add_address(r, "br0", "10.9.0.254/24")
    for ns in (r, b):
        ns.nft(usual())
    mdns = packets.udp4(a.address, "224.0.0.251", 5353).hex()
    return Story(both(goodness(a, b), lambda: a.frames_of("a0", MDNS, [mdns] * LOST)), [in_gap(b), arrived(b)])


@field
def usual_mdns_route(stage):
    """The same beside a route that discards, which nothing uses."""
    a, b = stage.pair()
    b.ip("route add blackhole 10.0.0.0/8")
    return Story(both(goodness(a, b), noisy_neighbour(a)), [in_gap(b, 2 * LOST), arrived(b)])


@field
def usual_mdns_and_loss(stage):
    """As much mDNS as the policy drops of what somebody sends to a port that is closed by mistake."""
    a, b = stage.pair()
    b.nft(usual())
    return Story(both(good_and_bad(a, b), noisy_neighbour(a, LOST // 2)), [in_gap(b, 2 * LOST), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL + LOST, says=("inet fw input",), off=3, alarm=TOLD)])


@field
def usual_scans(stage):
    """Scans that the policy drops, less than a tenth of what comes: policy, and no word worth."""
    a, b = stage.pair()
    b.nft(usual())
    good = goodness(a, b)
    return Story(both(good, lambda: a.scan(list(range(1000, 1000 + FEW)), b.address)), [in_gap(b, FEW), arrived(b)],
                 [Found(b, "netfilter", "rx", FEW, GOOD + FEW, kind="policy", says=("inet fw input",), alarm=None)])


@field
def usual_scans_v6(stage):
    """The same with IPv6, in a table of family ip6."""
    a, b = pair6(stage)
    b.nft(chain("meta l4proto ipv6-icmp accept\nudp dport %d accept" % WANTED, policy="drop", table="ip6 fw"))
    return Story(both(goodness(a, b), lambda: a.scan(list(range(1000, 1000 + FEW)), b.address)), [arrived(b)],
                 [Found(b, "netfilter", "rx", FEW, GOOD + FEW, kind="policy", says=("ip6 fw input",), alarm=None, off=3,
                        optional=True)])


@field
def usual_broadcasts(stage):
    """Broadcasts of the neighbours meet the policy: dropped on purpose, however many, and never a failure."""
    a, b = with_broadcast(stage)
    b.nft(usual())
    return Story(both(goodness(a, b), lambda: a.send(LOST, 60, "10.9.0.255", 137, broadcast=True)),
                 [in_gap(b), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, kind="policy", says=("inet fw input",))])


@field
def usual_broadcasts_ignored(stage):
    """Broadcasts that are let in and nobody reads are dropped by none: what a rule drops beside them is lost."""
    a, b = with_broadcast(stage)
    b.nft(chain("udp dport %d drop" % BAD))
    return Story(both(good_and_bad(a, b), lambda: a.send(LOST, 60, "10.9.0.255", 137, broadcast=True)),
                 [in_gap(b), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL + LOST, says=("ip t input",), alarm=TOLD)])


@field
def usual_broadcasts_and_loss(stage):
    """Broadcasts and somebody's packets meet the policy: each its own."""
    a, b = with_broadcast(stage)
    b.nft(usual())
    return Story(both(good_and_bad(a, b), lambda: a.send(LOST, 60, "10.9.0.255", 137, broadcast=True)),
                 [in_gap(b, 2 * LOST), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL + LOST, says=("inet fw input",), alarm=TOLD),
                  Found(b, "netfilter", "rx", LOST, ALL + LOST, kind="policy", says=("inet fw input",), alarm=None)])


# Who can have met what vanished.


def lost(ns, n=LOST, total=None, **how):
    return Found(ns, "netfilter", "rx", n, total, says=("ip t input",), alarm=TOLD, **how)


@field
def own_mdns(stage):
    """Who speaks mDNS at a bridge does not hear itself: what its rule drops is lost."""
    _, a, b = listening_bridge(stage)
    b.nft(chain("udp dport %d drop" % BAD))
    b.ip("route add 224.0.0.0/4 dev b0")
    return Story(both(good_and_bad(a, b), lambda: b.send(LOST, 60, "224.0.0.251", 5353)), [in_gap(b), arrived(b)],
                 [lost(b, total=ALL)])


@field
def mdns_v6_beside_rule(stage):
    """IPv6's multicast at a bridge is none of IPv4's, also where IPv6 is switched off, and at the bridge's own host."""
    r, a, b = listening_bridge(stage)
    add_address(r, "br0", "10.9.0.254/24")
    for ns in (r, b):
        ns.nft(chain("udp dport %d drop" % BAD))
    r.reader(WANTED)
    to_b = good_and_bad(a, b)
    mdns = packets.mdns6("fe80::1").hex()
    return Story(both(to_b, to_ports(a, "10.9.0.254"), lambda: a.frames_of("a0", MDNS6, [mdns] * LOST)),
                 [in_gap(b), in_gap(r), arrived(b), arrived(r)], [lost(b), lost(r)])


@field
def mdns_of_many(stage):
    """The host of containers, which forwards, loses as many as a container speaks mDNS: not excused twice."""
    r, a, b = listening_bridge(stage)
    add_address(r, "br0", "10.9.0.254/24")
    r.nft(chain("udp dport %d drop" % BAD))
    r.reader(WANTED)
    a.ip("route add 224.0.0.0/4 dev a0")
    return Story(both(to_ports(a, "10.9.0.254"), lambda: a.send(LOST, 60, "224.0.0.251", 5353)),
                 [in_gap(r, 2 * LOST), arrived(r)], [lost(r)])


@field
def broadcasts_heard(stage):
    """Broadcasts that a program reads were not dropped: what a rule drops without a counter is lost."""
    a, b = with_broadcast(stage)
    b.nft(chain("udp dport %d drop" % BAD))
    b.reader(137)
    return Story(both(good_and_bad(a, b), lambda: a.send(LOST, 60, "10.9.0.255", 137, broadcast=True)),
                 [in_gap(b), arrived(b), arrived(b, 137, LOST)], [lost(b, total=ALL + LOST)])


@field
def broadcasts_counted(stage):
    """Those that a rule counts are its own, not that of the rule that does not."""
    a, b = with_broadcast(stage)
    b.nft(chain("udp dport 137 counter drop\nudp dport %d drop" % BAD))
    return Story(both(good_and_bad(a, b), lambda: a.send(LOST, 60, "10.9.0.255", 137, broadcast=True)),
                 [in_gap(b, 2 * LOST), arrived(b)],
                 [lost(b, total=ALL + LOST),
                  Found(b, "netfilter", "rx", LOST, ALL + LOST, kind="policy", says=("ip t input",), alarm=None)])


@field
def wrong_chain(stage):
    """What vanished came in, and only what is forwarded or sent meets the rules: nobody is suspected."""
    a, b = stage.pair()
    b.nft(chain("udp dport 9 accept", hook="forward", policy="drop", table="ip f"))
    b.nft(chain("ct state established accept\nudp dport 9 drop", hook="output", table="inet o"))
    mac = truth.mac(b, "b0")
    wrong = source_routed(a.address, b.address, "10.9.0.7", WANTED)
    return Story(both(goodness(a, b), lambda: a.frames_of("a0", mac, [wrong] * LOST)), [in_gap(b), arrived(b)],
                 [Found(b, "unexplained", "rx", LOST, ALL, kind="unexplained", never=RULE)])


@field
def wrong_policy(stage):
    """A rule without a counter, and a policy that drops, but of what is forwarded: the rule's are lost, few or not."""
    a, b = stage.pair()
    b.nft(chain("udp dport %d drop" % BAD))
    b.nft(chain("", hook="forward", policy="drop", table="ip f"))
    return Story(good_and_bad(a, b, bad=FEW), [in_gap(b, FEW), arrived(b)], [lost(b, FEW, GOOD + FEW)])


@field
def by_random(stage):
    """nft's "meta random": drops by chance, so it is no policy."""
    a, b = stage.pair()
    b.nft(chain("udp dport %d meta random < 2147483648 counter drop" % BAD))
    return Story(good_and_bad(a, b, bad=4 * LOST),
                 [Count("dropped", lambda: truth.nft_rule(b, "ip t input", 1), (4 * LOST, 8 * LOST)), arrived(b)],
                 [Found(b, "netfilter", "rx", "dropped", GOOD + 4 * LOST, says=("statistic 0.5",))])


# A next hop that does not answer, beside what vanishes without an answer.


def dead(r, **how):
    return Found(r, "neigh", "tx|fwd", LOST, None, says=("does not answer",), alarm=ANY, off=20, **how)


@field
def dead_beside_mdns(stage):
    """mDNS over a veth at a router without a firewall: nobody is told that it was dropped."""
    a, r, b = stage.router()
    return Story(both(goodness(a, b), noisy_neighbour(a), lambda: a.send(LOST, 60, "10.9.2.77", 9)),
                 [in_gap(r, 2 * LOST), arrived(b)], [dead(r)])


@field
def dead_beside_drop(stage):
    """A rule that drops without a counter, of IPv6: it answers nobody."""
    a, r, b = stage.router6()
    r.nft(chain("udp dport %d drop" % BAD, hook="forward", table="ip6 t"))
    return Story(both(good_and_bad(a, b), lambda: a.send(LOST, 60, "fd00:2::77", 9)), [arrived(b)],
                 [dead(r), Found(r, "netfilter", "fwd", LOST, None, says=("ip6 t forward",), alarm=TOLD)])


@field
def dead_beside_reset(stage):
    """Rules that count and answer with a TCP reset, legacy and nftables: that is no ICMP."""
    a, r, b = stage.router()
    r.feature("iptables-legacy -w 20 -A FORWARD -p tcp --dport 81 -j REJECT --reject-with tcp-reset")
    r.nft(chain("tcp dport 82 counter reject with tcp reset", hook="forward"))

    def refused():
        for port in (81, 82):
            a.count_refused(LOST // 2, b.address, port)

    return Story(both(goodness(a, b), refused, lambda: a.send(LOST, 60, "10.9.2.77", 9)), [arrived(b)],
                 [dead(r), Found(r, "netfilter", "fwd", LOST, None, kind="policy", alarm=ANY, off=3)])


@field
def reject_alone(stage):
    """The same rules when they answer with ICMP, counted or not: no next hop is dead."""
    a, r, b = stage.router()
    r.nft(chain("udp dport %d reject" % BAD, hook="forward"))
    return Story(good_and_bad(a, b), [arrived(b)],
                 [Found(r, "netfilter", "fwd", LOST, None, says=("ip t forward",), alarm=TOLD)])


# A table of inet may stand in front of IP.


def ingress(rules, device):
    return 'table inet i {\nchain g { type filter hook ingress device "%s" priority 0; policy accept;\n%s\n}\n}\n' % (
        device, rules)


@field
def inet_ingress(stage):
    """What a rule of inet drops at a device has not come to IP: it is no part of what IP misses."""
    a, b = stage.pair()
    b.nft(chain("udp dport %d drop" % BAD) + ingress("udp dport 7 counter drop", "b0"))
    return Story(both(good_and_bad(a, b), lambda: a.send(LOST, 60, b.address, 7)), [in_gap(b), arrived(b)],
                 [lost(b), Found(b, "netfilter", "rx", LOST, ALL + LOST, kind="policy", says=("inet i g",), alarm=None)])


def jumped_to(rules, *, device, input_):
    """A table of inet with a chain that one at a device sends to, and one of IP."""
    return ('table inet i {\nchain deep {\n%s\n}\n'
            'chain g { type filter hook ingress device "b0" priority 0; policy accept;\n%s\n}\n'
            "chain in { type filter hook input priority 0; policy accept;\n%s\n}\n}\n" % (rules, device, input_))


@field
def inet_ingress_jump(stage):
    """The same of a chain that the one at the device jumps to."""
    a, b = stage.pair()
    b.nft(chain("udp dport %d drop" % BAD) +
          jumped_to("counter drop", device="udp dport 7 jump deep", input_="udp dport 9 accept"))
    return Story(both(good_and_bad(a, b), lambda: a.send(LOST, 60, b.address, 7)), [in_gap(b), arrived(b)],
                 [lost(b), Found(b, "netfilter", "rx", LOST, ALL + LOST, kind="policy", says=("inet i deep",),
                                alarm=None)])


@field
def inet_ingress_shared(stage):
    """But what IP's packets are sent to as well has dropped what IP misses."""
    a, b = stage.pair()
    b.nft(jumped_to("counter drop", device="udp dport 7 jump deep", input_="udp dport %d jump deep" % BAD))
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, kind="policy", says=("inet i deep",))])


@field
def inet_ingress_uncounted(stage):
    """And one without a counter cannot have dropped what IP misses."""
    a, b = stage.pair()
    b.nft(ingress("udp dport 7 drop", "b0"))
    mac = truth.mac(b, "b0")
    wrong = source_routed(a.address, b.address, "10.9.0.7", WANTED)
    return Story(both(goodness(a, b), lambda: a.frames_of("a0", mac, [wrong] * LOST)), [in_gap(b), arrived(b)],
                 [Found(b, "unexplained", "rx", LOST, ALL, kind="unexplained", never=RULE)])


def misses(stage, rules):
    """A round in which IP discards packets while other rules replace those of a table, and drop nothing either."""
    a, b = stage.pair()
    ports = itertools.count(9000)
    table = rules(0).split(" {", 1)[0]
    mac = truth.mac(b, "b0")
    wrong = source_routed(a.address, b.address, "10.9.0.7", WANTED)

    def load():
        b.nft("%s\ndelete %s\n%s" % (table, table, rules(next(ports))))

    load()
    return b, both(goodness(a, b), lambda: a.frames_of("a0", mac, [wrong] * LOST), load)


@field
def netdev_replaced(stage):
    """Rules at a device that are loaded anew cannot have dropped it before, either."""
    b, round_ = misses(stage, lambda port: chain("udp dport %d counter drop" % port, hook="ingress device b0",
                                                 table="netdev t", name="g"))
    return Story(round_, [in_gap(b), arrived(b)],
                 [Found(b, "unexplained", "rx", LOST, ALL, kind="unexplained", never=RULE + ("replaced",))])


@field
def inet_ingress_replaced(stage):
    """Nor can those of inet, which one at a device jumps to."""
    b, round_ = misses(stage, lambda port: jumped_to("udp dport %d counter drop" % port,
                                                     device="udp dport 9000-9999 jump deep",
                                                     input_="udp dport 9 accept"))
    return Story(round_, [in_gap(b), arrived(b)],
                 [Found(b, "unexplained", "rx", LOST, ALL, kind="unexplained", never=RULE + ("replaced",))])


@field
def inet_replaced(stage):
    """But rules of IP can."""
    b, round_ = misses(stage, lambda port: chain("udp dport %d counter drop" % port, table="inet t"))
    return Story(round_, [in_gap(b), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, kind="policy|loss", says=("rules of inet t input",), told=False),
                  Found(b, "unexplained", "rx", LOST, ALL, kind="unexplained", says=("ip_rcv_finish_core",),
                        never=RULE + ("replaced",), told=True)])
