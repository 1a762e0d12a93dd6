/* SPDX-License-Identifier: MIT */
/* See README.md. The system's headers that collectd's one brings, and globals.
 */
#ifndef RECORDED_COLLECTD_H
#define RECORDED_COLLECTD_H

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define DATA_MAX_NAME_LEN 128

typedef uint64_t cdtime_t; /* units of 2^-30 s */

#endif
