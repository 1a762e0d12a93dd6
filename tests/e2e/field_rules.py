# SPDX-License-Identifier: MIT
"""Rule sets that live: rules come and go, are replaced and zeroed, while one of them drops.

A rule is known by its content. What it dropped is its, whatever happened around
it; what remains unknown was lost while the rules were replaced, never by a rule
without a counter. And rules of several firewalls at once: each has its own.
"""

import itertools

import truth
from field import (ALL, BAD, GOOD, LOST, TOLD, WANTED, WARNED, Count, Found, Story, arrived, field, in_gap,
                   listening_bridge, out_gap, pair6, to_ports)

HALF = LOST // 2
UNCOUNTED = ("firewall rule without", "`counter`", "no counter")
LEGACY, LEGACY6, NFT = "iptables-legacy -w 20", "ip6tables-legacy -w 20", "iptables-nft"


def living(a, b, change, address=None):
    """A round: half of the bad ones, the change, the other half, and the good ones."""
    b.reader(WANTED)
    address = address or b.address

    def round_():
        a.send(HALF, 100, address, BAD)
        change()
        a.send(HALF, 100, address, BAD)
        a.send(GOOD, 100, address, WANTED)
    return round_


def its_rule(ns, *says, direction="rx", **how):
    """The one that drops is known, and a policy."""
    return Found(ns, "netfilter", direction, LOST, ALL, kind="policy", says=says, never=UNCOUNTED,
                 **{"tells": says[:1], **how})


def replaced(ns, *says, direction="rx", **how):
    """What dropped has begun anew; a part may not be known to be its."""
    return Found(ns, "netfilter", direction, LOST, ALL, kind="policy|loss", says=says, never=UNCOUNTED,
                 together=True, **{"tells": (), **how})


def bans():
    """Addresses, one after the other."""
    return ("10.99.%d.%d" % (n // 250, n % 250 + 1) for n in itertools.count())


# A rule is inserted, deleted, added.


@field
def insert(stage):
    """Somebody bans an address: a rule is inserted before the one that drops."""
    a, b = stage.pair()
    b.feature(LEGACY + " -A INPUT -p udp --dport %d -j DROP" % BAD)
    banned = bans()
    round_ = living(a, b, lambda: b.tool(LEGACY + " -I INPUT 1 -s %s -j DROP" % next(banned)))
    return Story(round_, [in_gap(b), arrived(b)], [its_rule(b, "of ip filter input")])


@field
def insert_v6(stage):
    """The same with IPv6."""
    a, b = pair6(stage)
    b.feature(LEGACY6 + " -A INPUT -p udp --dport %d -j DROP" % BAD)
    number = itertools.count(1)
    round_ = living(a, b, lambda: b.tool(LEGACY6 + " -I INPUT 1 -s fd99::%d -j DROP" % next(number)))
    return Story(round_, [in_gap(b, (3 * LOST, 3 * LOST + 9), v6=True), arrived(b)],
                 [its_rule(b, "of ip6 filter input", off=6)])


@field
def insert_iptables_nft(stage):
    """The same with iptables-nft, on a router, with a comment."""
    a, r, b = stage.router()
    r.feature(NFT + " -A FORWARD -p udp --dport %d -m comment --comment 'not here' -j DROP" % BAD)
    banned = bans()
    round_ = living(a, b, lambda: r.tool(NFT + " -I FORWARD 1 -s %s -j DROP" % next(banned)))
    return Story(round_, [out_gap(r), arrived(b)],
                 [its_rule(r, "of ip filter forward", "not here", direction="fwd")])


@field
def delete(stage):
    """Rules before the one that drops are deleted."""
    a, b = stage.pair()
    for n in range(6):
        b.feature(LEGACY + " -A INPUT -s 10.99.0.%d -j DROP" % (n + 1))
    b.feature(LEGACY + " -A INPUT -p udp --dport %d -j DROP" % BAD)
    round_ = living(a, b, lambda: b.tool(LEGACY + " -D INPUT 1"))
    return Story(round_, [in_gap(b), arrived(b)], [its_rule(b, "of ip filter input")])


@field
def delete_dropper(stage):
    """The rule that dropped is itself deleted and added again: what is not known any more is the replacement's."""
    a, b = stage.pair()
    rule = "INPUT -p udp --dport %d -j DROP" % BAD
    b.feature(LEGACY + " -A " + rule)
    a.send(4 * LOST, 100, b.address, BAD)  # a count that a new rule is seen to fall behind

    def change():
        b.tool(LEGACY + " -D " + rule)
        b.tool(LEGACY + " -A " + rule)

    return Story(living(a, b, change), [in_gap(b), arrived(b)], [replaced(b)])


@field
def nft_add(stage):
    """nftables: a rule is added to the chain, another one deleted."""
    a, b = stage.pair()
    b.nft("table inet t {\nchain in { type filter hook input priority 0; policy accept;\n"
          'udp dport %d counter drop comment "closed"\n}\n}\n' % BAD)
    banned = bans()

    def change():
        b.tool("nft insert rule inet t in ip saddr %s counter drop" % next(banned))

    return Story(living(a, b, change), [in_gap(b), arrived(b)], [its_rule(b, "of inet t in", "closed")])


@field
def other_chain(stage):
    """Another chain, another table and a set change."""
    a, b = stage.pair()
    b.nft("table inet t {\nset s { type ipv4_addr; }\n"
          "chain in { type filter hook input priority 0; policy accept;\nip saddr @s counter drop\n"
          'udp dport %d counter drop comment "closed"\n}\n}\n' % BAD)
    banned = bans()

    def change():
        b.tool("nft add element inet t s { %s }" % next(banned))
        b.tool(LEGACY + " -A OUTPUT -d %s -j DROP" % next(banned))

    return Story(living(a, b, change), [in_gap(b), arrived(b)], [its_rule(b, "of inet t in", "closed")])


# All at once: a set of rules is replaced by one that says the same.


RULES = """table ip t
flush table ip t
table ip t {
chain in { type filter hook input priority 0; policy accept;
ip saddr %s counter drop
udp dport %d counter drop comment "closed"
}
}
"""


@field
def nft_replace(stage):
    """A table is flushed and filled again, in one go."""
    a, b = stage.pair()
    banned = bans()
    b.nft(RULES % (next(banned), BAD))
    round_ = living(a, b, lambda: b.nft(RULES % (next(banned), BAD)))
    return Story(round_, [in_gap(b), arrived(b)], [replaced(b)])


@field
def legacy_restore(stage):
    """iptables-restore, with counters that begin anew."""
    a, b = stage.pair()
    banned = bans()
    text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s %s -j DROP\n-A INPUT -p udp --dport %d -j DROP\nCOMMIT\n"

    def change():
        b.feature("iptables-legacy-restore -w 20", text % (next(banned), BAD))

    change()
    return Story(living(a, b, change), [in_gap(b), arrived(b)], [replaced(b)])


@field
def kube_proxy(stage):
    """kube-proxy: iptables-restore --noflush adds and flushes chains of its own beside the one that refuses."""
    a, r, b = stage.router()
    for rule in ("-N KUBE-SERVICES", "-A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES",
                 "-A KUBE-SERVICES -p udp --dport %d -m comment --comment 'has no endpoints' -j REJECT" % BAD):
        r.feature(LEGACY + " " + rule)
    number = itertools.count()

    def change():
        r.feature("iptables-legacy-restore -w 20 --noflush",
                  "*filter\n:KUBE-SEP-%d - [0:0]\n-A KUBE-SEP-%d -j ACCEPT\nCOMMIT\n" % ((next(number),) * 2))

    return Story(living(a, b, change), [out_gap(r), arrived(b)],
                 [its_rule(r, "of ip filter kube-services", "has no endpoints", direction="fwd")])


@field
def restore_forward_v6(stage):
    """ip6tables-restore of a router, with counters that are kept (-c)."""
    a, r, b = stage.router6()
    r.feature(LEGACY6 + " -A FORWARD -p udp --dport %d -j DROP" % BAD)

    def change():
        r.tool("ip6tables-legacy-restore -w 20 -c", r.tool("ip6tables-legacy-save -c"))

    return Story(living(a, b, change), [arrived(b)],
                 [its_rule(r, "of ip6 filter forward", direction="fwd", off=6)])


def set_counts(ns, hook, tool):
    """Loads rules with counts that are higher each time, as of packets that never were."""
    number = itertools.count(1)
    text = ("*filter\n:%s ACCEPT [0:0]\n[%d:%d] -A %s -p udp -m udp --dport %d -j DROP\n"
            "[%d:%d] -A %s -s %s -j ACCEPT\nCOMMIT\n")

    def change():
        n = next(number) * 100000
        source = "fd99::9/128" if tool.startswith("ip6") else "10.99.9.9/32"
        ns.feature(tool + "-restore -w 20 -c", text % (hook, n, 28 * n, hook, BAD, n, 28 * n, hook, source))

    change()
    return change


@field
def restore_counts(stage):
    """iptables-restore -c with counts that are greater than those there: no packets were dropped for it."""
    a, b = stage.pair()
    return Story(living(a, b, set_counts(b, "INPUT", "iptables-legacy")), [in_gap(b), arrived(b)],
                 [its_rule(b, "of ip filter input")])


@field
def restore_counts_forward_v6(stage):
    """The same with ip6tables on a router."""
    a, r, b = stage.router6()
    return Story(living(a, b, set_counts(r, "FORWARD", "ip6tables-legacy")), [arrived(b)],
                 [its_rule(r, "of ip6 filter forward", direction="fwd", off=6)])


@field
def restore_counts_nft(stage):
    """The same with iptables-nft, whose rules are new ones each time."""
    a, b = stage.pair()
    return Story(living(a, b, set_counts(b, "INPUT", "iptables-nft")), [in_gap(b), arrived(b)],
                 [its_rule(b, "of ip filter input")])


# Counters are zeroed.


@field
def zero(stage):
    """iptables -Z: a counter that fell has counted since."""
    a, b = stage.pair()
    b.feature(LEGACY + " -A INPUT -p udp --dport %d -j DROP" % BAD)
    a.send(100, 100, b.address, BAD)
    return Story(living(a, b, lambda: b.tool(LEGACY + " -Z")), [in_gap(b), arrived(b)],
                 [replaced(b, "of ip filter input")])


@field
def zero_policy(stage):
    """The same where the policy of the chain drops."""
    a, r, b = stage.router()
    r.feature(LEGACY + " -A FORWARD -p udp --dport %d -j ACCEPT" % WANTED)
    r.feature(LEGACY + " -P FORWARD DROP")
    a.send(100, 100, b.address, BAD)
    return Story(living(a, b, lambda: r.tool(LEGACY + " -Z FORWARD")), [out_gap(r), arrived(b)],
                 [replaced(r, "policy of ip filter forward", direction="fwd")])


@field
def zero_nft(stage):
    """nft reset counters: a named one."""
    a, b = stage.pair()
    b.nft("table inet t {\ncounter closed { }\nchain in { type filter hook input priority 0; policy accept;\n"
          "udp dport %d counter name closed drop\n}\n}\n" % BAD)
    a.send(100, 100, b.address, BAD)
    return Story(living(a, b, lambda: b.tool("nft reset counters")), [in_gap(b), arrived(b)],
                 [replaced(b, "of inet t in")])


# A rule set is loaded as it was saved, with its counts.


def saved(ns, family, hook, where=""):
    """A round: one more table whose rule has never dropped anything here."""
    number = itertools.count(1)

    def load():
        n = next(number)
        ns.nft("table %s t%d {\nchain c { type filter hook %s%s priority 0; policy accept;\n%s"
               " counter packets %d bytes 9000000 drop\n}\n}\n"
               % (family, n, hook, where, "arp operation reply" if family == "arp" else "udp dport 7", 100000 * n))
    return load


def loaded(stage, family, hook, where=""):
    a, b = stage.pair()
    load = saved(b, family, hook, where)
    b.reader(WANTED)

    def round_():
        a.send(GOOD // 2, 100, b.address, WANTED)
        load()
        a.send(GOOD // 2, 100, b.address, WANTED)

    return Story(round_, [arrived(b)])


@field
def saved_counts(stage):
    """Rules are loaded with the counts that were saved with them: nothing was dropped here."""
    return loaded(stage, "inet", "input")


@field
def saved_counts_netdev(stage):
    """The same at an interface."""
    return loaded(stage, "netdev", "ingress", " device b0")


@field
def saved_counts_arp(stage):
    """The same for ARP."""
    return loaded(stage, "arp", "input")


@field
def saved_counts_bridge(stage):
    """The same of a bridge."""
    r, a, b = listening_bridge(stage)
    load = saved(r, "bridge", "forward")
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        load()

    return Story(round_, [arrived(b)])


@field
def quota(stage):
    """A quota is used up while we watch: it is the same rule, and loss by a rate."""
    a, b = stage.pair()
    b.nft("table ip t {\nchain in { type filter hook input priority 0; policy accept;\n"
          "udp dport %d quota over 1000 bytes counter drop\n}\n}\n" % BAD)
    b.reader(BAD)
    b.reader(WANTED)
    return Story(to_ports(a, b.address), [Count("rule", lambda: truth.nft_rule(b, "ip t in"), (100, 3 * LOST)),
                                          arrived(b)],
                 [Found(b, "netfilter", "rx", "rule", ALL, says=("quota",), never=("replaced",), alarm=TOLD)])


# By a rate into a chain that drops.


def by_rate(a, b, *says, kind="loss"):
    b.reader(BAD)
    b.reader(WANTED)
    return [Found(b, "netfilter", "rx", "rule", ALL, kind=kind, says=says,
                  alarm=TOLD if kind == "loss" else WARNED)]


@field
def ufw_limit(stage):
    """ufw's "limit": who comes too often is sent to a chain that refuses. That is loss by a rate, and no policy."""
    a, b = stage.pair()
    new = "-A INPUT -p udp --dport %d -m conntrack --ctstate NEW -m recent --name DEFAULT " % BAD
    for rule in ("-N ufw-user-limit", "-A ufw-user-limit -m limit --limit 3/min -j LOG", "-A ufw-user-limit -j REJECT",
                 new + "--set", new + "--update --seconds 30 --hitcount 6 -j ufw-user-limit"):
        b.feature(LEGACY + " " + rule)
    return Story(to_ports(a, b.address), [Count("rule", lambda: truth.rule(b, "ufw-user-limit", 2), (100, 3 * LOST)),
                                          arrived(b)], by_rate(a, b, "ufw-user-limit", "recent"))


@field
def limit_jump(stage):
    """The same with nftables: what is over a rate jumps to a chain that drops."""
    a, b = stage.pair()
    b.nft("table ip t {\nchain over { counter drop\n}\nchain in { type filter hook input priority 0; policy accept;\n"
          "udp dport %d limit rate over 5/second burst 5 packets jump over\n}\n}\n" % BAD)
    return Story(to_ports(a, b.address), [Count("rule", lambda: truth.nft_rule(b, "ip t over"), (80, 3 * LOST)),
                                          arrived(b)], by_rate(a, b, "ip t over", "limit"))


@field
def chance_jump(stage):
    """A forgotten test: every fourth packet jumps to a chain that drops."""
    a, b = stage.pair()
    for rule in ("-N lose", "-A lose -j DROP",
                 "-A INPUT -p udp -m statistic --mode nth --every 4 --packet 0 -j lose"):
        b.feature(LEGACY + " " + rule)
    return Story(lambda: a.send(ALL, 100, b.address, WANTED), [Count("rule", lambda: truth.rule(b, "lose", 1), LOST)],
                 by_rate(a, b, "lose", "1 in 4"))


@field
def limit_jump_beside(stage):
    """The twin: all others are sent there as well, so it is a policy."""
    a, b = stage.pair()
    b.nft("table ip t {\nchain over { counter drop\n}\nchain in { type filter hook input priority 0; policy accept;\n"
          "udp dport 7 limit rate over 5/second jump over\nudp dport %d jump over\n}\n}\n" % BAD)
    return Story(to_ports(a, b.address), [Count("rule", lambda: truth.nft_rule(b, "ip t over"), LOST), arrived(b)],
                 by_rate(a, b, "ip t over", kind="policy"))


# Silence beside it, and the real thing beside it.


@field
def busy_rules(stage):
    """Rules come and go all the time, and none of them drops anything."""
    a, b = stage.pair()
    banned = bans()
    b.reader(WANTED)
    b.nft(RULES % (next(banned), BAD))

    def round_():
        a.send(GOOD // 2, 100, b.address, WANTED)
        b.tool(LEGACY + " -I INPUT 1 -s %s -j DROP" % next(banned))
        b.nft(RULES % (next(banned), BAD))
        b.tool(LEGACY + " -Z")
        a.send(GOOD // 2, 100, b.address, WANTED)

    return Story(round_, [arrived(b)])


@field
def uncounted_appears(stage):
    """A rule without a counter is added while the others live: it is named."""
    a, b = stage.pair()
    banned = bans()
    b.nft("table ip t {\nchain in { type filter hook input priority 0; policy accept;\n"
          "udp dport 7 counter drop\n}\n}\n")
    b.tool("nft add rule ip t in udp dport %d drop" % BAD)
    round_ = living(a, b, lambda: b.tool("nft insert rule ip t in ip saddr %s counter drop" % next(banned)))
    return Story(round_, [in_gap(b), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("of ip t in", "no counter"), alarm=TOLD)])


# Several at once.


@field
def all_engines(stage):
    """A legacy rule, an nft rule with and one without a counter: three causes, each with its packets."""
    a, b = stage.pair()
    b.feature(LEGACY + " -A INPUT -p udp --dport 5011 -m comment --comment legacy -j DROP")
    b.nft('table inet t {\nchain in { type filter hook input priority -5; policy accept;\n'
          'udp dport 5012 counter drop comment "counted"\nudp dport 5013 drop comment "hidden"\n}\n}\n')
    b.reader(WANTED)

    def round_():
        for port in (5011, 5012, 5013):
            a.send(LOST, 100, b.address, port)
        a.send(GOOD, 100, b.address, WANTED)

    return Story(round_, [in_gap(b, 3 * LOST), Count("legacy", lambda: truth.rule(b, "INPUT", 1), LOST),
                          Count("nft", lambda: truth.nft_rule(b, "inet t in"), LOST), arrived(b)],
                 [Found(b, "netfilter", "rx", 2 * LOST, 2 * GOOD, kind="policy",
                        says=("of ip filter input", "counted")),
                  Found(b, "netfilter", "rx", LOST, 2 * GOOD, says=("hidden",), alarm=TOLD)])


@field
def modules(stage):
    """Five legacy rules with modules, each of which drops something else: all are named, with the right sum."""
    a, b = stage.pair()
    add = LEGACY + " -A INPUT -p udp --dport "
    for rule in ("5011 -m hashlimit --hashlimit-above 20/s --hashlimit-burst 10 --hashlimit-mode srcip"
                 " --hashlimit-name h1 -m comment --comment 'hash limit' -j DROP",
                 "5013 -m recent --name r1 --update --seconds 60 --hitcount 10 -m comment"
                 " --comment 'seen too often' -j DROP",
                 "5013 -m recent --name r1 --set -j ACCEPT",
                 "5014 -m string --algo bm --string EVIL -m comment --comment 'bad word' -j DROP",
                 "5015 -m u32 --u32 4&0x1FFF=0&&0>>22&0x3C@8=0x78787878 -m comment --comment 'u32 match' -j DROP",
                 "5016 -m conntrack --ctstate NEW -m connlimit --connlimit-above 5 -m comment"
                 " --comment 'too many flows' -j DROP"):
        b.feature(add + rule)
    for port in (5011, 5013, 5014, 5015, 5016):
        b.reader(port)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        for port in (5011, 5013):
            a.send(30, 50, b.address, port)
        for _ in range(15):
            a.send(1, 0, b.address, 5014, data=b"EVIL".hex())
            a.send(1, 0, b.address, 5014, data=b"good".hex())
            a.send(1, 0, b.address, 5015, data=(b"x" * 20).hex())
            a.send(1, 0, b.address, 5015, data=(b"y" * 20).hex())
        a.flow_each(20, 20, b.address, 5016)

    def dropped():
        rules = truth.chain(b, "INPUT")[1]
        return sum(rules[n] for n in (0, 1, 3, 4, 5))

    return Story(round_, [Count("rules", dropped, (150, 350)), arrived(b)],
                 [Found(b, "netfilter", "rx", "rules", None, kind="policy|loss", tells=(), together=True,
                        says=("hash limit", "seen too often", "bad word", "u32 match", "too many flows"))])
