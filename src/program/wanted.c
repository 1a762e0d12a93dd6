/* SPDX-License-Identifier: MIT */
#include "program/wanted.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "engine/discovery.h"

#define MAX_LETTERS 64
#define MAX_NEAR 5 /* names that are proposed */

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned n = a < b ? a : b;

	return n < c ? n : c;
}

unsigned wanted_distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	unsigned row[MAX_LETTERS + 1]; /* from the part of a to each of b */

	if (n > MAX_LETTERS)
		return UINT_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (; *a; a++) {
		unsigned corner = row[0]++;

		for (size_t j = 1; j <= n; j++) {
			unsigned same = corner + (*a != b[j - 1]);

			corner = row[j];
			row[j] = least(same, row[j] + 1, row[j - 1] + 1);
		}
	}
	return row[n];
}

static bool fits(const struct pattern *p, const struct ns *ns)
{
	if (ns->host_only)
		return false;
	return pattern_matches(p, ns->name) ||
	       (ns_has_file(ns) &&
		pattern_matches(p, strrchr(ns->path, '/') + 1));
}

static bool is_missing(const struct pattern *p, const struct ns_list *list)
{
	EACH_NS (list, ns)
		if (fits(p, ns))
			return false;
	return true;
}

size_t wanted_missing(const struct settings *s, const struct ns_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < s->namespaces.n; i++)
		n += is_missing(&s->namespaces.items[i], list);
	return n;
}

/* How far a name may be from what somebody meant by it. */
static bool is_near(const char *typed, const char *name)
{
	if (!typed[0] || !name[0])
		return false;
	return strstr(name, typed) || strstr(typed, name) ||
	       wanted_distance(typed, name) <= 1 + strlen(typed) / 4;
}

/* The names of all of a list, or those near to what was typed. */
static size_t print_names(FILE *out, const struct ns_list *list,
			  const char *typed, const char *label)
{
	size_t n = 0;

	EACH_NS (list, ns) {
		char name[sizeof(ns->name)];

		if (ns_is_own(ns) || (typed && !is_near(typed, ns->name)))
			continue;
		memcpy(name, ns->name, sizeof(name));
		text_make_printable(name);
		if (n < MAX_NEAR)
			fprintf(out, "%s%s", n ? ", " : label, name);
		n++;
	}
	if (n > MAX_NEAR)
		fprintf(out, " and %zu more", n - MAX_NEAR);
	return n;
}

static void describe_missing(FILE *out, const struct pattern *p,
			     const struct ns_list *all)
{
	char text[256];

	format_text(text, sizeof(text), "%s", p->text);
	text_make_printable(text);
	fprintf(out, "no namespace %s",
		p->is_regex ? "matches " : "is called \"");
	fprintf(out, "%s%s", text, p->is_regex ? "" : "\"");
	if (p->is_regex || !print_names(out, all, p->text, "; near it: "))
		print_names(out, all, NULL, "; there are: ");
}

static int note_missing(struct summary *l, const struct pattern *p,
			const struct ns_list *all)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return -ENOMEM;
	describe_missing(out, p, all);
	if (fclose(out))
		return -ENOMEM;
	summary_note(l, text);
	return 0;
}

int wanted_note(struct summary *l, const struct settings *s,
		const struct ns_list *list)
{
	const atomic_bool stop = false;
	struct settings any = *s;
	struct ns_list all = {0};
	struct discovery d = {.settings = &any, .list = &all, .stop = &stop};
	bool private_own;
	int r;

	any.namespaces = (struct selection) {.n = 0};
	r = discovery_add_own(&d, &private_own);
	if (r == 0)
		r = discovery_run(&d, 0);
	for (size_t i = 0; r == 0 && i < s->namespaces.n; i++)
		if (is_missing(&s->namespaces.items[i], list))
			r = note_missing(l, &s->namespaces.items[i], &all);
	discovery_free(&d);
	ns_list_free(&all);
	return r;
}
