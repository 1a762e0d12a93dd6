# SPDX-License-Identifier: MIT
"""Hosts with the usual firewall of nftables: what no rule lets pass meets the policy of its chain, which has no counter.

What comes for groups that nobody joined never meets it, and what it drops is mostly what nobody misses.
"""

import packets
from field import (ALL, BAD, GOOD, LOST, TOLD, WANTED, Found, Story, arrived, field, good_and_bad, in_gap,
                   listening_bridge, pair6)
from field_gap import chain
from field_healthy import goodness, noisy_neighbour, with_broadcast
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
