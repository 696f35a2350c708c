/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "cli/options.h"
#include "cli/terminal.h"

/* Long output goes through a pager, as with systemd's tools: SYSTEMD_PAGER=, PAGER=, else less; "" and "cat"
 * are none. Only on terminals, never for --json and with --no-pager.
 *
 * A pager can start a shell. Where the rights are not those of who sits there (sudo), or that cannot be
 * told, only less is started, told by LESSSECURE=1 not to; SYSTEMD_PAGERSECURE= says it outright, as there.
 */

/* Standard output goes to a pager from now on. Returns its process, 0 if there is none, a negative errno if
 * it could not be started, and output goes where it did. */
pid_t pager_open(const Terminal *terminal, const Options *options);

/* Ends the output and waits until the reader has had enough. Takes what pager_open() returned. */
void pager_close(pid_t pid);
