/* SPDX-License-Identifier: MIT */
/* The file that --pcap names. Writing it never waits for whoever reads it. */
#ifndef PKTLOSS_TRACE_PCAP_FILE_H
#define PKTLOSS_TRACE_PCAP_FILE_H

#include <stdio.h>

#include "base/util.h"

/*
 * Makes it, or empties it, and writes what such a file begins with. Into a pipe
 * each fwrite() of up to PIPE_BUF bytes is written at once, as a whole or not
 * at all. Returns 0 or a negative errno of open() or write(): -EPIPE, a pipe
 * that nobody reads; -EAGAIN, it is full, of which fwrite() may fail later,
 * too. -EOPNOTSUPP: it is a file of another user, and was not changed. *ret is
 * to be closed with pcap_file_close().
 */
int MUST_CHECK pcap_file_open(const char *path, FILE **ret);

/* Returns 0, or a negative errno: it has not all that was to be written. */
int MUST_CHECK pcap_file_close(FILE *f);

#endif
