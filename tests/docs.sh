#!/bin/bash
# SPDX-License-Identifier: MIT
# The documents made from the code's tables are up to date, the manuals are
# valid POD, and what the documents for contributors name exists.
set -euo pipefail

source=${srcdir:-.}
build=${builddir:-.}
failures=0
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

bash "$source/tools/generate_docs.sh" "$build" "$source" "$fresh"
for file in docs/{ALERTS,CAUSES,COUNTERS,FLEET,GRAFANA,GRAPHS}.md \
	conf/pktloss.conf docs/collectd-pktloss.pod; do
	diff -u "$source/$file" "$fresh/$file" ||
		fail "$file is out of date: run make docs"
done
for manual in collectd-pktloss pktloss pktloss-rrd; do
	podchecker -warnings "$source/docs/$manual.pod" ||
		fail "docs/$manual.pod is not valid"
done

# What stands between backticks and matches, of one document, each once.
quoted() { # DOCUMENT REGEX
	grep -oE '`[^`]+`' "$source/$1" | grep -oE "$2" | sort -u || true
}

# Paths as of the top folder; of a program its source. NAME stands for any.
check_paths() { # DOCUMENT
	local path
	while read -r path; do
		[[ $path != *NAME* ]] || continue
		compgen -G "$source/$path" >/dev/null ||
			[ -e "$source/$path.c" ] ||
			fail "$1 names $path, which does not exist"
	done < <(quoted "$1" '\b(src|tests|tools|docs|conf|bench)/[A-Za-z0-9_*/.-]*\b[*/]?')
}

# Files without their folder, and functions.
check_names() { # DOCUMENT
	local name
	while read -r name; do
		[ "$(find "$source"/{src,tests,tools,bench} -name "$name" |
			head -n 1)" ] || fail "$1 names $name, which does not exist"
	done < <(quoted "$1" '(^|[ `])[a-z0-9_]+\.(c|h|sh|py)\b' | tr -d ' `')
	while read -r name; do
		grep -rqE "\b$name\(" "$source"/{src,tests,tools,bench} ||
			fail "$1 names $name(), which does not exist"
	done < <(quoted "$1" '\b[A-Za-z0-9_]+\(\)' | tr -d '()')
}

# The way through the code passes every room, and every file in it.
check_tour() {
	local path
	while read -r path; do
		grep -qF "\`$path/\`" "$source/docs/INTERNALS.md" ||
			fail "docs/INTERNALS.md does not name $path/"
	done < <(cd "$source" && find src -mindepth 1 -type d)
	while read -r path; do
		grep -qw -- "${path##*/}" "$source/docs/INTERNALS.md" ||
			fail "docs/INTERNALS.md does not name $path"
	done < <(cd "$source" && find src -name '*.c')
}

# What GitHub calls the headings of a page.
anchors() { # PAGE
	sed -nE '/^```/,/^```/d; s/^#+ +//p' "$1" | tr '[:upper:]' '[:lower:]' |
		sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

# Links to pages of ours lead somewhere, and to a heading that is there.
check_links() { # DOCUMENT
	local link page anchor
	while read -r link; do
		page=$source/${1%/*}/${link%%#*}
		[[ $1 == */* ]] || page=$source/${link%%#*}
		[ "${link%%#*}" ] || page=$source/$1
		anchor=${link#*#}
		if [ ! -e "$page" ]; then
			fail "$1 has a link to $link, which does not exist"
		elif [[ $link == *#* ]] &&
			! anchors "$page" | grep -qxF -- "$anchor"; then
			fail "$1 has a link to $link: no such heading"
		fi
	done < <(grep -oE '\]\([^)]+\)' "$source/$1" |
		sed -E 's/^\]\((.*)\)$/\1/' | grep -vE '^[a-z]+:' | sort -u || true)
}

# Blocks of a page for users say what is in them, so that tests can run them.
check_blocks() { # DOCUMENT
	local language
	while read -r language; do
		case $language in
		sh | collectd | text | json | python | ini | yaml) ;;
		*) fail "$1 has a block of \"$language\", which no test knows" ;;
		esac
	done < <(awk '/^<!-- (conf|contrib)\// { shown = 1 }
		/^ *```/ { if (!inside && !shown) print substr($1, 4) "."
			if (inside) shown = 0
			inside = !inside }' "$source/$1" | sed 's/[.]$//')
}

for document in README.md CONTRIBUTING.md SECURITY.md docs/INTERNALS.md \
	docs/{BUILDING,COLLECTD,FLEET,GRAFANA,INSTALL,RELEASE,RIGHTS}.md; do
	check_paths "$document"
	check_names "$document"
done
for document in "$source"/*.md "$source"/docs/*.md; do
	check_links "${document#"$source"/}"
	check_blocks "${document#"$source"/}"
done
check_tour
[ "$failures" = 0 ]
