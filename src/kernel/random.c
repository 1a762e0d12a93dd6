/* SPDX-License-Identifier: MIT */
#include "kernel/random.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

void random_key(struct hash_key *ret)
{
	const void *given;

	if (getrandom(ret, sizeof(*ret), GRND_NONBLOCK) == sizeof(*ret))
		return;
	/* early in the boot: the kernel gives each program 16 bytes at least */
	given = (const void *)getauxval(AT_RANDOM);
	if (given)
		memcpy(ret, given, sizeof(*ret));
	else
		*ret = (struct hash_key) {.words = {(uintptr_t)ret, 0}};
}
