/* SPDX-License-Identifier: MIT */
/* How much netem is set to lose, by chance or by one of its loss models. */
#include <linux/pkt_sched.h>

#include "kernel/attr.h"
#include "probes/qdisc/netem.h"

#define SCALE ((double)UINT32_MAX)

static uint32_t to_parts(double share)
{
	if (!(share > 0))
		return 0;
	return share >= 1 ? UINT32_MAX : (uint32_t)(share * SCALE + 0.5);
}

uint32_t netem_mean_gemodel(const struct tc_netem_gemodel *m)
{
	double p = m->p / SCALE, r = m->r / SCALE;
	double bad = p + r > 0 ? p / (p + r) : 0;

	return to_parts(bad * (1 - m->h / SCALE) + (1 - bad) * (m->k1 / SCALE));
}

uint32_t netem_mean_4state(const struct tc_netem_gimodel *m)
{
	double p13 = m->p13 / SCALE, p31 = m->p31 / SCALE;
	double p32 = m->p32 / SCALE, p14 = m->p14 / SCALE;
	double p23 = m->p23 / SCALE;
	double to_burst, in_gap, good;

	if (p13 > 0 && p31 <= 0)
		return UINT32_MAX; /* never leaves the burst */
	to_burst = p13 > 0 ? p13 / p31 : 0;
	if (to_burst > 0 && p32 > 0 && p23 <= 0)
		return 0; /* never leaves the gap inside it */
	in_gap = p32 > 0 ? p32 / p23 : 0;
	good = 1 / (1 + p14 + to_burst * (1 + in_gap));
	return to_parts(good * (p14 + to_burst));
}

static void parse_loss_model(struct nlattr *loss, struct qdisc_config *q)
{
	struct nlattr *models[NETEM_LOSS_MAX + 1];
	struct tc_netem_gemodel ge;
	struct tc_netem_gimodel gi;

	if (nla_parse_nested(models, NETEM_LOSS_MAX, loss, NULL) < 0)
		return;
	if (attr_copy(&ge, sizeof(ge), models[NETEM_LOSS_GE]))
		q->loss = netem_mean_gemodel(&ge);
	else if (attr_copy(&gi, sizeof(gi), models[NETEM_LOSS_GI]))
		q->loss = netem_mean_4state(&gi);
	q->has_loss = q->loss > 0;
}

void netem_parse(struct nlattr *options, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_NETEM_MAX + 1];
	struct tc_netem_qopt plain;
	int head = NLA_ALIGN(sizeof(plain));

	if (!attr_copy(&plain, sizeof(plain), options))
		return;
	q->loss = plain.loss;
	q->has_loss = plain.loss > 0;
	if (nla_len(options) <= head ||
	    nla_parse(attrs, TCA_NETEM_MAX,
		      (struct nlattr *)((char *)nla_data(options) + head),
		      nla_len(options) - head, NULL) < 0)
		return;
	if (attrs[TCA_NETEM_LOSS])
		parse_loss_model(attrs[TCA_NETEM_LOSS], q);
	q->ecn = attr_u32(attrs[TCA_NETEM_ECN]);
}
