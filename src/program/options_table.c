/* SPDX-License-Identifier: MIT */
#include "program/options_table.h"

#include <string.h>

#define HELP_COLUMN 26

/* clang-format off */
const struct option_row option_rows[] = {
	{"namespace", 'n', "NAME", "only this one, or those that match /REGEX/"},
	{"layer", 'l', "LAYER", "only what is lost in that layer"},
	{"interface", 'I', "NAME", "only what is lost at that interface"},
	{"interval", 'i', "N", "seconds between two looks (default 1)"},
	{"count", 'c', "COUNT", "that many intervals (default 1)"},
	{"watch", 'w', NULL, "again and again, until Ctrl-C"},
	{"since-boot", 'o', NULL, "one look: totals since boot"},
	{"once", 'o', NULL, NULL},
	{"since", OPTION_SINCE, "FILE", "one look: since that in FILE, and keep this one"},
	{"summary", 's', NULL, "one table in the end, over all intervals"},
	{"quiet", 'q', NULL, "no table: the exit status only"},
	{"top", OPTION_TOP, "N", "only the N worst namespaces"},
	{"min-lost", OPTION_MIN_LOST, "N", "less than N packets are no loss"},
	{"min-share", OPTION_MIN_SHARE, "P", "nor is less than P percent"},
	{"drop-reasons", 'r', NULL, "insist on the kernel's own word on each drop"},
	{"no-drop-reasons", 'R', NULL, "do without: no program (eBPF) in the kernel"},
	{"json", 'j', NULL, "one line of JSON for each interval"},
	{"csv", OPTION_CSV, NULL, "a line of CSV for each row"},
	{"sort", OPTION_SORT, "KEY", "namespaces by lost, share or name, not the worst"},
	{"color", OPTION_COLOUR, "[=WHEN]", "always, never, or auto: on a terminal"},
	{"verbose", 'v', NULL, "what is no loss, too"},
	{"trace", 't', NULL, "who loses: from whom to whom, by eBPF"},
	{"seconds", OPTION_SECONDS, "N", "--trace: so long (default 10), or until Ctrl-C"},
	{"reason", OPTION_REASON, "R", "--trace: only what is dropped for that reason"},
	{"pcap", OPTION_PCAP, "FILE", "--trace: writes the packets that were looked at"},
	{"namespaces", OPTION_NAMESPACES, NULL, "every namespace, and who is in it"},
	{"list", 'L', NULL, "every counter and what it means"},
	{"version", 'V', NULL, "which version this is"},
	{"help", 'h', NULL, "this text"},
};
/* clang-format on */

const size_t n_option_rows = ARRAY_SIZE(option_rows);

_Static_assert(ARRAY_SIZE(option_rows) <= MAX_OPTIONS, "more than has room");

static int has_argument(const struct option_row *row)
{
	if (!row->argument)
		return no_argument;
	return row->argument[0] == '[' ? optional_argument : required_argument;
}

void options_list(struct option_lists *ret)
{
	char *letter = ret->letters;

	*ret = (struct option_lists) {.names = {{0}}};
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		ret->names[i] = (struct option) {
			.name = row->name,
			.has_arg = has_argument(row),
			.val = row->letter,
		};
		if (row->letter >= OPTION_FIRST)
			continue;
		*letter++ = row->letter;
		if (row->argument)
			*letter++ = ':';
	}
}

uint64_t options_bit(int letter)
{
	for (size_t i = 0; i < n_option_rows; i++)
		if (option_rows[i].letter == letter)
			return UINT64_C(1) << i;
	return 0;
}

static void print_option(FILE *out, const struct option_row *row)
{
	const char *argument = row->argument ? row->argument : "";
	char letter[8] = "    ", line[64];

	if (row->letter < OPTION_FIRST)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	format_text(line, sizeof(line), "  %s--%s%s%s", letter, row->name,
		    argument[0] && argument[0] != '[' ? " " : "", argument);
	fprintf(out, "%-*s%s%s\n", HELP_COLUMN, line,
		strlen(line) >= HELP_COLUMN ? "  " : "", row->help);
}

void options_print_usage(FILE *out)
{
	fprintf(out,
		"usage: pktloss [OPTION]... [NAMESPACE]...\n"
		"       pktloss --trace [OPTION]... [NAMESPACE]...\n"
		"\n"
		"Looks into every network namespace twice and prints what was "
		"lost in\n"
		"between, layer by layer, why, and what to do.\n"
		"\n");
	for (size_t i = 0; i < n_option_rows; i++)
		if (option_rows[i].help)
			print_option(out, &option_rows[i]);
	fprintf(out,
		"\n"
		"-n, -l and -I may be given more than once, and take a /REGEX/."
		"\n\n"
		"Exit status: 0 nothing lost, 1 loss found, 2 could not look,\n"
		"3 nothing lost in what could be read, but not everything "
		"could be.\n"
		"What rules drop on purpose is no loss, nor is what is "
		"unexplained.\n");
}
