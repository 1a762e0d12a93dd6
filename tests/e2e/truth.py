# SPDX-License-Identifier: MIT
"""The truth, as the usual tools print it: what pktloss has to agree with."""

import json
import re


def link(ns, interface, direction, counter):
    """ip -s -s link: truth.link(ns, "eth0", "rx", "dropped")"""
    shown = json.loads(ns.tool("ip -s -s -j link show dev %s" % interface))
    return shown[0]["stats64"][direction][counter]


def mac(ns, interface):
    return json.loads(ns.tool("ip -j link show dev %s" % interface))[0]["address"]


def has_link(ns, interface):
    return any(x["ifname"] == interface for x in json.loads(ns.tool("ip -j link")))


def qdisc(ns, interface, kind, counter):
    """tc -s qdisc: truth.qdisc(ns, "eth0", "netem", "drops")"""
    shown = json.loads(ns.tool("tc -s -j qdisc show dev %s" % interface))
    found = [q for q in shown if q["kind"] == kind]
    if len(found) != 1:
        raise LookupError("%d qdiscs %s on %s" % (len(found), kind, interface))
    return found[0][counter]


def snmp(ns, counter):
    """nstat: truth.snmp(ns, "IpFragFails"), names as nstat spells them"""
    return json.loads(ns.tool("nstat -azs -j"))["kernel"].get(counter, 0)


def chain(ns, name, table="filter", command="iptables-legacy"):
    """(packets of the policy, [packets of rule 1, of rule 2, ...])"""
    lines = ns.tool("%s -w 20 -t %s -nvxL %s" % (command, table, name)).splitlines()
    policy = re.search(r"\(policy \w+ (\d+) packets", lines[0])
    return int(policy.group(1)), [int(line.split()[0]) for line in lines[2:] if line]


def rule(ns, name, number, table="filter", command="iptables-legacy"):
    return chain(ns, name, table, command)[1][number - 1]


def policy(ns, name, table="filter", command="iptables-legacy"):
    return chain(ns, name, table, command)[0]


def tracked(ns):
    """conntrack -C: how many flows are followed in the namespace."""
    return int(ns.tool("conntrack -C"))
