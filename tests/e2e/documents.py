# SPDX-License-Identifier: MIT
"""What the documents tell a reader to type or to configure does what they say."""

import glob
import os
import re
import subprocess
import tempfile
from typing import NamedTuple

from cases import case
from daemon import plugin_directory
from lab import HERE, Skip
from program import expect, lossy

TOP = os.path.join(HERE, "..", "..")
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.M | re.S)
# What stands for something that only the reader has.
OF_THE_READER = {
    "/var/lib/collectd/": "{scratch}/",
    "/host/proc": "/proc",
}
CSV = """
LoadPlugin pktloss
PluginDir "%s"
LoadPlugin csv
<Plugin csv>
  DataDir "%s"
</Plugin>
"""
# What collectd and its plugins say of a configuration that is wrong.
MISTAKE = re.compile(r"option|config|pars(e|ing)|syntax|unknown|unable|could not find plugin", re.I)
NO_MISTAKE = re.compile("it takes effect when one comes|MHD_OPTION")  # names nobody here; a word of Debian's libmicrohttpd
# pktloss tells by its status what it found; 2 is that it could not look.
PKTLOSS_GOOD = (0, 1, 3)


class Block(NamedTuple):
    where: str
    language: str
    text: str


def blocks_of(path):
    name = os.path.relpath(path, TOP)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    return [Block("%s:%d" % (name, text.count("\n", 0, match.start()) + 1), match[2],
                  re.sub("^" + match[1], "", match[3], flags=re.M))
            for match in BLOCK.finditer(text)]


def blocks(language):
    """Those of a language, of all pages for users; what INSTALL.md has is run where it may install."""
    pages = [os.path.join(TOP, "README.md")] + sorted(glob.glob(os.path.join(TOP, "docs", "*.md")))
    return [block for page in pages if not page.endswith("/INSTALL.md")
            for block in blocks_of(page) if block.language == language]


def wrong_settings(stage, ns, block, scratch):
    """What collectd says of a block of configuration, if anything."""
    text = block.text
    for old, new in OF_THE_READER.items():
        text = text.replace(old, new.format(scratch=scratch))
    path = os.path.join(scratch, "conf")
    with open(path, "w") as f:
        f.write('BaseDir "%s"\nPluginDir "%s"\n' % (scratch, os.path.join(os.path.abspath(stage.build), ".libs")))
        if "LoadPlugin pktloss" not in text:
            f.write(CSV % (plugin_directory(), scratch))
        f.write(text)
    done = subprocess.run(["ip", "netns", "exec", ns.name, "collectd", "-T", "-C", path], capture_output=True, text=True)
    said = [line for line in (done.stdout + done.stderr).splitlines() if MISTAKE.search(line) and not NO_MISTAKE.search(line)]
    return "%s: %s" % (block.where, " | ".join(said)) if said or done.returncode else None


@case
def documents_settings(stage):
    """collectd takes every block of configuration in the documents without a word."""
    ns, _ = stage.pair()
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")
    found = blocks("collectd")
    expect(len(found) >= 7, "only %d blocks were found" % len(found))
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as scratch:
        wrong = [w for w in (wrong_settings(stage, ns, block, scratch) for block in found) if w]
        expect(wrong_settings(stage, ns, Block("twin", "", "<Plugin pktloss>\n  Layer \"nefilter\"\n</Plugin>\n"), scratch),
               "a mistake is not seen")
    expect(not wrong, "\n".join(wrong))


def commands():
    """(where, line) of each command, without the prompt of root and without what explains it."""
    return [(block.where, re.sub(r"^sudo ", "", re.split(r"\s+# ", line)[0]))
            for block in blocks("sh") for line in block.text.splitlines()
            if line.strip() and not line.startswith("#")]


def wrong_command(stage, ns, scratch, where, line):
    """Runs it in the namespace, but for pktloss, which looks into it."""
    line = re.sub(r"\bPID\b", str(ns.agent.process.pid), re.sub(r"\bNAME\b", ns.name, line))
    line = line.replace("/var/lib/", scratch + "/")
    inside = [] if line.startswith("pktloss") else ["ip", "netns", "exec", ns.name]
    path = os.path.abspath(stage.build) + ":" + os.environ["PATH"]
    done = subprocess.run([*inside, "bash", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, env=dict(os.environ, PATH=path))
    good = PKTLOSS_GOOD if line.startswith("pktloss") else (0,)
    return None if done.returncode in good else "%s: %s: %d %s" % (where, line, done.returncode, done.stderr)


@case
def documents_commands(stage):
    """Every command in the documents can be run, where packets are lost."""
    _, b = lossy(stage)
    b.nft("table inet fw { chain forward { type filter hook forward priority 0; policy drop; }; }")
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")
    found = commands()
    expect(len(found) >= 10, "only %d commands were found" % len(found))
    with tempfile.TemporaryDirectory(prefix="pktloss-e2e-") as scratch:
        wrong = [w for w in (wrong_command(stage, b, scratch, where, line) for where, line in found) if w]
        expect(wrong_command(stage, b, scratch, "twin", "pktloss --wrong"), "a mistake is not seen")
    expect(not wrong, "\n".join(wrong))
