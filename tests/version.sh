#!/bin/bash
# SPDX-License-Identifier: MIT
# configure.ac says which version this is. Packages say the same, and need the
# libraries that configure asks for.
set -euo pipefail

top=${srcdir:-.}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

same() { # FILE VERSION
	[ "$2" = "$version" ] ||
		fail "$1 is of version ${2:-unknown}, configure.ac of $version"
}

version=$(sed -nE 's/^AC_INIT\(\[pktloss\], \[([0-9.]+)\]\)$/\1/p' \
	"$top/configure.ac")
spec=$top/packaging/rpm/pktloss.spec
same debian/changelog \
	"$(sed -nE '1s/^pktloss \(([0-9.]+)-[0-9]+\) .*/\1/p' "$top/debian/changelog")"
same "${spec##*/}" "$(sed -nE 's/^Version: +//p' "$spec")"
same "%changelog of ${spec##*/}" "$(sed -n '/^%changelog/,$p' "$spec" |
	sed -nE '2s/.* - ([0-9.]+)-[0-9]+$/\1/p')"

# What is above the version in CHANGELOG.md is not released yet.
heading=$(sed -n 's/^## //p' "$top/CHANGELOG.md" | head -n 1)
case $heading in
"Not released yet" | "$version, 20"[0-9][0-9]-[01][0-9]-[0-3][0-9]) ;;
*) fail "CHANGELOG.md begins with neither \"$version, DATE\" nor" \
	"\"Not released yet\", but with \"$heading\"" ;;
esac

for module in $(sed -nE 's/.*PKG_CHECK_MODULES\(\[[A-Z]+\], \[([^]]*)\].*/\1/p' \
	"$top/configure.ac" "$top"/m4/libbpf.m4 | grep -oE '[a-z][a-z0-9.-]+[a-z0-9]'); do
	[ "$module" != check ] || continue
	grep -q "^BuildRequires: *pkgconfig($module)" "$spec" ||
		fail "${spec##*/} builds without $module"
	grep -qE "^ (lib)?${module%-[0-9].0}(-[0-9]+)?-dev( \(.*\))?,$" "$top/debian/control" ||
		fail "debian/control builds without $module"
done
