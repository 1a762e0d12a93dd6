# SPDX-License-Identifier: MIT
"""pktloss --json is what docs/pktloss.schema.json and docs/json.md say."""

import glob
import json
import os
import re
import shutil
import subprocess
import time

from cases import case
from lab import HERE, Failure, Skip, leashed
from program import burst, call, chosen, expect, finish, lossy, start
from tracing import drop_lost_port, need_trace, traced

TOP = os.path.join(HERE, "..", "..")
SCHEMA = os.path.join(TOP, "docs", "pktloss.schema.json")
MANUAL = os.path.join(TOP, "docs", "json.md")
RECORDINGS = os.path.join(TOP, "tests", "recordings", "*.json")


def validator(kind):
    """Of one kind of documents: what is wrong then has words."""
    try:
        import jsonschema
    except ImportError:
        raise Skip("no python3-jsonschema")
    with open(SCHEMA) as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    del schema["oneOf"]
    return jsonschema.Draft202012Validator({**schema, "$ref": "#/$defs/" + kind})


def check(text, kind, lines=1):
    documents = [json.loads(line) for line in text.splitlines()]
    expect(len(documents) == lines, "%d documents, not %d: %s" % (len(documents), lines, text))
    valid = validator(kind)
    for document in documents:
        for error in valid.iter_errors(document):
            raise Failure("%s: %s" % (error.json_path, error.message[:500]))
    return documents


def not_valid(document, kind, what):
    expect(not validator(kind).is_valid(document), "the schema takes " + what)


@case
def json_valid(stage):
    """What --json prints is valid, has no other keys, and tells how to get into a namespace."""
    a, b = lossy(stage)
    guest = subprocess.Popen(leashed(["ip", "netns", "exec", b.name, "sleep", "60"]))
    try:
        # discovery has to come by a process that is there already
        while not os.path.samefile("/proc/%d/ns/net" % guest.pid, "/run/netns/" + b.name):
            time.sleep(0.01)
        process = start(stage, "--json", "-i", "1", "-c", "2", *chosen(a, b))
        time.sleep(0.5)
        burst(a, b)
        _, text, _ = finish(process)
        said = check(text, "look", 2)[0]
        b_said = next(ns for ns in said["namespaces"] if ns["name"] == b.name)
        inode = os.stat("/run/netns/" + b.name).st_ino
        expect(b_said["inode"] == inode, "the inode is not %d: %s" % (inode, b_said))
        expect(b_said["pid"] and os.stat("/proc/%d/ns/net" % b_said["pid"]).st_ino == inode, "no process: %s" % b_said)
        expect(b_said["container"] is None, "there is no container: %s" % b_said)
        expect(len(b_said["findings"]) >= 2, "nothing to validate: %s" % b_said)
    finally:
        guest.kill()
        guest.wait()
    for arguments, kind in ((["--once"], "look"), (["--list"], "list"),
                            (["--namespaces"], "namespaces")):
        status, text, err = call(stage, "--json", *arguments)
        expect(text, "%s ended with %d: %s" % (arguments, status, err))
        check(text, kind)
    not_valid({**said, "more": 1}, "look", "a key that it does not have")
    not_valid({k: v for k, v in said.items() if k != "notes"}, "look", "what lacks a key")
    not_valid({**said, "namespaces": [{**b_said, "container": ""}]}, "look", "an empty text")


@case
def json_valid_trace(stage):
    """So is what --trace --json prints."""
    need_trace(stage)
    a, b = stage.pair()
    drop_lost_port(b)

    def send():
        a.flows(3, 200, b.address, 5001, 4100)

    _, text, err = traced(stage, send, "--json", *chosen(a, b))
    said = check(text, "trace")[0]
    expect(said["drops"], "nothing to validate: %s" % err)
    not_valid({**said, "drops": [{**said["drops"][0], "more": 1}]}, "trace", "a row with another key")


@case
def json_valid_recorded(stage):
    """So is what was recorded of all kinds of losses."""
    n = 0
    for path in glob.glob(RECORDINGS):
        with open(path) as f:
            rounds = re.split(r"^=== .*$", f.read(), flags=re.M)
        for text in filter(str.strip, rounds):
            check(text.replace("\n", " ").strip(), "look")
            n += 1
    expect(n > 4, "%d rounds recorded" % n)


def keys_of(schema):
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for value in schema.values():
            yield from keys_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys_of(value)


@case
def json_documented(stage):
    """The page and the manual have every key of the schema, the page no other, and its jq works."""
    with open(SCHEMA) as f:
        keys = set(keys_of(json.load(f)))
    with open(MANUAL) as f:
        page = f.read()
    with open(os.path.join(TOP, "docs", "pktloss.pod")) as f:
        manual = set(re.findall(r"C<(\w+)>", f.read()))
    rows = set(re.findall(r"^\| `(\w+)` \|", page, re.M))
    expect(rows == keys, "docs/json.md and the schema differ in %s" % sorted(rows ^ keys))
    expect(keys <= manual, "docs/pktloss.pod lacks %s" % sorted(keys - manual))
    if not shutil.which("jq"):
        raise Skip("no jq")
    examples = re.findall(r"^    pktloss ([^|\n]*) \| (jq .*(?:\n        .*)*)", page, re.M)
    expect(len(examples) >= 5, "examples: %s" % examples)
    with_trace = stage_tells_reasons(stage)
    for arguments, jq in examples:
        if "--trace" in arguments and not with_trace:
            continue
        quick = ["--seconds", "0.3"] if "--trace" in arguments else []
        _, text, err = call(stage, *arguments.split(), *quick)
        done = subprocess.run(["sh", "-c", jq], input=text, capture_output=True, text=True)
        expect(done.returncode == 0, "%s: %s%s" % (jq, done.stderr, err))


def stage_tells_reasons(stage):
    try:
        need_trace(stage)
    except Skip:
        return False
    return True
