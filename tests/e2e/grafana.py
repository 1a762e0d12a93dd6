# SPDX-License-Identifier: MIT
"""The dashboards for Grafana: each of their queries has data of a real loss, from Prometheus and from Graphite."""

import json
import os
import re
import statistics
import time

from budget import HUGE, fill
from cases import GOOD_PORT, case
from lab import HERE, Failure, Skip, wait_until
from receivers import free_port, need_library
from rules import BLOCK, Prometheus, Scraped, lossy_pair, of_graphite
from settings import expect
from writers import Receiver

DASHBOARDS = os.path.join(HERE, "..", "..", "contrib", "graphs", "grafana")
CONF = os.path.join(HERE, "..", "..", "conf", "pktloss.conf")
ROUNDS = 12
RANGE = 60  # seconds that the dashboard shows
RATE = 5
OF_LOSSES = ("Largest share lost", "Most packets lost", "The kernel's reasons", "Counters behind it")
NEAR = 0.15  # increase() guesses what was before the first sample and after the last

FROM_THE_START = BLOCK.replace("</Plugin>", "  ReportIdle true\n</Plugin>", 1)

# What is lost in each round: packets that arrive, and those lost in the firewall and, as many, on the link.
LOSSES = {"b": (120, 40), "d": (180, 20)}


def share(ns, layer):
    """In percent, of a round."""
    good, lost = LOSSES[ns]
    return 100 * lost / (good + lost * (2 if layer == "link" else 1))


class Dashboard:
    """One of the committed ones, and what a person has chosen in it: everything, if nothing else is said."""

    def __init__(self, name, **chosen):
        with open(os.path.join(DASHBOARDS, "pktloss-%s.json" % name), encoding="ascii") as f:
            self.content = json.load(f)
        self.variables = {v["name"]: v for v in self.content["templating"]["list"] if v["type"] != "datasource"}
        self.panels = {panel["title"]: panel for panel in self.content["panels"] if panel["type"] != "row"}
        self.chosen = {"__range": "%ds" % RANGE, "__rate_interval": "%ds" % RATE, **chosen}

    def filled(self, text):
        """With its variables in it, as Grafana puts them there."""
        return re.sub(r"\$(\w+)", lambda m: self.chosen.get(m[1]) or self.variables[m[1]]["allValue"], text)

    def target(self, title):
        targets = self.panels[title]["targets"]
        expect(len(targets) == 1, "%s is not one query" % title)
        return targets[0]

    def check_whole(self, answers):
        """All has data, and what loses nothing (e, f) is not among what loses."""
        empty = [title for title, answer in answers.items() if not answer]
        expect(not empty, "no data for %s" % ", ".join(empty))
        healthy = [title for title in OF_LOSSES for text in answers[title] if re.search("-[ef]\\b", str(text))]
        expect(not healthy, "shown as if they lost packets: %s" % healthy)
        expect(len(answers) == len(self.panels) > 10, "looked at were %d of %d panels" % (len(answers), len(self.panels)))


# Prometheus.


def asked(prometheus, dashboard, title):
    """What a panel draws: [(labels, values)]."""
    target, now = dashboard.target(title), time.time()
    query = dashboard.filled(target["expr"])
    if target.get("instant"):
        result = prometheus.get("query", query=query, time=now)["result"]
        return [(r["metric"], [float(r["value"][1])]) for r in result]
    result = prometheus.get("query_range", query=query, start=now - RANGE, end=now, step=1)["result"]
    return [(r["metric"], [float(v) for _, v in r["values"]]) for r in result]


def all_asked(prometheus, dashboard):
    return {title: asked(prometheus, dashboard, title) for title in dashboard.panels}


def chosen(name):
    """As Grafana puts a value into a regular expression within a string."""
    return re.sub(r"[][\\^$*+?.(){}|]", r"\\\\\g<0>", name)


def usual(values):
    """Of the intervals in which there was something."""
    return statistics.median([v for v in values if v > 0] or [0])


def check_shares(found, losing):
    """Each place that lost shows its share, and no other one shows anything."""
    expected = {ns.place("b0"): share(name, "link") for name, ns in losing.items()}
    expected.update({ns.place(): share(name, "netfilter") for name, ns in losing.items()})
    shown = {labels["pktloss"]: usual(values) for labels, values in found
             if labels["layer"] in ("link", "netfilter") and labels["direction"] == "rx" and any(values)}
    expect(shown.keys() == expected.keys() and all(abs(shown[p] - expected[p]) < 1 for p in expected),
           "the shares are %s, not %s" % (shown, expected))


def check_worst(found, losing, rounds):
    """Those that lost, the worst first, and how many packets."""
    expected = {ns.name: 2 * rounds * LOSSES[name][1] for name, ns in losing.items()}
    shown = {labels["namespace"]: values[0] for labels, values in found}
    expect(list(shown) == list(expected), "the worst are %s, not %s" % (shown, expected))
    for name, lost in expected.items():
        expect(abs(shown[name] / lost - 1) < NEAR, "lost in %s are %s, not %d" % (name, shown[name], lost))


def check_variables(prometheus, dashboard, namespaces):
    """What can be chosen."""
    offered = {}
    for name, variable in dashboard.variables.items():
        series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", dashboard.filled(variable["definition"])).groups()
        offered[name] = set(prometheus.get("label/%s/values" % label, **{"match[]": series}))
    expect(offered["host"] == {"h"}, "the hosts are %s" % offered["host"])
    expect(offered["namespace"] == {ns.name for ns in namespaces} | {"(host)"}, "namespaces are %s" % offered["namespace"])
    expect({"link", "netfilter"} <= offered["layer"], "the layers are %s" % offered["layer"])


def check_chosen(prometheus, losing):
    """One namespace alone."""
    for name, ns in losing.items():
        answers = all_asked(prometheus, Dashboard("prometheus", namespace=chosen(ns.name)))
        seen = {labels["namespace"] for labels, _ in answers["Most packets lost"] + answers["Largest share lost"]}
        expect(seen == {ns.name}, "chosen was %s, shown are %s" % (ns.name, seen))


def check_prometheus(prometheus, namespaces, losing, rounds):
    dashboard = Dashboard("prometheus")
    answers = all_asked(prometheus, dashboard)
    dashboard.check_whole(answers)
    check_shares(answers["Share lost, by place"], losing)
    check_worst(answers["Most packets lost"], losing, rounds)
    worst = {labels["namespace"] for labels, _ in answers["Largest share lost"]}
    expect(worst == {ns.name for ns in losing.values()}, "largest shares have %s" % worst)
    check_variables(prometheus, dashboard, namespaces)
    check_chosen(prometheus, losing)
    alerts = dashboard.filled(dashboard.content["annotations"]["list"][0]["expr"])
    expect(prometheus.get("query", query=alerts)["result"], "no alert is marked")


# Graphite.


def received(sent):
    """{series: values}, one for each second. carbon leaves out what is not a number."""
    lines = [line.split() for line in b"".join(sent.got).decode("ascii").splitlines() if line]
    lines = [(name, float(value), int(t)) for name, value, t in lines if value != "nan"]
    first = min(t for _, _, t in lines)
    length = max(t for _, _, t in lines) - first + 1
    data = {name: [None] * length for name, _, _ in lines}
    for name, value, t in lines:
        data[name][t - first] = value
    return data


def drawn(data, dashboard):
    """{title: {name: values}}"""
    targets = [dashboard.filled(dashboard.target(title)["target"]) for title in dashboard.panels]
    return {title: {name: [v for v in values if v is not None] for name, values in answer.items()}
            for title, answer in zip(dashboard.panels, of_graphite(targets, 1, data))}


def check_layers(dashboard):
    """All that can be chosen but dropreason, which has no losses of its own."""
    with open(CONF, encoding="ascii") as f:
        text = re.sub(r"\s+#?\s*", " ", f.read())
    layers = re.search(r"or one of (link, [a-z, ]+)\.", text)[1].split(", ")
    offered = dashboard.variables["layer"]["query"].split(",")
    expect(offered == [layer for layer in layers if layer != "dropreason"], "offered are %s of %s" % (offered, layers))


def check_graphite(data, losing, rounds):
    dashboard = Dashboard("graphite")
    check_layers(dashboard)
    answers = drawn(data, dashboard)
    dashboard.check_whole(answers)
    expected = {"h@" + ns.name: name for name, ns in losing.items()}
    shares = {of: usual(values) for of, values in answers["Largest share lost"].items()}
    expect(shares.keys() == expected.keys() and all(
        abs(shares[of] - share(name, "netfilter")) < 1 for of, name in expected.items()), "the largest shares are %s" % shares)
    lost = {of: sum(values) for of, values in answers["Most packets lost"].items()}
    expect(list(lost) == list(expected) and all(
        abs(lost[of] / (2 * rounds * LOSSES[name][1]) - 1) < NEAR for of, name in expected.items()), "lost are %s" % lost)
    for of, name in expected.items():
        place = "h b0%s percent-link-rx" % of[1:]
        found = usual(answers["Share lost, by place"].get(place, []))
        expect(abs(found - share(name, "link")) < 1, "%s is %s" % (place, found))
        one = drawn(data, Dashboard("graphite", namespace=of[1:]))
        expect(one["Most packets lost"].keys() == {of}, "chosen was %s, shown is %s" % (of, one["Most packets lost"]))


@case
def grafana(stage):
    """Each query of the dashboards has data; the shares and the packets lost are those of two namespaces, and no others."""
    pairs = [lossy_pair(stage, names) for names in (("a", "b"), ("c", "d"))]
    healthy = stage.pair(("e", "f"))
    healthy[1].sink(GOOD_PORT)
    slow = stage.namespace("slow")
    fill(slow, HUGE)  # takes too long to read
    if stage.build is None:
        return
    need_library("microhttpd", "protobuf-c")
    losing = {"b": pairs[0][1], "d": pairs[1][1]}
    sent, port = Receiver(), free_port()
    options = FROM_THE_START.format(prefix=stage.prefix, prometheus=port, graphite=sent.port)
    with Prometheus(stage.build, port) as prometheus, Scraped(stage.build, options=options) as daemon:
        try:
            wait_until("a read", lambda: losing["d"].place() in daemon.places(), 10)
            daemon.wait_reads(losing.values(), 3)
            for _ in range(ROUNDS):
                daemon.wait_reads(losing.values())
                for (_, _, burst), name in zip(pairs, losing):
                    burst(*LOSSES[name])
                healthy[0].udp(100, 200, healthy[1].address, GOOD_PORT)
            daemon.wait_reads(losing.values(), 3)
            if not prometheus.missing:
                check_prometheus(prometheus, stage.namespaces, losing, ROUNDS)
        except Failure as e:
            raise Failure("%s\n%s" % (e, daemon.report([losing["b"].name]))) from e
    check_graphite(received(sent), losing, ROUNDS)
    if prometheus.missing:
        raise Skip("Graphite is right, but: " + prometheus.missing)
