/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The state file about out-of-memory kills, in which names of processes stand: whatever is read is written
 * again as what it was read as, and never more than may be held. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "watch/oom-state.h"

#define BOOT "0123456789abcdef0123456789abcdef"

static void check_event(const OomEvent *event) {
        assert(event->kills > 0 && !event->again);
        assert(slice_name_is_valid(event->slice));
        assert(event->n_victims <= OOM_EVENT_VICTIMS_MAX);
        for (size_t i = 0; i < event->n_victims; i++) {
                const char *comm = event->victims[i].comm;

                assert(event->victims[i].pid >= 0);
                assert(memchr(comm, '\0', sizeof event->victims[i].comm));
        }
}

static void check_kept(const OomKept *kept) {
        uint64_t id = 0;

        assert(kept->n_events <= OOM_KEPT_MAX && kept->last_id <= OOM_ID_MAX);
        for (size_t i = 0; i < kept->n_events; i++) {
                assert(kept->events[i].id > id);
                id = kept->events[i].id;
                check_event(&kept->events[i]);
        }
        assert(id <= kept->last_id);
}

static void format(const OomState *state, char **ret, size_t *ret_length) {
        assert(oom_state_format(state, BOOT, ret, ret_length) == 0);
}

/* Reads what was written and writes it again; the slices come out in the reverse order. */
static void repeat(const char *text, size_t length, char **ret, size_t *ret_length) {
        _cleanup_(oom_state_done) OomState state = {};

        assert(oom_state_parse(text, length, BOOT, &state) == 1);
        assert(state.n_unreadable == 0);
        format(&state, ret, ret_length);
}

int fuzz_oom_state(const uint8_t *data, size_t size) {
        _cleanup_(oom_state_done) OomState state = {};
        _cleanup_free_ char *text = NULL, *reverse = NULL, *same = NULL;
        size_t length, reverse_length, same_length;

        if (oom_state_parse((const char *) data, size, BOOT, &state) < 0)
                return 0;
        check_kept(state.kept);
        format(&state, &text, &length);
        repeat(text, length, &reverse, &reverse_length);
        repeat(reverse, reverse_length, &same, &same_length);
        assert(length == same_length && memcmp(text, same, length) == 0);
        return 0;
}
