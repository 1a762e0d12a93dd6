/* SPDX-License-Identifier: MIT */
/* The configuration edge: collectd's parsed configuration to settings. */
#include "collectd.h"
#include "plugin.h"
#include "utils/common/common.h"

#include "plugin_config.h"

/* Any value, or VALUE_OTHER: an option takes exactly one. */
static struct option_value get_value(const oconfig_item_t *item)
{
	struct option_value ret = {.type = VALUE_OTHER};
	const oconfig_value_t *v = item->values;

	if (item->values_num != 1 || item->children_num)
		return ret;
	switch (v->type) {
	case OCONFIG_TYPE_STRING:
		ret.type = VALUE_STRING;
		ret.string = v->value.string;
		break;
	case OCONFIG_TYPE_NUMBER:
		ret.type = VALUE_NUMBER;
		ret.number = v->value.number;
		break;
	case OCONFIG_TYPE_BOOLEAN:
		ret.type = VALUE_BOOLEAN;
		ret.boolean = v->value.boolean;
		break;
	}
	return ret;
}

/* Returns false, and says why, when nothing was set. */
static bool apply_option(struct settings *s, bool in_threshold,
			 const oconfig_item_t *item)
{
	struct option_value value = get_value(item);
	int r = settings_set(s, in_threshold, item->key, &value);
	char text[SETTINGS_TEXT];

	if (r == 0)
		return true;
	settings_complain(in_threshold, item->key, &value, r, text);
	WARNING("pktloss plugin: %s; it %s", text,
		!in_threshold && settings_selects(item->key) ? "matches nothing"
							     : "is ignored");
	return false;
}

/*
 * A threshold with a selector that is wrong, or misspelt, would be for
 * everything: it is left out.
 */
static void apply_threshold(struct settings *s, const oconfig_item_t *block)
{
	char text[SETTINGS_TEXT];
	bool good = true;
	unsigned number;

	if (settings_add_threshold(s) < 0) {
		ERROR("pktloss plugin: out of memory, a <Threshold> block is "
		      "left out");
		return;
	}
	number = s->thresholds.n_begun;
	if (block->values_num)
		WARNING("pktloss plugin: <Threshold> block %u: it takes no "
			"argument; that is ignored",
			number);
	for (int i = 0; i < block->children_num; i++)
		good &= apply_option(s, true, &block->children[i]);
	if (!good) {
		settings_drop_threshold(s);
		WARNING("pktloss plugin: <Threshold> block %u, with that in "
			"it, is left out",
			number);
	} else if (settings_end_threshold(s, text)) {
		WARNING("pktloss plugin: %s", text);
	}
}

void plugin_config_apply(struct settings *s, const oconfig_item_t *block)
{
	for (int i = 0; i < block->children_num; i++) {
		const oconfig_item_t *item = &block->children[i];

		if (!strcasecmp(item->key, "Threshold"))
			apply_threshold(s, item);
		else
			(void)apply_option(s, false, item);
	}
}
