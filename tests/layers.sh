#!/bin/bash
# SPDX-License-Identifier: MIT
# Who may know what: collectd is visible in two files, the arithmetic knows
# neither kernel headers nor netlink, and only the plugin file has state.
set -euo pipefail
shopt -s nullglob

src=${srcdir:-.}/src
objects=${builddir:-.}/src
failures=0

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

includes() { # PATTERN FILE...: prints the includes that match
	local pattern=$1
	shift
	grep -nHE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)" \
		"$@" || true
}

forbid() { # WHAT PATTERN FILE...
	local what=$1 found
	shift
	found=$(includes "$@")
	[ -z "$found" ] || fail "$what:"$'\n'"$found"
}

not_collectd_facing() {
	local file
	for file in "$src"/*/*.[ch] "$src"/*/*/*.[ch] "$src"/*.[ch]; do
		case $file in
		*/plugin_pktloss.c | */plugin_config.[ch]) ;;
		*) echo "$file" ;;
		esac
	done
}

# Mutable objects: in .data, .bss or thread-local storage. Constant tables with
# pointers stand in .data.rel.ro and are fine.
mutable() { # OBJECT
	"${OBJDUMP:-objdump}" -t "$1" | awk '
		/ O / && / \.(data|bss|tdata|tbss)/ && !/ \.data\.rel\.ro/ {
			print $NF
		}
		/ O \*COM\*/ { print $NF }'
}

mapfile -t files < <(not_collectd_facing)
forbid "only plugin_*.c may include collectd's headers" \
	'collectd|plugin\.h|daemon/|liboconfig|oconfig|utils/|configfile\.h' \
	"${files[@]}"
for module in delta loss alarm; do
	forbid "$module.c is arithmetic" 'linux/|netlink|net/|libmnl|sys/socket' \
		"$src/model/$module.c" "$src/model/$module.h"
done

n=0
for object in "$objects"/.libs/*.o "$objects"/*/.libs/*.o \
	"$objects"/*/*/.libs/*.o "$objects"/program/pktloss-*.o; do
	case $object in
	*-plugin_pktloss.o) continue ;;
	esac
	n=$((n + 1))
	found=$(mutable "$object")
	[ -z "$found" ] || fail "mutable state in $object: $found"
done
[ "$n" -gt 0 ] || fail "no objects in $objects"
echo "${#files[@]} files and $n objects looked at"
[ "$failures" = 0 ]
