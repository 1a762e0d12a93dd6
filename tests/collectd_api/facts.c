/* SPDX-License-Identifier: MIT */
/*
 * Prints what collectd's headers say of all that is used of them: compiled with
 * the installed ones and with the record, see README.md.
 */
#include "collectd.h"
#include "plugin.h"
#include "utils/common/common.h"

#include "utils_cache.h"

#include "functions.h"

#define SHOW(what) printf("%s %lld\n", #what, (long long)(what))
#define MEMBER(type, member)                                                   \
	printf("%s.%s %zu %zu\n", #type, #member, offsetof(type, member),      \
	       sizeof(((type *)0)->member))

static void show_config(void)
{
	SHOW(OCONFIG_TYPE_STRING);
	SHOW(OCONFIG_TYPE_NUMBER);
	SHOW(OCONFIG_TYPE_BOOLEAN);
	SHOW(sizeof(oconfig_value_t));
	MEMBER(oconfig_value_t, value);
	MEMBER(oconfig_value_t, type);
	SHOW(sizeof(oconfig_item_t));
	MEMBER(oconfig_item_t, key);
	MEMBER(oconfig_item_t, values);
	MEMBER(oconfig_item_t, values_num);
	MEMBER(oconfig_item_t, children);
	MEMBER(oconfig_item_t, children_num);
}

static void show_value(void)
{
	const value_list_t nothing = VALUE_LIST_INIT;

	SHOW(nothing.values_len);
	SHOW(sizeof(value_t));
	SHOW(sizeof(value_list_t));
	MEMBER(value_list_t, values);
	MEMBER(value_list_t, values_len);
	MEMBER(value_list_t, time);
	MEMBER(value_list_t, interval);
	MEMBER(value_list_t, host);
	MEMBER(value_list_t, plugin);
	MEMBER(value_list_t, plugin_instance);
	MEMBER(value_list_t, type);
	MEMBER(value_list_t, type_instance);
}

static void show_notification(void)
{
	SHOW(NOTIF_OKAY);
	SHOW(NOTIF_WARNING);
	SHOW(NOTIF_FAILURE);
	SHOW(sizeof(notification_meta_t));
	SHOW(sizeof(notification_t));
	MEMBER(notification_t, severity);
	MEMBER(notification_t, time);
	MEMBER(notification_t, message);
	MEMBER(notification_t, host);
	MEMBER(notification_t, plugin);
	MEMBER(notification_t, plugin_instance);
	MEMBER(notification_t, type);
	MEMBER(notification_t, type_instance);
	MEMBER(notification_t, meta);
}

static void show_times(void)
{
	const uint64_t ns[] = {0, 1, 999999999, 1700000000999999999};

	for (size_t i = 0; i < STATIC_ARRAY_SIZE(ns); i++) {
		cdtime_t t = NS_TO_CDTIME_T(ns[i]);

		printf("%" PRIu64 " ns %llu %lld %.9g\n", ns[i],
		       (unsigned long long)t, (long long)CDTIME_T_TO_TIME_T(t),
		       CDTIME_T_TO_DOUBLE(t));
	}
	SHOW(TIME_T_TO_CDTIME_T(10));
	SHOW(DOUBLE_TO_CDTIME_T(0.3));
}

int main(void)
{
	SHOW(DATA_MAX_NAME_LEN);
	SHOW(sizeof(user_data_t));
	SHOW(LOG_ERR);
	SHOW(LOG_WARNING);
	SHOW(LOG_NOTICE);
	SHOW(LOG_INFO);
	show_config();
	show_value();
	show_notification();
	show_times();
	return 0;
}
