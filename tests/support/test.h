/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* cmocka, behind the headers that it needs and does not include. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "basic/macro.h"
