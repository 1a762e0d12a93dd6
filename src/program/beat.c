/* SPDX-License-Identifier: MIT */
#include "program/beat.h"

uint64_t beat_next(uint64_t beat_ns, uint64_t interval_ns, uint64_t looked_ns,
		   uint64_t now_ns)
{
	uint64_t least = looked_ns + interval_ns / 2;

	if (least < now_ns)
		least = now_ns;
	beat_ns += interval_ns;
	if (beat_ns < least)
		beat_ns += (least - beat_ns + interval_ns - 1) / interval_ns *
			   interval_ns;
	return beat_ns;
}
