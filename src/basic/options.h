/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* For programs that take options alone, behind the last call of getopt_long(). Returns 1 if that was all
 * there is; -EINVAL if not, and has said so. */
int options_end(int argc, char *argv[]);
