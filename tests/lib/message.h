/* SPDX-License-Identifier: MIT */
/* Netlink messages made by hand. */
#ifndef TESTS_LIB_MESSAGE_H
#define TESTS_LIB_MESSAGE_H

#include <check.h>
#include <stdint.h>
#include <string.h>

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

#endif
