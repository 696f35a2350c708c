/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/set-limits.h"

#include "basic/log.h"
#include "config/keys.h"
#include "daemon/control.h"

#define SETTINGS_TEXT_MAX 512

int limits_check(const LimitSetting *setting, const char **ret_allowed, void *userdata _unused_) {
        return control_check(setting, ret_allowed);
}

/* "MemoryMax=8G CPUWeight=200": as it stands in the file. */
static const char *describe(const LimitSetting *settings, size_t n, char text[SETTINGS_TEXT_MAX]) {
        size_t length = 0;

        text[0] = '\0';
        for (size_t i = 0; i < n && length < SETTINGS_TEXT_MAX; i++) {
                FormatBuffer value;

                length += (size_t) snprintf(text + length, SETTINGS_TEXT_MAX - length, "%s%s=%s",
                                            i > 0 ? " " : "", keys[settings[i].limit].name,
                                            limit_setting_format(value, &settings[i]));
        }
        return text;
}

/* The file is written: from here on it is in force, and in the kernel's files with the next turn of the
 * loop. What is under way for the slice, or has failed before, is no reason to wait. */
static void put_in_force(Manager *m, const char *name, uid_t uid) {
        ManagedSlice *slice = slice_table_find(&m->slices, name);
        Control *control;

        if (control_read(m, m->config, false, &control) >= 0)
                control_take(m, control);
        if (slice) {
                manager_renew_slice(m, slice);
                slice_table_enqueue(&m->slices, slice, true);
                manager_flush(m);
        } else
                manager_tell_limits_changed(m, name, uid);
}

/* What stands in the file, and what that comes to. */
static void tell_set(Manager *m, const char *name, const User *user, const LimitSetting *settings, size_t n,
                     bool runtime, uid_t by) {
        Event event = { .kind = EVENT_LIMITS_SET, .uid = user->uid, .runtime = runtime, .by = by };
        char display[64], text[SETTINGS_TEXT_MAX];
        SliceConfig config;

        config_resolve(m->config, m->control, user, m->ram_bytes, &config);
        for (size_t i = 0; i < n; i++)
                event.mask |= 1U << settings[i].limit;
        event.limits = config.limits;
        snprintf(event.slice, sizeof event.slice, "%s", name);
        (void) manager_event(m, &event);
        log_info("Limits of %s (%s) set %s by UID %u: %s.", name,
                 user_display(user, display, sizeof display), runtime ? "for now" : "for good",
                 (unsigned) by, describe(settings, n, text));
}

/* -EPERM is who is exempt; that nobody may write there, or not at all, is all the same to who asks. */
static int cannot_write(int error) {
        return error == -EPERM || error == -EACCES ? -EROFS : error;
}

int limits_set(const char *name, const LimitSetting *settings, size_t n, bool runtime, uid_t by,
               void *userdata) {
        Manager *m = userdata;
        const User *user;
        int r;

        if (m->stopping)
                return -ESHUTDOWN;
        r = control_find_user(m, name, &user);
        if (r != 0)
                return r < 0 ? r : -EPERM;
        r = control_set(control_places_dirs(m->control_places), user->uid, settings, n, runtime);
        if (r < 0)
                return cannot_write(r);
        put_in_force(m, name, user->uid);
        tell_set(m, name, user, settings, n, runtime, by);
        return 0;
}

static void tell_reset(Manager *m, const char *name, uid_t uid, uid_t by) {
        Event event = { .kind = EVENT_LIMITS_RESET, .uid = uid, .by = by };

        snprintf(event.slice, sizeof event.slice, "%s", name);
        (void) manager_event(m, &event);
        log_info("Limits of %s that had been set over the bus were reset by UID %u.", name, (unsigned) by);
}

/* What was set for a user who is exempt since, or is no more, can be taken away too. */
int limits_reset(const char *name, uid_t by, void *userdata) {
        Manager *m = userdata;
        const User *user;
        uid_t uid;
        int r;

        if (m->stopping)
                return -ESHUTDOWN;
        if (slice_name_to_uid(name, &uid) < 0)
                return -ENOENT;
        r = control_reset(control_places_dirs(m->control_places), uid);
        if (r < 0)
                return cannot_write(r);
        if (r > 0) {
                put_in_force(m, name, uid);
                tell_reset(m, name, uid, by);
                return 1;
        }
        r = control_find_user(m, name, &user);
        return r > 0 ? -EPERM : r;
}

typedef struct SettingRound {
        SettingVisitor visitor;
        void *userdata;
} SettingRound;

static int visit_setting(const ConfigValue *value, void *userdata) {
        const SettingRound *round = userdata;
        SettingFigures setting = {
                .key = value->key,
                .value = value->value,
                .file = value->file,
                .line = value->line,
        };

        return round->visitor(&setting, round->userdata);
}

int limits_settings(const char *name, SettingVisitor visitor, void *visitor_userdata, void *userdata) {
        Manager *m = userdata;
        SettingRound round = { visitor, visitor_userdata };
        const User *user;
        int r;

        r = control_find_user(m, name, &user);
        if (r != 0)
                return r < 0 ? r : -EPERM;
        return config_explain(m->config, m->control, user, visit_setting, &round);
}
