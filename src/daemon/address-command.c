/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/address-command.h"

#include <fcntl.h>
#include <string.h>

#include "daemon/child.h"

#define BLANKS " \t"

struct AddressCommand {
        AddressCommandDone done;
        void *userdata;
        Child *child;
        sd_event_source *output;
        int output_fd;
        bool expired, too_much;
        char answer[MAIL_ADDRESS_MAX + 2]; /* with the end of the line */
        size_t length;
};

AddressCommand *address_command_free(AddressCommand *command) {
        if (!command)
                return NULL;
        child_free(command->child);
        sd_event_source_disable_unref(command->output);
        safe_close(command->output_fd);
        free(command);
        return NULL;
}

void address_command_expire(AddressCommand *command) {
        command->expired = true;
        child_kill(command->child, SIGKILL);
}

/* What is there now. Whoever writes more than an address is not waited for. */
static void read_answer(AddressCommand *command) {
        char more;
        ssize_t n;

        while (command->length < sizeof command->answer) {
                n = read(command->output_fd, command->answer + command->length,
                         sizeof command->answer - command->length);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                command->length += (size_t) n;
        }
        if (command->length < sizeof command->answer || read(command->output_fd, &more, 1) <= 0)
                return;
        command->too_much = true;
        child_kill(command->child, SIGKILL);
}

static int on_output(sd_event_source *s, int fd _unused_, uint32_t revents, void *userdata) {
        AddressCommand *command = userdata;

        read_answer(command);
        /* Its end is what is waited for, and not that of what it writes. */
        if (command->too_much || (revents & (EPOLLHUP | EPOLLERR)))
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        return 0;
}

/* The address in what was answered, or NULL. */
static const char *find_address(const AddressCommand *command, char buffer[static MAIL_ADDRESS_MAX + 1]) {
        size_t length = command->length;

        if (length > 0 && command->answer[length - 1] == '\n')
                length--;
        if (length > MAIL_ADDRESS_MAX || memchr(command->answer, '\0', length))
                return NULL;
        memcpy(buffer, command->answer, length);
        buffer[length] = '\0';
        return length == 0 || mail_address_is_valid(buffer) ? buffer : NULL;
}

static void conclude(AddressCommand *command, const siginfo_t *si) {
        char buffer[MAIL_ADDRESS_MAX + 1], why[64] = "";
        const char *address = NULL;

        if (command->expired)
                snprintf(why, sizeof why, "it took too long");
        else if (command->too_much)
                snprintf(why, sizeof why, "it wrote more than an address");
        else if (si->si_code != CLD_EXITED)
                snprintf(why, sizeof why, "signal %d ended it", si->si_status);
        else if (si->si_status != 0)
                snprintf(why, sizeof why, "it ended with status %d", si->si_status);
        else if (!(address = find_address(command, buffer)))
                snprintf(why, sizeof why, "what it wrote is no address");
        command->done(address, why, command->userdata);
}

static void on_ended(const siginfo_t *si, void *userdata) {
        AddressCommand *command = userdata;

        read_answer(command);
        command->output = sd_event_source_disable_unref(command->output);
        conclude(command, si);
}

/* The words in `text`, which is changed, then the name. The caller frees the array alone. */
static const char **split(char *text, const char *user_name) {
        const char **words = calloc(strlen(text) / 2 + 3, sizeof *words);
        char *rest = text;
        size_t n = 0;

        if (!words)
                return NULL;
        for (char *word; (word = strsep(&rest, BLANKS));)
                if (*word != '\0')
                        words[n++] = word;
        words[n] = user_name;
        return words;
}

/* Not one that the program could take for an option. */
static bool can_be_argument(const char *user_name) {
        return *user_name != '\0' && *user_name != '-';
}

static int run(sd_event *event, AddressCommand *command, const char *text, const char *user_name) {
        _cleanup_free_ char *copy = strdup(text);
        _cleanup_free_ const char **words = copy ? split(copy, user_name) : NULL;
        _cleanup_close_ int write_fd = -1;
        int fds[2];

        if (!words)
                return -ENOMEM;
        if (words[0] == user_name)
                return -EINVAL;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        command->output_fd = fds[0];
        write_fd = fds[1];
        if (fcntl(command->output_fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        return child_start(event, words, write_fd, on_ended, command, &command->child);
}

int address_command_start(sd_event *event, const char *text, const char *user_name, AddressCommandDone done,
                          void *userdata, AddressCommand **ret) {
        _cleanup_(address_command_freep) AddressCommand *command = NULL;
        int r;

        if (!can_be_argument(user_name))
                return -EINVAL;
        command = calloc(1, sizeof *command);
        if (!command)
                return -ENOMEM;
        command->output_fd = -1;
        command->done = done;
        command->userdata = userdata;
        r = run(event, command, text, user_name);
        if (r >= 0)
                r = sd_event_add_io(event, &command->output, command->output_fd, EPOLLIN, on_output,
                                    command);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(command);
        return 0;
}
