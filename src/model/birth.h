/* SPDX-License-Identifier: MIT */
/*
 * What came into being since the read before counts from 0, so that its first
 * interval is not lost: qdiscs, interfaces, namespaces. Pure.
 */
#ifndef PKTLOSS_MODEL_BIRTH_H
#define PKTLOSS_MODEL_BIRTH_H

#include "model/sample.h"

/*
 * In a compared sample: a qdisc that was not there, or another one was under
 * its name, while its interface was, and
 * an interface whose number no other had. A real one may come from another
 * namespace, and brings its counts; what may have been there and was not read
 * is left alone.
 */
void birth_of_objects(struct sample *now);

/*
 * Makes then the sample of a namespace that came into being after that time,
 * as CLOCK_REALTIME and CLOCK_BOOTTIME tell it, in which all is 0 that now has,
 * but real interfaces and their qdiscs are not. Errors stay in then->error.
 */
void birth_of_namespace(const struct sample *now, struct sample *then,
			uint64_t time_ns, uint64_t boot_ns);

#endif
