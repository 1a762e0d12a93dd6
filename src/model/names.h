/* SPDX-License-Identifier: MIT */
/* Names that every writer of collectd keeps as they are. Pure. */
#ifndef PKTLOSS_MODEL_NAMES_H
#define PKTLOSS_MODEL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "model/sample.h"

#define NAME_INTERFACE 15 /* longest parts of a name, bytes without NUL */
#define NAME_NAMESPACE 47
#define NAME_PART 63

/*
 * Writes raw with every byte outside [A-Za-z0-9._-] as '_', and a leading or
 * trailing '.' or '-' too, into buffer of max + 1 bytes. A name longer than
 * max, or any with unique, is cut and ends in '_' and 8 hexadecimal digits of
 * a hash of raw. An empty name becomes "_". Returns whether the result differs
 * from raw.
 */
bool name_clean(char *buffer, size_t max, const char *raw, bool unique);

/*
 * "eth0", "eth0@nginx", "all", "all@nginx": where something is. namespace is
 * a clean name or "" for collectd's own. unique as above, for the interface.
 */
void name_place(char buffer[NAME_PART + 1], const char *interface,
		const char *namespace, bool unique);

/*
 * "<layer>-<object>_<counter>": which series it is. Either of object and
 * counter may be "".
 */
void name_instance(char buffer[NAME_PART + 1], enum layer layer,
		   const char *object, const char *counter, bool unique);

#endif
