/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/cgroup1.h"

#include <string.h>

#include "backend/cgroup1-internal.h"
#include "backend/systemd-manager.h"
#include "basic/time-util.h"

/* systemd answers first and makes the groups a moment later. They are looked for so often, and at these
 * intervals: 2 s. */
#define LOOKS_MAX          40
#define LOOK_INTERVAL_USEC (50 * USEC_PER_MSEC)

typedef struct Cgroup1Backend Cgroup1Backend;

/* A change that waits for groups which systemd was asked for. */
typedef struct Waiting {
        LIST_ENTRY(Waiting) entry;
        Cgroup1Backend *owner;
        RawChange *change;
        sd_bus_slot *call; /* NULL: answered, and the groups are looked for */
        unsigned looks;
        bool seen;
} Waiting;

struct Cgroup1Backend {
        RawBackend raw;
        SystemdManager manager;
        bool was_present, missed_reloads;
        sd_event_source *look_timer; /* off while nothing is looked for */
        LIST_HEAD(, Waiting) waiting;
};

static RawChange *waiting_free(Waiting *w) {
        RawChange *change = w->change;

        LIST_REMOVE(w, entry);
        sd_bus_slot_unref(w->call);
        free(w);
        return change;
}

static Controller controller_of(LimitMask limits) {
        return limits & LIMIT_MASK_CPU ? CONTROLLER_CPU : CONTROLLER_MEMORY;
}

static int open_group(const Cgroup1Backend *b, const RawChange *change, LimitMask limits) {
        const CgroupHierarchy *h = cgroup_tree_of_controller(b->raw.tree, controller_of(limits));

        return h ? raw_open_group(h, change->slice) : -EOPNOTSUPP;
}

static bool has_group(const Cgroup1Backend *b, const RawChange *change, LimitMask limits) {
        _cleanup_close_ int fd = open_group(b, change, limits);

        return fd >= 0;
}

static bool has_all_groups(const Cgroup1Backend *b, const RawChange *change) {
        return (!(change->without & LIMIT_MASK_CPU) || has_group(b, change, LIMIT_MASK_CPU)) &&
               (!(change->without & LIMIT_MASK_MEMORY) || has_group(b, change, LIMIT_MASK_MEMORY));
}

/* Looked for once more after it was seen: systemd makes the group first and writes what it has configured
 * then, and what we set shall come after that. */
static bool stop_looking(Waiting *w) {
        bool seen_before = w->seen;

        w->seen = has_all_groups(w->owner, w->change);
        return (w->seen && seen_before) || --w->looks == 0;
}

static int look_again(Cgroup1Backend *b) {
        int r = sd_event_source_set_time_relative(b->look_timer, LOOK_INTERVAL_USEC);

        return r < 0 ? r : sd_event_source_set_enabled(b->look_timer, SD_EVENT_ONESHOT);
}

static int on_look(_unused_ sd_event_source *s, _unused_ uint64_t usec, void *userdata) {
        Cgroup1Backend *b = userdata;
        bool more = false;
        Waiting *w, *next;

        for (w = LIST_FIRST(&b->waiting); w; w = next) {
                next = LIST_NEXT(w, entry);
                if (w->call)
                        continue;
                if (stop_looking(w))
                        raw_requeue(&b->raw, waiting_free(w));
                else
                        more = true;
        }
        return more ? look_again(b) : 0;
}

static int on_answer(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *ret_error) {
        Waiting *w = userdata;
        Cgroup1Backend *b = w->owner;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        int r = systemd_manager_call_error(error);

        w->call = sd_bus_slot_unref(w->call);
        if (r == 0 && look_again(b) >= 0)
                return 0;
        raw_fail(w->change, w->change->without, r ?: -ENOMEM, "%s: systemd makes no group for it: %s",
                 w->change->slice, systemd_manager_call_message(error) ?: "no time source");
        if (r == -ECANCELED)
                w->change->error = r;
        raw_requeue(&b->raw, waiting_free(w));
        return 0;
}

static int append_accounting(sd_bus_message *m, LimitMask limits) {
        int r = sd_bus_message_open_container(m, 'a', "(sv)");

        if (r >= 0 && limits & LIMIT_MASK_CPU)
                r = sd_bus_message_append(m, "(sv)", "CPUAccounting", "b", true);
        if (r >= 0 && limits & LIMIT_MASK_MEMORY)
                r = sd_bus_message_append(m, "(sv)", "MemoryAccounting", "b", true);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* systemd has a slice in the hierarchies of those controllers that its configuration needs. Accounting needs
 * them and limits nothing. */
static int ask_systemd(Cgroup1Backend *b, Waiting *w) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        int r = systemd_manager_new_set_properties(&b->manager, w->change->slice, &m);

        if (r >= 0)
                r = append_accounting(m, w->change->without);
        if (r >= 0)
                r = sd_bus_call_async(b->manager.bus, &w->call, m, on_answer, w, 0);
        return r < 0 ? r : 0;
}

static RawOutcome wait_for_groups(Cgroup1Backend *b, RawChange *change) {
        Waiting *w = calloc(1, sizeof *w);
        int r;

        if (!w) {
                raw_fail(change, change->without, -ENOMEM, "%s: %m", change->slice);
                return RAW_DONE;
        }
        *w = (Waiting){ .owner = b, .change = change, .looks = LOOKS_MAX };
        LIST_INSERT_HEAD(&b->waiting, w, entry);
        change->asked = true;
        r = ask_systemd(b, w);
        if (r >= 0)
                return RAW_TAKEN;
        raw_fail(change, change->without, r, "%s: systemd cannot be asked for its groups: %m",
                 change->slice);
        waiting_free(w);
        return RAW_DONE;
}

static void fail_without(RawChange *change, LimitMask limits) {
        if (change->without & limits)
                raw_fail(change, change->without & limits, -ENOENT, "%s has no group in the %s hierarchy%s",
                         change->slice, controller_to_string(controller_of(limits)),
                         change->asked ? ", although systemd was asked for it" : "");
}

static RawOutcome get_groups(Cgroup1Backend *b, RawChange *change) {
        if (!change->asked && b->manager.is_present)
                return wait_for_groups(b, change);
        fail_without(change, LIMIT_MASK_CPU);
        fail_without(change, LIMIT_MASK_MEMORY);
        return RAW_DONE;
}

/* There is no group, so there are no limits to be lifted. */
static void fail_to_open(RawChange *change, LimitMask limits, int error) {
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (change->limits.value[i] == LIMIT_UNSET)
                        change->todo &= ~(limits & 1U << i);
        limits &= change->todo;
        if (error == -ENOENT)
                change->without |= limits;
        else if (limits && error == -EOPNOTSUPP)
                raw_fail(change, limits, error, "%s: the %s hierarchy is not mounted", change->slice,
                         controller_to_string(controller_of(limits)));
        else if (limits)
                raw_fail(change, limits, error, "%s: cannot open its group in the %s hierarchy: %m",
                         change->slice, controller_to_string(controller_of(limits)));
}

/* What can be written, and what has no group. */
static RawOutcome write_limits(Cgroup1Backend *b, RawChange *change) {
        RawOutcome outcome = RAW_DONE;

        change->without = 0;
        if (change->todo & LIMIT_MASK_CPU) {
                _cleanup_close_ int fd = open_group(b, change, LIMIT_MASK_CPU);

                if (fd >= 0)
                        cgroup1_write_cpu(change, fd);
                else
                        fail_to_open(change, LIMIT_MASK_CPU, fd);
        }
        if (change->todo & LIMIT_MASK_MEMORY) {
                _cleanup_close_ int fd = open_group(b, change, LIMIT_MASK_MEMORY);

                if (fd >= 0)
                        outcome = cgroup1_write_memory(change, fd);
                else
                        fail_to_open(change, LIMIT_MASK_MEMORY, fd);
        }
        return outcome;
}

static RawOutcome step(RawBackend *raw, RawChange *change) {
        Cgroup1Backend *b = (Cgroup1Backend *) raw;
        _cleanup_close_ int slice_fd = raw_open_group(cgroup_tree_hierarchy(raw->tree, 0), change->slice);

        if (change->todo && slice_fd < 0)
                raw_fail(change, change->todo, slice_fd, "%s: cannot open the group: %m", change->slice);
        if (write_limits(b, change) == RAW_AGAIN)
                return RAW_AGAIN;
        return change->without ? get_groups(b, change) : RAW_DONE;
}

static void on_reloading(bool active, void *userdata) {
        Cgroup1Backend *b = userdata;

        b->raw.base.handlers.reloading(active, b->raw.base.handlers.userdata);
}

/* While it could not be heard it may have read its configuration again. */
static void on_present(bool present, void *userdata) {
        Cgroup1Backend *b = userdata;
        bool missed = b->missed_reloads;

        b->missed_reloads = b->was_present && !present;
        b->was_present |= present;
        if (present && missed)
                on_reloading(false, b);
}

int backend_cgroup1_attach(Backend *backend, sd_bus *bus) {
        Cgroup1Backend *b = (Cgroup1Backend *) backend;

        backend_cgroup1_detach(backend);
        return systemd_manager_attach(&b->manager, bus);
}

void backend_cgroup1_detach(Backend *backend) {
        Cgroup1Backend *b = (Cgroup1Backend *) backend;

        systemd_manager_detach(&b->manager);
        b->missed_reloads = b->was_present;
        while (!LIST_EMPTY(&b->waiting)) {
                RawChange *change = waiting_free(LIST_FIRST(&b->waiting));

                raw_fail(change, change->todo, -ECANCELED, "the connection to the bus was lost");
                change->error = -ECANCELED;
                raw_finish(&b->raw, change);
        }
}

static Backend *cgroup1_free(Backend *backend) {
        Cgroup1Backend *b = (Cgroup1Backend *) backend;

        while (!LIST_EMPTY(&b->waiting))
                raw_forget(&b->raw, waiting_free(LIST_FIRST(&b->waiting)));
        systemd_manager_detach(&b->manager);
        sd_event_source_disable_unref(b->look_timer);
        raw_done(&b->raw);
        free(b);
        return NULL;
}

static int init(Cgroup1Backend *b, const BackendHandlers *handlers, sd_event *event,
                const CgroupTree *tree) {
        int r;

        LIST_INIT(&b->waiting);
        b->manager = (SystemdManager){ .present = on_present, .reloading = on_reloading, .userdata = b };
        systemd_manager_init(&b->manager);
        r = raw_init(&b->raw, handlers, event, tree);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(event, &b->look_timer, CLOCK_MONOTONIC, 0, 0, on_look, b);
        if (r >= 0)
                r = sd_event_source_set_enabled(b->look_timer, SD_EVENT_OFF);
        return r < 0 ? r : 0;
}

int backend_cgroup1_new(const BackendHandlers *handlers, sd_event *event, const CgroupTree *tree,
                        Backend **ret) {
        static const BackendOps ops = {
                .name = "cgroup1",
                .needs_group = true,
                .reset_by_reload = true,
                .set_limits = raw_set_limits,
                .free = cgroup1_free,
        };
        Cgroup1Backend *b = calloc(1, sizeof *b);
        int r;

        if (!b)
                return -ENOMEM;
        b->raw.base.ops = &ops;
        b->raw.step = step;
        r = init(b, handlers, event, tree);
        if (r < 0) {
                cgroup1_free(&b->raw.base);
                return r;
        }
        *ret = &b->raw.base;
        return 0;
}
