/* SPDX-License-Identifier: MIT */
/*
 * The parsers of /proc/net/{snmp,netstat,snmp6}. What a layout has learnt must
 * not show: a text is read twice, then once with a byte changed, and each time
 * a layout that has seen nothing must come to the same result.
 */
#include <errno.h>
#include <string.h>

#include "lib/fuzz.h"
#include "probes/snmp/snmp.h"
#include "probes/snmp/snmp_private.h"

/* Of so many counters one is wanted: to look for all of them is slow. */
#define ONE_OF 16

typedef int (*parser)(const char *text, size_t n, struct snmp_columns *layout,
		      struct snmp_values *values);

/* What a text says. */
struct result {
	int r;
	struct snmp_values values;
};

static struct snmp_columns *new_layout(void)
{
	struct snmp_columns *l = snmp_columns_new(&(struct probe_env) {0});
	uint16_t n = 0;

	require(l);
	for (uint16_t i = 0; i < l->first[N_LAYERS]; i += ONE_OF)
		l->wanted[n++] = l->wanted[i];
	l->first[N_LAYERS] = l->n_wanted = n;
	return l;
}

/* A new one would cost more than a text. */
static void forget(struct snmp_columns *l)
{
	for (size_t i = 0; i < l->n_lines; i++) {
		free(l->lines[i].names);
		free(l->lines[i].wanted);
		l->lines[i] = (struct snmp_line) {.names = NULL};
	}
	l->n_lines = l->next_line = l->n_names = l->next_name = 0;
}

static void parse_by(parser parse, const char *text, size_t n,
		     struct snmp_columns *layout, struct result *ret)
{
	memset(ret->values.found, 0, sizeof(ret->values.found));
	ret->r = parse(text, n, layout, &ret->values);
	require_parsed(ret->r);
}

static void compare(const struct snmp_columns *l, const struct result *a,
		    const struct result *b)
{
	require(a->r == b->r);
	require(!memcmp(a->values.found, b->values.found,
			sizeof(a->values.found)));
	for (size_t i = 0; i < l->n_wanted; i++) {
		uint16_t slot = l->wanted[i].slot;

		require(!a->values.found[slot] ||
			a->values.value[slot] == b->values.value[slot]);
	}
}

static void try(parser parse, char *text, size_t n, size_t at, char byte)
{
	static struct snmp_columns *learnt, *fresh;
	static struct result expected, changed, found;

	if (!learnt) {
		learnt = new_layout();
		fresh = new_layout();
	}
	parse_by(parse, text, n, fresh, &expected);
	forget(fresh);
	for (int i = 0; i < 2; i++) {
		parse_by(parse, text, n, learnt, &found);
		compare(learnt, &found, &expected);
	}
	text[at] = byte;
	parse_by(parse, text, n, fresh, &changed);
	parse_by(parse, text, n, learnt, &found);
	compare(learnt, &found, &changed);
	forget(fresh);
	forget(learnt);
}

/* Behind the text: where a byte is changed, to what, and who parses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size > 4 ? size - 4 : 0;
	char *text;

	if (!n)
		return 0;
	text = fuzz_copy(data, n);
	try(data[n + 3] & 1 ? snmp_parse_list : snmp_parse_pairs, text, n,
	    (data[n] << 8 | data[n + 1]) % n, (char)data[n + 2]);
	free(text);
	return 0;
}
