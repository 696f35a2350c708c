/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/text.h"
#include "bus/endpoint-internal.h"

/* Methods of the Manager that find slices. */

typedef struct SliceList {
        sd_bus_message *reply;
        size_t n;
} SliceList;

/* Values of one entry, about. */
#define ENTRY_VALUES 5U

static int append_slice(const SliceFigures *slice, void *userdata) {
        SliceList *list = userdata;
        _cleanup_free_ char *path = NULL, *user_name = NULL;
        int r;

        list->n++;
        r = slice_path_encode(slice->name, &path);
        if (r < 0)
                return r;
        user_name = text_clean(slice->user_name ?: "");
        if (!user_name)
                return -ENOMEM;
        return sd_bus_message_append(list->reply, "(suso)", slice->name, (uint32_t) slice->uid, user_name,
                                     path);
}

static int on_may_list(sd_bus_message *m, uid_t caller, bool allowed, void *userdata,
                       sd_bus_error *error _unused_) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        const Endpoint *endpoint = userdata;
        SliceList list = {};
        int r = sd_bus_message_new_method_return(m, &reply);

        list.reply = reply;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(suso)");
        if (r >= 0)
                r = endpoint_slices_of(endpoint, caller, allowed, append_slice, &list);
        access_charge(endpoint->access, m, list.n * ENTRY_VALUES);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int manager_on_list_slices(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;

        return access_check(endpoint->access, m, ACTION_READ_OTHERS, UID_INVALID, NULL, on_may_list,
                            endpoint, error);
}

/* That the slice is there is known already, or found out here. */
static int reply_slice(const Endpoint *endpoint, sd_bus_message *m, const char *name, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        uid_t owner;
        int r = endpoint_slice_uid(endpoint, name, &owner);

        if (r < 0)
                return endpoint_slice_error(error, r, name);
        r = slice_path_encode(name, &path);
        return r < 0 ? r : sd_bus_reply_method_return(m, "o", path);
}

/* Each way to ask for one slice finds its name, now and again when polkit has answered. */
typedef int (*SliceFinder)(const Endpoint *endpoint, sd_bus_message *m, SliceName ret, sd_bus_error *error);

static int answer(const Endpoint *endpoint, sd_bus_message *m, SliceFinder find, bool allowed,
                  sd_bus_error *error) {
        SliceName name;
        int r;

        if (!allowed)
                return endpoint_denied(endpoint, error, ACTION_READ_OTHERS, "see the slices of others");
        r = find(endpoint, m, name, error);
        return r < 0 ? r : reply_slice(endpoint, m, name, error);
}

static int ask(Endpoint *endpoint, sd_bus_message *m, SliceFinder find, AccessHandler handler,
               sd_bus_error *error) {
        SliceName name;
        uid_t owner;
        int r = find(endpoint, m, name, error);

        if (r < 0)
                return r;
        r = endpoint_slice_uid(endpoint, name, &owner);
        return r < 0 ? endpoint_slice_error(error, r, name)
                     : access_check(endpoint->access, m, ACTION_READ_OTHERS, owner, NULL, handler, endpoint,
                                    error);
}

static int find_by_name(const Endpoint *endpoint _unused_, sd_bus_message *m, SliceName ret,
                        sd_bus_error *error) {
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r >= 0)
                r = endpoint_check_name(name, error);
        if (r >= 0)
                snprintf(ret, SLICE_NAME_MAX + 1, "%s", name);
        return r;
}

static int on_may_get(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                      sd_bus_error *error) {
        return answer(userdata, m, find_by_name, allowed, error);
}

int manager_on_get_slice(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return ask(userdata, m, find_by_name, on_may_get, error);
}

static int read_number(sd_bus_message *m, uint32_t *ret) {
        int r = sd_bus_message_read(m, "u", ret);

        return r < 0 ? r : sd_bus_message_rewind(m, true);
}

static int find_by_uid(const Endpoint *endpoint _unused_, sd_bus_message *m, SliceName ret,
                       sd_bus_error *error _unused_) {
        uint32_t uid;
        int r = read_number(m, &uid);

        if (r >= 0)
                slice_name_for_uid(ret, uid);
        return r;
}

static int on_may_get_by_uid(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                             sd_bus_error *error) {
        return answer(userdata, m, find_by_uid, allowed, error);
}

static int on_own_slice(sd_bus_message *m, uid_t caller, bool allowed _unused_, void *userdata,
                        sd_bus_error *error) {
        SliceName name;

        return reply_slice(userdata, m, slice_name_for_uid(name, caller), error);
}

int manager_on_get_slice_by_uid(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;
        uint32_t uid;
        int r = read_number(m, &uid);

        if (r < 0)
                return r;
        if (uid == UID_INVALID)
                return access_check(endpoint->access, m, NULL, UID_INVALID, NULL, on_own_slice, endpoint,
                                    error);
        return ask(endpoint, m, find_by_uid, on_may_get_by_uid, error);
}

static int slice_of(const Endpoint *endpoint, uint32_t pid, SliceName ret, sd_bus_error *error) {
        int r = -ESRCH;

        if (pid > 0 && pid <= INT32_MAX)
                r = endpoint->operations->slice_of_pid((pid_t) pid, ret, endpoint->operations->userdata);
        if (r == -ESRCH)
                return sd_bus_error_setf(error, ERROR_NO_SUCH_PROCESS, "There is no process %u.", pid);
        if (r == -ENOENT)
                return sd_bus_error_setf(error, ERROR_NO_SUCH_SLICE, "The process %u is in no slice.", pid);
        return r;
}

static int find_by_pid(const Endpoint *endpoint, sd_bus_message *m, SliceName ret, sd_bus_error *error) {
        uint32_t pid;
        int r = read_number(m, &pid);

        return r < 0 ? r : slice_of(endpoint, pid, ret, error);
}

static int on_may_get_by_pid(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                             sd_bus_error *error) {
        return answer(userdata, m, find_by_pid, allowed, error);
}

/* Where one's own process is, is no secret, whoever the slice belongs to. */
static int on_own_pid(sd_bus_message *m, pid_t pid, void *userdata, sd_bus_error *error) {
        SliceName name;
        int r = slice_of(userdata, (uint32_t) pid, name, error);

        return r < 0 ? r : reply_slice(userdata, m, name, error);
}

int manager_on_get_slice_by_pid(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;
        uint32_t pid;
        int r = read_number(m, &pid);

        if (r < 0)
                return r;
        if (pid > 0)
                return ask(endpoint, m, find_by_pid, on_may_get_by_pid, error);
        if (endpoint->is_peer)
                return on_own_pid(m, endpoint->peer.pid, endpoint, error);
        return caller_pid_ask(endpoint->pids, m, on_own_pid, endpoint, error);
}
