/* SPDX-License-Identifier: MIT */
/* The parsers of /proc/net/{snmp,netstat,snmp6}. */
#include <errno.h>
#include <string.h>

#include "probes/snmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_result(int r)
{
	if (r != 0 && r != -EBADMSG)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snmp_values values = {0};
	const char *text = (const char *)data;

	check_result(snmp_parse_pairs(text, size, &values));
	check_result(snmp_parse_list(text, size, &values));
	return 0;
}
