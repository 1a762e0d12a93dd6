# SPDX-License-Identifier: MIT
"""CPU time of a read: pktloss, collectd's own plugins and node_exporter.

    python3 bench/peers.py [--build DIR] [--node-exporter PROGRAM] [--rounds N]

Each watches the same namespace of 2, 100 and 1000 interfaces, one after the
other and again in the next round; the medians are printed, for collectd less
what an idle one takes. Then pktloss alone watches 1000 namespaces. Needs root:
works in namespaces of its own, which end with it.
"""

import argparse
import glob
import os
import re
import shutil
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 9100
SINK = 2003

CONFIG = """
Hostname "h"
FQDNLookup false
BaseDir "{dir}"
PIDFile "{dir}/pid"
TypesDB "/usr/share/collectd/types.db"
Interval {interval}
LoadPlugin logfile
<Plugin logfile>
  LogLevel warning
  File "{dir}/log"
</Plugin>
LoadPlugin write_graphite
<Plugin write_graphite>
  <Node "sink">
    Host "127.0.0.1"
    Port "%d"
  </Node>
</Plugin>
PluginDir "{plugins}"
{plugin}
""".replace("%d", str(SINK))

PKTLOSS = "LoadPlugin pktloss\nPluginDir \"{system}\"\n"
IDLE_TOO = PKTLOSS + "<Plugin pktloss>\n  ReportIdle true\n  MaxSeries 1000000\n</Plugin>\n"
STOCK = """
PluginDir "{system}"
LoadPlugin interface
LoadPlugin netlink
LoadPlugin protocols
LoadPlugin conntrack
LoadPlugin iptables
LoadPlugin ethstat
<Plugin netlink>
  VerboseInterface "All"
{qdisc}
</Plugin>
<Plugin iptables>
  Chain filter INPUT
</Plugin>
<Plugin ethstat>
{interfaces}
</Plugin>
"""

COLLECTORS = ["netdev", "netstat", "softnet", "conntrack", "netclass"]

NAMES = {
    "pktloss": PKTLOSS,
    "pktloss, ReportIdle": IDLE_TOO,
    "stock, no QDisc": STOCK.replace("{qdisc}", ""),
    "stock, QDisc All": STOCK.replace("{qdisc}", '  QDisc "All"'),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "build"),
                        help="where pktloss was built (default: build)")
    parser.add_argument("--node-exporter", default=shutil.which("prometheus-node-exporter"),
                        metavar="PROGRAM", help="default: the one installed, if any")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def run(command, text=""):
    subprocess.run(command.split(), input=text, text=True, check=True)


def system_plugins():
    said = subprocess.run(["collectd", "-h"], stdout=subprocess.PIPE, text=True).stdout
    return re.search(r"^\s*Plugin directory\s+(\S+)", said, re.M).group(1)


def cpu_ns(pid):
    """CPU time of all threads, as exact as the scheduler's."""
    total = 0
    for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
        try:
            with open(path) as f:
                total += int(f.read().split()[0])
        except OSError:
            pass  # a thread that ended
    return total


def collectd(plugin, interval, cycles, args, interfaces):
    """ms of CPU time a read of a collectd with these plugins."""
    with tempfile.TemporaryDirectory() as directory:
        config = os.path.join(directory, "conf")
        system = system_plugins()
        names = "\n".join('  Interface "%s"' % name for name in interfaces)
        with open(config, "w") as f:
            f.write(CONFIG.format(
                dir=directory, interval=interval, plugin=plugin.format(
                    system=system, interfaces=names),
                plugins=os.path.join(os.path.abspath(args.build), ".libs")
                if "pktloss" in plugin else system))
        process = subprocess.Popen(["collectd", "-f", "-C", config],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(1.0 + 2 * interval)
            start = cpu_ns(process.pid)
            time.sleep(cycles * interval)
            took = cpu_ns(process.pid) - start
            if process.poll() is not None or not took:
                raise SystemExit("collectd ended: " + open(os.path.join(directory, "log")).read())
        finally:
            process.terminate()
            process.wait()
    return took / cycles / 1e6


def scrape():
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % PORT) as answer:
        return len(answer.read())


def node_exporter(program, cycles):
    """ms of CPU time a scrape."""
    process = subprocess.Popen(
        [program, "--collector.disable-defaults", "--web.listen-address=127.0.0.1:%d" % PORT]
        + ["--collector." + name for name in COLLECTORS],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        scrape()
        start = cpu_ns(process.pid)
        for _ in range(cycles):
            scrape()
            time.sleep(0.05)
        return (cpu_ns(process.pid) - start) / cycles / 1e6
    finally:
        process.terminate()
        process.wait()


def measure(args, n, interval, cycles):
    """Medians by name: ms of CPU time a read."""
    interfaces = ["%s%d" % (end, i) for i in range(n // 2) for end in "ab"]
    costs = {}
    for _ in range(args.rounds):
        idle = collectd("", interval, cycles, args, [])
        for name, plugin in NAMES.items():
            cost = collectd(plugin, interval, cycles, args, interfaces) - idle
            costs.setdefault(name, []).append(cost)
        if args.node_exporter:
            costs.setdefault("node_exporter", []).append(node_exporter(args.node_exporter, cycles))
    return {name: statistics.median(values) for name, values in costs.items()}


def make_interfaces(first, last):
    run("ip -batch -", "".join(
        "link add a%d type veth peer name b%d\nlink set a%d up\nlink set b%d up\n" % (i, i, i, i)
        for i in range(first, last)))
    if first == 0:
        run("ip addr add 192.0.2.1/24 dev a0")  # write_graphite resolves nothing where there is none
    time.sleep(4)  # until IPv6 is done with them


def compare_interfaces(args):
    made = 0
    print("| interfaces | program | CPU ms a read | times pktloss | times ReportIdle |\n"
          "|---|---|---|---|---|")
    for n, interval, cycles in (2, 0.5, 24), (100, 0.5, 16), (1000, 4, 4):
        make_interfaces(made, n // 2)
        made = n // 2
        costs = measure(args, n, interval, cycles)
        for name, cost in costs.items():
            print("| %d | %s | %.2f | %.1f | %.1f |" % (
                n, name, cost, cost / costs["pktloss"], cost / costs["pktloss, ReportIdle"]),
                flush=True)


def many_namespaces(args):
    print("\n| namespaces | CPU ms a read, dispatch included |\n|---|---|")
    made = 0
    for n in 100, 1000:
        run("ip -batch -", "".join("netns add n%d\n" % i for i in range(made, n)))
        made = n
        costs = []
        for _ in range(args.rounds):
            idle = collectd("", 2, 3, args, [])
            costs.append(collectd(PKTLOSS, 2, 3, args, []) - idle)
        print("| %d | %.1f |" % (n, statistics.median(costs)), flush=True)


class Swallow(socketserver.BaseRequestHandler):
    """What the values are written to: collectd without a writer only complains."""

    def handle(self):
        while self.request.recv(1 << 16):
            pass


def start_sink():
    server = socketserver.ThreadingTCPServer(("127.0.0.1", SINK), Swallow)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def inside(args):
    run("mount -t sysfs sysfs /sys")
    run("mount -t tmpfs tmpfs /run")
    run("ip link set lo up")
    start_sink()
    compare_interfaces(args)
    run("ip -batch -", "".join("link del a%d\n" % i for i in range(1, 500)))
    many_namespaces(args)


def main():
    args = arguments()
    if args.inside:
        inside(args)
        return 0
    if os.geteuid():
        print("SKIP: needs root", file=sys.stderr)
        return 77
    if not args.node_exporter:
        print("node_exporter is not installed: left out", file=sys.stderr)
    return subprocess.call(["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc",
                            "--kill-child", sys.executable] + sys.argv + ["--inside"])


if __name__ == "__main__":
    sys.exit(main())
