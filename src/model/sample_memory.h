/* SPDX-License-Identifier: MIT */
/*
 * What a probe remembers from one read to the next, and nobody else looks at:
 * bytes of its own, kept in the sample, so that they share its fate. A source
 * that could not be read keeps its memory; a read that is taken back does not.
 * The next read may be that of another process, for pktloss(8) keeps samples in
 * files: so there are no pointers in it, nor anything else of one process.
 */
#ifndef PKTLOSS_MODEL_SAMPLE_MEMORY_H
#define PKTLOSS_MODEL_SAMPLE_MEMORY_H

#include "model/sample.h"

/*
 * Appends n bytes for the probe that appends now, in any number of calls, but
 * without another probe's in between. A failure stays in s->error: -ENOMEM,
 * -E2BIG past 64 MiB, -EINVAL for such a call.
 */
void sample_remember(struct sample *s, const void *bytes, size_t n);

/*
 * For sample_mark() and sample_rollback(): how many bytes the probe that
 * appends now has remembered, and forgetting those behind the first n.
 */
size_t sample_remembered(const struct sample *s);
void sample_forget(struct sample *s, size_t n);

/*
 * What the probe of that index remembered: *ret_n bytes, aligned to 8; NULL
 * where it remembered nothing, or s is NULL. Valid until s is read anew.
 */
const void *sample_memory(const struct sample *s, uint8_t source,
			  size_t *ret_n);

#endif
