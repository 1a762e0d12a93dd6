/* SPDX-License-Identifier: MIT */
/*
 * pktloss(8): reads twice, or since boot, and prints what was lost in between.
 * All that it finds it finds through the plugin's own engine.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "program/counter_list.h"
#include "program/look.h"
#include "program/namespace_list.h"
#include "program/output.h"
#include "program/trace_command.h"

/* What is a descriptor of ours must not be taken for the output. */
static bool has_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fd != STDOUT_FILENO && fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_RDWR) != fd)
			return false;
	return fcntl(STDOUT_FILENO, F_GETFD) >= 0;
}

static enum status trace_namespaces(const struct options *o)
{
	switch (trace_command(o)) {
	case TRACE_NO_LOSS:
		return STATUS_NO_LOSS;
	case TRACE_LOSS:
		return STATUS_LOSS;
	case TRACE_PARTLY:
		return STATUS_PARTLY;
	default:
		return STATUS_FAILED;
	}
}

static enum status act(struct options *o)
{
	switch (o->action) {
	case ACTION_TRACE:
		return trace_namespaces(o);
	case ACTION_LOOK:
		return look_command(o);
	case ACTION_LIST:
		if (o->json)
			counter_list_print_json(stdout);
		else
			counter_list_print(stdout, &o->style);
		return STATUS_NO_LOSS;
	case ACTION_NAMESPACES:
		return namespace_list_command(o);
	case ACTION_END:
		return STATUS_NO_LOSS;
	default:
		return STATUS_FAILED;
	}
}

int main(int argc, char **argv)
{
	struct options o;
	enum status status;
	int r;

	signal(SIGPIPE, SIG_IGN);
	/* an interval in one piece, whoever else writes there */
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ * 8);
	if (!has_descriptors()) {
		complain("cannot write: standard output is closed");
		return STATUS_FAILED;
	}
	if (options_init(&o, argc, argv) < 0) {
		complain("%s", strerror(ENOMEM));
		return STATUS_FAILED;
	}
	status = act(&o);
	options_free(&o);
	r = output_flush();
	if (r < 0 && status != STATUS_FAILED) {
		output_complain(r);
		status = STATUS_FAILED;
	}
	return status;
}
