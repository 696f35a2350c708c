/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/fake-operations.h"

#include <string.h>

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

/* One user: the figures, the counters, and what a bare name leaves out. */
typedef struct FakeSlice {
        SliceFigures figures;
        SliceUsage usage;
} FakeSlice;

static void fake_host(HostFigures *ret, void *userdata) {
        const FakeOperations *fake = userdata;

        *ret = fake->host;
}

static const FakeSlice slices[FAKE_USERS] = {
        {
                .figures = { .name = "user-1000.slice",
                             .uid = FAKE_ALICE,
                             .user_name = "alice",
                             .group = "/user.slice/user-1000.slice",
                             .active = true,
                             .throttled = true,
                             .use = 1400000,
                             .share = 1400000,
                             .guaranteed = 1200000,
                             .hold = HOLD_FAIR_SHARE,
                             .hold_since = FAKE_NOW - 90 * USEC_PER_SEC,
                             .limits = { .value = { 1400000, 100, 16 * GIB, 12 * GIB, LIMIT_UNSET } },
                             .configured = { .value = { LIMIT_UNSET, 100, 16 * GIB, 12 * GIB,
                                                        LIMIT_UNSET } } },
                .usage = { UINT64_C(7200000000000), UINT64_C(95000000), 3 * GIB, 5 * GIB, 0 },
        },
        {
                .figures = { .name = "user-1001.slice",
                             .uid = FAKE_BOB,
                             .user_name = "bob",
                             .group = "/user.slice/user-1001.slice",
                             .active = true,
                             .use = 600000,
                             .share = 1400000,
                             .guaranteed = 1200000,
                             .hold = HOLD_NOTHING,
                             .hold_since = FAKE_NOW - 3600 * USEC_PER_SEC,
                             .limits = { .value = { LIMIT_UNSET, 100, 16 * GIB, LIMIT_UNSET, LIMIT_UNSET } },
                             .configured = { .value = { LIMIT_UNSET, 100, 16 * GIB, LIMIT_UNSET,
                                                        LIMIT_UNSET } } },
                .usage = { UINT64_C(360000000000), 0, 512 * MIB, 2 * GIB, 0 },
        },
        {
                .figures = { .name = "user-1002.slice",
                             .uid = FAKE_CAROL,
                             .user_name = "carol",
                             .group = "/user.slice/user-1002.slice",
                             .active = true,
                             .throttled = true,
                             .use = 500000,
                             .share = 1400000,
                             .guaranteed = 500000,
                             .hold = HOLD_CPU_QUOTA,
                             .hold_since = FAKE_NOW - 600 * USEC_PER_SEC,
                             .limits = { .value = { 500000, 200, 4 * GIB, LIMIT_UNSET, 0 } },
                             .configured = { .value = { 500000, 200, 4 * GIB, LIMIT_UNSET, 0 } } },
                .usage = { UINT64_C(1800000000000), UINT64_C(640000000), 4 * GIB - 100 * MIB, 4 * GIB, 3 },
        },
        {
                .figures = { .name = "user-1003.slice",
                             .uid = FAKE_DAVE,
                             .user_name = "dave",
                             .group = "/user.slice/user-1003.slice",
                             .exempt = true,
                             .active = true,
                             .use = 250000,
                             .share = LIMIT_UNSET,
                             .guaranteed = LIMIT_UNSET,
                             .hold = HOLD_NOTHING,
                             .limits = { .value = { LIMIT_UNSET, 100, LIMIT_UNSET, LIMIT_UNSET,
                                                    LIMIT_UNSET } },
                             .configured = LIMITS_UNSET },
                .usage = { UINT64_C(90000000000), 0, 256 * MIB, UINT64_MAX, UINT64_MAX },
        },
        {
                .figures = { .name = "user-61184.slice",
                             .uid = FAKE_NAMELESS,
                             .user_name = NULL,
                             .group = "/user.slice/user-61184.slice",
                             .use = 0,
                             .share = LIMIT_UNSET,
                             .guaranteed = 1200000,
                             .hold = HOLD_NOTHING,
                             .limits = { .value = { LIMIT_UNSET, 100, LIMIT_UNSET, LIMIT_UNSET,
                                                    LIMIT_UNSET } },
                             .configured = { .value = { LIMIT_UNSET, 100, LIMIT_UNSET, LIMIT_UNSET,
                                                        LIMIT_UNSET } } },
                .usage = { UINT64_C(50000000), 0, 8 * MIB, 9 * MIB, 0 },
        },
};

/* One like this, who is somebody else. */
static int visit_as(const SliceFigures *like, uid_t uid, const char *user_name, SliceVisitor visitor,
                    void *visitor_userdata) {
        SliceFigures figures = *like;
        char group[64];
        SliceName name;

        figures.name = slice_name_for_uid(name, uid);
        figures.uid = uid;
        figures.user_name = user_name;
        snprintf(group, sizeof group, "/user.slice/%s", figures.name);
        figures.group = group;
        return visitor(&figures, visitor_userdata);
}

static int visit_one_of_many(uid_t uid, SliceVisitor visitor, void *visitor_userdata) {
        char user_name[16];

        snprintf(user_name, sizeof user_name, "u%u", (unsigned) uid - FAKE_MANY_FIRST);
        return visit_as(&slices[0].figures, uid, user_name, visitor, visitor_userdata);
}

static int visit(const FakeOperations *fake, const FakeSlice *slice, SliceVisitor visitor,
                 void *visitor_userdata) {
        if (slice->figures.uid == FAKE_NAMELESS)
                return visit_as(&slice->figures, fake->nameless, NULL, visitor, visitor_userdata);
        return visitor(&slice->figures, visitor_userdata);
}

static int fake_slices(SliceVisitor visitor, void *visitor_userdata, void *userdata) {
        FakeOperations *fake = userdata;
        int r = 0;

        fake->rounds++;
        for (size_t i = 0; i < fake->many && r >= 0; i++)
                r = visit_one_of_many(FAKE_MANY_FIRST + (uid_t) i, visitor, visitor_userdata);
        for (size_t i = 0; fake->many == 0 && i < FAKE_USERS && r >= 0; i++)
                r = visit(fake, &slices[i], visitor, visitor_userdata);
        return r;
}

static const FakeSlice *find(const FakeOperations *fake, const char *name) {
        uid_t uid;

        if (slice_name_to_uid(name, &uid) < 0)
                return NULL;
        for (size_t i = 0; fake->many == 0 && i < FAKE_USERS; i++)
                if (uid == (slices[i].figures.uid == FAKE_NAMELESS ? fake->nameless : slices[i].figures.uid))
                        return &slices[i];
        return NULL;
}

static bool is_one_of_many(const FakeOperations *fake, const char *name, uid_t *ret) {
        return slice_name_to_uid(name, ret) >= 0 && *ret >= FAKE_MANY_FIRST &&
               *ret - FAKE_MANY_FIRST < fake->many;
}

static int fake_slice(const char *name, SliceVisitor visitor, void *visitor_userdata, void *userdata) {
        const FakeSlice *slice = find(userdata, name);
        uid_t uid;

        if (slice)
                return visit(userdata, slice, visitor, visitor_userdata);
        return is_one_of_many(userdata, name, &uid) ? visit_one_of_many(uid, visitor, visitor_userdata)
                                                    : -ENOENT;
}

static int fake_usage(const char *name, SliceUsage *ret, void *userdata) {
        const FakeSlice *slice = find(userdata, name);
        uid_t uid;

        if (!slice && !is_one_of_many(userdata, name, &uid))
                return -ENOENT;
        *ret = slice ? slice->usage : slices[0].usage;
        return 0;
}

/* This process is alice's, PID 1 nobody's, and there are no others. */
static int fake_slice_of_pid(pid_t pid, SliceName ret, void *userdata) {
        const FakeOperations *fake = userdata;

        if (pid == 1)
                return -ENOENT;
        if (pid != getpid() && !fake->everybody_is_alice)
                return -ESRCH;
        slice_name_for_uid(ret, FAKE_ALICE);
        return 0;
}

static int fake_check_limit(const LimitSetting *setting, const char **ret_allowed, void *userdata _unused_) {
        bool wrong = false;

        switch (setting->limit) {
        case LIMIT_CPU_QUOTA:
                wrong = setting->value != LIMIT_UNSET &&
                        (setting->value == 0 || setting->value % 10000 != 0);
                *ret_allowed = "a whole percentage of one CPU from 1%, such as 150%, or infinity";
                break;
        case LIMIT_CPU_WEIGHT:
                wrong = setting->value < CPU_WEIGHT_MIN || setting->value > CPU_WEIGHT_MAX;
                *ret_allowed = "a whole number from 1 to 10000";
                break;
        case LIMIT_MEMORY_MAX:
        case LIMIT_MEMORY_HIGH:
                wrong = setting->value < (setting->of_ram ? 1 : MIB);
                *ret_allowed =
                        "a size from 1M, such as 8G, infinity, or a percentage of the memory up to 100%";
                break;
        default:
                break;
        }
        return wrong ? -ERANGE : 0;
}

static int fake_set_limits(const char *name, const LimitSetting *settings, size_t n, bool runtime, uid_t by,
                           void *userdata) {
        FakeOperations *fake = userdata;

        fake->sets++;
        snprintf(fake->name, sizeof fake->name, "%s", name);
        fake->n_settings = MIN(n, FAKE_SETTINGS_MAX);
        memcpy(fake->settings, settings, fake->n_settings * sizeof *settings);
        fake->runtime = runtime;
        fake->by = by;
        return fake->set_result;
}

static int fake_reset_limits(const char *name, uid_t by, void *userdata) {
        FakeOperations *fake = userdata;

        fake->resets++;
        snprintf(fake->name, sizeof fake->name, "%s", name);
        fake->by = by;
        return fake->reset_result;
}

static int fake_settings(const char *name _unused_, SettingVisitor visitor, void *visitor_userdata,
                         void *userdata) {
        static const SettingFigures settings[] = {
                { "CPUQuota", "50%", "/run/fairslice/control.d/user-1002.slice.conf", 2 },
                { "CPUWeight", "200", "/etc/fairslice/fairsliced.conf.d/50-lab.conf", 7 },
                { "MemoryMax", "4G", "/var/lib/fairslice/control.d/user-1002.slice.conf", 2 },
                { "MemoryHigh", "infinity", "", 0 },
                { "MemorySwapMax", "0", "/etc/fairslice/fairsliced.conf", 12 },
                { "MemoryStrict", "no", "", 0 },
                { "Plan", "student", "/etc/fairslice/fairsliced.conf.d/50-lab.conf", 3 },
        };
        const FakeOperations *fake = userdata;
        int r = fake->settings_result;

        for (size_t i = 0; i < ELEMENTSOF(settings) && r >= 0; i++)
                r = visitor(&settings[i], visitor_userdata);
        return r;
}

static int fake_reload(void *userdata) {
        FakeOperations *fake = userdata;

        fake->reloads++;
        return fake->reload_result;
}

static int fake_check(ProblemVisitor visitor, void *visitor_userdata, void *userdata) {
        static const ProblemFigures problems[] = {
                { true, "/etc/fairslice/fairsliced.conf", 4,
                  "CPUWeight=20000 is out of range; allowed is a whole number from 1 to 10000." },
                { false, "/etc/fairslice/fairsliced.conf.d/50-lab.conf", 0,
                  "Cannot be read and is left out: Permission denied" },
        };
        FakeOperations *fake = userdata;
        int r = fake->check_result;

        fake->checks++;
        for (size_t i = 0; !fake->no_problems && i < ELEMENTSOF(problems) && r >= 0; i++)
                r = visitor(&problems[i], visitor_userdata);
        return r;
}

static int fake_release(uid_t by, void *userdata) {
        FakeOperations *fake = userdata;

        fake->releases++;
        fake->by = by;
        return fake->release_result;
}

/* Waves between a quarter of a CPU and one and a half; held back where they would be higher. */
static Look fake_look(const FakeOperations *fake, bool host, size_t i) {
        static const uint64_t wave[] = { 250000,  500000,  900000, 1400000, 1400000, 1400000,
                                         1400000, 1000000, 700000, 400000,  300000,  250000 };
        uint64_t use = wave[i % ELEMENTSOF(wave)];
        bool held = use == 1400000;

        return (Look){
                .time = FAKE_NOW - (fake->looks - 1 - i) * FAKE_INTERVAL,
                .use = host ? 2 * use : use,
                .grant = host   ? fake->host.budget
                         : held ? use
                                : LIMIT_UNSET,
                .throttled = held ? 300000 : 0,
                .memory = (host ? 2 : 1) * (GIB + i % 32 * 64 * MIB),
        };
}

static int fake_history(const char *name, usec_t since, LookVisitor visitor, void *visitor_userdata,
                        void *userdata) {
        const FakeOperations *fake = userdata;
        uid_t uid;
        int r = fake->history_result;

        if (*name && !find(fake, name) && !is_one_of_many(fake, name, &uid))
                return -ENOENT;
        for (size_t i = 0; i < fake->looks && r >= 0; i++) {
                Look look = fake_look(fake, !*name, i);

                if (look.time >= since)
                        r = visitor(&look, visitor_userdata);
        }
        return r;
}

static usec_t fake_history_interval(void *userdata _unused_) {
        return FAKE_INTERVAL;
}

static OomEvent carols_oom(void) {
        OomEvent oom;

        oom_event_init(&oom, "user-1002.slice");
        oom.kills = 3;
        oom.hits = 5;
        oom.cause = OOM_CAUSE_SLICE;
        oom.memory_max_known = true;
        oom.memory_max = 4 * GIB;
        oom.memory_current = 4 * GIB - MIB;
        oom.memory_peak = 4 * GIB;
        oom.victims[0] = (OomVictim){ .pid = 4711, .uid = FAKE_CAROL, .comm = "python3" };
        oom.victims[1] = (OomVictim){ .pid = 4712, .uid = FAKE_CAROL, .comm = "a\x1b[31m\xff" };
        oom.n_victims = 2;
        return oom;
}

static int fake_events(usec_t since, EventVisitor visitor, void *visitor_userdata, void *userdata) {
        const Event events[] = {
                { .kind = EVENT_RELOADED, .uid = UID_INVALID },
                { .kind = EVENT_CONTENDED, .uid = UID_INVALID },
                { .kind = EVENT_LIMITS_SET,
                  .slice = "user-1002.slice",
                  .uid = FAKE_CAROL,
                  .by = 0,
                  .runtime = true,
                  .mask = 1U << LIMIT_CPU_QUOTA | 1U << LIMIT_MEMORY_MAX,
                  .limits = { .value = { 500000, LIMIT_UNSET, 4 * GIB, LIMIT_UNSET, LIMIT_UNSET } } },
                { .kind = EVENT_LIMITS_RESET,
                  .slice = "user-1001.slice",
                  .uid = FAKE_BOB,
                  .by = UID_INVALID },
                { .kind = EVENT_MEMORY_WARNING,
                  .slice = "user-1002.slice",
                  .uid = FAKE_CAROL,
                  .warning = { .percent = 75,
                               .used = 3 * GIB + 200 * MIB,
                               .current = 4 * GIB,
                               .max = 4 * GIB },
                  .processes = { .process = { { 4711, 3 * GIB, "python3" }, { 4712, 20 * MIB, "b\x1b[0m" } },
                                 .count = 2 } },
                { .kind = EVENT_OUT_OF_MEMORY,
                  .slice = "user-1002.slice",
                  .uid = FAKE_CAROL,
                  .oom = carols_oom() },
                { .kind = EVENT_ROOM, .uid = UID_INVALID },
                { .kind = EVENT_RELEASED, .uid = UID_INVALID },
        };
        const FakeOperations *fake = userdata;
        int r = 0;

        for (size_t i = 0; !fake->no_events && i < ELEMENTSOF(events) + fake->more_events && r >= 0; i++) {
                Event event = events[MIN(i, ELEMENTSOF(events) - 1)];

                if (i >= ELEMENTSOF(events)) {
                        event = (Event){ .kind = EVENT_OUT_OF_MEMORY,
                                         .uid = FAKE_CAROL,
                                         .oom = carols_oom() };
                        slice_name_for_uid(event.slice, FAKE_CAROL);
                }
                event.id = i + 1;
                event.time = FAKE_NOW + i * 60 * USEC_PER_SEC - ELEMENTSOF(events) * 60 * USEC_PER_SEC;
                if (event.time >= since)
                        r = visitor(&event, visitor_userdata);
        }
        return r;
}

void fake_operations_init(FakeOperations *fake) {
        *fake = (FakeOperations){
                .operations = {
                        .backend = "fake",
                        .host = fake_host,
                        .slices = fake_slices,
                        .slice = fake_slice,
                        .usage = fake_usage,
                        .slice_of_pid = fake_slice_of_pid,
                        .check_limit = fake_check_limit,
                        .set_limits = fake_set_limits,
                        .reset_limits = fake_reset_limits,
                        .settings = fake_settings,
                        .reload = fake_reload,
                        .check = fake_check,
                        .release = fake_release,
                        .history = fake_history,
                        .history_interval = fake_history_interval,
                        .events = fake_events,
                        .userdata = fake,
                },
                .host = {
                        .policy = SHARE_MAX_MIN,
                        .cpus = 4000000,
                        .budget = 3600000,
                        .level = 1400000,
                        .use = 2750000,
                        .outside = 150000,
                        .contended = true,
                        .contended_since = FAKE_NOW - 120 * USEC_PER_SEC,
                        .active = 4,
                },
                .nameless = FAKE_NAMELESS,
                .looks = FAKE_LOOKS,
                .reset_result = 1,
        };
}
