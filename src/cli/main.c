/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "cli/client.h"
#include "cli/pager.h"
#include "cli/text.h"

/* NULL if the command line is wrong, which was said. */
static const Verb *choose_verb(const Cli *cli, const char *name, int n_arguments) {
        _cleanup_free_ char *shown = text_escape(&cli->terminal, name);
        const Verb *verb = verb_find(name);

        if (verb)
                return verb_accepts(cli, verb, n_arguments) ? verb : NULL;
        log_error("There is no verb %s; see fairslicectl --help.", shown ? shown : "of that name");
        return NULL;
}

/* What failed earlier, when part of it was written, has left no errno; who failed by that has told it. */
static Status end_output(const Cli *cli, Status status) {
        int r = fflush(stdout) == EOF ? -errno : status == STATUS_OK && ferror(stdout) ? -EIO : 0;

        /* A reader who has had enough is no error. */
        if (r == 0 || r == -EPIPE || cli->pager > 0)
                return status;
        (void) log_error_errno(r, "Cannot write the output: %m");
        return status == STATUS_OK ? STATUS_FAILURE : status;
}

static Status run(Cli *cli, const Verb *verb, int argc, char *argv[]) {
        Status status = verb->run(cli, argc, argv);

        client_disconnect(cli);
        status = end_output(cli, status);
        pager_close(cli->pager);
        return status;
}

int main(int argc, char *argv[]) {
        static char list[] = "list";
        Cli cli = { .now = now_realtime() };
        const Verb *verb;
        int first, r;

        terminal_init(&cli.terminal);
        r = options_parse(argc, argv, &cli.options, &first);
        if (r <= 0)
                return end_output(&cli, r < 0 ? STATUS_USAGE : STATUS_OK);
        verb = choose_verb(&cli, first < argc ? argv[first] : list, MAX(0, argc - first - 1));
        if (!verb)
                return STATUS_USAGE;
        first = MIN(first + 1, argc);
        return run(&cli, verb, argc - first, argv + first);
}
