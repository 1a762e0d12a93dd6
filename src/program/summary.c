/* SPDX-License-Identifier: MIT */
#include "program/summary.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "probes/link/link.h"

static void free_items(struct summary *l)
{
	for (size_t i = 0; i < l->n; i++)
		findings_free(&l->items[i].findings);
	free(l->items);
	l->items = NULL;
	l->n = 0;
}

void summary_free(struct summary *l)
{
	free_items(l);
	for (size_t i = 0; i < l->n_notes; i++)
		free(l->notes[i]);
	free(l->notes);
	*l = (struct summary) {0};
}

/* A note that there is no memory for is left out. */
static void on_note(void *arg, enum log_level level, const char *text)
{
	struct summary *l = arg;
	char **grown;

	(void)level;
	grown = realloc(l->notes, (l->n_notes + 1) * sizeof(*grown));
	if (!grown)
		return;
	l->notes = grown;
	l->notes[l->n_notes] = strdup(text);
	l->n_notes += l->notes[l->n_notes] != NULL;
}

static int add_namespace(struct summary *l, const struct namespace_view *view)
{
	struct summary_ns *grown =
		realloc(l->items, (l->n + 1) * sizeof(*grown));
	struct summary_ns *ns;

	if (!grown)
		return -ENOMEM;
	l->items = grown;
	ns = &grown[l->n++];
	*ns = (struct summary_ns) {.sample = view->sample};
	snprintf(ns->name, sizeof(ns->name), "%s", view->name);
	if (view->sample->time_ns > l->time_ns)
		l->time_ns = view->sample->time_ns;
	if (isnan(view->seconds) || view->seconds > l->seconds)
		l->seconds = view->seconds;
	return findings_collect(&ns->findings, view->sample, view->losses);
}

int summary_collect(struct summary *l, struct engine *e)
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
	summary_sort(l);
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct summary_ns *x = a, *y = b;
	int order = 0;

	if (!x->findings.n != !y->findings.n)
		return x->findings.n ? -1 : 1;
	if (x->findings.n)
		order = finding_compare(x->findings.items, y->findings.items);
	return order ? order : strcmp(x->name, y->name);
}

/* The worst namespace with a loss that a wire joins with this one. */
static const struct summary_ns *find_see(const struct summary *l,
					 const struct summary_ns *from)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct summary_ns *to = &l->items[i];

		if (!findings_have_loss(&to->findings))
			break;
		if (link_is_wired_to(from->sample, to->sample))
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

void summary_sort(struct summary *l)
{
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), compare);
	for (size_t i = 0; i < l->n; i++) {
		struct summary_ns *ns = &l->items[i];

		if (!findings_have_loss(&ns->findings) &&
		    has_symptom(&ns->findings))
			ns->see = find_see(l, ns);
	}
}

bool summary_have_loss(const struct summary *l)
{
	return l->n && findings_have_loss(&l->items[0].findings);
}
