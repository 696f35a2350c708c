/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A service that answers with anything but what is documented. */

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "basic/service-connection.h"
#include "cli/client.h"
#include "cli/verbs.h"
#include "unit.h"

static sd_bus *connect_end(int fd, bool server) {
        sd_id128_t id = SD_ID128_MAKE(5d, 9b, 2c, 75, 06, 1f, 4d, 7e, 8f, 0a, 35, 1e, 6e, 2c, 4b, 90);
        sd_bus *bus = NULL;

        if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
            (server && sd_bus_set_server(bus, true, id) < 0) || sd_bus_start(bus) < 0)
                _exit(3);
        return bus;
}

/* More settings than there can be. */
static int answer_settings(sd_bus_message *call) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_return(call, &m);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sssu)");
        for (unsigned i = 0; i < 1000 && r >= 0; i++)
                r = sd_bus_message_append(m, "(sssu)", "MemoryMax", "1G", "/etc/x", i);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_send(NULL, m, NULL);
}

static int answer(sd_bus_message *call, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        const char *member = sd_bus_message_get_member(call);

        if (sd_bus_message_is_method_call(call, NULL, "GetSettings"))
                return answer_settings(call);
        if (strcmp(member, "GetSlice") == 0)
                return sd_bus_reply_method_return(call, "u", 7);
        if (strcmp(member, "GetAll") == 0)
                return sd_bus_reply_method_return(call, "a{sv}", 1, "Version", "u", 7);
        if (strcmp(member, "GetManagedObjects") == 0)
                return sd_bus_reply_method_return(call, "a{oa{sa{sv}}}", 1, "/x", 1, "org.fairslice1.Slice",
                                                  2, "Id", "s", "x", "UID", "s", "y");
        if (strcmp(member, "Check") == 0)
                return sd_bus_reply_method_return(call, "a(bsu)", 1, 1, "x", 1);
        if (strcmp(member, "Reload") == 0)
                return sd_bus_reply_method_errorf(call, "org.example.Odd", "%s", "\033[31m\n");
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_METHOD, "No.");
}

static void serve(int fd) {
        sd_bus *bus = connect_end(fd, true);

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (sd_bus_add_filter(bus, NULL, answer, NULL) < 0)
                _exit(4);
        for (;;) {
                int r = sd_bus_process(bus, NULL);

                if (r < 0)
                        _exit(0); /* gone */
                if (r == 0)
                        (void) sd_bus_wait(bus, UINT64_MAX);
        }
}

static pid_t service;

static int setup(void **state) {
        Cli *cli = calloc(1, sizeof *cli);
        int fds[2];

        assert_non_null(cli);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        service = fork();
        assert_true(service >= 0);
        if (service == 0) {
                close(fds[0]);
                serve(fds[1]);
        }
        close(fds[1]);
        cli->bus = connect_end(fds[0], false);
        cli->direct = true;
        *state = cli;
        return 0;
}

static int teardown(void **state) {
        client_disconnect(*state);
        assert_int_equal(waitpid(service, NULL, 0), service);
        free(*state);
        return 0;
}

static void assert_fails(Cli *cli, Status (*verb)(Cli *cli, int argc, char *argv[]), int argc) {
        static char user[] = "1000";
        char *argv[] = { argc > 0 ? user : NULL, NULL };

        cli->options.json = JSON_OFF;
        assert_int_equal(verb(cli, argc, argv), STATUS_FAILURE);
        cli->options.json = JSON_SHORT;
        assert_int_equal(verb(cli, argc, argv), STATUS_FAILURE);
}

static void test_answers(void **state) {
        assert_fails(*state, verb_list, 0);
        assert_fails(*state, verb_status, 0);
        assert_fails(*state, verb_status, 1);
        assert_fails(*state, verb_show, 0);
        assert_fails(*state, verb_show, 1);
        assert_fails(*state, verb_cat, 1);
        assert_fails(*state, verb_check, 0);
        assert_fails(*state, verb_reload, 0);
        assert_fails(*state, verb_release, 0);
}

/* Who has nothing to follow is told so, instead of waiting for ever. */
static void test_nothing_to_follow(void **state) {
        Cli *cli = *state;

        cli->options.given = OPTION_FOLLOW;
        (void) alarm(60);
        assert_int_equal(verb_events(cli, 0, (char *[]){ NULL }), STATUS_FAILURE);
        (void) alarm(0);
}

/* It ends in the middle of a conversation. */
static void test_gone(void **state) {
        assert_int_equal(kill(service, SIGKILL), 0);
        assert_int_equal(verb_list(*state, 0, (char *[]){ NULL }), STATUS_NOT_RUNNING);
        assert_int_equal(verb_release(*state, 0, (char *[]){ NULL }), STATUS_NOT_RUNNING);
}

static void test_no_socket(_unused_ void **state) {
        char path[256];
        sd_bus *bus = NULL;

        memset(path, 'x', sizeof path - 1);
        path[sizeof path - 1] = '\0';
        assert_int_equal(service_connect_socket(path, &bus), -ENAMETOOLONG);
        assert_true(service_connect_socket("/nonexistent/private", &bus) < 0);
        assert_null(bus);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nothing_to_follow, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
                cmocka_unit_test(test_no_socket),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
