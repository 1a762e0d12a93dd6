/* SPDX-License-Identifier: MIT */
#include "probes/firewall/legacy.h"

#include <errno.h>
#include <time.h>

#include "probes/firewall/firewall.h"
#include "probes/firewall/nft_memory.h"
#include "probes/firewall/rule.h"

/*
 * Seen in between, the old counts would be fresh losses in the next read: wait
 * for them a little.
 */
#define RESTORE_TRIES 3
#define RESTORE_WAIT_NS 2000000

bool legacy_is_in_nft(const struct probe_env *env, const struct sample *s,
		      enum family family, const char *table)
{
	uint8_t source = 0;

	while (env->probes[source] != &nft_probe)
		source++;
	return nft_has_table(s, source, family, table);
}

/* Whether counts have gone, or begun anew, in what was appended since. */
static bool has_lost_counts(const struct sample *s, struct sample_mark since)
{
	const struct counter *fact = &firewall_facts[FIREWALL_REPLACED];

	for (uint32_t i = since.objects; i < s->n_objects; i++)
		if (object_value(s, &s->objects[i], fact, 0))
			return true;
	return false;
}

int legacy_read_restored(const char *table, legacy_read read, const void *arg,
			 struct sample *out)
{
	const struct timespec wait = {.tv_nsec = RESTORE_WAIT_NS};
	struct sample_mark mark = sample_mark(out);
	int r = -EAGAIN;

	for (int i = 0; i < RESTORE_TRIES; i++) {
		if (i) {
			nanosleep(&wait, NULL);
			sample_rollback(out, mark);
		}
		r = read(arg, table, out);
		if (r < 0 || out->error || !has_lost_counts(out, mark))
			break;
	}
	return r;
}
