/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/oom-state.h"

#include <inttypes.h>
#include <string.h>

#include "basic/fields.h"
#include "basic/fs.h"
#include "basic/parse.h"
#include "basic/text.h"

#define STATE_SIZE_MAX (64U << 20)
#define FIRST_LINE     "fairslice-oom 2"
#define FIRST_LINE_1   "fairslice-oom 1"
#define UNKNOWN        "-"

void oom_state_done(OomState *state) {
        state->ledger = oom_ledger_free(state->ledger);
        state->kept = oom_kept_free(state->kept);
}

/* ---- writing ---- */

static void format_groups(FILE *f, const OomAccount *account) {
        for (size_t i = 0; i < account->n_groups; i++) {
                const OomGroupCount *group = &account->groups[i];

                if (group->recorded > 0)
                        fprintf(f, "group %" PRIu64 " %" PRIu64 "\n", group->inode, group->recorded);
        }
}

static void format_slices(FILE *f, const OomLedger *ledger) {
        const OomAccount *account;

        LIST_FOREACH(account, &ledger->accounts, list) {
                const OomCounters *c = &account->recorded;

                if (oom_ledger_find(ledger, account->name) != account ||
                    (c->kills == 0 && c->hits == 0 && c->local_hits == 0))
                        continue; /* gone, or as good as new */
                fprintf(f, "slice %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", account->inode,
                        c->kills, c->hits, c->local_hits, account->name);
                format_groups(f, account);
        }
}

static void format_bytes(FILE *f, bool known, uint64_t bytes) {
        if (known)
                fprintf(f, " %" PRIu64, bytes);
        else
                fputs(" " UNKNOWN, f);
}

static void format_victim(FILE *f, const OomVictim *victim) {
        fprintf(f, "victim %d", (int) victim->pid);
        format_bytes(f, victim->uid != UID_INVALID, victim->uid);
        fputc(' ', f);
        write_name(f, victim->comm);
        fputc('\n', f);
}

static void format_event(FILE *f, const OomEvent *e) {
        fprintf(f, "event %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %d", e->slice, e->id,
                e->time, e->kills, e->hits, oom_cause_to_string(e->cause), e->late);
        format_bytes(f, e->memory_max_known, e->memory_max);
        format_bytes(f, e->memory_current != OOM_VALUE_UNKNOWN, e->memory_current);
        format_bytes(f, e->memory_peak != OOM_VALUE_UNKNOWN, e->memory_peak);
        fputc('\n', f);
        for (size_t i = 0; i < e->n_victims; i++)
                format_victim(f, &e->victims[i]);
}

static void format_told(FILE *f, const OomTold *told) {
        if (told->count == 0)
                return;
        fputs("told", f);
        for (size_t i = 0; i < told->count; i++)
                fprintf(f, " %d", (int) told->pid[i]);
        fputc('\n', f);
}

static void format_kept(FILE *f, const OomKept *kept) {
        for (size_t i = 0; i < kept->n_events; i++)
                format_event(f, &kept->events[i]);
}

int oom_state_format(const OomState *state, const char *boot, char **ret, size_t *ret_length) {
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        FILE *f = open_memstream(&text, &length);

        if (!f)
                return -ENOMEM;
        fprintf(f, FIRST_LINE "\nboot %s\nsince %" PRIu64 "\nroot %" PRIu64 " %" PRIu64 "\n", boot,
                state->since, state->ledger->root_inode, state->ledger->root_recorded);
        fprintf(f, "id %" PRIu64 "\n", state->kept->last_id);
        format_told(f, &state->told);
        format_kept(f, state->kept);
        format_slices(f, state->ledger);
        fputs("end\n", f);
        if (memstream_close(f) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        *ret_length = length;
        return 0;
}

/* ---- reading ---- */

/* The word "KEY " at the beginning; what comes behind it, or NULL. */
static char *value_of(char *line, const char *key) {
        size_t n = strlen(key);

        return line && strncmp(line, key, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

static bool take_any(char **line, uint64_t *ret) {
        return take_number(line, UINT64_MAX, ret);
}

/* A number, or "-", which is UINT64_MAX. */
static bool take_number_or_unknown(char **line, uint64_t *ret) {
        const char *word;

        if (!take_word(line, &word))
                return false;
        if (strcmp(word, UNKNOWN) != 0)
                return parse_digits(word, strlen(word), ret) >= 0;
        *ret = UINT64_MAX;
        return true;
}

static bool take_cause(char **line, OomCause *ret) {
        const char *word;

        if (!take_word(line, &word))
                return false;
        for (OomCause cause = 0; cause < _OOM_CAUSE_COUNT; cause++)
                if (strcmp(word, oom_cause_to_string(cause)) == 0) {
                        *ret = cause;
                        return true;
                }
        return false;
}

static bool take_memory(char **line, OomEvent *event) {
        event->memory_max_known = *line && strncmp(*line, UNKNOWN, 1) != 0;
        return take_number_or_unknown(line, &event->memory_max) &&
               take_number_or_unknown(line, &event->memory_current) &&
               take_number_or_unknown(line, &event->memory_peak);
}

static int parse_event(OomKept *kept, char *value) {
        const char *slice;
        uint64_t late;
        OomEvent event;

        if (!take_word(&value, &slice) || !slice_name_is_valid(slice))
                return -EBADMSG;
        oom_event_init(&event, slice);
        if (!take_any(&value, &event.id) || !take_any(&value, &event.time) ||
            !take_any(&value, &event.kills) || !take_any(&value, &event.hits) ||
            !take_cause(&value, &event.cause) || !take_number(&value, 1, &late) ||
            !take_memory(&value, &event) || value)
                return -EBADMSG;
        event.late = late;
        return oom_kept_restore(kept, &event);
}

static int parse_victim(OomEvent *event, char *value) {
        OomVictim victim = {};
        uint64_t pid, uid;

        if (event->n_victims == OOM_EVENT_VICTIMS_MAX || !take_number(&value, INT32_MAX, &pid) ||
            !take_number_or_unknown(&value, &uid) || (uid > UINT32_MAX && uid != UINT64_MAX) ||
            !take_name(value, victim.comm, sizeof victim.comm))
                return -EBADMSG;
        victim.pid = (pid_t) pid;
        victim.uid = (uid_t) uid; /* of what is not known too: UID_INVALID */
        event->victims[event->n_victims++] = victim;
        return 0;
}

static bool begins_with(const char *line, const char *word) {
        return strncmp(line, word, strlen(word)) == 0;
}

/* Up to the first line that is of neither kind. Victims of what was left out are left out, and not counted.
 */
static void parse_events(OomState *state, char **text) {
        bool skipped = true;

        while (begins_with(*text, "event ") || begins_with(*text, "victim ")) {
                OomKept *kept = state->kept;
                char *line = take_line(text), *value;

                if (!line)
                        return; /* the text ends here, which is for others to say */
                if ((value = value_of(line, "event"))) {
                        skipped = parse_event(kept, value) < 0;
                        state->n_unreadable += skipped;
                } else if (!skipped && (value = value_of(line, "victim")))
                        state->n_unreadable += parse_victim(&kept->events[kept->n_events - 1], value) < 0;
        }
}

/* Without those from the first on that makes no sense. */
static void parse_told(OomState *state, char **text) {
        char *line = begins_with(*text, "told ") ? take_line(text) : NULL, *value = value_of(line, "told");
        OomTold *told = &state->told;
        uint64_t pid;

        while (value) {
                if (told->count == OOM_VICTIMS_MAX || !take_number(&value, INT32_MAX, &pid)) {
                        state->n_unreadable++;
                        return;
                }
                told->pid[told->count++] = (pid_t) pid;
        }
}

static int parse_kept(OomState *state, char **text) {
        char *value = value_of(take_line(text), "id");
        uint64_t id;

        if (!take_number(&value, OOM_ID_MAX, &id) || value)
                return -EBADMSG;
        state->kept->last_id = id;
        parse_told(state, text);
        parse_events(state, text);
        return 0;
}

static int parse_slice(OomLedger *ledger, char *value, OomAccount **ret) {
        OomCounters c;
        OomAccount *account;
        uint64_t inode;

        if (!take_any(&value, &inode) || !take_any(&value, &c.kills) || !take_any(&value, &c.hits) ||
            !take_any(&value, &c.local_hits) || !value || !slice_name_is_valid(value) ||
            oom_ledger_find(ledger, value))
                return -EBADMSG;
        account = oom_ledger_open(ledger, value, inode);
        if (!account)
                return -ENOMEM;
        oom_ledger_baseline(ledger, account, &c);
        account->opened = false;
        *ret = account;
        return 0;
}

static int parse_group(OomAccount *account, char *value) {
        uint64_t inode, kills;

        if (!take_any(&value, &inode) || !take_any(&value, &kills) || value ||
            account->n_groups == OOM_GROUPS_MAX)
                return -EBADMSG;
        return oom_ledger_add_group(account, inode, kills);
}

static int parse_slices(OomLedger *ledger, char *text) {
        OomAccount *account = NULL;
        unsigned n = 0;

        for (;;) {
                char *line = take_line(&text), *value;
                int r = -EBADMSG;

                if (line && strcmp(line, "end") == 0)
                        return *text == '\0' ? 0 : -EBADMSG;
                if ((value = value_of(line, "slice")) && n++ < OOM_STATE_SLICES_MAX)
                        r = parse_slice(ledger, value, &account);
                else if (account && (value = value_of(line, "group")))
                        r = parse_group(account, value);
                if (r < 0)
                        return r;
        }
}

static int parse_header(char **text, const char **ret_boot, OomState *state) {
        char *line = take_line(text), *boot, *since, *root;
        uint64_t inode, recorded;
        bool first_version = line && strcmp(line, FIRST_LINE_1) == 0;

        if (!line || (!first_version && strcmp(line, FIRST_LINE) != 0))
                return -EBADMSG;
        boot = value_of(take_line(text), "boot");
        if (!boot || strlen(boot) != OOM_BOOT_ID_MAX || strspn(boot, "0123456789abcdef") != OOM_BOOT_ID_MAX)
                return -EBADMSG;
        since = value_of(take_line(text), "since");
        if (!take_any(&since, &state->since) || since)
                return -EBADMSG;
        root = value_of(take_line(text), "root");
        if (!take_any(&root, &inode) || !take_any(&root, &recorded) || root)
                return -EBADMSG;
        oom_ledger_baseline_root(state->ledger, inode, recorded);
        *ret_boot = boot;
        return first_version ? 0 : parse_kept(state, text);
}

static int forget_counters(OomState *state) {
        OomLedger *empty = oom_ledger_new();

        if (!empty)
                return -ENOMEM;
        oom_ledger_free(state->ledger);
        state->ledger = empty;
        state->since = 0;
        state->told.count = 0;
        return 0;
}

int oom_state_parse(const char *text, size_t length, const char *boot, OomState *ret) {
        _cleanup_(oom_state_done) OomState state = { .ledger = oom_ledger_new(), .kept = oom_kept_new() };
        _cleanup_free_ char *copy = strndup(text, length);
        const char *written;
        bool same_boot;
        char *p;
        int r;

        if (!state.ledger || !state.kept || !copy)
                return -ENOMEM;
        if (strlen(copy) != length)
                return -EBADMSG; /* a NUL in it */
        p = copy;
        r = parse_header(&p, &written, &state);
        if (r >= 0)
                r = parse_slices(state.ledger, p);
        if (r < 0)
                return r;
        same_boot = strcmp(written, boot) == 0;
        if (!same_boot && forget_counters(&state) < 0)
                return -ENOMEM;
        *ret = state;
        state = (OomState){};
        return same_boot;
}

int oom_state_load(int dirfd, const char *name, const char *boot, OomState *ret) {
        _cleanup_free_ char *text = NULL;
        ssize_t n = read_whole_file_at(dirfd, name, STATE_SIZE_MAX, &text);

        if (n < 0)
                return (int) n;
        return oom_state_parse(text, (size_t) n, boot, ret);
}

int oom_state_save(int dirfd, const char *name, const char *boot, const OomState *state) {
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = oom_state_format(state, boot, &text, &length);
        if (r < 0)
                return r;
        return write_file_atomic(dirfd, name, text, length, 0640);
}
