/* SPDX-License-Identifier: MIT */
#include "kernel/bpf_parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/capability.h"

/* A tracepoint has a type, whose first argument is of no use. */
int bpf_count_arguments(const struct btf *btf, const char *tracepoint)
{
	const struct btf_type *type;
	char name[64];
	int id;

	format_text(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	type = id < 0 ? NULL : btf__type_by_id(btf, id);
	while (type && (btf_is_typedef(type) || btf_is_ptr(type)))
		type = btf__type_by_id(btf, type->type);
	return type && btf_is_func_proto(type) ? (int)btf_vlen(type) - 1
					       : -ENOENT;
}

static int say_nothing(enum libbpf_print_level level, const char *format,
		       va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

libbpf_print_fn_t bpf_hush(void)
{
	return libbpf_set_print(say_nothing);
}

int bpf_load_error(int r)
{
	const int not_supported = 524; /* ENOTSUPP, the kernel's own */
	const bool may =
		!(capabilities_lacking() & (NEEDS(BPF) | NEEDS(PERFMON)));

	if (!may && (r == -EINVAL || r == -EACCES))
		return -EPERM;
	if (r == -EACCES || r == -ENOENT || r == -not_supported)
		return -EOPNOTSUPP;
	return r;
}

void bpf_ask_symbol(const struct bpf_program *name_symbol, const char *symbol,
		    uint64_t location, char ret[DROPS_SYMBOL])
{
	struct bpf_test_run_opts options = {
		.sz = sizeof(options),
		.ctx_in = &location,
		.ctx_size_in = sizeof(location),
	};

	ret[0] = '\0';
	if (bpf_prog_test_run_opts(bpf_program__fd(name_symbol), &options) < 0)
		return;
	memcpy(ret, symbol, DROPS_SYMBOL);
	ret[DROPS_SYMBOL - 1] = '\0';
	ret[strcspn(ret, " ")] = '\0'; /* "[nf_tables]" */
}
