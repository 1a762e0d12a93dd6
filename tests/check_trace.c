/* SPDX-License-Identifier: MIT */
/*
 * From what the kernel shows to what is printed: a kernel that shows what it is
 * told to.
 */
#include "trace/trace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/eventfd.h>

#include "program/trace_json.h"
#include "program/trace_text.h"
#include "testlib.h"

#define OWN 11
#define WEB 12
#define GONE 13
#define ETH0 2
#define NO_DEVICE 9

enum {
	DROPPED = 1,
	REFUSED_PORT,
	NOT_SPECIFIED,
	PAWS
};

static const char *const reasons[] = {
	"UNUSED",	 "NETFILTER_DROP",   "NO_SOCKET",
	"NOT_SPECIFIED", "TCP_RFC7323_PAWS",
};

static struct {
	struct trace_event events[64];
	size_t n;
	struct trace_sum sums[16];
	size_t n_sums;
	uint64_t unknown;
	bool shut; /* no namespace can be entered */
	uint32_t skipped[8], kinds;
	size_t n_skipped;
	int begin_error;
	bool ended;
	const char *function;
} kernel;

/* The allocation that fails, from 1 on; 0: none. */
static unsigned memory_ends, n_allocated;

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool have_memory(void)
{
	return !memory_ends || ++n_allocated != memory_ends;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return have_memory() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t size)
{
	return have_memory() ? __real_realloc(p, size) : NULL;
}

static struct settings settings;
static struct trace_options options;
static struct trace trace;
static char output[16384];

int __wrap_trace_source_open(struct trace_source **ret);
void __wrap_trace_source_close(struct trace_source *source);
int __wrap_trace_source_skip(struct trace_source *source, uint32_t reason);
int __wrap_trace_source_begin(struct trace_source *source, uint32_t kinds);
void __wrap_trace_source_end(struct trace_source *source);
int __wrap_trace_source_take(struct trace_source *source, trace_visit visit,
			     void *arg);
int __wrap_trace_source_sums(struct trace_source *source,
			     struct trace_sum **ret, uint64_t *ret_unknown);
const char *__wrap_trace_source_reason_at(const struct trace_source *source,
					  size_t i, uint32_t *ret);
const char *__wrap_trace_source_reason(const struct trace_source *source,
				       uint32_t reason);
void __wrap_trace_source_symbol(struct trace_source *source, uint64_t location,
				char ret[DROPS_SYMBOL]);
int __wrap_places_update(struct places *p, struct trace_source *source);
int __wrap_places_name_device(struct places *p, const struct ns *ns,
			      uint32_t ifindex, char ret[16]);

int __wrap_trace_source_open(struct trace_source **ret)
{
	*ret = NULL;
	return 0;
}

void __wrap_trace_source_close(struct trace_source *source)
{
	(void)source;
}

int __wrap_trace_source_skip(struct trace_source *source, uint32_t reason)
{
	(void)source;
	kernel.skipped[kernel.n_skipped++] = reason;
	return 0;
}

int __wrap_trace_source_begin(struct trace_source *source, uint32_t kinds)
{
	(void)source;
	kernel.kinds = kinds;
	return kernel.begin_error;
}

void __wrap_trace_source_end(struct trace_source *source)
{
	(void)source;
	kernel.ended = true;
}

/* All at once. */
int __wrap_trace_source_take(struct trace_source *source, trace_visit visit,
			     void *arg)
{
	(void)source;
	for (size_t i = 0; i < kernel.n; i++)
		visit(&kernel.events[i], arg);
	kernel.n = 0;
	return 0;
}

int __wrap_trace_source_sums(struct trace_source *source,
			     struct trace_sum **ret, uint64_t *ret_unknown)
{
	(void)source;
	*ret = malloc(sizeof(kernel.sums));
	ck_assert_ptr_nonnull(*ret);
	memcpy(*ret, kernel.sums, sizeof(kernel.sums));
	*ret_unknown = kernel.unknown;
	return (int)kernel.n_sums;
}

const char *__wrap_trace_source_reason_at(const struct trace_source *source,
					  size_t i, uint32_t *ret)
{
	(void)source;
	*ret = i;
	return i < ARRAY_SIZE(reasons) ? reasons[i] : NULL;
}

const char *__wrap_trace_source_reason(const struct trace_source *source,
				       uint32_t reason)
{
	(void)source;
	return reasons[reason];
}

void __wrap_trace_source_symbol(struct trace_source *source, uint64_t location,
				char ret[DROPS_SYMBOL])
{
	(void)source;
	(void)location;
	snprintf(ret, DROPS_SYMBOL, "%s", kernel.function);
}

/* This one, and two more. */
int __wrap_places_update(struct places *p, struct trace_source *source)
{
	static const char *const names[] = {"web", "x\033[2J"};

	(void)source;
	if (p->list.n > 1)
		return 0;
	p->list.items[0]->cookie = OWN;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct ns *ns = ns_list_add(&p->list);

		if (!ns)
			return -ENOMEM;
		snprintf(ns->name, sizeof(ns->name), "%s", names[i]);
		snprintf(ns->path, sizeof(ns->path), "/none/%zu", i);
		ns->cookie = kernel.shut ? 0 : WEB + 10 * i;
	}
	return 0;
}

int __wrap_places_name_device(struct places *p, const struct ns *ns,
			      uint32_t ifindex, char ret[16])
{
	(void)p;
	(void)ns;
	strcpy(ret, ifindex == ETH0 ? "eth0" : "");
	return 0;
}

static void setup(void)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.function = "nf_hook_slow";
	ck_assert_int_eq(settings_init(&settings), 0);
	options = (struct trace_options) {
		.settings = &settings,
		.choice = {.layer = N_LAYERS},
		.seconds = 0.02,
		.stop = -1,
	};
}

static void teardown(void)
{
	trace_close(&trace);
	settings_free(&settings);
}

CASE(trace, .setup = setup, .teardown = teardown);

static struct trace_key key_of(enum trace_kind kind, uint64_t cookie,
			       uint32_t reason, uint32_t ifindex)
{
	return (struct trace_key) {
		.place = {.cookie = cookie,
			  .location = kind == TRACE_DROP ? 1000 : 0,
			  .reason = reason,
			  .ifindex = ifindex},
		.kind = kind,
	};
}

/* Counted, and as many looked at: UDP from 10.9.0.host:4000 to 10.9.0.99:9. */
static void drop(struct trace_key key, unsigned host, unsigned packets,
		 unsigned looked_at)
{
	const uint8_t bytes[] = {0x45, 0,   0,	28, 0, 0,    0,	 0, 64, 17,
				 0,    0,   10, 9,  0, host, 10, 9, 0,	99,
				 15,   160, 0,	9,  0, 8,    0,	 0};
	size_t i = 0;

	while (i < kernel.n_sums &&
	       memcmp(&kernel.sums[i].key, &key, sizeof(key)) != 0)
		i++;
	if (i == kernel.n_sums)
		kernel.sums[kernel.n_sums++].key = key;
	kernel.sums[i].packets += packets;
	while (looked_at--) {
		struct trace_event *e = &kernel.events[kernel.n++];

		*e = (struct trace_event) {.key = key,
					   .weight = 1,
					   .protocol = htons(0x0800),
					   .n_bytes = sizeof(bytes)};
		memcpy(e->bytes, bytes, sizeof(bytes));
	}
}

static void run_and_print(bool verbose, unsigned width)
{
	const struct style style = {.width = width, .verbose = verbose};
	FILE *out = fmemopen(output, sizeof(output), "w");

	options.choice.healthy = verbose;
	ck_assert_int_eq(trace_open(&trace, &options), 0);
	ck_assert_int_eq(trace_run(&trace), 0);
	ck_assert(kernel.ended);
	trace_text_print(out, &trace, &style);
	fclose(out);
}

#define check_has(part)                                                        \
	ck_assert_msg(strstr(output, part), "no \"%s\" in:\n%s", part, output)
#define check_has_not(part)                                                    \
	ck_assert_msg(!strstr(output, part), "\"%s\" in:\n%s", part, output)

TEST(trace, sender_is_named_in_the_namespace_that_lost)
{
	drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), 1, 40, 40);
	drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), 2, 20, 20);
	run_and_print(false, 100);
	check_has("\nweb\n");
	check_has("\n       40  NETFILTER_DROP  nf_hook_slow  eth0   UDP    "
		  "10.9.0.1:4000 -> 10.9.0.99:9\n"
		  "       20  NETFILTER_DROP  nf_hook_slow  eth0   UDP    "
		  "10.9.0.2:4000 -> 10.9.0.99:9\n");
	check_has("Of 60 dropped, 60 were looked at.\n");
	check_has_not("~");
}

TEST(trace, nothing_is_said_where_nothing_was_lost)
{
	run_and_print(false, 100);
	check_has("Nothing was dropped, sent again or refused.\n");
	check_has_not("PACKETS");
}

TEST(trace, what_is_reckoned_is_told)
{
	drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), 1, 1000, 10);
	run_and_print(false, 100);
	check_has("  ~1000  NETFILTER_DROP");
	check_has("Of 1000 dropped, 10 were looked at.\nWhat has ~ in front");
}

TEST(trace, what_nobody_looked_at_is_there_without_a_sender)
{
	drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), 1, 1000, 0);
	kernel.unknown = 5;
	run_and_print(false, 100);
	check_has("~1000  NETFILTER_DROP  nf_hook_slow  eth0   -      (not "
		  "looked at)");
	check_has("5 more were only counted: nothing else is known");
}

TEST(trace, healthy_reasons_are_counted_and_shown_on_demand)
{
	drop(key_of(TRACE_DROP, WEB, REFUSED_PORT, ETH0), 1, 7, 0);
	run_and_print(false, 100);
	check_has("Nothing was dropped, sent again or refused.\n"
		  "7 dropped for reasons that are no loss (-v shows them).\n");
	ck_assert_uint_eq(kernel.n_skipped, 1);
	ck_assert_uint_eq(kernel.skipped[0], REFUSED_PORT);
}

TEST(trace, healthy_reasons_are_looked_at_with_v)
{
	drop(key_of(TRACE_DROP, WEB, REFUSED_PORT, ETH0), 1, 7, 7);
	run_and_print(true, 100);
	check_has("7  NO_SOCKET");
	check_has_not("no loss");
	ck_assert_uint_eq(kernel.n_skipped, 0);
}

/* Without a reason the function tells, which the kernel does not know. */
TEST(trace, healthy_function_is_found_out_here)
{
	kernel.function = "tcp_v4_rcv";
	drop(key_of(TRACE_DROP, WEB, NOT_SPECIFIED, ETH0), 1, 7, 7);
	run_and_print(false, 100);
	check_has("Nothing was dropped, sent again or refused.\n"
		  "7 dropped for reasons that are no loss");
}

TEST(trace, peers_stand_below_the_drops)
{
	struct trace_key key = key_of(TRACE_RETRANSMIT, WEB, 0, 0);
	struct trace_event e = {
		.key = key,
		.weight = 1,
		.family = AF_INET,
		.socket_protocol = IPPROTO_TCP,
		.ports = {80, 4000},
		.addresses = {{10, 9, 0, 1}, {10, 9, 0, 2}},
	};
	drop(key, 0, 50, 0);
	for (int i = 0; i < 50; i++)
		kernel.events[kernel.n++] = e;
	drop(key_of(TRACE_DROP, WEB, PAWS, ETH0), 1, 4, 4);
	run_and_print(false, 100);
	check_has("   4  TCP_RFC7323_PAWS  nf_hook_slow  eth0   UDP    "
		  "10.9.0.1:4000 -> 10.9.0.99:9\n"
		  "       50  retransmit        -             -      TCP    "
		  "10.9.0.1:80 -> 10.9.0.2:4000\n");
	check_has("Of 4 dropped, 4 were looked at.\n"
		  "Of 50 sent again or refused, 50 were looked at.\n");
}

TEST(trace, names_from_outside_are_harmless)
{
	kernel.function = "f\033[2J";
	drop(key_of(TRACE_DROP, WEB + 10, DROPPED, ETH0), 1, 1, 1);
	run_and_print(false, 100);
	check_has("\nx?[2J\n");
	check_has("f?[2J");
	for (const char *at = output; *at; at++)
		ck_assert(*at == '\n' || (*at >= ' ' && *at <= '~'));
}

TEST(trace, namespace_and_device_that_are_gone_are_told_apart)
{
	drop(key_of(TRACE_DROP, GONE, DROPPED, NO_DEVICE), 1, 1, 1);
	drop(key_of(TRACE_DROP, OWN, DROPPED, NO_DEVICE), 1, 2, 2);
	drop(key_of(TRACE_DROP, 0, DROPPED, 0), 1, 3, 3);
	run_and_print(false, 100);
	check_has("\n(namespace of cookie 13)\n");
	check_has("\n(this namespace)\n");
	check_has("\n(namespace not known)\n");
	check_has("  #9  ");
}

TEST(trace, narrow_screens_have_the_sender_on_a_line_of_its_own)
{
	drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), 1, 40, 40);
	run_and_print(false, 60);
	check_has("\n      10.9.0.1:4000 -> 10.9.0.99:9\n");
	check_has_not("FROM");
	for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_uint_le(strlen(line), 60);
}

TEST(trace, twenty_rows_are_shown_and_all_with_v)
{
	for (unsigned i = 1; i <= 25; i++)
		drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), i, 1, 1);
	run_and_print(false, 100);
	check_has("5 rows more (-v shows them).");
	check_has_not("10.9.0.25:4000");
	teardown();
	setup();
	for (unsigned i = 1; i <= 25; i++)
		drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), i, 1, 1);
	run_and_print(true, 100);
	check_has_not("rows more");
	check_has("10.9.0.25:4000");
}

TEST(trace, json_has_all_of_it)
{
	struct summary notes = {0};
	FILE *out;

	drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), 1, 1000, 10);
	drop(key_of(TRACE_SYN_RETRANSMIT, OWN, 0, 0), 1, 3, 0);
	run_and_print(false, 100);
	out = fmemopen(output, sizeof(output), "w");
	summary_note(&notes, "no\033te");
	trace_json_print(out, &trace, &notes);
	summary_free(&notes);
	fclose(out);
	check_has("\"dropped\":1000,\"dropped_looked_at\":10,"
		  "\"connections\":3,\"connections_looked_at\":0,");
	check_has("\"drops\":[{\"namespace\":\"web\",\"cookie\":12,"
		  "\"reason\":\"NETFILTER_DROP\",\"healthy\":false,"
		  "\"layer\":\"netfilter\",\"function\":\"nf_hook_slow\","
		  "\"interface\":\"eth0\",\"ifindex\":2,\"protocol\":\"UDP\","
		  "\"source\":\"10.9.0.1\",\"source_port\":4000,"
		  "\"destination\":\"10.9.0.99\",\"destination_port\":9,"
		  "\"flows\":1,\"packets\":1000,\"looked_at\":10}]");
	check_has("\"peers\":[{\"namespace\":\"\",\"cookie\":11,"
		  "\"reason\":\"syn_retransmit\",\"healthy\":false,"
		  "\"layer\":\"tcp\",\"function\":null,\"interface\":null,"
		  "\"ifindex\":null,\"protocol\":null,\"source\":null,"
		  "\"source_port\":null,");
	check_has(",\"notes\":[\"no?te\"]}\n");
}

TEST(trace, it_ends_when_somebody_wants_it_to)
{
	uint64_t one = 1;

	options.seconds = 60;
	options.stop = eventfd(0, EFD_CLOEXEC);
	ck_assert_int_eq(write(options.stop, &one, sizeof(one)), 8);
	drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), 1, 40, 40);
	run_and_print(false, 100);
	check_has("   40  NETFILTER_DROP"); /* what came is shown */
	ck_assert(trace.seconds < 10);
	close(options.stop);
}

TEST(trace, packets_are_written_but_not_of_what_is_not_shown)
{
	char *bytes = NULL;
	size_t n = 0;

	options.pcap = open_memstream(&bytes, &n);
	drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), 1, 3, 3);
	run_and_print(false, 100);
	kernel.function = "tcp_v4_rcv";
	fclose(options.pcap);
	ck_assert_uint_eq(trace.written, 3);
	ck_assert_uint_eq(n, 3 * (16 + 14 + 28));
	free(bytes);
	teardown();
	setup();
	kernel.function = "tcp_v4_rcv";
	options.pcap = open_memstream(&bytes, &n);
	drop(key_of(TRACE_DROP, WEB, NOT_SPECIFIED, ETH0), 1, 3, 3);
	run_and_print(false, 100);
	fclose(options.pcap);
	ck_assert_uint_eq(n, 0);
	free(bytes);
}

TEST(trace, full_disk_is_told_and_the_rest_goes_on)
{
	options.pcap = fopen("/dev/full", "w");
	setvbuf(options.pcap, NULL, _IONBF, 0);
	drop(key_of(TRACE_DROP, WEB, DROPPED, ETH0), 1, 40, 40);
	run_and_print(false, 100);
	ck_assert_int_eq(trace.pcap_error, -ENOSPC);
	check_has("   40  NETFILTER_DROP");
	fclose(options.pcap);
}

TEST(trace, reason_that_this_kernel_has_not_is_known_as_such)
{
	options.choice.reason = "NETFILTER_DORP";
	ck_assert_int_eq(trace_open(&trace, &options), 0);
	ck_assert(!trace_knows_reason(&trace));
	options.choice.reason = "netfilter_drop";
	ck_assert(trace_knows_reason(&trace));
	options.choice.reason = "NOT_SPECIFIED.ip_error";
	ck_assert(trace_knows_reason(&trace));
	options.choice.reason = "refused";
	ck_assert(trace_knows_reason(&trace));
	options.choice.reason = NULL;
	ck_assert(trace_knows_reason(&trace));
}

/* A name that is known is none that the kernel has not. */
TEST(trace, reason_of_another_layer_is_known_as_such)
{
	static const struct {
		const char *reason;
		enum layer layer;
		bool has;
	} rows[] = {
		{"retransmit", LAYER_LINK, false},
		{"retransmit", LAYER_TCP, true},
		{"netfilter_drop", LAYER_QDISC, false},
		{"netfilter_drop", LAYER_NETFILTER, true},
		{"NOT_SPECIFIED", LAYER_QDISC, true}, /* by its function */
		{NULL, LAYER_QDISC, true},
	};

	ck_assert_int_eq(trace_open(&trace, &options), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		options.choice.reason = rows[i].reason;
		options.choice.layer = rows[i].layer;
		ck_assert(trace_knows_reason(&trace));
		ck_assert(trace_has_reason_in_layer(&trace) == rows[i].has);
	}
	options.choice.reason = "NETFILTER_DORP";
	ck_assert(!trace_knows_reason(&trace));
}

TEST(trace, kernel_that_does_not_begin_is_an_error)
{
	kernel.begin_error = -EPERM;
	ck_assert_int_eq(trace_open(&trace, &options), 0);
	ck_assert_int_eq(trace_run(&trace), -EPERM);
}

/* All would be looked at instead. */
TEST(trace, namespaces_that_cannot_be_entered_are_not_taken_for_all)
{
	const struct option_value web = {.type = VALUE_STRING, .string = "web"};

	kernel.shut = true;
	ck_assert_int_eq(settings_set(&settings, false, "Namespace", &web), 0);
	ck_assert_int_eq(trace_open(&trace, &options), 0);
	trace.places.list.items[0]->cookie = 0;
	ck_assert_int_eq(trace_run(&trace), -ESRCH);
	ck_assert_uint_eq(kernel.kinds, 0);
}

/* Returns whether all there was was had. */
static bool run_with_little_memory(unsigned ends)
{
	const struct style style = {.width = 100};
	FILE *out = fmemopen(output, sizeof(output), "w");
	int r;

	for (unsigned i = 1; i <= 25; i++)
		drop(key_of(TRACE_DROP, i % 3 + OWN, DROPPED, ETH0), i, 1, 1);
	n_allocated = 0;
	memory_ends = ends;
	r = trace_open(&trace, &options);
	if (r == 0)
		r = trace_run(&trace);
	if (r == 0)
		trace_text_print(out, &trace, &style);
	memory_ends = 0;
	fclose(out);
	ck_assert(r == 0 || r == -ENOMEM);
	/* what has no row is told */
	if (r == 0 && !trace.flows.others && trace.n)
		ck_assert_uint_eq(trace.flows.n, 25);
	if (r == 0)
		check_has("Of 25 dropped, 25 were looked at.");
	return n_allocated < ends;
}

TEST(trace, memory_that_ends_anywhere_is_survived_and_told)
{
	unsigned i = 1;

	while (!run_with_little_memory(i++)) {
		ck_assert_uint_lt(i, 1000);
		teardown();
		setup();
		options.seconds = 0.001;
	}
	ck_assert_uint_gt(i, 10);
}
