/* SPDX-License-Identifier: MIT */
/*
 * See README.md. Beside collectd's own headers this compiles as well, unless a
 * declaration differs.
 */

extern char *hostname_g;

int plugin_register_complex_config(const char *type,
				   int (*callback)(oconfig_item_t *));
int plugin_register_init(const char *name, plugin_init_cb callback);
int plugin_register_complex_read(const char *group, const char *name,
				 plugin_read_cb callback, cdtime_t interval,
				 user_data_t const *data);
int plugin_register_shutdown(const char *name, plugin_shutdown_cb callback);
cdtime_t plugin_get_interval(void);
cdtime_t cdtime(void);

int plugin_dispatch_values(value_list_t const *vl);
int plugin_dispatch_notification(const notification_t *n);
int plugin_notification_meta_add_string(notification_t *n, const char *name,
					const char *value);
int plugin_notification_meta_add_double(notification_t *n, const char *name,
					double value);
int plugin_notification_meta_free(notification_meta_t *meta);

__attribute__((format(printf, 2, 3))) void plugin_log(int level,
						      const char *format, ...);

/* Not used, for it differs: whoever uses it fails here. */
#if COLLECTD_MINOR < 11
int plugin_thread_create(pthread_t *thread, const pthread_attr_t *attributes,
			 void *(*start)(void *), void *arg, char const *name);
#else
int plugin_thread_create(pthread_t *thread, void *(*start)(void *), void *arg,
			 char const *name);
#endif

void module_register(void);

/* utils_cache.h */
int uc_get_rate_by_name(const char *name, gauge_t **ret, size_t *ret_n);

/* utils/common/common.h */
char *sstrncpy(char *to, const char *from, size_t size);
char *sstrerror(int error, char *buffer, size_t size);
int format_name(char *ret, int size, const char *host, const char *plugin,
		const char *plugin_instance, const char *type,
		const char *type_instance);
