/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "cli/figures.h"
#include "cli/limit-argument.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "model/hold.h"

/* Labels end in the same column. */
#define LINE "%12s: "

static const char *or_none(uint64_t number, const char *text, const char *none) {
        return number == UINT64_MAX ? none : text;
}

/* "since Thu 2026-01-01 11:58:00 UTC; 2min ago"; "" if that is not known. */
static void print_since(const Cli *cli, usec_t since) {
        WhenBuffer when, ago;

        if (since > 0)
                printf(" since %s; %s", when_format(when, since), when_ago(ago, since, cli->now));
}

static void print_state(const Cli *cli, const HostInfo *host) {
        const Terminal *t = &cli->terminal;

        printf(LINE "%s%s%s", "State", color_on(t, host->contended ? COLOR_YELLOW : COLOR_GREEN),
               host->contended ? "contended" : "there is room", color_off(t));
        print_since(cli, host->contended_since);
        putchar('\n');
        if (host->observing)
                printf(LINE "%snothing is set (Observe=yes, or released)%s\n", "Observing",
                       color_on(t, COLOR_YELLOW), color_off(t));
}

/* Words of the service, which may be of another version, or another program. */
static int print_service(const Cli *cli, const HostInfo *host) {
        _cleanup_free_ char *version = text_escape(&cli->terminal, host->version),
                            *backend = text_escape(&cli->terminal, host->backend),
                            *policy = text_escape(&cli->terminal, host->policy),
                            *name = text_escape(&cli->terminal, cli->options.host);
        const Terminal *t = &cli->terminal;
        struct utsname uts;

        if (!version || !backend || !policy || !name)
                return -ENOMEM;
        if (uname(&uts) < 0)
                strcpy(uts.nodename, "localhost");
        printf("%s%s%s %s\n", color_on(t, host->observing ? COLOR_YELLOW : COLOR_GREEN), glyph(t, GLYPH_DOT),
               color_off(t), *name ? name : uts.nodename);
        printf(LINE "fairsliced %s, backend %s, policy %s\n", "Service", version, backend, policy);
        return 0;
}

static int print_host(const Cli *cli, const HostInfo *host) {
        FormatBuffer budget, cpus, use, outside, level;
        int r = print_service(cli, host);

        if (r < 0)
                return r;
        print_state(cli, host);
        printf(LINE "%s of %s for users\n", "Budget",
               or_none(host->budget, format_cpu(budget, host->budget), "unknown"),
               or_none(host->cpus, format_cpu(cpus, host->cpus), "unknown"));
        printf(LINE "%s by users, %s outside\n", "Use",
               or_none(host->use, format_cpu(use, host->use), "unknown"),
               or_none(host->outside, format_cpu(outside, host->outside), "unknown"));
        printf(LINE "%s\n", "Level",
               or_none(host->level, format_cpu(level, host->level), "nobody is held back"));
        printf(LINE "%" PRIu32 " active\n", "Users", host->active);
        return 0;
}

static void print_hold(const Cli *cli, const SliceInfo *slice) {
        static const char *const words[_HOLD_COUNT] = {
                [HOLD_NOTHING] = "by nothing",
                [HOLD_FAIR_SHARE] = "by the fair share",
                [HOLD_CPU_QUOTA] = "by CPUQuota=",
                [HOLD_WEIGHT] = "by CPUWeight= alone",
        };
        int hold = slice->held_by ? hold_from_string(slice->held_by) : -EINVAL;

        if (hold < 0)
                return;
        printf(LINE "%s%s%s", "Held",
               color_on(&cli->terminal, hold == HOLD_NOTHING ? COLOR_NONE : COLOR_YELLOW),
               slice->exempt ? "never, is exempt" : words[hold],
               hold == HOLD_NOTHING ? "" : color_off(&cli->terminal));
        if (hold != HOLD_NOTHING)
                print_since(cli, slice->held_since);
        putchar('\n');
}

static void print_cpu(const SliceInfo *slice) {
        FormatBuffer use, share, least, time, throttled;

        printf(LINE "%s", "CPU", or_none(slice->use, format_cpu(use, slice->use), "unknown"));
        if (slice->share != UINT64_MAX)
                printf(" of a share of %s", format_cpu(share, slice->share));
        if (slice->guaranteed != UINT64_MAX)
                printf(", at least %s when it is asked for", format_cpu(least, slice->guaranteed));
        putchar('\n');
        if (slice->cpu_usage_nsec == UINT64_MAX)
                return;
        printf(LINE "%s", "CPU time", format_timespan(time, slice->cpu_usage_nsec / NSEC_PER_USEC));
        if (slice->cpu_throttled_usec != UINT64_MAX && slice->cpu_throttled_usec > 0)
                printf(", throttled for %s", format_timespan(throttled, slice->cpu_throttled_usec));
        putchar('\n');
}

static void print_memory(const SliceInfo *slice) {
        FormatBuffer current, peak;

        if (slice->memory_current == UINT64_MAX)
                return;
        printf(LINE "%s", "Memory", format_size(current, slice->memory_current));
        if (slice->memory_peak != UINT64_MAX)
                printf(", peak %s", format_size(peak, slice->memory_peak));
        if (slice->oom_kills != UINT64_MAX && slice->oom_kills > 0)
                printf(", ran out and lost %" PRIu64 " process%s", slice->oom_kills,
                       slice->oom_kills == 1 ? "" : "es");
        putchar('\n');
}

/* What stands now, as far as it limits anything. */
static void print_limits(const SliceInfo *slice) {
        const char *between = "";
        FormatBuffer value;

        printf(LINE, "Limits");
        for (unsigned i = 0; i < _LIMIT_COUNT; i++) {
                if (slice->limits[i] == LIMIT_UNSET)
                        continue;
                printf("%s%s=%s", between, limit_key((Limit) i),
                       limit_format(value, (Limit) i, slice->limits[i]));
                between = " ";
        }
        puts(*between ? "" : "none");
}

static int print_slice(const Cli *cli, const SliceInfo *slice) {
        const Terminal *t = &cli->terminal;
        char display[256];
        _cleanup_free_ char *name = text_escape(t, slice_info_display(slice, display, sizeof display)),
                            *group = text_escape(t, slice->control_group);

        if (!name || !group)
                return -ENOMEM;
        printf("%s%s%s %s", color_on(t, slice->active ? COLOR_GREEN : COLOR_NONE),
               glyph(t, slice->active ? GLYPH_DOT : GLYPH_CIRCLE), slice->active ? color_off(t) : "", name);
        if (slice->uid != UID_INVALID)
                printf(" (%u)", (unsigned) slice->uid);
        printf("\n" LINE "%s\n", "Slice", group);
        print_cpu(slice);
        print_hold(cli, slice);
        print_memory(slice);
        print_limits(slice);
        return 0;
}

static json_object *to_json(const Property *table, const void *object) {
        json_object *to = json_object_new_object();

        if (to && properties_to_json(table, object, to) >= 0)
                return to;
        json_object_put(to);
        return NULL;
}

static int print_json(const Cli *cli, const HostInfo *host, const SliceInfo *slice) {
        _cleanup_json_ json_object *both = json_object_new_object();

        if (!both || json_add(both, "Host", host ? to_json(manager_properties, host) : NULL) < 0 ||
            json_add(both, "Slice", slice->id ? to_json(slice_properties, slice) : NULL) < 0)
                return -ENOMEM;
        return json_print(both, cli->options.json, stdout);
}

/* The host, and who asks, if that is somebody who is looked after. */
static Status status_of_host(Cli *cli) {
        _cleanup_(slice_info_done) SliceInfo slice = {};
        _cleanup_(host_info_done) HostInfo host = {};
        UserArgument user;
        Status status = user_argument(cli, NULL, &user);
        int r;

        if (status == STATUS_OK)
                status = figures_host(cli, &host);
        if (status == STATUS_OK)
                status = figures_slice_if_any(cli, &user, &slice);
        if (status != STATUS_OK)
                return status;
        verb_output(cli);
        if (cli->options.json)
                return verb_end(print_json(cli, &host, &slice));
        r = print_host(cli, &host);
        if (r >= 0 && slice.id) {
                putchar('\n');
                r = print_slice(cli, &slice);
        }
        return verb_end(r);
}

Status verb_status(Cli *cli, int argc, char *argv[]) {
        _cleanup_(slice_info_done) SliceInfo slice = {};
        UserArgument user;
        Status status;

        if (argc == 0)
                return status_of_host(cli);
        status = user_argument(cli, argv[0], &user);
        if (status == STATUS_OK)
                status = figures_slice(cli, &user, &slice);
        if (status != STATUS_OK)
                return status;
        verb_output(cli);
        return verb_end(cli->options.json ? print_json(cli, NULL, &slice) : print_slice(cli, &slice));
}
