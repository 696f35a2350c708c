/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/text.h"
#include "basic/timestamp.h"
#include "cli/json.h"
#include "cli/plot.h"
#include "cli/svg.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/user-argument.h"
#include "cli/verbs.h"

/* Of a picture that no terminal bounds. */
#define PLOT_COLUMNS 80U
#define PLOT_ROWS    20U

/* What GetHistory() has told. */
typedef struct Answer {
        usec_t interval;
        Look *looks; /* owned */
        size_t n;
        const char *who; /* escaped; "host" */
        bool host;
} Answer;

static int read_looks(sd_bus_message *m, Answer *ret) {
        size_t allocated = 0;
        int r = sd_bus_message_read(m, "t", &ret->interval);

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(ttttt)");
        while (r >= 0) {
                Look look;

                r = sd_bus_message_read(m, "(ttttt)", &look.time, &look.use, &look.grant, &look.throttled,
                                        &look.memory);
                if (r <= 0)
                        break;
                if (ret->n == allocated) {
                        Look *more;

                        allocated = MAX(512U, 2 * allocated);
                        more = reallocarray(ret->looks, allocated, sizeof *more);
                        if (!more)
                                return -ENOMEM;
                        ret->looks = more;
                }
                ret->looks[ret->n++] = look;
        }
        return r;
}

static Status ask(Cli *cli, const char *slice, usec_t since, Answer *ret) {
        const Purpose purpose = { .what = "read the history", .who = ret->host ? NULL : ret->who };
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        Status status = client_call(cli, &purpose, "GetHistory", &reply, "st", slice, since);
        int r;

        if (status != STATUS_OK)
                return status;
        r = read_looks(reply, ret);
        return r < 0 ? client_bad_answer(&purpose, r) : STATUS_OK;
}

/* ---- as a table ---- */

static int add_rate(Table *table, uint64_t rate, Color color) {
        FormatBuffer text;

        return table_add(table, color, rate == LIMIT_UNSET ? NULL : format_cpu(text, rate));
}

static int add_look(Table *table, const Look *look) {
        TimestampBuffer when;
        FormatBuffer memory;
        int r = table_add(table, COLOR_NONE, format_timestamp_short(when, look->time));

        if (r >= 0)
                r = add_rate(table, look->use, COLOR_NONE);
        if (r >= 0)
                r = add_rate(table, look->grant, COLOR_NONE);
        if (r >= 0)
                r = add_rate(table, look->throttled, look->throttled ? COLOR_YELLOW : COLOR_NONE);
        if (r >= 0)
                r = table_add(table, COLOR_NONE, format_size(memory, look->memory));
        return r;
}

static int print_table(const Cli *cli, const Answer *answer) {
        const TableColumn columns[] = {
                { .title = "TIME" },
                { "CPU", .right = true },
                { answer->host ? "BUDGET" : "GRANT", .right = true },
                { "THROTTLED", .right = true },
                { "MEMORY", .right = true },
        };
        _cleanup_(table_freep) Table *table = NULL;
        int r = table_new(&cli->terminal, columns, ELEMENTSOF(columns), &table);

        for (size_t i = 0; i < answer->n && r >= 0; i++)
                r = add_look(table, answer->looks + i);
        if (r >= 0)
                r = table_print(table, cli->options.full ? 0 : cli->terminal.columns,
                                !cli->options.no_legend, stdout);
        if (r >= 0 && !cli->options.no_legend)
                printf("\n%zu look%s listed.\n", answer->n, answer->n == 1 ? "" : "s");
        return r;
}

static json_object *look_to_json(const Look *look) {
        json_object *object = json_object_new_object();

        if (object && json_add(object, "Time", json_number(look->time)) >= 0 &&
            json_add(object, "CPUUseUSecPerSec", json_number(look->use)) >= 0 &&
            json_add(object, "CPUGrantUSecPerSec", json_number(look->grant)) >= 0 &&
            json_add(object, "CPUThrottledUSecPerSec", json_number(look->throttled)) >= 0 &&
            json_add(object, "Memory", json_number(look->memory)) >= 0)
                return object;
        json_object_put(object);
        return NULL;
}

static int print_json(const Cli *cli, const Answer *answer) {
        _cleanup_json_ json_object *array = json_object_new_array();

        for (size_t i = 0; array && i < answer->n; i++) {
                json_object *object = look_to_json(answer->looks + i);

                if (!object || json_object_array_add(array, object) < 0) {
                        json_object_put(object);
                        return -ENOMEM;
                }
        }
        return array ? json_print(array, cli->options.json, stdout) : -ENOMEM;
}

/* ---- as pictures ---- */

/* Nobody has looked yet, or not since then. */
static int no_looks(const Answer *answer) {
        log_notice("There is no history of %s since then.", answer->who);
        return 0;
}

static const char *grant_name(const Answer *answer) {
        return answer->host ? "budget" : "grant";
}

static int print_plot(const Cli *cli, const Answer *answer) {
        unsigned columns = cli->terminal.columns ? cli->terminal.columns : PLOT_COLUMNS;
        const PlotStyle style = {
                .terminal = &cli->terminal,
                .columns = columns,
                .rows = PLOT_ROWS,
                .title = answer->who,
                .grant_name = grant_name(answer),
        };
        _cleanup_(series_done) Series series = {};
        int r = series_make(answer->looks, answer->n, answer->interval, plot_bins(columns), &series);

        if (r == -ENODATA)
                return no_looks(answer);
        if (r >= 0)
                plot_print(&series, &style, stdout);
        return r;
}

static int draw_svg(const Answer *answer, char **ret, size_t *ret_size) {
        _cleanup_(series_done) Series series = {};
        _cleanup_free_ char *title = NULL;
        FILE *out;
        int r = series_make(answer->looks, answer->n, answer->interval, SVG_BINS, &series);

        if (r < 0)
                return r;
        if (asprintf(&title, "CPU and memory of %s", answer->who) < 0) {
                title = NULL;
                return -ENOMEM;
        }
        out = open_memstream(ret, ret_size);
        if (!out)
                return -ENOMEM;
        svg_print(&series, &(SvgStyle){ .title = title, .grant_name = grant_name(answer) }, out);
        return memstream_close(out);
}

static int open_directory_of(const char *path, const char **ret_name) {
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *directory = slash ? strndup(path, (size_t) (slash - path) + 1) : strdup(".");
        int fd;

        if (!directory)
                return -ENOMEM;
        *ret_name = slash ? slash + 1 : path;
        if (**ret_name == '\0')
                return -EISDIR;
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Replaces a file, and nothing that is not one: a device would become a file. */
static int replace_file(const char *path, const char *data, size_t size) {
        _cleanup_close_ int fd = -1;
        const char *name;
        struct stat st;
        mode_t mask;

        fd = open_directory_of(path, &name);
        if (fd < 0)
                return fd;
        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && !S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EEXIST;
        mask = umask(0);
        (void) umask(mask);
        return write_file_atomic(fd, name, data, size, 0666 & ~mask);
}

static Status write_svg(const Cli *cli, const Answer *answer) {
        _cleanup_free_ char *data = NULL, *path = NULL;
        size_t size = 0;
        int r = draw_svg(answer, &data, &size);

        if (r == -ENODATA) {
                (void) no_looks(answer);
                return STATUS_FAILURE; /* there is no file */
        }
        if (r < 0)
                return verb_end(r);
        if (strcmp(cli->options.svg, "-") == 0) {
                fwrite(data, 1, size, stdout);
                return STATUS_OK;
        }
        r = replace_file(cli->options.svg, data, size);
        if (r >= 0)
                return STATUS_OK;
        path = text_escape(&cli->terminal, cli->options.svg);
        if (r == -EEXIST)
                log_error("%s is there and not a regular file. For standard output: --svg=-",
                          path ? path : "FILE");
        else
                (void) log_error_errno(r, "Cannot write %s: %m.", path ? path : "FILE");
        return STATUS_FAILURE;
}

static Status print(Cli *cli, const Answer *answer) {
        if (cli->options.json)
                return verb_end(print_json(cli, answer));
        if (cli->options.given & OPTION_SVG) {
                Status status = write_svg(cli, answer);

                if (status != STATUS_OK || !(cli->options.given & OPTION_PLOT))
                        return status;
        }
        verb_output(cli);
        return verb_end(cli->options.given & OPTION_PLOT ? print_plot(cli, answer)
                                                         : print_table(cli, answer));
}

Status verb_history(Cli *cli, int argc, char *argv[]) {
        Answer answer = { .who = "the host", .host = cli->options.given & OPTION_TOTAL };
        UserArgument user = {};
        Status status = STATUS_OK;

        if (answer.host && argc > 0) {
                log_error("--total is the whole host; it is: fairslicectl history --total");
                return STATUS_USAGE;
        }
        if (cli->options.json && cli->options.given & (OPTION_PLOT | OPTION_SVG)) {
                log_error("--json takes no --plot and no --svg; see fairslicectl --help.");
                return STATUS_USAGE;
        }
        if (!answer.host) {
                status = user_argument(cli, argv[0], &user);
                answer.who = user.display;
        }
        if (status == STATUS_OK)
                status = ask(cli, user.slice, cli->options.since, &answer);
        if (status == STATUS_OK)
                status = print(cli, &answer);
        free(answer.looks);
        return status;
}
