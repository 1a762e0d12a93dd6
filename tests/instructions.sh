#!/bin/bash
# SPDX-License-Identifier: MIT
# How many instructions in user space a steady read of a quiet namespace takes
# may not grow by more than 10 %. Counted by valgrind, so it is the same on a
# slow or busy machine; other compilers, libraries and kernels (which print
# more or less) differ a little. Lower the number when it has become cheaper.
set -euo pipefail

limit=146500 # per namespace, gcc -O2 on Linux 6.18
slack=10 # percent
namespaces=10
few=10
many=60

steady=${builddir:-.}/tests/steady
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

skip() {
	echo "SKIP: $*" >&2
	exit 77
}

# Instructions of so many reads, with what is not of a read.
count() { # READS
	local status=0

	valgrind --tool=callgrind --trace-children=no \
		--callgrind-out-file="$scratch/out" --log-file="$scratch/log" \
		"$steady" "$namespaces" "$1" 2>"$scratch/said" || status=$?
	[ "$status" != 77 ] || return 77
	[ "$status" = 0 ] || {
		cat "$scratch/said" "$scratch/log" >&2
		return 1
	}
	sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p' "$scratch/log"
}

command -v valgrind >/dev/null || skip "valgrind is not installed"
[ "$(id -u)" = 0 ] || skip "namespaces of its own need root"
case $(uname -m) in
x86_64) ;;
*) skip "the number kept is one of x86_64" ;;
esac
case ${CC:-gcc}:${CFLAGS:--O2} in
*clang*) skip "the number kept is one of gcc" ;;
*:*-O2*) ;;
*) skip "the number kept is one of -O2" ;;
esac

first=$(count $few) || { [ $? != 77 ] || skip "no namespaces of its own"; exit 1; }
second=$(count $many)
each=$(((second - first) / (many - few) / (namespaces + 1)))
echo "$each instructions for a steady read of one namespace, $limit kept"
[ "$each" -le $((limit * (100 + slack) / 100)) ] || {
	echo "FAIL: more than $slack % over" >&2
	exit 1
}
