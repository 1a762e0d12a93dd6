/* SPDX-License-Identifier: MIT */
/*
 * The parser of x_tables tables, fed with files as tests/record.c makes. As
 * fuzz_arptables it takes all of them for tables of ARP.
 */
#include "lib/fuzz.h"
#include "xtables_file.h"

/* An even magic byte 7 stands for ip, an odd one for ip6. */
static enum family family_of(const struct xtables_file *head)
{
#ifdef FUZZ_ARP
	(void)head;
	return FAMILY_ARP;
#else
	return head->magic[7] & 1 ? FAMILY_IP6 : FAMILY_IP;
#endif
}

/* The same table has lost nothing since. */
static void read_again(const struct xt_blob *blob, const struct sample *s)
{
	struct sample again = {0};

	sample_follow(&again, s);
	require(xt_parse(blob, 8, &again) == 0);
	sample_compare(&again, s);
	EACH_OBJECT (&again, o)
		require(!o->moved);
	sample_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xt_blob blob = {.table = "filter"};
	struct xtables_file head;
	struct sample s = {0};
	int r;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	blob.family = family_of(&head);
	blob.valid_hooks = head.valid_hooks;
	memcpy(blob.hook_entry, head.hook_entry, sizeof(head.hook_entry));
	memcpy(blob.underflow, head.underflow, sizeof(head.underflow));
	blob.bytes = data + sizeof(head);
	blob.size = size - sizeof(head);
	r = xt_parse(&blob, 8, &s);
	require(r <= 0);
	fuzz_describe(&s);
	if (r == 0)
		read_again(&blob, &s);
	sample_free(&s);
	return 0;
}
