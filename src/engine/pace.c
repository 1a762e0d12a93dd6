/* SPDX-License-Identifier: MIT */
#include "engine/pace.h"

#define MAX_CUTS 7
#define MAX_WAIT ((1u << (MAX_CUTS - 1)) - 1)

uint64_t pace_time(const struct pace *p, uint64_t share_ns)
{
	return p->n ? share_ns << (p->n - 1) : share_ns;
}

void pace_note(struct pace *p, bool is_cut, uint64_t took_ns, uint64_t share_ns)
{
	uint64_t shares = share_ns ? took_ns / share_ns : 0;

	if (is_cut) {
		p->n += p->n < MAX_CUTS;
		p->wait = (uint8_t)((1u << (p->n - 1)) - 1);
	} else if (took_ns <= share_ns / 2) {
		*p = (struct pace) {0};
	} else {
		p->n += !p->n;
		p->wait = (uint8_t)(shares < MAX_WAIT ? shares : MAX_WAIT);
	}
}
