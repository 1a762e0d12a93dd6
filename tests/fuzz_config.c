/* SPDX-License-Identifier: MIT */
/*
 * The configuration: options with any values, as collectd's parser hands them
 * over. A regular expression is short here, and does not repeat itself: what
 * glibc makes of "(.{9}){9}" is not what is looked for.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "lib/fuzz.h"
#include "model/settings.h"

#define MAX_TEXT 24

/* A value of one of three types; text must outlive it. */
static struct option_value take_value(struct fuzz *f, char text[MAX_TEXT])
{
	static const double odd[] = {-1,  0,   0.1, 1,	 1.5,	  100,
				     101, 1e9, 2e9, NAN, INFINITY};
	uint8_t type = fuzz_byte(f);
	struct option_value v = {.type = VALUE_STRING, .string = text};

	if (type == 'n') {
		v.type = VALUE_NUMBER;
		v.number = odd[fuzz_byte(f) % ARRAY_SIZE(odd)];
	} else if (type == 'b') {
		v.type = VALUE_BOOLEAN;
		v.boolean = fuzz_byte(f) & 1;
	}
	fuzz_string(f, text, MAX_TEXT);
	for (char *c = text; *c; c++)
		if (strchr("{*+?(\\", *c))
			*c = '.';
	return v;
}

static void check_limits(const struct limits *l)
{
	require(l->warning >= 0 && l->warning <= 100);
	require(l->failure >= 0 && l->failure <= 100);
	require(l->hysteresis >= 0 && l->hysteresis <= 100);
	require(l->window >= 0 && l->window <= 1e9 && l->repeat >= 0);
	require(l->hits >= 1 && l->hits_okay >= 1);
}

static void check_settings(const struct settings *s)
{
	struct limits_of of = {.namespace = "", .interface = "", .rule = ""};

	require(s->max_namespaces && s->max_series && s->max_rules);
	require(s->read_budget >= 0 && s->read_budget <= 1e9);
	require(s->proc_root && s->proc_root[0] == '/');
	require(!s->state_file || s->state_file[0] == '/');
	for (size_t i = 0; i < s->thresholds.n; i++)
		check_limits(&s->thresholds.items[i].limits);
	for (int i = 0; i < N_LAYERS; i++) {
		of.layer = i;
		of.direction = DIR_RX;
		check_limits(settings_limits(s, &of));
	}
	require(settings_layers(s) < 1u << N_LAYERS);
	(void)selection_wants(&s->namespaces, "web");
	(void)selection_wants(&s->interfaces, "eth0");
}

static void set_one(struct settings *s, struct fuzz *f)
{
	uint8_t which = fuzz_byte(f);
	const struct config_option *option = &options_table[which % n_options];
	char text[MAX_TEXT];
	struct option_value value = take_value(f, text);
	size_t n = s->thresholds.n;
	int r;

	if (which == 0xff) {
		require(settings_set(s, false, text, &value) != -ENOMEM);
		return;
	}
	if (option->in_threshold && which & 0x80 && n < 8)
		require(settings_add_threshold(s) == 0);
	r = settings_set(s, option->in_threshold, option->name, &value);
	require(r == 0 || r == -EINVAL);
	if (r < 0 && s->thresholds.n > n)
		settings_drop_threshold(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};
	struct settings s;

	require(settings_init(&s) == 0);
	while (f.n)
		set_one(&s, &f);
	check_settings(&s);
	settings_free(&s);
	return 0;
}
