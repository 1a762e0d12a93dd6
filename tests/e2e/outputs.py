# SPDX-License-Identifier: MIT
"""What collectd's outputs make of notifications, with names as long as they get."""

import ctypes.util
import http.server
import json
import os
import re
import shutil
import socket
import tempfile
import threading

from cases import ALL, GOOD, GOOD_PORT, LOST, LOST_PORT, case, mismatched_pair
from daemon import Collectd
from lab import Failure, Skip, wait_until
from settings import expect
from watch import MESSAGE_MAX

LONG_INTERFACE = "eth0-of-15-byte"
LONG_NAME = "a-namespace-with-a-name-that-is-longer-than-collectd-can-take"
COMMENT = "dropped until the storage migration of the second data centre is done, ask the network team first " * 2
NAGIOS_STATES = {"WARNING": 1, "FAILURE": 2}
WHOLE = {  # the ends of what the message has no room for
    "link-rx": ("peer a0 has 9000", "ip link set dev %s mtu 9000" % LONG_INTERFACE),
    "netfilter-rx": ('(DROP, "%s")' % COMMENT, "INPUT 1 -nv"),
}
META = ("DataSource", "CurrentValue", "WarningMin", "WarningMax", "FailureMin", "FailureMax",
        "Namespace", "Interface", "Layer", "Counter", "Cause", "Remedy", "Reason",
        "Runbook")
FULL = META[META.index("Counter"):]

OPTIONS = """
<Plugin pktloss>
  Namespace "/^{prefix}/"
</Plugin>
LoadPlugin exec
<Plugin exec>
  NotificationExec "nobody" "{public}/script"
</Plugin>
LoadPlugin notify_nagios
<Plugin notify_nagios>
  CommandFile "{public}/nagios"
</Plugin>
LoadPlugin write_http
<Plugin write_http>
  <Node "test">
    URL "http://127.0.0.1:{port}/"
    Format "JSON"
    Metrics false
    Notifications true
  </Node>
</Plugin>
LoadPlugin unixsock
<Plugin unixsock>
  SocketFile "{public}/socket"
  DeleteSocket true
</Plugin>
"""

SCRIPT = """#!/bin/sh
id -un >{public}/got/$$.new
cat >>{public}/got/$$.new
mv {public}/got/$$.new {public}/got/$$
"""


class Posts:
    """An HTTP server that keeps the bodies of what is posted to it."""

    def __init__(self):
        bodies = self.bodies = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Outputs:
    """All of them, in a directory that others than root may enter."""

    def __init__(self):
        self.public = tempfile.mkdtemp(prefix="pktloss-e2e-")
        os.chmod(self.public, 0o755)
        os.mkdir(self.path("got"))
        os.chmod(self.path("got"), 0o777)
        with open(self.path("script"), "w") as f:
            f.write(SCRIPT.format(public=self.public))
        os.chmod(self.path("script"), 0o755)
        with open(self.path("nagios"), "w"):
            pass  # a file: collectd 5.12 wants to seek in it, which a FIFO refuses
        self.posts = Posts()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.posts.close()
        shutil.rmtree(self.public)

    def path(self, name):
        return os.path.join(self.public, name)

    def options(self, prefix):
        return OPTIONS.format(prefix=prefix, public=self.public, port=self.posts.port)

    def executed(self):
        """[(user, {header: value}, message)]"""
        names = [name for name in os.listdir(self.path("got")) if name.isdigit()]
        return [parse_executed(self.path("got/" + name)) for name in names]

    def nagios_commands(self):
        """[(service, state, message)]"""
        with open(self.path("nagios"), encoding="ascii") as f:
            found = re.findall(r"^\[\d+\] PROCESS_SERVICE_CHECK_RESULT;h;([^;]*);(\d);(.*)$", f.read(), re.M)
        return [(service, int(state), message) for service, state, message in found]

    def posted(self):
        return [alert for body in self.posts.bodies for alert in json.loads(body.decode("ascii"))]

    def ask(self, command):
        """The lines of collectd's answer on its socket."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(self.path("socket"))
            sock.sendall(command.encode("ascii") + b"\n")
            with sock.makefile(encoding="ascii") as answer:
                status = answer.readline()
                count = int(status.split()[0])
                expect(count > 0, "collectd answers %r with %r" % (command, status))
                return [answer.readline().strip() for _ in range(count)]


def parse_executed(path):
    with open(path, encoding="ascii") as f:
        head, _, message = f.read().partition("\n\n")
    user, *lines = head.splitlines()
    return user, dict(line.split(": ", 1) for line in lines if ": " in line), message.rstrip("\n")


def lossy(stage):
    """(namespace, burst): two kinds of loss in one namespace with long names."""
    a, b = mismatched_pair(stage, ("a", LONG_NAME))
    b.ip("link set b0 down")
    b.ip("link set b0 name " + LONG_INTERFACE)
    b.ip("link set %s up" % LONG_INTERFACE)
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -m comment --comment '%s' -j DROP"
              % (LOST_PORT, COMMENT))

    def burst():
        a.udp(GOOD, 1000, b.address, GOOD_PORT)
        a.udp(LOST, 1000, b.address, LOST_PORT)
        a.udp(LOST, 8000, b.address, GOOD_PORT)

    return [a, b], burst


def check_message(seen):
    """Whole names and words, nothing that an output would have to change."""
    message = seen.message
    expect(message.isascii() and message.isprintable() and len(message) <= MESSAGE_MAX,
           "%d bytes: %r" % (len(message), message))
    expect(" on %s (" % seen.place in message, "the place is not whole: " + message)


def check_full(meta):
    """What is known of the cause, and where its section is on the page."""
    expect(all(meta[name] for name in FULL), "without some of %s: %s" % (FULL, meta))
    expect(meta["Runbook"] == "CAUSES.md#" + meta["Reason"] and meta["Reason"] in sections(),
           "the page of causes has no %s" % meta["Runbook"])


def sections():
    """The anchors of the page of causes."""
    page = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "CAUSES.md")
    with open(page, encoding="ascii") as f:
        return re.findall(r'^(?:### |<a id=")([\w.-]+)', f.read(), re.M)


def check_executed(seen, executed):
    found = [e for e in executed if e[1].get("TypeInstance") == seen.instance and e[1]["Severity"] != "OKAY"]
    expect(len(found) == 1, "executed for %s-%s: %s" % (seen.place, seen.instance, executed))
    user, head, message = found[0]
    expect(user == "nobody", "executed as " + user)
    expect(message == seen.message, "executed with %r, not %r" % (message, seen.message))
    expect((head["Severity"], head["PluginInstance"], head["Type"]) == (seen.severity, seen.place, "percent"),
           "executed with %s" % head)
    expect(all(name in head for name in META), "executed without some of the meta data: %s" % head)
    interface, _, namespace = seen.place.partition("@")
    expect(head["Namespace"] == namespace and head["Interface"] == interface.replace("all", "")
           and head["Layer"] == seen.instance.split("-")[0], "executed with %s" % head)
    check_full(head)
    cause, remedy = WHOLE[seen.instance]
    expect(head["Cause"].endswith(cause) and head["Remedy"].endswith(remedy), "executed with parts of %s" % head)


def check_nagios(seen, commands):
    service = "pktloss-%s/percent-%s" % (seen.place, seen.instance)
    expected = (service, NAGIOS_STATES[seen.severity], seen.message)
    expect(commands.count(expected) == 1, "nagios was told %s, not once %s" % (commands, expected))


def check_posted(seen, posted):
    found = [p for p in posted if p["labels"]["type"] == seen.instance]
    expect(len(found) == 1, "posted for %s-%s: %s" % (seen.place, seen.instance, posted))
    labels, notes = found[0]["labels"], found[0]["annotations"]
    expect(labels["pktloss"] == seen.place and labels["severity"] == seen.severity
           and notes["summary"] == seen.message and all(name in notes for name in META), "posted: %s" % found)
    check_full(notes)


def check_socket(outputs, seen):
    name = "h/pktloss-%s/percent-%s" % (seen.place, seen.instance)
    listed = [line.split(" ", 1)[1] for line in outputs.ask("LISTVAL")]
    expect(name in listed, "LISTVAL has no %s: %s" % (name, listed))
    value = outputs.ask('GETVAL "%s"' % name)[0]
    expect(re.fullmatch(r"value=[\d.e+]+", value) is not None, "GETVAL %s: %s" % (name, value))


def judge(outputs, daemon):
    seen = daemon.notifications()
    expect(sorted(n.instance for n in seen) == ["link-rx", "netfilter-rx"], "notified: %s" % seen)
    wait_until("both to be executed", lambda: len(outputs.executed()) >= 2, 5)
    wait_until("both for nagios", lambda: len(outputs.nagios_commands()) >= 2, 5)
    wait_until("both by HTTP", lambda: len(outputs.posted()) >= 2, 5)
    for n in seen:
        check_message(n)
        check_executed(n, outputs.executed())
        check_nagios(n, outputs.nagios_commands())
        check_posted(n, outputs.posted())
        check_socket(outputs, n)


def judge_recovery(outputs, daemon):
    """An OKAY has the cause of what is over."""
    heads = [head for _, head, _ in outputs.executed()]
    told = {head["TypeInstance"]: head for head in heads if head["Severity"] != "OKAY"}
    over = {head["TypeInstance"]: head for head in heads if head["Severity"] == "OKAY"}
    expect(sorted(over) == sorted(told), "executed: %s\n%s" % (heads, daemon.report()))
    for instance, head in over.items():
        check_full(head)
        expect(all(head[name] == told[instance][name] for name in FULL),
               "%s takes back %s" % (head, told[instance]))


@case
def outputs(stage):
    """logfile, exec, nagios, HTTP and the socket tell the same, with long names too, and of the cause to the end."""
    namespaces, burst = lossy(stage)
    a, b = namespaces
    if stage.build is None:
        return
    if not ctypes.util.find_library("yajl"):
        raise Skip("no libyajl, which write_http needs")
    with Outputs() as outs, Collectd(stage.build, options=outs.options(stage.prefix)) as daemon:
        try:
            wait_until("a read", lambda: any("@" in p for p in daemon.places()), 10)
            for _ in range(4):
                daemon.wait_reads(namespaces[:1])
                burst()
            daemon.wait_reads(namespaces[:1], 2)
            judge(outs, daemon)
            for _ in range(6):
                daemon.wait_reads(namespaces[:1])
                a.udp(GOOD, 1000, b.address, GOOD_PORT)
            wait_until("both to recover", lambda: len(outs.executed()) >= 4, 10)
            judge_recovery(outs, daemon)
        except Failure as e:
            raise Failure("%s\n%s" % (e, daemon.report())) from e
