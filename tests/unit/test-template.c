/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/template.h"

#include <string.h>
#include <sys/stat.h>

#include "cgroup-fixture.h"
#include "report/event-mail.h"
#include "basic/text.h"
#include "report/template-files.h"
#include "unit.h"

/* ---- the text ---- */

static void expect_problem(const char *text, unsigned line, const char *expected) {
        TemplateProblem problem = {};
        Template *template = NULL;

        assert_int_equal(template_parse(text, strlen(text), &template, &problem), -EINVAL);
        assert_null(template);
        assert_int_equal(problem.line, line);
        assert_string_equal(problem.text, expected);
}

static void test_problems(_unused_ void **state) {
        static char large[TEMPLATE_SIZE_MAX + 2];

        expect_problem("", 1, "The first line does not begin with \"Subject:\".");
        expect_problem("Hello\n", 1, "The first line does not begin with \"Subject:\".");
        expect_problem("Subject: \t\nHello\n", 1, "The subject is empty.");
        expect_problem("Subject:", 1, "The subject is empty.");
        expect_problem("Subject: x\n\nDear @USER@,\n@NAME@\n", 4,
                       "@NAME@: there is no such placeholder; see fairsliced.conf(5).");
        expect_problem("Subject: @USER_NAME@\n", 1,
                       "@USER_NAME@: there is no such placeholder; see fairsliced.conf(5).");
        expect_problem("Subject: x\n\xff\n", 2, "Byte 0xff is no UTF-8, or a control character.");
        expect_problem("Subject: x\n\n\na\x1b[m\n", 4, "Byte 0x1b is no UTF-8, or a control character.");
        expect_problem("Subject: x\ry\n", 1, "Byte 0x0d is no UTF-8, or a control character.");
        memset(large, 'x', sizeof large - 1);
        expect_problem(large, 0, "Larger than 16384 bytes.");
}

static void expect(const char *text, const TemplateValues *values, const char *subject, const char *body) {
        _cleanup_(template_freep) Template *template = NULL;
        _cleanup_free_ char *found_subject = NULL, *found_body = NULL;
        TemplateProblem problem;

        assert_int_equal(template_parse(text, strlen(text), &template, &problem), 0);
        assert_int_equal(template_render(template, values, &found_subject, &found_body), 0);
        assert_string_equal(found_subject, subject);
        assert_string_equal(found_body, body);
}

static void test_render(_unused_ void **state) {
        TemplateValues values = {};

        values.value[PLACEHOLDER_USER] = "alice";
        values.value[PLACEHOLDER_VICTIM] = "a\nb\x1b@USER@";
        values.value[PLACEHOLDER_PROCESSES] = "one\ntwo";
        expect("Subject: hi", &values, "hi", "");
        expect("Subject:  @USER@: @VICTIM@ \n\nDear @USER@,\n", &values, "alice: a?b?@USER@ ",
               "Dear alice,\n");
        expect("Subject: x\nno empty line\n", &values, "x", "no empty line\n");
        expect("Subject: x\r\n\r\na\r\n", &values, "x", "a\n");
        expect("Subject: @PROCESSES@\n\n\n@PROCESSES@\n@VICTIM@", &values, "one?two",
               "\none\ntwo\na?b?@USER@");
        expect("Subject: x\n\n@LIMIT@ @VICTIMS@ a@b.c @@USER@@ @ @USER @user@ @", &values, "x",
               "? ? a@b.c @alice@ @ @USER @user@ @");
}

static void test_long_value(_unused_ void **state) {
        char value[TEMPLATE_VALUE_MAX + 2], expected[TEMPLATE_VALUE_MAX + 1];
        TemplateValues values = { .value = { [PLACEHOLDER_USER] = value } };

        memset(value, 'x', sizeof value - 1);
        value[sizeof value - 1] = '\0';
        memcpy(expected, value, sizeof expected - 1);
        expected[sizeof expected - 1] = '\0';
        expect("Subject: @USER@\n", &values, expected, "");
}

/* ---- files ---- */

static Fixture fixture;
static char told[4096];

static void tell(const char *file, const TemplateProblem *problem, _unused_ void *userdata) {
        size_t length = strlen(told);

        snprintf(told + length, sizeof told - length, "%s:%u: %s\n", file, problem->line, problem->text);
}

static int setup(_unused_ void **state) {
        static const char *const directories[] = { "etc",     "etc/fairslice",     TEMPLATES_OWN,    "usr",
                                                   "usr/lib", "usr/lib/fairslice", TEMPLATES_SHIPPED };

        *told = '\0';
        if (fixture_open(&fixture) < 0)
                return -1;
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                fixture_mkdir(&fixture, directories[i]);
        return 0;
}

static int teardown(_unused_ void **state) {
        fixture_close(&fixture);
        return 0;
}

static void expect_loaded(const char *language, const char *subject) {
        _cleanup_(template_freep) Template *template = NULL;
        _cleanup_free_ char *found = NULL, *text = NULL;
        int r = template_load(fixture.fd, "oom-user", language, tell, NULL, &template);

        if (!subject) {
                assert_int_equal(r, -ENOENT);
                return;
        }
        assert_int_equal(r, 0);
        assert_int_equal(template_render(template, &(TemplateValues){}, &found, &text), 0);
        assert_string_equal(found, subject);
}

static void test_precedence(_unused_ void **state) {
        expect_loaded("", NULL);
        fixture_write(&fixture, TEMPLATES_SHIPPED "/oom-user.txt", "Subject: 1\n");
        expect_loaded("de_AT", "1");
        fixture_write(&fixture, TEMPLATES_SHIPPED "/oom-user.de.txt", "Subject: 2\n");
        expect_loaded("de_AT", "2");
        expect_loaded("de", "2");
        expect_loaded("fr", "1");
        expect_loaded("", "1");
        fixture_write(&fixture, TEMPLATES_OWN "/oom-user.txt", "Subject: 3\n");
        expect_loaded("de_AT", "3");
        expect_loaded("", "3");
        fixture_write(&fixture, TEMPLATES_OWN "/oom-user.de.txt", "Subject: 4\n");
        expect_loaded("de_AT", "4");
        fixture_write(&fixture, TEMPLATES_OWN "/oom-user.de_AT.txt", "Subject: 5\n");
        expect_loaded("de_AT", "5");
        expect_loaded("de", "4");
        assert_string_equal(told, "");
}

static void test_bad_ones_are_passed_by(_unused_ void **state) {
        fixture_write(&fixture, TEMPLATES_SHIPPED "/oom-user.txt", "Subject: shipped\n");
        fixture_write(&fixture, TEMPLATES_OWN "/oom-user.txt", "Subject: own\n\n@FOO@\n");
        fixture_mkdir(&fixture, TEMPLATES_OWN "/oom-user.de.txt");
        expect_loaded("de", "shipped");
        assert_string_equal(told,
                            "/" TEMPLATES_OWN "/oom-user.de.txt:0: Cannot be read: Not a regular file.\n"
                            "/" TEMPLATES_OWN "/oom-user.txt:3: @FOO@: there is no such placeholder; "
                            "see fairsliced.conf(5).\n");
}

static void test_check(_unused_ void **state) {
        assert_int_equal(template_check_all(fixture.fd, tell, NULL), 0);
        fixture_write(&fixture, TEMPLATES_OWN "/warning-admin.fr.txt", "Subject: good\n");
        fixture_write(&fixture, TEMPLATES_OWN "/.oom-user.txt.swp", "rubbish");
        assert_int_equal(template_check_all(fixture.fd, tell, NULL), 0);
        assert_string_equal(told, "");
        fixture_write(&fixture, TEMPLATES_OWN "/oom-admin.de_AT.txt", "good\n");
        assert_int_equal(template_check_all(fixture.fd, tell, NULL), 0);
        assert_string_equal(told,
                            "/" TEMPLATES_OWN "/oom-admin.de_AT.txt:1: The first line does not begin with "
                            "\"Subject:\".\n");
        fixture_remove(&fixture, TEMPLATES_OWN "/oom-admin.de_AT.txt");
        *told = '\0';
        fixture_write(&fixture, TEMPLATES_OWN "/oom-use\xff.txt", "Subject: good\n");
        assert_int_equal(template_check_all(fixture.fd, tell, NULL), 0);
        assert_non_null(strstr(told, "/oom-use?.txt:0: No template has this name; "));
        fixture_remove(&fixture, TEMPLATES_OWN);
        assert_int_equal(template_check_all(fixture.fd, tell, NULL), 0);
}

static void test_languages(_unused_ void **state) {
        assert_true(language_is_valid("de"));
        assert_true(language_is_valid("de_AT"));
        assert_false(language_is_valid(""));
        assert_false(language_is_valid("d"));
        assert_false(language_is_valid("de_"));
        assert_false(language_is_valid("de_A"));
        assert_false(language_is_valid("../de"));
        assert_false(language_is_valid("de_AT_x"));
        assert_false(language_is_valid("abcdefghijklmnopq"));
}

/* ---- what is shipped, and the values of an event ---- */

static Event an_event(void) {
        OomEvent oom;
        Event event;

        oom_event_init(&oom, "user-1000.slice");
        oom.kills = 2;
        oom.cause = OOM_CAUSE_SLICE;
        oom.memory_max_known = true;
        oom.memory_max = UINT64_C(8) << 30;
        oom.memory_current = UINT64_C(7) << 30;
        oom.victims[0] = (OomVictim){ .pid = 4711, .comm = "py\nthon" };
        oom.victims[1] = (OomVictim){ .pid = 4712, .comm = "R" };
        oom.n_victims = 2;
        event = event_from_oom(&oom);
        event.time = UINT64_C(1767268620) * USEC_PER_SEC;
        event.processes = (LargeProcesses){
                .process = { { 1, UINT64_C(3) << 30, "b\x1bsh" }, { 2, UINT64_C(1) << 20, "vi" } },
                .count = 2,
                .incomplete = true,
        };
        return event;
}

static void test_values(_unused_ void **state) {
        Event event = an_event();
        EventValues v;

        assert_int_equal(event_values(&event, NULL, "login", &v), 0);
        expect("Subject: @USER@ @HOST@ @SLICE@ @LIMIT@ @USE@ @PEAK@ @PERCENT@ @KILLS@ @CAUSE@ @VICTIM@ "
               "@PID@\n"
               "@VICTIMS@\n@PROCESSES@",
               &v.values, "1000 login user-1000.slice 8G 7G ? ? 2 slice py?thon 4711",
               "  py?thon (PID 4711)\n  R (PID 4712)\n  b?sh (PID 1)  3G\n  vi (PID 2)  1M\n  \xe2\x80\xa6");
        assert_non_null(strstr(v.values.value[PLACEHOLDER_TIME], "2026"));
        event_values_done(&v);
        event = event_from_memory_warning(&(MemoryWarning){ 85, 7 << 20, 8 << 20, 8 << 20 }, "user-1.slice",
                                          1);
        assert_int_equal(event_values(&event, "alice", "login", &v), 0);
        expect("Subject: @USER@ @LIMIT@ @USE@ @PERCENT@ @KILLS@ @VICTIM@\n@VICTIMS@ @PROCESSES@", &v.values,
               "alice 8M 7M 85 ? ?", "? ?");
        event_values_done(&v);
}

static void test_names(_unused_ void **state) {
        Event event = an_event();

        assert_string_equal(event_template(&event, READER_USER), "oom-user");
        assert_string_equal(event_template(&event, READER_ADMIN), "oom-admin");
        event.oom.cause = OOM_CAUSE_HOST;
        assert_string_equal(event_template(&event, READER_USER), "oom-host-user");
        event.kind = EVENT_MEMORY_WARNING;
        assert_string_equal(event_template(&event, READER_USER), "warning-user");
        assert_string_equal(event_template(&event, READER_ADMIN), "warning-admin");
}

static void read_shipped(const char *name, const char *suffix) {
        _cleanup_free_ char *text = malloc(TEMPLATE_SIZE_MAX + 1);
        char path[1024];
        ssize_t n;
        int fd;

        snprintf(path, sizeof path, "%s/%s%s", getenv("TEMPLATES"), name, suffix);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        n = read(fd, text, TEMPLATE_SIZE_MAX);
        assert_true(n > 0);
        text[n] = '\0';
        safe_close(fd);
        snprintf(path, sizeof path, TEMPLATES_SHIPPED "/%s%s", name, suffix);
        fixture_write(&fixture, path, text);
}

/* All of them can be had, in both languages, and what is of no use for an event is in none of its templates.
 */
static void test_shipped(_unused_ void **state) {
        for (const char *const *name = template_names; *name; name++) {
                read_shipped(*name, ".txt");
                read_shipped(*name, ".de.txt");
                for (unsigned i = 0; i < 2; i++) {
                        _cleanup_(template_freep) Template *template = NULL;
                        _cleanup_free_ char *subject = NULL, *text = NULL;
                        Event event = an_event();
                        EventValues v;

                        if (strncmp(*name, "warning", 7) == 0)
                                event.kind = EVENT_MEMORY_WARNING;
                        event.oom.memory_peak = event.oom.memory_current;
                        assert_int_equal(
                                template_load(fixture.fd, *name, i == 0 ? "" : "de", tell, NULL, &template),
                                0);
                        assert_int_equal(event_values(&event, "alice", "login", &v), 0);
                        assert_int_equal(template_render(template, &v.values, &subject, &text), 0);
                        assert_non_null(strstr(subject, "login"));
                        assert_non_null(strstr(text, "alice"));
                        assert_null(strstr(text, "? "));
                        event_values_done(&v);
                }
        }
        assert_string_equal(told, "");
}

#define WITH_FILES(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_problems),
                cmocka_unit_test(test_render),
                cmocka_unit_test(test_long_value),
                WITH_FILES(test_precedence),
                WITH_FILES(test_bad_ones_are_passed_by),
                WITH_FILES(test_check),
                cmocka_unit_test(test_languages),
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_names),
                WITH_FILES(test_shipped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
