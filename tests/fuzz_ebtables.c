/* SPDX-License-Identifier: MIT */
/* The parser of legacy ebtables, fed with files as tests/record.c makes. */
#include <stdlib.h>

#include "probes/firewall/firewall.h"
#include "ebtables_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ebt_blob blob = {.table = "filter"};
	struct sample s = {0};
	char text[256];

	if (ebtables_file_parse(data, size, &blob) < 0)
		return 0;
	if (ebt_parse(&blob, 2, &s) > 0)
		abort();
	EACH_OBJECT (&s, o)
		if (firewall_describe(&s, o, text, sizeof(text)) > 0 ||
		    firewall_remedy(&s, o, text, sizeof(text)) > 0)
			abort();
	sample_free(&s);
	return 0;
}
