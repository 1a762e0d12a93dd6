/* SPDX-License-Identifier: MIT */
/*
 * Why UDP discards datagrams. Each reason but one has a counter; what is left
 * of the total is that one. Sockets count all of theirs in one number, so
 * which port lost for which reason is found out, or not told.
 */
#include "probes/socket/socket_owner.h"
#include "probes/socket/socket_private.h"

enum udp_kind {
	UDP_KIND_BUFFER,
	UDP_KIND_CHECKSUM,
	UDP_KIND_MEMORY,
	UDP_KIND_FILTER, /* the rest */
	N_UDP_KINDS,
};

/* What UDP lost in the interval, of both families. */
struct udp_lost {
	uint64_t of[N_UDP_KINDS];
	uint64_t sum;
	uint64_t full; /* what ports dropped whose buffer is full now */
};

/* The ports that lost for one reason. */
#define UDP_NAMED 3
struct udp_ports {
	const struct object *worst[UDP_NAMED];
	uint64_t dropped;
	unsigned n;
};

static uint64_t moved(const struct suspect *suspect, enum tag tag)
{
	return sample_moved(suspect->sample, LAYER_UDP, "", tag);
}

static uint64_t dropped_by(const struct sample *s, const struct object *port)
{
	const struct row *row = object_row(s, port, &socket_udp_drops);

	return row && !port->stale && row_moved(row) ? row->delta : 0;
}

static bool is_full_now(const struct sample *s, const struct object *port)
{
	uint64_t size = object_value(s, port, &socket_fact_rcvbuf, 0);

	return size &&
	       object_value(s, port, &socket_fact_queued, 0) * 2 >= size;
}

static struct udp_lost udp_lost_of(const struct suspect *suspect)
{
	const struct sample *s = suspect->sample;
	uint64_t total = moved(suspect, TAG_UDP_ERRORS);
	uint64_t elsewhere = suspect->loss->elsewhere; /* IPsec policies */
	struct udp_lost lost = {
		.of = {[UDP_KIND_BUFFER] = moved(suspect, TAG_RCVBUF_ERRORS),
		       [UDP_KIND_CHECKSUM] = moved(suspect, TAG_UDP_CHECKSUM) +
					     moved(suspect, TAG_UDP_CHECKSUM6),
		       [UDP_KIND_MEMORY] = moved(suspect, TAG_UDP_MEMORY)},
	};

	for (int i = 0; i < N_UDP_KINDS; i++)
		lost.sum += lost.of[i];
	if (total > lost.sum + elsewhere) {
		lost.of[UDP_KIND_FILTER] = total - lost.sum - elsewhere;
		lost.sum = total - elsewhere;
	}
	EACH_OBJECT (s, o)
		if (is_full_now(s, o))
			lost.full += dropped_by(s, o);
	return lost;
}

/* The reason, other than a full buffer, for which most were lost. */
static enum udp_kind other_kind(const struct udp_lost *lost)
{
	enum udp_kind most = UDP_KIND_CHECKSUM;

	for (int i = most + 1; i < N_UDP_KINDS; i++)
		if (lost->of[i] > lost->of[most])
			most = i;
	return most;
}

/*
 * Whether a port lost for that reason: there is no other, or it dropped more
 * than went for all others, or its buffer tells. A reader that was late may
 * have emptied it since: an empty one tells only if full ones lost enough.
 */
static bool is_port_of(const struct sample *s, const struct object *port,
		       const struct udp_lost *lost, enum udp_kind kind)
{
	uint64_t others = lost->sum - lost->of[kind];

	if (dropped_by(s, port) > others)
		return true;
	if (is_full_now(s, port))
		return kind == UDP_KIND_BUFFER;
	return kind != UDP_KIND_BUFFER && kind == other_kind(lost) &&
	       lost->full * 2 >= lost->of[UDP_KIND_BUFFER];
}

static void add_port(struct udp_ports *ports, const struct sample *s,
		     const struct object *port)
{
	ports->dropped += dropped_by(s, port);
	ports->n++;
	for (size_t i = 0; i < UDP_NAMED; i++) {
		const struct object *next = ports->worst[i];

		if (next && dropped_by(s, next) >= dropped_by(s, port))
			continue;
		ports->worst[i] = port;
		port = next;
		if (!port)
			break;
	}
}

/* The ports that lost for that reason, none if they explain too little. */
static struct udp_ports find_ports(const struct suspect *suspect,
				   enum udp_kind kind)
{
	const struct udp_lost lost = udp_lost_of(suspect);
	const struct sample *s = suspect->sample;
	struct udp_ports ports = {.n = 0};

	EACH_OBJECT (s, o)
		if (dropped_by(s, o) && is_port_of(s, o, &lost, kind))
			add_port(&ports, s, o);
	if (ports.dropped * 2 < lost.of[kind] ||
	    !object_value(s, ports.worst[0], &socket_fact_port, 0))
		ports.n = 0; /* most sockets are closed, or not told apart */
	return ports;
}

/* "5001 (reader[4711])", with what it dropped where there are several. */
static void describe_port(const struct sample *s, const struct object *port,
			  bool counted, char *buffer, size_t size)
{
	uint64_t number = object_value(s, port, &socket_fact_port, 0);
	char count[32] = "", owner[48];

	if (counted)
		snprintf(count, sizeof(count), ": %llu",
			 (unsigned long long)dropped_by(s, port));
	socket_describe_owner(s, port, owner, sizeof(owner));
	if (number)
		snprintf(buffer, size, "%llu%s%s", (unsigned long long)number,
			 owner, count);
	else
		snprintf(buffer, size, "others%s", count);
}

/* The ports from that one on: "5001 (a[4]): 9, 5002 (b[5]): 3 and 2 more". */
static void describe_ports(const struct sample *s,
			   const struct udp_ports *ports, size_t from,
			   char *buffer, size_t size)
{
	size_t n = 0, i = from;

	buffer[0] = '\0';
	for (; i < UDP_NAMED && ports->worst[i] && n < size; i++) {
		char port[96];

		describe_port(s, ports->worst[i], ports->n > 1, port,
			      sizeof(port));
		n += snprintf(buffer + n, size - n, "%s%s",
			      i > from ? ", " : "", port);
	}
	if (ports->n > i && n < size)
		snprintf(buffer + n, size - n, "%s%zu more",
			 i > from ? " and " : "", ports->n - i);
}

/* Those that lost next to nothing were mended. */
#define MIN_BLAMED_PERCENT 10

static void blame_ports(const struct sample *s, const struct udp_ports *ports,
			struct cause *ret)
{
	for (size_t i = 0; i < UDP_NAMED && ports->n && ports->worst[i]; i++) {
		const struct object *port = ports->worst[i];

		if (dropped_by(s, port) * 100 >=
		    ports->dropped * MIN_BLAMED_PERCENT)
			cause_blame_number(
				ret,
				object_value(s, port, &socket_fact_port, 0));
	}
}

static void describe_buffer(const struct suspect *suspect,
			    const struct udp_ports *ports, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	const struct object *worst = ports->worst[0];
	uint64_t size = object_value(s, worst, &socket_fact_rcvbuf, 0);
	char port[96], others[288] = "";
	int n = 0;

	describe_port(s, worst, false, port, sizeof(port));
	if (ports->n > 1)
		n = snprintf(others, sizeof(others),
			     " (%llu datagrams); so are those of ",
			     (unsigned long long)dropped_by(s, worst));
	if (n > 0)
		describe_ports(s, ports, 1, others + n, sizeof(others) - n);
	CAUSE_TEXT(ret,
		   "receive buffer of UDP port %s is full: SO_RCVBUF %llu "
		   "bytes%s",
		   port, (unsigned long long)size, others);
	CAUSE_REMEDY(ret, "Read faster or raise SO_RCVBUF, limit: "
			  "`sysctl net.core.rmem_max`");
}

static void describe_filter(const struct suspect *suspect,
			    const struct udp_ports *ports, struct cause *ret)
{
	char list[288];

	describe_ports(suspect->sample, ports, 0, list, sizeof(list));
	CAUSE_TEXT(ret,
		   "a socket filter or a cgroup BPF program (systemd "
		   "IPAddressDeny=) rejects what is for UDP port%s %s",
		   ports->n > 1 ? "s" : "", list);
}

static void describe_at(const struct suspect *suspect,
			const struct udp_ports *ports, struct cause *ret)
{
	char list[224], text[sizeof(ret->text)];

	describe_ports(suspect->sample, ports, 0, list, sizeof(list));
	memcpy(text, ret->text, sizeof(text));
	CAUSE_TEXT(ret, "%.140s (for UDP port%s %s)", text,
		   ports->n > 1 ? "s" : "", list);
}

/* How each counter is told; without a port, its row has the words. */
static const struct udp_words {
	uint8_t tag;  /* enum tag */
	uint8_t kind; /* enum udp_kind */
	uint8_t reason;
	void (*describe)(const struct suspect *suspect,
			 const struct udp_ports *ports, struct cause *ret);
} udp_words[] = {
	{TAG_RCVBUF_ERRORS, UDP_KIND_BUFFER, SOCKET_UDP_FULL, describe_buffer},
	{TAG_UDP_CHECKSUM, UDP_KIND_CHECKSUM, SOCKET_UDP_CHECKSUM, describe_at},
	{TAG_UDP_CHECKSUM6, UDP_KIND_CHECKSUM, SOCKET_UDP6_CHECKSUM,
	 describe_at},
	{TAG_UDP_MEMORY, UDP_KIND_MEMORY, SOCKET_UDP_MEMORY, describe_at},
	{TAG_UDP_ERRORS, UDP_KIND_FILTER, SOCKET_UDP_FILTER, describe_filter},
};

bool socket_explain_udp(const struct suspect *suspect, struct cause *ret)
{
	const struct counter *c = suspect->row->counter;
	struct udp_ports ports;
	size_t i = 0;

	while (i < ARRAY_SIZE(udp_words) && udp_words[i].tag != c->tag)
		i++;
	if (i == ARRAY_SIZE(udp_words))
		return false;
	ret->reason = &socket_reasons[udp_words[i].reason];
	CAUSE_TEXT(ret, "%s", c->cause);
	CAUSE_REMEDY(ret, "%s", c->remedy);
	ports = find_ports(suspect, udp_words[i].kind);
	blame_ports(suspect->sample, &ports, ret);
	if (ports.n)
		udp_words[i].describe(suspect, &ports, ret);
	return true;
}
