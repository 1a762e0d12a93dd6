/* SPDX-License-Identifier: MIT */
#include "model/explain.h"

#include <string.h>

/* 0 is none, see cause_id(): without a random key, as StateFile has it. */
static uint32_t hash_blamed(const char *name)
{
	uint64_t hash = hash_bytes(HASH_START, name, strlen(name));

	return (uint32_t)(hash ^ hash >> 32) | 1;
}

void cause_blame(struct cause *c, const char *name)
{
	if (c->n_blamed < MAX_BLAMED)
		c->blamed[c->n_blamed++] = hash_blamed(name);
}

void cause_blame_number(struct cause *c, uint64_t number)
{
	char name[24];

	snprintf(name, sizeof(name), "%llu", (unsigned long long)number);
	cause_blame(c, name);
}
