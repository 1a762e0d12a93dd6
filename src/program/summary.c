/* SPDX-License-Identifier: MIT */
#include "program/summary.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "engine/interval.h"
#include "probes/link/link.h"

static void free_items(struct summary *l)
{
	for (size_t i = 0; i < l->n; i++)
		findings_free(&l->items[i].findings);
	free(l->items);
	l->items = NULL;
	l->n = l->max = 0;
}

void summary_free(struct summary *l)
{
	free_items(l);
	for (size_t i = 0; i < l->n_notes; i++)
		free(l->notes[i]);
	free(l->notes);
	*l = (struct summary) {0};
}

void summary_note(struct summary *l, const char *text)
{
	char *note = strdup(text);

	if (note && array_reserve((void **)&l->notes, &l->max_notes,
				  l->n_notes + 1, sizeof(*l->notes)))
		l->notes[l->n_notes++] = note;
	else
		free(note);
}

static int collect_ns(struct summary *l, const struct ns *from)
{
	double seconds = interval_seconds(from);
	struct summary_ns *ns = ARRAY_ADD(l);

	if (!ns)
		return -ENOMEM;
	*ns = (struct summary_ns) {
		.resident = resident_of(from, "/proc"),
		.inode = from->id.ino,
		.cookie = from->cookie,
		.sample = &from->now,
		.way = ns_way(from),
	};
	memcpy(ns->name, from->name, sizeof(ns->name));
	if (from->now.time_ns > l->time_ns)
		l->time_ns = from->now.time_ns;
	if (isnan(seconds) || seconds > l->seconds)
		l->seconds = seconds;
	return findings_collect(&ns->findings, &from->now, &from->losses);
}

int summary_collect(struct summary *l, const struct ns_list *list,
		    struct blindness *blindness)
{
	char text[BLINDNESS_TEXT];
	int r = 0;

	free_items(l);
	l->time_ns = 0;
	l->seconds = 0;
	while (blindness_next(blindness, text))
		summary_note(l, text);
	EACH_NS (list, ns)
		if (r == 0 && interval_is_known(ns))
			r = collect_ns(l, ns);
	summary_sort(l);
	return r;
}

static int compare_by_worst(const void *a, const void *b)
{
	const struct summary_ns *x = a, *y = b;
	int order = 0;

	if (!x->findings.n != !y->findings.n)
		return x->findings.n ? -1 : 1;
	if (x->findings.n)
		order = finding_compare(x->findings.items, y->findings.items);
	return order ? order : strcmp(x->name, y->name);
}

static uint64_t lost_by(const struct summary_ns *ns)
{
	const struct findings *f = &ns->findings;
	uint64_t lost = 0;

	for (size_t i = 0; i < f->n && finding_is_row(&f->items[i]); i++)
		lost += f->items[i].lost;
	return lost;
}

static int compare_by_lost(const void *a, const void *b)
{
	uint64_t x = lost_by(a), y = lost_by(b);

	return x == y ? compare_by_worst(a, b) : x > y ? -1 : 1;
}

static double share_by(const struct summary_ns *ns)
{
	const struct findings *f = &ns->findings;
	double share = 0;

	for (size_t i = 0; i < f->n && finding_is_row(&f->items[i]); i++)
		share = fmax(share, f->items[i].percent);
	return share;
}

static int compare_by_share(const void *a, const void *b)
{
	double x = share_by(a), y = share_by(b);

	return x == y ? compare_by_worst(a, b) : x > y ? -1 : 1;
}

static int compare_by_name(const void *a, const void *b)
{
	const struct summary_ns *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int (*const compare[])(const void *a, const void *b) = {
	[ORDER_WORST] = compare_by_worst,
	[ORDER_LOST] = compare_by_lost,
	[ORDER_SHARE] = compare_by_share,
	[ORDER_NAME] = compare_by_name,
};

/* The worst namespace with a loss that is joined with this one. */
static const struct summary_ns *find_see(const struct summary *l,
					 const struct summary_ns *from)
{
	const struct summary_ns *worst = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct summary_ns *to = &l->items[i];

		if (to->sample && findings_have_drops(&to->findings) &&
		    (!worst || compare_by_worst(to, worst) < 0) &&
		    link_is_joined_to(from->sample, to->sample))
			worst = to;
	}
	return worst;
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
		qsort(l->items, l->n, sizeof(*l->items), compare[l->order]);
	for (size_t i = 0; i < l->n; i++) {
		struct summary_ns *ns = &l->items[i];

		ns->see = NULL;
		if (ns->sample && !findings_have_drops(&ns->findings) &&
		    has_symptom(&ns->findings))
			ns->see = find_see(l, ns);
	}
}

bool summary_have_loss(const struct summary *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (findings_have_loss(&l->items[i].findings))
			return true;
	return false;
}
