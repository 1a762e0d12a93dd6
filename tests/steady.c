/* SPDX-License-Identifier: MIT */
/*
 * steady NAMESPACES READS [VETHS]: reads fresh, quiet namespaces of its own
 * that often, for whoever counts what it does (instructions.sh); so many veths
 * stand in the first. Exits with 77 where it cannot have namespaces.
 */
#include <errno.h>

#include "../bench/stage.h"

static int read_often(const struct settings *s, int reads)
{
	const struct sink sink = stage_sink();
	struct engine *e = engine_new(s);
	struct reporter *reporter = reporter_new(s);
	int r = e && reporter ? 0 : -ENOMEM;

	for (int i = 0; r == 0 && i < reads; i++) {
		r = engine_read(e, 0);
		if (r == 0)
			r = stage_report(e, reporter, &sink);
	}
	reporter_free(reporter);
	engine_free(e);
	return r;
}

int main(int argc, char **argv)
{
	struct settings s;
	int r;

	if (argc < 3)
		return 2;
	if (stage_open() < 0 || stage_grow((unsigned)atoi(argv[1])) < 0 ||
	    (argc > 3 && stage_veths(0, (unsigned)atoi(argv[3])) < 0))
		return 77;
	r = stage_settings(&s);
	if (r == 0)
		r = read_often(&s, atoi(argv[2]));
	settings_free(&s);
	return r < 0;
}
