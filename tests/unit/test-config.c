/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "config-tree.h"
#include "unit.h"

#define M "/etc/fairslice/fairsliced.conf"

static User alice(void) {
        static char *groups[] = { (char *) "users", NULL };

        return (User){ .uid = 1000, .name = (char *) "alice", .groups = groups };
}

static SliceConfig resolve(const Config *config) {
        SliceConfig slice;
        User user = alice();

        config_resolve(config, NULL, &user, UINT64_C(16) << 30, &slice);
        return slice;
}

/* One limit of alice. */
static uint64_t limit(const Config *config, Limit l) {
        return resolve(config).limits.value[l];
}

/* The text as the main file gives these problems. */
static void expect_problems(const Tree *tree, const char *text, const char *expected) {
        _cleanup_free_ char *problems = NULL;
        _cleanup_(config_freep) Config *config = tree_load_text(tree, text, &problems);

        assert_non_null(config);
        assert_string_equal(problems, expected);
}

/* ---- what is right ---- */

static void expect_defaults(const Config *config) {
        const HostConfig *host = config_host(config);
        SliceConfig slice = resolve(config);

        assert_int_equal(host->interval_usec, USEC_PER_SEC);
        assert_int_equal(host->min_uid, 1000);
        assert_false(host->observe);
        assert_false(host->adopt_strays);
        assert_int_equal(host->history_looks, 360);
        assert_int_equal(host->history_interval_usec, 10 * USEC_PER_SEC);
        assert_int_equal(host->share_policy, SHARE_MAX_MIN);
        assert_int_equal(host->cpu_threshold_permyriad, 9000);
        assert_int_equal(host->activity_permyriad, 100);
        assert_int_equal(host->reserved_cpus, 0);
        assert_int_equal(slice.limits.value[LIMIT_CPU_WEIGHT], CPU_WEIGHT_DEFAULT);
        for (int i = 0; i < _LIMIT_COUNT; i++)
                assert_true(i == LIMIT_CPU_WEIGHT || slice.limits.value[i] == LIMIT_UNSET);
        assert_false(slice.memory_strict);
}

static void test_defaults(void **state) {
        const Tree *tree = *state;
        _cleanup_free_ char *problems = NULL;
        _cleanup_(config_freep) Config *none = tree_load(tree, &problems), *empty = NULL;

        assert_string_equal(problems, "");
        expect_defaults(none);
        empty = tree_load_good(tree, "[Manager]\n[CPU]\n[Memory]\n[User alice]\n[Group users]\n[Plan x]\n");
        expect_defaults(empty);
}

static void test_every_key(void **state) {
        _cleanup_(config_freep) Config *config = tree_load_good(
                *state,
                "[Manager]\nIntervalSec=5s\nMinUID=500\nObserve=yes\nAdoptStrays=yes\nExemptUsers=bob\n"
                "HistorySec=30min\nHistoryIntervalSec=5s\n"
                "ExemptGroups=wheel\n"
                "[CPU]\nSharePolicy=equal\nCPUThreshold=80%\nActivityThreshold=2.5%\n"
                "ReservedCPUs=2\nCPUQuota=150%\nCPUWeight=300\n"
                "[Memory]\nMemoryMax=8G\nMemoryHigh=25%\nMemorySwapMax=0\n"
                "MemoryStrict=yes\n");
        const HostConfig *host = config_host(config);
        SliceConfig slice = resolve(config);

        assert_int_equal(host->interval_usec, 5 * USEC_PER_SEC);
        assert_int_equal(host->min_uid, 500);
        assert_true(host->observe);
        assert_true(host->adopt_strays);
        assert_int_equal(host->history_looks, 360);
        assert_int_equal(host->history_interval_usec, 5 * USEC_PER_SEC);
        assert_int_equal(host->share_policy, SHARE_EQUAL);
        assert_int_equal(host->cpu_threshold_permyriad, 8000);
        assert_int_equal(host->activity_permyriad, 250);
        assert_int_equal(host->reserved_cpus, 2);
        assert_int_equal(slice.limits.value[LIMIT_CPU_QUOTA], 1500000);
        assert_int_equal(slice.limits.value[LIMIT_CPU_WEIGHT], 300);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_MAX], UINT64_C(8) << 30);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_HIGH], UINT64_C(4) << 30);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_SWAP_MAX], 0);
        assert_true(slice.memory_strict);
}

/* An empty value goes back to the default, also over files. */
static void test_reset(void **state) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *problems = NULL;

        tree_put(*state, DROP_INS("/etc") "50-reset.conf",
                 "[Manager]\nIntervalSec=\nMinUID=\nObserve=\n[CPU]\nSharePolicy=\nCPUThreshold=\n"
                 "ActivityThreshold=\nReservedCPUs=\nCPUQuota=\nCPUWeight=\n"
                 "[Memory]\nMemoryMax=\nMemoryHigh=\nMemorySwapMax=\nMemoryStrict=\n");
        config = tree_load_text(
                *state,
                "[Manager]\nIntervalSec=5s\nMinUID=500\nObserve=yes\n"
                "[CPU]\nSharePolicy=equal\nCPUThreshold=80%\nActivityThreshold=2%\nReservedCPUs=2\n"
                "CPUQuota=150%\nCPUWeight=300\n"
                "[Memory]\nMemoryMax=8G\nMemoryHigh=6G\nMemorySwapMax=0\nMemoryStrict=yes\n",
                &problems);
        assert_string_equal(problems, "");
        expect_defaults(config);
}

static void test_files_in_order(void **state) {
        const Tree *tree = *state;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *problems = NULL;

        tree_put(tree, "/usr/lib/fairslice/fairsliced.conf", "[CPU]\nCPUQuota=1%\n"); /* not read at all */
        tree_put(tree, M, "[CPU]\nCPUWeight=1\nReservedCPUs=1\n");
        tree_put(tree, DROP_INS("/usr/lib") "10.conf", "[CPU]\nCPUWeight=10\nReservedCPUs=2\n");
        tree_put(tree, DROP_INS("/etc") "20.conf", "[CPU]\nCPUWeight=20\n");
        tree_put(tree, DROP_INS("/usr/lib") "30.conf", "[CPU]\nCPUWeight=30\n");
        tree_put(tree, DROP_INS("/run") "40.conf", "[CPU]\nCPUWeight=40\n");
        tree_put(tree, DROP_INS("/etc") "40.conf", "");
        tree_put(tree, DROP_INS("/run") "50.conf", "[CPU]\nCPUWeight=50\n");
        tree_link(tree, DROP_INS("/etc") "50.conf", "/dev/null");
        config = tree_load(tree, &problems);
        assert_string_equal(problems, "");
        assert_int_equal(limit(config, LIMIT_CPU_WEIGHT), 30);
        assert_int_equal(config_host(config)->reserved_cpus, 2);
        assert_true(limit(config, LIMIT_CPU_QUOTA) == LIMIT_UNSET);
}

/* Within a file too the later one wins, and a section may come twice. */
static void test_later_wins(void **state) {
        _cleanup_(config_freep) Config *config = tree_load_good(
                *state,
                "[CPU]\nCPUWeight=1\nCPUWeight=2\n[Memory]\nMemoryMax=1G\n[CPU]\nCPUWeight=3\n"
                "[User alice]\nMemoryMax=2G\n[User bob]\nMemoryMax=9G\n[User alice]\nMemoryMax=3G\n");

        assert_int_equal(limit(config, LIMIT_CPU_WEIGHT), 3);
        assert_int_equal(limit(config, LIMIT_MEMORY_MAX), UINT64_C(3) << 30);
}

/* ---- exempt ---- */

static bool exempt(const Config *config, uid_t uid, const char *name, const char *group, gid_t gid) {
        char *groups[] = { (char *) group, NULL };
        User user = { .uid = uid, .name = (char *) name, .groups = groups, .gids = &gid, .gid_count = 1 };

        return config_is_exempt(config, &user);
}

static void test_exempt(void **state) {
        _cleanup_(config_freep) Config *config = tree_load_good(
                *state, "[Manager]\nMinUID=2000\nExemptUsers=alice, 3000,, bob\nExemptUsers=carol\n"
                        "ExemptUsers=bob\nExemptGroups=wheel 7\n");

        assert_true(exempt(config, 1999, "x", "users", 1));
        assert_false(exempt(config, 2000, "x", "users", 1));
        assert_true(exempt(config, 2000, "alice", "users", 1));
        assert_true(exempt(config, 2000, "bob", "users", 1));
        assert_true(exempt(config, 2000, "carol", "users", 1));
        assert_true(exempt(config, 3000, "x", "users", 1));
        assert_true(exempt(config, 3000, NULL, NULL, 1));
        assert_true(exempt(config, 2000, "x", "wheel", 1));
        assert_true(exempt(config, 2000, "x", "users", 7));
        assert_false(exempt(config, 2000, "3000", "users", 1)); /* a name is not a number */
        assert_false(exempt(config, 2000, "wheel", "alice", 3000));
        assert_false(exempt(config, 2000, "ALICE", "users", 1));
        assert_false(exempt(config, 2000, NULL, NULL, 1));
}

static void test_exempt_reset(void **state) {
        _cleanup_(config_freep) Config *config =
                tree_load_good(*state, "[Manager]\nExemptUsers=alice bob\nExemptGroups=wheel\nExemptUsers=\n"
                                       "ExemptUsers=carol\n");

        assert_false(exempt(config, 2000, "alice", "users", 1));
        assert_true(exempt(config, 2000, "carol", "users", 1));
        assert_true(exempt(config, 2000, "x", "wheel", 1));
}

/* ---- what is wrong ---- */

static void test_wrong_values(void **state) {
        expect_problems(*state, "[CPU]\n\nCPUQuota=abc\n",
                        "E " M
                        ":3: [CPU] CPUQuota=abc: not a percentage; allowed is a whole percentage of one CPU "
                        "from 1%, such as 150%, or infinity.\n");
        expect_problems(
                *state, "[CPU]\nCPUQuota=12.5%\n",
                "E " M ":2: [CPU] CPUQuota=12.5%: not a whole percentage (systemd 252 keeps only whole "
                "ones over a reload); allowed is a whole percentage of one CPU from 1%, such as 150%, or "
                "infinity.\n");
        expect_problems(*state, "[CPU]\nCPUThreshold=99%\n",
                        "W " M
                        ":2: [CPU] CPUThreshold=99%: too much, 98% is used; allowed is a percentage of the "
                        "host's CPUs from 1% to 98%.\n");
        expect_problems(
                *state, "[Manager]\nIntervalSec=1ms\nMinUID=0\nObserve=maybe\n",
                "E " M ":2: [Manager] IntervalSec=1ms: out of range; allowed is a time from 100ms to 1h, "
                "such as 1s.\n"
                "E " M ":3: [Manager] MinUID=0: out of range; allowed is a UID from 1 to 4294967294.\n"
                "E " M ":4: [Manager] Observe=maybe: neither yes nor no; allowed is yes or no.\n");
        expect_problems(
                *state, "[User alice]\nMemoryMax=8\nMemorySwapMax=8\n",
                "E " M ":2: [User alice] MemoryMax=8: too little for any session, perhaps its unit is "
                "missing; allowed is a size from 1M, such as 8G, infinity, or a percentage of the memory up "
                "to 100%.\n"
                "W " M ":3: [User alice] MemorySwapMax=8: used as it is, but perhaps its unit is missing; "
                "allowed is a size, such as 2G or 0, infinity, or a percentage of the memory up to "
                "100%.\n");
        expect_problems(*state, "[CPU]\nSharePolicy=fair\n",
                        "E " M
                        ":2: [CPU] SharePolicy=fair: not a policy; allowed is max-min, equal or weight.\n");
}

/* A wrong value leaves what an earlier file said, a wrong reset nothing. */
static void test_wrong_value_keeps_earlier(void **state) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *problems = NULL;

        tree_put(*state, DROP_INS("/etc") "50.conf",
                 "[CPU]\nCPUWeight=0\nCPUQuota=x\n[Memory]\nMemoryMax=1\n[User alice]\nPlan=nope\n"
                 "[Manager]\nExemptUsers=a*\n");
        config = tree_load_text(
                *state,
                "[CPU]\nCPUWeight=7\nCPUQuota=50%\n[Memory]\nMemoryMax=2G\n[User alice]\nPlan=p\n"
                "[Plan p]\nMemoryHigh=1G\n[Manager]\nExemptUsers=bob\n",
                &problems);
        assert_non_null(strstr(problems, DROP_INS("/etc") "50.conf:2: [CPU] CPUWeight=0: out of range; "));
        assert_non_null(strstr(problems, DROP_INS("/etc") "50.conf:3: [CPU] CPUQuota=x: "));
        assert_non_null(strstr(problems, DROP_INS("/etc") "50.conf:5: [Memory] MemoryMax=1: "));
        assert_non_null(strstr(problems,
                               DROP_INS("/etc") "50.conf:7: [User alice] Plan=nope: there is no such plan; "
                                                "allowed is the NAME of a section [Plan NAME].\n"));
        assert_int_equal(limit(config, LIMIT_CPU_WEIGHT), 7);
        assert_int_equal(limit(config, LIMIT_CPU_QUOTA), 500000);
        assert_int_equal(limit(config, LIMIT_MEMORY_MAX), UINT64_C(2) << 30);
        assert_int_equal(limit(config, LIMIT_MEMORY_HIGH), UINT64_C(1) << 30);
        assert_true(exempt(config, 2000, "bob", "users", 1));
}

static void test_unknown_keys(void **state) {
        expect_problems(*state, "[CPU]\nCPUQuotta=5%\n",
                        "E " M ":2: [CPU] CPUQuotta=: no such key; did you mean CPUQuota=?\n");
        expect_problems(
                *state, "[Memory]\nFoo=5%\n",
                "E " M
                ":2: [Memory] Foo=: no such key; allowed are MemoryMax, MemoryHigh, MemorySwapMax and "
                "MemoryStrict.\n");
        expect_problems(*state, "[User alice]\nIntervalSec=5s\n",
                        "E " M
                        ":2: [User alice] IntervalSec=: does not belong here; it is set for the whole host, "
                        "in [Manager].\n");
        expect_problems(*state, "[CPU]\nMemoryMax=5G\n",
                        "E " M
                        ":2: [CPU] MemoryMax=: does not belong here; it is set in [Memory], [User …], "
                        "[Group …] and [Plan …].\n");
        expect_problems(*state, "[Plan a]\nPlan=a\n",
                        "E " M ":2: [Plan a] Plan=: does not belong here; it is set in [User …] and "
                        "[Group …].\n");
}

static void test_mail(void **state) {
        _cleanup_(config_freep) Config *config = NULL;
        const MailConfig *mail;

        config = tree_load_good(*state, "");
        mail = config_mail(config);
        assert_null(mail->server);
        assert_null(mail->from);
        assert_true(mail->tls);
        assert_int_equal(mail->queue_max, 1000);
        config = config_free(config);
        config = tree_load_good(*state, "[Mail]\nServer=smtp://a\nServer=smtp://mail:587\nUser=me\n"
                                        "PasswordFile=/a\nCAFile=/b\nCAFile=\nFrom=x@y\nTimeoutSec=5s\n"
                                        "QueueMax=7\nQueueMaxUse=2M\nAdminAddress=a@b\n");
        mail = config_mail(config);
        assert_string_equal(mail->server, "smtp://mail:587");
        assert_string_equal(mail->user, "me");
        assert_string_equal(mail->password_file, "/a");
        assert_null(mail->ca_file);
        assert_string_equal(mail->from, "x@y");
        assert_int_equal(mail->timeout_usec, 5 * USEC_PER_SEC);
        assert_int_equal(mail->queue_max, 7);
        assert_int_equal(mail->queue_max_use, 2 << 20);
        expect_problems(*state, "[Mail]\nServer=mail\nFrom=me\nTLS=maybe\n",
                        "E " M
                        ":2: [Mail] Server=mail: neither smtp:// nor smtps://; allowed is smtp://HOST or "
                        "smtps://HOST, with :PORT behind it or not.\n"
                        "E " M ":3: [Mail] From=me: not an address of mail; allowed is an address such as "
                        "alice@example.org.\n"
                        "E " M ":4: [Mail] TLS=maybe: neither yes nor no; allowed is yes or no.\n");
        expect_problems(*state, "[Mail]\nServer=smtps://mail\nTLS=no\nAdminAddress=a@b\n",
                        "W " M ":3: [Mail] TLS=no: has no effect on smtps://, which is always encrypted.\n");
        expect_problems(*state, "[Mail]\nServer=smtp://mail\nTLS=no\nUser=me\nAdminAddress=a@b\n",
                        "W " M ":4: [Mail] TLS=no: the password of User= goes to the server for anybody to "
                        "read.\n");
        expect_problems(*state, "[Mail]\nTLS=no\nUser=me\n", "");
}

/* Who has set one half believes that there is mail. */
static void test_nobody_gets_mail(void **state) {
        static const char *const addresses[] = { "AdminAddress=a@b\n", "UserAddress=@USER@@b\n",
                                                 "UserAddressMap=/etc/map\n",
                                                 "UserAddressCommand=/bin/ask\n" };

        expect_problems(*state, "[Mail]\nServer=smtp://mail\nAdminAddress=a@b\nAdminAddress=\n",
                        "W " M ":2: [Mail] Server=: has no effect without AdminAddress=, UserAddress=, "
                        "UserAddressMap= or UserAddressCommand=; nobody gets mail.\n");
        expect_problems(*state, "[Mail]\nServer=smtp://mail\nServer=\nAdminAddress=a@b\nUserAddress=\n",
                        "W " M
                        ":4: [Mail] AdminAddress=: has no effect without Server=; nobody gets mail.\n");
        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                char text[128];

                snprintf(text, sizeof text, "[Mail]\nServer=smtp://mail\n%s", addresses[i]);
                expect_problems(*state, text, "");
        }
}

static void test_wrong_sections(void **state) {
        expect_problems(*state, "[Cpu]\nCPUQuota=5%\nFoo=1\n",
                        "E " M ":1: [Cpu]: no such section, left out; did you mean [CPU]?\n");
        expect_problems(*state, "[Usr alice]\n",
                        "E " M ":1: [Usr alice]: no such section, left out; did you mean [User …]?\n");
        expect_problems(
                *state, "[Disk]\n[Network]\n[Notify]\nx=1\n",
                "E " M
                ":1: [Disk]: no such section, left out; allowed are [Manager], [CPU], [Memory], [OOM], "
                "[Mail], [User …], [Group …] and [Plan …].\n"
                "E " M
                ":2: [Network]: no such section, left out; allowed are [Manager], [CPU], [Memory], [OOM], "
                "[Mail], [User …], [Group …] and [Plan …].\n"
                "E " M
                ":3: [Notify]: no such section, left out; allowed are [Manager], [CPU], [Memory], [OOM], "
                "[Mail], [User …], [Group …] and [Plan …].\n");
        expect_problems(
                *state, "[User 2000-1000]\nCPUQuota=x\n",
                "E " M
                ":1: [User 2000-1000]: not a valid range of UIDs, so the section is left out; allowed "
                "is [User NAME], [User UID] or [User FIRST-LAST].\n");
        expect_problems(
                *state, "[User]\n[Group -]\n[Plan a b]\n[CPU x]\n",
                "E " M ":1: [User]: a name is missing, so the section is left out; allowed is [User NAME], "
                "[User UID] or [User FIRST-LAST].\n"
                "E " M ":2: [Group -]: a name cannot begin with '-', so the section is left out; allowed is "
                "[Group NAME] or [Group GID].\n"
                "E " M ":3: [Plan a b]: a name cannot contain this character, so the section is left out; "
                "allowed is [Plan NAME].\n"
                "E " M ":4: [CPU x]: nothing can follow the name, so the section is left out; allowed is "
                "[CPU].\n");
        expect_problems(
                *state, "CPUQuota=5%\n[CPU]\n",
                "E " M
                ":1: CPUQuota=: stands before the first section; allowed is [SECTION] on a line above "
                "it.\n");
}

/* A section does not reach into the next file. */
static void test_section_ends_with_file(void **state) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *problems = NULL;

        tree_put(*state, DROP_INS("/etc") "50.conf", "CPUWeight=5\n");
        config = tree_load_text(*state, "[CPU]\n", &problems);
        assert_int_equal(strncmp(problems, "E " DROP_INS("/etc") "50.conf:1: ", 20), 0);
        assert_int_equal(limit(config, LIMIT_CPU_WEIGHT), CPU_WEIGHT_DEFAULT);
}

static void test_wrong_lists(void **state) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *problems = NULL;

        config = tree_load_text(*state, "[Manager]\nExemptUsers=alice a*b 1-5 bob\nExemptGroups=x/y\n",
                                &problems);
        assert_string_equal(
                problems,
                "E " M ":2: [Manager] ExemptUsers=: a*b in it: a name cannot contain this character; "
                "allowed is a list of user names and UIDs with blanks or commas between them.\n"
                "E " M ":2: [Manager] ExemptUsers=: 1-5 in it: a range of UIDs; allowed is a list of user "
                "names and UIDs with blanks or commas between them.\n"
                "E " M ":3: [Manager] ExemptGroups=: x/y in it: a name cannot contain this character; "
                "allowed is a list of group names and GIDs with blanks or commas between them.\n");
        assert_true(exempt(config, 2000, "alice", "users", 1));
        assert_true(exempt(config, 2000, "bob", "users", 1));
}

static void test_cross_checks(void **state) {
        expect_problems(*state, "[Memory]\nMemoryHigh=8G\nMemoryMax=4G\n",
                        "W " M ":3: [Memory] MemoryHigh=: above MemoryMax=, so it never takes effect.\n");
        expect_problems(*state, "[User 1000-2000]\nMemoryMax=20%\nMemoryHigh=30%\n",
                        "W " M
                        ":3: [User 1000-2000] MemoryHigh=: above MemoryMax=, so it never takes effect.\n");
        expect_problems(*state,
                        "[Memory]\nMemoryMax=4G\n[Plan p]\nMemoryHigh=8G\n[User a]\nMemoryMax=1G\n"
                        "MemoryHigh=infinity\n[Group g]\nMemoryMax=1G\nMemoryHigh=90%\n",
                        "");
        expect_problems(*state, "[User 500]\nCPUWeight=5\n[User 1-2000]\nCPUWeight=5\n[User 5]\n",
                        "W " M
                        ":2: [User 500]: exempt by MinUID=1000, so the section never takes effect.\n");
}

/* Problems come in the order of the lines, whoever found them. */
/* How many looks that is follows from two keys. */
static void expect_looks(const Tree *tree, const char *text, unsigned looks, const char *expected) {
        _cleanup_free_ char *problems = NULL;
        _cleanup_(config_freep) Config *config = tree_load_text(tree, text, &problems);

        assert_int_equal(config_host(config)->history_looks, looks);
        assert_string_equal(problems, expected);
}

static void test_history(void **state) {
        expect_looks(*state, "[Manager]\nHistorySec=1min\nHistoryIntervalSec=7s\n", 8, "");
        expect_looks(*state, "[Manager]\nHistorySec=1d\n", 8640, "");
        expect_looks(*state, "[Manager]\nHistorySec=0\n", 0, "");
        expect_looks(*state, "[Manager]\nHistorySec=1d\nHistoryIntervalSec=1s\nMinUID=1\n", 8640,
                     "W " M ":3: [Manager] HistorySec=: more than 8640 times HistoryIntervalSec=; so many "
                     "looks are kept.\n");
        expect_looks(*state, "[Manager]\nHistoryIntervalSec=1s\nHistorySec=1d\nHistoryIntervalSec=\n", 8640,
                     "");
        expect_looks(*state, "[Manager]\nHistorySec=5s\n", 0,
                     "W " M ":2: [Manager] HistorySec=: less than HistoryIntervalSec=, so no look is "
                     "kept.\n");
}

static void test_order_of_problems(void **state) {
        expect_problems(
                *state, "[CPU]\nCPUWeight=x\nrubbish\nCPUQuota=x\n",
                "E " M ":2: [CPU] CPUWeight=x: not a number; allowed is a whole number from 1 to 10000.\n"
                "E " M ":3: rubbish: not an assignment (Missing delimiter); allowed is KEY=VALUE.\n"
                "E " M ":4: [CPU] CPUQuota=x: not a percentage; allowed is a whole percentage of one CPU "
                "from 1%, such as 150%, or infinity.\n");
}

static void test_event_log(void **state) {
        Config *config = tree_load_good(*state, "[Manager]\nEventLog=/var/log/a\nEventLog=/var/log/b c\n");

        assert_string_equal(config_host(config)->event_log, "/var/log/b c");
        config_free(config);
        config = tree_load_good(*state, "[Manager]\nEventLog=/var/log/a\nEventLog=\n");
        assert_null(config_host(config)->event_log);
        config_free(config);
        expect_problems(
                *state,
                "[Manager]\nEventLog=events\nEventLog=/a/../b\nEventLog=/a/./b\nEventLog=//a\nEventLog=/\n",
                "E " M ":2: [Manager] EventLog=events: not an absolute path; allowed is the absolute path "
                "of a file.\n"
                "E " M ":3: [Manager] EventLog=/a/../b: not a path in its shortest form; allowed is the "
                "absolute path of a file.\n"
                "E " M ":4: [Manager] EventLog=/a/./b: not a path in its shortest form; allowed is the "
                "absolute path of a file.\n"
                "E " M ":5: [Manager] EventLog=//a: not a path in its shortest form; allowed is the "
                "absolute path of a file.\n"
                "E " M ":6: [Manager] EventLog=/: not a path in its shortest form; allowed is the "
                "absolute path of a file.\n");
}

static void test_hostile_text_in_messages(void **state) {
        expect_problems(
                *state, "[CPU]\nCPUWeight=\x1b[2J%s%n\x07\nCPUQ\x01ota\x02xyz=5\n[\x1b[31m]\n",
                "E " M ":2: [CPU] CPUWeight=?[2J%s%n?: not a number; allowed is a whole number from 1 to "
                "10000.\n"
                "E " M ":3: [CPU] CPUQ?ota?xyz=: no such key; allowed are CPUQuota, CPUWeight, SharePolicy, "
                "CPUThreshold, ActivityThreshold and ReservedCPUs.\n"
                "E " M
                ":4: [?[31m]: no such section, left out; allowed are [Manager], [CPU], [Memory], [OOM], "
                "[Mail], [User …], [Group …] and [Plan …].\n");
}

/* ---- whole files ---- */

static void test_unusable_files(void **state) {
        const Tree *tree = *state;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *problems = NULL;

        tree_mkdir(tree, M);
        tree_put_bytes(tree, DROP_INS("/etc") "10-nul.conf", "[CPU]\n\0", 7);
        tree_mkfifo(tree, DROP_INS("/etc") "20-fifo.conf");
        tree_link(tree, DROP_INS("/etc") "30-loop.conf", "30-loop.conf");
        tree_link(tree, DROP_INS("/etc") "40-dangling.conf", "nothing");
        tree_put(tree, DROP_INS("/etc") "50-good.conf", "[CPU]\nCPUWeight=5\n");
        config = tree_load(tree, &problems);
        assert_string_equal(
                problems,
                "E " M ":0: Cannot be read: Not a regular file.\n"
                "E " DROP_INS(
                        "/etc") "10-nul.conf:2: The file has a NUL byte; allowed is text.\n"
                                "E " DROP_INS(
                                        "/etc") "20-fifo.conf:0: Cannot be read: Not a regular file.\n"
                                                "E " DROP_INS(
                                                        "/etc") "30-loop.conf:0: Cannot be read: Too many "
                                                                "levels of symbolic "
                                                                "links.\n"
                                                                "E " DROP_INS(
                                                                        "/etc") "40-dangling.conf:0: Cannot "
                                                                                "be read: No such file or "
                                                                                "directory.\n");
        assert_int_equal(limit(config, LIMIT_CPU_WEIGHT), 5);
}

/* Root may read everything, so this says something only to others. */
static void test_unreadable(void **state) {
        const Tree *tree = *state;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *problems = NULL;

        if (geteuid() == 0)
                skip();
        tree_put(tree, M, "[CPU]\n");
        assert_int_equal(fchmodat(tree->fd, &M[1], 0, 0), 0);
        config = tree_load(tree, &problems);
        assert_string_equal(problems, "E " M ":0: Cannot be read: Permission denied.\n");
}

static int load_file(const Tree *tree, const char *file, char **ret_problems, Config **ret) {
        Problems problems = {};
        int r = config_load(tree->fd, file, &problems, ret);

        *ret_problems = problems_to_text(&problems);
        return r;
}

static void test_single_file(void **state) {
        const Tree *tree = *state;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *problems = NULL, *path = NULL;

        tree_put(tree, M, "[CPU]\nCPUWeight=1\n");
        tree_put(tree, DROP_INS("/etc") "50.conf", "[CPU]\nCPUWeight=2\n");
        tree_put(tree, "/other", "[CPU]\nCPUWeight=3\nx\n");
        assert_true(asprintf(&path, "%s/other", tree->path) > 0);
        assert_int_equal(load_file(tree, path, &problems, &config), 0);
        assert_int_equal(limit(config, LIMIT_CPU_WEIGHT), 3);
        assert_int_equal(strncmp(problems, "E ", 2), 0);
        assert_int_equal(strncmp(problems + 2, path, strlen(path)), 0);
        assert_int_equal(strncmp(problems + 2 + strlen(path), ":3: x: ", 7), 0);
}

static void expect_no_config(const Tree *tree, const char *file, int error, const char *expected) {
        _cleanup_free_ char *problems = NULL;
        Config *config = NULL;

        assert_int_equal(load_file(tree, file, &problems, &config), error);
        assert_null(config);
        assert_string_equal(problems, expected);
}

static void test_single_file_unusable(void **state) {
        const Tree *tree = *state;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *problems = NULL;

        expect_no_config(tree, "/nonexistent/x", -ENOENT,
                         "E /nonexistent/x:0: Cannot be read: No such file or directory.\n");
        expect_no_config(tree, "/", -EINVAL, "E /:0: Cannot be read: Not a regular file.\n");
        expect_no_config(tree, "/dev/zero", -EINVAL, "E /dev/zero:0: Cannot be read: Not a regular file.\n");
        expect_no_config(tree, "", -ENOENT, "E :0: Cannot be read: No such file or directory.\n");
        assert_int_equal(load_file(tree, "/dev/null", &problems, &config), 0);
        assert_string_equal(problems, "");
        expect_defaults(config);
}

static void test_free_null(_unused_ void **state) {
        assert_null(config_free(NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_defaults),
                TEST(test_every_key),
                TEST(test_reset),
                TEST(test_files_in_order),
                TEST(test_later_wins),
                TEST(test_exempt),
                TEST(test_exempt_reset),
                TEST(test_wrong_values),
                TEST(test_wrong_value_keeps_earlier),
                TEST(test_unknown_keys),
                TEST(test_mail),
                TEST(test_nobody_gets_mail),
                TEST(test_wrong_sections),
                TEST(test_section_ends_with_file),
                TEST(test_wrong_lists),
                TEST(test_cross_checks),
                TEST(test_history),
                TEST(test_order_of_problems),
                TEST(test_event_log),
                TEST(test_hostile_text_in_messages),
                TEST(test_unusable_files),
                TEST(test_unreadable),
                TEST(test_single_file),
                TEST(test_single_file_unusable),
                TEST(test_free_null),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
