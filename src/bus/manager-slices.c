/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/text.h"
#include "bus/endpoint-internal.h"

/* Methods of the Manager that find slices. */

typedef struct SliceList {
        sd_bus_message *reply;
        uid_t caller;
        bool all;
} SliceList;

static int append_slice(const SliceFigures *slice, void *userdata) {
        const SliceList *list = userdata;
        _cleanup_free_ char *path = NULL, *user_name = NULL;
        int r;

        if (!list->all && slice->uid != list->caller)
                return 0;
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
        SliceList list = { .caller = caller, .all = allowed };
        int r = sd_bus_message_new_method_return(m, &reply);

        list.reply = reply;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(suso)");
        if (r >= 0)
                r = endpoint->operations->slices(append_slice, &list, endpoint->operations->userdata);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int manager_on_list_slices(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;

        return access_check(&endpoint->access, m, ACTION_READ_OTHERS, UID_INVALID, NULL, on_may_list,
                            endpoint, error);
}

/* Each way to ask for one slice finds its name, now and again when polkit has answered. */
typedef int (*SliceFinder)(const Endpoint *endpoint, sd_bus_message *m, SliceName ret, sd_bus_error *error);

static int find_by_name(const Endpoint *endpoint _unused_, sd_bus_message *m, SliceName ret,
                        sd_bus_error *error) {
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r >= 0)
                r = endpoint_check_name(name, error);
        if (r < 0)
                return r;
        snprintf(ret, SLICE_NAME_MAX + 1, "%s", name);
        return 0;
}

static int find_by_uid(const Endpoint *endpoint, sd_bus_message *m, SliceName ret,
                       sd_bus_error *error _unused_) {
        uint32_t uid;
        int r = sd_bus_message_read(m, "u", &uid);

        if (r >= 0 && uid == UID_INVALID)
                r = access_caller(&endpoint->access, m, &uid);
        if (r >= 0)
                slice_name_for_uid(ret, uid);
        return r;
}

static int caller_pid(const Endpoint *endpoint, sd_bus_message *m, pid_t *ret) {
        sd_bus_creds *creds = NULL;
        int r;

        if (endpoint->is_peer) {
                *ret = endpoint->peer.pid;
                return 0;
        }
        r = sd_bus_query_sender_creds(m, SD_BUS_CREDS_PID, &creds);
        if (r >= 0)
                r = sd_bus_creds_get_pid(creds, ret);
        sd_bus_creds_unref(creds);
        return r;
}

static int pid_error(sd_bus_error *error, int r, uint32_t pid) {
        if (r == -ESRCH)
                return sd_bus_error_setf(error, ERROR_NO_SUCH_PROCESS, "There is no process %u.", pid);
        if (r == -ENOENT)
                return sd_bus_error_setf(error, ERROR_NO_SUCH_SLICE,
                                         "The process %u is in no slice that is managed.", pid);
        return r;
}

static int find_by_pid(const Endpoint *endpoint, sd_bus_message *m, SliceName ret, sd_bus_error *error) {
        uint32_t number;
        pid_t pid;
        int r = sd_bus_message_read(m, "u", &number);

        if (r < 0)
                return r;
        pid = number > INT32_MAX ? 0 : (pid_t) number;
        if (number == 0)
                r = caller_pid(endpoint, m, &pid);
        if (r >= 0)
                r = pid <= 0 ? -ESRCH
                             : endpoint->operations->slice_of_pid(pid, ret, endpoint->operations->userdata);
        return pid_error(error, r, number > 0 ? number : (uint32_t) pid);
}

static int read_owner(const SliceFigures *slice, void *userdata) {
        *(uid_t *) userdata = slice->uid;
        return 0;
}

/* Also says whose it is. */
static int find_slice(const Endpoint *endpoint, sd_bus_message *m, SliceFinder finder, SliceName name,
                      uid_t *ret_owner, sd_bus_error *error) {
        int r = sd_bus_message_rewind(m, true);

        if (r >= 0)
                r = finder(endpoint, m, name, error);
        if (r < 0)
                return r;
        r = endpoint->operations->slice(name, read_owner, ret_owner, endpoint->operations->userdata);
        return r < 0 ? endpoint_slice_error(error, r, name) : 0;
}

static int answer(const Endpoint *endpoint, sd_bus_message *m, SliceFinder finder, bool allowed,
                  sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        SliceName name;
        uid_t owner;
        int r;

        if (!allowed)
                return endpoint_denied(endpoint, error, ACTION_READ_OTHERS, "see the slices of others");
        r = find_slice(endpoint, m, finder, name, &owner, error);
        if (r >= 0)
                r = slice_path_encode(name, &path);
        return r < 0 ? r : sd_bus_reply_method_return(m, "o", path);
}

static int ask(Endpoint *endpoint, sd_bus_message *m, SliceFinder finder, AccessHandler handler,
               sd_bus_error *error) {
        SliceName name;
        uid_t owner;
        int r = find_slice(endpoint, m, finder, name, &owner, error);

        return r < 0 ? r
                     : access_check(&endpoint->access, m, ACTION_READ_OTHERS, owner, NULL, handler, endpoint,
                                    error);
}

static int on_may_get(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                      sd_bus_error *error) {
        return answer(userdata, m, find_by_name, allowed, error);
}

int manager_on_get_slice(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return ask(userdata, m, find_by_name, on_may_get, error);
}

static int on_may_get_by_uid(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                             sd_bus_error *error) {
        return answer(userdata, m, find_by_uid, allowed, error);
}

int manager_on_get_slice_by_uid(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return ask(userdata, m, find_by_uid, on_may_get_by_uid, error);
}

static int on_may_get_by_pid(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                             sd_bus_error *error) {
        return answer(userdata, m, find_by_pid, allowed, error);
}

int manager_on_get_slice_by_pid(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return ask(userdata, m, find_by_pid, on_may_get_by_pid, error);
}
