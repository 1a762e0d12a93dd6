/* SPDX-License-Identifier: MIT */
#include "program/summary.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static void free_items(struct ladders *l)
{
	for (size_t i = 0; i < l->n; i++)
		findings_free(&l->items[i].findings);
	free(l->items);
	l->items = NULL;
	l->n = 0;
}

void ladders_free(struct ladders *l)
{
	free_items(l);
	for (size_t i = 0; i < l->n_notes; i++)
		free(l->notes[i]);
	free(l->notes);
	*l = (struct ladders) {0};
}

/* A note that there is no memory for is left out. */
static void on_note(void *arg, enum log_level level, const char *text)
{
	struct ladders *l = arg;
	char **grown;

	(void)level;
	grown = realloc(l->notes, (l->n_notes + 1) * sizeof(*grown));
	if (!grown)
		return;
	l->notes = grown;
	l->notes[l->n_notes] = strdup(text);
	l->n_notes += l->notes[l->n_notes] != NULL;
}

static int add_namespace(struct ladders *l, const struct namespace_view *view)
{
	struct ladder *grown = realloc(l->items, (l->n + 1) * sizeof(*grown));
	struct ladder *ladder;

	if (!grown)
		return -ENOMEM;
	l->items = grown;
	ladder = &grown[l->n++];
	*ladder = (struct ladder) {.sample = view->sample};
	snprintf(ladder->name, sizeof(ladder->name), "%s", view->name);
	if (view->sample->time_ns > l->time_ns)
		l->time_ns = view->sample->time_ns;
	if (isnan(view->seconds) || view->seconds > l->seconds)
		l->seconds = view->seconds;
	return findings_collect(&ladder->findings, view->sample, view->losses);
}

int ladders_collect(struct ladders *l, struct engine *e)
{
	const struct sink sink = {.arg = l, .log = on_note};
	struct namespace_view view;
	size_t at = 0;
	int r = 0;

	free_items(l);
	l->time_ns = 0;
	l->seconds = 0;
	engine_log_blindness(e, &sink);
	while (r == 0 && engine_namespace(e, &at, &view))
		r = add_namespace(l, &view);
	ladders_sort(l);
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct ladder *x = a, *y = b;
	int order = 0;

	if (!x->findings.n != !y->findings.n)
		return x->findings.n ? -1 : 1;
	if (x->findings.n)
		order = finding_compare(x->findings.items, y->findings.items);
	return order ? order : strcmp(x->name, y->name);
}

/* The worst namespace with a loss that a wire joins with this one. */
static const struct ladder *find_see(const struct ladders *l,
				     const struct ladder *from)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ladder *to = &l->items[i];

		if (!findings_have_loss(&to->findings))
			break;
		if (is_wired_to(from->sample, to->sample))
			return to;
	}
	return NULL;
}

static bool has_symptom(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].class == CLASS_SYMPTOM)
			return true;
	return false;
}

void ladders_sort(struct ladders *l)
{
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), compare);
	for (size_t i = 0; i < l->n; i++) {
		struct ladder *ladder = &l->items[i];

		if (!findings_have_loss(&ladder->findings) &&
		    has_symptom(&ladder->findings))
			ladder->see = find_see(l, ladder);
	}
}

bool ladders_have_loss(const struct ladders *l)
{
	return l->n && findings_have_loss(&l->items[0].findings);
}
