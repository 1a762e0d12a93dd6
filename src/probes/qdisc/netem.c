/* SPDX-License-Identifier: MIT */
/* The mean loss of netem's loss models. */
#include <linux/pkt_sched.h>

#include "probes/qdisc/qdisc.h"

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
