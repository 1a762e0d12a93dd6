# SPDX-License-Identifier: MIT
"""Debian's carbon-cache and graphite-web, for a test: each in a folder of its own, on the loopback."""

import json
import os
import socket
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from lab import HERE, Failure, Skip, leashed, wait_until
from receivers import free_port, tool, unpacked

PYTHON = "/usr/bin/python3"  # which has Debian's packages
FETCH = """
import json, sys, time, whisper
(_, _, step), values = whisper.fetch(sys.argv[1], time.time() - int(sys.argv[2]))
print(json.dumps([step, values]))
"""
CACHE = """[cache]
STORAGE_DIR = {folder}
LOCAL_DATA_DIR = {folder}/whisper/
CONF_DIR = {folder}
LOG_DIR = {folder}
PID_DIR = {folder}
USER =
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {line}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickle}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {query}
CARBON_METRIC_INTERVAL = 0
"""


class Server:
    """A process with a folder, both gone when the `with` block ends."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="pktloss-e2e-")
        self.folder = self.directory.name
        self.process = None

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()
        self.directory.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """Its path."""
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def output(self):
        with open(self.path("output"), errors="replace") as f:
            return f.read()[-2000:]

    def run(self, command, port, what, **environment):
        with open(self.path("output"), "w") as output:
            self.process = subprocess.Popen(leashed(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            env={**os.environ, **environment})
        wait_until(what, lambda: self.listens(port), 30, 0.1)

    def listens(self, port):
        if self.process.poll() == 77:
            raise Skip(self.output().strip())
        if self.process.poll() is not None:
            raise Failure("it ended with status %d: %s" % (self.process.returncode, self.output()))
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0


class Carbon(Server):
    """files: what stands in its configuration, by name; cache: more lines of carbon.conf."""

    def __init__(self, build, files, cache=""):
        super().__init__()
        self.build = build
        self.port = free_port()
        self.files = {"carbon.conf": CACHE.format(folder=self.folder, line=self.port, pickle=free_port(), query=free_port())
                      + cache, **files}

    def __enter__(self):
        try:
            program = tool(self.build, "carbon-cache")
            os.mkdir(self.path("whisper"))  # graphite-web leaves out what is not there when it starts
            for name, text in self.files.items():
                self.write(name, text)
            self.run([PYTHON, program[-1], "--config", self.path("carbon.conf"), "--pidfile", self.path("pid"), "--debug",
                      "start"], self.port, "carbon", PYTHONPATH=unpacked(self.build, "usr/lib/python3/dist-packages"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def series(self):
        """Their names, as they are asked for."""
        top = self.path("whisper")
        return sorted(os.path.relpath(os.path.join(folder, name), top)[:-len(".wsp")].replace("/", ".")
                      for folder, _, names in os.walk(top) for name in names if name.endswith(".wsp"))

    def points(self, series, seconds):
        """(seconds of a step, [what is known or None]) of the last so many seconds."""
        done = subprocess.run([PYTHON, "-c", FETCH, self.path("whisper/%s.wsp" % series.replace(".", "/")), str(seconds)],
                              capture_output=True, text=True)
        return json.loads(done.stdout) if not done.returncode else (0, [])


class GraphiteWeb(Server):
    """Of the files of a carbon. What is in its folder static is found in /static, before its own."""

    def __init__(self, carbon):
        super().__init__()
        self.carbon = carbon
        self.port = free_port()
        self.address = "http://127.0.0.1:%d" % self.port

    def __enter__(self):
        try:
            os.makedirs(self.path("static/js"))
            self.run([PYTHON, os.path.join(HERE, "serve_graphite.py"), self.folder, self.carbon.path("whisper"),
                      self.path("static"), str(self.port)], self.port, "graphite-web")
        except BaseException:
            self.__exit__()
            raise
        return self

    def ask(self, path, **words):
        """The bytes of an answer."""
        address = self.address + path + ("?" + urllib.parse.urlencode(words) if words else "")
        try:
            with urllib.request.urlopen(address, timeout=20) as answer:
                return answer.read()
        except urllib.error.HTTPError as e:
            raise Failure("%s: %s %s" % (address, e, e.read()[:1000])) from e

    def render(self, target, since="-1min"):
        """{name: [what is known]}"""
        answer = json.loads(self.ask("/render", target=target, format="json", **{"from": since}))
        return {s["target"]: [v for v, _ in s["datapoints"] if v is not None] for s in answer}
