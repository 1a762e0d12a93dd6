/* SPDX-License-Identifier: MIT */
/*
 * The two files that see collectd, in a collectd made by hand, which lists what
 * it is given. What the engine finds is made up as well: the linker sends
 * engine_read() and reporter_report() through here, and pthread_create().
 */
#include "collectd.h"
#include "plugin.h"
#include "utils/common/common.h"

#include "utils_cache.h"

#include <check.h>
#include <stdatomic.h>

#include "engine/engine.h"
#include "lib/test.h"
#include "report/reporter.h"

void module_register(void);

char *hostname_g = "here";

/* What collectd does, and what it was given. */
static struct {
	int (*config)(oconfig_item_t *block);
	int (*init)(void);
	int (*shutdown)(void);
	int (*read)(user_data_t *data);
	double interval;
	bool no_threads;
	unsigned n_threads;
	int misses; /* so often a value is not in the cache yet */
	char log[8192], given[8192];
} host;

/* What the engine does. */
static struct {
	atomic_int result;
	int drops_error;   /* of the reasons for drops */
	atomic_bool holds; /* a read takes until this ends */
	bool has_loss;	   /* so there is something to report */
	atomic_uint n_reads, n_reports;
	uint64_t budget_ns;
} kernel;

__attribute__((format(printf, 2, 3))) static void add(char list[8192],
						      const char *format, ...)
{
	size_t n = strlen(list);
	va_list args;

	va_start(args, format);
	ck_assert_int_lt(vsnprintf(list + n, 8192 - n, format, args), 8192 - n);
	va_end(args);
}

static void sleep_a_little(void)
{
	nanosleep(&(struct timespec) {.tv_nsec = 10000000}, NULL);
}

/* ---- collectd ---- */

int plugin_register_complex_config(const char *type,
				   int (*callback)(oconfig_item_t *))
{
	ck_assert_str_eq(type, "pktloss");
	host.config = callback;
	return 0;
}

int plugin_register_init(const char *name, plugin_init_cb callback)
{
	ck_assert_str_eq(name, "pktloss");
	host.init = callback;
	return 0;
}

int plugin_register_shutdown(const char *name, int (*callback)(void))
{
	ck_assert_str_eq(name, "pktloss");
	host.shutdown = callback;
	return 0;
}

int plugin_register_complex_read(const char *group, const char *name,
				 plugin_read_cb callback, cdtime_t interval,
				 user_data_t const *data)
{
	ck_assert_ptr_null(group);
	ck_assert_str_eq(name, "pktloss");
	ck_assert_uint_eq(interval, 0);
	ck_assert_ptr_nonnull(data);
	host.read = callback;
	return 0;
}

cdtime_t plugin_get_interval(void)
{
	return DOUBLE_TO_CDTIME_T(host.interval);
}

cdtime_t cdtime(void)
{
	return TIME_T_TO_CDTIME_T(1000);
}

void plugin_log(int level, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add(host.log, "%d %s\n", level, text);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *arg)
{
	if (host.no_threads)
		return EAGAIN;
	host.n_threads++;
	return __real_pthread_create(thread, attributes, start, arg);
}

int plugin_dispatch_values(value_list_t const *vl)
{
	ck_assert_str_eq(vl->plugin, "pktloss");
	ck_assert_uint_eq(vl->values_len, 1);
	ck_assert(vl->interval == DOUBLE_TO_CDTIME_T(host.interval));
	add(host.given, "%s/%s-%s ", vl->plugin_instance, vl->type,
	    vl->type_instance);
	if (strcmp(vl->type, "percent"))
		add(host.given, "%lld", (long long)vl->values[0].derive);
	else
		add(host.given, "%g", vl->values[0].gauge);
	add(host.given, " @%lld\n", (long long)CDTIME_T_TO_TIME_T(vl->time));
	return 0;
}

/* Nobody listens: that is no failure of the plugin. */
int plugin_dispatch_notification(const notification_t *n)
{
	add(host.given, "%d %s %s/%s/%s/%s @%lld %s\n", n->severity, n->host,
	    n->plugin, n->plugin_instance, n->type, n->type_instance,
	    (long long)CDTIME_T_TO_TIME_T(n->time), n->message);
	return -1;
}

int plugin_notification_meta_add_string(notification_t *n, const char *name,
					const char *value)
{
	static notification_meta_t something;

	n->meta = &something;
	add(host.given, "%s=%s\n", name, value);
	return 0;
}

int plugin_notification_meta_add_double(notification_t *n, const char *name,
					double value)
{
	(void)n;
	add(host.given, "%s=%g\n", name, value);
	return 0;
}

int plugin_notification_meta_free(notification_meta_t *meta)
{
	ck_assert_ptr_nonnull(meta);
	add(host.given, "freed\n");
	return 0;
}

int uc_get_rate_by_name(const char *name, gauge_t **ret, size_t *n)
{
	ck_assert_str_eq(name, "here/pktloss-eth0/packets-link-lost_rx");
	if (host.misses-- > 0)
		return -1;
	*ret = calloc(1, sizeof(**ret));
	*n = 1;
	return 0;
}

int format_name(char *ret, int size, const char *hostname, const char *plugin,
		const char *plugin_instance, const char *type,
		const char *type_instance)
{
	snprintf(ret, size, "%s/%s-%s/%s-%s", hostname, plugin, plugin_instance,
		 type, type_instance);
	return 0;
}

char *sstrncpy(char *to, const char *from, size_t size)
{
	snprintf(to, size, "%s", from);
	return to;
}

char *sstrerror(int error, char *buffer, size_t size)
{
	return sstrncpy(buffer, strerror(error), size);
}

/* ---- the engine ---- */

int __wrap_engine_read(struct engine *e, uint64_t budget_ns);
int __wrap_engine_watch_drops(struct engine *e);
int __wrap_reporter_report(struct reporter *r, struct ns_list *list,
			   struct blindness *blindness,
			   const struct sink *sink);

/* Nothing of it is to run in the kernel for these tests. */
int __wrap_engine_watch_drops(struct engine *e)
{
	(void)e;
	return kernel.drops_error;
}

int __wrap_engine_read(struct engine *e, uint64_t budget_ns)
{
	ck_assert_ptr_nonnull(e);
	kernel.budget_ns = budget_ns;
	while (kernel.holds)
		sleep_a_little();
	kernel.n_reads++;
	return kernel.result;
}

static void report_loss(const struct sink *sink)
{
	struct series s = {.place = "eth0",
			   .type = "packets",
			   .instance = "link-lost_rx",
			   .is_past = true,
			   .counter = 7,
			   .time_ns = UINT64_C(20000000000)};
	const struct notification n = {
		.severity = SEVERITY_WARNING,
		.place = "eth0",
		.type = "percent",
		.instance = "link-rx",
		.message = "0.5% lost",
		.namespace = "",
		.interface = "eth0",
		.layer = "link",
		.counter = "rx_dropped",
		.cause = "a queue is full",
		.remedy = "Make it longer",
		.reason = "queue",
		.runbook = "CAUSES.md#queue",
		.percent = 0.5,
		.warning = 0.1,
		.failure = 1,
	};

	sink->value(sink->arg, &s);
	s.is_second = true;
	sink->value(sink->arg, &s);
	sink->flush(sink->arg);
	s.type = "percent";
	s.is_past = false;
	s.is_gauge = true;
	s.gauge = 0.5;
	sink->value(sink->arg, &s);
	sink->notify(sink->arg, &n);
	sink->log(sink->arg, LOG_LEVEL_NOTICE, "one does nothing");
	sink->log(sink->arg, LOG_LEVEL_INFO, "all is said");
}

int __wrap_reporter_report(struct reporter *r, struct ns_list *list,
			   struct blindness *blindness, const struct sink *sink)
{
	ck_assert(r && list && blindness);
	kernel.n_reports++;
	if (kernel.has_loss)
		report_loss(sink);
	return kernel.has_loss ? 0 : -ENOMEM;
}

/* ---- helpers ---- */

static void setup(void)
{
	host.interval = 10;
	kernel.has_loss = true;
	module_register();
}

static void start(void)
{
	ck_assert_int_eq(host.init(), 0);
	ck_assert_ptr_nonnull(host.read);
}

/* The call that reports: on a slow machine what was read may come late. */
static int read_and_report(void)
{
	int r;

	do
		r = host.read(NULL);
	while (!kernel.n_reports);
	return r;
}

#define check_in(list, part)                                                   \
	ck_assert_msg(strstr(list, part), "no \"%s\" in:\n%s", part, list)

#define STRING(value_)                                                         \
	{                                                                      \
		.type = OCONFIG_TYPE_STRING, .value.string = (char *)(value_)  \
	}
#define NUMBER(value_)                                                         \
	{                                                                      \
		.type = OCONFIG_TYPE_NUMBER, .value.number = (value_)          \
	}
#define OPTION(key_, value_)                                                   \
	{                                                                      \
		.key = (char *)(key_), .values = &(value_), .values_num = 1    \
	}

static void configure(oconfig_item_t *items, int n)
{
	oconfig_item_t block = {
		.key = "Plugin", .children = items, .children_num = n};

	ck_assert_int_eq(host.config(&block), 0);
}

/* ---- life ---- */

CASE(life, .setup = setup);

TEST(life, end_without_a_beginning_is_fine)
{
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(life, begins_once_and_ends)
{
	start();
	host.read = NULL;
	ck_assert_int_eq(host.init(), 0);
	ck_assert_ptr_null(host.read);
	ck_assert_int_eq(host.shutdown(), 0);
	ck_assert_str_eq(host.log, "");
	start(); /* and again */
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(life, without_a_thread_there_is_no_plugin)
{
	host.no_threads = true;
	ck_assert_int_eq(host.init(), -1);
	check_in(host.log, "no thread could be started");
	ck_assert_ptr_null(host.read);
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(life, reasons_that_cannot_be_read_are_said_once)
{
	const char *said;

	kernel.drops_error = -ENOSYS;
	start();
	read_and_report();
	read_and_report();
	ck_assert_int_eq(host.shutdown(), 0);
	check_in(host.log, "pktloss was built without libbpf");
	said = strstr(host.log, "built without");
	ck_assert_ptr_null(strstr(said + 1, "built without"));
}

TEST(life, read_that_hangs_does_not_hold_the_end_up)
{
	host.interval = 0.1;
	kernel.holds = true;
	start();
	ck_assert_int_eq(host.read(NULL), 0);
	ck_assert_int_eq(host.shutdown(), 0);
	check_in(host.log, "a read is left unfinished");
	ck_assert_uint_eq(kernel.n_reads, 0);
}

/* ---- reads ---- */

CASE(reads, .setup = setup);

TEST(reads, what_was_found_goes_to_collectd)
{
	start();
	host.misses = 2;
	ck_assert_int_eq(read_and_report(), 0);
	ck_assert_uint_eq(kernel.budget_ns, 5000000000);
	check_in(host.given, "eth0/packets-link-lost_rx 7 @20\n"
			     "eth0/packets-link-lost_rx 7 @20\n"
			     "eth0/percent-link-lost_rx 0.5 @20\n");
	check_in(host.given,
		 "DataSource=value\nNamespace=\nInterface=eth0\nLayer=link\n"
		 "Counter=rx_dropped\nCause=a queue is full\n"
		 "Remedy=Make it longer\nReason=queue\n"
		 "Runbook=CAUSES.md#queue\nCurrentValue=0.5\n"
		 "WarningMin=nan\nWarningMax=0.1\nFailureMin=nan\n"
		 "FailureMax=1\n2 here pktloss/eth0/percent/link-rx @1000 "
		 "0.5% lost\nfreed\n");
	check_in(host.log, "5 pktloss plugin: one does nothing");
	check_in(host.log, "6 pktloss plugin: all is said\n");
	ck_assert_int_lt(host.misses, 2); /* the cache was waited for */
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(reads, report_without_memory_is_told)
{
	kernel.has_loss = false;
	start();
	ck_assert_int_eq(read_and_report(), 0);
	check_in(host.log, "3 pktloss plugin: out of memory");
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(reads, two_calls_at_once_are_one_interval)
{
	host.interval = 60;
	start();
	ck_assert_int_eq(read_and_report(), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(host.read(NULL), 0);
	ck_assert_uint_eq(kernel.n_reads, 1);
	ck_assert_uint_eq(kernel.n_reports, 1);
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(reads, what_comes_late_is_reported_by_the_next_call)
{
	host.interval = 0.1;
	kernel.holds = true;
	start();
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(host.read(NULL), 0);
	ck_assert_uint_eq(kernel.n_reports, 0);
	check_in(host.log, "reading takes longer than 0.05 s");
	ck_assert_ptr_null(strstr(strstr(host.log, "longer") + 1, "longer"));
	kernel.holds = false;
	ck_assert_int_eq(read_and_report(), 0);
	ck_assert_int_eq(host.shutdown(), 0);
}

/* Intervals that are short, and time enough to read in each. */
static void start_quick(void)
{
	oconfig_value_t seconds = NUMBER(60);
	oconfig_item_t item = OPTION("ReadBudget", seconds);

	host.interval = 0.01;
	configure(&item, 1);
	start();
}

/* Waits until a read is done that was ordered. Returns what the call says. */
static int next_interval(void)
{
	unsigned n_reports = kernel.n_reports;
	int r;

	do {
		sleep_a_little(); /* else it is no interval */
		r = host.read(NULL);
	} while (kernel.n_reports == n_reports);
	return r;
}

TEST(reads, what_could_not_be_read_for_three_intervals_fails)
{
	kernel.has_loss = false;
	kernel.result = -EMFILE;
	start_quick();
	while (next_interval() == 0)
		check_in(host.log, "nothing could be read: Too many open "
				   "files");
	ck_assert_uint_ge(kernel.n_reads, 3);
	check_in(host.log, "not read any more, for 3 intervals: Too many open");
	check_in(host.given, "1 here pktloss/all/gauge/all-sources @1000 "
			     "Packet loss is not read any more");
	kernel.result = 0;
	while (next_interval() < 0)
		;
	check_in(host.given, "4 here pktloss/all/gauge/all-sources @1000 "
			     "Packet loss is read again");
	ck_assert_int_eq(next_interval(), 0);
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(reads, one_interval_without_anything_is_no_failure)
{
	kernel.result = -EMFILE;
	start_quick();
	ck_assert_int_eq(next_interval(), 0);
	kernel.result = 0;
	ck_assert_int_eq(next_interval(), 0);
	ck_assert_ptr_null(strstr(host.given, "all-sources"));
	ck_assert_int_eq(host.shutdown(), 0);
}

/* What it has read is reported, and the one after it reads on. */
TEST(reads, thread_that_is_lost_is_replaced)
{
	kernel.has_loss = false;
	kernel.result = -ENOTRECOVERABLE;
	start_quick();
	/* each of them has read, so none is blind */
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(next_interval(), 0);
	check_in(host.log, "could not return to collectd's own network "
			   "namespace, another thread goes on");
	kernel.result = 0;
	ck_assert_int_eq(next_interval(), 0);
	ck_assert_int_eq(next_interval(), 0);
	ck_assert_uint_gt(host.n_threads, 4);
	ck_assert_ptr_null(strstr(host.given, "all-sources"));
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(reads, thread_that_cannot_be_replaced_fails)
{
	kernel.has_loss = false;
	kernel.result = -ENOTRECOVERABLE;
	start_quick();
	host.no_threads = true;
	while (host.read(NULL) == 0)
		sleep_a_little();
	check_in(host.given, "Packet loss is not read any more");
	ck_assert_uint_eq(kernel.n_reads, 1);
	host.no_threads = false; /* and it goes on when there is one again */
	kernel.result = 0;
	while (next_interval() < 0)
		;
	ck_assert_uint_gt(kernel.n_reads, 1);
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(reads, budget_is_what_was_asked_for)
{
	oconfig_value_t seconds = NUMBER(0.25);
	oconfig_item_t item = OPTION("ReadBudget", seconds);

	configure(&item, 1);
	start();
	ck_assert_int_eq(read_and_report(), 0);
	ck_assert_uint_eq(kernel.budget_ns, 250000000);
	ck_assert_int_eq(host.shutdown(), 0);
}

/* ---- configuration ---- */

CASE(config, .setup = setup);

TEST(config, what_is_right_is_taken_in_silence)
{
	oconfig_value_t name = STRING("/^web/"), percent = NUMBER(2);
	oconfig_value_t yes = {.type = OCONFIG_TYPE_BOOLEAN,
			       .value.boolean = 1};
	oconfig_value_t layer = STRING("tcp-listen");
	oconfig_item_t inner[] = {OPTION("Layer", layer),
				  OPTION("warningmax", percent)};
	oconfig_item_t items[] = {
		OPTION("Namespace", name),
		OPTION("ReportIdle", yes),
		{.key = "Threshold", .children = inner, .children_num = 2}};

	configure(items, 3);
	configure(NULL, 0); /* a second block */
	ck_assert_str_eq(host.log, "");
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(config, what_is_wrong_is_named_and_left_out)
{
	oconfig_value_t two[] = {NUMBER(1), NUMBER(2)}, text = STRING("(");
	oconfig_value_t regex = STRING("/(/"), number = NUMBER(1);
	oconfig_item_t items[] = {
		{.key = "MaxRules", .values = two, .values_num = 2},
		OPTION("Nonsense", number),
		OPTION("MaxSeries", text),
		OPTION("Interface", regex)};

	configure(items, 4);
	check_in(host.log,
		 "4 pktloss plugin: option \"MaxRules\" takes a whole "
		 "number");
	check_in(host.log, "not none, several, or a block");
	check_in(host.log, "there is no option \"Nonsense\"");
	check_in(host.log, "option \"MaxSeries\" takes a whole number");
	check_in(host.log, "option \"Interface\" takes a name or");
	check_in(host.log, "Unmatched ( or \\(; it matches nothing");
	check_in(host.log, "option \"Nonsense\"; it is ignored");
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(config, threshold_with_a_wrong_selector_is_for_nothing)
{
	oconfig_value_t layer = STRING("lnik"), argument = NUMBER(1);
	oconfig_item_t inner = OPTION("Layer", layer);
	oconfig_item_t item = {.key = "Threshold",
			       .values = &argument,
			       .values_num = 1,
			       .children = &inner,
			       .children_num = 1};

	configure(&item, 1);
	check_in(host.log, "<Threshold> block 1: it takes no argument");
	check_in(host.log, "<Threshold> block 1, with that in it, is left out");
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(config, list_that_is_turned_around_has_something_in_it)
{
	oconfig_value_t web = STRING("web");
	oconfig_value_t yes = {.type = OCONFIG_TYPE_BOOLEAN,
			       .value.boolean = 1};
	oconfig_item_t vain = OPTION("IgnoreNamespace", yes);
	oconfig_item_t items[] = {OPTION("IgnoreInterface", yes),
				  OPTION("Interface", web)};

	configure(&vain, 1);
	configure(items, 2);
	start();
	check_in(host.log, "option \"IgnoreNamespace\" does nothing");
	ck_assert_ptr_null(strstr(host.log, "IgnoreInterface"));
	ck_assert_int_eq(host.shutdown(), 0);
}

TEST(config, patterns_that_name_nothing_are_told_at_start)
{
	oconfig_value_t counter = STRING("tcp-Nothing"), layer = STRING("/x/");
	oconfig_value_t good = STRING("tcp-TCPLossProbes"), all = STRING("/./");
	oconfig_item_t items[] = {OPTION("Counter", counter),
				  OPTION("Counter", good),
				  OPTION("Layer", layer), OPTION("Layer", all)};
	oconfig_value_t none = STRING("/^y/");
	oconfig_item_t nothing = OPTION("Layer", none);

	configure(items, 4);
	configure(&nothing, 1);
	start();
	check_in(host.log, "Counter \"tcp-Nothing\"");
	check_in(host.log, "Layer \"/^y/\"");
	ck_assert_ptr_null(strstr(host.log, "TCPLossProbes"));
	ck_assert_ptr_null(strstr(host.log, "/./"));
	ck_assert_int_eq(host.shutdown(), 0);
}
