/* SPDX-License-Identifier: MIT */
/* How often a benchmark, and the libraries that it uses, ask for memory. */
#ifndef PKTLOSS_BENCH_ALLOCATIONS_H
#define PKTLOSS_BENCH_ALLOCATIONS_H

/* Calls of malloc(), calloc() and realloc() since the program began. */
unsigned long allocations_counted(void);

#endif
