/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/manager-object.h"

#include "model/names.h"

struct ManagerObject {
        const BusOperations *operations;
        uid_t caller;
        sd_bus_slot *slot;
};

/* A getter of one figure of the host. */
#define DEFINE_HOST_PROPERTY(function, type, value)                                                \
        static int function(sd_bus *bus _unused_, const char *path _unused_,                       \
                            const char *interface _unused_, const char *property _unused_,         \
                            sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) { \
                const ManagerObject *object = userdata;                                            \
                HostFigures host;                                                                  \
                                                                                                   \
                object->operations->host(&host, object->operations->userdata);                     \
                return sd_bus_message_append(reply, type, value);                                  \
        }

DEFINE_HOST_PROPERTY(get_share_policy, "s", share_policy_to_string(host.policy))
DEFINE_HOST_PROPERTY(get_budget, "t", host.budget)
DEFINE_HOST_PROPERTY(get_water_level, "t", host.level)
DEFINE_HOST_PROPERTY(get_contended, "b", (int) host.contended)
DEFINE_HOST_PROPERTY(get_active_users, "u", (uint32_t) host.active)

static int get_version(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                       const char *property _unused_, sd_bus_message *reply, void *userdata _unused_,
                       sd_bus_error *error _unused_) {
        return sd_bus_message_append(reply, "s", PROJECT_VERSION);
}

static int get_backend(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                       const char *property _unused_, sd_bus_message *reply, void *userdata,
                       sd_bus_error *error _unused_) {
        const ManagerObject *object = userdata;

        return sd_bus_message_append(reply, "s", object->operations->backend);
}

typedef struct SliceList {
        const ManagerObject *object;
        sd_bus_message *reply;
} SliceList;

/* Others' figures are root's business alone. */
static bool may_see(const ManagerObject *object, const SliceFigures *slice) {
        return object->caller == 0 || object->caller == slice->uid;
}

static int append_slice(const SliceFigures *slice, void *userdata) {
        const SliceList *list = userdata;
        _cleanup_free_ char *path = NULL;
        int r;

        if (!may_see(list->object, slice))
                return 0;
        r = sd_bus_path_encode(SLICE_PATH_PREFIX, slice->name, &path);
        if (r < 0)
                return r;
        return sd_bus_message_append(list->reply, "(suso)", slice->name, (uint32_t) slice->uid,
                                     slice->user_name ?: "", path);
}

static int on_list_slices(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_) {
        const ManagerObject *object = userdata;
        SliceList list = { .object = object };
        int r;

        r = sd_bus_message_new_method_return(m, &list.reply);
        if (r >= 0)
                r = sd_bus_message_open_container(list.reply, 'a', "(suso)");
        if (r >= 0)
                r = object->operations->slices(append_slice, &list, object->operations->userdata);
        if (r >= 0)
                r = sd_bus_message_close_container(list.reply);
        if (r >= 0)
                r = sd_bus_send(NULL, list.reply, NULL);
        sd_bus_message_unref(list.reply);
        return r;
}

static int on_reload(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const ManagerObject *object = userdata;
        int r;

        if (object->caller != 0)
                return sd_bus_error_set(
                        error, SD_BUS_ERROR_ACCESS_DENIED,
                        "Only root may have the configuration read again; call this as root.");
        r = object->operations->reload(object->operations->userdata);
        if (r == -EINVAL)
                return sd_bus_error_set(error, ERROR_BAD_CONFIGURATION,
                                        "The new configuration has errors, and the old one stays in force; "
                                        "fairsliced --check says what they are.");
        if (r == -ESHUTDOWN)
                return sd_bus_error_set(error, ERROR_SHUTTING_DOWN,
                                        "The service is about to end; the next one reads the configuration "
                                        "when it starts.");
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

/* sd-bus itself asks for nothing (UNPRIVILEGED): each method that is not for everybody looks at the caller.
 */
static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Backend", "s", get_backend, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("SharePolicy", "s", get_share_policy, 0, 0),
        SD_BUS_PROPERTY("BudgetUSecPerSec", "t", get_budget, 0, 0),
        SD_BUS_PROPERTY("WaterLevelUSecPerSec", "t", get_water_level, 0, 0),
        SD_BUS_PROPERTY("Contended", "b", get_contended, 0, 0),
        SD_BUS_PROPERTY("ActiveUsers", "u", get_active_users, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("ListSlices", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(suso)", slices),
                                on_list_slices, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_reload,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int manager_object_attach(sd_bus *bus, uid_t caller, const BusOperations *operations, ManagerObject **ret) {
        ManagerObject *object = calloc(1, sizeof *object);
        int r;

        if (!object)
                return -ENOMEM;
        object->operations = operations;
        object->caller = caller;
        r = sd_bus_add_object_vtable(bus, &object->slot, MANAGER_PATH, MANAGER_INTERFACE, manager_vtable,
                                     object);
        if (r < 0) {
                free(object);
                return r;
        }
        *ret = object;
        return 0;
}

ManagerObject *manager_object_free(ManagerObject *object) {
        if (object)
                sd_bus_slot_unref(object->slot);
        free(object);
        return NULL;
}
