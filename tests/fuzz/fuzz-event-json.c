/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names of processes and users in a line of JSON. Read again by json-c it is what was written. */

#include <assert.h>
#include <json-c/json.h>
#include <string.h>

#include "fuzz.h"
#include "report/event-json.h"

static void take(char *to, size_t room, const uint8_t **data, size_t *size) {
        size_t n = MIN(room - 1, *size);

        memcpy(to, *data, n);
        to[n] = '\0';
        *data += n;
        *size -= n;
}

static Event make_event(const uint8_t **data, size_t *size) {
        Event event;
        OomEvent oom;

        oom_event_init(&oom, "user-1000.slice");
        oom.n_victims = 1;
        take(oom.victims[0].comm, sizeof oom.victims[0].comm, data, size);
        event = event_from_oom(&oom);
        event.processes.count = 1;
        take(event.processes.process[0].comm, sizeof event.processes.process[0].comm, data, size);
        return event;
}

static const char *first_comm(json_object *object, const char *list) {
        json_object *first = json_object_array_get_idx(json_object_object_get(object, list), 0);

        return json_object_get_string(json_object_object_get(first, "comm"));
}

/* Without what had to be replaced both are the same. */
static void check_text(const char *found, const char *given) {
        assert(found);
        for (; *given; given++)
                if ((*given & 0x80) == 0) {
                        while ((*found & 0x80) != 0)
                                found++;
                        assert(*found++ == *given);
                }
}

int fuzz_event_json(const uint8_t *data, size_t size) {
        Event event = make_event(&data, &size);
        json_object *object;
        char user[64], *line;

        take(user, sizeof user, &data, &size);
        line = event_to_json(&event, user);
        assert(line && strchr(line, '\n') == line + strlen(line) - 1);
        for (const char *c = line; c[1]; c++)
                assert((unsigned char) *c >= 0x20 && *c != 0x7f);
        object = json_tokener_parse(line);
        assert(object);
        check_text(first_comm(object, "victims"), event.oom.victims[0].comm);
        check_text(first_comm(object, "processes"), event.processes.process[0].comm);
        check_text(json_object_get_string(json_object_object_get(object, "user")), user);
        json_object_put(object);
        free(line);
        return 0;
}
