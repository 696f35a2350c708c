/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a configuration of CGroup_Py comes to. What is printed is read by config_load(), which must find
 * nothing wrong with it. */

#include <string.h>

#include "config-tree.h"
#include "config/import-cgroup-py.h"
#include "config/reader.h"
#include "unit.h"

#define GIB UINT64_C(1073741824)
#define RAM (16 * GIB)

#define FILE_NAME "/etc/cgroup_py.cfg"

/* What an import came to. */
typedef struct Imported {
        char *text;     /* the new configuration */
        char *problems; /* as of problems_to_text() */
        Config *config; /* the new configuration as it is read */
} Imported;

static void imported_done(Imported *imported) {
        free(imported->text);
        free(imported->problems);
        config_free(imported->config);
}

#define _cleanup_imported_ _cleanup_(imported_done)

static Imported import_bytes(void **state, const char *text, size_t size, bool soft_limit) {
        Problems problems = {};
        Imported imported = {};

        assert_int_equal(import_cgroup_py(FILE_NAME, text, size, soft_limit, &problems, &imported.text), 0);
        assert_true(strlen(imported.text) <= CONFIG_FILE_MAX);
        imported.problems = problems_to_text(&problems);
        imported.config = tree_load_good(*state, imported.text);
        return imported;
}

static Imported import_text(void **state, const char *text) {
        return import_bytes(state, text, strlen(text), true);
}

/* The limits of a user whom no section is about. */
static SliceConfig slice_of(const Config *config) {
        User user = { .uid = 5000 };
        SliceConfig slice;

        config_resolve(config, NULL, &user, RAM, &slice);
        return slice;
}

static void assert_memory(const Imported *imported, uint64_t max, uint64_t high) {
        SliceConfig slice = slice_of(imported->config);

        assert_int_equal(slice.limits.value[LIMIT_MEMORY_MAX], max);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_HIGH], high);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_SWAP_MAX], 0);
        assert_false(slice.memory_strict);
}

static void assert_host(const Imported *imported, usec_t interval, uid_t min_uid, unsigned threshold,
                        unsigned activity, unsigned reserved) {
        const HostConfig *host = config_host(imported->config);

        assert_int_equal(host->share_policy, SHARE_EQUAL);
        assert_int_equal(host->interval_usec, interval);
        assert_int_equal(host->min_uid, min_uid);
        assert_int_equal(host->cpu_threshold_permyriad, threshold);
        assert_int_equal(host->activity_permyriad, activity);
        assert_int_equal(host->reserved_cpus, reserved);
        assert_false(host->observe);
}

static size_t count(const char *text, const char *part) {
        size_t n = 0;

        while ((text = strstr(text, part))) {
                text += strlen(part);
                n++;
        }
        return n;
}

/* Each line of problems is a comment of the new file too. */
static void assert_told(const Imported *imported, const char *problem) {
        char line[512];

        snprintf(line, sizeof line, "W %s:%s\n", FILE_NAME, problem);
        if (!strstr(imported->problems, line))
                fail_msg("not told: %sbut:\n%s", line, imported->problems);
        snprintf(line, sizeof line, "# %s:%s\n", FILE_NAME, problem);
        assert_non_null(strstr(imported->text, line));
}

static void assert_nothing_told(const Imported *imported) {
        assert_string_equal(imported->problems, "");
        assert_null(strstr(imported->text, "Not carried over"));
}

/* ---- whole files ---- */

static void test_old_names(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "[main]\n\n# Limits of this node\n"
                                                           "minUID = 500\n"
                                                           "coreThreshold = 87.5\n"
                                                           "activityThreshold = 1\n"
                                                           "memoryLimit = 6.5\n"
                                                           "cGroupRoot = /cgroup/node/\n"
                                                           "interval = 5\n"
                                                           "oomPause = False\n"
                                                           "reservedCores = 2\n");

        assert_host(&i, 5 * USEC_PER_SEC, 500, 8750, 100, 2);
        assert_memory(&i, 13 * GIB / 2, 4187593113);
        assert_int_equal(count(i.problems, "\n"), 3);
        assert_told(&i, "8: cGroupRoot=/cgroup/node/: not needed, since fairslice finds the cgroup tree by "
                        "itself.");
        assert_told(&i, "10: oomPause=False: the kernel always kills when a user's memory runs out, as with "
                        "oomPause=False; there is no way to keep the processes waiting instead.");
        assert_told(&i,
                    "11: reservedCores=2: so many CPUs are left out of what is shared, but users are not "
                    "kept off the first ones, as they were; where that is wanted, set AllowedCPUs= on "
                    "user.slice with systemd.");
        assert_non_null(strstr(i.text, "# " FILE_NAME ":5: coreThreshold=87.5\nCPUThreshold=87.5%\n"));
        assert_non_null(strstr(i.text, "\nMemoryMax=6.5G\n"));
}

static void test_new_names(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "[main]\n"
                                                           "minimum_UID: 2000\n"
                                                           "cpu_limit: 95\n"
                                                           "user_active_threshold: 0.25\n"
                                                           "memory_limit: 0.75\n"
                                                           "tickrate: 0.5\n"
                                                           "locked_cores: 0\n"
                                                           "mem_notify_wait: 900\n"
                                                           "should_mem_notify: yes\n"
                                                           "throttle_notification: Please be patient\n"
                                                           "throttle_log_rotate_time: 2:30\n"
                                                           "upper_throttleThreshold: 95\n"
                                                           "enable_monitoring: off\n"
                                                           "cpu_current_evt_threshold: 120\n");

        assert_host(&i, 500 * USEC_PER_MSEC, 2000, 9500, 25, 0);
        assert_memory(&i, GIB * 3 / 4, 483183820);
        assert_int_equal(count(i.problems, "\n"), 7);
        assert_told(&i, "8: mem_notify_wait=900: fairslice sends no notices to users yet.");
        assert_told(&i,
                    "10: throttle_notification=Please be patient: fairslice sends no notices to users yet.");
        assert_told(&i, "11: throttle_log_rotate_time=2:30: fairslice keeps no records of throttling yet.");
        assert_told(&i, "13: enable_monitoring=off: not needed, since fairslice writes no such file; "
                        "fairsliced --verbose shows users, shares and use.");
}

static void test_second(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "[main]\n"
                                                           "# sysyem_name = My System\n"
                                                           "minUID = 1500\n"
                                                           "interval = 3\n"
                                                           "cpu_pct_max = 80\n"
                                                           "cgroup_memoryLimit_gigs = 2\n"
                                                           "activityThreshold = 10\n"
                                                           "reservedCores = 4\n"
                                                           "admin_email = root@localhost\n"
                                                           "throttle_log = /tmp/throttle.log;\n"
                                                           "forceLegacy = False\n"
                                                           "penaltyTimeout = 3600\n"
                                                           "throttleMode = even_active\n");

        assert_host(&i, 3 * USEC_PER_SEC, 1500, 8000, 1000, 0);
        assert_memory(&i, 2 * GIB, LIMIT_UNSET);
        assert_int_equal(count(i.problems, "\n"), 5);
        assert_told(&i, "8: reservedCores=4: CGroup_Py 2 reads it and does not use it; to reserve CPUs now, "
                        "set ReservedCPUs= in [CPU].");
        assert_told(&i,
                    "9: admin_email=root@localhost: fairslice sends no mail yet; each time that memory runs "
                    "out there is a record in the journal.");
        assert_told(&i, "12: penaltyTimeout=3600: fairslice has no penalty box yet; CPUQuota= in a section "
                        "[User NAME] holds a user back for good.");
        assert_non_null(strstr(i.text, "a configuration of CGroup_Py 2"));
}

/* The second takes parts of one too; 1 is the whole for it, and a hundredth for the first. */
static void test_fractions(void **state) {
        _cleanup_imported_ Imported parts =
                import_text(state, "[main]\ncpu_pct_max = .85\nactivityThreshold = 0.05\n");
        _cleanup_imported_ Imported second =
                import_text(state, "[main]\ncpu_pct_max = 1\nactivityThreshold = 1\n");
        _cleanup_imported_ Imported first =
                import_text(state, "[main]\ncpu_limit = 1\nactivityThreshold = 1\n");

        assert_host(&parts, 10 * USEC_PER_SEC, 1000, 8500, 500, 0);
        assert_host(&second, 10 * USEC_PER_SEC, 1000, 9800, 10000, 0);
        assert_told(&second,
                    "2: cpu_pct_max=1: outside of what fairslice allows, a percentage from 1 to 98; 98 "
                    "is used.");
        assert_host(&first, 10 * USEC_PER_SEC, 500, 100, 100, 0);
        assert_nothing_told(&first);
}

static void test_hard_cap(void **state) {
        _cleanup_imported_ Imported i = import_text(
                state, "[main]\ncpu_pct_max = 75\nactivityThreshold = 3\nthrottleMode = hard_cap\n");
        _cleanup_imported_ Imported defaults = import_text(state, "[main]\nthrottleMode = hard_cap\n");

        assert_int_equal(config_host(i.config)->share_policy, SHARE_WEIGHT);
        assert_int_equal(slice_of(i.config).limits.value[LIMIT_CPU_QUOTA], 750000);
        assert_int_equal(slice_of(defaults.config).limits.value[LIMIT_CPU_QUOTA], 900000);
        assert_nothing_told(&defaults);
        assert_int_equal(count(i.problems, "\n"), 1);
        assert_told(&i, "3: activityThreshold=3: with throttleMode=hard_cap it had no effect.");
}

/* ---- defaults ---- */

static void test_defaults(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "[main]\n");
        _cleanup_imported_ Imported second = import_text(state, "[main]\nsystem_name = x\n");

        assert_host(&i, 10 * USEC_PER_SEC, 500, 9000, 1500, 0);
        assert_memory(&i, RAM / 4, RAM * 15 / 100);
        assert_nothing_told(&i);
        assert_host(&second, 10 * USEC_PER_SEC, 1000, 9000, 1500, 0);
        assert_memory(&second, RAM / 4, LIMIT_UNSET);
}

/* The unified tree has no such limit. */
static void test_no_soft_limit(void **state) {
        static const char text[] = "[main]\nmemoryLimit=10\n";
        _cleanup_imported_ Imported i = import_bytes(state, text, strlen(text), false);

        assert_memory(&i, 10 * GIB, LIMIT_UNSET);
        assert_non_null(strstr(i.text, "\n#MemoryHigh=6G\n"));
        assert_nothing_told(&i);
}

/* ---- values ---- */

static void test_bad_values(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "[main]\n"
                                                           "minUID = 500.0\n"
                                                           "coreThreshold = 90%\n"
                                                           "activityThreshold = nan\n"
                                                           "memoryLimit = 0\n"
                                                           "interval =\n"
                                                           "reservedCores = two\n");

        assert_host(&i, 10 * USEC_PER_SEC, 500, 9000, 1500, 0);
        assert_memory(&i, RAM / 4, RAM * 15 / 100);
        assert_int_equal(count(i.problems, "\n"), 6);
        assert_told(&i, "2: minUID=500.0: not a value for it; allowed is a UID from 1 to 4294967294. The "
                        "default, 500, stands.");
        assert_told(&i,
                    "3: coreThreshold=90%: not a value for it; allowed is a percentage from 1 to 98. The "
                    "default, 90, stands.");
        assert_told(&i,
                    "4: activityThreshold=nan: not a value for it; allowed is a percentage from 0 to 100. "
                    "The default, 15, stands.");
        assert_told(&i, "5: memoryLimit=0: not a value for it; allowed is a number of GiB from 0.002. The "
                        "default, a quarter of the host's memory, stands.");
        assert_told(&i,
                    "6: interval=: not a value for it; allowed is a number of seconds from 0.1 to 3600. The "
                    "default, 10, stands.");
        assert_told(&i,
                    "7: reservedCores=two: not a value for it; allowed is a whole number from 0 to 8191. "
                    "The default, 0, stands.");
}

static void test_bad_mode(void **state) {
        _cleanup_imported_ Imported i =
                import_text(state, "[main]\ncpu_pct_max = 95\nthrottleMode = hard_cap # no\n");

        assert_host(&i, 10 * USEC_PER_SEC, 1000, 9500, 1500, 0);
        assert_told(&i,
                    "3: throttleMode=hard_cap # no: not a value for it; allowed is even_active or hard_cap. "
                    "The default, even_active, stands.");
}

static void test_clamped(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "[main]\n"
                                                           "minUID = -1\n"
                                                           "coreThreshold = 1e9\n"
                                                           "activityThreshold = -5\n"
                                                           "memoryLimit = 0.00001\n"
                                                           "interval = 86400\n"
                                                           "reservedCores = 99999999999999999999\n");

        assert_host(&i, 3600 * USEC_PER_SEC, 1, 9800, 0, 8191);
        assert_memory(&i, 2147484, 1288490);
        assert_int_equal(count(i.problems, "outside of what fairslice allows"), 6);
        assert_told(
                &i,
                "2: minUID=-1: outside of what fairslice allows, a UID from 1 to 4294967294; 1 is used.");
        assert_told(&i,
                    "3: coreThreshold=1e9: outside of what fairslice allows, a percentage from 1 to 98; 98 "
                    "is used.");
}

static void test_largest(void **state) {
        _cleanup_imported_ Imported i =
                import_text(state, "[main]\nminUID = 99999999999\nmemoryLimit = 1e300\ninterval = 1e-9\n");

        assert_host(&i, 100 * USEC_PER_MSEC, UINT32_MAX - 1, 9000, 1500, 0);
        assert_memory(&i, 1000000000 * GIB, 600000000 * GIB);
        assert_told(&i,
                    "2: minUID=99999999999: outside of what fairslice allows, a UID from 1 to 4294967294; "
                    "4294967294 is used.");
}

static void test_digits(void **state) {
        _cleanup_imported_ Imported i =
                import_text(state, "[main]\ncoreThreshold = 66.666\nactivityThreshold = +1.50\n"
                                   "interval = 2.25\nmemoryLimit = 0.1\n");

        assert_host(&i, 2250 * USEC_PER_MSEC, 500, 6667, 150, 0);
        assert_memory(&i, 107374182, 64424509);
        assert_int_equal(count(i.problems, "\n"), 1);
        assert_told(&i, "2: coreThreshold=66.666: more digits than fairslice keeps; 66.67 is used.");
}

/* ---- names ---- */

static void test_twice(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "[main]\n"
                                                           "minUID = 600\n"
                                                           "MINIMUM_uid = 700\n"
                                                           "interval = 3\n"
                                                           "interval = 4\n"
                                                           "cpu_limit = bad\n"
                                                           "coreThreshold = 50\n"
                                                           "[main]\n"
                                                           "activitythreshold = 2\n");

        assert_host(&i, 4 * USEC_PER_SEC, 700, 9000, 200, 0);
        assert_int_equal(count(i.problems, "\n"), 4);
        assert_told(&i, "2: minUID=600: line 3 holds instead, so it had no effect.");
        assert_told(&i, "4: interval=3: line 5 holds instead, so it had no effect.");
        assert_told(&i, "7: coreThreshold=50: line 6 holds instead, so it had no effect.");
}

static void test_unknown(void **state) {
        _cleanup_imported_ Imported i =
                import_text(state, "[main]\nmaxUID = 600\ncoreThreshold = 80\nadmin_email = a@b\n"
                                   "memorylimit = 4\n\x1b[2J = \xff\n");

        assert_host(&i, 10 * USEC_PER_SEC, 500, 8000, 1500, 0);
        assert_told(&i, "2: maxUID=600: CGroup_Py knows no such option, so it had no effect.");
        assert_told(&i,
                    "4: admin_email=a@b: an option of CGroup_Py 2, and by its other options this file is "
                    "for CGroup_Py 1; it is left out.");
        assert_told(&i, "6: ?[2J=?: CGroup_Py knows no such option, so it had no effect.");
}

static void test_sections(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "interval = 1\n"
                                                           "[DEFAULT]\n"
                                                           "interval = 2\n"
                                                           "minUID = 600\n"
                                                           "[main] and more\n"
                                                           "minUID = 700\n"
                                                           "[user]\n"
                                                           "uid = 1000\n"
                                                           "[Main]\n"
                                                           "coreThreshold = 20\n");

        assert_host(&i, 2 * USEC_PER_SEC, 700, 9000, 1500, 0);
        assert_int_equal(count(i.problems, "\n"), 4);
        assert_told(&i,
                    "1: interval=1: stands before the first section, and CGroup_Py would not start with it; "
                    "it is left out.");
        assert_told(&i, "4: minUID=600: line 6 holds instead, so it had no effect.");
        assert_told(&i,
                    "8: uid=1000: CGroup_Py reads [main] only, so it had no effect; what is to hold for one "
                    "user goes into a section [User NAME].");
        assert_told(&i, "10: coreThreshold=20: CGroup_Py reads [main] only, so it had no effect; what is to "
                        "hold for one user goes into a section [User NAME].");
}

/* ---- how it is written ---- */

static void test_comments(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "\xef\xbb\xbf; top\n"
                                                           "[main]\n"
                                                           "rem interval = 7\n"
                                                           "#minUID = 1\n"
                                                           "minUID = 600 ; not 700\n"
                                                           "coreThreshold=80\t;50\n"
                                                           "interval = 5 # seconds\n"
                                                           "memoryLimit = 4;5\n");

        assert_host(&i, 10 * USEC_PER_SEC, 600, 8000, 1500, 0);
        assert_int_equal(count(i.problems, "\n"), 2);
        assert_non_null(strstr(i.problems, ":7: interval=5 # seconds: not a value for it;"));
        assert_non_null(strstr(i.problems, ":8: memoryLimit=4;5: not a value for it;"));
}

static void test_continued(void **state) {
        _cleanup_imported_ Imported i = import_text(state, "[main]\n"
                                                           "minUID =\n"
                                                           "\n"
                                                           "# between\n"
                                                           "    600\n"
                                                           "interval = 5\n"
                                                           "    # a comment for people\n"
                                                           "throttleMsg = one\n"
                                                           "\ttwo = 2\n"
                                                           "[main]\n"
                                                           "  reservedCores = 4\n");

        assert_host(&i, 10 * USEC_PER_SEC, 600, 9000, 1500, 0);
        assert_int_equal(count(i.problems, "\n"), 3);
        assert_non_null(strstr(i.problems, ":6: interval=5 # a comment for people: not a value for it;"));
        assert_told(&i, "8: throttleMsg=one two = 2: fairslice sends no notices to users yet.");
        assert_told(&i,
                    "11: reservedCores = 4: begins with a blank and continues nothing, and CGroup_Py would "
                    "not start with it; the line is left out.");
}

static void test_carriage_returns(void **state) {
        _cleanup_imported_ Imported i =
                import_text(state, "[main]\r\nminUID = 600\r\n\r\ncoreThreshold = 80 ; eighty\r\n");

        assert_host(&i, 10 * USEC_PER_SEC, 600, 8000, 1500, 0);
        assert_nothing_told(&i);
}

static void test_not_lines(void **state) {
        _cleanup_imported_ Imported i =
                import_text(state, "[main]\nminUID 600\n= 5\n[\ninterval = 3\n[]\nx");

        assert_host(&i, 3 * USEC_PER_SEC, 500, 9000, 1500, 0);
        assert_int_equal(count(i.problems, "\n"), 5);
        assert_told(&i,
                    "2: minUID 600: is neither [SECTION] nor KEY=VALUE, and CGroup_Py would not start with "
                    "it; the line is left out.");
        assert_told(&i,
                    "7: x: is neither [SECTION] nor KEY=VALUE, and CGroup_Py would not start with it; the "
                    "line is left out.");
}

static void test_nul(void **state) {
        static const char text[] = "[main]\nminUID = 6\0"
                                   "00\ninterval = 3\n\0";
        _cleanup_imported_ Imported i = import_bytes(state, text, sizeof text, true);

        assert_host(&i, 3 * USEC_PER_SEC, 500, 9000, 1500, 0);
        assert_int_equal(count(i.problems, "\n"), 2);
        assert_told(&i,
                    "2: minUID = 6: has a NUL byte, and CGroup_Py would not start with it; the line is left "
                    "out.");
}

static void test_long_line(void **state) {
        enum { LONG = 100000 };
        _cleanup_free_ char *text = malloc(2 * LONG);
        char *p = stpcpy(text, "[main]\ninterval = 3\nthrottleMsg = ");

        memset(p, 'a', LONG);
        p = stpcpy(p + LONG, "\nminUID = ");
        memset(p, '0', 10000);
        strcpy(p + 10000, "700\n");
        {
                _cleanup_imported_ Imported i = import_text(state, text);

                assert_host(&i, 3 * USEC_PER_SEC, 700, 9000, 1500, 0);
                assert_int_equal(count(i.problems, "\n"), 1);
                assert_true(strlen(i.text) < 4096);
        }
}

/* Fills a file of the largest size with one line again and again. */
static char *fill(const char *head, const char *line) {
        char *text = malloc(CONFIG_FILE_MAX + 1), *p;

        assert_non_null(text);
        p = stpcpy(text, head);
        while ((size_t) (p - text) + strlen(line) <= CONFIG_FILE_MAX)
                p = stpcpy(p, line);
        return text;
}

static void test_junk(void **state) {
        static const char *const lines[] = {
                "junk\n", "k=\xff\n", " c\n", "[s]\n", "minUID=1\n", "\n", "=\n"
        };

        for (size_t k = 0; k < ELEMENTSOF(lines); k++) {
                _cleanup_free_ char *text = fill("[main]\ninterval=3\nthrottleMsg=x\n", lines[k]);
                _cleanup_imported_ Imported i = import_text(state, text);

                assert_int_equal(config_host(i.config)->interval_usec, 3 * USEC_PER_SEC);
                assert_true(count(i.problems, "\n") <= 1000);
        }
}

/* The list ends somewhere, and says so. */
static void test_many_problems(void **state) {
        _cleanup_free_ char *text = fill("[main]\n", "unknown=1\n");
        _cleanup_imported_ Imported i = import_text(state, text);

        assert_int_equal(count(i.problems, "\n"), 1000);
        assert_non_null(strstr(i.problems,
                               ":1001: Too many problems; this one and those that follow are not "
                               "listed.\n"));
        assert_non_null(strstr(i.text, ":1001: Too many problems;"));
}

/* The worst that the comments can be made to hold. */
static void test_longest_comments(void **state) {
#define WIDE                                                                                               \
        "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80" \
        "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
#define WIDER WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE
        _cleanup_free_ char *text = fill("[main]\n[user]\n", WIDER "=" WIDER WIDE "\n");
        _cleanup_imported_ Imported i = import_text(state, text);

        assert_int_equal(count(i.problems, "\n"), 1000);
}

/* ---- no configuration ---- */

static void test_no_main(_unused_ void **state) {
        static const char *const texts[] = { "",
                                             "\n",
                                             "minUID=5\n",
                                             "[Main]\nminUID=5\n",
                                             "[DEFAULT]\nminUID=5\n",
                                             " [main]\nminUID=5\n",
                                             "root:x:0:0::/root:/bin/sh\n" };

        for (size_t k = 0; k < ELEMENTSOF(texts); k++) {
                Problems problems = {};
                char *text = NULL;

                assert_int_equal(
                        import_cgroup_py(FILE_NAME, texts[k], strlen(texts[k]), true, &problems, &text),
                        -EBADMSG);
                assert_null(text);
                assert_int_equal(problems.count, 0);
        }
}

/* A name cannot end a comment, and a long one is named by its end. */
static void test_file_name(void **state) {
        static const char text[] = "[main]\nmaxUID=1\n";
        static const struct {
                const char *file, *shown;
        } names[] = {
                { "a\nMinUID=7", "\n# a?MinUID=7:2: maxUID=1: " },
                { "/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/x.cfg",
                  "\n# x.cfg:2: maxUID=1: " },
        };

        for (size_t k = 0; k < ELEMENTSOF(names); k++) {
                _cleanup_(problems_done) Problems problems = {};
                _cleanup_(config_freep) Config *config = NULL;
                _cleanup_free_ char *out = NULL;

                assert_int_equal(import_cgroup_py(names[k].file, text, strlen(text), true, &problems, &out),
                                 0);
                assert_non_null(strstr(out, names[k].shown));
                config = tree_load_good(*state, out);
                assert_int_equal(config_host(config)->min_uid, 500);
        }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_old_names),     TEST(test_new_names),     TEST(test_second),
                TEST(test_fractions),     TEST(test_hard_cap),      TEST(test_defaults),
                TEST(test_no_soft_limit), TEST(test_bad_values),    TEST(test_bad_mode),
                TEST(test_clamped),       TEST(test_largest),       TEST(test_digits),
                TEST(test_twice),         TEST(test_unknown),       TEST(test_sections),
                TEST(test_comments),      TEST(test_continued),     TEST(test_carriage_returns),
                TEST(test_not_lines),     TEST(test_nul),           TEST(test_long_line),
                TEST(test_junk),          TEST(test_many_problems), TEST(test_longest_comments),
                TEST(test_no_main),       TEST(test_file_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
