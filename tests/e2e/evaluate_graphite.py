# SPDX-License-Identifier: MIT
"""Evaluates targets with the functions of graphite-web, on numbers that are given.

Reads JSON: targets, step, and data (name -> values, which begin at a full minute).
Writes name -> values for each of them. Run by the system's Python, which has
Debian's packages.
"""

import datetime
import json
import sys
import types

START = 1_800_000_000 // 60 * 60


def fail(why):
    print(why, file=sys.stderr)
    sys.exit(77)


def load():
    """The evaluator, without a web application around it."""
    sys.modules.setdefault("cairocffi", types.ModuleType("cairocffi"))  # it draws nothing
    try:
        import django
        from django.conf import settings
        from graphite import settings as of_graphite
        options = {name: getattr(of_graphite, name) for name in dir(of_graphite) if name.isupper()}
        options.update(dict.fromkeys(("LOG_FILE_INFO", "LOG_FILE_EXCEPTION", "LOG_FILE_CACHE", "LOG_FILE_RENDERING"), "-"))
        settings.configure(**dict(options, STORAGE_FINDERS=(), LOG_RENDERING_PERFORMANCE=False, LOG_INFO_PERFORMANCE=False,
                                ENFORCE_INPUT_VALIDATION=True))
        django.setup()
        from graphite.finders import match_entries
        from graphite.render import evaluator
        from graphite.render.datalib import TimeSeries
    except ImportError as e:
        fail("no graphite-web: %s" % e)
    return evaluator, TimeSeries, match_entries


def main():
    asked = json.load(sys.stdin)
    step, data = asked["step"], asked["data"]
    evaluator, series, match_entries = load()
    end = START + step * max(len(values) for values in data.values())

    def is_like(name, pattern):
        nodes, parts = name.split("."), pattern.split(".")
        return len(nodes) == len(parts) and all(match_entries([n], p) for n, p in zip(nodes, parts))

    def fetch(_, pattern):
        return [series(name, START, end, step, list(values), pathExpression=pattern, xFilesFactor=0)
                for name, values in sorted(data.items()) if is_like(name, pattern)]

    def evaluate(target):
        context = {**times, "data": [], "localOnly": True, "prefetched": {}, "tzinfo": datetime.timezone.utc}
        return {s.name: list(s) for s in evaluator.evaluateTarget(context, target)}

    evaluator.fetchData = fetch
    evaluator.prefetchData = lambda *_: None
    times = {name: datetime.datetime.fromtimestamp(t, datetime.timezone.utc)
             for name, t in (("startTime", START), ("endTime", end), ("now", end))}
    json.dump([evaluate(target) for target in asked["targets"]], sys.stdout)


main()
