#!/bin/bash
# SPDX-License-Identifier: MIT
# generate_docs.sh BUILD SOURCE [OUTPUT]: writes the documents that are made
# from the code's tables, into OUTPUT (default: SOURCE). Called by "make docs".
set -euo pipefail

build=$1
source=$2
output=${3:-$2}

# Replaces what stands between the two marks of the manual.
manual() {
	awk -v tool="$build/tools/print_options" '
		/^=for options begin/ {
			print
			print ""
			system(tool " pod")
			print ""
			inside = 1
		}
		/^=for options end/ { inside = 0 }
		!inside { print }' "$source/docs/collectd-pktloss.pod"
}

# Behind each mark with the name of a file: that file, instead of what stood there.
with_files() { # DOCUMENT
	awk -v source="$source" '
		marked && /^```$/ { inside = !inside; marked = inside; blank = 1; next }
		inside { next }
		(marked || blank) && /^$/ { next }
		blank || marked { print "" }
		{ marked = blank = 0; print }
		/^<!-- (conf|contrib)\/.* -->$/ {
			print "\n```"
			while ((getline line <(source "/" $2)) > 0)
				if (line !~ /^# SPDX-/)
					print line
			print "```"
			marked = 1
		}' "$source/$1"
}

mkdir -p "$output/docs" "$output/conf"
"$build/tools/print_causes" >"$output/docs/CAUSES.md.new"
"$build/tools/print_counters" >"$output/docs/COUNTERS.md.new"
"$build/tools/print_options" conf >"$output/conf/pktloss.conf.new"
manual >"$output/docs/collectd-pktloss.pod.new"
for page in ALERTS FLEET GRAFANA GRAPHS; do
	with_files "docs/$page.md" >"$output/docs/$page.md.new"
done
for file in docs/{ALERTS,CAUSES,COUNTERS,FLEET,GRAFANA,GRAPHS}.md \
	conf/pktloss.conf docs/collectd-pktloss.pod; do
	mv "$output/$file.new" "$output/$file"
done
