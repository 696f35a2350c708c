/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "bus/endpoint-internal.h"

/* Whose figures they are decides who may read them, and polkit may have to be asked first. A getter of
 * sd-bus cannot wait for that, nor does it know who asks. So what is asked about the properties of slices is
 * answered here, before sd-bus sees it, out of the same vtables. What else there is (introspection, Set,
 * interfaces and objects that do not exist) is left to sd-bus, and none of that calls a getter. */

#define PROPERTIES_INTERFACE     "org.freedesktop.DBus.Properties"
#define INTROSPECTABLE_INTERFACE "org.freedesktop.DBus.Introspectable"

static int append_value(Endpoint *endpoint, sd_bus_message *m, const SliceInterface *interface,
                        const sd_bus_vtable *v) {
        int r = sd_bus_message_open_container(m, 'v', v->x.property.signature);

        if (r >= 0)
                r = v->x.property.get(endpoint->bus, sd_bus_message_get_path(m), interface->name,
                                      v->x.property.member, m, endpoint, NULL);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* The entry begins with its name, then comes the value. */
static int append_property(Endpoint *endpoint, sd_bus_message *m, const SliceInterface *interface,
                           const sd_bus_vtable *v) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', v->x.property.member);
        if (r >= 0)
                r = append_value(endpoint, m, interface, v);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_properties(Endpoint *endpoint, sd_bus_message *m, const SliceInterface *interface,
                             uint64_t flags) {
        int r = 0;

        for (const sd_bus_vtable *v = interface->vtable; v->type != _SD_BUS_VTABLE_END && r >= 0; v++)
                if (v->type == _SD_BUS_VTABLE_PROPERTY && (v->flags & flags) == flags)
                        r = append_property(endpoint, m, interface, v);
        return r;
}

int properties_append(Endpoint *endpoint, sd_bus_message *m, const SliceInterface *interface,
                      uint64_t flags) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = append_properties(endpoint, m, interface, flags);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* What is asked about one slice. */
typedef struct Question {
        Endpoint *endpoint;
        sd_bus_message *reply;
        const char *interface; /* "": any */
        const char *property;  /* NULL: all */
        bool found;
} Question;

static bool is_about(const Question *question, const SliceFigures *slice, const SliceInterface *interface) {
        return slice_has_interface(slice, interface) &&
               (*question->interface == '\0' || strcmp(question->interface, interface->name) == 0);
}

static int append_one(Question *q, const SliceInterface *interface) {
        for (const sd_bus_vtable *v = interface->vtable; v->type != _SD_BUS_VTABLE_END; v++)
                if (v->type == _SD_BUS_VTABLE_PROPERTY && strcmp(v->x.property.member, q->property) == 0) {
                        q->found = true;
                        return append_value(q->endpoint, q->reply, interface, v);
                }
        return 0;
}

static int answer_one(Question *q, const SliceFigures *slice) {
        int r = 0;

        for (size_t i = 0; i < SLICE_INTERFACES && r >= 0 && !q->found; i++)
                if (is_about(q, slice, &slice_interfaces[i]))
                        r = append_one(q, &slice_interfaces[i]);
        return r;
}

static int answer_all(Question *q, const SliceFigures *slice) {
        int r = sd_bus_message_open_container(q->reply, 'a', "{sv}");

        for (size_t i = 0; i < SLICE_INTERFACES && r >= 0; i++)
                if (is_about(q, slice, &slice_interfaces[i])) {
                        q->found = true;
                        r = append_properties(q->endpoint, q->reply, &slice_interfaces[i], 0);
                }
        return r < 0 ? r : sd_bus_message_close_container(q->reply);
}

static int answer(const SliceFigures *slice, void *userdata) {
        Question *q = userdata;
        int r;

        q->endpoint->view = (SliceView){ .figures = slice };
        r = q->property ? answer_one(q, slice) : answer_all(q, slice);
        q->endpoint->view = (SliceView){};
        return r;
}

/* The arguments of Get or GetAll. */
static int read_question(sd_bus_message *m, const char **ret_interface, const char **ret_property) {
        int r = sd_bus_message_rewind(m, true);

        *ret_property = NULL;
        if (r < 0)
                return r;
        if (sd_bus_message_is_method_call(m, PROPERTIES_INTERFACE, "Get") > 0)
                return sd_bus_message_read(m, "ss", ret_interface, ret_property);
        return sd_bus_message_read(m, "s", ret_interface);
}

static int not_found(const Question *q, sd_bus_error *error) {
        return q->property ? sd_bus_error_set(error, SD_BUS_ERROR_UNKNOWN_PROPERTY,
                                              "The slice has no such property.")
                           : sd_bus_error_set(error, SD_BUS_ERROR_UNKNOWN_INTERFACE,
                                              "The slice has no such interface.");
}

static int on_may_read(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                       sd_bus_error *error) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        Question q = { .endpoint = userdata };
        const BusOperations *operations = q.endpoint->operations;
        SliceName name;
        int r;

        if (!allowed)
                return endpoint_denied(q.endpoint, error, ACTION_READ_OTHERS, "see the figures of others");
        r = slice_path_decode(sd_bus_message_get_path(m), name);
        if (r >= 0)
                r = read_question(m, &q.interface, &q.property);
        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        q.reply = reply;
        r = operations->slice(name, answer, &q, operations->userdata);
        if (r < 0)
                return endpoint_slice_error(error, r, name);
        return q.found ? sd_bus_send(NULL, reply, NULL) : not_found(&q, error);
}

static bool is_ours(const char *interface) {
        for (size_t i = 0; i < SLICE_INTERFACES; i++)
                if (strcmp(interface, slice_interfaces[i].name) == 0)
                        return true;
        return *interface == '\0';
}

/* Returns 0 to leave the message to sd-bus. */
static int on_get(Endpoint *endpoint, sd_bus_message *m, sd_bus_error *error) {
        const char *interface, *property;
        SliceName name;
        uid_t owner;
        int r;

        if (slice_path_decode(sd_bus_message_get_path(m), name) < 0 ||
            read_question(m, &interface, &property) <= 0 || !is_ours(interface))
                return 0;
        r = endpoint_slice_uid(endpoint, name, &owner);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (sd_bus_message_at_end(m, true) <= 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "There are more arguments than expected.");
        r = access_check(endpoint->access, m, ACTION_READ_OTHERS, owner, NULL, on_may_read, endpoint, error);
        return r < 0 ? r : 1;
}

/* GetManagedObjects: one round over all slices. */
typedef struct Objects {
        Endpoint *endpoint;
        sd_bus_message *reply;
        size_t n;
} Objects;

/* Values of one object, about. */
#define OBJECT_VALUES 25U

static int append_interface(Endpoint *endpoint, sd_bus_message *reply, const SliceInterface *interface) {
        int r = sd_bus_message_open_container(reply, 'e', "sa{sv}");

        if (r >= 0)
                r = sd_bus_message_append_basic(reply, 's', interface->name);
        if (r >= 0)
                r = properties_append(endpoint, reply, interface, 0);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_interfaces(const Objects *objects, const SliceFigures *slice) {
        int r = sd_bus_message_open_container(objects->reply, 'a', "{sa{sv}}");

        for (size_t i = 0; i < SLICE_INTERFACES && r >= 0; i++)
                if (slice_has_interface(slice, &slice_interfaces[i]))
                        r = append_interface(objects->endpoint, objects->reply, &slice_interfaces[i]);
        return r < 0 ? r : sd_bus_message_close_container(objects->reply);
}

static int append_object(const SliceFigures *slice, void *userdata) {
        Objects *objects = userdata;
        _cleanup_free_ char *path = NULL;
        int r;

        objects->n++;
        r = slice_path_encode(slice->name, &path);
        if (r >= 0)
                r = sd_bus_message_open_container(objects->reply, 'e', "oa{sa{sv}}");
        if (r >= 0)
                r = sd_bus_message_append_basic(objects->reply, 'o', path);
        objects->endpoint->view = (SliceView){ .figures = slice };
        if (r >= 0)
                r = append_interfaces(objects, slice);
        objects->endpoint->view = (SliceView){};
        return r < 0 ? r : sd_bus_message_close_container(objects->reply);
}

static int on_may_list(sd_bus_message *m, uid_t caller, bool allowed, void *userdata,
                       sd_bus_error *error _unused_) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        Objects objects = { .endpoint = userdata };
        int r = sd_bus_message_new_method_return(m, &reply);

        objects.reply = reply;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
        if (r >= 0)
                r = endpoint_slices_of(objects.endpoint, caller, allowed, append_object, &objects);
        access_charge(objects.endpoint->access, m, objects.n * OBJECT_VALUES);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int on_get_managed_objects(Endpoint *endpoint, sd_bus_message *m, sd_bus_error *error) {
        int r;

        if (strcmp(sd_bus_message_get_path(m), MANAGER_PATH) != 0)
                return 0;
        if (sd_bus_message_is_empty(m) <= 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "There are no arguments.");
        r = access_check(endpoint->access, m, ACTION_READ_OTHERS, UID_INVALID, NULL, on_may_list, endpoint,
                         error);
        return r < 0 ? r : 1;
}

int properties_filter(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        if (sd_bus_message_is_method_call(m, OBJECT_MANAGER_INTERFACE, "GetManagedObjects") > 0)
                return on_get_managed_objects(userdata, m, error);
        if (sd_bus_message_is_method_call(m, PROPERTIES_INTERFACE, "Get") > 0 ||
            sd_bus_message_is_method_call(m, PROPERTIES_INTERFACE, "GetAll") > 0)
                return on_get(userdata, m, error);
        if (sd_bus_message_is_method_call(m, INTROSPECTABLE_INTERFACE, "Introspect") > 0)
                return access_admit(((const Endpoint *) userdata)->access, m, error);
        return 0;
}
