/* SPDX-License-Identifier: MIT */
/*
 * The collectd edge: registers, reads, dispatches, notifies, logs.
 *
 * collectd's read threads are shared by all plugins, so they never enter a
 * namespace. A thread of our own, the worker, reads for as long as ReadBudget
 * says; the read callback asks it to, waits a short time and reports what was
 * found. What is not found in that time is reported by the next callback. The
 * alarm file is the worker's, too: a disk may be slow.
 */
#include "collectd.h"
#include "plugin.h"
#include "utils/common/common.h"

#include "utils_cache.h"

#include "base/array.h"
#include "engine/engine.h"
#include "plugin_config.h"
#include "probes/contradiction.h"
#include "report/report_blind.h"
#include "report/reporter.h"

/*
 * collectd ends within a second: it waits for its read threads first, so do
 * not hold them, and then for our own, which may hang in the kernel.
 */
#define MAX_WAIT_SECONDS 0.5
#define SHUTDOWN_SECONDS 0.3
/*
 * How long the past values of new series may take to be processed, if the
 * callback has that much time left.
 */
#define FLUSH_TRIES 200
#define FLUSH_NS 1000000
/* And how long a writer may take with them then, as csv to make its files. */
#define WRITE_TRIES 30

/*
 * Of the worker, which has the engine while it is READING and the reporter
 * while it saves alarms; the callback has both when it is DONE.
 */
enum phase {
	PHASE_IDLE,
	PHASE_READING, /* the callback has ordered a read */
	PHASE_DONE,    /* with it, and it is to be reported */
	PHASE_SAVING,  /* the callback has ordered alarms to be saved */
	PHASE_ENDED,
	/* it uses nothing any more: collectd ends, or the thread is lost in
	   another namespace, with a read that is to be reported */
	PHASE_GONE
};

/* A value that the newer ones of its series must not overtake. */
struct past {
	char identifier[6 * DATA_MAX_NAME_LEN];
	bool is_second; /* there was one before */
};

struct past_list {
	struct past *items;
	size_t n, max;
};

/* The one place with state of its own. */
static struct {
	struct settings settings;
	bool configured;
	struct engine *engine;
	struct reporter *reporter;
	pthread_t worker;
	bool has_worker;
	pthread_mutex_t lock;	/* of the next three */
	pthread_cond_t changed; /* the phase, or stop */
	enum phase phase;
	bool stop;
	uint64_t budget_ns; /* of the read ordered, set before PHASE_READING */
	int result;	    /* of it, set before PHASE_DONE */
	bool logged_slow, logged_lost;
	struct blind_spell spell;
	double ordered;	 /* when that read was, on the clock of uptime() */
	double deadline; /* of on_read(), on the same */
	struct past_list past; /* see on_flush() */
} self = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static int ensure_settings(void)
{
	if (self.configured)
		return 0;
	self.configured = settings_init(&self.settings) == 0;
	return self.configured ? 0 : -1;
}

static int on_settings(oconfig_item_t *block)
{
	if (ensure_settings() < 0)
		return -1;
	plugin_config_apply(&self.settings, block);
	return 0;
}

/* ---- from a report to collectd ---- */

/*
 * CLOCK_MONOTONIC in seconds: it stops in a suspend, in which nobody could do
 * what is waited for.
 */
static double uptime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The seconds that on_read() may still take. */
static double time_left(void)
{
	return fmax(self.deadline - uptime(), 0);
}

static void remember_past(const value_list_t *vl, bool is_second)
{
	struct past *p = ARRAY_ADD(&self.past);

	if (!p)
		return;
	p->is_second = is_second;
	if (format_name(p->identifier, sizeof(p->identifier), hostname_g,
			vl->plugin, vl->plugin_instance, vl->type,
			vl->type_instance) != 0)
		self.past.n--;
}

/* The first value of a counter has no rate yet, the second has. */
static bool is_processed(const struct past *p)
{
	gauge_t *rates = NULL;
	bool processed;
	size_t n;

	if (uc_get_rate_by_name(p->identifier, &rates, &n) != 0)
		return false;
	processed = !p->is_second || (n > 0 && !isnan(rates[0]));
	free(rates);
	return processed;
}

/* Sleeps a little, unless it would be too late then. */
static bool pause_before(double end)
{
	const struct timespec pause = {.tv_nsec = FLUSH_NS};

	return uptime() + FLUSH_NS / 1e9 <= end && nanosleep(&pause, NULL) == 0;
}

/*
 * collectd's write threads take values from one queue but may overtake each
 * other, and a value that comes after a newer one of its series is dropped.
 * So wait until the past values of new series have arrived in the cache, and
 * a little more until they are written. It only happens when loss begins.
 *
 * A wait takes at most half of the time that is left, for another may follow.
 * Without time the values are sent all the same: mostly they arrive in order.
 * At worst collectd refuses one of the past as too old, and the rate of the
 * first loss is missing in this one series.
 */
static void on_flush(__attribute__((unused)) void *arg)
{
	double end = uptime() + time_left() / 2;
	size_t arrived = 0;

	for (int i = 0; arrived < self.past.n && i < FLUSH_TRIES; i++) {
		if (!pause_before(end))
			break;
		while (arrived < self.past.n &&
		       is_processed(&self.past.items[arrived]))
			arrived++;
	}
	for (int i = 0; i < WRITE_TRIES && pause_before(end); i++)
		;
	self.past.n = 0;
}

static void on_value(__attribute__((unused)) void *arg,
		     const struct series *series)
{
	value_t value;
	value_list_t vl = VALUE_LIST_INIT;

	if (series->is_gauge)
		value.gauge = series->gauge;
	else
		value.derive = (derive_t)series->counter;
	vl.values = &value;
	vl.values_len = 1;
	vl.time = NS_TO_CDTIME_T(series->time_ns);
	vl.interval = plugin_get_interval();
	sstrncpy(vl.plugin, "pktloss", sizeof(vl.plugin));
	sstrncpy(vl.plugin_instance, series->place, sizeof(vl.plugin_instance));
	sstrncpy(vl.type, series->type, sizeof(vl.type));
	sstrncpy(vl.type_instance, series->instance, sizeof(vl.type_instance));
	if (series->is_past)
		remember_past(&vl, series->is_second);
	plugin_dispatch_values(&vl);
}

static void add_meta(notification_t *n, const struct notification *from)
{
	const struct {
		const char *name, *value;
	} texts[] = {
		/* clang-format off */
		{"DataSource", "value"},
		{"Namespace", from->namespace},
		{"Interface", from->interface},
		{"Layer", from->layer},
		{"Counter", from->counter},
		{"Cause", from->cause},
		{"Remedy", from->remedy},
		{"Reason", from->reason},
		{"Runbook", from->runbook},
		/* clang-format on */
	};
	const struct {
		const char *name;
		double value;
	} numbers[] = {
		/* clang-format off */
		{"CurrentValue", from->percent},
		{"WarningMin", NAN},
		{"WarningMax", from->warning},
		{"FailureMin", NAN},
		{"FailureMax", from->failure},
		/* clang-format on */
	};

	for (size_t i = 0; i < STATIC_ARRAY_SIZE(texts); i++)
		plugin_notification_meta_add_string(n, texts[i].name,
						    texts[i].value);
	for (size_t i = 0; i < STATIC_ARRAY_SIZE(numbers); i++)
		plugin_notification_meta_add_double(n, numbers[i].name,
						    numbers[i].value);
}

static void on_notify(__attribute__((unused)) void *arg,
		      const struct notification *from)
{
	static const int severities[] = {
		[SEVERITY_OKAY] = NOTIF_OKAY,
		[SEVERITY_WARNING] = NOTIF_WARNING,
		[SEVERITY_FAILURE] = NOTIF_FAILURE,
	};
	notification_t n = {
		.severity = severities[from->severity],
		.time = from->time_ns ? NS_TO_CDTIME_T(from->time_ns)
				      : cdtime(),
	};

	sstrncpy(n.message, from->message, sizeof(n.message));
	sstrncpy(n.host, hostname_g, sizeof(n.host));
	sstrncpy(n.plugin, "pktloss", sizeof(n.plugin));
	sstrncpy(n.plugin_instance, from->place, sizeof(n.plugin_instance));
	sstrncpy(n.type, from->type, sizeof(n.type));
	sstrncpy(n.type_instance, from->instance, sizeof(n.type_instance));
	add_meta(&n, from);
	/* -1 means that nobody listens to notifications: not our business */
	plugin_dispatch_notification(&n);
	if (n.meta)
		plugin_notification_meta_free(n.meta);
}

static void on_log(__attribute__((unused)) void *arg, enum log_level level,
		   const char *text)
{
	static const int levels[] = {
		[LOG_LEVEL_WARNING] = LOG_WARNING,
		[LOG_LEVEL_NOTICE] = LOG_NOTICE,
		[LOG_LEVEL_INFO] = LOG_INFO,
	};

	plugin_log(levels[level], "pktloss plugin: %s", text);
}

static const struct sink collectd_sink = {
	.value = on_value,
	.flush = on_flush,
	.notify = on_notify,
	.log = on_log,
};

static void report(void)
{
	if (reporter_report(self.reporter, engine_namespaces(self.engine),
			    engine_blindness(self.engine), &collectd_sink) < 0)
		ERROR("pktloss plugin: out of memory, a report is incomplete");
}

/* ---- the worker ---- */

static enum phase phase_now(void)
{
	enum phase phase;

	pthread_mutex_lock(&self.lock);
	phase = self.phase;
	pthread_mutex_unlock(&self.lock);
	return phase;
}

static void enter_phase(enum phase phase)
{
	pthread_mutex_lock(&self.lock);
	self.phase = phase;
	pthread_mutex_unlock(&self.lock);
}

/* Lets the other thread go on: who waits for it wakes up with the lock free. */
static void hand_over(enum phase phase)
{
	enter_phase(phase);
	pthread_cond_broadcast(&self.changed);
}

/*
 * Waits for something to do: to read, to save, or, as PHASE_ENDED, to end. A
 * read may be ordered while alarms are being saved.
 */
static enum phase wait_for_order(void)
{
	enum phase phase;

	pthread_mutex_lock(&self.lock);
	while (!self.stop && self.phase != PHASE_READING &&
	       self.phase != PHASE_SAVING)
		pthread_cond_wait(&self.changed, &self.lock);
	phase = self.stop ? PHASE_ENDED : self.phase;
	if (phase == PHASE_SAVING)
		self.phase = PHASE_IDLE;
	pthread_mutex_unlock(&self.lock);
	return phase;
}

/* Where nobody insists on them it is no complaint. */
static void watch_drops(void)
{
	int r = engine_watch_drops(self.engine);

	if (r < 0 && self.settings.drop_reasons == CHOICE_AUTO)
		INFO("pktloss plugin: the kernel's reasons for dropping "
		     "packets are not read (DropReasons): %s",
		     engine_drops_complaint(r));
}

static void *work(void *arg)
{
	enum phase phase;

	pthread_setname_np(pthread_self(), "pktloss");
	watch_drops();
	do {
		phase = wait_for_order();
		reporter_keep_alarms(self.reporter,
				     engine_namespaces(self.engine));
		if (phase != PHASE_READING)
			continue;
		self.result = engine_read(self.engine, self.budget_ns);
		if (self.result == -ENOTRECOVERABLE)
			break;
		hand_over(PHASE_DONE);
	} while (phase != PHASE_ENDED);
	hand_over(PHASE_GONE);
	return arg;
}

/*
 * Not by plugin_thread_create(), which has another argument before collectd
 * 5.11. Besides it hands down the interval of the plugin, for which nobody asks
 * in this thread.
 */
static int start_worker(void)
{
	if (pthread_create(&self.worker, NULL, work, NULL) != 0) {
		ERROR("pktloss plugin: no thread could be started");
		return -1;
	}
	self.has_worker = true;
	return 0;
}

/* The time a read may take, in seconds. */
static double find_budget(void)
{
	double budget = self.settings.read_budget;

	if (budget > 0)
		return budget;
	return CDTIME_T_TO_DOUBLE(plugin_get_interval()) / 2;
}

static void order_read(double budget)
{
	enum phase phase = phase_now();

	if (phase != PHASE_IDLE && phase != PHASE_SAVING)
		return;
	self.budget_ns = (uint64_t)(budget * 1e9);
	self.ordered = uptime();
	hand_over(PHASE_READING);
}

/*
 * When collectd was stopped, or the machine asleep, it calls twice at once to
 * make up for what it missed. That is no interval: next to nothing passed in
 * it, and an alarm would count it as one. Nor is one of which the machine slept
 * all but a moment: what is counted here is the time that it was awake.
 */
static bool is_catching_up(void)
{
	double interval = CDTIME_T_TO_DOUBLE(plugin_get_interval());

	return self.ordered > 0 && uptime() - self.ordered < interval / 2;
}

/* The time in so many seconds, as self.changed counts it. */
static struct timespec time_in(double seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)seconds;
	t.tv_nsec += (long)((seconds - floor(seconds)) * 1e9);
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

/* Waits while the worker reads, as long as there is time. */
static enum phase wait_for_read(void)
{
	struct timespec until = time_in(time_left());
	enum phase phase;
	int r = 0;

	pthread_mutex_lock(&self.lock);
	while (self.phase == PHASE_READING && r == 0)
		r = pthread_cond_timedwait(&self.changed, &self.lock, &until);
	phase = self.phase;
	pthread_mutex_unlock(&self.lock);
	return phase;
}

/* A thread that is lost has ended; a new one begins in collectd's namespace. */
static int replace_worker(void)
{
	if (!self.logged_lost)
		WARNING("pktloss plugin: could not return to collectd's own "
			"network namespace, another thread goes on");
	self.logged_lost = true;
	if (self.has_worker)
		pthread_join(self.worker, NULL);
	self.has_worker = false;
	enter_phase(PHASE_IDLE);
	if (start_worker() == 0)
		return 0;
	enter_phase(PHASE_GONE);
	return -EAGAIN;
}

/*
 * Reports a read if one is finished. Returns 0, -EINPROGRESS: none is, or why
 * nothing could be read.
 */
static int take_report(enum phase phase)
{
	int r = self.result;

	if (phase != PHASE_DONE && phase != PHASE_GONE)
		return -EINPROGRESS;
	if (phase == PHASE_GONE && self.has_worker)
		r = 0;
	if (phase == PHASE_GONE && replace_worker() < 0)
		return -EAGAIN;
	report();
	if (reporter_has_unsaved(self.reporter))
		hand_over(PHASE_SAVING);
	else
		enter_phase(PHASE_IDLE);
	return r;
}

static void log_slow(double patience)
{
	if (!self.logged_slow)
		WARNING("pktloss plugin: reading takes longer than %g s; its "
			"values come late",
			patience);
	self.logged_slow = true;
}

/*
 * Reports what came late, if any, and what can be found now. All the waiting
 * in it shares one deadline; sending is work, and ends when it is done.
 */
static int on_read(__attribute__((unused)) user_data_t *ud)
{
	double budget = find_budget();
	double patience = fmin(budget, MAX_WAIT_SECONDS);
	int late, r;

	self.deadline = uptime() + patience;
	late = take_report(phase_now());
	if (is_catching_up())
		return 0;
	order_read(budget);
	r = take_report(wait_for_read());
	if (r == -EINPROGRESS)
		log_slow(patience);
	if (r == -EINPROGRESS)
		r = late;
	return report_blind_note(&self.spell, r, &collectd_sink) ? -1 : 0;
}

/* ---- life ---- */

static void on_contradiction(const char *text)
{
	WARNING("pktloss plugin: %s", text);
}

static void init_condition(void)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&self.changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static int on_init(void)
{
	user_data_t nothing = {0};

	if (self.engine)
		return 0;
	if (ensure_settings() == 0) {
		self.engine = engine_new(&self.settings);
		self.reporter = reporter_new(&self.settings);
	}
	if (!self.engine || !self.reporter) {
		ERROR("pktloss plugin: out of memory");
		return -1;
	}
	contradictions_tell(&self.settings,
			    CDTIME_T_TO_DOUBLE(plugin_get_interval()),
			    on_contradiction);
	init_condition();
	if (start_worker() < 0)
		return -1;
	return plugin_register_complex_read(NULL, "pktloss", on_read, 0,
					    &nothing);
}

/* Returns whether it ended: else it still uses all that there is. */
static bool end_worker(void)
{
	struct timespec until = time_in(SHUTDOWN_SECONDS);
	bool ends;
	int r = 0;

	pthread_mutex_lock(&self.lock);
	self.stop = true;
	engine_stop(self.engine);
	pthread_cond_broadcast(&self.changed);
	while (self.phase != PHASE_GONE && r == 0)
		r = pthread_cond_timedwait(&self.changed, &self.lock, &until);
	ends = self.phase == PHASE_GONE;
	pthread_mutex_unlock(&self.lock);
	self.has_worker = false;
	if (ends)
		return pthread_join(self.worker, NULL) == 0;
	WARNING("pktloss plugin: the kernel does not answer, a read is left "
		"unfinished");
	pthread_detach(self.worker);
	return false;
}

static int on_shutdown(void)
{
	if (self.has_worker && !end_worker())
		return 0;
	engine_free(self.engine);
	self.engine = NULL;
	reporter_free(self.reporter);
	self.reporter = NULL;
	sfree(self.past.items);
	self.past = (struct past_list) {0};
	settings_free(&self.settings);
	self.configured = false;
	return 0;
}

void module_register(void)
{
	plugin_register_complex_config("pktloss", on_settings);
	plugin_register_init("pktloss", on_init);
	plugin_register_shutdown("pktloss", on_shutdown);
}
