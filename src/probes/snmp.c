/* SPDX-License-Identifier: MIT */
#include "snmp.h"

#include <errno.h>
#include <string.h>

#include "../procnet.h"
#include "ip_balance.h"

/*
 * The row of that name, looked for from *cursor on: the kernel and the table
 * mostly agree on the order. section is empty for snmp6, whose names are
 * unique.
 */
static const struct counter *find_row(struct token section, struct token name,
				      size_t *cursor)
{
	for (size_t i = 0; i < N_SNMP_COUNTERS; i++) {
		size_t at = (*cursor + i) % N_SNMP_COUNTERS;
		const struct counter *c = &snmp_counters[at];

		if (!token_is(name, c->name) ||
		    (section.n && !token_is(section, c->section)))
			continue;
		*cursor = at + 1;
		return c;
	}
	return NULL;
}

static void keep(struct snmp_values *values, const struct counter *c,
		 struct token number)
{
	size_t i;

	if (!c)
		return;
	i = c - snmp_counters;
	values->found[i] = token_number(number, 10, &values->value[i]);
}

static int parse_pair(struct token names, struct token numbers,
		      struct snmp_values *values)
{
	struct token section = token_word(&names);
	struct token again = token_word(&numbers);
	size_t cursor = 0;

	if (section.n < 2 || section.n != again.n ||
	    memcmp(section.at, again.at, section.n) ||
	    section.at[--section.n] != ':')
		return -EBADMSG;
	for (;;) {
		struct token name = token_word(&names);
		struct token number = token_word(&numbers);

		if (!name.n || !number.n)
			return name.n == number.n ? 0 : -EBADMSG;
		keep(values, find_row(section, name, &cursor), number);
	}
}

int snmp_parse_pairs(const char *text, size_t n, struct snmp_values *values)
{
	struct token rest = {text, n};

	while (rest.n) {
		struct token names = token_line(&rest);
		struct token numbers = token_line(&rest);
		int r = parse_pair(names, numbers, values);

		if (r < 0)
			return r;
	}
	return 0;
}

int snmp_parse_list(const char *text, size_t n, struct snmp_values *values)
{
	struct token rest = {text, n};
	size_t cursor = 0;

	while (rest.n) {
		struct token line = token_line(&rest);
		struct token name = token_word(&line);
		struct token number = token_word(&line);

		if (!name.n || !number.n || token_word(&line).n)
			return -EBADMSG;
		keep(values, find_row((struct token) {0}, name, &cursor),
		     number);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(const char *text, size_t n, struct snmp_values *values);
} files[] = {
	{"snmp", snmp_parse_pairs},
	{"netstat", snmp_parse_pairs},
	{"snmp6", snmp_parse_list}, /* absent without IPv6 */
};

static void append(const struct snmp_values *values, enum layer layer,
		   struct sample *out)
{
	sample_object(out, layer, "", "", 0);
	for (size_t i = 0; i < N_SNMP_COUNTERS; i++)
		if (values->found[i] && snmp_counters[i].layer == layer)
			sample_row(out, &snmp_counters[i], values->value[i]);
}

static int snmp_read(struct probe_env *env, struct sample *out)
{
	struct snmp_values values = {0};
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		ssize_t n = procnet_read(env->net, files[i].name, env->buffer,
					 env->size);
		int r = n == -ENOENT ? 0 : n;

		if (n > 0) {
			r = files[i].parse(env->buffer, n, &values);
			any = true;
		}
		if (r < 0)
			return r;
	}
	append(&values, LAYER_IP, out);
	if (env->gaps)
		ip_balance_append(env, &values, out);
	append(&values, LAYER_ICMP, out);
	append(&values, LAYER_TCP, out);
	append(&values, LAYER_UDP, out);
	return any ? 0 : -ENOENT;
}

const struct probe snmp_probe = {
	.name = "snmp",
	.reads = "/proc/net/snmp, /proc/net/netstat and /proc/net/snmp6",
	.layer = LAYER_IP,
	.counters = snmp_counters,
	.n_counters = N_SNMP_COUNTERS + N_IP_GAPS,
	.read = snmp_read,
};
