/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/template.h"

#include <string.h>
#include <sys/stat.h>

#include "basic/text.h"
#include "cgroup-fixture.h"
#include "report/event-mail.h"
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

/* What has an empty value goes, and takes the words around it along. */
static void test_paragraphs(_unused_ void **state) {
        TemplateValues values = {};

        values.value[PLACEHOLDER_LAST_OF] = "";
        values.value[PLACEHOLDER_SLICES] = "";
        values.value[PLACEHOLDER_USER] = "alice";
        expect("Subject: <@SLICES@>\n\none\n\ntwo\n@SLICES@\nthree @USER@\n\n\nfour @USER@\n", &values, "<>",
               "one\n\nfour alice\n");
        expect("Subject: x\n\n@LAST_OF@\n\none\n", &values, "x", "one\n");
        expect("Subject: x\n\n\n\none\n@LIMIT@\n\nlast @LAST_OF@", &values, "x", "\n\none\n?\n\n");
        values.value[PLACEHOLDER_LAST_OF] = "7";
        expect("Subject: x\n\n@LAST_OF@\n\none\n@SLICES@", &values, "x", "7\n\n");
        values.value[PLACEHOLDER_SLICES] = "  a\n\n  b";
        expect("Subject: x\n\none\n@SLICES@\n", &values, "x", "one\n  a\n\n  b\n");
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

static char found_language[TEMPLATE_LANGUAGE_MAX + 1];

static void expect_loaded(const char *language, const char *subject) {
        _cleanup_(template_freep) Template *template = NULL;
        _cleanup_free_ char *found = NULL, *text = NULL;
        int r = template_load(fixture.fd, "oom-user", language, tell, NULL, &template, found_language);

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
        assert_string_equal(found_language, "en");
        fixture_write(&fixture, TEMPLATES_SHIPPED "/oom-user.de.txt", "Subject: 2\n");
        expect_loaded("de_AT", "2");
        assert_string_equal(found_language, "de");
        expect_loaded("de", "2");
        expect_loaded("fr", "1");
        expect_loaded("", "1");
        fixture_write(&fixture, TEMPLATES_OWN "/oom-user.txt", "Subject: 3\n");
        expect_loaded("de_AT", "3");
        assert_string_equal(found_language, ""); /* whoever has written it knows */
        expect_loaded("", "3");
        fixture_write(&fixture, TEMPLATES_OWN "/oom-user.de.txt", "Subject: 4\n");
        expect_loaded("de_AT", "4");
        fixture_write(&fixture, TEMPLATES_OWN "/oom-user.de_AT.txt", "Subject: 5\n");
        expect_loaded("de_AT", "5");
        assert_string_equal(found_language, "de_AT");
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

/* ---- what is shipped, and the values of a message ---- */

static Event an_event(uid_t uid) {
        SliceName slice;
        OomEvent oom;
        Event event;

        oom_event_init(&oom, slice_name_for_uid(slice, uid));
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

static Event a_warning(uid_t uid, unsigned percent) {
        SliceName slice;
        Event event = event_from_memory_warning(&(MemoryWarning){ percent, 7 << 20, 8 << 20, 8 << 20 },
                                                slice_name_for_uid(slice, uid), uid);

        event.time = UINT64_C(1767268620) * USEC_PER_SEC;
        return event;
}

static char alice[] = "alice", bob[] = "bob", dave[] = "d\x1bve", eve[] = "eve";
static char *user_names[] = { alice, bob, NULL, dave, eve };

static DigestMessage a_message(Reader reader, Event *events, size_t n) {
        DigestMessage message = {
                .id = 1,
                .reader = reader,
                .uid = reader == READER_USER ? events[0].uid : UID_INVALID,
                .kind = events[0].kind,
                .first = events[0].time,
                .last = events[n - 1].time,
                .events = events,
                .user_names = user_names,
                .n_events = n,
        };

        for (size_t i = 0; i < n; i++)
                message.kills += events[i].oom.kills;
        return message;
}

static void expect_values(const DigestMessage *message, const char *text, const char *subject,
                          const char *body) {
        EventValues v;

        assert_int_equal(event_values(message, "login", &v), 0);
        expect(text, &v.values, subject, body);
        event_values_done(&v);
}

static void test_values(_unused_ void **state) {
        Event event = an_event(1000);
        DigestMessage message = a_message(READER_USER, &event, 1);

        expect_values(
                &message,
                "Subject: @USER@ @HOST@ @SLICE@ @LIMIT@ @USE@ @PEAK@ @PERCENT@ @KILLS@ @CAUSE@ @VICTIM@ "
                "@PID@ @TIME@ <@LAST_OF@> <@SLICES@>\n"
                "@VICTIMS@\n@PROCESSES@",
                "alice login user-1000.slice 8G 7G ? ? 2 slice py?thon 4711 2026-01-01 11:57:00 +0000 <> <>",
                "  py?thon (PID 4711)\n  R (PID 4712)\n  b?sh (PID 1)  3G\n  vi (PID 2)  1M\n  "
                "\xe2\x80\xa6");
        event = a_warning(1, 85);
        message = a_message(READER_USER, &event, 1);
        expect_values(&message,
                      "Subject: @USER@ @LIMIT@ @USE@ @PERCENT@ @KILLS@ @VICTIM@\n@VICTIMS@\n\n@PROCESSES@",
                      "alice 8M 7M 85 ? ?", "?\n\n");
}

static void test_what_is_not_known(_unused_ void **state) {
        OomEvent oom;
        Event event;
        DigestMessage message;

        oom_event_init(&oom, "user.slice");
        oom.kills = 3;
        event = event_from_oom(&oom);
        message = a_message(READER_ADMIN, &event, 1);
        message.user_names = (char *[]){ NULL };
        expect_values(
                &message,
                "Subject: @USER@ @LIMIT@ @USE@ @KILLS@ @CAUSE@ @VICTIM@ @PID@\n\n@VICTIMS@\n\n@PROCESSES@",
                "user.slice ? ? 3 unknown ? ?", "");
        /* One is known, and it has no name. */
        event.oom.victims[0] = (OomVictim){ .pid = 7 };
        event.oom.n_victims = 1;
        event.oom.memory_max_known = true;
        event.oom.memory_max = LIMIT_UNSET;
        expect_values(&message, "Subject: @VICTIM@ @PID@ @LIMIT@\n\n@VICTIMS@", "? 7 ?",
                      "  ? (PID 7)\n  \xe2\x80\xa6");
}

static void test_values_of_several(_unused_ void **state) {
        Event events[5];
        DigestMessage message;

        for (uid_t i = 0; i < 5; i++)
                events[i] = an_event(1000 + i);
        events[1].oom.cause = OOM_CAUSE_HOST;
        events[1].oom.kills = 40;
        events[1].oom.victims[0].comm[0] = '\x1b';
        events[1].time += 62 * USEC_PER_SEC;
        message = a_message(READER_ADMIN, events, 2);
        message.last_of = 10;
        expect_values(&message,
                      "Subject: @USER@ @SLICE@ @LIMIT@ @KILLS@ @CAUSE@ @TIME@ @LAST_OF@\n"
                      "@VICTIMS@\n\n@PROCESSES@\n\n@SLICES@",
                      "alice, bob user-1000.slice, user-1001.slice 8G 42 slice, host "
                      "2026-01-01 11:57:00 +0000 \xe2\x80\x93 11:58:02 10",
                      "  py?thon (PID 4711)  alice\n  R (PID 4712)  alice\n"
                      "  ?y?thon (PID 4711)  bob\n  R (PID 4712)  bob\n  \xe2\x80\xa6\n\n"
                      "  b?sh (PID 1)  3G  alice\n  vi (PID 2)  1M  alice\n"
                      "  b?sh (PID 1)  3G  bob\n  vi (PID 2)  1M  bob\n  \xe2\x80\xa6\n\n"
                      "  alice (user-1000.slice)  2\n  bob (user-1001.slice)  40");
        message = a_message(READER_ADMIN, events, 5);
        message.last += 24 * 3600 * USEC_PER_SEC;
        events[4].oom.memory_max = 1 << 30;
        expect_values(&message, "Subject: @USER@; @LIMIT@; @TIME@",
                      "alice, bob, 1002 +2; 8G, 8G, 8G +2; "
                      "2026-01-01 11:57:00 +0000 \xe2\x80\x93 2026-01-02 11:57:00 +0000",
                      "");
        message.more = 1;
        expect_values(&message, "Subject: @USER@", "alice, bob, 1002, \xe2\x80\xa6", "");
        for (uid_t i = 0; i < 4; i++)
                events[i] = a_warning(1000 + i, i == 0 ? 75 : 85);
        message = a_message(READER_ADMIN, events, 4);
        expect_values(&message, "Subject: @USER@ @PERCENT@\n@SLICES@", "alice, bob, 1002 +1 75, 85, 85 +1",
                      "  alice (user-1000.slice)  75 %\n  bob (user-1001.slice)  85 %\n"
                      "  1002 (user-1002.slice)  85 %\n  d?ve (user-1003.slice)  85 %");
}

static void test_names(_unused_ void **state) {
        Event event = an_event(1000);
        DigestMessage message = a_message(READER_USER, &event, 1);

        assert_string_equal(event_template(&message), "oom-user");
        event.oom.cause = OOM_CAUSE_HOST;
        assert_string_equal(event_template(&message), "oom-host-user");
        message.reader = READER_ADMIN;
        assert_string_equal(event_template(&message), "oom-admin");
        message.kind = EVENT_MEMORY_WARNING;
        assert_string_equal(event_template(&message), "warning-admin");
        message.reader = READER_USER;
        assert_string_equal(event_template(&message), "warning-user");
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

/* Of the message the template says all that there is, and nothing of what there is not. */
static void expect_shipped(const char *name, const char *language, const DigestMessage *message) {
        _cleanup_(template_freep) Template *template = NULL;
        _cleanup_free_ char *subject = NULL, *text = NULL;
        char found[TEMPLATE_LANGUAGE_MAX + 1];
        EventValues v;

        assert_int_equal(template_load(fixture.fd, name, language, tell, NULL, &template, found), 0);
        assert_string_equal(found, *language ? language : "en");
        assert_int_equal(event_values(message, "login", &v), 0);
        assert_int_equal(template_render(template, &v.values, &subject, &text), 0);
        event_values_done(&v);
        assert_non_null(strstr(subject, "login"));
        assert_true(strlen(subject) < 100);
        assert_non_null(strstr(text, "alice"));
        assert_null(strstr(text, "? "));
        assert_null(strstr(text, "\n\n\n"));
        assert_int_equal(strstr(text, "24 ") != NULL, message->last_of > 0);
        assert_int_equal(strstr(text, "(PID 1)") != NULL, message->events[0].processes.count > 0);
        assert_int_equal(strstr(text, "bob (user-1001.slice)") != NULL, message->n_events > 1);
}

static void expect_all_shipped(const char *name, const char *language) {
        bool warning = strncmp(name, "warning", 7) == 0;
        Event events[2];
        DigestMessage message;

        for (uid_t i = 0; i < 2; i++) {
                events[i] = warning ? a_warning(1000 + i, 75) : an_event(1000 + i);
                events[i].oom.memory_peak = events[i].oom.memory_current;
        }
        message = a_message(READER_USER, events, 1);
        expect_shipped(name, language, &message);
        if (strstr(name, "admin")) {
                message = a_message(READER_ADMIN, events, 2);
                expect_shipped(name, language, &message);
        }
        message.last_of = warning ? 0 : 10;
        expect_shipped(name, language, &message);
}

/* All of them can be had, in both languages, and what is of no use for an event is in none of its templates.
 */
static void test_shipped(_unused_ void **state) {
        for (const char *const *name = template_names; *name; name++) {
                read_shipped(*name, ".txt");
                read_shipped(*name, ".de.txt");
                expect_all_shipped(*name, "");
                expect_all_shipped(*name, "de");
        }
        assert_string_equal(told, "");
}

#define WITH_FILES(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_problems),
                cmocka_unit_test(test_render),
                cmocka_unit_test(test_paragraphs),
                cmocka_unit_test(test_long_value),
                WITH_FILES(test_precedence),
                WITH_FILES(test_bad_ones_are_passed_by),
                WITH_FILES(test_check),
                cmocka_unit_test(test_languages),
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_what_is_not_known),
                cmocka_unit_test(test_values_of_several),
                cmocka_unit_test(test_names),
                WITH_FILES(test_shipped),
        };

        setenv("TZ", "UTC", true);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
