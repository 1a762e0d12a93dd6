/* SPDX-License-Identifier: MIT */
#include "trace/choice.h"

#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "probes/dropreason/dropreason.h"
#include "probes/dropreason/dropreason_layer.h"

/* What the kernel calls all that has no reason of its own. */
#define NOT_SPECIFIED "NOT_SPECIFIED"

static const char *const kind_names[N_TRACE_KINDS] = {
	[TRACE_RETRANSMIT] = "retransmit",
	[TRACE_SYN_RETRANSMIT] = "syn_retransmit",
	[TRACE_SYNACK_RETRANSMIT] = "synack_retransmit",
	[TRACE_REFUSED] = "refused",
	[TRACE_RESET] = "reset_sent",
};

const char *trace_kind_name(enum trace_kind kind)
{
	return kind_names[kind];
}

/* Healthy as drops, but of connections that fail: of addresses used anew. */
static const char *const shown[] = {"TCP_RFC7323_PAWS", "TCP_RFC7323_TW_PAWS"};

static bool is_always_shown(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if (!strcmp(shown[i], name))
			return true;
	return false;
}

/* Each ping has a filter for what it does not wait for. */
bool trace_is_healthy(const char *name, bool for_many)
{
	return !strcmp(name, "SOCKET_FILTER") ||
	       dropreason_is_healthy(name, for_many);
}

static bool is_called(const char *wanted, const char *name)
{
	size_t n = strlen(wanted);

	if (n && wanted[n - 1] == '*')
		return !strncasecmp(wanted, name, n - 1);
	return !strcasecmp(wanted, name);
}

/* NAME alone stands for it in any function. */
static bool has_reason(const char *wanted, const char *name)
{
	size_t n = strcspn(name, ".");

	return is_called(wanted, name) ||
	       (strlen(wanted) == n && !strncasecmp(wanted, name, n));
}

bool trace_choice_has(const struct trace_choice *c, const char *name,
		      bool for_many)
{
	if (c->layer != N_LAYERS && dropreason_layer(name) != c->layer)
		return false;
	if (c->reason)
		return has_reason(c->reason, name);
	return c->healthy || is_always_shown(name) ||
	       !trace_is_healthy(name, for_many);
}

bool trace_choice_may_have(const struct trace_choice *c, const char *name)
{
	const size_t n = sizeof(NOT_SPECIFIED) - 1;

	if (strcmp(name, NOT_SPECIFIED) != 0)
		return trace_choice_has(c, name, false);
	return !c->reason || has_reason(c->reason, name) ||
	       !strncasecmp(c->reason, NOT_SPECIFIED ".", n + 1);
}

static bool has_kind(const struct trace_choice *c, enum trace_kind kind)
{
	if (kind == TRACE_DROP)
		return true;
	if (c->layer != N_LAYERS && c->layer != LAYER_TCP)
		return false;
	if (c->reason)
		return is_called(c->reason, kind_names[kind]);
	return c->healthy || kind != TRACE_RESET;
}

uint32_t trace_choice_kinds(const struct trace_choice *c)
{
	uint32_t kinds = 0;

	for (int i = 0; i < N_TRACE_KINDS; i++)
		if (has_kind(c, i))
			kinds |= 1u << i;
	return kinds;
}
