/* SPDX-License-Identifier: MIT */
/*
 * Every call fails in turn, over one read and over a story of ten, in which
 * losses begin and end: see faults.h. Beside the reads that meet faults go
 * others that do not, of the same namespaces at the same time: what both say
 * must be the same, or it must be said that something could not be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/engine.h"
#include "faults.h"
#include "report/reporter.h"
#include "testlib.h"

#define SECOND UINT64_C(1000000000)

/* A run takes milliseconds; so many seconds are a hang. */
#define HANGS 100

/* ---- the namespaces ---- */

#define SPACE "pkt-faults"

/* Where packets go, and what becomes of them. */
enum way_to_lose {
	PORT_GOOD = 1000,
	PORT_NFT,
	PORT_LEGACY,
	PORT_FULL, /* a socket that nobody reads */
};

/* Sockets in a namespace. */
struct sockets {
	int sender, drain, full;
};

/* Capabilities of the thread. */
struct rights {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
};

static struct rights get_rights(void)
{
	struct rights r = {.head.version = _LINUX_CAPABILITY_VERSION_3};

	ck_assert_int_eq(syscall(SYS_capget, &r.head, r.words), 0);
	return r;
}

static void set_rights(struct rights *r)
{
	ck_assert_int_eq(syscall(SYS_capset, &r->head, r->words), 0);
}

static struct {
	struct tree proc;
	struct rights rights;
	int home;
	struct stat home_is;
	pid_t process;		   /* which has one without a name */
	struct sockets named, own; /* own: of that process */
} world;

static void run(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static int open_port(uint16_t port)
{
	const struct sockaddr_in at = {.sin_family = AF_INET,
				       .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (const void *)&at, sizeof(at)), 0);
	return fd;
}

static void go_home(void)
{
	ck_assert_int_eq(setns(world.home, CLONE_NEWNET), 0);
}

static void open_sockets(const char *path, struct sockets *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), tiny = 1;

	ck_assert_int_eq(setns(fd, CLONE_NEWNET), 0);
	close(fd);
	ret->sender = open_port(999);
	ret->drain = open_port(PORT_GOOD);
	ret->full = open_port(PORT_FULL);
	setsockopt(ret->full, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny));
	go_home();
}

/* A namespace that only a process leads to. */
static void start_process(void)
{
	int made[2];
	char byte = 0;

	ck_assert_int_eq(pipe(made), 0);
	world.process = fork();
	ck_assert_int_ge(world.process, 0);
	if (!world.process) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up") ||
		    write(made[1], &byte, 1) < 0)
			_exit(EXIT_FAILURE);
		for (;;)
			pause();
	}
	close(made[1]);
	ck_assert_int_eq(read(made[0], &byte, 1), 1);
	close(made[0]);
}

/* Nothing in them moves on its own. */
static void make_space(void)
{
	const char *const in = "ip netns exec " SPACE " ";
	static const char *const commands[] = {
		"sysctl -qw net.ipv6.conf.all.disable_ipv6=1",
		"sysctl -qw net.ipv6.conf.default.disable_ipv6=1",
		"ip link set lo up",
		"ip link add v0 type veth peer name v1",
		"ip link add w0 type veth peer name w1",
		"ip link set v1 mtu 600",
		"ip link set v1 netns 1",
		"ip addr add 10.9.0.1/24 dev v0",
		"ip addr add 10.10.0.1/24 dev w0",
		"ip link set v0 up",
		"ip link set w0 up",
		"ip link set w1 up",
		"ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev v0",
		"ip neigh add 10.10.0.2 lladdr 02:00:00:00:00:03 dev w0",
		"tc qdisc add dev w0 root tbf rate 8bit burst 2000 limit 1",
		"iptables-legacy -A OUTPUT -p udp --dport 1002 -j DROP",
		"nft add table ip f",
		"nft 'add chain ip f o {type filter hook output priority 0;}'",
		"nft add rule ip f o udp dport 1001 counter drop",
	};
	char command[256];

	run("ip netns add " SPACE);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *c = commands[i];

		snprintf(command, sizeof(command), "%s%s", in, c);
		if (!strcmp(c, "ip link set v1 netns 1"))
			snprintf(command, sizeof(command),
				 "%sip link set v1 netns %d", in, getpid());
		run(command);
	}
	run("ip link set v1 up");
	run("ip link set lo up");
}

/*
 * Whether the kernel can do something stands in a file of megabytes, on hosts
 * that have no better one. All that is asked for is some functions there.
 */
static void shorten_btf(void)
{
	run("f=/sys/kernel/btf/vmlinux; [ ! -e $f ] || [ -e /run/btf ] ||"
	    " { grep -aoE '[a-z0-9_]*(_get_conntrack|_verdict|_getgen|_cmd|"
	    "_dump|_table_init|_rcv_msg|_gro_receive)' $f >/run/btf &&"
	    " mount --bind /run/btf $f; }");
}

static void make_world(void)
{
	char process[32];

	shorten_btf();
	world.rights = get_rights();
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	world.home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fstat(world.home, &world.home_is), 0);
	run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1"
	    " net.ipv6.conf.default.disable_ipv6=1");
	run("[ ! -e /run/netns/" SPACE " ] || ip netns del " SPACE);
	make_space();
	start_process();
	/* these processes only: what others do would change what is read */
	tree_make(&world.proc);
	tree_link(&world.proc, "1", "/proc/self");
	snprintf(process, sizeof(process), "/proc/%d", world.process);
	tree_link(&world.proc, "2", process);
	open_sockets("/run/netns/" SPACE, &world.named);
	open_sockets(tree_path(&world.proc, "2/ns/net"), &world.own);
}

static void remove_world(void)
{
	kill(world.process, SIGKILL);
	tree_remove(&world.proc);
	run("ip netns del " SPACE);
}

/* Where it cannot go, it is lost: that is no error. */
static void send_packets(const struct sockets *from, uint32_t to, uint16_t port,
			 size_t size)
{
	const struct sockaddr_in there = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(to),
	};
	static const char bytes[1400];

	(void)!sendto(from->sender, bytes, size, 0, (const void *)&there,
		      sizeof(there));
}

#define V1 0x0a090002
#define W1 0x0a0a0002

static void pass_packet(const struct sockets *from)
{
	char bytes[64];

	send_packets(from, INADDR_LOOPBACK, PORT_GOOD, 10);
	(void)!recv(from->drain, bytes, sizeof(bytes), MSG_DONTWAIT);
}

static void pass_packets(void)
{
	for (int i = 0; i < 50; i++) {
		pass_packet(&world.named);
		pass_packet(&world.own);
		send_packets(&world.named, V1, PORT_GOOD, 10);
	}
}

static void lose_packets(void)
{
	const struct sockets *from = &world.named;

	for (int i = 0; i < 20; i++) {
		send_packets(from, INADDR_LOOPBACK, PORT_NFT, 10);
		send_packets(from, INADDR_LOOPBACK, PORT_LEGACY, 10);
		send_packets(from, INADDR_LOOPBACK, PORT_FULL, 10);
		send_packets(from, V1, PORT_GOOD, 1400); /* too long for it */
		send_packets(from, W1, PORT_GOOD, 10);
		send_packets(&world.own, INADDR_LOOPBACK, PORT_FULL, 10);
	}
}

/* ---- what is said ---- */

enum {
	MAX_VALUES = 1024,
	MAX_TOLD_NOW = 64,
	KEY = 128
};

struct told_value {
	char key[KEY];
	bool is_gauge;
	uint64_t counter;
	double gauge;
};

struct told_alarm {
	char key[KEY];
	enum severity severity;
	bool is_gone; /* says that the namespace is */
};

/* Of one report. */
struct told {
	struct told_value values[MAX_VALUES];
	size_t n_values;
	struct told_alarm alarms[MAX_TOLD_NOW];
	size_t n_alarms;
};

static void on_value(void *arg, const struct series *s)
{
	struct told *told = arg;
	struct told_value *v;

	if (s->is_past)
		return;
	if (told->n_values == MAX_VALUES)
		abort();
	v = &told->values[told->n_values++];
	snprintf(v->key, KEY, "%s/%s-%s", s->place, s->type, s->instance);
	v->is_gauge = s->is_gauge;
	v->counter = s->counter;
	v->gauge = s->gauge;
}

static void on_notify(void *arg, const struct notification *n)
{
	struct told *told = arg;
	struct told_alarm *a;

	if (told->n_alarms == MAX_TOLD_NOW)
		abort();
	a = &told->alarms[told->n_alarms++];
	snprintf(a->key, KEY, "%s/%s-%s", n->place, n->type, n->instance);
	a->severity = n->severity;
	a->is_gone = strstr(n->message, "is gone");
}

static void on_flush(void *arg)
{
	(void)arg;
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	(void)text;
}

static const struct told_value *find_value(const struct told *told,
					   const char *key)
{
	for (size_t i = 0; i < told->n_values; i++)
		if (!strcmp(told->values[i].key, key))
			return &told->values[i];
	return NULL;
}

/* ---- who reads ---- */

struct side {
	struct settings settings;
	struct engine *engine;
	struct reporter *reporter;
	int result;	  /* of the newest read */
	bool was_refused; /* something, at any time */
	struct told told;
	struct told_alarm raised[MAX_TOLD_NOW]; /* as they were told last */
	size_t n_raised;
};

static int set_text(struct side *s, bool threshold, const char *name,
		    const char *text)
{
	const struct option_value v = {.type = VALUE_STRING, .string = text};

	return settings_set(&s->settings, threshold, name, &v);
}

static int set_number(struct side *s, const char *name, double number)
{
	const struct option_value v = {.type = VALUE_NUMBER, .number = number};

	return settings_set(&s->settings, true, name, &v);
}

/* Each interval is judged for itself, so that nothing hides a fault. */
static int make_settings(struct side *s, const char *state_file)
{
	char text[SETTINGS_TEXT];
	int r = settings_init(&s->settings);

	if (r == 0 && state_file)
		r = set_text(s, false, "StateFile", state_file);
	if (r == 0)
		r = set_text(s, false, "ProcRoot", world.proc.path);
	if (r == 0)
		r = settings_add_threshold(&s->settings);
	if (r < 0)
		return r;
	/* nothing depends on how fast it is read */
	s->settings.namespace_budget = HANGS;
	r = set_text(s, true, "Layer", "/./");
	r = r ? r : set_number(s, "Hits", 1);
	r = r ? r : set_number(s, "HitsOkay", 1);
	r = r ? r : set_number(s, "Window", 0);
	settings_end_threshold(&s->settings, text);
	return r;
}

static void end_side(struct side *s)
{
	if (!s)
		return;
	reporter_free(s->reporter);
	engine_free(s->engine);
	settings_free(&s->settings);
	free(s);
}

/* NULL: there is no memory. state_file: or NULL. */
static struct side *begin_side(const char *state_file)
{
	struct side *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (make_settings(s, state_file) == 0) {
		s->engine = engine_new(&s->settings);
		s->reporter = reporter_new(&s->settings);
	}
	if (s->engine && s->reporter)
		return s;
	end_side(s);
	return NULL;
}

static bool is_home(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 &&
	       st.st_ino == world.home_is.st_ino;
}

static void note_refused(struct side *s)
{
	const struct blindness *b = engine_blindness(s->engine);

	s->was_refused |= s->result < 0 || b->entering.errors[0] ||
			  b->finding.errors[0] || b->naming.errors[0];
	for (size_t i = 0; i < n_probes; i++)
		s->was_refused |= b->sources[i].errors[0] != 0;
}

static void read_side(struct side *s)
{
	s->result = engine_read(s->engine, 0);
	note_refused(s);
}

static void raise_or_end(struct side *s, const struct told_alarm *a)
{
	size_t i = 0;

	while (i < s->n_raised && strcmp(s->raised[i].key, a->key))
		i++;
	if (a->severity != SEVERITY_OKAY) {
		s->raised[i] = *a;
		s->n_raised += i == s->n_raised;
	} else if (i < s->n_raised) {
		s->raised[i] = s->raised[--s->n_raised];
	}
}

static bool is_raised(const struct side *s, const char *key)
{
	for (size_t i = 0; i < s->n_raised; i++)
		if (!strcmp(s->raised[i].key, key))
			return true;
	return false;
}

static void report_side(struct side *s)
{
	const struct sink sink = {&s->told, on_value, on_flush, on_notify,
				  on_log};
	int r;

	s->told.n_values = s->told.n_alarms = 0;
	r = reporter_report(s->reporter, engine_namespaces(s->engine),
			    engine_blindness(s->engine), &sink);
	s->was_refused |= r < 0;
	for (size_t i = 0; i < s->told.n_alarms; i++)
		raise_or_end(s, &s->told.alarms[i]);
	if (reporter_has_unsaved(s->reporter))
		reporter_keep_alarms(s->reporter, engine_namespaces(s->engine));
}

/* ---- what is wrong ---- */

static struct {
	unsigned n_runs, n_faults, n_wrong;
	char plan[128];	 /* what is tried now */
	bool is_absence; /* the kernel says that there is no such thing */
} score;

__attribute__((format(printf, 1, 2))) static void complain(const char *format,
							   ...)
{
	va_list args;

	if (score.n_wrong++ >= 40 && !getenv("FAULTS_ALL"))
		return;
	printf("%s: ", score.plan);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

static void on_hang(int number)
{
	(void)number;
	(void)!write(STDOUT_FILENO, score.plan, strlen(score.plan));
	signal(SIGALRM, SIG_DFL);
	raise(SIGALRM);
}

/*
 * That there is no such thing, or that a process is none of ours, is how the
 * kernel says it every day, of what need not be there: then it is passed over.
 */
static bool is_answer(const struct fault_plan *plan)
{
	return (plan->fault == ENOENT && faults_answered()) ||
	       (plan->fault == EPERM &&
		!strcmp(faults_call(plan->call), "stat"));
}

static void begin_plan(const struct fault_plan *plan, int from, int to)
{
	char kind[32];

	faults_describe(plan->fault, kind);
	snprintf(score.plan, sizeof(score.plan), "%s %u%s: %s, reads %d to %d",
		 faults_call(plan->call), plan->nth, plan->all ? "+" : "", kind,
		 from, to);
	if (getenv("FAULTS_TRACE"))
		fprintf(stderr, "%s\n", score.plan);
	score.is_absence = false;
	faults_reset();
	signal(SIGALRM, on_hang);
	alarm(HANGS);
	score.n_runs++;
}

static int count_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static struct ns *find_ns(const struct side *s, const struct ns *like)
{
	EACH_NS (engine_namespaces(s->engine), ns)
		if (!strcmp(ns->name, like->name) && !ns->gone)
			return ns;
	return NULL;
}

/* Whether it could not be read, nor one whose rows it looks at, and says so. */
static bool is_refused(const struct side *s, const struct ns *ns, size_t source)
{
	const struct probe *const *after = probes[source]->after;

	if (ns->refused & 1u << source ||
	    (probes[source]->is_last && ns->refused))
		return s->was_refused;
	for (; after && *after; after++)
		for (size_t i = 0; i < n_probes; i++)
			if (probes[i] == *after && is_refused(s, ns, i))
				return true;
	return false;
}

/* What is of the whole host goes on by itself. */
static bool is_as_true(const struct object *o, const struct row *true_one,
		       const struct row *row)
{
	if (probes[o->source]->host_wide)
		return row->value >= true_one->value;
	/* how many connections there may be is for the host to set */
	if (o->layer == LAYER_CONNTRACK && !strcmp(row->counter->name, "max"))
		return true;
	if (row->counter->kind == KIND_GAP) /* since it is watched, at least */
		return row->value <= true_one->value;
	/* who says that it is absent is not asked before more is lost */
	if (score.is_absence && o->layer == LAYER_SOCKET)
		return row->value <= true_one->value;
	return row->value == true_one->value;
}

/* A fact is evidence for causes: it is asked for again when it is needed. */
static bool may_be_missing(const struct row *row)
{
	return score.is_absence || row->counter->kind == KIND_FACT;
}

static void compare_object(const struct side *s, const struct ns *right,
			   const struct ns *ns, const struct object *o)
{
	const char *place = object_place(&right->now, o);
	const char *name = object_name(&right->now, o);
	const struct object *p = find_object(&ns->now, o->layer, place, name);

	if ((p && p->stale) || is_refused(s, ns, o->source) ||
	    (!p && score.is_absence))
		return;
	EACH_ROW (&right->now, o, row) {
		const struct row *q = p ? object_row(&ns->now, p, row->counter)
					: NULL;

		if (q ? is_as_true(o, row, q) : may_be_missing(row))
			continue;
		complain("%s: %s %s %s %s is %lld, not %llu", ns->name,
			 layer_name(o->layer), place, name, row->counter->name,
			 q ? (long long)q->value : -1,
			 (unsigned long long)row->value);
	}
}

/* What is asked for where something is lost may be asked for later. */
static bool is_made_up(const struct sample *right, const struct sample *s,
		       const struct object *o)
{
	if (o->stale ||
	    find_object(right, o->layer, object_place(s, o), object_name(s, o)))
		return false;
	EACH_ROW (s, o, row)
		if (row->counter->kind != KIND_FACT)
			return true;
	return false;
}

static void compare_samples(const struct side *right, const struct side *s)
{
	EACH_NS (engine_namespaces(right->engine), ns) {
		const struct ns *other = find_ns(s, ns);

		if (!other || !other->was_read) {
			if (!s->was_refused && !score.is_absence)
				complain("\"%s\" is not read", ns->name);
			continue;
		}
		EACH_OBJECT (&ns->now, o)
			compare_object(s, ns, other, o);
		EACH_OBJECT (&other->now, o)
			if (is_made_up(&ns->now, &other->now, o))
				complain("made up: %s %s",
					 object_place(&other->now, o),
					 object_name(&other->now, o));
	}
}

static void check_home(struct side *s)
{
	if (s->result == -ENOTRECOVERABLE) {
		if (is_home())
			complain("it is not lost");
		go_home(); /* where a new thread would be */
	} else if (!is_home()) {
		complain("it is away");
		go_home();
	}
}

/* What the next read finds must be whole. */
static void compare_whole(const struct side *right, struct side *s)
{
	s->was_refused = score.is_absence = false;
	if (s->result < 0)
		complain("the next read fails: %s", strerror(-s->result));
	EACH_NS (engine_namespaces(s->engine), ns) {
		for (size_t i = 0; i < n_probes; i++)
			if (ns->refused & 1u << i)
				complain("\"%s\": %s is still refused",
					 ns->name, probes[i]->name);
		EACH_OBJECT (&ns->now, o)
			if (o->stale)
				complain("still stale");
	}
	compare_samples(right, s);
}

/* ---- one read ---- */

/* right[0] was read for the first time, right[1] for the second. */
static void read_once(struct side *right[2], const struct fault_plan *plan)
{
	long blocks = faults_blocks();
	int descriptors = count_descriptors();
	struct side *s;
	bool is_final;

	begin_plan(plan, 0, 0);
	faults_begin(plan);
	s = begin_side(NULL);
	if (s) {
		read_side(s);
		score.n_faults += faults_end();
		score.is_absence = is_answer(plan);
		check_home(s);
		if (s->result == 0)
			compare_samples(right[0], s);
		faults_begin(plan);
		report_side(s);
	}
	score.n_faults += faults_end();
	if (!s)
		s = begin_side(NULL);
	ck_assert_ptr_nonnull(s);
	/* a process that is not there, or not to be asked, is asked again
	 * within a minute */
	is_final = plan->fault == ENOENT || plan->fault == EPERM;
	faults_set_clock((is_final ? 70 : 10) * SECOND);
	read_side(s);
	check_home(s);
	compare_whole(right[1], s);
	faults_set_clock(0);
	end_side(s);
	if (faults_blocks() != blocks)
		complain("%ld blocks leak", faults_blocks() - blocks);
	if (count_descriptors() != descriptors)
		complain("%d descriptors leak",
			 count_descriptors() - descriptors);
	alarm(0);
}

enum {
	MAX_CALLS = 64
};

static const struct fault_plan no_faults = {.nth = UINT32_MAX};

static void count_calls(unsigned n[])
{
	struct side *s;

	faults_begin(&no_faults);
	s = begin_side(NULL);
	read_side(s);
	report_side(s);
	faults_end();
	for (size_t i = 0; faults_call(i); i++)
		n[i] = faults_counted(i);
	end_side(s);
}

static void print_score(void)
{
	printf("%u runs, %u faults injected, %u complaints\n", score.n_runs,
	       score.n_faults, score.n_wrong);
}

/* A file may be read in a thousand pieces: then some of them are as good. */
#define MOST_EACH 200

static void fail_each(struct side *right[2], size_t call, unsigned n)
{
	unsigned step = 1 + n / MOST_EACH * 3;

	for (size_t k = 0; faults_kind(call, k) != FAULT_NONE; k++) {
		struct fault_plan plan = {call, faults_kind(call, k), 0, true,
					  false};

		read_once(right, &plan);
		plan.endless = true;
		if (plan.fault == EINTR || plan.fault == FAULT_STRANGER)
			read_once(right, &plan);
		plan.all = plan.endless = false;
		for (; plan.nth < n; plan.nth += step)
			read_once(right, &plan);
	}
}

CASE(faults, .lacks = lacks_own_run, .setup = make_world,
     .teardown = remove_world);

TEST(faults, of_one_read_are_survived_and_said)
{
	unsigned n[MAX_CALLS] = {0};
	struct side *right[2] = {begin_side(NULL), begin_side(NULL)};

	pass_packets();
	lose_packets();
	read_side(right[0]);
	read_side(right[1]);
	report_side(right[1]);
	faults_set_clock(10 * SECOND);
	read_side(right[1]);
	faults_set_clock(0);
	ck_assert(!right[0]->was_refused && !right[1]->was_refused);
	count_calls(n);
	for (size_t i = 0; faults_call(i); i++) {
		printf("%s %u\n", faults_call(i), n[i]);
		if (!getenv("FAULTS_CALL") ||
		    !strcmp(getenv("FAULTS_CALL"), faults_call(i)))
			fail_each(right, i, n[i]);
	}
	print_score();
	ck_assert_uint_eq(score.n_wrong, 0);
	end_side(right[0]);
	end_side(right[1]);
}

/* ---- a story ---- */

enum {
	ROUNDS = 10,
	FIRST_LOSS = 4,
	FIRST_CLEAN = 8
};

/* Calls of each kind in a read, or in the report of it, where nothing fails. */
static unsigned n_of_round[ROUNDS][MAX_CALLS];

static void count_round(int round)
{
	for (size_t i = 0; faults_call(i); i++)
		if (faults_counted(i) > n_of_round[round][i])
			n_of_round[round][i] = faults_counted(i);
}

/* Of one interval, and those before it. */
struct story {
	struct side *right, *s;
	const struct fault_plan *plan;
	int from, to;			    /* the reads that meet faults */
	struct told_value most[MAX_VALUES]; /* that right told of gauges */
	size_t n_most;
	struct told_alarm ever[MAX_TOLD_NOW]; /* that were raised, by right */
	size_t n_ever;
};

/* A number that is that of the host goes on by itself. */
static bool is_of_host(const char *key)
{
	return strstr(key, "softnet") || !strncmp(key, "all/", 4) ||
	       strstr(key, "all-sources") || strstr(key, "-available");
}

static double most_of(const struct story *story, const char *key)
{
	for (size_t i = 0; i < story->n_most; i++)
		if (!strcmp(story->most[i].key, key))
			return story->most[i].gauge;
	return 0;
}

/* The most that a gauge was since the interval before the first fault. */
static void note_most(struct story *story, int round)
{
	const struct told *told = &story->right->told;

	if (round < story->from)
		story->n_most = 0;
	for (size_t i = 0; i < told->n_values; i++)
		if (told->values[i].gauge > most_of(story, told->values[i].key))
			story->most[story->n_most++] = told->values[i];
}

/*
 * While a source cannot be read, and in the interval behind, which is longer, a
 * ratio is less than it was; and what was lost is told as far as it is known.
 */
static bool is_told_right(const struct story *story, int round,
			  const struct told_value *v,
			  const struct told_value *right)
{
	bool uncertain = round >= story->from && round <= story->to + 1;

	if (v->is_gauge && right && v->gauge == right->gauge)
		return true;
	if (v->is_gauge)
		return uncertain && v->gauge >= 0 &&
		       v->gauge <= most_of(story, v->key) + 1e-9;
	if (strstr(v->key, "_gap")) /* since it is watched, at least */
		return !right || v->counter <= right->counter;
	if (!right)
		return false;
	return v->counter == right->counter ||
	       (round >= story->from && strstr(v->key, "-lost_") &&
		v->counter < right->counter);
}

static void compare_values(const struct story *story, int round)
{
	const struct told *told = &story->s->told;
	const struct told *right = &story->right->told;

	for (size_t i = 0; i < told->n_values; i++) {
		const struct told_value *v = &told->values[i];
		const struct told_value *r = find_value(right, v->key);

		if (is_of_host(v->key) || is_told_right(story, round, v, r))
			continue;
		complain("round %d: %s is told to be %.12g, not %.12g", round,
			 v->key, v->is_gauge ? v->gauge : (double)v->counter,
			 !r	       ? NAN
			 : r->is_gauge ? r->gauge
				       : (double)r->counter);
	}
	for (size_t i = 0; i < right->n_values; i++)
		if (!find_value(told, right->values[i].key) &&
		    !is_of_host(right->values[i].key) &&
		    !strstr(right->values[i].key, "_gap") &&
		    round > story->to + 1)
			complain("round %d: %s is not told", round,
				 right->values[i].key);
}

static bool was_raised(const struct story *story, const char *key)
{
	for (size_t i = 0; i < story->n_ever; i++)
		if (!strcmp(story->ever[i].key, key))
			return true;
	return false;
}

static void note_raised(struct story *story)
{
	for (size_t i = 0; i < story->right->n_raised; i++)
		if (!was_raised(story, story->right->raised[i].key))
			story->ever[story->n_ever++] = story->right->raised[i];
}

/*
 * What is raised may be told later: behind the first interval that is whole
 * again, in which no ratio is known. But what goes on is never over.
 */
static void compare_alarms(struct story *story, int round)
{
	const struct told *told = &story->s->told;

	note_raised(story);
	for (size_t i = 0; i < told->n_alarms; i++) {
		const struct told_alarm *a = &told->alarms[i];
		bool raised = is_raised(story->right, a->key);

		if (a->severity == SEVERITY_OKAY && raised && !score.is_absence)
			complain("round %d: false all-clear of %s", round,
				 a->key);
		if (a->severity != SEVERITY_OKAY && !was_raised(story, a->key))
			complain("round %d: false alarm of %s", round, a->key);
	}
	for (size_t i = 0; round > story->to + 1 && round < FIRST_CLEAN &&
			   i < story->right->n_raised;
	     i++)
		if (!is_raised(story->s, story->right->raised[i].key))
			complain("round %d: no alarm of %s", round,
				 story->right->raised[i].key);
}

/*
 * Reads with the rights that the thread had at first: those that the other side
 * may have lost it has to give back itself.
 */
static void read_right(struct side *right)
{
	struct rights now = get_rights();

	set_rights(&world.rights);
	read_side(right);
	set_rights(&now);
}

static void read_round(struct story *story, int round)
{
	bool armed = round >= story->from && round <= story->to;
	struct side *s = story->s;

	read_right(story->right);
	faults_begin(armed ? story->plan : &no_faults);
	if (!round)
		reporter_keep_alarms(s->reporter, engine_namespaces(s->engine));
	read_side(s);
	score.n_faults += faults_end();
	score.is_absence = is_answer(story->plan) && round >= story->from;
	if (story->plan == &no_faults)
		count_round(round);
	check_home(s);
	if (!armed && (!is_answer(story->plan) || round < story->from))
		compare_whole(story->right, s);
	else if (s->result == 0)
		compare_samples(story->right, s);
}

static void report_round(struct story *story, int round)
{
	bool armed = round >= story->from && round <= story->to;

	report_side(story->right);
	note_most(story, round);
	faults_begin(armed ? story->plan : &no_faults);
	report_side(story->s);
	score.n_faults += faults_end();
	if (story->plan == &no_faults)
		count_round(round);
	/* what was not there, and is again, is another one */
	if (is_answer(story->plan) && round >= story->from)
		return;
	compare_values(story, round);
	compare_alarms(story, round);
}

static void play_round(struct story *story, int round)
{
	faults_set_clock((uint64_t)round * 10 * SECOND);
	pass_packets();
	if (round >= FIRST_LOSS && round < FIRST_CLEAN)
		lose_packets();
	read_round(story, round);
	report_round(story, round);
}

static void play(const struct fault_plan *plan, int from, int to)
{
	long blocks = faults_blocks();
	int descriptors = count_descriptors();
	static struct story story;

	begin_plan(plan, from, to);
	story = (struct story) {
		.right = begin_side(NULL),
		.s = begin_side(tree_path(&world.proc, "state")),
		.plan = plan,
		.from = from,
		.to = to,
	};
	for (int i = 0; i < ROUNDS; i++)
		play_round(&story, i);
	end_side(story.right);
	end_side(story.s);
	/* what it still owed the thread in the end was owed to nobody else */
	set_rights(&world.rights);
	(void)!unlink(tree_path(&world.proc, "state"));
	if (faults_blocks() != blocks)
		complain("%ld blocks leak", faults_blocks() - blocks);
	if (count_descriptors() != descriptors)
		complain("%d descriptors leak",
			 count_descriptors() - descriptors);
	alarm(0);
}

static uint64_t random_state = 14;

static unsigned random_below(unsigned n)
{
	return next_random(&random_state) % n;
}

/* A call of that kind, in some read of the story that has one. */
static void play_some(size_t call, int fault, bool all)
{
	struct fault_plan plan = {call, fault, 0, all, false};
	int from = random_below(ROUNDS), to = from;

	for (int i = 0; !n_of_round[from][call] && i < ROUNDS; i++)
		from = (from + 1) % ROUNDS;
	if (!n_of_round[from][call])
		return;
	to = all ? from + (int)random_below(3) : from;
	plan.nth = random_below(n_of_round[from][call]);
	play(&plan, from, to);
}

#define STORIES_EACH 3

TEST(faults, at_any_time_of_a_story_are_survived_and_said)
{
	play(&no_faults, ROUNDS, ROUNDS);
	for (size_t i = 0; faults_call(i); i++)
		for (size_t k = 0; faults_kind(i, k) != FAULT_NONE; k++)
			for (int j = 0; j < STORIES_EACH; j++)
				play_some(i, faults_kind(i, k), j % 3 == 2);
	print_score();
	ck_assert_uint_eq(score.n_wrong, 0);
}
