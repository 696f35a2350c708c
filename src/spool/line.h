/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spool/spool.h"

/* Copies one line that can be shown anywhere: what is not printable UTF-8 becomes '?', and what is too long
 * is cut. */
void spool_clean_line(char buffer[static SPOOL_ANSWER_MAX + 1], const char *text);
