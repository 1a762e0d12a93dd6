/* SPDX-License-Identifier: MIT */
/* Rules that change while somebody watches, as causes of a loss. Pure. */
#ifndef PKTLOSS_PROBES_FIREWALL_RULE_CHANGES_H
#define PKTLOSS_PROBES_FIREWALL_RULE_CHANGES_H

#include "model/explain.h"

/* The reasons that these functions set; the last has no id. */
extern const struct reason firewall_change_reasons[];

/* Makes a cause that tells of a rule tell that it is new. */
void firewall_mark_new(struct cause *ret);

/*
 * Whether chains that may drop packets of that direction were replaced since
 * the read before: what IP misses and nothing counts may be theirs. If so,
 * fills in reason, text, remedy, is_rule: whether their rules drop just what
 * they match, and lost: that it may be any number.
 */
bool firewall_suspect_replaced(const struct sample *s, enum direction direction,
			       struct cause *ret);

#endif
