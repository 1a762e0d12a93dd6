# SPDX-License-Identifier: MIT
"""Cases of the field: what a namespace loses, as the kernel sees it, and what has to be said of it.

A case builds a topology and returns a Story: traffic that is sent three times,
each time right after collectd has read; how much of the kernel's own counters
one round must move; and the losses that are true. The program and the plugin
watch the same three rounds, with their default limits. Each loss has to be
said, once, with the right numbers and words, and nothing else.

    @field
    def forward_policy(stage):
        a, r, b = stage.router()
        ...
        return Story(lambda: ..., [Count(...)], [Found(r, "netfilter", "fwd", 40, 160, says=("policy",))])

What needs Linux 6.1 registers with @field_of("devices") or the like instead:
all of a group run at once inside one user-mode Linux, see uml_field.py.
"""

import json
import os
import re
import subprocess
import time
import traceback
from typing import Callable, NamedTuple, Optional, Union

import truth
import verdicts
from cases import CASES
from daemon import Collectd, tells_reasons
from lab import Failure, add_address, know, run
from watch import ALERTS, check_reasons

LOST, GOOD = 40, 120  # datagrams of one round
ALL = LOST + GOOD
BAD, WANTED = 5001, 5002  # their ports
ROUNDS = 3
SPAN = 5  # seconds that the program looks: three rounds, and what follows from them
GROUPS = {}  # cases for user-mode Linux, by group

WARNED = ("WARNING",)
FAILED = ("FAILURE",)
TOLD = ("WARNING", "FAILURE")  # how bad is a matter of how sure one can be
PERHAPS = ("WARNING", "")  # or nothing
ANY = TOLD + ("",)
POLICY_PERCENT = 10  # above which a rule that drops what it matches is worth a warning


class Count(NamedTuple):
    """What the kernel's own tools count: one round must add `each`, or all of them (least, most)."""
    what: str
    read: Callable
    each: Union[int, tuple, None] = LOST


class Found(NamedTuple):
    """A loss that is true, and how it has to be told.

    layer, direction, place and kind may name several that would be right, as "ip|udp".
    lost and total are packets of one round, or the name of a Count; total may be
    None: not looked at. off: how many packets more or less lost may be.
    says: words that must stand in the finding, in its cause, its remedy or one of its causes, "x|y" being one of
    them. never: that must not. tells: the same of the notification, which is short; None: says. alarm: severities that the
    notification may have, None: there must be none; left out, it follows from class and share.
    """
    ns: object
    layer: str
    direction: str
    lost: Union[int, str]
    total: Union[int, str, None] = None
    place: str = ""
    kind: str = "loss"
    says: tuple = ()
    never: tuple = ()
    tells: Optional[tuple] = None
    alarm: Union[tuple, None, bool] = True
    off: int = 0
    optional: bool = False  # nobody need see it; who does has to say it like this
    together: bool = False  # several findings may have it, as one of each of its kinds
    told: Optional[bool] = None  # only where the kernel says why it drops packets; False: only where it does not

    @property
    def ratio(self):
        return "%s-%s" % (self.layer, self.direction)

    @property
    def ratios(self):
        """As they stand in notifications."""
        return ["%s-%s" % (layer, direction) for layer in self.layer.split("|")
                for direction in self.direction.split("|")]

    @property
    def places(self):
        return [self.ns.place(place or "all") for place in self.place.split("|")]

    def is_it(self, f):
        return (f["layer"] in self.layer.split("|") and f["direction"] in self.direction.split("|")
                and (f["place"] or "") in self.place.split("|") and f["class"] in self.kind.split("|"))

    def __str__(self):
        return "%s %s %s@%s" % (self.kind, self.ratio, self.place or "all", self.ns.name)


class Story(NamedTuple):
    """One round of traffic, what the kernel counts meanwhile, and what is to be found.

    never: words that must stand nowhere. may: (layer, direction) of findings that are true besides and of
    no interest. host: the host's own namespace is watched, too. silent_of: namespaces where no finding of
    any class may stand but of these classes. reasons: packets that the kernel names a reason for, of one round;
    True: those that are lost. None: not looked at.
    """
    round: Callable
    counts: tuple = ()
    found: tuple = ()
    never: tuple = ()
    may: tuple = ()
    host: bool = False
    after: float = 0
    reasons: Union[int, bool, None] = True
    finish: Callable = lambda: None


def field(function):
    """A case on this machine's kernel."""
    def perform(stage):
        play([(stage, function)], stage.build)

    perform.__doc__ = function.__doc__
    CASES["field_" + function.__name__] = perform
    return function


def field_of(group):
    """A case that needs Linux 6.1, of a group that one machine plays at once."""
    def register(function):
        GROUPS.setdefault(group, []).append(function)
        return function
    return register


# Topologies; more of them are in lab.py.


def pair6(stage):
    a, b = (stage.namespace(name, ipv6=True) for name in ("a", "b"))
    wire6(a, "a0", "fd00:1::1/64", b, "b0", "fd00:1::2/64")
    a.address, b.address = "fd00:1::1", "fd00:1::2"
    return a, b


def wire6(x, x_interface, x_address, y, y_interface, y_address):
    run("ip link add %s netns %s type veth peer name %s netns %s"
        % (x_interface, x.name, y_interface, y.name))
    for ns, interface, address in ((x, x_interface, x_address), (y, y_interface, y_address)):
        add_address(ns, interface, address)
    know(x, x_interface, y, y_interface, y_address)
    know(y, y_interface, x, x_interface, x_address)


def bridge(stage, options="", names=("a", "b")):
    """r: br0 with the ports pa, pb and so on; namespaces a: a0 10.9.0.1, b: b0 10.9.0.2 ... behind them."""
    r = stage.namespace("r")
    ends = [stage.namespace(name) for name in names]
    r.feature("ip link add br0 type bridge " + options)
    r.ip("link set br0 up")
    for n, (ns, name) in enumerate(zip(ends, names), 1):
        run("ip link add %s0 netns %s type veth peer name p%s netns %s" % (name, ns.name, name, r.name))
        r.ip("link set p%s master br0" % name)
        r.ip("link set p%s up" % name)
        ns.address = "10.9.0.%d" % n
        add_address(ns, name + "0", ns.address + "/24")
    for x, x_name in zip(ends, names):
        for y, y_name in zip(ends, names):
            if x is not y:
                know(x, x_name + "0", y, y_name + "0", y.address)
    return (r, *ends)


def listening_bridge(stage, options="", names=("a", "b")):
    """The same, when its ports forward and know who is behind them."""
    r, *ends = bridge(stage, options, names)
    time.sleep(0.3)
    for x in ends:
        x.tool("ping -q -c1 -W2 " + [y for y in ends if y is not x][0].address)
    return (r, *ends)


# Usual rounds.


def to_ports(a, address, good=GOOD, bad=LOST, size=100, good_port=WANTED, bad_port=BAD):
    """A round: so many datagrams for each of two ports."""
    def send():
        a.send(good, size, address, good_port)
        a.send(bad, size, address, bad_port)
    return send


def good_and_bad(a, b, **how):
    b.reader(WANTED)
    return to_ports(a, b.address, **how)


# What the kernel says.


def snmp(ns, name, each=LOST):
    return Count("%s %s" % (ns.name, name), lambda: truth.snmp(ns, name), each)


def arrived(ns, name=WANTED, each=GOOD):
    return Count("%s received on %s" % (ns.name, name), lambda: ns.count_of(name), each)


def link(ns, interface, direction, counter, each=LOST):
    return Count("%s %s %s_%s" % (ns.name, interface, direction, counter),
                 lambda: truth.link(ns, interface, direction, counter), each)


def dropped_by(ns, interface, kind, each=None):
    return Count("%s %s of %s" % (ns.name, kind, interface),
                 lambda: truth.qdisc(ns, interface, kind, "drops"), each)


def in_gap(ns, each=LOST, v6=False):
    """What IP received and neither delivered nor forwarded."""
    group = "Ip6" if v6 else "Ip"
    forwarded = "Ip6OutForwDatagrams" if v6 else "IpForwDatagrams"
    return Count("in_gap of " + ns.name,
                 lambda: truth.snmp(ns, group + "InReceives") - truth.snmp(ns, group + "InDelivers")
                 - truth.snmp(ns, forwarded), each)


def out_gap(ns, each=LOST):
    """What IP had to send or to forward and did not give to an interface (Linux 6.7)."""
    return Count("out_gap of " + ns.name,
                 lambda: truth.snmp(ns, "IpOutRequests") + truth.snmp(ns, "IpForwDatagrams")
                 - truth.snmp(ns, "IpOutTransmits"), each)


# The play.


class Scene:
    """A story with the namespaces it is about, while it is played."""

    def __init__(self, stage, function):
        self.name = function.__name__
        made = len(stage.namespaces)
        self.story = function(stage)
        self.namespaces = stage.namespaces[made:]
        self.wrong = []

    @property
    def names(self):
        return [ns.name for ns in self.namespaces]

    def one_round(self):
        """An error is this story's, not that of the others which are played beside it."""
        try:
            self.story.round()
        except Exception:
            self.wrong.append(traceback.format_exc())

    def start(self):
        self.before = [count.read() for count in self.story.counts]

    def end(self):
        self.moved = {count.what: count.read() - before
                      for count, before in zip(self.story.counts, self.before)}

    def expect(self, condition, what):
        if not condition:
            self.wrong.append(what)
        return condition

    # the kernel

    def check_truth(self, rounds):
        for count in self.story.counts:
            if count.each is None:
                continue
            least, most = count.each if isinstance(count.each, tuple) else (count.each * rounds,) * 2
            self.expect(least <= self.moved[count.what] <= most, "the kernel moved %s by %d, not by %s"
                        % (count.what, self.moved[count.what], least if least == most else (least, most)))

    def packets(self, wanted, rounds):
        """Of all rounds."""
        return self.moved[wanted] if isinstance(wanted, str) else wanted * rounds

    # the program

    def due(self, told):
        return [found for found in self.story.found if found.told in (None, told)]

    def check_findings(self, seen, rounds, told):
        """seen: {namespace: findings}"""
        for name in self.names:
            if not self.expect(name in seen, "the program does not know %s" % name):
                return
        left = [(ns, f) for ns in self.namespaces for f in seen[ns.name]
                if f["class"] in ("loss", "policy") and (f["layer"], f["direction"]) not in self.story.may]
        for found in self.due(told):
            self.check_found(found, seen[found.ns.name], left, rounds)
        for ns, f in left:
            self.expect(False, "the program: not due: %s %s" % (ns.name, brief(f)))
        for ns in self.namespaces:
            for f in seen[ns.name]:
                bad = [word for word in self.story.never if word.lower() in text_of(f)]
                self.expect(not bad, "the program says %s: %s %s" % (bad, ns.name, brief(f)))

    def check_found(self, found, seen, left, rounds):
        same = [f for f in seen if found.is_it(f)]
        if found.optional and not same:
            return
        if not self.expect(len(same) == 1 or same and found.together,
                           "the program: %d times instead of once: %s" % (len(same), found)):
            return
        for f in same:
            if (found.ns, f) in left:
                left.remove((found.ns, f))
        shown = "; ".join(brief(f) for f in same)
        lost, sum_lost = self.packets(found.lost, rounds), sum(f["lost"] for f in same)
        self.expect(abs(sum_lost - lost) <= found.off, "the program: %d lost, not %d: %s" % (sum_lost, lost, shown))
        if found.total is not None:
            total = self.packets(found.total, rounds)
            self.expect(all(abs((f["total"] or 0) - total) <= max(found.off, 4, 0.03 * total) for f in same),
                        "the program: not of %d: %s" % (total, shown))
        text = " ".join(text_of(f) for f in same)
        self.check_words("the program", found.says, (), text + "".join(counters_of(f) for f in same), shown)
        self.check_words("the program", (), found.never, text, shown)

    def check_words(self, who, says, never, text, shown):
        missing = [words for words in says if not any(word.lower() in text for word in words.split("|"))]
        wrong = [word for word in never if word.lower() in text]
        self.expect(not missing, "%s does not say %s: %s" % (who, missing, shown))
        self.expect(not wrong, "%s says %s: %s" % (who, wrong, shown))

    # the plugin

    def check_notifications(self, daemon, rounds, told):
        left = [n for n in daemon.notifications(self.names) if n.severity in ALERTS]
        notified = set()
        for found in sorted(self.due(told), key=lambda found: found.kind == "policy"):
            if (found.ns, found.place, found.ratio) in notified:
                continue  # one notification for both, of what is worse
            notified.add((found.ns, found.place, found.ratio))
            allowed = self.severities(found, rounds)
            same = [n for n in left if n.place in found.places and n.instance in found.ratios]
            for n in same:
                left.remove(n)
            if not allowed:
                self.expect(not same, "the plugin: not due: %s" % "; ".join(str(n) for n in same))
            elif not same and ("" in allowed or found.optional):
                continue
            elif self.expect(len(same) == 1, "the plugin: %d notifications instead of one: %s" % (len(same), found)):
                n = same[0]
                self.expect(n.severity in allowed, "the plugin: not a %s: %s" % (" or ".join(allowed), n))
                self.check_words("the plugin", found.says if found.tells is None else found.tells,
                                 found.never, n.message.lower(), n)
        for n in left:
            self.expect(False, "the plugin: not due: %s" % (n,))

    # the kernel's reasons

    def check_reasons(self, daemon, rounds):
        wanted = self.story.reasons if self.story.reasons in (True, None) else self.story.reasons * rounds
        wrong = check_reasons(daemon, self.namespaces, wanted)
        self.expect(not wrong, wrong)

    def severities(self, found, rounds):
        if found.alarm is not True:
            return found.alarm or ()
        if found.kind == "loss":
            return FAILED
        if "loss" in found.kind.split("|"):
            return ANY
        if found.kind != "policy" or found.total is None:
            return ()
        lost, total = self.packets(found.lost, rounds), self.packets(found.total, rounds)
        return WARNED if 100 * lost > POLICY_PERCENT * total else ()

    def keep_verdict(self, seen, told):
        if verdicts.DIRECTORY not in os.environ:
            return
        expected = ["%s %s" % (f.ratio, f.place) for f in self.due(told) if f.kind in verdicts.LOSSES]
        found = ["%s %s: %s" % (verdicts.ratio(f), f["place"] or "all", f["cause"])
                 for name in self.names for f in seen.get(name, ()) if f["class"] in verdicts.LOSSES]
        verdicts.keep_row({"verdict": True, "case": "field_" + self.name, "expected": "; ".join(expected) or "nothing",
                           "found": "; ".join(found) or "nothing", "losses": len(found), "right": not self.wrong})


def text_of(finding):
    """All words of a finding, in small letters."""
    return " ".join("%s %s" % (c["cause"], c["remedy"] or "") for c in [finding] + finding["causes"]).lower()


def counters_of(finding):
    return "".join(" " + (c["counter"] or "").lower() for c in finding["causes"])


def brief(f):
    causes = "".join("\n            + %s: %s" % (c["lost"], c["cause"]) for c in f["causes"][1:])
    return "%s %s %s lost %s of %s: %s || %s%s" % (f["class"], verdicts.ratio(f), f["place"], f["lost"], f["total"],
                                               f["cause"], f["remedy"], causes)


class Program:
    """pktloss --json, over one interval."""

    def __init__(self, build, names, seconds, *options):
        wanted = [word for name in names for word in ("-n", name)]
        self.process = subprocess.Popen(
            [os.path.join(build, "pktloss"), "--json", "-i", str(seconds), "-c", "1", *wanted, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self):
        """(exit status, {namespace: findings})"""
        out, err = self.process.communicate(timeout=60)
        try:
            said = json.loads(out)
        except ValueError:
            raise Failure("pktloss ended with status %d: %s%s" % (self.process.returncode, out, err))
        return self.process.returncode, {ns["name"]: ns["findings"] for ns in said["namespaces"]}


def options_for(stages, host):
    chosen = ['Namespace "/^%s/"' % re.escape(stage.prefix) for stage in stages]
    lines = chosen + (['Namespace ""'] if host else [])
    return "<Plugin pktloss>\n  %s\n</Plugin>" % "\n  ".join(lines)


def rounds_of(scenes, daemon):
    """Each round of all stories at once, right after a read."""
    namespaces = [ns for scene in scenes for ns in scene.namespaces]
    for _ in range(ROUNDS):
        if daemon:
            daemon.wait_reads(namespaces)
        for scene in scenes:
            scene.one_round()


def play(cases, build, interval=1):
    """cases: [(stage, function)]. Raises Failure with all that is wrong."""
    scenes = [Scene(stage, function) for stage, function in cases]
    if build:
        after = max(scene.story.after for scene in scenes)
        watch_scenes(scenes, [stage for stage, _ in cases], build, interval, SPAN + after)
    else:
        play_truth(scenes)
    for scene in scenes:
        scene.check_truth(ROUNDS)
        scene.story.finish()
    complain(scenes)


def play_truth(scenes):
    """Without a watch."""
    for scene in scenes:
        scene.start()
    rounds_of(scenes, None)
    time.sleep(1 + max([scene.story.after for scene in scenes], default=0))
    for scene in scenes:
        scene.end()


def complain(scenes):
    wrong = [(scene.name, what) for scene in scenes for what in scene.wrong]
    if wrong:
        lines = ["%s%s" % (name + ": " if len(scenes) > 1 else "", what) for name, what in wrong]
        raise Failure("\n".join(lines))


def watch_scenes(scenes, stages, build, interval, span, host=False):
    host = host or any(scene.story.host for scene in scenes)
    namespaces = [ns for scene in scenes for ns in scene.namespaces]
    names = [ns.name for ns in namespaces] + ([""] if host else [])
    with Collectd(build, interval, options_for(stages, host)) as daemon:
        daemon.wait_reads(namespaces, 2)
        for scene in scenes:
            scene.start()
        told = tells_reasons(build)
        program, guessing = Program(build, names, span), Program(build, names, span, "--no-drop-reasons")
        rounds_of(scenes, daemon)
        said, guessed = program.finish(), guessing.finish()
        for scene in scenes:
            scene.end()
        daemon.wait_reads(namespaces)
        time.sleep(0.2)  # notifications follow the values
        for scene in scenes:
            scene.check_findings(said[1], ROUNDS, told)
            scene.check_findings(guessed[1], ROUNDS, False)
            scene.check_notifications(daemon, ROUNDS, told)
            if told:
                scene.check_reasons(daemon, ROUNDS)
            scene.keep_verdict(said[1], told)
    check_status(scenes, *said, told)
    check_status(scenes, *guessed, False)


def check_status(scenes, status, seen, told):
    """1 where something is lost; a policy alone is not judged here."""
    kinds = {found.kind for scene in scenes for found in scene.due(told) if not found.optional}
    if len(scenes) > 1 or scenes[0].story.may:
        return
    if "loss" in kinds:
        scenes[0].expect(status == 1, "the program ended with %d though packets were lost" % status)
    elif kinds <= {"unexplained"} and not any(f["class"] in ("loss", "policy") for f in seen.get("", ())):
        scenes[0].expect(status == 0, "the program ended with %d though nothing was lost" % status)
