/* SPDX-License-Identifier: MIT */
/*
 * steady NAMESPACES READS: reads fresh, quiet namespaces of its own that
 * often, for whoever counts what it does (instructions.sh). Exits with 77
 * where it cannot have namespaces.
 */
#include "engine/engine.h"

#include "../bench/stage.h"

static void on_value(void *arg, const struct series *series)
{
	(void)arg;
	(void)series;
}

static void on_settle(void *arg)
{
	(void)arg;
}

static void on_notify(void *arg, const struct notification *notice)
{
	(void)arg;
	(void)notice;
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	fprintf(stderr, "%s\n", text);
}

static int read_often(const struct settings *s, int reads)
{
	const struct sink sink = {
		.value = on_value,
		.settle = on_settle,
		.notify = on_notify,
		.log = on_log,
	};
	struct engine *e;
	int r = engine_new(&e, s);

	if (r < 0)
		return r;
	for (int i = 0; r == 0 && i < reads; i++) {
		r = engine_read(e, 0);
		if (r == 0)
			r = engine_report(e, &sink);
	}
	engine_free(e);
	return r;
}

int main(int argc, char **argv)
{
	struct settings s;
	int r;

	if (argc != 3)
		return 2;
	if (stage_open() < 0 || stage_grow((unsigned)atoi(argv[1])) < 0)
		return 77;
	r = stage_settings(&s);
	if (r == 0)
		r = read_often(&s, atoi(argv[2]));
	settings_free(&s);
	return r < 0;
}
