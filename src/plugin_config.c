/* SPDX-License-Identifier: MIT */
/* The configuration edge: collectd's parsed configuration to settings. */
#include "collectd.h"
#include "plugin.h"
#include "utils/common/common.h"

#include "plugin_config.h"

static void config_complain(const oconfig_item_t *item, const char *what)
{
	WARNING("pktloss plugin: option \"%s\": %s; it is ignored", item->key,
		what);
}

static bool get_value(const oconfig_item_t *item, struct option_value *ret)
{
	const oconfig_value_t *v = item->values;

	if (item->values_num != 1 || item->children_num)
		return false;
	*ret = (struct option_value) {0};
	switch (v->type) {
	case OCONFIG_TYPE_STRING:
		ret->type = VALUE_STRING;
		ret->string = v->value.string;
		return true;
	case OCONFIG_TYPE_NUMBER:
		ret->type = VALUE_NUMBER;
		ret->number = v->value.number;
		return true;
	case OCONFIG_TYPE_BOOLEAN:
		ret->type = VALUE_BOOLEAN;
		ret->boolean = v->value.boolean;
		return true;
	}
	return false;
}

/* Returns false when the option is known but its value is no good. */
static bool apply_option(struct settings *s, bool in_threshold,
			 const oconfig_item_t *item)
{
	struct option_value value;

	if (!get_value(item, &value)) {
		config_complain(item, "takes exactly one value");
		return false;
	}
	switch (settings_set(s, in_threshold, item->key, &value)) {
	case 0:
		return true;
	case -ENOENT:
		config_complain(item, "there is no such option here");
		return true;
	case -EINVAL:
		config_complain(item,
				"its value is of the wrong type, out of range, "
				"unknown, or no valid regular expression");
		return false;
	default:
		config_complain(item, "out of memory");
		return false;
	}
}

/* A threshold with a wrong selector would be for everything: leave it out. */
static void apply_threshold(struct settings *s, const oconfig_item_t *block)
{
	bool good = true;

	if (block->values_num)
		config_complain(block, "takes no argument");
	if (settings_add_threshold(s) < 0) {
		config_complain(block, "out of memory");
		return;
	}
	for (int i = 0; i < block->children_num; i++)
		good &= apply_option(s, true, &block->children[i]);
	if (good)
		return;
	settings_drop_threshold(s);
	config_complain(block,
			"something in it is wrong, the whole block is left "
			"out");
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
