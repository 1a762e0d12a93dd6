/* SPDX-License-Identifier: MIT */
/* Between the two files that see collectd. */
#ifndef PKTLOSS_PLUGIN_CONFIG_H
#define PKTLOSS_PLUGIN_CONFIG_H

#include "model/settings.h"

struct oconfig_item_s;

/*
 * Takes over one <Plugin pktloss> block; collectd calls once for each. What
 * is wrong in it is warned of and left out: a typo stops no daemon.
 */
void plugin_config_apply(struct settings *s,
			 const struct oconfig_item_s *block);

#endif
