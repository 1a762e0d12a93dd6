/* SPDX-License-Identifier: MIT */
#include "diagnosis/finding.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "model/probe.h"

const char *class_name(enum finding_class class)
{
	/* clang-format off */
	static const char *const names[N_CLASSES] = {
		[CLASS_LOSS] = "loss",
		[CLASS_POLICY] = "policy",
		[CLASS_UNEXPLAINED] = "unexplained",
		[CLASS_OVERLOAD] = "overload",
		[CLASS_SYMPTOM] = "symptom",
		[CLASS_BENIGN] = "benign",
	};
	/* clang-format on */

	return names[class];
}

/* One percent is a failure, of policy 10 percent are no more than a warning. */
#define PLAIN_WEIGHT 100

static struct finding *append_finding(struct findings *f)
{
	struct finding *finding = ARRAY_ADD(f);

	if (finding)
		*finding = (struct finding) {
			.percent = NAN, .below = -1, .place = ""};
	return finding;
}

enum limits_kind loss_limits_kind(const struct sample *s,
				  const struct loss *loss)
{
	if (loss->symptom)
		return LIMITS_SYMPTOM;
	if (loss->layer == LAYER_UNEXPLAINED)
		return LIMITS_UNEXPLAINED;
	if (loss->aqm)
		return LIMITS_AQM;
	if (loss->gone || (!loss->lost && loss->alarm.state == SEVERITY_OKAY))
		return LIMITS_PLAIN; /* where it does not matter, too */
	/* of the two parts the one that is nearer to its limit of failure */
	if (loss->policy > (loss->lost - loss->policy) * PLAIN_WEIGHT)
		return LIMITS_POLICY;
	for (size_t i = 0; i < n_probes; i++)
		if (probes[i]->layer == loss->layer && probes[i]->limits_kind)
			return probes[i]->limits_kind(s, loss);
	return LIMITS_PLAIN;
}

/* What a queue to user space drops is in the losses of its direction, too. */
static bool is_of_directions(const struct loss *loss)
{
	return loss->layer == LAYER_NETFILTER && loss->direction == DIR_NONE;
}

static bool is_repeated_as(const struct loss *loss, enum limits_kind kind)
{
	return loss->echo || is_of_directions(loss) || kind == LIMITS_SYMPTOM ||
	       kind == LIMITS_REPEATED;
}

bool loss_is_repeated(const struct sample *s, const struct loss *loss)
{
	return is_repeated_as(loss, loss_limits_kind(s, loss));
}

static enum finding_class class_of_loss(const struct sample *s,
					const struct loss *loss)
{
	enum limits_kind kind = loss_limits_kind(s, loss);

	if (is_repeated_as(loss, kind))
		return CLASS_SYMPTOM;
	if (kind == LIMITS_UNEXPLAINED)
		return CLASS_UNEXPLAINED;
	if (kind == LIMITS_POLICY && !loss->policy) /* not only in part */
		return CLASS_POLICY;
	if (kind == LIMITS_AQM && !(loss_percent(loss) > AQM_PERCENT))
		return CLASS_OVERLOAD;
	return loss->direction == DIR_FILL ? CLASS_OVERLOAD : CLASS_LOSS;
}

/* Adds n of the lost packets: those of policy, or the others. */
static int add_part(struct findings *f, const struct sample *s,
		    const struct loss *loss, uint64_t n, bool policy)
{
	struct finding *finding;

	if (!n)
		return 0;
	finding = append_finding(f);
	if (!finding)
		return -ENOMEM;
	memcpy(finding->place, loss->place, sizeof(finding->place));
	finding->layer = loss->layer;
	finding->direction = loss->direction;
	finding->lost = n;
	finding->percent = loss_percent_of(loss, n);
	finding->total = isnan(finding->percent) ? 0 : loss_total(loss);
	finding->at_least = loss->at_least;
	cause_list(s, loss,
		   policy	  ? CAUSE_POLICY
		   : loss->policy ? CAUSE_OTHERS
				  : CAUSE_ALL,
		   &finding->causes);
	finding->class = policy ? CLASS_POLICY : class_of_loss(s, loss);
	return 0;
}

static int add_loss(struct findings *f, const struct sample *s,
		    const struct loss *loss)
{
	int r = add_part(f, s, loss, loss->policy, true);

	return r < 0 ? r
		     : add_part(f, s, loss, loss->lost - loss->policy, false);
}

static int class_of(const struct counter *c)
{
	switch (c->kind) {
	case KIND_SYMPTOM:
		return CLASS_SYMPTOM;
	case KIND_OVERLOAD:
		return CLASS_OVERLOAD;
	case KIND_BENIGN:
		return CLASS_BENIGN;
	case KIND_UNCLAIMED:
		return CLASS_UNEXPLAINED;
	default:
		return -1;
	}
}

/* Such have a row of the table: measured as the loss that they are not. */
static void explain_unclaimed(struct finding *finding, const struct losses *l,
			      const struct counter *c)
{
	struct cause *cause = &finding->causes.items[0];
	const struct loss *loss =
		loss_find(l, finding->layer, finding->place, c->direction);

	if (loss) /* whose counters may have been read a moment earlier */
		finding->percent = loss_percent_of(
			loss, smaller_of(finding->lost, loss_total(loss)));
	if (!isnan(finding->percent))
		finding->total = loss_total(loss);
	if (c->cause)
		CAUSE_TEXT(cause, "%s: %s", c->name, c->cause);
	if (c->remedy)
		CAUSE_REMEDY(cause, "%s", c->remedy);
}

/* A counter that moved and is no loss. */
static int add_counter(struct findings *f, const struct sample *s,
		       const struct losses *l, const struct object *o,
		       const struct row *row)
{
	struct finding *finding = append_finding(f);
	struct cause *cause;

	if (!finding)
		return -ENOMEM;
	snprintf(finding->place, sizeof(finding->place), "%s",
		 object_place(s, o));
	finding->layer = o->layer;
	finding->direction = row->counter->direction;
	finding->class = class_of(row->counter);
	finding->lost = row->delta;
	finding->causes.n = 1;
	cause = &finding->causes.items[0];
	cause->counter = row->counter;
	cause->lost = row->delta;
	CAUSE_TEXT(cause, "%s: %s", row->counter->name, row->counter->means);
	if (finding->class == CLASS_UNEXPLAINED)
		explain_unclaimed(finding, l, row->counter);
	return 0;
}

static int add_rows(struct findings *f, const struct sample *s,
		    const struct losses *l)
{
	EACH_OBJECT (s, o) {
		EACH_ROW (s, o, row) {
			int r = 0;

			if (row_moved(row) && class_of(row->counter) >= 0)
				r = add_counter(f, s, l, o, row);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* What is not known comes behind what is. */
static double share_of(const struct finding *f)
{
	return isnan(f->percent) ? -1 : f->percent;
}

/* How telling a symptom is, 0: it says nothing of where the loss is. */
static uint8_t rank_of(const struct finding *f)
{
	const struct counter *c = f->causes.items[0].counter;

	return f->class == CLASS_SYMPTOM && c ? c->rank : 0;
}

/* Losses by their share, then their number; the others behind, by class. */
int finding_compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	bool x_loses = x->class == CLASS_LOSS, y_loses = y->class == CLASS_LOSS;

	if (!x_loses || !y_loses) {
		if (x->class != y->class)
			return x->class < y->class ? -1 : 1;
		if (rank_of(x) != rank_of(y))
			return rank_of(x) > rank_of(y) ? -1 : 1;
	}
	if (share_of(x) != share_of(y))
		return share_of(x) > share_of(y) ? -1 : 1;
	return (x->lost < y->lost) - (x->lost > y->lost);
}

/* What is no loss is listed under the worst loss of the namespace. */
static void tie_symptoms(struct findings *f)
{
	bool has_loss = findings_have_drops(f);

	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].class == CLASS_SYMPTOM && has_loss)
			f->items[i].below = 0;
}

int findings_collect(struct findings *f, const struct sample *s,
		     const struct losses *l)
{
	int r = 0;

	f->n = 0;
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		const struct loss *loss = &l->items[i];

		if (!loss->gone && loss->lost &&
		    (loss->direction != DIR_FILL ||
		     loss_percent(loss) > TIGHT_PERCENT))
			r = add_loss(f, s, loss);
	}
	if (r == 0)
		r = add_rows(f, s, l);
	if (r == 0 && f->n)
		qsort(f->items, f->n, sizeof(*f->items), finding_compare);
	tie_symptoms(f);
	return r;
}

bool findings_have_loss(const struct findings *f)
{
	return f->n && f->items[0].class == CLASS_LOSS;
}

void findings_free(struct findings *f)
{
	free(f->items);
	*f = (struct findings) {0};
}

bool findings_have_drops(const struct findings *f)
{
	return f->n && f->items[0].class <= CLASS_POLICY;
}
