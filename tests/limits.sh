#!/bin/bash
# SPDX-License-Identifier: MIT
# Size limits: no function of src/ over 60 lines, half of them 20 or less; and a
# function has a name of its own, so that whoever looks for it finds it.
set -euo pipefail

src=${srcdir:-.}/src
max_function=60
max_median=20
failures=0

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

functions() { # prints: lines name file
	"$ctags" -x --language-force=C --kinds-C=f --_xformat='%n %e %N %F' \
		"$src"/*.c "$src"/*/*.c "$src"/*/*/*.c |
		awk '{ print $2 - $1 + 1, $3, $4 }' | sort -n
}

check_functions() {
	local all n median longest
	all=$(functions)
	n=$(wc -l <<<"$all")
	median=$(awk -v n="$n" 'NR == int((n + 1) / 2) { print $1 }' <<<"$all")
	longest=$(tail -n 1 <<<"$all")
	echo "$n functions, median $median lines, longest $longest"
	[ "$median" -le "$max_median" ] ||
		fail "median $median is over $max_median lines"
	while read -r lines name file; do
		[ "$lines" -le "$max_function" ] ||
			fail "$name() in $file: $lines lines"
	done <<<"$all"
}

# What the kernel runs is a program of its own, and of the files that ask it one
# stands for the other.
check_names() {
	local name files
	while read -r name files; do
		fail "$name() stands in $files"
	done < <(functions | grep -vE '/bpf/|/(drops|trace)_absent\.c$' | awk '
		{ files[$2] = files[$2] " " $3; n[$2]++ }
		END { for (name in n) if (n[name] > 1) print name files[name] }')
}

ctags=${CTAGS:-ctags}
if [ "$ctags" = no ] || ! "$ctags" --version | grep -q Universal; then
	echo "SKIP: universal-ctags is not installed" >&2
	exit 77
fi
check_functions
check_names
[ "$failures" = 0 ]
