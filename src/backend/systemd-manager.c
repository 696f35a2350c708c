/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/systemd-manager.h"

#define SYSTEMD_NAME      "org.freedesktop.systemd1"
#define SYSTEMD_PATH      "/org/freedesktop/systemd1"
#define SYSTEMD_INTERFACE "org.freedesktop.systemd1.Manager"

bool systemd_manager_is_broken(const SystemdManager *manager) {
        return sd_bus_is_open(manager->bus) <= 0;
}

int systemd_manager_call_error(const sd_bus_error *error) {
        static const char *const lost[] = {
                SD_BUS_ERROR_NO_REPLY,          SD_BUS_ERROR_DISCONNECTED, SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_TIMEOUT,
        };

        if (!error)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(lost); i++)
                if (sd_bus_error_has_name(error, lost[i]))
                        return -ECANCELED;
        return -abs(sd_bus_error_get_errno(error));
}

const char *systemd_manager_call_message(const sd_bus_error *error) {
        return !error ? NULL : error->message ? error->message : error->name;
}

static void set_present(SystemdManager *manager, bool present) {
        manager->is_present = present;
        manager->present(present, manager->userdata);
}

/* PID 1 sends Reloading only to who has subscribed. The answer also shows that it is there. Where it is
 * refused or lost, properties can be set all the same; it is asked again with the next of them. */
static int on_subscribed(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        SystemdManager *manager = userdata;

        manager->subscribe_call = sd_bus_slot_unref(manager->subscribe_call);
        manager->subscribed = !sd_bus_message_is_method_error(reply, NULL) ||
                              sd_bus_message_is_method_error(reply, SYSTEMD_NAME ".AlreadySubscribed");
        set_present(manager, manager->peer.owner && !systemd_manager_is_broken(manager));
        return 0;
}

static int subscribe(SystemdManager *manager) {
        manager->subscribed = false;
        manager->subscribe_call = sd_bus_slot_unref(manager->subscribe_call);
        return sd_bus_call_method_async(manager->bus, &manager->subscribe_call, SYSTEMD_NAME, SYSTEMD_PATH,
                                        SYSTEMD_INTERFACE, "Subscribe", on_subscribed, manager, NULL);
}

static int on_reloading(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        SystemdManager *manager = userdata;
        int active;

        if (bus_peer_sent(&manager->peer, m) && sd_bus_message_read(m, "b", &active) >= 0)
                manager->reloading(active, manager->userdata);
        return 0;
}

/* A new owner of the name is a PID 1 that has come back, as after a re-execution; it may have forgotten who
 * had subscribed. */
static void on_peer_changed(bool present, void *userdata) {
        SystemdManager *manager = userdata;

        if (!present)
                set_present(manager, false);
        else if (subscribe(manager) >= 0 && manager->is_present)
                manager->reloading(false, manager->userdata);
}

void systemd_manager_init(SystemdManager *manager) {
        manager->peer = (BusPeer){ .name = SYSTEMD_NAME, .changed = on_peer_changed, .userdata = manager };
}

int systemd_manager_attach(SystemdManager *manager, sd_bus *bus) {
        int r;

        systemd_manager_detach(manager);
        manager->bus = sd_bus_ref(bus);
        r = sd_bus_match_signal_async(bus, &manager->reloading_match, SYSTEMD_NAME, SYSTEMD_PATH,
                                      SYSTEMD_INTERFACE, "Reloading", on_reloading, NULL, manager);
        if (r >= 0)
                r = bus_peer_attach(&manager->peer, bus);
        if (r < 0)
                systemd_manager_detach(manager);
        return r < 0 ? r : 0;
}

void systemd_manager_detach(SystemdManager *manager) {
        manager->reloading_match = sd_bus_slot_unref(manager->reloading_match);
        bus_peer_detach(&manager->peer);
        manager->subscribe_call = sd_bus_slot_unref(manager->subscribe_call);
        manager->bus = sd_bus_unref(manager->bus);
        manager->subscribed = manager->is_present = false;
}

int systemd_manager_new_set_properties(SystemdManager *manager, const char *unit, sd_bus_message **ret) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if (!manager->subscribed && !manager->subscribe_call)
                (void) subscribe(manager);
        r = sd_bus_message_new_method_call(manager->bus, &m, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_INTERFACE,
                                           "SetUnitProperties");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "sb", unit, true);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}
