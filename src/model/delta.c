/* SPDX-License-Identifier: MIT */
#include "model/delta.h"

static bool delta_of_32(uint64_t before, uint64_t *now, uint64_t *ret_delta)
{
	uint32_t last = before;
	uint32_t next = *now;
	uint32_t delta = next - last;

	/* a wrap is a short way up; nothing counts a quarter of the range */
	if (next < last && delta >= UINT32_C(1) << 30)
		return false;
	*now = before + delta;
	*ret_delta = delta;
	return true;
}

bool delta_of(uint64_t before, uint64_t *now, unsigned bits,
	      uint64_t *ret_delta)
{
	if (bits == 32)
		return delta_of_32(before, now, ret_delta);
	if (*now < before)
		return false;
	*ret_delta = *now - before;
	return true;
}
