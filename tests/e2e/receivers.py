# SPDX-License-Identifier: MIT
"""What on-call gets: the files of conf/alerts/ with their real receivers, over the story of one alarm."""

import ctypes.util
import fcntl
import http.server
import json
import os
import re
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from cases import GOOD_PORT, LOST_PORT, case
from daemon import Collectd
from lab import HERE, Failure, Skip, leashed, wait_until
from outputs import Posts
from settings import expect

ALERTS = os.path.join(HERE, "..", "..", "conf", "alerts")
SCRIPTS = ("pktloss-alertmanager", "pktloss-nagios", "pktloss-pager")
LIBEXEC = "/usr/local/libexec/pktloss"  # where make install puts them
OTHER_PORT = 5003
PACKETS = 1000
DROP = "iptables-legacy -w 20 -%s INPUT -p udp --dport %d -m statistic --mode nth --every 5 --packet 0 -m comment --comment '%s' -j DROP"
RESOLVE_TIMEOUT = 10  # of Alertmanager
REPEAT = 4  # seconds

BLOCK = """
<Plugin pktloss>
  Namespace "/^{prefix}/"
</Plugin>
"""

WRITE_HTTP = """
LoadPlugin write_http
<Plugin write_http>
  <Node "alertmanager">
    URL "http://127.0.0.1:{port}/api/v2/alerts"
    Format "JSON"
    Metrics false
    Notifications true
  </Node>
</Plugin>
"""

PAGE = """#!/bin/sh
[ -e {public}/tried ] || { touch {public}/tried; echo no answer; exit 1; }
echo "$* $(cat)" >>{public}/pages
echo ok
"""

NAGIOS = """
log_file={public}/nagios.log
cfg_file={etc}/objects/templates.cfg
cfg_file={etc}/objects/timeperiods.cfg
cfg_file={public}/nagios.cfg
cfg_file={public}/contacts.cfg
object_cache_file={public}/objects.cache
status_file={public}/status
temp_file={public}/nagios.tmp
temp_path={public}
lock_file={public}/nagios.lock
check_result_path={public}/results
command_file={public}/nagios.cmd
query_socket={public}/nagios.qh
check_external_commands=1
nagios_user={user}
nagios_group={group}
use_syslog=0
retain_state_information=0
"""

CONTACTS = """
define command {
    command_name notify
    command_line printf '%s %s %s\\n' '$NOTIFICATIONTYPE$' '$SERVICESTATE$' '$SERVICEOUTPUT$' >>{public}/told
}
define contact {
    contact_name                  on-call
    host_notifications_enabled    0
    service_notification_period   24x7
    host_notification_period      24x7
    service_notification_options  w,u,c,r
    host_notification_options     n
    service_notification_commands notify
    host_notification_commands    notify
}
define contactgroup {
    contactgroup_name admins
    members           on-call
}
define host {
    host_name          h
    address            127.0.0.1
    max_check_attempts 1
    check_period       24x7
    contact_groups     admins
}
"""


def shipped(name, changes=()):
    """A file of conf/alerts, with what is another thing here."""
    with open(os.path.join(ALERTS, name), encoding="ascii") as f:
        text = f.read()
    for old, new in dict(changes).items():
        expect(old in text, "%s has no %s" % (name, old))
        text = text.replace(old, new)
    return text


def unpacked(build, *names):
    """Of a package that ./check has unpacked: installed, its daemon would be started."""
    return os.path.join(os.path.abspath(build), "unpacked", *names)


def tool(build, name):
    """The command for a program that is installed, or unpacked. Then it finds its /usr/share as if it were installed."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if found:
        return [found]
    found = shutil.which(name, path=unpacked(build, "usr/bin") + ":" + unpacked(build, "usr/sbin"))
    if not found:
        raise Skip("no " + name)
    return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /usr/share && exec "$@"', unpacked(build, "usr/share"), found]


def need_library(*names):
    for name in names:
        if not ctypes.util.find_library(name):
            raise Skip("no lib%s, which a plugin of collectd needs" % name)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Mail(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given."""

    daemon_threads = True

    def __init__(self):
        messages = self.messages = []

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line):
                self.wfile.write(line.encode("ascii") + b"\r\n")

            def handle(self):
                self.say("220 test")
                for line in self.rfile:
                    word = line[:4].upper()
                    if word == b"DATA":
                        self.say("354 go on")
                        messages.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode("ascii"))
                    self.say("221 bye" if word == b"QUIT" else "250 ok")
                    if word == b"QUIT":
                        return

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class Receivers:
    """All of them at once, in a directory that others than root may enter."""

    def __init__(self, build):
        self.build = build
        self.missing = []
        self.processes = []
        self.public = tempfile.mkdtemp(prefix="pktloss-e2e-")
        os.chmod(self.public, 0o777)
        for name in SCRIPTS:
            self.write(name, shipped(name), 0o755)
        self.write("page", PAGE.replace("{public}", self.public), 0o755)
        self.webhook, self.mail = Posts(), Mail()
        self.port = free_port()
        self.conf = {LIBEXEC: self.public, "/var/lib/collectd": self.public}

    def __enter__(self):
        try:
            self.alertmanager = self.start(self.start_alertmanager)
            self.nagios = self.start(self.start_nagios)
        except Failure as e:
            output = self.read("output")
            self.__exit__()
            raise Failure("%s\n%s" % (e, output[-2000:])) from e
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
            process.wait()
        self.webhook.close()
        self.mail.close()
        shutil.rmtree(self.public, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.public, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="ascii") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        try:
            with open(self.path(name), encoding="ascii") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def start(self, starter):
        """False, and a reason to skip at the end, where it is not installed."""
        try:
            starter()
        except Skip as e:
            self.missing.append(str(e))
            return False
        return True

    def run(self, command):
        with open(self.path("output"), "a") as output:
            self.processes.append(subprocess.Popen(leashed(command), stdin=subprocess.DEVNULL, stdout=output,
                                                   stderr=output))

    def start_alertmanager(self):
        program = tool(self.build, "prometheus-alertmanager")
        self.write("alertmanager.yml", shipped("alertmanager.yml", {
            "resolve_timeout: 5m": "resolve_timeout: %ds" % RESOLVE_TIMEOUT,
            "group_wait: 10s": "group_wait: 1s",
            "group_interval: 1m": "group_interval: 1s",
            "repeat_interval: 4h": "repeat_interval: 3s",
            "http://127.0.0.1:8080/": "http://127.0.0.1:%d/" % self.webhook.port}))
        self.run(program + ["--config.file", self.path("alertmanager.yml"), "--storage.path", self.path("data"),
                  "--web.listen-address", "127.0.0.1:%d" % self.port, "--cluster.listen-address="])
        wait_until("Alertmanager", lambda: self.alerts("any") is not None, 20, 0.1)

    def start_nagios(self):
        program = tool(self.build, "nagios4")
        etc = "/etc/nagios4" if len(program) == 1 else unpacked(self.build, "etc/nagios4")
        os.mkdir(self.path("results"))
        os.chmod(self.path("results"), 0o777)
        self.write("main.cfg", NAGIOS.format(public=self.public, etc=etc, user="nobody", group="nogroup"))
        self.write("contacts.cfg", CONTACTS.replace("{public}", self.public))
        self.write("nagios.cfg", shipped("nagios.cfg", {"localhost": "h"}))
        self.run(program + [self.path("main.cfg")])
        wait_until("nagios", lambda: os.path.exists(self.path("nagios.cmd")), 20, 0.1)

    def options(self, prefix):
        """The configuration of collectd."""
        here = "http://127.0.0.1:%d" % self.port
        files = [
            shipped("alertmanager.conf", {**self.conf, "http://127.0.0.1:9093": here,
                                          "RepeatInterval 120": "RepeatInterval %d" % REPEAT}),
            shipped("email.conf", {"SMTPPort 25": "SMTPPort %d" % self.mail.port, '"localhost"': '"127.0.0.1"'}),
            shipped("pager.conf", {**self.conf, '"/var/lib/pktloss"': '"%s"' % self.path("open"),
                                   "/usr/local/bin": self.public})]
        if self.nagios:
            files.append(shipped("nagios.conf", {**self.conf, "/var/lib/nagios4/rw": self.public,
                                                 "/var/lib/nagios4": self.public, '"nagios"': '"nobody"'}))
        if self.alertmanager:
            files.append(WRITE_HTTP.format(port=self.port))
        return "\n".join(files) + BLOCK.format(prefix=prefix)

    # Their records.

    def alerts(self, alertname):
        """What Alertmanager has, as JSON; None while it does not answer."""
        query = urllib.parse.urlencode({"filter": 'alertname="%s"' % alertname})
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/api/v2/alerts?%s" % (self.port, query), timeout=5) as r:
                return json.load(r)
        except OSError:
            return None

    def severities(self, alertname="pktloss"):
        return sorted(alert["labels"]["severity"] for alert in self.alerts(alertname))

    def pages(self):
        """[(what, key, message)]"""
        return [tuple(line.split(" ", 2)) for line in self.read("pages").splitlines()]


# The story.


class Story:
    def __init__(self, stage, daemon, receivers):
        self.a, self.b = stage.namespaces
        self.daemon = daemon
        self.receivers = receivers
        self.instance = (self.b.place(), "netfilter-rx")

    def told(self):
        return self.daemon.notifications()

    def play(self, what, lost, port, until, rounds=20):
        """Rounds of which so many packets meet the rule of a port, until all is told."""
        for _ in range(rounds):
            if until():
                return
            self.daemon.wait_reads([self.b])
            self.a.udp(5 * lost, 200, self.b.address, port)
            self.a.udp(PACKETS - 5 * lost, 200, self.b.address, GOOD_PORT)
        wait_until(what, until, 3)

    def until_told(self, what, lost, port, severity, words):
        before = len(self.told())
        self.play(what, lost, port, lambda: len(self.told()) > before)
        now = self.told()[-1]
        expect(len(self.told()) == before + 1 and (now.place, now.instance) == self.instance
               and now.severity == severity and words in now.message, "%s: told was %s" % (what, self.told()))

    def alert_is(self, severity, words):
        """Alertmanager has one alert, of that severity and cause."""
        if not self.receivers.alertmanager:
            return None

        def is_it():
            found = self.receivers.alerts("pktloss")
            return (len(found) == 1 and found[0]["labels"]["severity"] == severity
                    and words in found[0]["annotations"]["Cause"] and found[0])

        try:
            return wait_until("an alert", is_it, 5)
        except Failure:
            raise Failure("Alertmanager has %s, not one %s with %s" % (self.receivers.alerts("pktloss"), severity, words))


def tell_story(story):
    b, receivers = story.b, story.receivers
    story.until_told("raise", 5, LOST_PORT, "WARNING", "first one")
    story.alert_is("warning", "first one")
    story.until_told("escalate", 40, LOST_PORT, "FAILURE", "first one")
    escalated = story.alert_is("critical", "first one")
    b.tool(DROP % ("D", LOST_PORT, "first one"))
    while "second one" not in story.told()[-1].message:  # until then it is told again as it was
        story.until_told("change", 40, OTHER_PORT, "FAILURE", " one")
    changed = story.alert_is("critical", "second one")
    since = time.monotonic()
    story.until_told("repeat", 40, OTHER_PORT, "FAILURE", "second one")
    story.play("longer than Alertmanager waits", 40, OTHER_PORT, lambda: time.monotonic() > since + RESOLVE_TIMEOUT + 2)
    repeated = story.alert_is("critical", "second one")
    if receivers.alertmanager:
        same = [(alert["fingerprint"], alert["startsAt"]) for alert in (escalated, changed, repeated)]
        expect(len(set(same)) == 1, "the alert is another one: %s" % same)
    story.play("recover", 0, GOOD_PORT, lambda: story.told()[-1].severity == "OKAY")


# What each of them made of it.


def check_alertmanager(receivers):
    wait_until("the end of the alert", lambda: receivers.severities() == [], 5)
    wait_until("its webhook", lambda: b'"status":"resolved","alerts"' in receivers.webhook.bodies[-1], 5)
    posts = [json.loads(body) for body in receivers.webhook.bodies]
    expect(len({post["groupKey"] for post in posts}) == 1, "more than one incident: %s" % posts)
    told = [(post["status"], sorted(a["labels"]["severity"] for a in post["alerts"] if a["status"] == "firing"))
            for post in posts]
    steps = [step for i, step in enumerate(told) if not i or told[i - 1] != step]
    expect(steps == [("firing", ["warning"]), ("firing", ["critical"]), ("resolved", [])], "the webhook got %s" % told)
    expect("second one" in posts[-2]["alerts"][0]["annotations"]["Cause"], "the cause is the first one")
    expect("No more" in posts[-1]["commonAnnotations"]["summary"], "resolved without a word: %s" % posts[-1])


def check_write_http(receivers):
    """What the manual says of it: each severity is an alert, OKAY too, and does not end another."""
    found = receivers.severities("collectd_pktloss_percent")
    expect(found == ["FAILURE", "OKAY"], "of write_http Alertmanager has %s" % found)


def check_nagios(receivers, told):
    wait_until("the recovery of nagios", lambda: "RECOVERY" in receivers.read("told"), 10)
    lines = receivers.read("told").splitlines()
    expect([line.split()[:2] for line in lines] ==
           [["PROBLEM", "WARNING"], ["PROBLEM", "CRITICAL"], ["RECOVERY", "OK"]], "nagios told %s" % lines)
    results = re.findall(r"EXTERNAL COMMAND: PROCESS_SERVICE_CHECK_RESULT;h;packet loss;(\d);(.*)",
                         receivers.read("nagios.log"))
    states = {"OKAY": "0", "WARNING": "1", "FAILURE": "2"}
    expect(results == [(states[n.severity], n.message) for n in told], "nagios was told %s" % results)
    expect(not os.listdir(receivers.path("pktloss/h")), "nagios' alarms are not over")


def check_mail(receivers, told):
    wait_until("all mails", lambda: len(receivers.mail.messages) == len(told), 5)
    for mail, n in zip(receivers.mail.messages, told):
        expect("Subject: %s: packet loss on h\r\n" % n.severity in mail and n.message in mail.replace("\r\n", ""),
               "the mail of %s is %s" % (n, mail))


def check_pager(receivers, place):
    wait_until("the page to be closed", lambda: receivers.pages() and receivers.pages()[-1][0] == "close", 10)
    pages = receivers.pages()
    key = "h_%s_percent-netfilter-rx" % place
    expect([page[:2] for page in pages] == [("open", key), ("update", key), ("close", key)]
           and "first one" in pages[0][2] and "second one" in pages[1][2], "paged was %s" % pages)


@case
def receivers(stage):
    """Alertmanager, nagios, mail and a pager: one incident opened, updated, repeated, closed."""
    a, b = stage.pair()
    for port in (GOOD_PORT, LOST_PORT, OTHER_PORT):
        b.sink(port)
    b.feature(DROP % ("A", LOST_PORT, "first one"))
    b.feature(DROP % ("A", OTHER_PORT, "second one"))
    if stage.build is None:
        return
    need_library("esmtp", "yajl")
    with Receivers(stage.build) as all_of_them, \
            Collectd(stage.build, options=all_of_them.options(stage.prefix)) as daemon:
        story = Story(stage, daemon, all_of_them)
        try:
            wait_until("a read", lambda: b.place() in daemon.places(), 10)
            tell_story(story)
            if all_of_them.alertmanager:
                check_write_http(all_of_them)
                check_alertmanager(all_of_them)
            if all_of_them.nagios:
                check_nagios(all_of_them, daemon.notifications())
            check_mail(all_of_them, daemon.notifications())
            check_pager(all_of_them, b.place())
        except Failure as e:
            raise Failure("%s\n%s\n%s" % (e, daemon.report(), all_of_them.read("output")[-2000:])) from e
    if all_of_them.missing:
        raise Skip("all others were told, but: " + ", ".join(all_of_them.missing))


# The scripts alone: what the story does not come by.


def notification(severity, place="all", instance="netfilter-rx", plugin="pktloss", cause="a cause", message="a | message",
                 at=1700000000):
    """What collectd writes to the program that it starts."""
    return ("Severity: %s\nTime: %d.123\nHost: h\nPlugin: %s\nPluginInstance: %s\nType: percent\n"
            "TypeInstance: %s\nCause: %s\n\n%s\n" % (severity, at, plugin, place, instance, cause, message))


def no_sleep(directory):
    """The environment of a script that does not pause between its tries."""
    with open(os.path.join(directory, "sleep"), "w") as f:
        f.write("#!/bin/sh\n/bin/sleep 0.05\n")
    os.chmod(f.name, 0o755)
    return dict(os.environ, PATH=directory + ":" + os.environ["PATH"])


def tell(script, args, text, **kwargs):
    """Starts it as collectd does, which waits for none before it starts the next."""
    process = subprocess.Popen([os.path.join(ALERTS, script), *args], stdin=subprocess.PIPE, text=True,
                               **kwargs)
    process.stdin.write(text)
    process.stdin.close()
    return process


def available(reader):
    try:
        return os.read(reader, 65536).decode("ascii")
    except BlockingIOError:
        return ""


def nagios_results(directory, *notifications):
    """What comes out of the command file for each of them."""
    fifo = os.path.join(directory, "fifo")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    results = []
    for text in notifications:
        subprocess.run([os.path.join(ALERTS, "pktloss-nagios"), fifo, os.path.join(directory, "state")], input=text,
                       text=True, check=True)
        results.append(re.sub(r"^\[\d+\] ", "", available(reader)))
    os.close(reader)
    return [result.replace("PROCESS_SERVICE_CHECK_RESULT;h;packet loss;", "").rstrip("\n") for result in results]


@case
def nagios_script(stage):
    """Of several alarms of a host the worst is its state, until all are over; no file takes the FIFO's place."""
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        results = nagios_results(
            directory, notification("WARNING"), notification("FAILURE", "eth0@../a", message="worse"),
            notification("FAILURE", plugin="cpu"), notification("WARNING", instance="all-sources"),
            notification("OKAY", "eth0@../a"), notification("OKAY", message="over"))
        expect(results == ["1;a / message", "2;2 alarms, the worst: worse", "", "", "1;a / message", "0;over"],
               "nagios gets %s" % results)
        gone = os.path.join(directory, "gone")
        subprocess.run([os.path.join(ALERTS, "pktloss-nagios"), gone, directory], input=notification("WARNING"), text=True,
                       env=no_sleep(directory))
        subprocess.run(["flock", os.path.join(directory, "h.wait"), "true"], check=True)  # it waits no more
        expect(not os.path.exists(gone), "made a command file")


@case
def nagios_script_waits(stage):
    """What is told while nagios is started again reaches it then: one result, of what is true."""
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        fifo, environment = os.path.join(directory, "fifo"), no_sleep(directory)

        def told(text):
            tell("pktloss-nagios", [fifo, os.path.join(directory, "state")], text, env=environment).wait()

        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        told(notification("FAILURE"))
        os.close(reader)
        os.unlink(fifo)
        since = time.monotonic()
        told(notification("OKAY", message="over"))
        told(notification("WARNING", "eth0"))
        told(notification("OKAY", "eth0", message="all over"))
        expect(time.monotonic() < since + 2, "the script waits itself")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        try:
            result = wait_until("the result", lambda: available(reader), 5, 0.1)
        finally:
            os.close(reader)
        expect(result.count("RESULT") == 1 and result.endswith(";0;all over\n"), "nagios gets %s" % result)


class Pager:
    """A page command, which fails while the file broken is there, and hangs while hanging is, at the place eth9."""

    def __init__(self, directory):
        self.directory = directory
        self.environment = no_sleep(directory)
        with open(self.path("page"), "w") as f:
            f.write("#!/bin/sh\ncd %s\n[ ! -e broken ] || exit 1\ncase $2 in *eth9*) [ ! -e hanging ] ||"
                    " exec /bin/sleep 60 ;; esac\necho \"$1\" >>record\n" % directory)
        os.chmod(f.name, 0o755)

    def path(self, name):
        return os.path.join(self.directory, name)

    def now(self, name, is_so):
        if is_so:
            open(self.path(name), "w").close()
        else:
            os.unlink(self.path(name))

    def start(self, *args, **kwargs):
        return tell("pktloss-pager", [self.path("open"), "page"], notification(*args, **kwargs), env=self.environment)

    def record(self):
        """What was paged since it was asked last."""
        if not os.path.exists(self.path("record")):
            return ""
        with open(self.path("record")) as f:
            text = f.read()
        os.unlink(f.name)
        return " ".join(text.split())

    def paged(self, *args, **kwargs):
        self.start(*args, **kwargs).wait()
        return self.record()


@case
def pager_script(stage):
    """Nothing is paged at a WARNING, nor twice; what did not come through comes the next time."""
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        pager = Pager(directory)
        paged = pager.paged
        pager.now("broken", True)
        told = [paged("WARNING"), paged("OKAY"), paged("FAILURE")]
        pager.now("broken", False)
        told += [paged("FAILURE"), paged("FAILURE"), paged("FAILURE", "eth0"), paged("WARNING", cause="another"),
                 paged("OKAY", plugin="cpu"), paged("OKAY"), paged("OKAY"), paged("FAILURE")]
        expect(told == ["", "", "", "open", "", "open", "update", "", "close", "", "open"], "paged was %s" % told)


@case
def scripts_say_what_keeps_them(stage):
    """A folder that they may not write is named in syslog, as collectd shows nobody what they print."""
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        environment = no_sleep(directory)
        record = os.path.join(directory, "logged")
        with open(os.path.join(directory, "logger"), "w") as f:
            f.write('#!/bin/sh\necho "$*" >>%s\n' % record)
        os.chmod(f.name, 0o755)
        os.chmod(directory, 0o755)
        open(record, "w").close()
        os.chmod(record, 0o666)
        for script, args in (("pktloss-pager", ["/nonexistent/x", "true"]), ("pktloss-nagios", ["/dev/null", "/nonexistent/x"])):
            process = subprocess.Popen(["setpriv", "--reuid=65534", "--clear-groups", os.path.join(ALERTS, script), *args],
                                       stdin=subprocess.PIPE, text=True, env=environment)
            process.communicate(notification("FAILURE"), timeout=20)
            with open(record) as f:
                said = f.read()
            expect(process.returncode == 1 and re.search("-t %s /nonexistent/x[/h]* cannot be written by nobody" % script, said),
                   "%s ends with %d and says %r" % (script, process.returncode, said))


@case
def pager_script_owes(stage):
    """A close that failed is made up for with what is told next, be it of another alarm; no later page is lost."""
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        pager = Pager(directory)
        paged = pager.paged
        told = [paged("FAILURE")]
        pager.now("broken", True)
        told += [paged("OKAY"), paged("FAILURE")]
        pager.now("broken", False)
        told += [paged("FAILURE"), paged("FAILURE")]
        pager.now("broken", True)
        told += [paged("OKAY")]
        pager.now("broken", False)
        told += [paged("WARNING", "eth0"), paged("FAILURE"), paged("OKAY")]
        expect(told == ["open", "", "", "close open", "", "", "close", "open", "close"], "paged was %s" % told)


@case
def pager_script_hangs(stage):
    """A command that hangs holds up no other alarm; and what waited for it and is over is not told."""
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        pager = Pager(directory)
        pager.now("hanging", True)
        hung = pager.start("FAILURE", "eth9")
        try:
            time.sleep(0.5)
            since = time.monotonic()
            told = pager.paged("FAILURE", "eth0")
            expect(told == "open" and time.monotonic() < since + 5, "another alarm waits: %s" % told)
            pager.now("hanging", False)
            hung.wait(40)
            told = [pager.record(), pager.paged("OKAY", "eth9", at=1700000020), pager.paged("FAILURE", "eth9"),
                    pager.paged("FAILURE", "eth9", at=1700000040)]
        except subprocess.TimeoutExpired as e:
            raise Failure("the command hangs for ever") from e
        finally:
            hung.kill()
            hung.wait()
        expect(told == ["open", "close", "", "open"], "paged was %s" % told)


SAME_CAUSES = (
    ("accept queue of TCP port 443 (nginx[42]) is full: 210 of 128",
     "accept queue of TCP port 443 (nginx[57]) was full or is filling: 127 of 128; so is that of 80: 130 of 128"),
    ("the connection table is filling up (9400 of 10000 entries)",
     "the connection table is filling up (9512 of 10000 entries)"),
    ("receive buffer of UDP port 53 (a[4]) is full: SO_RCVBUF 2304 bytes",
     "receive buffer of UDP port 53 (a[9]) is full: SO_RCVBUF 2304 bytes (9 datagrams); so are those of 54: 3 and 2 more"))
OTHER_CAUSES = (
    "accept queue of TCP port 443 (nginx[42]) is full: 210 of 128",
    "accept queue of TCP port 80 (nginx[42]) is full: 210 of 128",
    "the next hop does not resolve: 10.9.0.77 on eth0 does not answer ARP",
    "the next hop does not resolve: 10.9.0.78 on eth0 does not answer ARP",
    'rule 1 of ip filter INPUT (DROP, "first one")', 'rule 1 of ip filter INPUT (DROP, "second one")')


@case
def pager_script_causes(stage):
    """Another level or pid is no other cause; another port, address or rule is."""
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        pager = Pager(directory)
        for n, causes in enumerate(SAME_CAUSES):
            told = [pager.paged("FAILURE", "eth%d" % n, cause=cause) for cause in causes]
            expect(told == ["open", ""], "%s was paged as %s" % (causes, told))
        told = [pager.paged("FAILURE", cause=cause) for cause in OTHER_CAUSES]
        expect(told == ["open"] + 5 * ["update"], "other causes were paged as %s" % told)


class Alerts(http.server.ThreadingHTTPServer):
    """As much of Alertmanager as the script sees, which can be slow, or refuse some requests."""

    def __init__(self):
        alerts = self.alerts = []
        self.pause, self.refuse = 0, 0
        this = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, body=b""):
                self.send_response(503 if this.refuse > 0 else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                this.refuse -= 1

            def do_GET(self):
                self.answer(json.dumps(alerts).encode())

            def do_POST(self):
                given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                time.sleep(this.pause)
                if this.refuse <= 0:
                    kept = [a for a in alerts if a["labels"] not in [b["labels"] for b in given]]
                    alerts[:] = kept + [a for a in given if "endsAt" not in a]
                self.answer()

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def severities(self):
        return [alert["labels"]["severity"] for alert in self.alerts]


def make_old(directory):
    for entry in os.scandir(directory):
        if entry.is_file():
            os.utime(entry.path, (0, 0))


@case
def scripts_forget(stage):
    """What nothing was told of for a day leaves no file behind, but what is open is closed all the same."""
    server = Alerts()
    url = "http://127.0.0.1:%d" % server.server_address[1]
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory, server:
        pager = Pager(directory)
        for place in ("eth1", "eth2", "eth3"):
            pager.start("FAILURE", place).wait()
            tell("pktloss-alertmanager", [url], notification("FAILURE", place),
                 env=dict(os.environ, TMPDIR=directory)).wait()
        pager.start("OKAY", "eth3", at=1700000010).wait()
        pager.record()
        state = pager.path("open")
        locks = os.path.join(directory, "pktloss-alertmanager-%d" % os.getuid())
        make_old(state)
        make_old(locks)
        with open(os.path.join(state, "h_eth2_percent-netfilter-rx.lock"), encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            pager.start("OKAY", "eth1", at=1700000020).wait()
            left = sorted(name for name in os.listdir(state) if name.endswith(".lock"))
        expect(left == ["h_eth1_percent-netfilter-rx.lock", "h_eth2_percent-netfilter-rx.lock"],
               "not forgotten, or while it was held: %s" % left)
        expect(pager.record() == "close", "what is open for a day is not closed")
        tell("pktloss-alertmanager", [url], notification("OKAY", "eth1", at=1700000020),
             env=dict(os.environ, TMPDIR=directory)).wait()
        expect(len(os.listdir(locks)) == 1, "not forgotten: %s" % os.listdir(locks))
        server.shutdown()


@case
def alertmanager_script(stage):
    """Notifications of one alarm do not cross, an older one comes never after a newer one, a restart loses none."""
    server = Alerts()
    url = "http://127.0.0.1:%d" % server.server_address[1]
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory, server:
        def start(*args, **kwargs):
            return tell("pktloss-alertmanager", [url], notification(*args, **kwargs),
                        env=dict(os.environ, TMPDIR=directory))

        server.pause = 2
        first = start("FAILURE")
        time.sleep(1)
        start("OKAY", at=1700000010).wait()
        first.wait()
        server.pause = 0
        expect(server.severities() == [], "raised though it is over: %s" % server.alerts)
        start("WARNING").wait()
        expect(server.severities() == [], "raised by an older notification: %s" % server.alerts)
        server.refuse = 2
        start("WARNING", at=1700000020).wait()
        expect(server.severities() == ["warning"], "lost while the server did not answer: %s" % server.alerts)
        server.shutdown()
