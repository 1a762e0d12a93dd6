# SPDX-License-Identifier: MIT
"""The reference case, as it runs inside user-mode Linux.

    client: veth0 (MTU 1500) -- eth0 (MTU 100, netem loss 30 %) :nginx
                                INPUT and OUTPUT drop 30 %, a web server on :80

Each step prints a line of JSON: {"step": ..., "ok": ..., "detail": ...}.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import traceback

import truth
import verdicts
from daemon import Collectd
from lab import Failure, Lab, Skip, wire
from watch import Alert, Watch, the_one

INTERVAL = 2
ECHO_PORT, SINK_PORT = 7, 9
RANDOM_DROP = "iptables-legacy -w 20 -%s %s -m statistic --mode random --probability 0.3 -j DROP"

ALERTS = [
    Alert("eth0@nginx", "qdisc-tx", ("netem", "30%")),
    Alert("all@nginx", "netfilter-rx", ("INPUT", "rule 1", "0.3")),
    Alert("all@nginx", "netfilter-tx", ("OUTPUT", "rule 1", "0.3")),
    Alert("eth0@nginx", "link-rx", ("MTU", "100", "1500")),
]


def report(step, ok=True, detail=""):
    print(json.dumps({"step": step, "ok": ok, "detail": detail}), flush=True)


def build_container(lab):
    client, nginx = lab.namespace("client"), lab.namespace("nginx")
    wire(client, "veth0", "10.9.0.1/24", nginx, "eth0", "10.9.0.2/24")
    nginx.web_server(80)
    nginx.sink(ECHO_PORT, echo=True)
    nginx.sink(SINK_PORT)
    return client, nginx


def start_traffic(client):
    """Enough of each kind in every interval: small ones that are answered, and
    ones that are too big for an MTU of 100."""
    client.steady(60, "10.9.0.2", ECHO_PORT, 0.01)
    client.steady(200, "10.9.0.2", SINK_PORT, 0.02)


def cause_loss(nginx):
    nginx.feature("tc qdisc add dev eth0 root netem loss 30%")
    nginx.feature(RANDOM_DROP % ("A", "INPUT"))
    nginx.feature(RANDOM_DROP % ("A", "OUTPUT"))
    nginx.ip("link set eth0 mtu 100")


REMEDIES = [
    ("netem removed", lambda nginx: nginx.tool("tc qdisc del dev eth0 root")),
    ("INPUT rule removed", lambda nginx: nginx.tool(RANDOM_DROP % ("D", "INPUT"))),
    ("OUTPUT rule removed", lambda nginx: nginx.tool(RANDOM_DROP % ("D", "OUTPUT"))),
    ("MTU set to 1500", lambda nginx: nginx.ip("link set eth0 mtu 1500")),
]


# What a person at the client sees.


def hping_loss(client):
    """Pings, as hping3's SYNs are answered more than once while answers get lost.
    It fails if nothing came back, and reports on its standard error."""
    done = subprocess.run(["ip", "netns", "exec", client.name, "hping3", "-q", "--icmp",
                           "-c", "20", "-i", "u100000", "10.9.0.2"], capture_output=True, text=True)
    found = re.search(r"(\d+)% packet loss", done.stdout + done.stderr)
    if not found:
        raise Failure("hping3 said: " + done.stdout + done.stderr)
    return int(found.group(1))


def page_comes(client):
    done = subprocess.run(["ip", "netns", "exec", client.name, "curl", "-s", "-o", "/dev/null",
                           "--max-time", "3", "http://10.9.0.2/"])
    return done.returncode == 0


def check_client(client, broken):
    loss, page = hping_loss(client), page_comes(client)
    if (loss > 0) != broken or page == broken:
        raise Failure("hping3 sees %d %% loss, the page %s" % (loss, "comes" if page else "does not come"))
    return "hping3 sees %d %% loss" % loss


# What pktloss says.


def counters(nginx):
    """{(place, series): value by tc, iptables and ip}"""
    firewall = "ipt_packets-netfilter-ip.filter.%s.drop"
    return {
        ("eth0@nginx", "if_tx_dropped-qdisc-netem_root"): truth.qdisc(nginx, "eth0", "netem", "drops"),
        ("all@nginx", firewall % "INPUT"): truth.rule(nginx, "INPUT", 1),
        ("all@nginx", firewall % "OUTPUT"): truth.rule(nginx, "OUTPUT", 1),
        ("eth0@nginx", "if_rx_dropped-link-rx_dropped"): truth.link(nginx, "eth0", "rx", "dropped"),
    }


def counters_at_rest(watch, nginx):
    """TCP still repeats itself after the traffic ended: waits for a read with
    the same values before and after it."""
    before = counters(nginx)
    for _ in range(15):
        watch.wait_reads(2)
        now = counters(nginx)
        if now == before:
            return now
        before = now
    raise Failure("the counters do not come to rest: %s" % before)


def check_alerts(daemon):
    seen = daemon.notifications(["nginx"])
    return "; ".join(str(the_one(alert, seen)) for alert in ALERTS)


def check_values(daemon, expected):
    for (place, series), value in expected.items():
        if not value:
            raise Failure("nothing was lost in %s/%s" % (place, series))
        if daemon and daemon.last(place, series) != value:
            raise Failure("%s/%s ends at %s, the truth is %d"
                          % (place, series, daemon.last(place, series), value))
    return ", ".join("%s/%s=%d" % (*key, value) for key, value in expected.items())


def check_percent(daemon):
    """About 30 percent: chance is chance, so the median of all intervals."""
    for place, series in (("eth0@nginx", "percent-qdisc-tx"), ("all@nginx", "percent-netfilter-rx"),
                          ("all@nginx", "percent-netfilter-tx")):
        values = [v for _, v in daemon.values(place, series) if v > 0]
        median = statistics.median(values) if values else 0
        if not 20 <= median <= 40:
            raise Failure("%s/%s is %.1f in the middle: %s" % (place, series, median, values))


def check_recovered(watch, n):
    """The first n causes are gone: an OKAY for each, and for no other."""
    for i, alert in enumerate(ALERTS):
        okays = watch.count("OKAY", alert.place, alert.instance)
        if okays != (i < n):
            raise Failure("%d OKAY for %s %s" % (okays, alert.place, alert.instance))


def wait_okay(watch, alert):
    for _ in range(8):
        watch.wait_reads()
        if watch.count("OKAY", alert.place, alert.instance):
            return
    raise Failure("no OKAY for %s %s" % (alert.place, alert.instance))


# The course of events.


def loss(watch, client, nginx):
    start_traffic(client)
    watch.wait_reads(3)
    cause_loss(nginx)
    watch.wait_reads(3)
    if watch.daemon:
        time.sleep(0.5)  # notifications follow the values
        report("alerts within three intervals", detail=check_alerts(watch.daemon))
        verdicts.check(watch, lambda: None, ALERTS, "reference")
    report("client during loss", detail=check_client(client, broken=True))
    client.stop_steady()
    report("values", detail=check_values(watch.daemon, counters_at_rest(watch, nginx)))
    if watch.daemon:
        check_percent(watch.daemon)
        check_recovered(watch, 0)


def repair(watch, client, nginx):
    start_traffic(client)
    for n, (what, remedy) in enumerate(REMEDIES):
        watch.wait_reads(2)
        remedy(nginx)
        if watch.daemon:
            wait_okay(watch, ALERTS[n])
            check_recovered(watch, n + 1)
            check_alerts(watch.daemon)
        report(what)
    client.stop_steady()
    report("client after repair", detail=check_client(client, broken=False))


def story(client, nginx, daemon):
    watch = Watch([client, nginx], [], daemon)
    try:
        loss(watch, client, nginx)
        repair(watch, client, nginx)
    except Failure as e:
        seen = "\n" + daemon.report(["nginx", "client"]) if daemon else ""
        raise Failure("%s%s" % (e, seen)) from e


def reference(build):
    with Lab("", fixed_names=True) as lab:
        client, nginx = build_container(lab)
        if build:
            with Collectd(build, interval=INTERVAL) as daemon:
                story(client, nginx, daemon)
        else:
            story(client, nginx, None)


def perform(scenario, build=""):
    with tempfile.TemporaryDirectory() as directory:
        os.environ[verdicts.DIRECTORY] = directory
        verdicts.INTERVAL = 6  # so slow a machine needs the time
        run_scenario(scenario, build)
        for row in verdicts.rows(directory):
            print(json.dumps(row), flush=True)


def run_scenario(scenario, build):
    try:
        scenario(build or None)
        report("done")
    except Skip as e:
        print(json.dumps({"skip": str(e)}), flush=True)
    except Failure as e:
        report("failure", False, str(e))
    except Exception:
        report("error", False, traceback.format_exc())


if __name__ == "__main__":
    perform(reference, *sys.argv[1:])
