# SPDX-License-Identifier: MIT
"""Sources are read one after the other, while packets move."""

import json
import time

from cases import LOST_PORT, case
from program import chosen, program, start
from settings import expect

READS, EVERY = 200, 0.3  # seconds
RATE = 50000  # packets a second, each of which a rule counts
SLOWEST = 10000  # packets a second that a busy machine must reach all the same


def watched(stage, ns):
    """What the program says of `ns` in each of its intervals: [findings]"""
    process = start(stage, "--json", "-i", str(EVERY), "-c", str(READS), *chosen(ns))
    out, err = process.communicate(timeout=READS * EVERY + 60)
    status = process.returncode
    expect(status == 0, "it ended with status %d: %s" % (status, err))
    return [json.loads(line)["namespaces"][0]["findings"] for line in out.splitlines()]


def check_skew(stage, drop):
    """Every packet is counted by a rule, so none may be missed, in whatever interval."""
    program(stage)
    a, b = stage.pair()
    drop(b)
    a.flood(RATE, 60, b.address, LOST_PORT)
    time.sleep(1)
    found = watched(stage, b)
    a.stop_steady()
    expect(len(found) >= READS * 0.9, "%d intervals" % len(found))
    lost = [f["lost"] for findings in found for f in findings if f["layer"] == "netfilter"]
    expect(sum(lost) > SLOWEST * READS * EVERY, "only %d packets were lost" % sum(lost))
    missed = [f for findings in found for f in findings if f["class"] in ("loss", "unexplained")]
    expect(not missed, "%d of %d intervals miss some: %s" % (len(missed), len(found), missed[:2]))


@case
def skew(stage):
    """50 000 packets/s through a rule of legacy iptables, 200 reads: none is unexplained."""
    check_skew(stage, lambda b: b.feature(
        "iptables-legacy -w 20 -A INPUT -p udp --dport %d -j DROP" % LOST_PORT))


@case
def skew_nft(stage):
    """... and through one of nftables."""
    check_skew(stage, lambda b: b.nft(
        "table inet t { chain in { type filter hook input priority 0; udp dport %d counter drop\n }; }" % LOST_PORT))


@case
def skew_beside(stage):
    """... while one at the device has no counter, and matches nothing: the kernel's reasons are read behind both."""
    check_skew(stage, lambda b: b.nft(
        "table inet t { chain in { type filter hook input priority 0; udp dport %d counter drop\n }; }\n"
        "table netdev t { chain d { type filter hook ingress device b0 priority 0; udp dport 7 drop\n }; }" % LOST_PORT))
