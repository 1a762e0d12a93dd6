/* SPDX-License-Identifier: MIT */
/* What several test programs share: running a suite, samples made by hand. */
#ifndef TESTLIB_H
#define TESTLIB_H

#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "diagnosis/cause.h"
#include "model/probe.h"

#define SKIPPED 77

/* Runs a suite. Returns what main() returns. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

/*
 * Moves the caller, and all that it starts, to where /run is empty: names of
 * namespaces made there meet no others, and end with it. False: not allowed.
 */
static inline bool has_own_run(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("run", "/run", "tmpfs", 0, NULL) == 0;
}

static inline const struct object *find_object(const struct sample *s,
					       enum layer layer,
					       const char *place,
					       const char *name)
{
	uint32_t hint = 0;

	return sample_find(s, layer, place, name, &hint);
}

/* The row of a counter of a probe, by its name and type; never NULL. */
static inline const struct counter *find_counter(const struct probe *probe,
						 const char *name,
						 const char *type)
{
	for (size_t i = 0; i < probe->n_counters; i++) {
		const struct counter *c = &probe->counters[i];

		if (!strcmp(c->name, name) &&
		    (!type || (c->type && !strcmp(c->type, type))))
			return c;
	}
	ck_abort_msg("probe %s has no counter %s", probe->name, name);
	return NULL;
}

/* A netlink message made by hand; as many as fit stand in a row. */
struct message {
	_Alignas(8) unsigned char bytes[8192];
	size_t n;     /* of bytes */
	size_t begin; /* of the message begun last */
};

static inline void message_length(struct message *m)
{
	uint32_t length = (uint32_t)(m->n - m->begin);

	memcpy(m->bytes + m->begin, &length, sizeof(length));
}

/* Begins a message; its length grows with what is put. */
static inline void message_begin(struct message *m, uint16_t type,
				 uint16_t flags, uint32_t sequence)
{
	struct {
		uint32_t length;
		uint16_t type, flags;
		uint32_t sequence, port;
	} head = {16, type, flags, sequence, 0};

	m->n = (m->n + 3) & ~(size_t)3;
	m->begin = m->n;
	memcpy(m->bytes + m->n, &head, sizeof(head));
	m->n += sizeof(head);
}

static inline void message_put(struct message *m, const void *data, size_t n)
{
	ck_assert_uint_le(m->n + n + 4, sizeof(m->bytes));
	memcpy(m->bytes + m->n, data, n);
	m->n += n;
	message_length(m);
}

/* Begins an attribute, returns where. */
static inline size_t attr_begin(struct message *m, uint16_t type)
{
	uint16_t head[2] = {4, type};

	m->n = (m->n + 3) & ~(size_t)3;
	message_put(m, head, sizeof(head));
	return m->n - sizeof(head);
}

static inline void attr_end(struct message *m, size_t at)
{
	uint16_t length = (uint16_t)(m->n - at);

	memcpy(m->bytes + at, &length, sizeof(length));
	message_length(m);
}

static inline void attr_put(struct message *m, uint16_t type, const void *data,
			    size_t n)
{
	size_t at = attr_begin(m, type);

	message_put(m, data, n);
	attr_end(m, at);
}

static inline void attr_u32(struct message *m, uint16_t type, uint32_t value)
{
	attr_put(m, type, &value, sizeof(value));
}

/* The worst cause of a loss; empty and not known where there is none. */
static inline void cause_find(const struct sample *s, const struct loss *loss,
			      struct cause *ret)
{
	struct causes list;

	cause_list(s, loss, &list);
	*ret = list.items[0];
}

/* A generator of numbers that are the same in every run. */
static inline uint32_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 32;
}

#endif
