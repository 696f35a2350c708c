/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/oom-state.h"

#include <inttypes.h>
#include <string.h>

#include "basic/fs.h"
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

static bool is_plain(unsigned char c) {
        return c > ' ' && c <= '~' && c != '\\';
}

static void format_victim(FILE *f, const OomVictim *victim) {
        fprintf(f, "victim %d", (int) victim->pid);
        format_bytes(f, victim->uid != UID_INVALID, victim->uid);
        fputc(' ', f);
        for (const char *c = victim->comm; *c; c++)
                if (is_plain((unsigned char) *c))
                        fputc(*c, f);
                else
                        fprintf(f, "\\x%02x", (unsigned char) *c);
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

/* A line, cut from the text, which the caller has ended with NUL. NULL at the end. */
static char *next_line(char **text) {
        char *line = *text, *newline = strchr(line, '\n');

        if (!newline)
                return NULL;
        *newline = '\0';
        *text = newline + 1;
        return line;
}

/* The word "KEY " at the beginning; what comes behind it, or NULL. */
static char *value_of(char *line, const char *key) {
        size_t n = strlen(key);

        return line && strncmp(line, key, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

/* A number that ends with a blank or with the line; moves *text behind the blank. */
static int take_number(char **text, uint64_t *ret) {
        char *p = *text;
        uint64_t n = 0;

        if (*p < '0' || *p > '9')
                return -EBADMSG;
        for (; *p >= '0' && *p <= '9'; p++)
                if (__builtin_mul_overflow(n, 10, &n) ||
                    __builtin_add_overflow(n, (uint64_t) (*p - '0'), &n))
                        return -EBADMSG;
        if (*p != '\0' && *p != ' ')
                return -EBADMSG;
        *text = *p ? p + 1 : p;
        *ret = n;
        return 0;
}

/* The same, or "-". */
static int take_number_or_unknown(char **text, uint64_t *ret) {
        if (strncmp(*text, UNKNOWN, 1) != 0)
                return take_number(text, ret);
        if ((*text)[1] != '\0' && (*text)[1] != ' ')
                return -EBADMSG;
        *text += (*text)[1] ? 2 : 1;
        *ret = UINT64_MAX;
        return 0;
}

/* A word that a blank ends, cut from the text. */
static const char *take_word(char **text) {
        char *word = *text, *blank = strchr(word, ' ');

        if (!blank)
                return NULL;
        *blank = '\0';
        *text = blank + 1;
        return word;
}

static int take_cause(char **text, OomCause *ret) {
        const char *word = take_word(text);

        for (OomCause cause = 0; word && cause < _OOM_CAUSE_COUNT; cause++)
                if (strcmp(word, oom_cause_to_string(cause)) == 0) {
                        *ret = cause;
                        return 0;
                }
        return -EBADMSG;
}

static int take_memory(char **text, OomEvent *event) {
        event->memory_max_known = strncmp(*text, UNKNOWN, 1) != 0;
        if (take_number_or_unknown(text, &event->memory_max) < 0 ||
            take_number_or_unknown(text, &event->memory_current) < 0 ||
            take_number_or_unknown(text, &event->memory_peak) < 0)
                return -EBADMSG;
        return 0;
}

static int parse_event(OomKept *kept, char *value) {
        const char *slice = take_word(&value);
        uint64_t late;
        OomEvent event;

        if (!slice || !slice_name_is_valid(slice))
                return -EBADMSG;
        oom_event_init(&event, slice);
        if (take_number(&value, &event.id) < 0 || take_number(&value, &event.time) < 0 ||
            take_number(&value, &event.kills) < 0 || take_number(&value, &event.hits) < 0 ||
            take_cause(&value, &event.cause) < 0 || take_number(&value, &late) < 0 || late > 1 ||
            take_memory(&value, &event) < 0 || *value)
                return -EBADMSG;
        event.late = late;
        return oom_kept_restore(kept, &event);
}

static int hex_digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte as format_victim() writes it; moves *text behind it. */
static int take_byte(const char **text, char *ret) {
        const char *p = *text;
        int high, low;

        if (is_plain((unsigned char) *p)) {
                *ret = *p;
                *text = p + 1;
                return 0;
        }
        if (p[0] != '\\' || p[1] != 'x' || (high = hex_digit(p[2])) < 0 || (low = hex_digit(p[3])) < 0 ||
            high + low == 0)
                return -EBADMSG;
        *ret = (char) (high << 4 | low);
        *text = p + 4;
        return 0;
}

static int parse_comm(const char *text, char ret[static OOM_VICTIM_COMM_MAX + 1]) {
        size_t n = 0;

        for (; *text; n++)
                if (n == OOM_VICTIM_COMM_MAX || take_byte(&text, &ret[n]) < 0)
                        return -EBADMSG;
        ret[n] = '\0';
        return 0;
}

static int parse_victim(OomEvent *event, char *value) {
        OomVictim victim = {};
        uint64_t pid, uid;

        if (event->n_victims == OOM_EVENT_VICTIMS_MAX || take_number(&value, &pid) < 0 || pid > INT32_MAX ||
            take_number_or_unknown(&value, &uid) < 0 || (uid > UINT32_MAX && uid != UINT64_MAX) ||
            parse_comm(value, victim.comm) < 0)
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
                char *line = next_line(text), *value;

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
        char *line = begins_with(*text, "told ") ? next_line(text) : NULL, *value = value_of(line, "told");
        OomTold *told = &state->told;
        uint64_t pid;

        while (value && *value) {
                if (told->count == OOM_VICTIMS_MAX || take_number(&value, &pid) < 0 || pid > INT32_MAX) {
                        state->n_unreadable++;
                        return;
                }
                told->pid[told->count++] = (pid_t) pid;
        }
}

static int parse_kept(OomState *state, char **text) {
        char *value = value_of(next_line(text), "id");
        uint64_t id;

        if (!value || take_number(&value, &id) < 0 || *value || id > OOM_ID_MAX)
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

        if (take_number(&value, &inode) < 0 || take_number(&value, &c.kills) < 0 ||
            take_number(&value, &c.hits) < 0 || take_number(&value, &c.local_hits) < 0 ||
            !slice_name_is_valid(value) || oom_ledger_find(ledger, value))
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

        if (take_number(&value, &inode) < 0 || take_number(&value, &kills) < 0 || *value ||
            account->n_groups == OOM_GROUPS_MAX)
                return -EBADMSG;
        return oom_ledger_add_group(account, inode, kills);
}

static int parse_slices(OomLedger *ledger, char *text) {
        OomAccount *account = NULL;
        unsigned n = 0;

        for (;;) {
                char *line = next_line(&text), *value;
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
        char *line = next_line(text), *boot, *since, *root;
        uint64_t inode, recorded;
        bool first_version = line && strcmp(line, FIRST_LINE_1) == 0;

        if (!line || (!first_version && strcmp(line, FIRST_LINE) != 0))
                return -EBADMSG;
        boot = value_of(next_line(text), "boot");
        if (!boot || strlen(boot) != OOM_BOOT_ID_MAX || strspn(boot, "0123456789abcdef") != OOM_BOOT_ID_MAX)
                return -EBADMSG;
        since = value_of(next_line(text), "since");
        if (!since || take_number(&since, &state->since) < 0 || *since)
                return -EBADMSG;
        root = value_of(next_line(text), "root");
        if (!root || take_number(&root, &inode) < 0 || take_number(&root, &recorded) < 0 || *root)
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
