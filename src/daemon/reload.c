/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <systemd/sd-daemon.h>

#include "basic/log.h"
#include "config/problem.h"
#include "daemon/control.h"
#include "daemon/identity.h"
#include "report/template-files.h"

/* A name service may take its time over each user, and PID 1 waits for a sign of life. */
#define LOOKUPS_PER_KEEPALIVE 16

void manager_log_problem(const Problem *problem) {
        int level = problem->level == PROBLEM_ERROR ? LOG_ERR : LOG_WARNING;

        if (problem->line > 0)
                (void) log_full(level, 0, "%s:%u: %s", problem->file, problem->line, problem->message);
        else
                (void) log_full(level, 0, "%s: %s", problem->file, problem->message);
}

/* What the command line says stands above what the files say. */
static void take_config(Manager *m, Config *config) {
        config_free(m->config);
        m->config = config;
        m->host_config = *config_host(config);
        if (m->options.interval_usec > 0)
                m->host_config.interval_usec = m->options.interval_usec;
        m->engine_config = (EngineConfig){
                .policy = m->host_config.share_policy,
                .threshold_permyriad = m->host_config.cpu_threshold_permyriad,
                .activity_permyriad = m->host_config.activity_permyriad,
                .interval = m->host_config.interval_usec,
        };
        m->observe = m->options.dry_run || m->host_config.observe;
        m->released = false;
}

/* Says what is wrong. Returns 1 if that includes errors, 0 if not, or a negative errno without a *ret. */
static int read_config(int root_fd, const char *file, Config **ret) {
        _cleanup_(problems_done) Problems problems = {};
        int r;

        r = config_load(root_fd, file, &problems, ret);
        for (size_t i = 0; i < problems.count; i++)
                manager_log_problem(&problems.item[i]);
        return r < 0 ? r : problems_have_error(&problems);
}

static int load(Manager *m, bool refuse_errors) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(control_freep) Control *control = NULL;
        int r;

        r = read_config(m->root_fd, m->options.config_file, &config);
        if (r < 0)
                return r;
        if (refuse_errors && r > 0)
                return -EINVAL;
        if (m->control_places) {
                r = control_read(m, config, true, &control);
                if (r < 0)
                        return r;
        }
        take_config(m, TAKE_PTR(config));
        control_take(m, TAKE_PTR(control));
        return 0;
}

static int check_control(const ManagerOptions *options, const Config *config, Problems *problems) {
        _cleanup_(control_places_freep) ControlPlaces *places = NULL;
        _cleanup_(control_freep) Control *control = NULL;
        ControlPlacesArgs args = {
                .runtime_path = options->runtime_path ?: PRIVATE_SOCKET_DIRECTORY,
                .state_path = options->state_path,
        };
        int r = control_places_new(&args, &places);

        return r < 0 ? r : control_load(control_places_dirs(places), config, problems, &control);
}

/* A mail is made of the shipped one then, so nothing but a check is refused. */
static void on_bad_template(const char *file, const TemplateProblem *problem, void *userdata) {
        (void) problems_add(userdata, PROBLEM_ERROR, file, problem->line, "%s", problem->text);
}

int manager_check_files(int root_fd, const ManagerOptions *options, Problems *problems) {
        _cleanup_(config_freep) Config *config = NULL;
        bool refused;
        int r;

        r = config_load(root_fd, options->config_file, problems, &config);
        if (r >= 0)
                r = template_check_all(root_fd, on_bad_template, problems);
        if (r < 0)
                return r;
        refused = problems_have_error(problems);
        r = check_control(options, config, problems);
        return r < 0 ? r : refused ? -EINVAL : 0;
}

int manager_check_config(const ManagerOptions *options) {
        _cleanup_(problems_done) Problems problems = {};
        const char *root = options->root_path ?: "/";
        _cleanup_close_ int root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (root_fd < 0)
                return log_error_errno(errno, "Cannot open %s: %m", root);
        r = manager_check_files(root_fd, options, &problems);
        for (size_t i = 0; i < problems.count; i++)
                manager_log_problem(&problems.item[i]);
        return r;
}

int manager_load_config(Manager *m) {
        int r = load(m, false);

        return r < 0 ? log_error_errno(r, "Cannot read the configuration: %m") : 0;
}

bool manager_resolve_slice(Manager *m, ManagedSlice *slice) {
        Limits before = slice->config.limits;
        bool exempt = slice->exempt;

        slice->exempt = config_is_exempt(m->config, &slice->user);
        config_resolve(m->config, m->control, &slice->user, m->ram_bytes, &slice->config);
        if (slice->exempt)
                slice->engine.quota = LIMIT_UNSET;
        return slice->exempt != exempt || limits_differ(&before, &slice->config.limits, LIMIT_MASK_ALL);
}

/* Something new is wanted: what has failed or was given up before is no reason not to try. */
void manager_renew_slice(Manager *m, ManagedSlice *slice) {
        bool changed = manager_resolve_slice(m, slice);

        slice->given_up = 0;
        slice->failures = 0;
        slice->retry_at = 0;
        if (changed)
                manager_tell_limits_changed(m, slice->name, slice->user.uid);
}

/* What was only said and not done stands nowhere. */
static void forget_pretended(Manager *m, ManagedSlice *slice) {
        managed_slice_assume_fresh(slice);
        if (!slice->files)
                return;
        slice->known = 0;
        manager_verify(m, slice, m->clock());
}

int manager_reload_config(Manager *m) {
        BackendKind backend = m->host_config.backend;
        bool observed = m->observe;
        ManagedSlice *slice;
        unsigned n = 0;
        int r;

        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long) now_monotonic());
        r = load(m, true);
        if (r < 0) {
                log_error_errno(
                        r, r == -EINVAL ? "The new configuration has errors; the old one stays in force."
                                        : "Cannot read the configuration, the old one stays in force: %m");
                (void) sd_notify(false, "READY=1");
                return r;
        }
        SLICE_FOREACH(slice, &m->slices) {
                /* Whoever moved a user to another group wants that to count now. */
                (void) identity_refresh(&slice->user);
                if (++n % LOOKUPS_PER_KEEPALIVE == 0)
                        (void) sd_notify(false, "WATCHDOG=1");
                manager_renew_slice(m, slice);
                if (observed && !m->observe)
                        forget_pretended(m, slice);
        }
        known_users_expire(&m->known_users);
        manager_forget_strays(m);
        (void) manager_open_event_file(m);
        (void) manager_open_memory_warnings(m);
        manager_reload_mail(m);
        (void) manager_open_history(m);
        if (!observed && m->observe)
                manager_lift_to_observe(m);
        manager_write_holds(m);
        manager_place_reload(m);
        manager_enqueue_all(m);
        manager_flush(m);
        (void) manager_event(m, &(Event){ .kind = EVENT_RELOADED, .uid = UID_INVALID, .by = UID_INVALID });
        log_info("The configuration was read again%s.",
                 m->host_config.backend == backend ? "" : "; Backend= takes effect at the next start");
        (void) sd_notify(false, "READY=1");
        return 0;
}

int manager_release_now(Manager *m, uid_t by) {
        if (m->stopping)
                return -ESHUTDOWN;
        if (m->observe)
                return 0;
        m->observe = m->released = true;
        (void) manager_event(m, &(Event){ .kind = EVENT_RELEASED, .uid = UID_INVALID, .by = by });
        log_notice("Released by UID %u: fair-share quotas are lifted, and nothing is set until the "
                   "configuration is read again.",
                   (unsigned) by);
        manager_reload_mail(m);
        manager_lift_to_observe(m);
        manager_write_holds(m);
        manager_place_reload(m);
        manager_show_status(m);
        return 0;
}
