#!/bin/bash
# SPDX-License-Identifier: MIT
# A tarball has the same bytes whoever makes it, be it from a tarball, and all of
# the repository is in it.
set -euo pipefail

top=$(realpath "${srcdir:-.}")
build=$(realpath "${builddir:-.}")
# shellcheck source=tools/setup.sh
. "$top/tools/setup.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# As the documentation says, but for where it is installed; quickly made.
from_tarball() {
	umask 027
	export TZ=Asia/Kathmandu DESTDIR="$scratch/installed" CFLAGS=-O0
	mkdir "$scratch/from" "$scratch/again"
	cp "$tarball" "$scratch/from"
	cd "$scratch/from"
	quietly bash -c "export MAKEFLAGS=-j$(nproc); $(commands "build source")"
	[ -x "$DESTDIR/usr/local/sbin/pktloss" ] || fail "pktloss is not installed"
	cd pktloss-*/
	quietly bash -c "$(commands "remove source")"
	left=$(find "$DESTDIR" ! -type d)
	[ -z "$left" ] || fail "make uninstall leaves $left"
	make_tarball . "$scratch/again"
}

# A repository that is not this one may be around an unpacked tarball.
files_of_repository() {
	[ ! -e "$top/.git" ] || git -c safe.directory='*' -C "$top" ls-files |
		grep -vxF .gitignore
}

make_tarball "$build" "$scratch"
tarball=$(echo "$scratch"/pktloss-*.tar.xz)
(from_tarball)
cmp "$tarball" "$scratch/again/${tarball##*/}" ||
	fail "made of itself, the tarball has other bytes"
missing=$(files_of_repository | sort | comm -23 - \
	<(tar -tf "$tarball" | sed 's|^[^/]*/||' | sort))
[ -z "$missing" ] || fail "not in the tarball: $missing"
echo "${tarball##*/}: $(tar -tf "$tarball" | grep -vc '/$') files," \
	"sha256 $(sha256sum "$tarball" | cut -d ' ' -f 1)"
