/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* The program that asks for a password on the terminal when polkit wants one (pkttyagent). */

/* Starts it and waits until polkit knows of it. Returns its process; 0 if it is not needed (root), not
 * installed, or there is no terminal: polkit then asks nobody here. */
pid_t agent_open(void);

/* Takes what agent_open() returned. */
void agent_close(pid_t pid);
