/* SPDX-License-Identifier: MIT */
/*
 * Settings of the kernel that a remedy speaks of, as they are now. They are
 * only read once a counter moves whose remedy names them.
 */
#ifndef PKTLOSS_PROBES_SYSCTL_H
#define PKTLOSS_PROBES_SYSCTL_H

#include "model/probe.h"

extern const struct probe sysctl_probe;

/*
 * Takes the next sysctl's name, such as "net.core.somaxconn", off the front of
 * text; n is 0 at its end. Pure.
 */
struct token;
struct token sysctl_next(const char **text);

/* What a sysctl was set to at that read, or NULL where it was not read. */
const char *sysctl_value(const struct sample *s, struct token name);

#endif
