#!/bin/bash
# SPDX-License-Identifier: MIT
# The plugin is built, and passes its tests, with the plugin API of each collectd
# from 5.9 to 5.13, as tests/collectd_api/ records it. The record is compared with
# the headers that are installed, of Debian's 5.12.
set -euo pipefail

source=$(cd "${srcdir:-.}" && pwd)
build=$(cd "${builddir:-.}" && pwd)
record=$source/tests/collectd_api
compiler=${CC:-cc}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

compile() { # MINOR FLAG...
	local minor=$1
	shift
	$compiler -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra \
		-Werror -DCOLLECTD_MINOR="$minor" "$@"
}

# What the Makefile compiles and links with.
variable() { # NAME
	sed -n "s/^$1 = //p" "$build/Makefile"
}

# shellcheck disable=SC2046,SC2086
link() { # PROGRAM OBJECT...
	local program=$1
	shift
	bash "$build/libtool" --silent --tag=CC --mode=link $compiler \
		-o "$program" "$@" "$build/tests/lib/libtest.la" \
		"$build/libpktloss.la" $(variable CHECK_LIBS) $(variable LIBS) \
		-Wl,--wrap=engine_read,--wrap=reporter_report \
		-Wl,--wrap=engine_watch_drops,--wrap=pthread_create
}

# shellcheck disable=SC2046,SC2086
try_version() { # MINOR
	local objects=$scratch/5.$1 file
	mkdir "$objects"
	for file in src/plugin_pktloss src/plugin_config tests/check_plugin; do
		compile "$1" -c -I "$record" -I "$source/src" \
			-I "$source/tests" $(variable CHECK_CFLAGS) \
			-o "$objects/${file##*/}.o" "$source/$file.c" ||
			fail "$file.c does not compile with collectd 5.$1"
	done
	link "$objects/check_plugin" "$objects"/*.o
	(cd "$build" && srcdir=$source "$objects/check_plugin") \
		>"$objects/log" 2>&1 ||
		fail "collectd 5.$1: $(cat "$objects/log")"
}

# Prints what differs between the record and the installed headers.
# shellcheck disable=SC2046,SC2086
compare_installed() {
	compile 12 -I "$record" -o "$scratch/recorded" "$record/facts.c"
	cp "$record/functions.h" "$record/facts.c" "$scratch"
	compile 12 -Wno-redundant-decls $(variable COLLECTD_CPPFLAGS) \
		-o "$scratch/installed" "$scratch/facts.c" ||
		fail "a function is declared otherwise in the installed headers"
	diff <("$scratch/recorded") <("$scratch/installed") ||
		fail "the record (<) differs from the installed headers (>)"
}

compare_installed
pids=()
for minor in 9 10 11 12 13; do
	try_version "$minor" &
	pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
	wait "$pid" || failed=1
done
[ "$failed" = 0 ] || exit 1
echo "collectd 5.9 to 5.13: built, and tests/check_plugin.c passes;" \
	"$("$scratch/installed" | wc -l) facts are as in the installed headers"
