/* SPDX-License-Identifier: MIT */
#include "program/filter.h"

#include <errno.h>
#include <math.h>

int filter_add_layer(struct filter *f, const char *pattern)
{
	struct pattern p;
	uint32_t layers = 0;
	int r = pattern_compile(pattern, &p);

	if (r < 0)
		return r;
	for (int i = 0; i < N_LAYERS; i++)
		if (pattern_matches(&p, layer_name(i)))
			layers |= UINT32_C(1) << i;
	pattern_free(&p);
	f->layers |= layers;
	return layers ? 0 : -ENOENT;
}

int filter_layer(const struct filter *f)
{
	if (!f->layers)
		return N_LAYERS;
	if (f->layers & (f->layers - 1))
		return -1;
	return __builtin_ctz(f->layers);
}

static bool is_wanted(const struct filter *f, const struct finding *finding)
{
	if (f->layers && !(f->layers & UINT32_C(1) << finding->layer))
		return false;
	return !f->interfaces.n ||
	       selection_names(&f->interfaces, finding->place);
}

/* Where no share is known the number alone decides: nothing is hidden. */
static bool is_small(const struct filter *f, const struct finding *finding)
{
	if (!finding_is_row(finding))
		return false;
	return finding->lost < f->min_lost ||
	       (!isnan(finding->percent) && finding->percent < f->min_share);
}

/* What stood below a row that is gone stands alone. */
static void keep_finding(struct findings *to, const struct finding *finding,
			 bool tied)
{
	struct finding *kept = &to->items[to->n++];

	if (kept != finding)
		*kept = *finding;
	if (!tied)
		kept->below = -1;
}

/* Symptoms stand below the first row, if below any. */
static size_t filter_findings(const struct filter *f, struct findings *findings)
{
	size_t n = findings->n, n_small = 0;
	bool first_is_kept = false;

	findings->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct finding *finding = &findings->items[i];

		if (!is_wanted(f, finding))
			continue;
		if (is_small(f, finding)) {
			n_small++;
			continue;
		}
		first_is_kept |= i == 0;
		keep_finding(findings, finding, first_is_kept);
	}
	return n_small;
}

void filter_apply(const struct filter *f, struct summary *l)
{
	l->n_small = 0;
	for (size_t i = 0; i < l->n; i++)
		l->n_small += filter_findings(f, &l->items[i].findings);
}

void filter_free(struct filter *f)
{
	selection_free(&f->interfaces);
	*f = (struct filter) {0};
}
