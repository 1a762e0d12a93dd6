#!/bin/bash
# SPDX-License-Identifier: MIT
# What people read is spelled right, and plain: words of the trade are in
# tests/words.txt, and the sentences of each page are short enough that its Flesch
# index (100: a child can read it, 30: only who has studied it) is above a limit.
set -euo pipefail

source=${srcdir:-.}
plain=70
failures=0

for tool in aspell style; do
	command -v "$tool" >/dev/null || {
		echo "SKIP: no $tool (Debian: aspell, aspell-en, diction)"
		exit 77
	}
done
[[ $(aspell dicts) == *en_GB* ]] || {
	echo "SKIP: aspell has no British English (Debian: aspell-en)"
	exit 77
}

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

# A page without what is no sentence: code, addresses, comments.
prose() { # PAGE
	sed -E '/^ *```/,/^ *```/d; /^    /d; /^### [a-z0-9-]*$/d' "$1" |
		sed -zE 's/<!--[^>]*-->//g; s/`[^`]*`//g; s/\]\([^)]*\)/]/g
			s/https?:[^ )]*//g; s/\*\*//g; s/\\_/_/g'
}

# Words that are spelled like the kernel or a program does are no English.
unknown_words() { # PAGE
	prose "$1" | tr -c "A-Za-z'\n" ' ' |
		aspell list --lang=en_GB --mode=none --ignore=2 |
		sed '/[a-z].*[A-Z]/d; /[A-Z].*[A-Z]/d' | sort -u |
		comm -23 - <(grep -v "^#" "$source/tests/words.txt" | sort -u)
}

flesch() { # PAGE
	prose "$1" | sed '/^|/d; /^#/d' | style 2>/dev/null |
		sed -nE 's/.*Flesch Index: (-?[0-9]+).*/\1/p'
}

# Generated from tables, whose words are the kernel's.
is_table() { # PAGE
	[ "${1##*/}" = COUNTERS.md ]
}

for page in "$source"/*.md "$source"/docs/*.md; do
	! is_table "$page" || continue
	words=$(unknown_words "$page" | tr '\n' ' ')
	[ -z "$words" ] || fail "${page#"$source"/}: $words"
	index=$(flesch "$page")
	[ "${index:-0}" -ge "$plain" ] ||
		fail "${page#"$source"/}: Flesch index $index, not $plain"
done
[ "$(flesch <(echo "Notwithstanding considerable organizational heterogeneity,
	comprehensibility deteriorates."))" -lt "$plain" ] 2>/dev/null ||
	fail "a sentence that nobody understands is plain"
[ "$failures" = 0 ]
