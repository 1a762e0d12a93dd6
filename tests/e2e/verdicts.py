# SPDX-License-Identifier: MIT
"""The program's findings against what a case causes: no loss too few, none too many.

Every case that sends bursts has one more of them watched by pktloss(8). Its
findings of class loss and policy have to be those that collectd was notified of.
The runner prints all verdicts as a table.
"""

import contextlib
import json
import os
import subprocess
import time

from daemon import tells_reasons
from lab import Failure

INTERVAL = 2  # seconds: a burst and its echoes fit in
BEGIN = 0.5  # by then the first sample is taken
DIRECTORY = "PKTLOSS_VERDICTS"  # in the environment: where rows for the table are kept
LOSSES = ("loss", "policy")
FEW = 10  # packets lost by chance beside what a case causes; none where it causes nothing


def modes(watch):
    """Options of the programs that look: one with the kernel's reasons and one without, where it makes a difference."""
    options = watch.daemon.options
    if "DropReasons true" in options:
        return ["--drop-reasons"],
    if "DropReasons false" in options:
        return ["--no-drop-reasons"],
    return ([], ["--no-drop-reasons"]) if tells_reasons(watch.daemon.build) else ([],)


def look(watch, burst, alerts):
    """Of each program all findings of the namespaces: [(place as in a series, finding)]"""
    names = watch.names + ([""] if any("@" not in alert.place for alert in alerts) else [])
    wanted = [word for name in names for word in ("-n", name)]
    with contextlib.ExitStack() as stack:
        programs = [stack.enter_context(subprocess.Popen(
            [os.path.join(watch.daemon.build, "pktloss"), "--json", "-i", str(INTERVAL), *wanted, *mode],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)) for mode in modes(watch)]
        time.sleep(BEGIN)
        burst()
        return [findings_of(program) for program in programs]


def findings_of(program):
    out, _ = program.communicate(timeout=30)
    if program.returncode not in (0, 1):
        raise Failure("pktloss ended with status %d" % program.returncode)
    return [((finding["place"] or "all") + ("@" + ns["name"] if ns["name"] else ""), finding)
            for ns in json.loads(out)["namespaces"] for finding in ns["findings"]]


def ratio(finding):
    return "%s-%s" % (finding["layer"], finding["direction"])


def describe(place, finding):
    share = "?" if finding["percent"] is None else "%.3g%%" % finding["percent"]
    return "%s %s %s: %s" % (ratio(finding), place, share, finding["cause"])


def says(finding, words):
    text = " ".join(str(finding[key]) for key in ("cause", "remedy", "causes")).lower()
    return all(word.lower() in text for word in words if not word.startswith("above "))  # a limit


def compare(alerts, losses):
    """What is wrong, or nothing."""
    missing = list(losses)
    for alert in alerts:
        found = [loss for loss in missing if (loss[0], ratio(loss[1])) == (alert.place, alert.instance)]
        if not found:
            return "not found: %s %s" % (alert.instance, alert.place)
        right = [loss for loss in found if says(loss[1], alert.words)]
        if not right:
            return "does not say %s: %s" % (alert.words, describe(*found[0]))
        missing.remove(right[0])
    many = [loss for loss in missing if loss[1]["lost"] >= FEW or not alerts]
    return "not due: " + describe(*many[0]) if many else ""


def keep(name, alerts, losses, wrong):
    if DIRECTORY not in os.environ:
        return
    expected = ["%s %s" % (a.instance, a.place.partition("@")[0]) for a in alerts] or ["nothing"]
    found = ["%s %s: %s" % (ratio(f), place.partition("@")[0], f["cause"]) for place, f in losses] or ["nothing"]
    row = {"verdict": True, "case": name, "expected": "; ".join(expected), "found": "; ".join(found),
           "losses": len(losses), "right": not wrong}
    keep_row(row)


def keep_row(row):
    with open(os.path.join(os.environ[DIRECTORY], row["case"]), "w") as f:
        json.dump(row, f)


def rows(directory):
    for name in sorted(os.listdir(directory)):
        with open(os.path.join(directory, name)) as f:
            yield json.load(f)


def check(watch, burst, alerts, name=None):
    # what it rose to; what rules drop on purpose is a finding of its own beside other losses
    alerts = list({(a.place, a.instance, a.severity == "WARNING" and "netfilter" in a.instance): a
                   for a in alerts}.values())
    told = [[(place, f) for place, f in findings if f["class"] in LOSSES or f["direction"] == "fill"]
            for findings in look(watch, burst, alerts)]
    wrong = [compare(alerts, losses) for losses in told]
    keep(name or watch.case, alerts, told[0], any(wrong))
    if any(wrong):
        raise Failure("the program's findings: %s" % ", without reasons: ".join(wrong))


def print_table(directory):
    found = list(rows(directory))
    if not found:
        return
    print("%-5s %-18s %-34s %-3s %s" % ("", "case", "expected", "n", "found"))
    for row in found:
        print("%-5s %-18s %-34s %-3d %s" % ("right" if row["right"] else "WRONG", row["case"], row["expected"][:34],
                                            row["losses"], row["found"][:110]))
    print("%d of %d verdicts are right" % (sum(row["right"] for row in found), len(found)), flush=True)
