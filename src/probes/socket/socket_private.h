/* SPDX-License-Identifier: MIT */
/* What the files of this folder share. */
#ifndef PKTLOSS_PROBES_SOCKET_SOCKET_PRIVATE_H
#define PKTLOSS_PROBES_SOCKET_SOCKET_PRIVATE_H

#include <string.h>

#include "probes/socket/socket.h"

/* The rows of socket_reasons. */
enum {
	SOCKET_UDP_FULL,
	SOCKET_UDP_FILTER,
	SOCKET_UDP_CHECKSUM,
	SOCKET_UDP6_CHECKSUM,
	SOCKET_UDP_MEMORY,
	SOCKET_ACCEPT_QUEUE,
	SOCKET_SYN_BACKLOG,
	SOCKET_SEND_REFUSED,
	SOCKET_RAW_FULL,
	SOCKET_NO_PROTOCOL,
	N_SOCKET_REASONS,
};
extern const struct reason socket_reasons[N_SOCKET_REASONS + 1];

bool socket_explain_udp(const struct suspect *suspect, struct cause *ret);

/* Senders that were told, of which nothing else knows; see struct probe. */
void socket_attribute_refused(const struct sample *s, struct losses *l);
bool socket_explain_refused(const struct sample *s, const struct loss *loss,
			    struct cause *ret);

void socket_attribute(const struct sample *s, struct losses *l);
bool socket_explain_hidden(const struct sample *s, const struct loss *loss,
			   struct cause *ret);

#endif
