# SPDX-License-Identifier: MIT
"""A full connection table, as it runs inside user-mode Linux: the limit is one
for the whole kernel, so that no machine in use can lend itself to it.

    F16    b tracks what it receives
    F17    a tracks what it sends
"""

import sys

import truth
from cases import GOOD_PORT, snmp_series
from daemon import Collectd
from lab import Failure
from uml_inside import perform, report
from watch import Alert, Series, Share, Stage

LIMIT = 20
NEARLY_FULL = 18  # 90 %
FLOWS = 200
BURSTS = 5
LOST = (BURSTS * FLOWS // 2, BURSTS * FLOWS)  # the kernel makes room for some
TRACK = "iptables-legacy -w 20 -A %s -m conntrack --ctstate INVALID -j ACCEPT"


def limit(entries):
    with open("/proc/sys/net/netfilter/nf_conntrack_max", "w") as f:
        f.write(str(entries))


def tracking_pair(stage, who, chain):
    """A pair of which one tracks connections, as many as the limit allows."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    {"a": a, "b": b}[who].feature(TRACK % chain)
    limit(LIMIT)  # exists from now on
    return a, b


def new_flows(a, b):
    """One burst of flows that were never seen before."""
    ports = iter(range(10000, 60000, FLOWS))
    return lambda: a.flows(FLOWS, 100, b.address, GOOD_PORT, next(ports))


def counted(ns, name, lost):
    return Series(ns.place(), "packets-conntrack-" + name, lambda: truth.conntrack(ns, name), lost)


def dropped_alert(ns):
    return Alert(ns.place(), "conntrack-all", ("connection table is full", "net.netfilter.nf_conntrack_max"))


def fill_alert(ns, severity, entries):
    return Alert(ns.place(), "conntrack-fill",
                 ("%d of %d" % (entries, LIMIT), "net.netfilter.nf_conntrack_max"), severity)


def check_same(ns):
    """conntrack -S and /proc agree."""
    for name in ("drop", "early_drop", "insert_failed", "invalid"):
        if truth.conntrack(ns, name) != truth.conntrack_column(ns, name):
            raise Failure("conntrack -S and /proc/net/stat/nf_conntrack differ in " + name)


def check_levels(watch, ns):
    for name, value in (("count", truth.tracked(ns)), ("max", LIMIT)):
        shown = watch.daemon and watch.daemon.last(ns.place(), "conntrack-conntrack-" + name)
        if watch.daemon and shown != value:
            raise Failure("conntrack-%s of %s is %s, not %d" % (name, ns.name, shown, value))


def recover(watch, a, b, alerts, okays):
    """A higher limit ends it."""
    limit(100000)
    watch.bursts(new_flows(a, b), BURSTS)
    watch.settle()
    if watch.daemon:
        watch.check_alerts(alerts, okays)


def full_receiver(build):
    with Stage("full", build) as stage:
        a, b = tracking_pair(stage, "b", "INPUT")
        lost = counted(b, "drop", LOST)
        filling = fill_alert(b, "WARNING", NEARLY_FULL)
        with stage.watch([lost, counted(b, "early_drop", (1, BURSTS * FLOWS))]) as watch:
            a.flows(NEARLY_FULL, 100, b.address, GOOD_PORT, 9000)
            watch.wait_reads(4)
            if watch.daemon:
                watch.check_alerts([filling])
            watch.bursts(new_flows(a, b), BURSTS)
            alerts = [filling, fill_alert(b, "FAILURE", LIMIT), dropped_alert(b)]
            watch.check([Share(b.place(), "percent-conntrack-all", lost, FLOWS)], alerts)
            check_same(b)
            check_levels(watch, b)
            recover(watch, a, b, alerts, [(b.place(), "conntrack-fill"), (b.place(), "conntrack-all")])


def full_sender(build):
    with Stage("full", build) as stage:
        a, b = tracking_pair(stage, "a", "OUTPUT")
        lost = counted(a, "drop", LOST)
        send, refused = new_flows(a, b), []
        with stage.watch([lost, snmp_series(a, "OutDiscards", "ip", "IpOutDiscards", LOST)]) as watch:
            watch.bursts(lambda: refused.append(send()), BURSTS)
            watch.check([Share(a.place(), "percent-conntrack-all", lost, FLOWS)],
                        [fill_alert(a, "FAILURE", LIMIT), dropped_alert(a)])
            check_same(a)
        for name, value in (("conntrack", truth.conntrack(a, "drop")), ("ip", truth.snmp(a, "IpOutDiscards"))):
            if value != sum(refused):
                raise Failure("%s counted %d, the sender was refused %s" % (name, value, refused))


def conntrack(build):
    Collectd.writers = 1  # on so slow a machine several may change the order of two values
    full_receiver(build)
    report("F16")
    full_sender(build)
    report("F17")


if __name__ == "__main__":
    perform(conntrack, *sys.argv[1:])
