/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/fake-backend.h"

#include <string.h>
#include <sys/queue.h>

#include "support/test.h"

typedef struct Pending {
        STAILQ_ENTRY(Pending) entry;
        RecordedCall call;
} Pending;

typedef struct FakeBackend {
        Backend base;
        BackendOps ops;
        Script *script;
        sd_event_source *answers; /* a defer source, on while there is something to be answered */
        STAILQ_HEAD(, Pending) pending;
} FakeBackend;

static void take_first(FakeBackend *b, RecordedCall *ret) {
        Pending *p = STAILQ_FIRST(&b->pending);

        *ret = p->call;
        STAILQ_REMOVE_HEAD(&b->pending, entry);
        free(p);
        b->base.pending--;
}

/* One call a turn of the loop. */
static int on_answers(sd_event_source *s, void *userdata) {
        FakeBackend *b = userdata;
        RecordedCall call;
        int error;

        if (b->script->hold || STAILQ_EMPTY(&b->pending))
                return sd_event_source_set_enabled(s, SD_EVENT_OFF);
        take_first(b, &call);
        error = script_answer(b->script, &call);
        b->base.handlers.done(call.slice, -error, error ? strerror(error) : NULL, b->base.handlers.userdata);
        return 0;
}

static int fake_set_limits(Backend *backend, const char *slice, const Limits *limits, LimitMask mask) {
        FakeBackend *b = (FakeBackend *) backend;
        Pending *p;

        if (strlen(slice) > SLICE_NAME_MAX)
                return -EINVAL;
        script_record(b->script, slice, limits, mask);
        p = calloc(1, sizeof *p);
        assert_non_null(p);
        p->call = b->script->call[b->script->n_calls - 1];
        STAILQ_INSERT_TAIL(&b->pending, p, entry);
        b->base.pending++;
        return sd_event_source_set_enabled(b->answers, SD_EVENT_ON);
}

static Backend *fake_free(Backend *backend) {
        FakeBackend *b = (FakeBackend *) backend;
        RecordedCall call;

        while (!STAILQ_EMPTY(&b->pending))
                take_first(b, &call);
        sd_event_source_disable_unref(b->answers);
        free(b);
        return NULL;
}

int fake_backend_new(const BackendHandlers *handlers, sd_event *event, Script *script, Backend **ret) {
        FakeBackend *b = calloc(1, sizeof *b);

        assert_non_null(b);
        b->ops = (BackendOps){
                .name = "fake",
                .needs_group = script->needs_group,
                .reset_by_reload = script->reset_by_reload,
                .set_limits = fake_set_limits,
                .free = fake_free,
        };
        b->base.ops = &b->ops;
        b->base.handlers = *handlers;
        b->script = script;
        STAILQ_INIT(&b->pending);
        assert_true(sd_event_add_defer(event, &b->answers, on_answers, b) >= 0);
        assert_true(sd_event_source_set_enabled(b->answers, SD_EVENT_OFF) >= 0);
        *ret = &b->base;
        return 0;
}

void fake_backend_set_online(Backend *backend, bool online) {
        FakeBackend *b = (FakeBackend *) backend;
        RecordedCall call;

        b->base.is_online = online;
        b->base.handlers.online(online, b->base.handlers.userdata);
        while (!online && !STAILQ_EMPTY(&b->pending)) {
                take_first(b, &call);
                b->script->under_way--;
                b->base.handlers.done(call.slice, -ECANCELED, "offline", b->base.handlers.userdata);
        }
}

void fake_backend_release(Backend *backend) {
        FakeBackend *b = (FakeBackend *) backend;

        b->script->hold = false;
        assert_true(sd_event_source_set_enabled(b->answers, SD_EVENT_ON) >= 0);
}

void fake_backend_reload(Backend *backend) {
        backend->handlers.reloading(true, backend->handlers.userdata);
        backend->handlers.reloading(false, backend->handlers.userdata);
}
