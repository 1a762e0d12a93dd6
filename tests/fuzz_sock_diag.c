/* SPDX-License-Identifier: MIT */
/*
 * Two dumps of sockets, one after the other: the input, then the input anew.
 * Of one socket nothing is counted twice, and no port may count more than its
 * sockets have dropped.
 */
#include <errno.h>
#include <string.h>

#include "lib/fuzz.h"
#include "probes/socket/socket_ports.h"

#define MAX_SEEN 4 /* so that a floor is needed soon */

struct dump {
	struct socket_dump *d;
	uint64_t dropped;
};

static int on_socket(const struct nlmsghdr *h, void *arg)
{
	struct dump *dump = arg;
	struct socket_info info;

	if (socket_parse(h, &info) < 0)
		return 0;
	dump->dropped += info.drops;
	socket_dump_socket(dump->d, &info);
	socket_dump_listener(dump->d, &info);
	return 0;
}

static void check_ports(const struct dump *dump, bool is_first)
{
	const struct socket_dump *d = dump->d;
	uint64_t sum = 0;

	require(d->n_seen <= MAX_SEEN && d->n_ports <= SOCKET_PORTS + 1);
	require(d->n_listeners <= SOCKET_LISTENERS);
	for (uint32_t i = 0; i < d->n_ports; i++) {
		require(d->ports[i].most <= d->ports[i].added);
		require(d->ports[i].added <= d->ports[i].drops);
		sum += d->ports[i].drops;
	}
	if (is_first)
		require(sum <= dump->dropped);
}

static void read_dump(struct fuzz f, const struct sample *then,
		      struct sample *now)
{
	static struct socket_dump d;
	struct socket_seen seen[MAX_SEEN];
	struct dump dump = {.d = &d};

	now->then = then;
	socket_dump_begin(&d, then, 0, seen, MAX_SEEN);
	fuzz_messages(f.at, f.n, on_socket, &dump);
	check_ports(&dump, !then);
	socket_dump_append(&d, now);
	require(!now->error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample first = {0}, second = {0};

	read_dump((struct fuzz) {data, size}, NULL, &first);
	read_dump((struct fuzz) {data, size}, &first, &second);
	sample_free(&first);
	sample_free(&second);
	return 0;
}
