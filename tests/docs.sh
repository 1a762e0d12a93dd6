#!/bin/bash
# SPDX-License-Identifier: MIT
# The documents made from the code's tables are up to date, and the manuals
# are valid POD.
set -euo pipefail

source=${srcdir:-.}
build=${builddir:-.}
failures=0
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

bash "$source/tools/generate_docs.sh" "$build" "$source" "$fresh"
for file in docs/COUNTERS.md conf/pktloss.conf docs/collectd-pktloss.pod; do
	diff -u "$source/$file" "$fresh/$file" ||
		fail "$file is out of date: run make docs"
done
for manual in collectd-pktloss pktloss; do
	podchecker -warnings "$source/docs/$manual.pod" ||
		fail "docs/$manual.pod is not valid"
done
[ "$failures" = 0 ]
