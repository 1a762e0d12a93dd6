/* SPDX-License-Identifier: MIT */
/* See README.md. Types and constants. */
#ifndef RECORDED_PLUGIN_H
#define RECORDED_PLUGIN_H

#include "collectd.h"

/* The configuration */

#define OCONFIG_TYPE_STRING 0
#define OCONFIG_TYPE_NUMBER 1
#define OCONFIG_TYPE_BOOLEAN 2

typedef struct oconfig_value_s {
	union {
		char *string;
		double number;
		int boolean;
	} value;
	int type;
} oconfig_value_t;

typedef struct oconfig_item_s {
	char *key;
	oconfig_value_t *values;
	int values_num;
	struct oconfig_item_s *parent, *children;
	int children_num;
} oconfig_item_t;

/* Times */

#define CDTIME_SECOND ((cdtime_t)1 << 30)
#define TIME_T_TO_CDTIME_T(s) ((cdtime_t)(s)*CDTIME_SECOND)
#define CDTIME_T_TO_TIME_T(t) ((time_t)(((t) + CDTIME_SECOND / 2) >> 30))
#define DOUBLE_TO_CDTIME_T(s) ((cdtime_t)((s) * (double)CDTIME_SECOND))
#define CDTIME_T_TO_DOUBLE(t) ((double)(t) / (double)CDTIME_SECOND)
#define NS_TO_CDTIME_T(ns)                                                     \
	(((cdtime_t)(ns) / 1000000000 << 30) |                                 \
	 (((cdtime_t)(ns) % 1000000000 << 30) + 500000000) / 1000000000)

/* Values */

typedef double gauge_t;
typedef int64_t derive_t;

typedef union value_u {
	unsigned long long counter;
	gauge_t gauge;
	derive_t derive;
	uint64_t absolute;
} value_t;

typedef struct value_list_s {
	value_t *values;
	size_t values_len;
	cdtime_t time, interval;
	char host[DATA_MAX_NAME_LEN];
	char plugin[DATA_MAX_NAME_LEN];
	char plugin_instance[DATA_MAX_NAME_LEN];
	char type[DATA_MAX_NAME_LEN];
	char type_instance[DATA_MAX_NAME_LEN];
	struct meta_data_s *meta;
} value_list_t;

#define VALUE_LIST_INIT                                                        \
	{                                                                      \
		.values = NULL, .meta = NULL                                   \
	}

/* Notifications */

#define NOTIF_FAILURE 1
#define NOTIF_WARNING 2
#define NOTIF_OKAY 4

typedef struct notification_meta_s {
	char name[DATA_MAX_NAME_LEN];
	int type;
	union {
		const char *nm_string;
		double nm_double;
	} nm_value;
	struct notification_meta_s *next;
} notification_meta_t;

typedef struct notification_s {
	int severity;
	cdtime_t time;
	char message[256];
	char host[DATA_MAX_NAME_LEN];
	char plugin[DATA_MAX_NAME_LEN];
	char plugin_instance[DATA_MAX_NAME_LEN];
	char type[DATA_MAX_NAME_LEN];
	char type_instance[DATA_MAX_NAME_LEN];
	notification_meta_t *meta;
} notification_t;

/* Callbacks */

typedef struct user_data_s {
	void *data;
	void (*free_func)(void *);
} user_data_t;

typedef int (*plugin_init_cb)(void);
typedef int (*plugin_read_cb)(user_data_t *);
typedef int (*plugin_shutdown_cb)(void);

/* The log */

#define LOG_ERR 3
#define LOG_WARNING 4
#define LOG_NOTICE 5
#define LOG_INFO 6

#define ERROR(...) plugin_log(LOG_ERR, __VA_ARGS__)
#define WARNING(...) plugin_log(LOG_WARNING, __VA_ARGS__)
#define INFO(...) plugin_log(LOG_INFO, __VA_ARGS__)

#include "functions.h"

#endif
