/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <string.h>

#include "watch/proc-events.h"

#define EVENT_AT (sizeof(struct nlmsghdr) + sizeof(struct cn_msg))

static char message[256];
static size_t size;
static ProcUidEvent event;

/* A message as the kernel makes them, of which a test then spoils a part. */
static void make(unsigned what, pid_t pid, uid_t uid) {
        struct proc_event inner = { .what = what };
        struct cn_msg connector = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof inner };
        struct nlmsghdr header = { .nlmsg_type = NLMSG_DONE };

        inner.event_data.id.process_pid = inner.event_data.id.process_tgid = pid;
        inner.event_data.id.r.ruid = inner.event_data.id.e.euid = uid;
        size = EVENT_AT + sizeof inner;
        header.nlmsg_len = (uint32_t) size;
        memcpy(message, &header, sizeof header);
        memcpy(message + sizeof header, &connector, sizeof connector);
        memcpy(message + EVENT_AT, &inner, sizeof inner);
}

static int parse(void) {
        event = (ProcUidEvent){};
        return proc_event_parse(message, size, &event);
}

static void test_uid(_unused_ void **state) {
        make(PROC_EVENT_UID, 4711, 1000);
        assert_int_equal(parse(), 1);
        assert_int_equal(event.pid, 4711);
        assert_int_equal(event.uid, 1000);
}

static void test_others(_unused_ void **state) {
        static const unsigned kinds[] = { PROC_EVENT_NONE, PROC_EVENT_FORK, PROC_EVENT_EXIT, 0x00000400 };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                make(kinds[i], 4711, 1000);
                assert_int_equal(parse(), 0);
                assert_int_equal(event.pid, 0);
        }
}

static void test_too_short(_unused_ void **state) {
        make(PROC_EVENT_UID, 4711, 1000);
        for (size_t whole = size; size-- > 0 && whole > 0;)
                assert_int_equal(parse(), -EBADMSG);
        /* A length of its own that is too large, or too small for what it has to hold */
        make(PROC_EVENT_UID, 4711, 1000);
        ((struct nlmsghdr *) message)->nlmsg_len++;
        assert_int_equal(parse(), -EBADMSG);
        make(PROC_EVENT_UID, 4711, 1000);
        memset(message + EVENT_AT - 4, 0xff, 2);
        assert_int_equal(parse(), -EBADMSG);
        make(PROC_EVENT_UID, 4711, 1000);
        memset(message + EVENT_AT - 4, 0, 2);
        assert_int_equal(parse(), -EBADMSG);
}

static void test_not_the_connector(_unused_ void **state) {
        make(PROC_EVENT_UID, 4711, 1000);
        message[sizeof(struct nlmsghdr)]++; /* id.idx */
        assert_int_equal(parse(), -EBADMSG);
        make(PROC_EVENT_UID, 4711, 1000);
        ((struct nlmsghdr *) message)->nlmsg_type = NLMSG_ERROR;
        assert_int_equal(parse(), -EBADMSG);
        make(PROC_EVENT_UID, 0, 1000);
        assert_int_equal(parse(), -EBADMSG);
        make(PROC_EVENT_UID, -5, 1000);
        assert_int_equal(parse(), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_uid),
                cmocka_unit_test(test_others),
                cmocka_unit_test(test_too_short),
                cmocka_unit_test(test_not_the_connector),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
