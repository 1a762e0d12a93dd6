/* SPDX-License-Identifier: MIT */
/*
 * The parsers of /proc/net/{snmp,netstat,snmp6}. What a layout has learnt must
 * not show: a text is read twice, then once more with a byte changed, and each
 * time a layout that has seen nothing must come to the same result.
 */
#include <errno.h>
#include <string.h>

#include "model/selection.h"
#include "probes/snmp/snmp.h"
#include "probes/snmp/snmp_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int (*parser)(const char *text, size_t n, struct snmp_columns *layout,
		      struct snmp_values *values);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* One that wants every counter and has seen nothing. */
static struct snmp_columns *new_layout(void)
{
	static struct snmp_columns *empty;
	struct snmp_columns *l = malloc(sizeof(*l));

	if (!empty) {
		struct selection all = {0};
		struct probe_env env = {.counters = &all};

		require(selection_add(&all, "/./") == 0);
		empty = snmp_columns_new(&env);
		require(empty);
		selection_free(&all);
	}
	require(l);
	memcpy(l, empty, sizeof(*l));
	return l;
}

static void compare(parser parse, const char *text, size_t n,
		    struct snmp_columns *learnt)
{
	struct snmp_values a = {0}, b = {0};
	struct snmp_columns *fresh = new_layout();
	int r = parse(text, n, learnt, &a);

	require(r == 0 || r == -EBADMSG);
	require(parse(text, n, fresh, &b) == r);
	require(!memcmp(a.found, b.found, sizeof(a.found)));
	for (size_t i = 0; i < snmp_probe.counters->n; i++)
		require(!a.found[i] || a.value[i] == b.value[i]);
	snmp_columns_free(fresh);
}

static void try(parser parse, char *text, size_t n, size_t at, char byte)
{
	struct snmp_columns *learnt = new_layout();
	char was = text[at];

	compare(parse, text, n, learnt);
	compare(parse, text, n, learnt);
	text[at] = byte;
	compare(parse, text, n, learnt);
	text[at] = was;
	compare(parse, text, n, learnt);
	snmp_columns_free(learnt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size > 3 ? size - 3 : 0;
	char *text;

	if (!n)
		return 0;
	text = malloc(n);
	require(text);
	memcpy(text, data, n);
	for (int i = 0; i < 2; i++)
		try(i ? snmp_parse_list : snmp_parse_pairs, text, n,
		    (data[n] << 8 | data[n + 1]) % n, (char)data[n + 2]);
	free(text);
	return 0;
}
