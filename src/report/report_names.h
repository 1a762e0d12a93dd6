/* SPDX-License-Identifier: MIT */
/* What series are called: the same name is never that of two things. Pure. */
#ifndef PKTLOSS_REPORT_REPORT_NAMES_H
#define PKTLOSS_REPORT_REPORT_NAMES_H

#include "engine/ns.h"

/* The plugin instance of an interface, "" for none, of a namespace. */
void report_names_place(const struct ns *ns, const char *interface,
			char place[NAME_PART + 1]);

/*
 * Place and type instance of a ratio, whose type is "percent", and of the sum
 * of its packets ("packets").
 */
void report_names_loss(const struct ns *ns, const struct loss *loss,
		       char place[NAME_PART + 1], char instance[NAME_PART + 1]);
void report_names_sum(const struct ns *ns, const struct loss *loss,
		      char place[NAME_PART + 1], char instance[NAME_PART + 1]);

#endif
