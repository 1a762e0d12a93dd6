# SPDX-License-Identifier: MIT
"""Pictures: those of contrib/graphs/ over losses that are known, by the real rrdtool and the real Graphite."""

import html
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import textwrap
import threading
import time
from typing import NamedTuple

from cases import LOST, case
from daemon import Collectd, tells_reasons
from documents import blocks_of
from graphite_servers import Carbon, GraphiteWeb
from lab import HERE, Failure, Skip, wait_until
from receivers import tool, unpacked
from rules import lossy_pair
from settings import expect

GRAPHS = os.path.join(HERE, "..", "..", "contrib", "graphs")
DOCS = os.path.join(HERE, "..", "..", "docs")
BURSTS = 3
GOOD = 120
SHARE = {"netfilter received": 100 * LOST / (GOOD + LOST), "link received": 100 * LOST / (GOOD + 2 * LOST)}
PNG = b"\x89PNG\r\n"

SELECT = """
<Plugin pktloss>
  Namespace "/^{prefix}/"
</Plugin>
"""

RRDTOOL = """
LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir "DIRECTORY/rrd of: here"
  CacheTimeout 0
</Plugin>
"""


def lose(daemon, lossy, healthy):
    """Bursts, each in an interval of its own: packets lost beside good ones, and good ones only."""
    b, d = lossy[1], healthy[1]
    for _ in range(BURSTS):
        daemon.wait_reads([b, d])
        lossy[2](GOOD, LOST)
        healthy[2](GOOD, 0)
    daemon.wait_reads([b, d], 2)


def documented(start, changes):
    """The command of docs/GRAPHS.md that begins so, with what is another thing here."""
    with open(os.path.join(DOCS, "GRAPHS.md")) as f:
        command = re.search(r"^    (%s .*)$" % re.escape(start), f.read(), re.M)[1]
    for old, new in changes.items():
        expect(old in command, "%s has no %s" % (command, old))
        command = command.replace(old, new)
    return command


# rrdtool.


def pktloss_rrd(daemon, out, *words):
    return subprocess.run(
        [os.path.join(GRAPHS, "pktloss-rrd"), "--dir", os.path.join(daemon.dir, "rrd of: here"), "--start", "-1min",
         "--log", os.path.join(daemon.dir, "log"), "--out", os.path.join(daemon.dir, out), *words],
        capture_output=True, text=True)


def drawn(daemon, out, *words):
    """{what: (packets lost, worst share)}, the number of notifications, and the pictures."""
    return understood(pktloss_rrd(daemon, out, *words), os.path.join(daemon.dir, out))


def understood(done, directory):
    expect(not done.returncode, done.stdout + done.stderr)
    lost = {m[1]: (int(m[2]), float(m[3]))
            for m in re.finditer(r"^(.*): (\d+) lost, worst share ([\d.]+) %$", done.stdout, re.M)}
    return lost, int(re.search(r"^(\d+) notifications$", done.stdout, re.M)[1]), pictures(directory)


def pictures(directory):
    """Their names; each is one, and on the page."""
    names = sorted(name for name in os.listdir(directory) if name.endswith(".png"))
    with open(os.path.join(directory, "index.html")) as f:
        page = f.read()
    for name in names:
        with open(os.path.join(directory, name), "rb") as f:
            expect(f.read(len(PNG)) == PNG, name + " is no picture")
        expect('src="%s"' % name in page, "%s is not on the page" % name)
    return names


def is_truth(lost):
    return set(lost) == set(SHARE) and all(
        abs(packets - BURSTS * LOST) <= BURSTS * LOST / 50 and abs(share - SHARE[what]) <= 1
        for what, (packets, share) in lost.items())


def check_rrd(daemon, b, d):
    wait_until("what is drawn to be what was lost: %s" % str(drawn(daemon, "out")),
               lambda: is_truth(drawn(daemon, "out", "--namespace", b.name)[0]), 5, 0.5)
    lost, marks, names = drawn(daemon, "out")  # of the whole host
    expect(is_truth(lost) and marks == 2, "drawn was %s, with %d notifications" % (lost, marks))
    expect(names == ["ladder.png", "link-lost.png", "link-share.png", "netfilter-lost.png", "netfilter-share.png"],
           "pictures: %s" % names)
    lost, marks, names = drawn(daemon, "healthy", "--namespace", d.name)
    expect((lost, marks, names) == ({}, 0, ["ladder.png"]),
           "of a healthy namespace is drawn %s: %s, with %d notifications" % (names, lost, marks))
    for words, said in ((("--namespace", d.name), "nothing was lost"), (("--start", "-2d", "--end", "-1d"), "nobody looked")):
        done = pktloss_rrd(daemon, "empty", *words)
        expect(done.stdout.startswith(said), "of %s is said: %s%s" % (words, done.stdout, done.stderr))
    done = pktloss_rrd(daemon, "none", "--namespace", "nobody")
    expect(done.returncode and b.name in done.stderr and not os.path.exists(os.path.join(daemon.dir, "none")),
           "of a namespace that is not there is said: " + done.stderr)


# As Debian configures it.
SYSLOG = """
LoadPlugin syslog
<Plugin syslog>
  LogLevel info
</Plugin>
"""


class Journal:
    """What collectd's plugin syslog sends, as journalctl -o short-iso prints it. For who is run by its command, /dev is ours."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="pktloss-e2e-")
        self.command = ["unshare", "-m", "--propagation", "slave",
                        "sh", "-c", 'mount --bind "$0" /dev && exec "$@"', self.dir]
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path())
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.path())
        self.reader.join()
        self.socket.close()
        shutil.rmtree(self.dir)

    def path(self):
        return os.path.join(self.dir, "log")

    def read(self):
        """Until an empty message."""
        while message := self.socket.recv(65536):
            said = re.sub(r"^<\d+>\w{3} [ \d]\d [\d:]{8} ", "", message.decode(errors="replace"))
            self.lines.append(time.strftime("%Y-%m-%dT%H:%M:%S%z h ") + said)

    def text(self):
        return "".join(line + "\n" for line in self.lines)


def syslog_as_documented():
    """The block of the page, which is in the manual as well."""
    block = next(b.text for b in blocks_of(os.path.join(DOCS, "GRAPHS.md")) if "syslog" in b.text)
    expect(textwrap.indent(block, "  ") in contents(os.path.join(DOCS, "pktloss-rrd.pod")), "the manual has another block")
    return block


def check_documented(daemon, journal, b):
    """The command of the page, and that which reads the journal."""
    paths = {"pktloss-rrd ": "'%s' --start -1min --dir '%s/rrd of: here' " % (os.path.join(GRAPHS, "pktloss-rrd"), daemon.dir),
             "~/pictures": daemon.dir + "/page"}
    with_log = documented("pktloss-rrd --namespace", {**paths, "web": b.name, "/var/log/collectd.log": daemon.dir + "/log"})
    with_journal = documented("journalctl", paths).partition(" | ")[2]
    for command in (with_log, with_journal):
        done = subprocess.run(command, shell=True, input=journal.text(), capture_output=True, text=True)
        lost, marks, _ = understood(done, daemon.dir + "/page")
        expect(is_truth(lost) and marks == 2, "%s draws %s, with %d notifications of:\n%s" % (
            command, lost, marks, journal.text()))
    return with_journal


def check_stock(command, stock, journal, directory):
    """The twin: the journal of a collectd that Debian's file configures tells of no loss. Then our block is of use."""
    expect(stock.notifications() and "Initialization complete" in journal.text(),
           "the twin has told nothing: %s\n%s" % (journal.text(), stock.report()))
    done = subprocess.run(command, shell=True, input=journal.text(), capture_output=True, text=True)
    _, marks, _ = understood(done, directory)
    expect(marks == 0, "Debian's collectd sends %d notifications; then our block is of no use" % marks)


@case
def graphs_rrd(stage):
    """The pictures by rrdtool show as many packets as were lost, and each notification; of a healthy namespace nothing."""
    if not shutil.which("rrdtool"):
        raise Skip("no rrdtool")
    lossy, healthy = (lossy_pair(stage, names) for names in (("a", "b"), ("c", "d")))
    if stage.build is None:
        return
    options = SELECT.format(prefix=stage.prefix) + SYSLOG
    with Journal() as journal, Journal() as stock_journal, \
            Collectd(stage.build, options=options, command=stock_journal.command) as stock, \
            Collectd(stage.build, options=options + syslog_as_documented() + RRDTOOL, command=journal.command) as daemon:
        try:
            wait_until("a read", lambda: all(healthy[1].place() in each.places() for each in (stock, daemon)), 10)
            lose(daemon, lossy, healthy)
            check_rrd(daemon, lossy[1], healthy[1])
            command = check_documented(daemon, journal, lossy[1])
            check_stock(command, stock, stock_journal, daemon.dir + "/page")
        except Failure as e:
            raise Failure("%s\n%s" % (e, daemon.report())) from e


class Drawer(NamedTuple):
    """Runs pktloss-rrd where what it draws does not matter: over one RRD file, in a folder of its own."""
    dir: str

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def draw(self, *words, **how):
        """how: as Popen takes it."""
        return subprocess.run([os.path.join(GRAPHS, "pktloss-rrd"), "--dir", self.dir, "--out", self.path("out"), *words],
                              text=True, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how})

    def expect_refused(self, status, what, *words):
        done = self.draw(*words)
        expect(done.returncode == status and what in done.stderr and "Traceback" not in done.stderr,
               "of %s is said, with status %d: %s" % (words, done.returncode, done.stderr))


def check_links(drawer):
    """A link that somebody has put where a picture goes is replaced; what it leads to stays as it is."""
    precious = drawer.path("precious")
    with open(precious, "w") as f:
        f.write("precious")
    os.mkdir(drawer.path("out"))
    for name in ("index.html", "ladder.png"):
        os.symlink(precious, drawer.path("out", name))
    done = drawer.draw(umask=0o027)
    expect(not done.returncode, done.stderr)
    expect(contents(precious) == "precious", "what a link leads to was written to")
    made = {name: oct(os.lstat(drawer.path("out", name)).st_mode) for name in os.listdir(drawer.path("out"))}
    expect(made == dict.fromkeys(("index.html", "ladder.png"), "0o100640"), "in the folder is %s" % made)
    pictures(drawer.path("out"))


def check_times_that_are_none(drawer):
    """Lines with such a time, and bytes that are no text, are passed over; the lines beside them are not."""
    line = (b"[%s] [info] Notification: severity = OKAY, host = h, plugin = pktloss, plugin_instance = all, type = percent, "
            b"type_instance = link-rx, message = \xff\0\n")
    times = (b"2026-13-45 99:99:99", b"0001-01-01 00:00:00", b"2026-11-30 10:00:00+99:99",
             time.strftime("%Y-%m-%d %H:%M:%S").encode("ascii"))
    with open(drawer.path("log"), "wb") as f:
        f.write(b"\xff\n" + b"".join(line % when for when in times))
    for name in (drawer.path("log"), "-"):
        with open(drawer.path("log")) as f:
            done = drawer.draw("--end", "+1min", "--log", name, stdin=f)
        expect(not done.returncode and "\n1 notifications\n" in done.stdout, done.stdout + done.stderr)


def check_unread(drawer):
    """Who reads no further ends it, as other programs, by a signal and without a word."""
    for_reading, for_writing = os.pipe()
    os.close(for_reading)
    done = drawer.draw(stdout=for_writing)
    os.close(for_writing)
    expect(done.returncode == -signal.SIGPIPE and not done.stderr,
           "unread, it ends with %d: %s" % (done.returncode, done.stderr))


@case
def graphs_rrd_wrong(stage):
    """pktloss-rrd writes through no link, and says in a line what is wrong."""
    if not shutil.which("rrdtool"):
        raise Skip("no rrdtool")
    if stage.build is None:
        return
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        drawer = Drawer(directory)
        os.makedirs(drawer.path("h", "pktloss-all"))
        subprocess.run(["rrdtool", "create", drawer.path("h", "pktloss-all", "percent-link-rx.rrd"), "DS:value:GAUGE:10:U:U",
                        "RRA:AVERAGE:0.5:1:10", "RRA:MAX:0.5:1:10"], check=True)
        check_links(drawer)
        check_times_that_are_none(drawer)
        check_unread(drawer)
        for out in ("/proc/pictures", "/proc", drawer.path("precious")):
            drawer.expect_refused(1, "pktloss-rrd: " + out, "--out", out)
        drawer.expect_refused(1, drawer.path("none"), "--log", drawer.path("none"))
        for top in ("0", "-1", "many"):
            drawer.expect_refused(2, "--top", "--top", top)


# Graphite. A second stands for ten, so six are a minute.

SECONDS = {"10s:1d": "1s:1d", "1m:7d": "6s:7d", "10m:90d": "60s:90d"}
STOCK_SECONDS = {"60s:1d": "6s:1d", "5m:30d": "30s:30d", "1h:3y": "360s:3y"}
MINUTE = 6
MANY = 100  # series
RATIO = "percent-netfilter-rx"
BROWSER = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--virtual-time-budget=20000")


def contents(path, changes=()):
    with open(path) as f:
        text = f.read()
    for old, new in dict(changes).items():
        expect(old in text, "%s has no %s" % (path, old))
        text = text.replace(old, new)
    return text


def ours(name, changes=()):
    return contents(os.path.join(GRAPHS, "graphite", name), changes)


def our_carbon(build):
    """With the files that are shipped."""
    return Carbon(build, {"storage-schemas.conf": ours("storage-schemas.conf", SECONDS),
                          "storage-aggregation.conf": ours("storage-aggregation.conf")},
                  ours("carbon.conf", {"[cache]": ""}))


def stock_carbon(build):
    """As Debian configures it."""
    etc = "/etc/carbon" if os.path.isdir("/etc/carbon") else unpacked(build, "etc/carbon")
    if not os.path.isdir(etc):
        raise Skip("no graphite-carbon")
    cache = re.search(r"^MAX_CREATES_PER_MINUTE = .*\n", contents(os.path.join(etc, "carbon.conf")), re.M)[0]
    return Carbon(build, {"storage-schemas.conf": contents(os.path.join(etc, "storage-schemas.conf"), STOCK_SECONDS)}, cache)


def writes_to(*carbons):
    return "".join(ours("write_graphite.conf", {'"localhost"': '"127.0.0.1"', '"2003"': '"%d"' % carbon.port,
                                                '"graphite"': '"%s"' % carbon.folder}) for carbon in carbons)


def lose_for_a_moment(daemon, lossy, healthy):
    """One burst in the first second of a minute, in which nothing is lost then; until the minute of the last is over."""
    lost_in = []
    for _ in range(60):
        minute, second = divmod(time.time(), MINUTE)
        begins = second < 1 and minute not in lost_in
        if begins and len(lost_in) == BURSTS:
            break
        lossy[2](GOOD, LOST if begins else 0)
        healthy[2](GOOD, 0)
        lost_in += [minute] if begins else []
        time.sleep(1.1 - time.time() % 1)
    expect(len(lost_in) == BURSTS, "this machine is too slow: %d bursts" % len(lost_in))
    daemon.wait_reads([lossy[1], healthy[1]], 2)


def check_schema(carbon, stock, place):
    """Ours keeps each value, and so the loss; Debian's has lost it."""
    name = "collectd.h.pktloss-%s.%s" % (place, RATIO)

    def worst(of):
        known = [v for v in of.points(name, BURSTS * MINUTE + 10)[1] if v is not None]
        return max(known) if known else None

    wait_until("carbon to write", lambda: worst(carbon) and worst(stock) is not None, 10, 0.3)
    expect(abs(worst(carbon) - SHARE["netfilter received"]) <= 1, "our schema has kept %s %%" % worst(carbon))
    expect(worst(stock) == 0, "Debian's schema has kept a short loss: %s; then ours is of no use" % worst(stock))
    step, points = carbon.points("collectd.h.pktloss-%s.gauge-all-sources" % place, 12)
    expect(step == 1 and points[:-2].count(None) <= 2, "not a value in each second: %s" % points)


def check_longer_steps(carbon, place):
    """What is left after a day: of a minute the worst share, and as many packets as there were."""
    def kept(series):
        step, values = carbon.points("collectd.h.pktloss-%s.%s" % (place, series), 2 * 86400)
        expect(step == MINUTE, "after a day %s has steps of %d" % (series, step))
        return [v for v in values if v is not None]

    share, lost = max(kept(RATIO)), sum(kept("packets-netfilter-lost_rx")) * MINUTE
    # of six values of a minute one may be late: then it is the average of five
    expect(abs(share - SHARE["netfilter received"]) <= 1 and 2 / 3 * BURSTS * LOST <= lost <= 6 / 5 * BURSTS * LOST,
           "after a day %g %% and %g packets of %d are left" % (share, lost, BURSTS * LOST))


def check_creates(carbon, stock):
    """What a hundred namespaces begin to lose at once is stored by ours, and not all of it by Debian's."""
    def send(to):
        with socket.create_connection(("127.0.0.1", to.port)) as s:
            s.sendall("".join("collectd.new.pktloss-all@n%d.percent-link-rx 1 %d\n" % (i, time.time())
                              for i in range(MANY)).encode("ascii"))

    def stored(by):
        return sum(name.startswith("collectd.new.") for name in by.series())

    for each in (stock, carbon):
        send(each)
    wait_until("all new series", lambda: stored(carbon) == MANY, 10, 0.2)
    expect(stored(stock) < MANY, "Debian's has all %d as well; then our number is of no use" % MANY)


def dashboard():
    """[(title, target)], which are the same on the page."""
    pictures = [picture[1] for picture in json.loads(ours("dashboard.json"))["graphs"]]
    page = json.loads(re.search(r"^const GRAPHS = (\[.*?^\]);", ours("pktloss.html"), re.M | re.S)[1])
    expect(page == pictures, "the dashboard and the page have other pictures")
    return [(picture["title"], picture["target"][0]) for picture in pictures]


def is_near_truth(packets):
    """Two values can come in one second, and carbon keeps one."""
    return (BURSTS - 1) * LOST * 0.95 <= packets <= BURSTS * LOST * 1.05


def check_dashboard(stage, web, b, d):
    """What each picture shows, by name; all of them show something."""
    shown = {title: web.render(target) for title, target in dashboard()}
    empty = [title for title, series in shown.items() if not any(series.values())]
    expect(not empty or empty[0].startswith("Why the kernel") and not tells_reasons(stage.build), "empty: %s" % empty)
    lost = shown["Packets lost by layer"]
    expect(sorted(lost) == ["link rx", "netfilter rx"] and all(is_near_truth(sum(v)) for v in lost.values()),
           "lost by layer: %s" % lost)
    shares = {name: max(values) for name, values in shown["Worst share of each layer"].items()}
    for name, share in SHARE.items():
        expect(abs(shares[name.replace("received", "rx")] - share) <= 1, "shares: %s" % shares)
    by_namespace = shown["Packets lost by namespace, the ten worst"]
    expect(list(by_namespace) == ["@" + b.name] and is_near_truth(sum(by_namespace["@" + b.name]) / 2),
           "lost by namespace: %s" % by_namespace)
    expect(max(shown["Namespaces that pktloss looks at"]["namespaces"]) >= 4, "namespaces: %s" % shown)
    expect(d.name not in json.dumps({k: v for k, v in shown.items() if "worst" in k}), "%s lost nothing: %s" % (d.name, shown))


def check_saved(web):
    command = documented("curl", {"graphite/dashboard": os.path.join(GRAPHS, "graphite/dashboard"),
                                  "http://localhost": web.address})
    done = subprocess.run(shlex.split(command), capture_output=True, text=True)
    expect(not done.returncode, "%s: %s" % (command, done.stderr))
    saved = json.loads(done.stdout)
    expect(saved == {"success": True}, "graphite-web does not save the dashboard: %s" % saved)
    loaded = json.loads(web.ask("/dashboard/load/pktloss"))
    expect(loaded["state"] == json.loads(ours("dashboard.json")), "graphite-web has another dashboard: %s" % loaded)


def browse(build, address):
    """What a browser makes of a page, with all that its scripts have added."""
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as directory:
        done = subprocess.run([*tool(build, "chromium-headless-shell"), *BROWSER, "--user-data-dir=" + directory, "--dump-dom",
                               address], capture_output=True, text=True, timeout=60)
    expect(not done.returncode, "the browser: " + done.stderr[-1000:])
    return done.stdout


def check_page(build, web):
    """All pictures are drawn, and below them stands what they show: of a file, and of graphite-web's own server."""
    page = "file://" + os.path.join(os.path.abspath(GRAPHS), "graphite", "pktloss.html")
    install(web, "cp", {"graphite/pktloss": os.path.join(GRAPHS, "graphite/pktloss")})
    for address in ("%s#server=%s&from=-1min" % (page, web.address), web.address + "/static/pktloss.html#from=-1min"):
        shown = browse(build, address)
        widths = re.findall(r'<figure data-drawn="(\d+)"', shown)
        expect(widths == ["800"] * len(dashboard()), "drawn are pictures of %s: %s" % (widths, shown[-3000:]))
        rows = dict(re.findall(r"<tr><td>([\w ]+)</td><td>([\d.]+)</td><td>[\d.]+</td><td></td></tr>", shown))
        for name, share in SHARE.items():
            expect(abs(float(rows.get(name.replace("received", "rx"), 0)) - share) <= 1, "the page says %s" % rows)
    away = browse(build, page + "#server=http://127.0.0.1:9")
    expect(away.count("no picture from http://127.0.0.1:9") == len(dashboard()), "nobody answers, and it says: " + away[-3000:])


def install(web, start, changes):
    """A command of the page that puts something where graphite-web has its static files."""
    command = documented(start, {"/usr/share/graphite-web/static": web.path("static"), **changes})
    subprocess.run(command, shell=True, check=True)


def check_mended(build, web):
    """graphite-web opens the dashboard, with the line that Debian's lacks, and draws all of it."""
    shutil.copy("/usr/share/graphite-web/static/js/dashboard.js", web.path("static/js"))
    install(web, "echo", {})
    shown = browse(build, web.address + "/dashboard/pktloss")
    images = [html.unescape(src) for src in re.findall(r'<img class="graph-img" src="([^"]*)"', shown)]
    expect(len(images) == len(dashboard()), "graphite-web draws %s: %s" % (images, shown[-2000:]))
    for image in images:
        expect("from=-1hours" in image and web.ask(image[len(web.address):]).startswith(PNG), "not a picture: " + image)


@case
def graphs_graphite(stage):
    """carbon keeps a short loss with our files, graphite-web has data for each picture, and a browser shows them."""
    lossy, healthy = (lossy_pair(stage, names) for names in (("a", "b"), ("c", "d")))
    if stage.build is None:
        return
    b, d = lossy[1], healthy[1]
    with our_carbon(stage.build) as carbon, stock_carbon(stage.build) as stock, GraphiteWeb(carbon) as web, \
            Collectd(stage.build, options=SELECT.format(prefix=stage.prefix) + writes_to(carbon, stock)) as daemon:
        try:
            wait_until("a read", lambda: d.place() in daemon.places(), 10)
            lose_for_a_moment(daemon, lossy, healthy)
            check_schema(carbon, stock, b.place())
            check_longer_steps(carbon, b.place())
            check_dashboard(stage, web, b, d)
            check_saved(web)
            check_page(stage.build, web)
            check_mended(stage.build, web)
            check_creates(carbon, stock)
        except Failure as e:
            raise Failure("%s\n%s" % (e, daemon.report())) from e
