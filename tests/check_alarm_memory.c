/* SPDX-License-Identifier: MIT */
/* Alarms over a restart of collectd: what reports and StateFile do together. */
#include <errno.h>
#include <sys/stat.h>

#include "lib/tree.h"
#include "probes/link/link.h"
#include "report_lab.h"

static char alarm_path[64];

static void setup(void)
{
	int fd;

	lab_setup();
	snprintf(alarm_path, sizeof(alarm_path), "/tmp/pktloss-memory-XXXXXX");
	fd = mkstemp(alarm_path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(alarm_path); /* as at the very first start */
	lab.settings.state_file = strdup(alarm_path);
}

static void teardown(void)
{
	unlink(alarm_path);
	lab_teardown();
}

static void restart(void)
{
	lab_teardown();
	lab_setup();
	lab.settings.state_file = strdup(alarm_path);
}

/* Three reads, of which the last two lose one packet in ten. */
static void raise_alarm(void)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	ck_assert_uint_eq(lab.n_notified, 1);
}

CASE(alarm_memory, .setup = setup, .teardown = teardown);

TEST(alarm_memory, restart_does_not_raise_again)
{
	struct ns *ns;

	raise_alarm();
	restart();
	ns = lab_ns("nginx");
	for (uint64_t i = 0; i < 6; i++) {
		lab_round(ns, 2000 + 90 * i, 100 + 10 * i);
		ck_assert_uint_eq(lab.n_notified, 0);
	}
	check_without("StateFile");
}

/* So many are missed and so many damaged, of thousand each time. */
static unsigned lossy_rounds(struct ns *ns, int n, uint64_t missed,
			     uint64_t damaged)
{
	static uint64_t sum[3];
	unsigned told = 0;

	for (int i = 0; i < n; i++) {
		struct sample *s;

		reporter_keep_alarms(lab.reporter, &lab.list);
		s = lab_read(ns);
		lab_interface(s, "eth0", sum[0] += 1000, "rx_missed_errors",
			      sum[1] += missed);
		sample_row(s, find_counter(&link_probe, "rx_crc_errors", NULL),
			   sum[2] += damaged);
		lab_report();
		told += lab.n_notified;
		reporter_keep_alarms(lab.reporter, &lab.list);
	}
	return told;
}

/* The same goes on, or something else has begun meanwhile. */
TEST_EACH(alarm_memory, other_cause_after_a_restart_is_told_once, 2)
{
	struct ns *ns = lab_ns("nginx");

	ck_assert_uint_eq(lossy_rounds(ns, 5, 200, 0), 1);
	restart();
	ns = lab_ns("nginx");
	ck_assert_uint_eq(lossy_rounds(ns, 4, _i ? 0 : 200, _i ? 200 : 0), _i);
	if (_i)
		ck_assert_str_eq(lab.notified[0].counter, "rx_crc_errors");
	ck_assert_uint_eq(lossy_rounds(ns, 90, _i ? 0 : 200, _i ? 200 : 0), 0);
	/* what was told of it is what the next one finds */
	restart();
	ns = lab_ns("nginx");
	ck_assert_uint_eq(lossy_rounds(ns, 20, _i ? 0 : 200, _i ? 200 : 0), 0);
}

/* The file has no words of causes. */
static void check_knows_no_cause(const struct recorded *n)
{
	ck_assert_str_eq(n->counter, "none");
	ck_assert_str_eq(n->cause, "the cause is not known");
	ck_assert_str_eq(n->remedy, "none");
	ck_assert_str_eq(n->reason, "unknown");
	ck_assert_str_eq(n->runbook, "CAUSES.md#unknown");
}

TEST(alarm_memory, recovery_after_a_restart_is_notified_once)
{
	struct ns *ns;
	unsigned n = 0;

	raise_alarm();
	for (int turn = 0; turn < 2; turn++) {
		restart();
		ns = lab_ns("nginx");
		for (uint64_t i = 0; i < 6; i++) {
			lab_round(ns, 2000 + 90 * i, 100);
			n += lab.n_notified;
		}
	}
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_OKAY);
	check_knows_no_cause(&lab.notified[0]);
}

TEST(alarm_memory, what_is_gone_after_a_restart_is_taken_back)
{
	raise_alarm();
	restart();
	/* it has two minutes to come back: a read is every ten seconds */
	for (int i = 0; i < 15; i++) {
		lab_round(i ? lab.list.items[0] : lab_ns("other"), 1000, 0);
		ck_assert_uint_eq(lab.n_notified, i == 12);
		if (lab.n_notified)
			break;
	}
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_OKAY);
	ck_assert_str_eq(lab.notified[0].place, "eth0@nginx");
	ck_assert_ptr_nonnull(strstr(lab.notified[0].message, "is gone"));
	check_knows_no_cause(&lab.notified[0]);
}

#define HOUR (3600 * SECOND)

/* What happens half a minute after the restart. */
static const struct {
	uint64_t clock_ns; /* so far ahead it is then, from two hours */
	uint64_t asleep_ns;
} steps[] = {
	{1 * HOUR, 0},
	{3 * HOUR, 0},
	{2 * HOUR, HOUR},
};

TEST_EACH(alarm_memory, patience_is_of_no_clock_that_is_set_or_sleeps,
	  ARRAY_SIZE(steps))
{
	raise_alarm();
	restart();
	lab.clock_ns = 2 * HOUR;
	for (int i = 0; i < 13; i++) {
		lab_round(i ? lab.list.items[0] : lab_ns("other"), 1000, 0);
		ck_assert_uint_eq(lab.n_notified, i == 12);
		if (i != 3)
			continue;
		lab.clock_ns = steps[_i].clock_ns;
		lab.asleep_ns = steps[_i].asleep_ns;
	}
}

/* The namespace that it is of comes late, and is claimed all the same. */
TEST_EACH(alarm_memory, clock_set_after_a_restart_takes_nothing_back,
	  ARRAY_SIZE(steps))
{
	struct ns *ns;

	raise_alarm();
	restart();
	lab.clock_ns = 2 * HOUR;
	lab_round(lab_ns("other"), 1000, 0);
	lab.clock_ns = steps[_i].clock_ns;
	lab.asleep_ns = steps[_i].asleep_ns;
	lab_round(lab.list.items[0], 1000, 0);
	ns = lab_ns("nginx");
	for (uint64_t i = 0; i < 6; i++) {
		lab_round(ns, 2000 + 90 * i, 100 + 10 * i);
		ck_assert_uint_eq(lab.n_notified, 0);
	}
}

TEST(alarm_memory, report_of_nothing_takes_nothing_back)
{
	raise_alarm();
	restart();
	lab_round(lab_ns("other"), 1000, 0);
	lab_report();
	ck_assert_uint_eq(lab.n_notified, 0);
}

TEST(alarm_memory, damaged_state_is_ignored_with_a_warning)
{
	FILE *f = fopen(alarm_path, "we");
	struct ns *ns = lab_ns("nginx");

	ck_assert_ptr_nonnull(f);
	fputs("pktloss alarms 1\nnonsense\n", f);
	fclose(f);
	lab_round(ns, 1000, 0);
	ck_assert_uint_eq(lab_count("StateFile"), 1);
	ck_assert_uint_eq(lab_count("damaged"), 1);
	lab_round(ns, 1090, 10);
	check_without("StateFile");
	lab_round(ns, 1120, 20);
	ck_assert_uint_eq(lab.n_notified, 1);
}

TEST(alarm_memory, state_that_cannot_be_written_is_said_once)
{
	struct ns *ns = lab_ns("nginx");

	free(lab.settings.state_file);
	lab.settings.state_file = strdup("/nonexistent/state");
	/* at once, not when the first alarm is raised */
	lab_round(ns, 1000, 0);
	check_line("LOG StateFile cannot be written: its directory does not "
		   "exist: make it (/nonexistent/state)");
	for (uint64_t i = 1; i < 3; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	ck_assert_uint_eq(lab.n_notified, 1);
	lab_round(ns, 2000, 20);
	ck_assert_uint_eq(lab_count("StateFile"), 0);
	for (int i = 0; i < 2; i++)
		lab_round(ns, 2100 + 100 * i, 20);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_uint_eq(lab_count("StateFile"), 0);
	/* tried again until it works, though no alarm changes any more */
	free(lab.settings.state_file);
	lab.settings.state_file = strdup(alarm_path);
	lab_round(ns, 2400, 20);
	ck_assert_int_eq(access(alarm_path, F_OK), 0);
}

/* Where a state file is to be, and what is said of that at once. */
static const struct {
	const char *path; /* below a directory with a file in it */
	const char *told; /* NULL: nothing */
} places[] = {
	{"there/state", NULL},
	{"there/file/state",
	 "LOG StateFile cannot be read: a directory of its path is a file ("},
	{"there/missing/state",
	 "LOG StateFile cannot be written: its directory does not exist: make "
	 "it ("},
	{"there",
	 "LOG StateFile cannot be read: it is no regular file: move away what "
	 "is there ("},
	{"closed/state",
	 "LOG StateFile cannot be written: collectd's user has no right to: it "
	 "has to read the file, and to write in its directory ("},
};

TEST_EACH(alarm_memory, what_is_wrong_with_a_place_is_said_in_words,
	  ARRAY_SIZE(places))
{
	const char *told = places[_i].told;
	uid_t user = geteuid();
	struct tree t;

	tree_make(&t);
	tree_put(&t, "there/file", "");
	tree_mkdir(&t, "closed");
	ck_assert_int_eq(chmod(tree_path(&t, "closed"), 0555), 0);
	ck_assert_int_eq(chmod(t.path, 0755), 0);
	free(lab.settings.state_file);
	lab.settings.state_file = strdup(tree_path(&t, places[_i].path));
	if (!user && told && strstr(told, "right")) /* root may do all */
		ck_assert_int_eq(seteuid(12345), 0);
	lab_round(lab_ns("nginx"), 1000, 0);
	ck_assert_int_eq(seteuid(user), 0);
	ck_assert_uint_eq(lab_count("StateFile"), told != NULL);
	ck_assert_msg(!told || lab_count(told) == 1, "%s", lab.output);
	tree_remove(&t);
}

/* What no test can cause without a disk of its own. */
TEST(alarm_memory, disk_that_takes_nothing_is_said_in_words)
{
	struct alarm_memory m = {.path = "/state", .use = "written"};
	char text[256];

	m.error = -EROFS;
	ck_assert(alarm_memory_complaint(&m, text));
	ck_assert_str_eq(text, "StateFile cannot be written: its file system "
			       "is read-only: mount it to be written, or set "
			       "ReadWritePaths= in collectd's unit (/state)");
	m = (struct alarm_memory) {
		.path = "/state", .use = "written", .error = -ENOSPC};
	ck_assert(alarm_memory_complaint(&m, text));
	ck_assert_str_eq(text, "StateFile cannot be written: there is no space "
			       "left for it (/state)");
}

TEST(alarm_memory, trying_the_file_leaves_nothing_behind)
{
	struct stat before, after;
	char new[80];

	snprintf(new, sizeof(new), "%s.new", alarm_path);
	lab_round(lab_ns("nginx"), 1000, 0);
	check_without("StateFile");
	ck_assert_int_lt(access(alarm_path, F_OK), 0);
	ck_assert_int_lt(access(new, F_OK), 0);
	for (uint64_t i = 1; i < 3; i++)
		lab_round(lab.list.items[0], 1000 + 90 * i, 10 * i);
	ck_assert_int_eq(stat(alarm_path, &before), 0);
	restart();
	lab_round(lab_ns("nginx"), 2000, 100);
	ck_assert_int_eq(stat(alarm_path, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_lt(access(new, F_OK), 0);
}

TEST(alarm_memory, pipe_in_place_of_the_state_is_said_once)
{
	struct stat st;

	ck_assert_int_eq(mkfifo(alarm_path, 0600), 0);
	for (uint64_t i = 0; i < 6; i++) {
		lab_round(i ? lab.list.items[0] : lab_ns("nginx"),
			  1000 + 90 * i, 10 * i);
		ck_assert_uint_eq(
			lab_count("StateFile cannot be read: it is no "
				  "regular file"),
			i == 0);
		ck_assert_uint_eq(lab_count("StateFile"), i == 0);
	}
	ck_assert_uint_eq(lab.list.items[0]->losses.items[0].alarm.state,
			  SEVERITY_FAILURE);
	ck_assert_int_eq(lstat(alarm_path, &st), 0);
	ck_assert(S_ISFIFO(st.st_mode));
}

/* In whose hands the file of a raised alarm is, and what is said of it. */
static const struct {
	mode_t mode, above; /* of file and directory, 0: as it is made */
	uid_t owner, owner_above;
	bool is_link;
	const char *told;
} hands[] = {
	{.mode = 0600},
	{.mode = 0644},
	{.above = 01777},
	{.mode = 0660, .told = "others may write it"},
	{.mode = 0602, .told = "others may write it"},
	{.owner = 12345, .told = "somebody else owns it"},
	{.above = 0777, .told = "others may write a directory above it"},
	{.above = 0775, .told = "others may write a directory above it"},
	{.owner_above = 12345, .told = "somebody else owns a directory above"},
	{.is_link = true, .told = "it is a link"},
};

static void put_into_hands(const struct tree *t, int i)
{
	const char *above = tree_path(t, "above");

	if (hands[i].mode)
		ck_assert_int_eq(chmod(alarm_path, hands[i].mode), 0);
	if (hands[i].above)
		ck_assert_int_eq(chmod(above, hands[i].above), 0);
	if (hands[i].owner)
		ck_assert_int_eq(chown(alarm_path, hands[i].owner, -1), 0);
	if (hands[i].owner_above)
		ck_assert_int_eq(chown(above, hands[i].owner_above, -1), 0);
	if (hands[i].is_link) {
		ck_assert_int_eq(rename(alarm_path, tree_path(t, "to")), 0);
		ck_assert_int_eq(symlink(tree_path(t, "to"), alarm_path), 0);
	}
}

static size_t size_of_file(void)
{
	struct stat st;

	ck_assert_int_eq(stat(alarm_path, &st), 0);
	return st.st_size;
}

/* Where the file is not used, the alarm is raised anew, and stays there. */
static void check_use(const char *told)
{
	struct ns *ns = lab_ns("nginx");
	size_t size = size_of_file();
	unsigned n = 0, said = 0;

	for (uint64_t i = 0; i < 4; i++) {
		lab_round(ns, 2000 + 90 * i, 100 + 10 * i);
		n += lab.n_notified;
		said += told && lab_count(told);
		if (!told)
			check_without("StateFile");
	}
	ck_assert_uint_eq(n, told != NULL);
	ck_assert_uint_eq(said, told != NULL);
	ck_assert_uint_eq(size_of_file(), size);
}

TEST_EACH(alarm_memory, state_that_others_can_write_is_not_used,
	  ARRAY_SIZE(hands))
{
	struct tree t;

	if ((hands[_i].owner || hands[_i].owner_above) && geteuid())
		return; /* only root can give files away */
	tree_make(&t);
	tree_mkdir(&t, "above/there");
	unlink(alarm_path);
	snprintf(alarm_path, sizeof(alarm_path), "%s",
		 tree_path(&t, "above/there/state"));
	restart();
	raise_alarm();
	put_into_hands(&t, _i);
	restart();
	check_use(hands[_i].told);
	tree_remove(&t);
}

TEST(alarm_memory, too_many_alarms_are_said)
{
	const struct saved_alarm one = {"a-name.of_47_bytes_"
					"0123456789012345678901234567",
					"123456789012345",
					LAYER_LINK,
					DIR_RX,
					SEVERITY_WARNING,
					TOLD_UNKNOWN,
					0};
	struct ns *ns = lab_ns("nginx");

	reporter_keep_alarms(lab.reporter, &lab.list);
	while (lab.reporter->alarms.unclaimed.n < 20000)
		ck_assert_int_eq(
			alarm_file_add(&lab.reporter->alarms.unclaimed, &one),
			0);
	for (uint64_t i = 0; i < 3; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	check_without("StateFile");
	lab_round(ns, 1300, 20);
	ck_assert_uint_eq(lab_count("StateFile cannot be written whole"), 1);
	ck_assert_int_eq(access(alarm_path, F_OK), 0);
}

/* A disk may be slow, and who reports must not wait for it. */
TEST(alarm_memory, report_does_not_wait_for_a_disk)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		lab_interface(lab_read(ns), "eth0", 1000 + 90 * i,
			      "rx_missed_errors", 10 * i);
		lab_report();
	}
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(access(alarm_path, F_OK), -1);
}

/* More than fit into the file, of one namespace. */
TEST(alarm_memory, alarms_of_one_leave_room_in_the_file_for_others)
{
	struct ns *noisy = lab_ns("noisy"), *web = lab_ns("web");
	struct alarm_file back;
	unsigned n_web = 0;

	reporter_keep_alarms(lab.reporter, &lab.list);
	noisy->losses.n = noisy->losses.max = 40000;
	noisy->losses.items = calloc(40000, sizeof(struct loss));
	ck_assert_ptr_nonnull(noisy->losses.items);
	for (size_t i = 0; i < noisy->losses.n; i++) {
		struct loss *loss = &noisy->losses.items[i];

		snprintf(loss->place, sizeof(loss->place), "e%u", (unsigned)i);
		loss->alarm.told = SEVERITY_WARNING;
	}
	for (int i = 0; i < 3; i++) {
		struct loss *loss =
			loss_get(&web->losses, LAYER_LINK, "eth0", i);

		ck_assert_ptr_nonnull(loss);
		loss->alarm.told = SEVERITY_FAILURE;
	}
	lab.reporter->alarms.unsaved = true;
	reporter_keep_alarms(lab.reporter, &lab.list);
	ck_assert_int_eq(alarm_file_read(alarm_path, &back), 0);
	for (size_t i = 0; i < back.n; i++)
		n_web += !strcmp(back.items[i].namespace, "web");
	ck_assert_uint_eq(n_web, 3);
	ck_assert_uint_gt(back.n, 10000);
	alarm_file_free(&back);
}
