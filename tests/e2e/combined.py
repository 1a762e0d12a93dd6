# SPDX-License-Identifier: MIT
"""Everything at once in one namespace: five findings, and every cause named."""

import time

from cases import GOOD_PORT, LOST_PORT, case
from firewall import base, table
from watch import Alert, policy

FULL_PORT, UNCOUNTED_PORT = 5003, 5004
PACKETS = 200  # of each kind


def break_everything(a, b):
    a.ip("link set a0 mtu 9000")
    b.feature("tc qdisc add dev b0 root tbf rate 1mbit burst 4kb limit 10000")
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j DROP" % LOST_PORT)
    b.feature("iptables-legacy -w 20 -A OUTPUT -p udp --dport %d -j DROP" % LOST_PORT)
    b.nft(table(base("udp dport %d drop" % UNCOUNTED_PORT)))
    b.deaf(FULL_PORT, 4096)
    a.sink(GOOD_PORT)
    b.sink(GOOD_PORT)


def send_everything(a, b):
    a.udp(PACKETS, 200, b.address, GOOD_PORT)
    a.udp(PACKETS, 8000, b.address, GOOD_PORT)
    for port in (LOST_PORT, UNCOUNTED_PORT, FULL_PORT):
        a.udp(PACKETS, 200, b.address, port)
    b.udp(PACKETS, 1000, a.address, GOOD_PORT)
    b.udp(PACKETS, 200, a.address, LOST_PORT)
    time.sleep(0.3)  # what waits in the bucket leaves it


def expected(b, firewall_words):
    return [
        Alert(b.place("b0"), "link-rx", ("MTU", "1500", "9000")),
        Alert(b.place("b0"), "qdisc-tx", ("tbf", "1 Mbit/s")),
        Alert(b.place(), "netfilter-rx", firewall_words),
        policy(b.place(), "netfilter-tx", ("OUTPUT", "rule 1")),
        Alert(b.place(), "udp-rx", ("receive buffer", str(FULL_PORT))),
    ]


@case
def combined(stage):
    """A shaper, two rules, an MTU, a full socket and a drop that no counter counts."""
    a, b = stage.pair()
    break_everything(a, b)
    with stage.watch() as watch:
        watch.bursts(lambda: send_everything(a, b), 6)
        on_purpose = policy(b.place(), "netfilter-rx", ("rule 1 of ip filter INPUT",))
        watch.check(alerts=expected(b, ("without a counter", "inet t in")), findings=[on_purpose])
