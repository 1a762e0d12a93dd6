/* SPDX-License-Identifier: MIT */
/* The parser of legacy ebtables, fed with files as tests/record.c makes. */
#include "lib/fuzz.h"

#include "ebtables_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ebt_blob blob = {.table = "filter"};
	struct sample s = {0};

	if (ebtables_file_parse(data, size, &blob) < 0)
		return 0;
	require(ebt_parse(&blob, 2, &s) <= 0);
	fuzz_describe(&s);
	sample_free(&s);
	return 0;
}
