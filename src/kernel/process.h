/* SPDX-License-Identifier: MIT */
/* Processes by their number, as a person knows them. */
#ifndef PKTLOSS_KERNEL_PROCESS_H
#define PKTLOSS_KERNEL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* A name of at most 15 letters and a number: "collectd[4194304]". */
#define PROCESS_LABEL 32

/*
 * Puts "nginx[123]" into label, its name without what could mislead a
 * terminal or end a quotation; "" where it cannot be found out. Looks below
 * proc_root, for proc_root's numbers.
 */
void process_label(const char *proc_root, int pid, char *label, size_t size);

/* Whether that process is in the network namespace of the calling thread. */
bool process_is_here(const char *proc_root, int pid);

#endif
