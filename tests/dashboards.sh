#!/bin/bash
# SPDX-License-Identifier: MIT
# The dashboards for Grafana are what their sources make, which a compiler has
# checked, and the list of packages says of none where it is from.
set -euo pipefail

source=${srcdir:-.}
build=${builddir:-.}
grafana=contrib/graphs/grafana
failures=0
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

if grep -nE '"resolved"|://' "$source/$grafana/package-lock.json"; then
	fail "$grafana/package-lock.json has addresses"
fi
status=0
bash "$source/tools/generate_dashboards.sh" "$build" "$source" "$fresh" ||
	status=$?
if [ "$status" = 77 ]; then
	echo "SKIP: npm cannot be asked for packages"
	[ "$failures" = 0 ] && exit 77
	exit 1
fi
[ "$status" = 0 ] || fail "the dashboards cannot be built"
for file in "$fresh"/*.json; do
	diff -u "$source/$grafana/${file##*/}" "$file" ||
		fail "$grafana/${file##*/} is out of date: run make dashboards"
done
[ "$(find "$fresh" -name '*.json' | wc -l)" = 2 ] ||
	fail "not two dashboards were built"
[ "$failures" = 0 ]
