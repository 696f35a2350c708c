/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Replays the corpus as an ordinary test: every file as it is, then changed at random, then bytes that are
 * nothing but random. The same seed gives the same bytes on every machine; $FUZZ_ROUNDS asks for more. */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "basic/fs.h"
#include "fuzz.h"

#define INPUT_MAX 65536

typedef struct Target {
        const char *name;
        int (*run)(const uint8_t *data, size_t size);
        const char *const *tokens; /* what input is made of; ended by NULL */
        unsigned rounds;           /* how often each file is changed; fewer for what is slow */
} Target;

typedef struct Input {
        uint8_t data[INPUT_MAX];
        size_t size;
} Input;

static const char *corpus;

/* ---- a generator that is the same everywhere ---- */

static uint64_t state = 1;

static size_t below(size_t n) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return n == 0 ? 0 : (size_t) (state % n);
}

/* ---- changes ---- */

static void insert(Input *in, size_t at, const void *data, size_t size) {
        if (in->size + size > INPUT_MAX)
                return;
        memmove(in->data + at + size, in->data + at, in->size - at);
        memcpy(in->data + at, data, size);
        in->size += size;
}

static void cut(Input *in, size_t at, size_t size) {
        memmove(in->data + at, in->data + at + size, in->size - at - size);
        in->size -= size;
}

static void change(Input *in, const char *const *tokens) {
        size_t at = below(in->size + 1), size = below(MIN(in->size - at + 1, (size_t) 64)), n = 0;
        uint8_t part[64], byte = (uint8_t) below(256);

        while (tokens[n])
                n++;
        memcpy(part, in->data + at, size);
        switch (below(6)) {
        case 0:
                if (at < in->size)
                        in->data[at] = byte;
                break;
        case 1:
                insert(in, at, &byte, 1);
                break;
        case 2:
                cut(in, at, size);
                break;
        case 3:
                insert(in, below(in->size + 1), part, size);
                break;
        case 4:
                for (size_t i = below(50); i > 0; i--)
                        insert(in, at, part, size);
                break;
        default: {
                const char *token = tokens[below(n)];

                insert(in, at, token, strlen(token));
        }
        }
}

/* ---- the tests ---- */

/* In memory of just that size, so that the sanitizer sees a byte too far. */
static void run(const Target *target, const Input *in) {
        uint8_t *copy = malloc(MAX(in->size, (size_t) 1));

        assert_non_null(copy);
        memcpy(copy, in->data, in->size);
        assert_int_equal(target->run(copy, in->size), 0);
        free(copy);
}

static unsigned rounds(const Target *target) {
        const char *more = getenv("FUZZ_ROUNDS");

        return target->rounds * (more ? (unsigned) MAX(atoi(more), 1) : 1);
}

static void replay_file(const Target *target, int dirfd, const char *name) {
        static char buffer[INPUT_MAX + 1];
        static Input original, changed;
        ssize_t n = read_file_at(dirfd, name, buffer, sizeof buffer);

        if (n < 0)
                fail_msg("%s: %s", name, strerror((int) -n));
        memcpy(original.data, buffer, (size_t) n);
        original.size = (size_t) n;
        run(target, &original);
        for (unsigned i = 0; i < rounds(target); i++) {
                if (i % 8 == 0)
                        changed = original;
                change(&changed, target->tokens);
                run(target, &changed);
        }
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry) {
        return entry->d_name[0] != '.';
}

static void test_corpus(void **test_state) {
        const Target *target = *test_state;
        struct dirent **names;
        char path[4096];
        DIR *dir;
        int n;

        snprintf(path, sizeof path, "%s/%s", corpus, target->name);
        n = scandir(path, &names, is_visible, compare_names);
        assert_true(n > 0);
        dir = opendir(path);
        assert_non_null(dir);
        for (int i = 0; i < n; i++) {
                replay_file(target, dirfd(dir), names[i]->d_name);
                free(names[i]);
        }
        free(names);
        closedir(dir);
}

/* Words in any order, and bytes of any value. */
static void test_mess(void **test_state) {
        const Target *target = *test_state;
        static Input in;

        for (unsigned i = 0; i < 10 * rounds(target); i++) {
                in.size = 0;
                for (size_t k = below(60); k > 0; k--)
                        change(&in, target->tokens);
                run(target, &in);
                in.size = below(300);
                for (size_t k = 0; k < in.size; k++)
                        in.data[k] = (uint8_t) below(256);
                run(target, &in);
        }
}

static const char *const config_tokens[] = {
        "\n[Manager]\n",
        "\n[CPU]\n",
        "\n[Memory]\n",
        "\n[User alice]\n",
        "\n[User 1000-2000]\n",
        "\n[Group 100]\n",
        "\n[Plan p]\n",
        "\nPlan=p\n",
        "\nIntervalSec=",
        "\nMinUID=",
        "\nExemptUsers=",
        "\nExemptGroups=",
        "\nObserve=",
        "\nAdoptStrays=",
        "\nSharePolicy=",
        "\nCPUThreshold=",
        "\nCPUQuota=",
        "\nCPUWeight=",
        "\nMemoryMax=",
        "\nMemoryHigh=",
        "\nMemorySwapMax=",
        "\nReservedCPUs=",
        "\nMemoryStrict=",
        "150%",
        "8G",
        "infinity",
        "yes",
        "1min 30s",
        "max-min",
        "alice, bob 1000",
        "4294967295",
        "\"",
        "#",
        ";",
        "=",
        "\\\n",
        "\r",
        " ",
        "\xef\xbb\xbf",
        "\xff",
        "[",
        "]",
        "_none_",
        "\x1b[2J",
        "\xc2\x9b",
        NULL,
};
static const char *const control_tokens[] = {
        "\n[User 1000]\n",
        "\n[User 1000-1000]\n",
        "\n[User 1001]\n",
        "\n[User alice]\n",
        "\n[CPU]\n",
        "\n[Plan p]\n",
        "\nMemoryMax=",
        "\nMemoryMax=777M",
        "\n CPUWeight = 5 # why",
        "\nMemoryHigh=25%",
        "\nPlan=p",
        "8G",
        "infinity",
        "\"",
        "#",
        ";",
        "=",
        "\\\n",
        "\r\n",
        "\n",
        " ",
        "\xef\xbb\xbf",
        "\xff",
        "[",
        "]",
        "_none_",
        "\x1b[2J",
        NULL,
};
static const char *const import_tokens[] = {
        "\n[main]\n",
        "\n[DEFAULT]\n",
        "\n[user]\n",
        "\nminUID = ",
        "\nminimum_UID: ",
        "\ninterval=",
        "\ncoreThreshold=",
        "\ncpu_pct_max=",
        "\nactivityThreshold=",
        "\nreservedCores=",
        "\nmemoryLimit=",
        "\ncgroup_memoryLimit_gigs=",
        "\nthrottleMode=hard_cap",
        "\nadmin_email=",
        "\ncGroupRoot=",
        "87.5",
        "1e300",
        "-",
        "0",
        "4294967295",
        " ;",
        "#",
        "rem ",
        "\n ",
        "\r\n",
        "\"\"",
        "%(x)s",
        "\xef\xbb\xbf",
        "\xff",
        "[",
        "]",
        "\x1b[2J",
        "\xc2\x9b",
        NULL,
};
static const char *const parse_tokens[] = {
        "0",     "1",      "65535", "4294967295", "18446744073709551615",
        ".",     "%",      "K",     "G",          "E",
        "s",     "ms",     "min ",  "h",          "w",
        "µs",    "-",      " ",     "infinity",   "yes",
        "user-", ".slice", " ago",  "today",      "@",
        ":",     " UTC",   NULL,
};
static const char *const cgroup_tokens[] = {
        "usage_usec ",
        "nr_periods ",
        "nr_throttled ",
        "throttled_usec ",
        "oom ",
        "oom_kill ",
        "max ",
        "high ",
        "\n",
        " ",
        "18446744073709551615",
        "max",
        "100000",
        "0-3",
        ",",
        "-",
        "cpu  1 2 3 4 5 6 7\n",
        "cpu0 ",
        "1234.56 ",
        NULL,
};
static const char *const oom_tokens[] = {
        "memory: usage ",
        "kB, limit ",
        "kB, failcnt ",
        "oom-kill:constraint=CONSTRAINT_MEMCG",
        ",nodemask=(null)",
        ",cpuset=/",
        ",mems_allowed=0",
        ",oom_memcg=/user.slice/user-1000.slice",
        ",global_oom",
        ",task_memcg=/user.slice",
        ",task=",
        ",pid=1",
        ",uid=1000",
        "Memory cgroup out of memory: Killed process ",
        "Out of memory: Killed process ",
        " (sh) total-vm:",
        "kB, anon-rss:",
        " UID:0 pgtables:",
        "oom_score_adj:0",
        ")",
        "(",
        ",",
        "9007199254740988",
        NULL,
};

static const char *const gate_tokens[] = {
        "l\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", "B\1\1\1", "l", "B", "\xff\xff\xff\xff", NULL,
};

static const char *const kmsg_tokens[] = {
        "6,339,5140900,-;",
        "3,750,13245211152,c,caller=T1;",
        "30,1,2,-;",
        ",",
        ";",
        "\n",
        "\n SUBSYSTEM=x\n",
        "\\x",
        "\\x0a",
        "\\x5c",
        "\\",
        "18446744073709551615",
        "memory: usage ",
        NULL,
};

static const char *const process_tokens[] = {
        "\nName:\t",
        "\nState:\tZ",
        "\nUid:\t1000\t1000\t1000\t1000\n",
        "\nUid:\t",
        "\nNSpid:\t1\t",
        "4294967296",
        "18446744073709551616",
        " 0",
        ") S ",
        "\n0::",
        "\n1:name=systemd:",
        "/system.slice/cron.service",
        "Uid:\t",
        "NSpid:\t",
        "\t",
        "\n",
        " ",
        ")",
        "(",
        "Z",
        ":",
        "memory",
        "cpu,cpuacct",
        "name=systemd",
        "/",
        "/docker/a",
        "/..",
        " (deleted)",
        "18446744073709551615",
        "2147483648",
        "0",
        "-1",
        NULL,
};

static const char *const oom_state_tokens[] = {
        "fairslice-oom 1\n",
        "fairslice-oom 2\n",
        "boot 0123456789abcdef0123456789abcdef\n",
        "since ",
        "root ",
        "id ",
        "event ",
        "victim ",
        "slice ",
        "group ",
        "end\n",
        "user-1000.slice",
        "user.slice",
        " slice 0 1 2 3",
        " inner 1 - - -",
        " unknown",
        "-",
        "0",
        "1",
        "9223372036854775807",
        "18446744073709551615",
        "4294967295",
        "\\x20",
        "\\",
        " ",
        "\n",
        NULL,
};

static const char *const place_tokens[] = {
        "made ",
        "origin ",
        "on ",
        "boot ",
        "b",
        "user.slice",
        "user-1000.slice",
        "user-4294967294.slice",
        " ",
        "\n",
        "unified",
        "memory",
        "cpu",
        "/",
        "/user.slice/user-1.slice",
        "/..",
        NULL,
};

static const char *const cli_text_tokens[] = {
        "alice",      "\x1b[31m",   "\xc2\x9b", "\xe2\x80\xae", "\xe5\xa4\xa7",
        "e\xcc\x81",  "\\",         "\n",       "\xff",         "CPUQuota=",
        "MemoryMax=", "CPUWeight=", "50%",      "infinity",     "99999999999999999999",
        NULL,
};

static const char *const event_json_tokens[] = {
        "\"", "\\", "\n", "\x1b[31m", "\xc2\x9b", "\xe5\xa4\xa7", "\xff", "\\u0000", "python3", NULL,
};

static const char *const mail_tokens[] = {
        "Subject: ",
        "\n",
        "\r\n",
        "\n\n",
        "@USER@",
        "@VICTIM@",
        "@PROCESSES@",
        "@SLICES@",
        "@NOBODY@",
        "@",
        "=?utf-8?B?",
        "?=",
        "=",
        ".",
        "From ",
        " ",
        "\t",
        "\r\nBcc: x@example.org",
        "\xc3\xa9",
        "\xe5\xa4\xa7",
        "\xff",
        "\x1b[31m",
        "\xc2\x9b",
        NULL,
};

static const char *const digests_tokens[] = {
        "fairslice-digests 1\ninstance 0000000000000000\nnext 100\n",
        "taken 5f0c4e7b5c1d4b3a8d0f6d6f3f0c9a11 7\n",
        "reader 4294967295 5 1\n",
        "reader 1000 5 1\n",
        "waiting kill 5 5 5 2 0\n",
        "waiting warning 5 5 5 0 0\n",
        "sealed 3 1000 kill 5 5 2 0 0\n",
        "sealed 4 4294967295 warning 5 5 0 0 0\n",
        "kill 1000 5 2 0 1 0 0 0 0 0 user-1000.slice\n",
        "warning 1000 5 75 1 2 3 user-1000.slice\n",
        "user alice\n",
        "victim 1 1000 sh\n",
        "process 1 4096 sh\n",
        "incomplete\n",
        "end\n",
        "\\x1b",
        "\\x",
        "\\",
        " ",
        "\n",
        "18446744073709551615",
        "0",
        "\xff",
        NULL,
};

static const char *const mail_address_tokens[] = {
        "@",    ": ", "\n", "alice: ", "#", ".", "..",       "-",           "a",  "example.org",
        "\r\n", "\"", "<",  ">",       ",", " ", "\xc3\xa9", "[127.0.0.1]", NULL,
};

static const char *const spool_tokens[] = {
        "tries=",
        "next=",
        "since=",
        "answer=",
        "\n",
        "\r\n",
        "X-Fairslice-Recipient: ",
        "a@b",
        "20261122T073522.123456Z-",
        "kill-",
        "warning-",
        "550-",
        "550 ",
        "250 ok",
        ">QUIT",
        ">RCPT TO:",
        ">AUTH ",
        "334 ",
        "=",
        "18446744073709551615",
        "0",
        "\xc3\xa9",
        "\xc3",
        "\x1b",
        NULL,
};

static const char *const notice_tokens[] = {
        "&",
        "<",
        ">",
        "&amp;",
        " ",
        "\r\n",
        "\a",
        "%s",
        "\x1b[31m",
        "\xc2\x9b",
        "\xc3\xa9",
        "\xff",
        "word-that-is-long",
        NULL,
};

static const Target targets[] = {
        { "config", fuzz_config, config_tokens, 30 },
        { "control", fuzz_control, control_tokens, 10 },
        { "import-cgroup-py", fuzz_import_cgroup_py, import_tokens, 30 },
        { "parse", fuzz_parse, parse_tokens, 2000 },
        { "cgroup", fuzz_cgroup, cgroup_tokens, 1000 },
        { "kmsg", fuzz_kmsg, kmsg_tokens, 2000 },
        { "oom-line", fuzz_oom_line, oom_tokens, 2000 },
        { "oom-state", fuzz_oom_state, oom_state_tokens, 300 },
        { "gate", fuzz_gate, gate_tokens, 2000 },
        { "process", fuzz_process, process_tokens, 2000 },
        { "place", fuzz_place, place_tokens, 1000 },
        { "cli-text", fuzz_cli_text, cli_text_tokens, 2000 },
        { "event-json", fuzz_event_json, event_json_tokens, 1000 },
        { "mail", fuzz_mail, mail_tokens, 300 },
        { "digests", fuzz_digests, digests_tokens, 1000 },
        { "spool", fuzz_spool, spool_tokens, 2000 },
        { "notice", fuzz_notice, notice_tokens, 2000 },
        { "mail-address", fuzz_mail_address, mail_address_tokens, 2000 },
};

int main(int argc, char **argv) {
        struct CMUnitTest tests[2 * ELEMENTSOF(targets)];
        char names[2 * ELEMENTSOF(targets)][64];

        corpus = argc > 1 ? argv[1] : "corpus";
        for (size_t i = 0; i < ELEMENTSOF(targets); i++) {
                snprintf(names[2 * i], sizeof names[0], "%s: corpus", targets[i].name);
                snprintf(names[2 * i + 1], sizeof names[0], "%s: mess", targets[i].name);
                tests[2 * i] = (struct CMUnitTest){ .name = names[2 * i],
                                                    .test_func = test_corpus,
                                                    .initial_state = (void *) &targets[i] };
                tests[2 * i + 1] = (struct CMUnitTest){ .name = names[2 * i + 1],
                                                        .test_func = test_mess,
                                                        .initial_state = (void *) &targets[i] };
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
