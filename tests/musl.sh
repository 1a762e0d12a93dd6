#!/bin/bash
# SPDX-License-Identifier: MIT
# Everything is compiled with musl, the C library of Alpine and OpenWrt, and of what
# it then wants nothing is left over that musl lacks, but for the libraries: Debian
# has none of these for musl, so no program of this is linked.
set -euo pipefail

source=$(cd "${srcdir:-.}" && pwd)
build=$(cd "${builddir:-.}" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

if ! command -v musl-gcc >/dev/null; then
	echo "SKIP: no musl-gcc (Debian: musl-tools)" >&2
	exit 77
fi

# Headers that are not of a C library: of the kernel and the libraries.
link_headers() {
	local name path
	mkdir "$scratch/include" "$scratch/objects"
	for name in linux asm asm-generic mtd libmnl json-c bpf netlink; do
		for path in /usr/include/"$name" /usr/include/*-linux-gnu/"$name" \
			/usr/include/libnl3/"$name"; do
			[ ! -e "$path" ] ||
				ln -sfn "$path" "$scratch/include/$name"
		done
	done
}

# Files, but for those that stand for a library that is there, or is not.
sources() {
	local without='_absent[.]c$'
	[ -e "$build/src/bpf/drops.skel.h" ] || without='_bpf[.]c$'
	cd "$source"
	find src -name '*.c' ! -path 'src/bpf/*' | grep -vE "$without" | sort
}

# The two that see collectd have its record: its own config.h is of glibc.
compile() { # SOURCE
	local object=$scratch/objects/${1//\//_}.o
	musl-gcc -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fPIC \
		-Wall -Wextra -Wshadow -Wstrict-prototypes \
		-Wmissing-prototypes -Wvla -Wformat=2 -Werror \
		-DPKTLOSS_VERSION='"1"' -DCOLLECTD_MINOR=12 \
		-isystem "$scratch/include" \
		-isystem "$source/tests/collectd_api" -I "$source/src" \
		-I "$build/src" -c "$source/$1" -o "$object"
}

# What objects want and none of them has, nor musl.
left_over() {
	comm -23 <(nm -u "$scratch"/objects/*.o | awk '$1 == "U" { print $2 }' |
		sort -u) \
		<(nm --defined-only "$scratch"/objects/*.o \
			/usr/lib/*-linux-musl/libc.a 2>/dev/null |
			awk 'NF == 3 { print $3 }' | sort -u)
}

# What a shared library has.
offered() { # LIBRARY
	local path
	path=$(gcc -print-file-name="lib$1.so")
	[ ! -e "$path" ] || nm -D --defined-only "$path" | awk '{ sub(/@.*/, "", $3); print $3 }'
}

libraries() {
	local name
	for name in nl-3 mnl json-c bpf; do
		offered "$name"
	done
	grep -oE '\b[a-z_]+\(' "$source/tests/collectd_api/functions.h" | tr -d '('
	printf '%s\n' hostname_g _GLOBAL_OFFSET_TABLE_ __popcountdi2 # gcc's
}

link_headers
export -f compile
export source build scratch
sources | xargs -P "$(nproc)" -I FILE bash -euc 'compile FILE' ||
	fail "that is not compiled with musl"
missing=$(comm -23 <(left_over) <(libraries | sort -u))
[ -z "$missing" ] || fail "neither musl nor a library has:" $'\n'"$missing"
echo "musl: $(find "$scratch/objects" -name '*.o' | wc -l) files, nothing is missing"
