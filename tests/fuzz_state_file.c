/* SPDX-License-Identifier: MIT */
/*
 * StateFile. The input is read as it is, and as what stands between a right
 * first line and a right last one: else its hash would keep everything out.
 */
#include <errno.h>
#include <string.h>

#include "lib/fuzz.h"
#include "report/alarm_file.h"

#define HEADING "pktloss alarms 1\n"

static void check_alarm(const struct saved_alarm *a)
{
	require(a->layer < N_LAYERS && a->direction < N_DIRECTIONS);
	require(a->state == SEVERITY_WARNING || a->state == SEVERITY_FAILURE);
	require(memchr(a->place, '\0', sizeof(a->place)) &&
		memchr(a->namespace, '\0', sizeof(a->namespace)));
	require(!strpbrk(a->place, " \n") && !strpbrk(a->namespace, " \n"));
}

/* Returns how many alarms there are, or negative errno. */
static int parse(const char *text, size_t n)
{
	struct alarm_file f;
	int r = alarm_file_parse(text, n, &f), count = (int)f.n;

	require_parsed(r);
	require(r == 0 || !f.n);
	for (size_t i = 0; i < f.n; i++)
		check_alarm(&f.items[i]);
	alarm_file_free(&f);
	return r < 0 ? r : count;
}

/* Each line is an alarm, or nothing is believed. */
static void parse_between(const uint8_t *data, size_t size)
{
	size_t head = strlen(HEADING), n = head + size;
	char *text = calloc(1, n + 32), *copy;
	int r, lines = size && data[size - 1] != '\n';

	require(text);
	memcpy(text, HEADING, head);
	if (size)
		memcpy(text + head, data, size);
	n += snprintf(text + n, 32, "end %016llx\n",
		      (unsigned long long)hash_bytes(HASH_START, text, n));
	copy = fuzz_copy(text, n);
	r = parse(copy, n);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	require(r < 0 || r == lines);
	copy[head + size / 2] ^= 1; /* damaged */
	require(parse(copy, n) == -EBADMSG);
	free(copy);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);

	(void)parse(copy, size);
	free(copy);
	parse_between(data, size);
	return 0;
}
