#!/bin/bash
# SPDX-License-Identifier: MIT
# What a namespace holds may be as much as its owner likes, so that a read and
# a report of four times as much may take no more than four times as many
# instructions, and a little: sorting takes a bit more than that. Counted by
# valgrind, so it is the same on a slow or busy machine. The cases are in
# work.c; linear.sh CASE... counts some of them.
set -euo pipefail

few=500
many=$((4 * few))
slack=30 # percent
work=${builddir:-.}/tests/work
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

count() { # CASE N
	valgrind --tool=callgrind --collect-atstart=no \
		--toggle-collect='measured*' \
		--callgrind-out-file="$scratch/out" \
		--log-file="$scratch/log" "$work" "$1" "$2" >"$scratch/said" || {
		cat "$scratch/said" "$scratch/log" >&2
		return 1
	}
	sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p' "$scratch/log"
}

check() { # CASE
	local first second percent
	first=$(count "$1" $few)
	second=$(count "$1" $many)
	percent=$((second * 100 / first))
	echo "$1: $((first / few)) instructions for each of $few," \
		"$((second / many)) of $many ($(cat "$scratch/said"))"
	[ "$percent" -le $((400 + 4 * slack)) ] || {
		echo "FAIL: $1 is not linear: $percent %" >&2
		failures=$((failures + 1))
	}
}

command -v valgrind >/dev/null || {
	echo "SKIP: valgrind is not installed" >&2
	exit 77
}
# shellcheck disable=SC2046 # no case has a blank in its name
[ $# -gt 0 ] || set -- $("$work")
for case in "$@"; do
	check "$case"
done
[ "$failures" = 0 ]
