#!/bin/bash
# SPDX-License-Identifier: MIT
# Who may know whom. The table below is the layout of the project: an include
# or a symbol that crosses a border which is not in it fails, and so does a
# circle of files that want each other's symbols. Besides, collectd
# is visible in two files, what is pure makes no system call, and only the
# plugin's file has state.
set -euo pipefail
shopt -s nullglob

src=${srcdir:-.}/src
objects=${builddir:-.}/src
nm=${NM:-nm} # may be a command with options
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# A room, and the rooms that it may look into, from the ground up. A folder
# below probes/ is a room of its own for the others there.
arrows='
base:
bpf: base
kernel: base bpf
model: base
probes: base kernel model
diagnosis: base model probes
engine: base kernel model probes
report: base kernel model probes diagnosis engine
trace: base bpf kernel model probes engine
program: base model probes diagnosis engine trace
plugin: base model probes diagnosis engine report
'

# Where one layer knows another, or the ground that they share.
among_probes='
socket: . snmp neigh
link: .
qdisc: .
snmp: .
firewall: . balance
balance: . link snmp firewall
neigh: . link snmp firewall balance
dropreason: . balance link
.: link qdisc snmp socket firewall balance neigh dropreason
'

# Rooms that only calculate: no system call, nothing of the kernel but its
# numbers, no output.
pure='base model diagnosis'

# What they may want of libc.
pure_libc='
_GLOBAL_OFFSET_TABLE_ __stack_chk_fail __ctype_b_loc __vsnprintf_chk
__snprintf_chk __memcpy_chk __memset_chk __strcpy_chk __memmove_chk
calloc free malloc realloc qsort
memchr memcmp memcpy memmove memset
snprintf vsnprintf floor fmax regcomp regexec regfree
strchr strcmp strcspn strdup strlen strncmp strcasecmp
strndup strrchr regerror strspn strstr strtod
'

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

# The room of a source file or an object, by its path below src/.
room_of() {
	case $1 in
	*/*) echo "${1%%/*}" ;;
	*) echo plugin ;;
	esac
}

# The room below probes/: a folder, or "." for the files beside them.
probe_room_of() {
	local path=${1#probes/}
	case $path in
	*/*) echo "${path%%/*}" ;;
	*) echo . ;;
	esac
}

# Whether one may look into the other, by a table as above.
allows() { # TABLE FROM TO
	[ "$2" = "$3" ] || grep -qE "^$2:(.* )?$3( |\$)" <<<"$1"
}

check_arrow() { # WHAT FROM-PATH TO-PATH
	local from to
	from=$(room_of "$2")
	to=$(room_of "$3")
	allows "$arrows" "$from" "$to" ||
		fail "$from may not look into $to: $2 $1 $3"
	[ "$from$to" = probesprobes ] || return 0
	from=$(probe_room_of "$2")
	to=$(probe_room_of "$3")
	allows "$among_probes" "${from/./\\.}" "${to/./\\.}" ||
		fail "probes/$from may not look into probes/$to: $2 $1 $3"
}

check_includes() {
	local line file n=0
	while IFS=: read -r file line; do
		[ -f "$src/$line" ] || continue # collectd's own
		check_arrow includes "$file" "$line"
		n=$((n + 1))
	done < <(cd "$src" && find . -name '*.[ch]' -printf '%P\n' | sort |
		xargs grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+' |
		sed -E 's/:.*["<]/:/')
	[ "$n" -gt 200 ] || fail "only $n includes seen"
}

# Every object as "PATH FILE": the path below src/ of its source. Those whose
# source is gone are left over from before.
list_objects() {
	local object path
	for object in "$objects"/.libs/*.o "$objects"/*/.libs/*.o \
		"$objects"/*/*/.libs/*.o "$objects"/program/pktloss-*.o; do
		path=${object#"$objects"/}
		path=$(sed -E 's,\.libs/,,; s,(^|/)(lib)?[a-z]+_la-,\1,; s,/pktloss-,/,' \
			<<<"$path")
		[ ! -e "$src/${path%.o}.c" ] || echo "$path $object"
	done
}

# A source whose object is not found is one that nobody looks at. The plugin is
# not built where collectd's headers are not, one way to count drops is built
# where the other is not, and what the kernel runs is no object of ours.
check_objects() {
	local path
	while read -r path; do
		[[ $path == plugin_* || $path == bpf/* ||
			$path == kernel/drops_* || $path == kernel/drop_names.o ||
			$path == kernel/bpf_parts.o || $path == kernel/trace_* ]] || fail "no object of src/${path%.o}.c"
	done < <(comm -23 \
		<(cd "$src" && find . -name '*.c' -printf '%P\n' |
			sed 's/c$/o/' | sort) \
		<(list_objects | cut -d ' ' -f 1 | sort))
}

# The same borders for symbols: a declaration without its header, a callback.
check_symbols() {
	local from to symbol circle n=0
	while read -r from to symbol; do
		check_arrow "wants $symbol of" "$from" "$to"
		echo "$from $to" >>"$scratch/symbols"
		n=$((n + 1))
	done < <(list_objects | while read -r path object; do
		$nm "$object" | awk -v path="$path" '
			NF == 3 && $2 ~ /[A-Z]/ { print "D", path, $3 }
			$1 == "U" { print "U", path, $2 }'
	done | awk '
		$1 == "D" { home[$3] = $2 }
		$1 == "U" { wants[$2 " " $3] = 1 }
		END {
			for (w in wants) {
				split(w, part, " ")
				if (part[2] in home)
					print part[1], home[part[2]], part[2]
			}
		}' | sort -u)
	[ "$n" -gt 200 ] || fail "only $n symbols seen in the objects"
	circle=$(sort -u "$scratch/symbols" | tsort 2>&1 >/dev/null) ||
		fail "files want each other's symbols:"$'\n'"$circle"
}

check_pure() {
	local path object symbol
	list_objects | while read -r _ object; do
		$nm --defined-only "$object"
	done | awk 'NF { print $NF }' | sort -u >"$scratch/ours"
	while read -r path object; do
		[[ " $pure " == *" $(room_of "$path") "* ]] || continue
		while read -r symbol; do
			[[ " ${pure_libc//$'\n'/ } " == *" $symbol "* ]] ||
				fail "$path is to calculate only: $symbol"
		done < <(comm -23 \
			<($nm "$object" | awk '$1 == "U" { print $2 }' |
				sed 's/@.*//' | sort -u) "$scratch/ours")
	done < <(list_objects)
}

check_collectd() {
	local found
	found=$(find "$src" -name '*.[ch]' ! -name plugin_pktloss.c \
		! -name 'plugin_config.[ch]' -print0 |
		xargs -0 grep -nHE "^[[:space:]]*#[[:space:]]*include[[:space:]]*\
[<\"](collectd|plugin\.h|daemon/|liboconfig|oconfig|utils/|configfile\.h)" ||
		true)
	[ -z "$found" ] ||
		fail "only plugin_*.c may include collectd's headers:" \
			$'\n'"$found"
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

check_state() {
	local path object found
	while read -r path object; do
		[ "$path" != plugin_pktloss.o ] || continue
		found=$(mutable "$object")
		[ -z "$found" ] || fail "mutable state in $path: $found"
	done < <(list_objects)
}

# What a row may be of is known by number: see probe_number_of().
check_counters() {
	local name
	while read -r name; do
		grep -rqE "(ONE_COUNTER|COUNTER_TABLE)\($name\)" "$src/probes" ||
			fail "$name is a counter of no struct probe"
	done < <(grep -rhoE 'const struct counter [a-z_0-9]+(\[\w*\])? =' \
		"$src/probes" | sed -E 's/.*counter (\w+).*/\1/' |
		grep -vx synproxy_columns | sort -u)
}

n=$(list_objects | wc -l)
check_objects
check_includes
check_symbols
check_pure
check_collectd
check_state
check_counters
echo "$n objects looked at"
[ "$failures" = 0 ]
