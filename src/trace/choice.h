/* SPDX-License-Identifier: MIT */
/* Which of all that the kernel drops, sends again or refuses is shown. Pure. */
#ifndef PKTLOSS_TRACE_CHOICE_H
#define PKTLOSS_TRACE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/trace.h"
#include "model/counter.h"

struct trace_choice {
	/* a name, in any case; all that begin so where it ends in '*'; NULL */
	const char *reason;
	enum layer layer; /* N_LAYERS: all */
	bool healthy;	  /* what is no loss, too */
};

/* "retransmit": what stands in the place of a reason; NULL: it has its own. */
const char *trace_kind_name(enum trace_kind kind);

/*
 * Whether nothing is lost where packets are dropped for that reason, as
 * dropreason_is_healthy() has it, or the program whose packets they are told
 * the kernel to drop them.
 */
bool trace_is_healthy(const char *name, bool for_many);

/*
 * Whether drops of a reason are shown, which is called NAME, or NAME.FUNCTION
 * as by dropreason_name(); for_many: of packets for a group, or for all.
 * Without a --reason that names it a healthy one is not, unless it tells whose
 * connections fail.
 */
bool trace_choice_has(const struct trace_choice *c, const char *name,
		      bool for_many);
/* Whether any may be that the kernel calls so, in whatever function. */
bool trace_choice_may_have(const struct trace_choice *c, const char *name);
/* The kinds that are, bit i: enum trace_kind i. */
uint32_t trace_choice_kinds(const struct trace_choice *c);

#endif
