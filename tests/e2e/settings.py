# SPDX-License-Identifier: MIT
"""What the configuration and the rights of collectd change."""

import truth
from cases import ALL, LOST, case, drop_commented, firewall_series, good_and_bad, snmp_series
from daemon import HEARTBEAT, Collectd
from lab import Failure, wait_until
from watch import Alert, Share, policy

NO_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


def expect(condition, what):
    if not condition:
        raise Failure(what)


def times_logged(daemon, text):
    return sum(text in line for line in daemon.log().splitlines())


def wait_beats(daemon, count, place="all"):
    wait_until("%d reads of %s" % (count, place),
               lambda: len(daemon.values(place, "gauge-all-sources")) >= count, 15)


@case
def unprivileged(stage):
    """Without rights the own namespace is still read, and the log says what is missing."""
    a, _ = stage.pair()
    if stage.build is None:
        return
    with Collectd(stage.build, ns=a, command=NO_RIGHTS) as daemon:
        wait_beats(daemon, 4)
        expect(times_logged(daemon, "run as root, or with CAP_SYS_ADMIN (") == 1,
               "the missing CAP_SYS_ADMIN is not said once")
        others = [p for p in daemon.places() if "@" in p]
        expect(not others, "read without rights: %s" % others)


@case
def one_layer(stage):
    """A layer alone is still measured against the traffic of another, which is not sent."""
    a, b = stage.pair()
    drop_commented(b)
    lost = firewall_series(b, "filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    with stage.watch([lost], options='Layer "netfilter"') as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check([Share(b.place(), "percent-netfilter-rx", lost, ALL)],
                    [policy(b.place(), "netfilter-rx", ("maintenance drop",))], reasons=0)
        if watch.daemon:
            others = [s for s in watch.daemon.series(b.place())
                      if "netfilter" not in s and s != "gauge-all-sources"]
            expect(not others, "sent, but not asked for: %s" % others)


@case
def all_gone(stage):
    """That the last of the selected namespaces ends is no failure."""
    a, b = stage.pair()
    with stage.watch() as watch:
        watch.wait_reads()
        stage.remove(b)
        stage.remove(a)
        watch.namespaces.clear()
        c = stage.namespace("c")
        watch.namespaces.append(c)
        watch.wait_reads(3, [c])


@case
def mistakes(stage):
    """What is wrong in the configuration is warned of and left out; the rest works."""
    a, b = stage.pair()
    wrong = '''
  Nonsense 1
  Layer "nefilter"
  Layer "netfilter"
  MaxSeries -3
  ReportIdle "perhaps"
  Interface "/(/"
  Counter "/(/"
  Counter "tcp-TCPPureAcs"
  Counter "tcp-InSegs"
  <Threshold>
    Layer "/[/"
    WarningMax 50
    FailureMax 60
  </Threshold>
  <Threshold>
    Namespce "web"
    WarningMax 50
  </Threshold>
  <Threshold>
    Namespace "nobody"
    WarningMax 50
    FailureMax 1
  </Threshold>
  StateFile "/nonexistent/alarms"'''
    drop_commented(b)
    lost = firewall_series(b, "filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    with stage.watch([lost], options=wrong) as watch:
        watch.bursts(good_and_bad(a, b), 3)
        watch.check(alerts=[policy(b.place(), "netfilter-rx", ("above 10%",))], reasons=None)
        if watch.daemon:
            expect(times_logged(watch.daemon, "[warning]") == 14, "not 14 warnings")
            for said in ('option "MaxSeries" takes a whole number from 1 to 1000000000, not -3',
                         'no option "Namespce" in a <Threshold> block', "<Threshold> block 2, with that",
                         'option Namespace "nobody" of <Threshold> block 3 matches no network namespace now', "Unmatched ( or",
                         "FailureMax\" of <Threshold> block 3 is 1, below its WarningMax 50",
                         "cannot be written: its directory does not exist: make it (/nonexistent/alarms)"):
                expect(times_logged(watch.daemon, said) == 1 + (said[0] == "U"),
                       "not said: " + said)


@case
def thresholds(stage):
    """The first threshold that matches is used, persistence repeats."""
    a, b = stage.pair()
    ours = '''
  <Threshold>
    Layer "netfilter"
    Namespace "/-b$/"
    WarningMax 20
    FailureMax 90
    Hits 1
    Persist true
  </Threshold>
  <Threshold>
    FailureMax 0
  </Threshold>'''
    drop_commented(b)
    with stage.watch(options=ours) as watch:
        watch.bursts(good_and_bad(a, b), 4)
        watch.settle()
        if watch.daemon:
            said = watch.count("WARNING", b.place(), "netfilter-rx")
            expect(said >= 3, "a persistent WARNING came %d times" % said)
            expect(not watch.count("FAILURE", b.place(), "netfilter-rx"),
                   "the second threshold was used")


@case
def report_idle(stage):
    """On demand every counter is sent from the start, zeros too."""
    a, _ = stage.pair()
    with stage.watch(options="ReportIdle true") as watch:
        watch.wait_reads(2)
        if watch.daemon:
            sent = [v for _, v in watch.daemon.values(a.place(), "packets-tcp-ListenDrops")]
            expect(sent and set(sent) == {0}, "ListenDrops was sent as %s" % sent)


def newest_series(daemon):
    """(place, name) of all that have a value of the newest read, but the sums that MaxSeries leaves."""
    last = {}
    for place in daemon.places():
        for name in daemon.series(place):
            values = daemon.values(place, name)
            if values and not name.endswith("-_other"):
                last[place, name] = values[-1][0]
    newest = max(last.values(), default=0)
    return {series for series, time in last.items() if time > newest - daemon.interval / 2}


@case
def few_series(stage):
    """MaxSeries bounds what is sent, and the log says so once; alarms do not suffer."""
    a, b = stage.pair()
    drop_commented(b)
    with stage.watch(options="ReportIdle true\n  MaxSeries 20") as watch:
        watch.bursts(good_and_bad(a, b), 4)
        watch.settle()
        if watch.daemon:
            count = len(newest_series(watch.daemon))
            expect(count <= 20, "%d series instead of 20" % count)
            expect({p for p, _ in newest_series(watch.daemon)} >= {a.place(), b.place()}, "one has no series")
            expect(times_logged(watch.daemon, "MaxSeries") == 1, "it is not said once")
            expect(watch.count("WARNING", b.place(), "netfilter-rx") == 1, "no alarm")
            rest = [v for _, v in watch.daemon.values("all", "packets-netfilter-_other")]
            expect(rest and rest[0] == 0 and rest[-1] == 4 * LOST, "not all in _other: %s" % rest)


MANY_INTERFACES = 75  # pairs of them


@case
def series_of_one(stage):
    """A namespace with hundreds of lossy interfaces leaves the series of a quiet one, and of one that comes later."""
    noisy, quiet = stage.namespace("noisy"), stage.namespace("quiet")
    noisy.tool("ip -batch -", "".join("link add d%d type veth peer name p%d\nlink set d%d up\n" % (i, i, i)
                                      for i in range(MANY_INTERFACES)))
    if stage.build is None:
        return
    block = ("<Plugin pktloss>\n  Namespace \"/^%s/\"\n  ReportIdle true\n  MaxSeries 300\n</Plugin>" % stage.prefix)
    with Collectd(stage.build, 1, block) as daemon:
        daemon.wait_reads([noisy, quiet], 3)
        a, b = stage.pair()
        daemon.wait_reads([a, b], 4)
        newest = newest_series(daemon)
        count = {ns: sum(p.endswith("@" + ns.name) for p, _ in newest) for ns in (noisy, quiet, a, b)}
        expect(len(newest) <= 300, "%d series instead of 300" % len(newest))
        expect(min(count.values()) >= 60, "the shares are %s" % count)
        for ns in quiet, a, b:
            expect((ns.place(), HEARTBEAT) in newest, "%s has no heartbeat" % ns.name)
        expect(times_logged(daemon, "MaxSeries (300) is reached") == 1, "it is not said once")
        expect(times_logged(daemon, "%s\"" % noisy.name) >= 1, "nor of whom most are")
        first = {s for s in newest if s[0].endswith("@" + noisy.name)}
        daemon.wait_reads([a, b], 3)
        gone = first - newest_series(daemon)
        expect(not gone, "series came and went: %s" % sorted(gone)[:5])


@case
def series_that_fit(stage):
    """The same where there is room for all: all are sent, and nothing is said."""
    noisy = stage.namespace("noisy")
    noisy.tool("ip -batch -", "".join("link add d%d type veth peer name p%d\nlink set d%d up\n" % (i, i, i) for i in range(20)))
    if stage.build is None:
        return
    block = ("<Plugin pktloss>\n  Namespace \"/^%s/\"\n  ReportIdle true\n  MaxSeries 3000\n</Plugin>" % stage.prefix)
    with Collectd(stage.build, 1, block) as daemon:
        daemon.wait_reads([noisy], 3)
        places = {p for p, _ in newest_series(daemon) if p.endswith("@" + noisy.name)}
        expect(len(places) >= 21, "only %d places" % len(places))
        expect(times_logged(daemon, "MaxSeries") == 0, "something is said of it")


def browse_and_ping(a, b):
    b.web_server(80)

    def burst():
        a.browse(5, b.address, 80)
        expect(a.ping(3, b.address) == 3, "a ping was not answered")

    return burst


def expect_series(watch, ns, asked_for):
    """What an idle namespace sends: its heartbeat, and what was asked for."""
    if watch.daemon:
        sent = set(watch.daemon.series(ns.place()))
        expect(sent == {HEARTBEAT, *asked_for}, "%s sent %s" % (ns.name, sorted(sent)))


@case
def optional_counters(stage):
    """What Counter asks for is sent, from the first read on, and is what nstat shows."""
    a, b = stage.pair()
    asked = [snmp_series(ns, *counter) for ns in (a, b) for counter in (
        ("TCPPureAcks", "tcp", "TcpExtTCPPureAcks", (1, 1000)),
        ("InEchos", "icmp", "IcmpInEchos", 3 if ns is b else 0))]
    options = 'Counter "tcp-TCPPureAcks"\n  Counter "/^icmp-InEchos/"'
    with stage.watch(asked, options=options) as watch:
        watch.bursts(browse_and_ping(a, b), 3)
        watch.check()
        for ns in (a, b):
            expect_series(watch, ns, [s.name for s in asked])


@case
def no_optional_counters(stage):
    """Without the option none is sent, however much moves."""
    a, b = stage.pair()
    with stage.watch() as watch:
        watch.bursts(browse_and_ping(a, b), 2)
        watch.check()
        for ns in (a, b):
            expect_series(watch, ns, [])
