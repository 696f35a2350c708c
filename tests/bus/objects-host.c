/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/objects-host.h"

ObjectsHost objects;

static FakeOperations fake_on_bus;

int objects_setup_on_bus(_unused_ void **state) {
        /* bin and daemon, whom every host knows */
        objects = (ObjectsHost){ .on_bus = true,
                                 .fake = &fake_on_bus,
                                 .own = 2,
                                 .stranger = 1,
                                 .own_slice = "user-2.slice",
                                 .own_path = SLICE_PATH_PREFIX "/user_2d2_2eslice" };
        fake_operations_init(&fake_on_bus);
        fake_on_bus.nameless = objects.own;
        bus_host_start();
        assert_int_equal(endpoint_new(host.client, &fake_on_bus.operations, &objects.endpoint), 0);
        assert_true(sd_bus_request_name(host.client, BUS_NAME, 0) > 0);
        return 0;
}

int objects_setup_on_socket(void **state) {
        objects = (ObjectsHost){ .fake = &socket_host.fake,
                                 .own = FAKE_NAMELESS,
                                 .stranger = FAKE_NAMELESS + 1,
                                 .own_slice = "user-61184.slice",
                                 .own_path = SLICE_PATH_PREFIX "/user_2d61184_2eslice" };
        return socket_host_setup(state);
}

int objects_teardown(void **state) {
        if (!objects.on_bus)
                return socket_host_teardown(state);
        objects.endpoint = endpoint_free(objects.endpoint);
        bus_host_stop();
        return 0;
}

void objects_foreach_endpoint(void (*tell)(Endpoint *endpoint, void *userdata), void *userdata) {
        if (objects.on_bus)
                tell(objects.endpoint, userdata);
        else
                private_socket_foreach_endpoint(socket_host.server, tell, userdata);
}

sd_bus *objects_connect(void) {
        sd_bus *bus = NULL;

        if (!objects.on_bus)
                return client_connect();
        if (sd_bus_open_system(&bus) < 0) {
                fputs("Cannot connect to the bus.\n", stderr);
                _exit(3);
        }
        return bus;
}
