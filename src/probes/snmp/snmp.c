/* SPDX-License-Identifier: MIT */
#include "probes/snmp/snmp.h"
#include "probes/snmp/snmp_private.h"

#include <errno.h>
#include <string.h>

#include "kernel/procnet.h"
#include "probes/snmp/ip_excuses.h"

static void keep_number(struct snmp_values *values, uint16_t slot,
			struct token number)
{
	if (slot != SNMP_NO_SLOT)
		values->found[slot] =
			token_number(number, 10, &values->value[slot]);
}

static int take_numbers(const struct snmp_line *line, struct token numbers,
			struct snmp_values *values)
{
	uint32_t next = 0; /* of those that are wanted */

	for (uint32_t at = 0;; at++) {
		struct token number = token_word(&numbers);

		if (!number.n)
			return at == line->n_columns ? 0 : -EBADMSG;
		if (next < line->n_wanted && line->wanted[next].at == at)
			keep_number(values, line->wanted[next++].slot, number);
	}
}

static int parse_pair(struct token names, struct token numbers,
		      struct snmp_columns *columns, struct snmp_values *values)
{
	struct token rest = names;
	struct token section = token_word(&rest);
	struct token again = token_word(&numbers);
	const struct snmp_line *line;
	int r;

	if (section.n < 2 || section.n != again.n ||
	    memcmp(section.at, again.at, section.n) ||
	    section.at[--section.n] != ':')
		return -EBADMSG;
	r = snmp_columns_line(columns, section, names, &line);
	if (r < 0 || line->skipped)
		return r;
	return take_numbers(line, numbers, values);
}

int snmp_parse_pairs(const char *text, size_t n, struct snmp_columns *columns,
		     struct snmp_values *values)
{
	struct token rest = {text, n};

	while (rest.n) {
		struct token names = token_line(&rest);
		struct token numbers = token_line(&rest);
		int r = parse_pair(names, numbers, columns, values);

		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes a line that begins as one before and goes on with a number alone. */
static bool take_known(struct token *rest, struct snmp_columns *columns,
		       struct snmp_values *values)
{
	const struct snmp_name *name = snmp_columns_known(columns, *rest);
	struct token number;
	size_t n;

	if (!name)
		return false;
	for (n = name->n; n < rest->n && is_digit(rest->at[n]); n++)
		;
	number = (struct token) {rest->at + name->n, n - name->n};
	if (!number.n || (n < rest->n && rest->at[n] != '\n'))
		return false;
	keep_number(values, name->slot, number);
	n += n < rest->n;
	rest->at += n;
	rest->n -= n;
	return true;
}

static int take_line(struct token *rest, struct snmp_columns *columns,
		     struct snmp_values *values)
{
	struct token line = token_line(rest), before = line;
	struct token name = token_word(&line);
	struct token number = token_word(&line);

	if (!name.n || !number.n || token_word(&line).n)
		return -EBADMSG;
	before.n = number.at - before.at;
	keep_number(values, snmp_columns_name(columns, name, before), number);
	return 0;
}

int snmp_parse_list(const char *text, size_t n, struct snmp_columns *columns,
		    struct snmp_values *values)
{
	struct token rest = {text, n};
	int r = 0;

	while (rest.n && r == 0)
		if (!take_known(&rest, columns, values))
			r = take_line(&rest, columns, values);
	return r;
}

static const struct {
	const char *name;
	int (*parse)(const char *text, size_t n, struct snmp_columns *columns,
		     struct snmp_values *values);
} files[] = {
	{"snmp", snmp_parse_pairs},
	{"netstat", snmp_parse_pairs},
	{"snmp6", snmp_parse_list},
};

/*
 * Whether a file is not there, and need not be: a kernel without IPv6 lacks
 * that of IPv6. It can be had later, but never be unloaded.
 */
static bool is_without(const struct snmp_columns *columns, size_t file, int r)
{
	return r == -ENOENT && files[file].parse == snmp_parse_list &&
	       !columns->n_names;
}

static int snmp_read_files(const struct probe_env *env,
			   struct snmp_columns *columns,
			   struct snmp_values *values)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		ssize_t n = procnet_read(env->net, files[i].name, env->buffer,
					 env->size);
		int r = n ? (int)n : -EBADMSG; /* none is ever empty */

		if (n > 0)
			r = files[i].parse(env->buffer, n, columns, values);
		if (r < 0 && !is_without(columns, i, r))
			return r;
	}
	return 0;
}

static void append_layer(const struct snmp_columns *columns, enum layer layer,
			 const struct snmp_values *values, struct sample *out)
{
	size_t first = columns->first[layer], end = columns->first[layer + 1];

	if (first == end)
		return;
	sample_object(out, layer, "", "", 0);
	for (size_t i = first; i < end; i++) {
		const struct snmp_wanted *w = &columns->wanted[i];

		if (values->found[w->slot])
			sample_row(out, w->counter, values->value[w->slot]);
	}
}

static void append_computed(const struct probe_env *env,
			    const struct snmp_columns *columns,
			    const struct snmp_values *values,
			    struct sample *out)
{
	for (size_t i = columns->first[N_LAYERS]; i < columns->n_wanted; i++)
		ip_excuse_append(env, columns, values,
				 columns->wanted[i].counter, out);
}

static void snmp_append(const struct probe_env *env,
			const struct snmp_columns *columns,
			const struct snmp_values *values, struct sample *out)
{
	for (int layer = 0; layer < N_LAYERS; layer++) {
		append_layer(columns, layer, values, out);
		if (layer == LAYER_IP)
			append_computed(env, columns, values, out);
	}
}

static int snmp_read(struct probe_env *env, struct sample *out)
{
	struct snmp_columns *columns = env->state;
	struct snmp_values values;
	int r;

	memset(values.found, 0, sizeof(values.found));
	r = snmp_read_files(env, columns, &values);
	if (r == 0)
		snmp_append(env, columns, &values, out);
	return r;
}

int snmp_read_ip(const struct probe_env *env, struct snmp_columns *columns,
		 struct sample *out)
{
	struct snmp_values values;
	int r;

	memset(values.found, 0, sizeof(values.found));
	r = snmp_read_files(env, columns, &values);
	if (r == 0)
		append_layer(columns, LAYER_IP, &values, out);
	return r;
}

static int snmp_init(const struct probe_env *env, void **ret)
{
	*ret = snmp_columns_new(env);
	return *ret ? 0 : -ENOMEM;
}

static void snmp_free(void *state)
{
	snmp_columns_free(state);
}

const struct probe snmp_probe = {
	.name = "snmp",
	.what = "counters of IP, ICMP, TCP and UDP",
	.reads = "/proc/net/snmp, /proc/net/netstat and /proc/net/snmp6",
	.layer = LAYER_IP,
	.counters = &snmp_table,
	.explainers = snmp_explainers,
	.reasons = snmp_reasons,
	.attribute = snmp_attribute,
	.init = snmp_init,
	.free = snmp_free,
	.read = snmp_read,
};
