#!/bin/bash
# SPDX-License-Identifier: MIT
# bash completes every option of pktloss(8), what belongs behind each that takes
# something, and runs nothing that somebody put into a name.
set -euo pipefail

source=$(realpath "${srcdir:-.}")
program=${builddir:-.}/pktloss
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

# Stands for the program: its namespaces are made up, what else it says is true.
cat >"$scratch/pktloss" <<END
#!/bin/bash
[ "\$1" != --namespaces ] || {
	echo "NAMESPACE  KIND"
	echo "(this namespace)  own"
	printf '%s  file\n' web 'web-2' '\$(touch\${IFS}ran)' 'it;touch\${IFS}ran'
	exit
}
exec "$(realpath "$program")" "\$@"
END
chmod +x "$scratch/pktloss"

# What is proposed for the last word of a line, in one line.
complete_line() { # WORD...
	(
		cd "$scratch"
		# shellcheck source=contrib/completion/pktloss
		source "$source/contrib/completion/pktloss"
		COMP_WORDS=("$scratch/pktloss" "$@")
		# shellcheck disable=SC2034 # completion reads it
		COMP_CWORD=$#
		_pktloss "$scratch/pktloss"
		echo "${COMPREPLY[*]}"
	)
}

expect() { # WORDS PROPOSED
	local proposed
	# shellcheck disable=SC2086 # words are to be split
	proposed=$(complete_line $1 "${3-}")
	[ "$proposed" = "$2" ] ||
		fail "behind '$1 ${3-}' there is '$proposed', not '$2'"
}

check_options() {
	local help proposed option
	help=$("$program" --help | sed -nE 's/^  (-.,|   ) (--[a-z-]+)(.*)/\1 \2 \3/p')
	proposed=$(complete_line --)
	[ "$(wc -l <<<"$help")" -gt 20 ] || fail "no options in --help"
	while read -r option; do
		[[ " $proposed " == *" $option "* ]] || fail "$option is not proposed"
	done < <(sed -nE 's/^[^-]*(-., )? *(--[a-z-]+).*/\2/p' <<<"$help")
	# what takes something is not followed by a namespace, unless that is it
	while read -r option; do
		case $option in
		--namespace) ;;
		--layer | --interface | --color | --sort | --pcap | --since) ;;
		--interval | --count | --seconds | --reason | --top | --min-lost | --min-share)
			expect "$option" "" "" ;;
		*) fail "$option takes something: say in contrib/completion/pktloss and here what" ;;
		esac
	done < <(sed -nE 's/^(-.,)? *(--[a-z-]+) +(\[=)?[A-Z]+.*/\2/p' <<<"$help")
}

check_options
names='web web-2 \$\(touch\$\{IFS\}ran\) it\;touch\$\{IFS\}ran'
expect "" "$names"
expect "-n" "$names"
expect "--watch" "$names"
expect "-c 3" "web web-2" w
expect "-n" "web-2" web-
expect "--namespace =" "web-2" web-
expect "-l" "qdisc" q
expect "--layer" "tcp" t
expect "--layer" "" te
expect "-i" ""
expect "--color =" "always auto" a
expect "--sort" "lost name share worst"
expect "-I" "lo" lo
expect "" "--since-boot --since --summary --sort --seconds" --s
[ ! -e "$scratch/ran" ] || fail "a name was run"
[ "$failures" = 0 ]
