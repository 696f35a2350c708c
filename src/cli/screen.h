/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* The terminal while a verb has all of it: the alternate screen, without a cursor, keys without Enter.
 * However the program ends or is stopped, the terminal is as it was before. */
typedef struct Screen Screen;

typedef struct ScreenCallbacks {
        void (*key)(char key, void *userdata);
        /* The size is another, or the terminal is ours again. */
        void (*redraw)(void *userdata);
} ScreenCallbacks;

/* Takes the terminal; from now on SIGINT, SIGTERM, SIGQUIT and SIGHUP, and the end of the keys, end the
 * event loop with 0. -ENOTTY: standard input or output is no terminal. */
int screen_new(sd_event *event, const ScreenCallbacks *callbacks, void *userdata, Screen **ret);
/* Gives the terminal back. */
Screen *screen_free(Screen *screen);
DEFINE_CLEANUP(Screen *, screen_free)

/* Of the terminal; 80 × 24 if it does not say. */
void screen_size(const Screen *screen, unsigned *ret_columns, unsigned *ret_rows);

/* Shows the lines from the top; what was there is gone. */
void screen_show(Screen *screen, const char *lines);
