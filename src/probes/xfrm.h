/* SPDX-License-Identifier: MIT */
/* IPsec: what policies and states refused, and what failed in them. */
#ifndef PKTLOSS_PROBES_XFRM_H
#define PKTLOSS_PROBES_XFRM_H

#include "model/probe.h"

/* Reads /proc/net/xfrm_stat, which is of one namespace. */
extern const struct probe xfrm_probe;

/*
 * Parses n bytes of xfrm_stat, lines "name number", and appends what is wanted
 * to the object appended last, in the kernel's order. Returns 0, or -EBADMSG
 * for what is no such list, empty or cut short; some rows are there then. Of
 * env it looks at counters alone. Pure.
 */
int MUST_CHECK xfrm_parse(const struct probe_env *env, const char *text,
			  size_t n, struct sample *out);

#define XFRM_MAX_TEXT 2048 /* the kernel prints about 900 bytes */
#define XFRM_MAX_ROWS 64

/*
 * The text that was parsed last, and the rows it became. Where IPsec is not
 * used, all namespaces read the same zeros. Zeroed there is none.
 */
struct xfrm_last {
	char text[XFRM_MAX_TEXT];
	size_t n;
	struct row rows[XFRM_MAX_ROWS];
	size_t n_rows;
};

/*
 * Appends an object with the rows of a text, which is only parsed if it is not
 * the last one byte for byte. Returns what xfrm_parse() does. Pure.
 */
int MUST_CHECK xfrm_append(const struct probe_env *env, struct xfrm_last *last,
			   const char *text, size_t n, struct sample *out);

#endif
