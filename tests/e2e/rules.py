# SPDX-License-Identifier: MIT
"""Rules of users: "share above 1 % and more than 10 lost" for the threshold plugin, Prometheus and Graphite."""

import fnmatch
import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from cases import GOOD_PORT, LOST, LOST_PORT, case, drop_commented
from daemon import Collectd
from graphite_servers import Server
from lab import HERE, Failure, Skip, leashed, wait_until
from receivers import ALERTS, free_port, need_library, shipped, tool
from settings import expect
from writers import Receiver

BLOCK = """
<Plugin pktloss>
  Namespace "/^{prefix}/"
</Plugin>
LoadPlugin write_prometheus
<Plugin write_prometheus>
  Host "127.0.0.1"
  Port "{prometheus}"
</Plugin>
LoadPlugin write_graphite
<Plugin write_graphite>
  <Node "test">
    Host "127.0.0.1"
    Port "{graphite}"
    Prefix "collectd."
    StoreRates true
  </Node>
</Plugin>
"""

SCRAPING = os.path.join(HERE, "..", "..", "contrib", "graphs", "prometheus", "prometheus.yml")

# What promtool plays: name; share and packets lost in each interval of ten seconds; who alerts after two minutes.
PLAYED = (
    ("loss", "link-rx", "2x20", "0+30x20", "warning critical"),
    ("little_loss", "link-rx", "0.5x20", "0+30x20", "warning"),
    ("few_are_lost", "link-rx", "50x20", "0 0 0 0 0 0 0 0 2 4 6 8 8 8 8", ""),
    ("small_share", "link-rx", "0.05x20", "0+1000x20", ""),
    ("one_burst", "link-rx", "0 0 0 0 0 0 0 0 40 0 0 0 0", "0 0 0 0 0 0 0 0 400 400 400 400 400", ""),
    ("queue_manager", "qdisc-tx", "4x20", "0+30x20", ""),
    ("queue", "qdisc-tx", "30x20", "0+30x20", "warning critical"),
    ("scans", "netfilter-rx", "5x20", "0+30x20", ""),
    ("firewall", "netfilter-rx", "40x20", "0+30x20", "warning"),
    ("sent_again", "tcp-tx", "40x20", "0+30x20", ""),
    ("filling", "conntrack-fill", "90x20", "", "warning"),
    ("full", "conntrack-fill", "99x20", "", "warning critical"),
    ("room", "conntrack-fill", "80x20", "", ""),
)
ALERT = {"qdisc": "PacketLossQdisc", "netfilter": "PacketLossFirewall", "conntrack": "TableFull"}
ALL_ALERTS = ("PacketLoss", *ALERT.values())

# The same for Graphite: share, lost in each of 18 intervals; the minutes that are shown.
DRAWN = {
    "loss": ([5] * 18, [20] * 18, [5, 5, 5]),
    "few_are_lost": ([50] * 18, [1] * 18, []),
    "small_share": ([0.5] * 18, [1000] * 18, []),
    "one_minute": ([0] * 6 + [30] * 6 + [0] * 6, [0] * 6 + [10] * 6 + [0] * 6, [30]),
}


def played(name, series, share, lost, severities):
    """A test of promtool."""
    labels = {"instance": "h", "pktloss": name}
    layer, _, direction = series.partition("-")
    inputs = [("collectd_pktloss_percent", series, share)]
    if lost:
        inputs.append(("collectd_pktloss_packets_total", "%s-lost_%s" % (layer, direction), lost))
    mine = [{"exp_labels": {"severity": s, "type": series, **labels}} for s in severities.split()]
    return {
        "interval": "10s", "name": name,
        "input_series": [{"series": '%s{instance="h",pktloss="%s",type="%s"}' % (metric, name, of), "values": values}
                         for metric, of, values in inputs],
        "alert_rule_test": [{"eval_time": "2m", "alertname": alert,
                             "exp_alerts": mine if alert == ALERT.get(layer, "PacketLoss") else []}
                            for alert in ALL_ALERTS]}


def without_annotations(rules):
    """promtool compares them as well; what they say is not what is tested."""
    return "".join(line for line in rules.splitlines(True) if "annotations:" not in line)


@case
def prometheus_rules(stage):
    """The rules for Prometheus raise what they have to, and each healthy twin is silent."""
    if stage.build is None:
        return
    promtool = tool(stage.build, "promtool")
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        rules, tests = (os.path.join(directory, name) for name in ("rules.yml", "tests.yml"))
        with open(rules, "w") as f:
            f.write(without_annotations(shipped("prometheus-rules.yml")))
        with open(tests, "w") as f:  # JSON is YAML
            json.dump({"rule_files": [rules], "evaluation_interval": "10s", "tests": [played(*p) for p in PLAYED]}, f)
        for command in (["check", "rules", os.path.join(ALERTS, "prometheus-rules.yml")], ["test", "rules", tests]):
            done = subprocess.run(promtool + command, capture_output=True, text=True)
            expect(not done.returncode, done.stdout + done.stderr)


@case
def graphite_rules(stage):
    """The target for Graphite shows the minutes that it has to, and nothing of each healthy twin."""
    if stage.build is None:
        return
    data = {}
    for name, (share, lost, _) in DRAWN.items():
        place = "collectd.h.pktloss-" + name
        data[place + ".percent-link-rx"] = share
        data[place + ".packets-link-lost_rx"] = [n / 10 for n in lost]  # rates
    shown = of_graphite([graphite_target()], 10, data)[0]
    for name, (_, _, expected) in DRAWN.items():
        found = [v for of, values in shown.items() if "-%s." % name in of for v in values if v is not None]
        expect(found == expected, "%s: shown are %s, not %s; of %s" % (name, found, expected, shown))


def of_graphite(targets, step, data):
    """What graphite-web makes of each: {name: values}."""
    done = subprocess.run(["/usr/bin/python3", os.path.join(HERE, "evaluate_graphite.py")], text=True, capture_output=True,
                          input=json.dumps({"targets": targets, "step": step, "data": data}))
    if done.returncode == 77:
        raise Skip(done.stderr.strip())
    expect(not done.returncode, done.stderr)
    return json.loads(done.stdout)


def graphite_target():
    return [line for line in shipped("graphite.txt").splitlines() if not line.startswith("#")][0]


# In a real collectd.


class Scraped(Collectd):
    """Its write_prometheus complains of itself at each start."""

    def log(self):
        return "".join(line for line in super().log().splitlines(True) if "MHD_OPTION_EXTERNAL_LOGGER" not in line)


class Prometheus(Server):
    """One that scrapes a collectd each second, or none."""

    def __init__(self, build, port):
        super().__init__()
        self.missing = self.program = None
        self.scraped = port
        self.port = free_port()
        try:
            self.program = tool(build, "prometheus")
        except Skip as e:
            self.missing = str(e)

    def __enter__(self):
        if self.program:
            rules, config = self.write("rules.yml", shipped("prometheus-rules.yml", {
                "[1m]": "[5s]", "[1m:10s]": "[5s:1s]"})), self.path("config.yml")
            self.write("config.yml", shipped(SCRAPING, {
                "evaluation_interval: 10s": "evaluation_interval: 1s", "scrape_interval: 10s": "scrape_interval: 1s",
                "/usr/local/share/doc/pktloss/conf/alerts/prometheus-rules.yml": rules, ":9103": ":%d" % self.scraped}))
            with open(self.path("output"), "w") as output:
                self.process = subprocess.Popen(
                    leashed(self.program + ["--config.file", config, "--storage.tsdb.path", self.path("data"),
                                            "--web.listen-address", "127.0.0.1:%d" % self.port]),
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        return self

    def get(self, path, **asked):
        """What its API answers."""
        url = "http://127.0.0.1:%d/api/v1/%s?%s" % (self.port, path, urllib.parse.urlencode(asked))
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as e:
            if e.code == 503:  # it is starting
                raise
            raise Failure("%s: %s" % (asked, e.read().decode("ascii"))) from e

    def firing(self):
        """{(alert, place, ratio, severity)}"""
        try:
            alerts = [alert["labels"] for alert in self.get("alerts")["alerts"]]
        except OSError:
            return set()
        return {(a["alertname"], a["pktloss"], a["type"], a["severity"]) for a in alerts}


def lossy_pair(stage, names):
    """(namespaces, function that sends so many good packets, and loses so many in two layers)"""
    a, b = stage.pair(names)
    a.ip("link set a0 mtu 9000")
    b.sink(GOOD_PORT)
    drop_commented(b)

    def burst(good, lost):
        a.udp(good, 1000, b.address, GOOD_PORT)
        a.udp(lost, 1000, b.address, LOST_PORT)
        a.udp(lost, 8000, b.address, GOOD_PORT)

    return a, b, burst


def check_threshold(daemon, b):
    """Both ways to say it tell of b, and nothing else is told."""
    told = {(n.severity, n.place, n.type, n.instance) for n in daemon.notifications() if n.severity != "OKAY"}
    expected = {("FAILURE", b.place(), "packets", "netfilter-lost_rx"), ("FAILURE", b.place("b0"), "percent", "link-rx"),
                ("WARNING", b.place(), "percent", "netfilter-rx")}
    expect(told == expected, "told was %s" % told)
    link = [n.message for n in daemon.notifications() if n.instance == "link-rx"]
    expect("failure above 10%" in link[0], "the threshold is not used: %s" % link)


def check_graphite_names(sent, b):
    """The target is of series that there are."""
    names = {line.split()[0] for line in b"".join(sent.got).decode("ascii").splitlines() if line}
    pattern = graphite_target().split("(")[2].split(",")[0]
    places = {name.rpartition(".")[0] for name in fnmatch.filter(names, pattern)}
    expect(any(b.name in place for place in places), "nothing is like %s in %s" % (pattern, names))
    for place in places:
        expect(place + ".packets-link-lost_rx" in names, "no packets lost beside the share of " + place)


@case
def rules(stage):
    """A loss is found by the threshold plugin and by Prometheus, and a large share of next to nothing is not."""
    a, b, burst = lossy_pair(stage, ("a", "b"))
    c, d, few = lossy_pair(stage, ("c", "d"))
    if stage.build is None:
        return
    need_library("microhttpd", "protobuf-c")
    sent, port = Receiver(), free_port()
    options = shipped("threshold.conf", {"FailureMax 1\n": "FailureMax 10\n"})  # ten in an Interval, here of a second
    options += BLOCK.format(prefix=stage.prefix, prometheus=port, graphite=sent.port)
    expected = {("PacketLoss", b.place("b0"), "link-rx", severity) for severity in ("warning", "critical")}
    expected.add(("PacketLossFirewall", b.place(), "netfilter-rx", "warning"))
    fired = set()
    with Prometheus(stage.build, port) as prometheus, Scraped(stage.build, options=options) as daemon:
        try:
            wait_until("a read", lambda: d.place() in daemon.places(), 10)
            for i in range(15):
                daemon.wait_reads([b, d])
                burst(120, LOST)
                few(20, i % 3 == 0)
                fired |= prometheus.firing()
                if i > 5 and (prometheus.missing or fired >= expected):
                    break
            daemon.wait_reads([b, d], 2)
            check_threshold(daemon, b)
            expect(prometheus.missing or fired == expected, "Prometheus has fired %s, not %s" % (fired, expected))
        except Failure as e:
            raise Failure("%s\n%s" % (e, daemon.report())) from e
    check_graphite_names(sent, b)
    if prometheus.missing:
        raise Skip("the others are right, but: " + prometheus.missing)
