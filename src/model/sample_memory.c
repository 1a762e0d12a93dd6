/* SPDX-License-Identifier: MIT */
#include "model/sample_memory.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

#define MAX_MEMORY (64u << 20)

/* Before the bytes of each probe. */
struct memory_head {
	uint32_t source;
	uint32_t n; /* bytes that follow, and as many more as make it 8 */
};

static size_t round_up(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* The head of a probe's memory, or NULL. */
static struct memory_head *find_memory(const struct sample *s, uint8_t source)
{
	struct memory_head *head;

	for (size_t at = 0; at < s->n_memory;
	     at += sizeof(*head) + round_up(head->n)) {
		head = (struct memory_head *)(s->memory + at);
		if (head->source == source)
			return head;
	}
	return NULL;
}

/* That of the probe at work, which is the last, or NULL: it has none yet. */
static struct memory_head *own_memory(const struct sample *s)
{
	struct memory_head *last;

	if (!s->n_memory)
		return NULL;
	last = (struct memory_head *)(s->memory + s->last_memory);
	return last->source == s->source ? last : NULL;
}

/* Makes room for so many bytes in all; false: s->error is set. */
static bool reserve_memory(struct sample *s, size_t wanted)
{
	if (s->error)
		return false;
	if (wanted > MAX_MEMORY)
		s->error = -E2BIG;
	else if (!array_reserve((void **)&s->memory, &s->max_memory, wanted, 1))
		s->error = -ENOMEM;
	return !s->error;
}

/* The head for the probe that appends now: it is the last, found or made. */
static struct memory_head *last_memory(struct sample *s, size_t more)
{
	struct memory_head *head = find_memory(s, s->source);
	size_t at = head ? (size_t)((unsigned char *)head - s->memory)
			 : s->n_memory;
	size_t n = head ? head->n : 0;

	if (head && at + sizeof(*head) + round_up(n) != s->n_memory)
		s->error = -EINVAL; /* what follows would be overwritten */
	if (!reserve_memory(s, at + sizeof(*head) + round_up(n + more)))
		return NULL;
	if (!head)
		memcpy(s->memory + at,
		       &(struct memory_head) {.source = s->source},
		       sizeof(*head));
	s->last_memory = at;
	return (struct memory_head *)(s->memory + at);
}

void sample_remember(struct sample *s, const void *bytes, size_t n)
{
	struct memory_head *head = n < MAX_MEMORY ? last_memory(s, n) : NULL;
	unsigned char *end;

	if (!head) {
		s->error = s->error ? s->error : -E2BIG;
		return;
	}
	end = (unsigned char *)(head + 1) + head->n;
	memcpy(end, bytes, n);
	head->n += n;
	s->n_memory = (unsigned char *)(head + 1) - s->memory +
		      round_up(head->n);
}

size_t sample_remembered(const struct sample *s)
{
	const struct memory_head *head = own_memory(s);

	return head ? head->n : 0;
}

void sample_forget(struct sample *s, size_t n)
{
	struct memory_head *head = own_memory(s);

	if (head && n < head->n)
		head->n = n;
}

const void *sample_memory(const struct sample *s, uint8_t source, size_t *ret_n)
{
	const struct memory_head *head = s ? find_memory(s, source) : NULL;

	*ret_n = head ? head->n : 0;
	return head ? head + 1 : NULL;
}
