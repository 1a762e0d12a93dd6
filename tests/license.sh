#!/bin/bash
# SPDX-License-Identifier: MIT
# Every file that can have a comment says in its first lines under which licence
# it is: whoever takes one file takes that along.
set -euo pipefail

top=${srcdir:-.}
failures=0

generated='aclocal.m4|build-aux/.*|configure~?|Makefile.in|m4/(libtool|lt).*.m4'
generated+='|autom4te.cache/.*'

# Those of the repository, or of the tarball without what autoreconf has made, and
# without folders in which it is built.
files() {
	if [ -e "$top/.git" ]; then
		git -c safe.directory='*' -C "$top" ls-files
	else
		(cd "$top" && find . -type d -exec test -e '{}/config.status' ';' \
			-prune -o -type f -printf '%P\n' | grep -vxE "$generated")
	fi
}

# No comments: recorded bytes, formats without such, texts of a given form.
has_no_comments() { # FILE
	case $1 in
	*.sh | *.py | *.c | *.h | *.md) return 1 ;;
	LICENSE | tests/fixtures/* | tests/recordings/*) ;;
	*.json | *.png | *.svg | package-lock.json) ;;
	debian/README.Debian | debian/changelog | debian/copyright) ;;
	debian/source/format) ;;
	*) return 1 ;;
	esac
}

[ ! -e "$top/config.status" ] || {
	echo "SKIP: built in the source tree: not all files there are ours" >&2
	exit 77
}
while read -r file; do
	has_no_comments "$file" && continue
	head -n 5 "$top/$file" |
		grep -qE 'SPDX-License-Identifier: (MIT|\(GPL-2.0-only OR MIT\))' || {
		echo "FAIL: $file does not name its licence" >&2
		failures=$((failures + 1))
	}
done < <(files)
[ "$failures" = 0 ]
