# SPDX-License-Identifier: MIT
"""Firewalls of nftables that end in a rule without a counter, as firewalld's do: it is as good as a policy.

And who of several without a counter is named: not the rule of the other family,
and the one that other counters speak against.
"""

import packets
import truth
from field import (BAD, LOST, TOLD, WANTED, Count, Found, Story, arrived, field, good_and_bad, in_gap, pair6,
                   to_ports)
from field_gap import FIRST, chain
from field_healthy import goodness, noisy_neighbour, with_broadcast
from field_rules import LEGACY, by_rate
from field_uncounted import FEW, both

FIREWALLD = """table inet firewalld {
chain mangle_PREROUTING { %s
meta nfproto ipv6 fib saddr . mark . iif oif missing drop
}
chain filter_INPUT { %s
ct state { established, related } accept
iifname "lo" accept
ct state invalid drop
%s
reject with icmpx admin-prohibited
}
chain filter_FORWARD { %s
ct state { established, related } accept
ct state invalid drop
jump filter_public
reject with icmpx admin-prohibited
}
chain blocked {
drop
}
chain filter_public {
udp dport %d accept
udp dport %d jump blocked
}
chain filter_zone {
udp dport %d accept
meta l4proto { icmp, ipv6-icmp } accept
reject with icmpx admin-prohibited
}
}
"""


def firewalld(zone="jump filter_public"):
    return FIREWALLD % (FIRST % ("prerouting", "accept"), FIRST % ("input", "accept"), zone,
                        FIRST % ("forward", "accept"), WANTED, BAD, WANTED)


def scans(a, b):
    return lambda: a.scan(list(range(1000, 1000 + FEW)), b.address)


def policy(ns, says, n=FEW, direction="rx", alarm=None, **how):
    return Found(ns, "netfilter", direction, n, None, kind="policy", says=says, alarm=alarm, **how)


def loss(ns, says, n=LOST, direction="rx", **how):
    return Found(ns, "netfilter", direction, n, None, says=says, alarm=TOLD, **how)


@field
def last_rule_scans(stage):
    """Scans meet the last rule of firewalld, which refuses and counts nothing: policy, and no word worth."""
    a, b = stage.pair()
    b.nft(firewalld())
    return Story(both(goodness(a, b), scans(a, b)), [in_gap(b, FEW), arrived(b)],
                 [policy(b, ("firewalld filter_input", "reject"))])


@field
def last_rule_of_zone(stage):
    """The same in the chain of a zone, to which an interface sends all that comes."""
    a, b = stage.pair()
    b.nft(firewalld('iifname "b0" goto filter_zone'))
    return Story(both(goodness(a, b), scans(a, b)), [in_gap(b, FEW), arrived(b)],
                 [policy(b, ("inet firewalld", "reject"))])


@field
def last_rule_v6(stage):
    """The same with IPv6."""
    a, b = pair6(stage)
    b.nft(firewalld("meta l4proto ipv6-icmp accept\njump filter_public"))
    return Story(both(goodness(a, b), scans(a, b)), [arrived(b)],
                 [policy(b, ("inet firewalld",), off=3, optional=True)])


@field
def last_rule_forward(stage):
    """The same of a router, whose rule for input is not the one."""
    a, r, b = stage.router()
    r.nft(firewalld())
    return Story(both(goodness(a, b), scans(a, b)), [arrived(b)],
                 [policy(r, ("firewalld filter_forward",), direction="fwd", off=3)])


@field
def last_rule_noise(stage):
    """mDNS, SSDP and broadcasts of the LAN meet it: no failure."""
    a, b = with_broadcast(stage)
    b.nft(firewalld())
    return Story(both(goodness(a, b), noisy_neighbour(a), lambda: a.send(FEW, 60, "10.9.0.255", 137, broadcast=True)),
                 [arrived(b)], [policy(b, ("firewalld",), alarm=None, optional=True)])


@field
def last_rule_loss(stage):
    """More than a tenth of what comes meets it, to a port that is closed by mistake: that is lost."""
    a, b = stage.pair()
    b.nft(firewalld("jump filter_public").replace("udp dport %d jump blocked\n" % BAD, ""))
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)], [loss(b, ("firewalld filter_input",))])


@field
def called_rule_loss(stage):
    """A rule sends what it matches to a chain that only drops: no policy, and few or not they are lost."""
    a, b = stage.pair()
    b.nft("table ip t {\nchain blocked {\ndrop\n}\nchain input { %s\nudp dport %d jump blocked\n}\n}\n" % (
        FIRST % ("input", "accept"), BAD))
    return Story(good_and_bad(a, b, bad=FEW), [in_gap(b, FEW), arrived(b)], [loss(b, ("ip t blocked",), FEW)])


@field
def banned_by_set(stage):
    """An address of a set is refused without a counter, as fail2ban does: by what it matches, so it is lost."""
    a, b = stage.pair()
    b.nft("table inet t {\nset banned { type ipv4_addr\nelements = { 10.9.0.1 } }\nchain input { %s\n"
          "udp dport %d ip saddr @banned reject\n}\n}\n" % (FIRST % ("input", "accept"), BAD))
    return Story(good_and_bad(a, b, bad=FEW), [in_gap(b, FEW), arrived(b)], [loss(b, ("inet t input",), FEW)])


# A limit of the answers.


@field
def limit_of_answers(stage):
    """Up to a rate packets are refused with an answer, and dropped without one beyond it: all of it is policy."""
    a, b = stage.pair()
    b.nft(chain("udp dport %d accept\nlimit rate 5/second burst 5 packets counter reject\ncounter" % WANTED,
                policy="drop", table="inet fw"))
    return Story(both(goodness(a, b), scans(a, b)), [in_gap(b, FEW), arrived(b)], [policy(b, ("inet fw input",))],
                 reasons=None)


@field
def limit_of_answers_legacy(stage):
    """The same of legacy iptables, whose last rule drops."""
    a, b = stage.pair()
    for rule in ("-p udp --dport %d -j ACCEPT" % WANTED, "-m limit --limit 5/s -j REJECT", "-j LOG", "-j DROP"):
        b.feature("%s -A INPUT %s" % (LEGACY, rule))
    return Story(both(goodness(a, b), scans(a, b)), [arrived(b)], [policy(b, ("ip filter input",))])


@field
def limit_that_loses(stage):
    """What is above the rate passes: the rule drops by it, so that is lost."""
    a, b = stage.pair()
    b.nft(chain("udp dport %d limit rate 30/second burst 30 packets counter reject" % BAD))
    return Story(to_ports(a, b.address), [Count("rule", lambda: truth.nft_rule(b, "ip t input", 1), (60, 3 * LOST)),
                                          arrived(b)], by_rate(a, b, "ip t input", "limit"))


@field
def limit_that_loses_legacy(stage):
    """The same of legacy iptables, before a rule that drops something else."""
    a, b = stage.pair()
    for rule in ("-p udp --dport %d -m limit --limit 30/s --limit-burst 30 -j REJECT" % BAD, "-p udp --dport 7 -j DROP"):
        b.feature("%s -A INPUT %s" % (LEGACY, rule))
    return Story(to_ports(a, b.address), [Count("rule", lambda: truth.rule(b, "INPUT", 1), (60, 3 * LOST)), arrived(b)],
                 by_rate(a, b, "ip filter input", "limit"))


# Who of several is named.


RULES = "meta nfproto ipv6 udp dport 7777 drop\nip6 saddr fd55::/16 drop\nmeta nfproto ipv4 udp dport %d drop" % BAD
RULES6 = "meta nfproto ipv4 udp dport 7777 drop\nip saddr 10.55.0.0/16 drop\nmeta nfproto ipv6 udp dport %d drop" % BAD


@field
def family_of_rule(stage):
    """In a table of inet, rules of IPv6 cannot have dropped IPv4."""
    a, b = stage.pair()
    b.nft(chain(RULES, table="inet t"))
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)],
                 [loss(b, ("rule handle 4",), never=("handle 2", "handle 3", "more"))])


@field
def family_of_rule_v6(stage):
    """Nor those of IPv4 IPv6."""
    a, b = pair6(stage)
    b.nft(chain(RULES6, table="inet t"))
    return Story(good_and_bad(a, b), [arrived(b)],
                 [loss(b, ("rule handle 4",), never=("handle 2", "handle 3", "more"), off=3)])


@field
def family_of_chain(stage):
    """Nor what only IPv6 is sent to."""
    a, b = stage.pair()
    b.nft("table inet t {\nchain six {\nudp dport 7777 drop\n}\nchain four {\nudp dport %d drop\n}\n"
          "chain input { %s\nmeta nfproto ipv6 jump six\nmeta nfproto ipv4 jump four\n}\n}\n" % (
              BAD, FIRST % ("input", "accept")))
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)], [loss(b, ("inet t four",), never=("t six", "more"))])


@field
def invalid_is_named(stage):
    """As many vanish as conntrack calls invalid: the rule that drops these did, and not the first of all."""
    a, b = stage.pair()
    b.nft(chain("udp dport 7777 drop\nct state invalid drop", table="inet t"))
    spoilt = packets.udp4(a.address, b.address, BAD, spoil=1).hex()
    mac = truth.mac(b, "b0")
    return Story(both(goodness(a, b), lambda: a.frames_of("a0", mac, [spoilt] * LOST)), [in_gap(b), arrived(b)],
                 [loss(b, ("rule handle 3",), never=("handle 2",))])


@field
def invalid_is_not_named(stage):
    """None was invalid: it is the other."""
    a, b = stage.pair()
    b.nft(chain("udp dport %d drop\nct state invalid drop" % BAD, table="inet t"))
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)], [loss(b, ("rule handle 2",), never=("handle 3",))])


@field
def answered_is_named(stage):
    """The senders were told by ICMP: the rule that refuses did it, and not the first of all."""
    a, b = stage.pair()
    b.nft(chain("udp dport 7777 drop\nudp dport %d reject" % BAD, table="inet t"))
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)], [loss(b, ("rule handle 3",), never=("handle 2",))])
