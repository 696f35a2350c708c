/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/oom-state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"

#define STATE_SIZE_MAX (64U << 20)
#define FIRST_LINE     "fairslice-oom 1"

bool oom_slice_name_is_valid(const char *name) {
        static const char characters[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
        static const char suffix[] = ".slice";
        size_t length = strlen(name);

        return length >= sizeof suffix && length <= SLICE_NAME_MAX && strspn(name, characters) == length &&
               strcmp(name + length - sizeof suffix + 1, suffix) == 0;
}

static void format_groups(FILE *f, const OomAccount *account) {
        for (size_t i = 0; i < account->n_groups; i++) {
                const OomGroupCount *group = &account->groups[i];

                if (group->recorded > 0)
                        fprintf(f, "group %" PRIu64 " %" PRIu64 "\n", group->inode, group->recorded);
        }
}

int oom_state_format(const OomLedger *ledger, const char *boot, usec_t since, char **ret,
                     size_t *ret_length) {
        _cleanup_free_ char *text = NULL;
        const OomAccount *account;
        size_t length = 0;
        bool failed;
        FILE *f;

        f = open_memstream(&text, &length);
        if (!f)
                return -ENOMEM;
        fprintf(f, FIRST_LINE "\nboot %s\nsince %" PRIu64 "\nroot %" PRIu64 " %" PRIu64 "\n", boot, since,
                ledger->root_inode, ledger->root_recorded);
        LIST_FOREACH(account, &ledger->accounts, list) {
                const OomCounters *c = &account->recorded;

                if (oom_ledger_find(ledger, account->name) != account ||
                    (c->kills == 0 && c->hits == 0 && c->local_hits == 0))
                        continue; /* gone, or as good as new */
                fprintf(f, "slice %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", account->inode,
                        c->kills, c->hits, c->local_hits, account->name);
                format_groups(f, account);
        }
        fputs("end\n", f);
        failed = ferror(f);
        if (fclose(f) != 0 || failed)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        *ret_length = length;
        return 0;
}

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

static int parse_slice(OomLedger *ledger, char *value, OomAccount **ret) {
        OomCounters c;
        OomAccount *account;
        uint64_t inode;

        if (take_number(&value, &inode) < 0 || take_number(&value, &c.kills) < 0 ||
            take_number(&value, &c.hits) < 0 || take_number(&value, &c.local_hits) < 0 ||
            !oom_slice_name_is_valid(value) || oom_ledger_find(ledger, value))
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

static int parse_header(char **text, const char **ret_boot, usec_t *ret_since, OomLedger *ledger) {
        char *line = next_line(text), *boot, *since, *root;
        uint64_t inode, recorded;

        if (!line || strcmp(line, FIRST_LINE) != 0)
                return -EBADMSG;
        boot = value_of(next_line(text), "boot");
        if (!boot || strlen(boot) != OOM_BOOT_ID_MAX || strspn(boot, "0123456789abcdef") != OOM_BOOT_ID_MAX)
                return -EBADMSG;
        since = value_of(next_line(text), "since");
        if (!since || take_number(&since, ret_since) < 0 || *since)
                return -EBADMSG;
        root = value_of(next_line(text), "root");
        if (!root || take_number(&root, &inode) < 0 || take_number(&root, &recorded) < 0 || *root)
                return -EBADMSG;
        oom_ledger_baseline_root(ledger, inode, recorded);
        *ret_boot = boot;
        return 0;
}

int oom_state_parse(const char *text, size_t length, const char *boot, OomLedger **ret, usec_t *ret_since) {
        _cleanup_(oom_ledger_freep) OomLedger *ledger = oom_ledger_new();
        _cleanup_free_ char *copy = strndup(text, length);
        const char *written;
        bool same_boot;
        usec_t since;
        char *p;
        int r;

        if (!ledger || !copy)
                return -ENOMEM;
        if (strlen(copy) != length)
                return -EBADMSG; /* a NUL in it */
        p = copy;
        r = parse_header(&p, &written, &since, ledger);
        if (r < 0)
                return r;
        r = parse_slices(ledger, p);
        if (r < 0)
                return r;
        same_boot = strcmp(written, boot) == 0;
        if (!same_boot) {
                oom_ledger_free(ledger);
                ledger = oom_ledger_new();
                if (!ledger)
                        return -ENOMEM;
                since = 0;
        }
        *ret = TAKE_PTR(ledger);
        *ret_since = since;
        return same_boot;
}

int oom_state_load(int dirfd, const char *name, const char *boot, OomLedger **ret, usec_t *ret_since) {
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *text = NULL;
        struct stat st;
        ssize_t n;

        fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size > STATE_SIZE_MAX)
                return -EBADMSG;
        text = malloc((size_t) st.st_size + 2);
        if (!text)
                return -ENOMEM;
        n = read_fd(fd, text, (size_t) st.st_size + 2);
        if (n < 0)
                return (int) n;
        return oom_state_parse(text, (size_t) n, boot, ret, ret_since);
}

int oom_state_save(int dirfd, const char *name, const char *boot, const OomLedger *ledger, usec_t since) {
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = oom_state_format(ledger, boot, since, &text, &length);
        if (r < 0)
                return r;
        return write_file_atomic(dirfd, name, text, length, 0640);
}
