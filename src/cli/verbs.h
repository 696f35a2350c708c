/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verb.h"

/* One file a verb, verb-NAME.c. */
Status verb_list(Cli *cli, int argc, char *argv[]);
