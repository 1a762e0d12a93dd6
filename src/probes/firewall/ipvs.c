/* SPDX-License-Identifier: MIT */
/*
 * Connections of IPVS whose real server was taken away: what still comes for
 * them is dropped without a counter (net/netfilter/ipvs/ip_vs_core.c,
 * ip_vs_in_hook()). Asked only where packets vanish in IP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "kernel/procnet.h"
#include "model/ip_gaps.h"
#include "probes/balance/balance.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/ipvs.h"
#include "probes/firewall/rule.h"

#define OBJECT "ipvs"

/* One as the kernel writes it, in hex: an IPv4 or IPv6 address and a port. */
struct server {
	char address[40], port[5];
};

struct servers {
	struct server *items;
	size_t n, max;
};

static int compare_servers(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct server));
}

static bool copy_token(struct token t, char *ret, size_t size)
{
	if (!t.n || t.n >= size)
		return false;
	memcpy(ret, t.at, t.n);
	return true;
}

static bool parse_server(struct token address, struct token port,
			 struct server *ret)
{
	uint64_t number;

	*ret = (struct server) {.port = ""};
	return token_number(port, 16, &number) &&
	       copy_token(address, ret->address, sizeof(ret->address)) &&
	       copy_token(port, ret->port, sizeof(ret->port));
}

/* "0A090202:14E9" or "[fd00:...:0001]:14E9" */
static bool split_server(struct token word, struct server *ret)
{
	struct token port = word;
	bool six = word.n && word.at[0] == '[';

	while (port.n && port.at[0] != (six ? ']' : ':')) {
		port.at++;
		port.n--;
	}
	if (port.n < 3u + six)
		return false;
	word.n -= port.n + six;
	word.at += six;
	port.at += 1 + six;
	port.n -= 1 + six;
	return parse_server(word, port, ret);
}

/* Lines of servers begin with an arrow, so does the last line of the head. */
static int list_servers(struct token text, void *arg)
{
	struct servers *ret = arg;

	while (text.n) {
		struct token line = token_line(&text);
		struct server server, *added;

		if (!token_is(token_word(&line), "->") ||
		    !split_server(token_word(&line), &server))
			continue;
		added = ARRAY_ADD(ret);
		if (!added)
			return -ENOMEM;
		*added = server;
	}
	return 0;
}

static void sort_servers(struct servers *list)
{
	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items),
		      compare_servers);
}

static bool has_server(const struct servers *list, const struct server *server)
{
	return list->n && bsearch(server, list->items, list->n, sizeof(*server),
				  compare_servers);
}

/* That of a service of any port is listed with port 0. */
static bool is_listed(const struct servers *list, struct server server)
{
	if (has_server(list, &server))
		return true;
	memcpy(server.port, "0000", sizeof(server.port));
	return has_server(list, &server);
}

/*
 * A line of ip_vs_conn: protocol, client, service and server, each with its
 * port. A client without a port is no connection but what keeps clients at
 * their server.
 */
static bool parse_connection(struct token line, struct server *ret)
{
	struct token words[7];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = token_word(&line);
	return words[6].n == 4 && !token_is(words[0], "Pro") &&
	       !token_is(words[2], "0000") &&
	       parse_server(words[5], words[6], ret);
}

/* Connections, each compared with the servers that there are. */
struct orphan_count {
	struct servers servers; /* sorted */
	uint64_t n;
	struct server first;
};

static void orphans_free(struct orphan_count *count)
{
	free(count->servers.items);
}

#define _cleanup_orphans_ __attribute__((cleanup(orphans_free)))

static int count_orphans(struct token text, void *arg)
{
	struct orphan_count *count = arg;

	while (text.n) {
		struct server server;

		if (parse_connection(token_line(&text), &server) &&
		    !is_listed(&count->servers, server) && !count->n++)
			count->first = server;
	}
	return 0;
}

/* As people write it. */
static void name_server(const struct server *server, char *ret, size_t size)
{
	uint16_t port = (uint16_t)strtoul(server->port, NULL, 16);
	struct in_addr four;
	char address[INET6_ADDRSTRLEN];
	struct in6_addr six;

	if (inet_pton(AF_INET6, server->address, &six) == 1 &&
	    inet_ntop(AF_INET6, &six, address, sizeof(address))) {
		format_text(ret, size, "[%s]:%u", address, port);
		return;
	}
	four.s_addr = htonl((uint32_t)strtoul(server->address, NULL, 16));
	if (inet_ntop(AF_INET, &four, address, sizeof(address)))
		format_text(ret, size, "%s:%u", address, port);
}

static void tell_orphans(const struct orphan_count *count,
			 struct ipvs_orphans *ret)
{
	*ret = (struct ipvs_orphans) {.n = count->n};
	if (ret->n)
		name_server(&count->first, ret->server, sizeof(ret->server));
}

int ipvs_find_orphans(struct token servers, struct token connections,
		      struct ipvs_orphans *ret)
{
	_cleanup_orphans_ struct orphan_count count = {.n = 0};
	int r = list_servers(servers, &count.servers);

	sort_servers(&count.servers);
	if (r == 0)
		r = count_orphans(connections, &count);
	tell_orphans(&count, ret);
	return r;
}

static void append_orphans(const struct ipvs_orphans *found, bool is_cut,
			   struct sample *out)
{
	sample_object(out, LAYER_NETFILTER, "", OBJECT, 0);
	sample_label(out, found->server);
	sample_row(out, &firewall_orphans, found->n);
	if (is_cut)
		sample_row(out, &firewall_more_orphans, 1);
}

/*
 * About 20000 connections. Many kernels count from the first one again for each
 * page that they write, so ten times as many take a hundred times as long.
 */
#define MOST_BYTES (2 << 20)

static int ipvs_read(struct probe_env *env, struct sample *out)
{
	_cleanup_orphans_ struct orphan_count count = {.n = 0};
	const struct procnet_window window = {env->buffer, env->size,
					      MOST_BYTES};
	struct ipvs_orphans found;
	int r;

	if (!out->then || !ip_gaps_are_open(out))
		return 0;
	r = procnet_lines(env->net, "ip_vs", &window, list_servers,
			  &count.servers);
	if (r) /* of too many servers it is not known which are gone */
		return r == -ENOENT || r > 0 ? 0 : r;
	sort_servers(&count.servers);
	r = procnet_lines(env->net, "ip_vs_conn", &window, count_orphans,
			  &count);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	tell_orphans(&count, &found);
	if (found.n)
		append_orphans(&found, r > 0, out);
	return 0;
}

static const struct counter_table no_rows = {.n = 0};
static const struct probe *const ipvs_after[] = {&balance_probe, NULL};

const struct probe ipvs_probe = {
	.name = "ipvs",
	.what = "connections of IPVS",
	.reads = "/proc/net/ip_vs and ip_vs_conn (up to 2 MiB), where packets "
		 "vanish in IP",
	.layer = LAYER_NETFILTER,
	.counters = &no_rows,
	.others = firewall_others,
	.after = ipvs_after,
	.read = ipvs_read,
};
