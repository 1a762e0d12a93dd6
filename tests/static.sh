#!/bin/bash
# SPDX-License-Identifier: MIT
# static.sh BUILD: what clang-tidy, cppcheck and gcc -fanalyzer find in the
# sources without running them. "make static" says with which CPPFLAGS; what
# clang-tidy looks for stands in .clang-tidy. Prints how many files each looked
# at and how many findings it has that are not excused; fails at any, and where
# a tool cannot read a file. STATIC_ONLY='gcc|cppcheck' are those alone.
set -euo pipefail

build=$(cd "$1" && pwd)
srcdir=$(cd "${srcdir:-$(dirname "${BASH_SOURCE[0]}")/..}" && pwd)

# Findings that are none, of a version of a tool: tool, file, what it says of
# it (a regular expression), and why it is wrong.
excused=(
	"gcc|src/model/sample_index.c|leak of ‘<unknown>’|the array is the index's, but what ARRAY_ADD() stores through its (void **) gcc 12 loses"
	"gcc|src/engine/processes.c|leak of ‘\*p.now.items’|likewise: swap_lists() keeps it in the other list"
	"gcc|src/probes/snmp/snmp_columns.c|leak of ‘<unknown>’|likewise: the names are the line's"
	"gcc|src/program/summary.c|leak of ‘note’|likewise: the note is the summary's"
	"gcc|src/model/settings.c|leak of ‘.*’|likewise: the path is the setting's"
	"gcc|src/kernel/drop_names.c|leak of ‘strdup.name.’|likewise: the name is the list's"
	"gcc|src/kernel/drops.c|dereference of NULL ‘[ax]’|there is no array only where it has no items: none is looked at"
	"clang-tidy|src/kernel/drops_bpf.c|drops.skel.h:.* leak of memory pointed to by 's'|bpftool wrote it: what it made is its caller's"
	"clang-tidy|src/kernel/trace_bpf.c|trace.skel.h:.* leak of memory pointed to by 's'|likewise"
	"gcc|src/probes/firewall/xt_read.c|uninitialized value ‘.*&allocated’|it is NULL from the start; gcc 12 moves that behind the branch it does not need it in"
)

# Tests that a NULL ends have failed, as they should, and what prepares them is
# run by nobody else: only the quick tool looks at that, but not at what is
# written with macros of the library check, which it does not know. What the
# kernel runs is in the C of its compiler, and the kernel verifies it; who loads
# it needs it built.
sources_of() { # TOOL
	local where=(src tools tests/lib) absent=()

	[ "$1" != cppcheck ] || where=(src tools tests)
	[ -e "$build/src/bpf/drops.skel.h" ] ||
		absent=('(' -path src/kernel/drops_bpf.c -o
			-path src/kernel/trace_bpf.c ')' -prune -o)
	find "${where[@]}" -path 'tests/check_*' -prune -o -path src/bpf -prune -o \
		"${absent[@]}" -name '*.c' -print |
		sort
}

# What a tool says of a file.
look() { # TOOL FILE
	local flags
	read -ra flags <<<"$CPPFLAGS"
	flags+=(-std=gnu11 -Isrc "-I$build/src" -Itests '-DPKTLOSS_VERSION="1"')
	case $1 in
	clang-tidy)
		clang-tidy --quiet --config-file=.clang-tidy "$2" -- \
			"${flags[@]}"
		;;
	cppcheck) # macros of libmnl are loops; it knows no cleanup attribute, and
		 # takes each descriptor for lost: --library=posix is of no use
		cppcheck --quiet --std=c11 --inline-suppr \
			--enable=warning,performance,portability \
			--template='{file}:{line}: warning: {message} [{id}]' \
			--include=/usr/include/libmnl/libmnl.h \
			-D_GNU_SOURCE -Isrc -Itests "$2"
		;;
	gcc) # each level sees what the other does not
		gcc "${flags[@]}" -fanalyzer -O0 -c -o /dev/null "$2"
		gcc "${flags[@]}" -fanalyzer -O2 -c -o /dev/null "$2"
		;;
	esac
}

is_excused() { # TOOL FILE FINDING
	local excuse tool file text

	for excuse in "${excused[@]}"; do
		IFS='|' read -r tool file text _ <<<"$excuse"
		[ "$tool $file" = "$1 $2" ] && [[ $3 =~ $text ]] && return
	done
	return 1
}

# The findings of a file, each once, and when the tool gave up.
look_and_judge() { # TOOL FILE LOG
	local finding

	(set -e && look "$1" "$2") >"$3" 2>&1 ||
		echo "$2:1: error: $1 has failed: $3" >>"$3"
	sed -nE "s,^$PWD/,,; /^[^ ]+: (warning|(fatal )?error): /p" "$3" |
		sort -u | while read -r finding; do
		is_excused "$1" "$2" "$finding" || echo "$1 $2: $finding"
	done
}

# A tool that finds none of these would find nothing anywhere.
write_faults() {
	cat <<-'END'
		#include <stdlib.h>

		size_t leaks(const char *text);
		size_t leaks(const char *text)
		{
			char *copy = malloc(8);

			if (!copy)
				return 0;
			copy[0] = text[0];
			return 1;
		}

		int is_null(int wanted);
		int is_null(int wanted)
		{
			int *p = NULL;

			if (wanted)
				p = &wanted;
			return *p;
		}

		size_t is_unchecked(const char *text);
		size_t is_unchecked(const char *text)
		{
			char *copy = malloc(8);
			size_t n = atoi(text);

			copy[0] = text[0];
			free(copy);
			return n;
		}
	END
}

must_find() { # TOOL FAULT...
	local tool=$1 log=$reports/faults.$1 fault
	shift

	look "$tool" "$reports/faults.c" >"$log" 2>&1
	for fault; do
		grep -qF -e "$fault" "$log" && continue
		cat "$log"
		echo "$tool does not find what is $fault"
		exit 1
	done
}

check_tool() { # TOOL
	case $1 in
	clang-tidy)
		must_find "$1" clang-analyzer-unix.Malloc \
			clang-analyzer-core.NullDereference cert-err34-c
		;;
	cppcheck) must_find "$1" memleak nullPointer ;;
	gcc)
		must_find "$1" -Wanalyzer-malloc-leak \
			-Wanalyzer-null-dereference \
			-Wanalyzer-possible-null-dereference
		;;
	esac
}

if [ $# = 4 ]; then # one of those that run side by side
	look_and_judge "${@:2}"
	exit
fi
cd "$srcdir"
reports=$build/static
rm -rf "$reports"
mkdir -p "$reports"
write_faults >"$reports/faults.c"
: >"$reports/list"
mapfile -t tools < <(printf '%s\n' clang-tidy cppcheck gcc |
	grep -xE "${STATIC_ONLY:-.*}")
for tool in "${tools[@]}"; do
	check_tool "$tool"
	sources_of "$tool" | while read -r file; do
		printf '%s\0' "$tool" "$file" "$reports/$tool.${file//\//_}"
	done >>"$reports/list"
done
xargs -0 -P "$(nproc)" -n 3 bash tests/static.sh "$build" <"$reports/list" |
	sort -u | tee "$reports/findings"

status=0
for tool in "${tools[@]}"; do
	files=$(find "$reports" -name "$tool.*" | wc -l)
	findings=$(grep -c "^$tool " "$reports/findings" || true)
	printf '%s: %d files, %d findings\n' "$tool" "$files" "$findings"
	[ "$findings" = 0 ] || status=1
done
exit "$status"
