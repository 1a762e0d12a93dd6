/* SPDX-License-Identifier: MIT */
#include "program/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "base/util.h"

#define SECOND UINT64_C(1000000000)

static const int ends[] = {SIGINT, SIGTERM};

static void do_nothing(int signal)
{
	(void)signal;
}

static void catch_signal(int signal, int flags)
{
	struct sigaction action = {.sa_handler = do_nothing, .sa_flags = flags},
			 old;

	if (sigaction(signal, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(signal, &action, NULL);
}

/*
 * The first signal takes its handler away: that it is gone tells that the
 * signal came, and the next one ends the program.
 */
void interrupt_begin(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		catch_signal(ends[i], SA_RESETHAND | SA_RESTART);
	catch_signal(SIGWINCH, SA_RESTART);
}

bool interrupt_is_pending(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct sigaction action;

		if (sigaction(ends[i], NULL, &action) == 0 &&
		    action.sa_handler == SIG_DFL)
			return true;
	}
	return false;
}

/* A signal that comes between the question and the wait ends the wait. */
static enum wait_result wait_for(const struct timespec *time)
{
	enum wait_result result = WAIT_OVER;
	sigset_t blocked, before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGWINCH);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigaddset(&blocked, ends[i]);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	if (!interrupt_is_pending() && ppoll(NULL, 0, time, &before) < 0)
		result = WAIT_RESIZED;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return interrupt_is_pending() ? WAIT_ENDED : result;
}

uint64_t interrupt_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

enum wait_result interrupt_wait(uint64_t until_ns)
{
	uint64_t now_ns = interrupt_clock_ns();
	uint64_t left = until_ns > now_ns ? until_ns - now_ns : 0;
	const struct timespec time = {left / SECOND, left % SECOND};

	return wait_for(&time);
}
