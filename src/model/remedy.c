/* SPDX-License-Identifier: MIT */
#include "model/remedy.h"

#include <string.h>

#include "base/util.h"

struct token remedy_command(const char **text)
{
	const char *from = strchr(*text, '`');
	const char *to = from ? strchr(from + 1, '`') : NULL;

	if (!to) {
		*text += strlen(*text);
		return (struct token) {*text, 0};
	}
	*text = to + 1;
	return (struct token) {from + 1, to - from - 1};
}

static bool begins_with(struct token t, const char *prefix)
{
	size_t n = strlen(prefix);

	return t.n >= n && !memcmp(t.at, prefix, n);
}

static bool begins_with_any(struct token t, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (begins_with(t, *prefixes))
			return true;
	return false;
}

/*
 * Settings that a namespace does not have, or may only read: as a new one of
 * Linux 6.18 shows them beside those of the host.
 */
static bool is_host_setting(struct token name)
{
	static const char *const everywhere[] = {
		"net.core.optmem_max",
		"net.core.rps_default_mask",
		"net.core.somaxconn",
		"net.core.tstamp_",
		"net.core.txrehash",
		"net.core.xfrm_",
		NULL,
	};
	static const char *const host[] = {
		"net.core.",
		"net.ipv4.inet_peer_",
		"net.ipv4.neigh.default.",
		"net.ipv4.route.error_",
		"net.ipv4.route.gc_",
		"net.ipv4.route.max_size",
		"net.ipv4.route.redirect_",
		"net.ipv4.tcp_max_orphans",
		"net.ipv4.tcp_mem",
		"net.ipv4.udp_mem",
		"net.ipv6.neigh.default.",
		"net.netfilter.nf_conntrack_buckets",
		"net.netfilter.nf_conntrack_expect_max",
		"net.netfilter.nf_conntrack_max",
		"net.nf_conntrack_max",
		NULL,
	};

	return begins_with_any(name, host) &&
	       !begins_with_any(name, everywhere);
}

/* What connection tracking has one of may be read everywhere. */
static bool is_for_host(struct token word)
{
	return is_host_setting(word) && (memchr(word.at, '=', word.n) ||
					 !begins_with(word, "net.netfilter."));
}

/* Whether one of the settings that it names is of the host. */
static bool sets_the_host(struct token command)
{
	if (!begins_with(command, "sysctl "))
		return false;
	while (command.n)
		if (is_for_host(token_word(&command)))
			return true;
	return false;
}

bool remedy_is_of_host(struct token *command)
{
	static const char mark[] = "host:";

	if (!begins_with(*command, mark))
		return sets_the_host(*command);
	command->at += sizeof(mark) - 1;
	command->n -= sizeof(mark) - 1;
	while (command->n && *command->at == ' ') {
		command->at++;
		command->n--;
	}
	return true;
}

/* A text in the making; what has no room sets full. */
struct output {
	char *buffer;
	size_t size, n;
	bool full;
};

static void put(struct output *out, const char *text, size_t n)
{
	if (out->full || n >= out->size - out->n) {
		out->full = true;
		return;
	}
	memcpy(out->buffer + out->n, text, n);
	out->n += n;
	out->buffer[out->n] = '\0';
}

static void put_command(struct output *out, struct token command,
			const struct way *way, bool alone)
{
	bool of_host = remedy_is_of_host(&command);
	bool noted = of_host && way->other;
	const char *quote = alone && !noted ? "" : "'";

	if (memchr(command.at, '\'', command.n))
		quote = *quote ? "`" : "";
	put(out, quote, strlen(quote));
	if (!of_host && way->none)
		out->full = true;
	if (!of_host)
		put(out, way->prefix, strlen(way->prefix));
	put(out, command.at, command.n);
	put(out, quote, strlen(quote));
	if (noted)
		put(out, " (of the whole host)", 20);
}

/* Whether the text ends with its only command: then that needs no quotes. */
static bool has_end_alone(const char *remedy)
{
	const char *rest = remedy;

	return remedy_command(&rest).n && !*rest;
}

void remedy_print(const char *remedy, const struct way *way, char *buffer,
		  size_t size)
{
	struct output out = {.buffer = buffer, .size = size};
	bool alone = has_end_alone(remedy);
	const char *rest = remedy;

	buffer[0] = '\0';
	while (*rest) {
		const char *from = rest;
		struct token command = remedy_command(&rest);

		if (!command.n) {
			put(&out, from, strlen(from));
			break;
		}
		put(&out, from, command.at - 1 - from);
		put_command(&out, command, way, alone);
	}
	if (out.full)
		buffer[0] = '\0';
}
