/* SPDX-License-Identifier: MIT */
/* What only one kind of qdisc has, or only some do. */
#include <math.h>
#include <linux/pkt_sched.h>
#include <string.h>

#include "base/text.h"
#include "kernel/attr.h"
#include "probes/qdisc/netem.h"
#include "probes/qdisc/qdisc_private.h"

bool qdisc_is_aqm(const char *kind)
{
	static const char *const kinds[] = {
		"fq_codel", "codel", "pie", "fq_pie", "red", "choke",	"sfq",
		"fq",	    "cake",  "hhf", "gred",   "sfb", "dualpi2", NULL};

	return text_is_among(kind, kinds);
}

bool qdisc_has_classes(const char *kind)
{
	static const char *const kinds[] = {"htb", "hfsc", "drr",
					    "qfq", "ets",  NULL};

	return text_is_among(kind, kinds);
}

bool qdisc_is_classful(const char *kind)
{
	static const char *const kinds[] = {"prio", "multiq", "ets",
					    "htb",  "hfsc",   "drr",
					    "qfq",  "cbq",    NULL};

	return text_is_among(kind, kinds);
}

void qdisc_label(struct sample *s, const char *kind)
{
	sample_label(s, kind);
	if (!s->error)
		s->objects[s->n_objects - 1].aqm = qdisc_is_aqm(kind);
}

/* Where a kind tells its limit: an attribute, or 0 for a plain struct. */
static const struct {
	const char *kind;
	uint16_t attr, offset;
	bool bytes;
} limits[] = {
	{"pfifo", 0, offsetof(struct tc_fifo_qopt, limit), false},
	{"bfifo", 0, offsetof(struct tc_fifo_qopt, limit), true},
	{"pfifo_head_drop", 0, offsetof(struct tc_fifo_qopt, limit), false},
	{"sfq", 0, offsetof(struct tc_sfq_qopt, limit), false},
	{"netem", 0, offsetof(struct tc_netem_qopt, limit), false},
	{"fq_codel", TCA_FQ_CODEL_LIMIT, 0, false},
	{"codel", TCA_CODEL_LIMIT, 0, false},
	{"pie", TCA_PIE_LIMIT, 0, false},
	{"fq_pie", TCA_FQ_PIE_LIMIT, 0, false},
	{"fq", TCA_FQ_PLIMIT, 0, false},
	{"hhf", TCA_HHF_BACKLOG_LIMIT, 0, false},
};

static void parse_limit(struct nlattr *options, struct qdisc_config *q)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct nlattr *attr = options;
		size_t end = limits[i].offset + sizeof(q->limit);

		if (strcmp(limits[i].kind, q->kind))
			continue;
		if (limits[i].attr)
			attr = nla_find(nla_data(options), nla_len(options),
					limits[i].attr);
		if (!attr || (size_t)nla_len(attr) < end)
			return;
		memcpy(&q->limit, (char *)nla_data(attr) + limits[i].offset,
		       sizeof(q->limit));
		q->has_limit = true;
		q->in_bytes = limits[i].bytes;
	}
}

#define NS_PER_TICK 64 /* include/net/pkt_sched.h: PSCHED_SHIFT is 6 */

static void parse_tbf(struct nlattr *options, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_TBF_MAX + 1];
	struct tc_tbf_qopt tbf = {.buffer = 0};

	if (nla_parse_nested(attrs, TCA_TBF_MAX, options, NULL) < 0)
		return;
	if (attr_copy(&tbf, sizeof(tbf), attrs[TCA_TBF_PARMS]))
		q->rate = tbf.rate.rate;
	attr_copy(&q->rate, sizeof(q->rate), attrs[TCA_TBF_RATE64]);
	/* the time that it takes to send it; whoever set it may mean anything
	 */
	q->burst = fmin((double)q->rate * tbf.buffer * NS_PER_TICK / 1e9 + 0.5,
			0x1p62);
}

/* htb counts in what it tells of its configuration. */
static void parse_htb(struct nlattr *options, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_HTB_MAX + 1];
	struct tc_htb_glob htb;

	if (nla_parse_nested(attrs, TCA_HTB_MAX, options, NULL) < 0 ||
	    !attrs[TCA_HTB_INIT])
		return;
	q->own = nla_data(attrs[TCA_HTB_INIT]);
	q->own_size = nla_len(attrs[TCA_HTB_INIT]);
	q->has_default = attr_copy(&htb, sizeof(htb), attrs[TCA_HTB_INIT]);
	if (q->has_default)
		q->default_class = htb.defcls;
}

static void parse_hfsc(struct nlattr *options, struct qdisc_config *q)
{
	struct tc_hfsc_qopt hfsc;

	q->has_default = attr_copy(&hfsc, sizeof(hfsc), options);
	if (q->has_default)
		q->default_class = hfsc.defcls;
}

void qdisc_parse_options(struct nlattr *options, struct qdisc_config *q)
{
	parse_limit(options, q);
	if (!strcmp(q->kind, "netem"))
		netem_parse(options, q);
	else if (!strcmp(q->kind, "tbf"))
		parse_tbf(options, q);
	else if (!strcmp(q->kind, "htb") && !q->is_class)
		parse_htb(options, q);
	else if (!strcmp(q->kind, "hfsc") && !q->is_class)
		parse_hfsc(options, q);
}

/* fq_codel sends one struct for qdiscs and another for its flows. */
static bool is_own(struct nlattr *attr, const struct qdisc_config *q)
{
	uint32_t type;

	if (strcmp(q->kind, "fq_codel"))
		return true;
	return attr_copy(&type, sizeof(type), attr) &&
	       type == TCA_FQ_CODEL_XSTATS_QDISC;
}

/* What the kernel needs beside the bytes of each packet, at least. */
#define MIN_OVERHEAD 512
#define NEARLY_FULL_PERCENT 75

/*
 * What cake tells is the most that it ever used: not above the limit, none of
 * its drops were for lack of memory. What it uses now it does not tell; it is
 * more than its backlog.
 */
static void parse_memory(struct qdisc_config *q)
{
	uint64_t now = q->backlog + (uint64_t)q->qlen * MIN_OVERHEAD;
	uint32_t most, limit;

	if (!attr_copy(&limit, sizeof(limit),
		       nla_find(q->own, q->own_size,
				TCA_CAKE_STATS_MEMORY_LIMIT)) ||
	    !attr_copy(
		    &most, sizeof(most),
		    nla_find(q->own, q->own_size, TCA_CAKE_STATS_MEMORY_USED)))
		return;
	q->was_full = most > limit;
	q->memory = limit;
	q->is_full = now * 100 >= (uint64_t)limit * NEARLY_FULL_PERCENT;
}

void qdisc_parse_own(struct nlattr *attr, struct qdisc_config *q)
{
	if (!is_own(attr, q))
		return;
	q->own = nla_data(attr);
	q->own_size = nla_len(attr);
	if (!strcmp(q->kind, "cake"))
		parse_memory(q);
}

/* A number of 32 or 64 bits in the struct that a kind sends. */
static bool get_own(const struct counter *c, const struct qdisc_config *q,
		    uint64_t *ret)
{
	const char *at = (const char *)q->own + c->offset;
	uint32_t narrow;

	if (c->offset + c->bits / 8u > q->own_size)
		return false;
	if (c->bits == 64) {
		memcpy(ret, at, sizeof(*ret));
	} else {
		memcpy(&narrow, at, sizeof(narrow));
		*ret = narrow;
	}
	return true;
}

/* The sum over the tins of cake; they are attributes in attributes. */
static bool get_tins(const struct counter *c, const struct qdisc_config *q,
		     uint64_t *ret)
{
	struct nlattr *tins, *tin, *attr;
	uint32_t value, sum = 0; /* wraps as the kernel's own sum does */
	bool found = false;
	int left;

	tins = nla_find(q->own, q->own_size, TCA_CAKE_STATS_TIN_STATS);
	if (!tins)
		return false;
	nla_for_each_nested (tin, tins, left) {
		attr = nla_find(nla_data(tin), nla_len(tin), c->offset);
		if (!attr_copy(&value, sizeof(value), attr))
			return false;
		sum += value;
		found = true;
	}
	*ret = sum;
	return found;
}

static bool has_own(const struct counter *c, const struct qdisc_config *q)
{
	const char *kind = c->section;

	if (q->is_class != !strncmp(kind, "class ", 6))
		return false;
	return !strcmp(q->is_class ? kind + 6 : kind, q->kind);
}

void qdisc_append_own(const struct probe_env *env, const struct qdisc_config *q,
		      struct sample *out)
{
	bool tins = !strcmp(q->kind, "cake");

	if (!q->own)
		return;
	for (size_t i = QDISC_OWN_ROWS; i < qdisc_table.n; i++) {
		const struct counter *c = &qdisc_table.rows[i];
		uint64_t value;

		if (has_own(c, q) && counter_wanted(env, c) &&
		    (tins ? get_tins(c, q, &value) : get_own(c, q, &value)))
			sample_row(out, c, value);
	}
}
