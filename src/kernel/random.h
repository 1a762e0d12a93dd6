/* SPDX-License-Identifier: MIT */
#ifndef PKTLOSS_KERNEL_RANDOM_H
#define PKTLOSS_KERNEL_RANDOM_H

#include "base/hash.h"

/* A key that nobody can guess. Never waits, never fails. */
void random_key(struct hash_key *ret);

#endif
