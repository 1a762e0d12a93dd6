# SPDX-License-Identifier: MIT
"""The truth, as the usual tools print it: what pktloss has to agree with."""

import json
import re


def link(ns, interface, direction, counter):
    """ip -s -s link: truth.link(ns, "eth0", "rx", "dropped")"""
    return link_counters(ns, interface, direction)[counter]


def rare_link(ns, interface, direction, counter):
    """The same for "nohandler" and "otherhost", which ip shows unless they are 0."""
    return link_counters(ns, interface, direction).get(counter, 0)


def link_counters(ns, interface, direction):
    shown = json.loads(ns.tool("ip -s -s -j link show dev %s" % interface))
    return shown[0]["stats64"][direction]


def mac(ns, interface):
    return json.loads(ns.tool("ip -j link show dev %s" % interface))[0]["address"]


def links(ns):
    return [x["ifname"] for x in json.loads(ns.tool("ip -j link"))]


def has_link(ns, interface):
    return interface in links(ns)


def qdisc_whole(ns, interface, kind):
    """All that tc -s qdisc says of the one of a kind."""
    shown = json.loads(ns.tool("tc -s -j qdisc show dev %s" % interface))
    found = [q for q in shown if q["kind"] == kind]
    if len(found) != 1:
        raise LookupError("%d qdiscs %s on %s" % (len(found), kind, interface))
    return found[0]


def qdisc(ns, interface, kind, counter):
    """tc -s qdisc: truth.qdisc(ns, "eth0", "netem", "drops")"""
    return qdisc_whole(ns, interface, kind)[counter]


def snmp(ns, counter):
    """nstat: truth.snmp(ns, "IpFragFails"), names as nstat spells them"""
    return json.loads(ns.tool("nstat -azs -j"))["kernel"].get(counter, 0)


def chain(ns, name, table="filter", command="iptables-legacy"):
    """(packets of the policy, 0 where there is none; [packets of rule 1, of rule 2, ...])"""
    lines = ns.tool("%s -w 20 -t %s -nvxL %s" % (command, table, name)).splitlines()
    policy = re.search(r"\(policy \w+ (\d+) packets", lines[0])
    return int(policy.group(1)) if policy else 0, [int(line.split()[0]) for line in lines[2:] if line]


def rule(ns, name, number, table="filter", command="iptables-legacy"):
    return chain(ns, name, table, command)[1][number - 1]


def policy(ns, name, table="filter", command="iptables-legacy"):
    return chain(ns, name, table, command)[0]


def tracked(ns):
    """conntrack -C: how many flows are followed in the namespace."""
    return int(ns.tool("conntrack -C"))


def conntrack(ns, counter):
    """conntrack -S, all CPUs: truth.conntrack(ns, "early_drop")"""
    return sum(int(n) for n in re.findall(r"\b%s=(\d+)" % counter, ns.tool("conntrack -S")))


def martians(of):
    """Of all namespaces of the host, by a wrong "src" or "dst"."""
    with open("/proc/net/stat/rt_cache") as f:
        names, *rows = [line.split() for line in f]
    return sum(int(row[names.index("in_martian_" + of)], 16) for row in rows)


def conntrack_column(ns, column):
    """The same from /proc/net/stat/nf_conntrack, all CPUs."""
    names, *rows = [line.split() for line in ns.tool("cat /proc/net/stat/nf_conntrack").splitlines()]
    return sum(int(row[names.index(column)], 16) for row in rows)


# nft -j list ruleset. A chain, map or counter is named as nft does: "inet t in".


def nft(ns, kind):
    """All rules, all chains, all maps and so on."""
    shown = json.loads(ns.tool("nft -j list ruleset"))["nftables"]
    return [item[kind] for item in shown if kind in item]


def nft_named(ns, kind, name):
    """The one map or counter of that name."""
    found = [x for x in nft(ns, kind) if name == "%s %s %s" % (x["family"], x["table"], x["name"])]
    if len(found) != 1:
        raise LookupError("%d of %s %s" % (len(found), kind, name))
    return found[0]


def nft_rules(ns, chain):
    return [rule for rule in nft(ns, "rule")
            if chain == "%s %s %s" % (rule["family"], rule["table"], rule["chain"])]


def nft_handle(ns, chain, number=1):
    return nft_rules(ns, chain)[number - 1]["handle"]


def nft_rule(ns, chain, number=1):
    """Packets of the rule's own counter."""
    counters = [part["counter"] for part in nft_rules(ns, chain)[number - 1]["expr"] if "counter" in part]
    return counters[0]["packets"]


def nft_counter(ns, name):
    return nft_named(ns, "counter", name)["packets"]


def nft_element(ns, name, key):
    """Packets of a map's element with a counter."""
    for element, _ in nft_named(ns, "map", name)["elem"]:
        if element["elem"]["val"] == key:
            return element["elem"]["counter"]["packets"]
    raise LookupError("%s has no element %s" % (name, key))


def ebtables_rule(ns, chain, number=1):
    """ebtables -L --Lc: packets of a rule."""
    counts = re.findall(r"pcnt = (\d+)", ns.tool("ebtables -L %s --Lc" % chain))
    return int(counts[number - 1])


def queue_dropped(ns, number):
    """Packets that found the queue to user space full."""
    for line in ns.tool("cat /proc/net/netfilter/nfnetlink_queue").splitlines():
        fields = [int(field) for field in line.split()]
        if fields[0] == number:
            return fields[5]
    raise LookupError("no queue %d" % number)


def socket_drops(ns, port):
    """ss -uanm: packets that the open UDP sockets of a port dropped."""
    shown = re.findall(r":(\d+) +\S+:\S+\s+skmem:\(\S*,d(\d+)\)", ns.tool("ss -uanmH"))
    return sum(int(drops) for its_port, drops in shown if int(its_port) == port)


def accept_queue(ns, port):
    """ss -tln: (Recv-Q, Send-Q) of a listener."""
    for line in ns.tool("ss -tlnH").splitlines():
        _, waiting, limit, address = line.split()[:4]
        if address.endswith(":%d" % port):
            return int(waiting), int(limit)
    raise LookupError("nobody listens on %d" % port)


def in_gap(ns):
    """nstat: what IP received and did not deliver (where nothing is forwarded)."""
    return snmp(ns, "IpInReceives") - snmp(ns, "IpInDelivers")


def ipsec(ns, counter):
    """/proc/net/xfrm_stat, which no tool prints."""
    shown = dict(line.split() for line in ns.tool("cat /proc/net/xfrm_stat").splitlines())
    return int(shown[counter])
