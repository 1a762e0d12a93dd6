/* SPDX-License-Identifier: MIT */
/* What suspects.c and causes.c share; the suspects are in firewall.h. Pure. */
#ifndef PKTLOSS_PROBES_FIREWALL_SUSPECTS_H
#define PKTLOSS_PROBES_FIREWALL_SUSPECTS_H

#include "probes/firewall/rule.h"

/* Why a rule loses packets. */
enum firewall_reason firewall_reason_of(const struct firewall_rule *rule);

/* Whether the balance of a family moved; where none is there, it may have. */
bool firewall_misses_family(const struct sample *s, enum direction direction,
			    bool v6);

/*
 * Sets a remedy: a command that makes a rule without a counter count, or one
 * that shows it.
 */
void firewall_advise(const struct sample *s, const struct object *o,
		     const struct firewall_rule *rule, struct cause *ret);

/*
 * Whether an object is the policy of a chain, or what is as good as one: its
 * last rule.
 */
bool firewall_is_of_chain(const struct sample *s, const struct object *o);

/* Blames a rule, by what it is called wherever it stands in its chain. */
void firewall_blame(const struct sample *s, const struct object *o,
		    struct cause *ret);

#endif
