/* SPDX-License-Identifier: MIT */
/* The parser of x_tables tables, fed with files as tests/record.c makes. */
#include "probes/firewall/firewall.h"
#include "xtables_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An even magic byte 7 stands for ip, an odd one for ip6. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xt_blob blob = {.family = FAMILY_IP, .table = "filter"};
	struct xtables_file head;
	struct sample s = {0}, again = {0};
	char text[256];
	int r;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	if (head.magic[7] & 1)
		blob.family = FAMILY_IP6;
	blob.valid_hooks = head.valid_hooks;
	memcpy(blob.hook_entry, head.hook_entry, sizeof(head.hook_entry));
	memcpy(blob.underflow, head.underflow, sizeof(head.underflow));
	blob.bytes = data + sizeof(head);
	blob.size = size - sizeof(head);
	r = xt_parse(&blob, 8, &s);
	if (r > 0)
		abort();
	EACH_OBJECT (&s, o)
		if (firewall_describe(&s, o, text, sizeof(text)) > 0 ||
		    firewall_remedy(&s, o, text, sizeof(text)) > 0)
			abort();
	sample_follow(&again, &s);
	if (r == 0 && xt_parse(&blob, 8, &again) != 0)
		abort();
	sample_compare(&again, &s);
	EACH_OBJECT (&again, o) /* the same table has lost nothing since */
		if (r == 0 && o->moved)
			abort();
	sample_free(&s);
	sample_free(&again);
	return 0;
}
