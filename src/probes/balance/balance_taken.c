/* SPDX-License-Identifier: MIT */
/*
 * IPVS forwards what it takes past the counters of IP, and counts it. SYNPROXY
 * swallows the handshake: the SYN and the ACK of a client, and what the server
 * answers to a SYN of its own (net/netfilter/nf_synproxy_core.c).
 */
#include "probes/balance/balance_private.h"

#include <errno.h>

#include "base/token.h"
#include "kernel/procnet.h"
#include "probes/percpu.h"

/* Two lines of names, then connections and packets in and out, in hex. */
bool balance_parse_ipvs(const char *text, size_t n, struct balance_taken *taken)
{
	struct token rest = {text, n}, line;
	uint64_t in;

	(void)token_line(&rest);
	(void)token_line(&rest);
	line = token_line(&rest);
	(void)token_word(&line);
	if (!token_number(token_word(&line), 16, &in))
		return false;
	taken->in += in;
	return true;
}

enum {
	SYN_RECEIVED,
	COOKIE_INVALID,
	COOKIE_VALID,
	N_SYNPROXY,
};

static const struct counter synproxy_columns[N_SYNPROXY] = {
	[SYN_RECEIVED] = {.name = "syn_received", .bits = 32},
	[COOKIE_INVALID] = {.name = "cookie_invalid", .bits = 32},
	[COOKIE_VALID] = {.name = "cookie_valid", .bits = 32},
};

bool balance_parse_synproxy(const char *text, size_t n,
			    struct balance_taken *taken)
{
	struct percpu p;

	if (percpu_parse(text, n, synproxy_columns, N_SYNPROXY, &p) < 0)
		return false;
	for (int i = 0; i < N_SYNPROXY; i++)
		if (!p.found[i])
			return false;
	taken->in += p.value[SYN_RECEIVED] + p.value[COOKIE_VALID] +
		     p.value[COOKIE_INVALID];
	taken->out += p.value[COOKIE_VALID];
	return true;
}

int balance_read_taken(const struct probe_env *env, struct balance_taken *ret)
{
	static const struct {
		const char *name;
		bool (*parse)(const char *text, size_t n,
			      struct balance_taken *taken);
	} files[] = {
		{"stat/synproxy", balance_parse_synproxy},
		{"ip_vs_stats", balance_parse_ipvs},
	};

	*ret = (struct balance_taken) {0};
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		ssize_t n = procnet_read(env->net, files[i].name, env->buffer,
					 env->size);

		if (n < 0 && n != -ENOENT)
			return (int)n;
		if (n > 0 && !files[i].parse(env->buffer, (size_t)n, ret))
			return -EBADMSG;
	}
	return 0;
}
