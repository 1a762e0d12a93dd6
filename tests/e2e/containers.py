# SPDX-License-Identifier: MIT
"""Names of containers: a made-up /proc shows processes of real namespaces."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time

from cases import case, drop_commented, good_and_bad
from daemon import HEARTBEAT, Collectd
from lab import Failure, leashed, run, wait_until

IDS = ["%02x" % i * 32 for i in range(1, 4)]
NAMED = "run/netns"
DOCKERS = "run/docker/netns"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


class Host:
    """What a container runtime leaves: cgroups, files of names, named namespaces."""

    def __init__(self, directory):
        self.proc = directory
        self.root = os.path.join(directory, "1/root")
        self.processes = []
        for names in NAMED, DOCKERS:
            os.makedirs(os.path.join(self.root, names))
        os.mkdir(os.path.join(self.root, "var"))
        os.symlink("/run", os.path.join(self.root, "var/run"))  # as on every host
        os.makedirs(os.path.join(directory, "1/ns"))
        os.symlink("/proc/1/ns/net", os.path.join(directory, "1/ns/net"))

    def write(self, path, text):
        path = os.path.join(self.proc, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def start(self, ns, cgroup):
        """A process inside a namespace and that cgroup; returns its number."""
        process = subprocess.Popen(
            leashed(["nsenter", "--net=/run/netns/" + ns.name, "sleep", "600"]))
        self.processes.append(process)
        ours = os.stat("/run/netns/" + ns.name).st_ino
        link = "/proc/%d/ns/net" % process.pid
        wait_until("a process in " + ns.name, lambda: os.stat(link).st_ino == ours, 5)
        self.write("%d/cgroup" % process.pid, "0::%s\n" % cgroup)
        os.makedirs(os.path.join(self.proc, "%d/ns" % process.pid))
        os.symlink(link, os.path.join(self.proc, "%d/ns/net" % process.pid))
        return process.pid

    def name(self, file, pid, directory=NAMED):
        os.symlink("/proc/%d/ns/net" % pid, os.path.join(self.root, directory, file))

    def end(self, pid):
        for process in self.processes:
            if process.pid == pid:
                process.kill()
                process.wait()
        shutil.rmtree(os.path.join(self.proc, str(pid)))

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


def docker(host, container, name):
    host.write("1/root/var/lib/docker/containers/%s/config.v2.json" % container,
               json.dumps({"ID": container, "State": {"Running": True}, "Name": "/" + name}))


def pod(host, container, namespace, name):
    cri = "io.kubernetes.cri.sandbox-"
    host.write("1/root/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json"
               % container,
               json.dumps({"ociVersion": "1.0.2", "process": {"args": ["/pause"]},
                           "annotations": {cri + "namespace": namespace, cri + "name": name}}))


class Names:
    """Two containers, of docker and in a pod, and a collectd that looks at them."""

    def __init__(self, stage, host):
        self.stage, self.host = stage, host
        self.a, self.b = stage.pair()
        drop_commented(self.b)
        self.burst = good_and_bad(self.a, self.b)
        self.docker = self.start_docker(self.a, IDS[0])
        pod(host, IDS[1], "shop", "web-0")
        host.name("cni-" + UUID,
                  host.start(self.b, "/kubepods/cri-containerd-%s.scope" % IDS[1]))

    def check(self, daemon):
        for place in ("all@we_b", "all@shop_web-0"):
            wait_until("reads of " + place, lambda: daemon.values(place, HEARTBEAT), 15)
        self.burst()
        wait_until("the loss of the pod",
                   lambda: any("netfilter" in s for s in daemon.series("all@shop_web-0")), 15)
        others = [p for p in daemon.places()
                  if "@" in p and not p.endswith(("@we_b", "@shop_web-0"))]
        if others:
            raise Failure("other names: %s" % others)

    def start_docker(self, ns, container):
        docker(self.host, container, "we b")
        pid = self.host.start(ns, "/system.slice/docker-%s.scope" % container)
        self.host.name(container[:12], pid, DOCKERS)
        return pid

    def restart_docker(self, daemon):
        """The next container of that name: another id, process and namespace."""
        new = self.stage.namespace("c")
        self.host.end(self.docker)
        os.unlink(os.path.join(self.host.root, DOCKERS, IDS[0][:12]))
        time.sleep(2.5)  # reads, by which the old one has ended
        before = len(daemon.values("all@we_b", HEARTBEAT))
        self.start_docker(new, IDS[2])
        wait_until("reads of the restarted container",
                   lambda: len(daemon.values("all@we_b", HEARTBEAT)) >= before + 3, 15)


@case
def container_names(stage):
    """A container has the name that people gave it, also after it or collectd restarts."""
    if stage.build is None:
        return
    with tempfile.TemporaryDirectory() as directory:
        host = Host(directory)
        options = '<Plugin pktloss>\n  ProcRoot "%s"\n</Plugin>' % directory
        try:
            names = Names(stage, host)
            with Collectd(stage.build, options=options) as daemon:
                names.check(daemon)
                names.restart_docker(daemon)
                names.check(daemon)
            with Collectd(stage.build, options=options) as daemon:
                names.check(daemon)
        finally:
            host.stop()


def claim(top, path):
    """A process in a cgroup of that name, and in a namespace of its own."""
    group = os.path.join(top, path)
    os.makedirs(group)
    process = subprocess.Popen(leashed(["unshare", "-n", "sleep", "600"]))
    with open(os.path.join(group, "cgroup.procs"), "w") as f:
        f.write(str(process.pid))
    ours = os.stat("/proc/self/ns/net").st_ino
    link = "/proc/%d/ns/net" % process.pid
    wait_until("a namespace of its own", lambda: os.stat(link).st_ino != ours, 5)
    return process, os.stat(link).st_ino


@contextlib.contextmanager
def cgroups(*paths):
    """Processes that claim names by their cgroups: the inode of the namespace of each."""
    with tempfile.TemporaryDirectory() as top:
        run("mount -t cgroup2 none " + top)
        claims = []
        try:
            for path in paths:
                claims.append(claim(top, path))
            yield [inode for _, inode in claims]
        finally:
            for process, _ in claims:
                process.kill()
                process.wait()
            for path in paths:
                while path:
                    os.rmdir(os.path.join(top, path))
                    path = os.path.dirname(path)
            run("umount " + top)


@case
def name_is_not_taken(stage):
    """Who calls a cgroup as a namespace will be called has not its name, nor that of one made by root."""
    if stage.build is None:
        return
    first, late = stage.prefix + "first", stage.prefix + "late"
    with cgroups("tenant/machine-%s.scope" % first, late) as inodes:
        with Collectd(stage.build) as daemon:
            wait_until("the claimants", lambda: {"all@ns-%d" % inodes[0], "all@" + late}
                       <= set(daemon.places()), 15)
            claimed = len(daemon.values("all@" + late, HEARTBEAT))
            for name in first, late:
                ns = stage.namespace(name[len(stage.prefix):])
                wait_until("reads of " + name, lambda: len(
                    daemon.values(ns.place(), HEARTBEAT)) > claimed + 3, 15)
            wait_until("a longer name", lambda: any(
                p.startswith("all@%s_" % late) for p in daemon.places()), 15)
            if any(p.startswith("all@%s_" % first) for p in daemon.places()):
                raise Failure("a cgroup was believed: %s" % daemon.places())
