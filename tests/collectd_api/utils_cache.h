/* SPDX-License-Identifier: MIT */
/* See README.md. What is used of it stands in functions.h. */
#include "plugin.h"
