/* SPDX-License-Identifier: MIT */
/*
 * What tests of reports share: namespaces whose samples are made by hand,
 * without a kernel, a reporter, and a sink that records.
 */
#ifndef REPORT_LAB_H
#define REPORT_LAB_H

/* before the kernel's own headers, which then leave out what libc has */
#include "engine/ns.h"
#include "report/report.h"
#include "testlib.h"

#define SECOND UINT64_C(1000000000)

struct recorded {
	enum severity severity;
	char place[NAME_PART + 1], type[16], instance[NAME_PART + 1];
	char message[512], namespace[64], interface[32], layer[16];
	char counter[64], cause[384], remedy[1024], reason[96];
	char runbook[128];
	double percent, warning, failure;
	uint64_t time_ns;
};

/* One per process: check forks for each test. */
struct report_lab {
	struct settings settings;
	struct ns_list list;
	struct blindness blindness;
	struct reporter *reporter;
	unsigned read_number; /* one every ten seconds */
	uint64_t asleep_ns;   /* so long the host slept besides */
	uint64_t clock_ns;    /* so far ahead of it the clock is set */
	char output[1 << 20]; /* of a report: a line per value, notification,
			       * log or flush */
	size_t n_output;
	struct recorded notified[64];
	unsigned n_notified;
};

extern struct report_lab lab;

void lab_setup(void);
void lab_teardown(void);

/* Begins to watch a namespace; "" is collectd's own. */
struct ns *lab_ns(const char *name);

/* Begins a read: what is appended to the result was read now. */
struct sample *lab_read(struct ns *ns);

/* Reports, ends the interval; what was recorded before is forgotten. */
void lab_report(void);

bool lab_has_line(const char *line);
/* How often the output has that. */
unsigned lab_count(const char *part);

#define check_line(line)                                                       \
	ck_assert_msg(lab_has_line(line), "%s not in:\n%s", line, lab.output)
#define check_without(part)                                                    \
	ck_assert_msg(!strstr(lab.output, part), "%s is in:\n%s", part,        \
		      lab.output)

/* Appends an interface as the link probe leaves it, rx_errors being 0. */
void lab_interface(struct sample *s, const char *place, uint64_t packets,
		   const char *counter, uint64_t value);

/* A read and report of one namespace with one interface that misses. */
void lab_round(struct ns *ns, uint64_t packets, uint64_t missed);

/* Appends the root qdisc of eth0, of some kind. */
void lab_queue(struct sample *s, const char *kind, uint64_t packets,
	       uint64_t dropped);

#endif
