/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/proc-events.h"

#include <arpa/inet.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "basic/time-util.h"

/* An event takes about 1 kB of it with all that the kernel counts: some thousand processes that start a
 * session at once. */
#define RECEIVE_BUFFER (4 << 20)

/* After some events the socket is left alone for a moment: a service that changes its UIDs back and forth
 * must not wake us each time, and whoever logs in does not notice. */
#define REST_USEC      (20 * USEC_PER_MSEC)
#define REST_EACH_USEC (2 * USEC_PER_MSEC)
#define BATCH          1024

/* The kernel answers while it takes the request; this is for one that lets a worker do it. */
#define ANSWER_MSEC 200

struct ProcEvents {
        ProcEventsHandlers handlers;
        sd_event_source *source, *rest;
        int fd;
        ProcUidEvent pending[PROC_EVENTS_MAX]; /* of one process only the last of several */
        size_t n_pending;
};

/* What is sent to the kernel */
typedef struct Request {
        struct nlmsghdr header;
        struct cn_msg connector;
        uint32_t operation;
} Request;

/* What comes from it. Its parts are not aligned as their types ask for, so they are copied. */
#define CONNECTOR_OFFSET sizeof(struct nlmsghdr)
#define EVENT_OFFSET     (CONNECTOR_OFFSET + sizeof(struct cn_msg))
#define MESSAGE_MAX      512

_Static_assert(EVENT_OFFSET == 36, "a message of the connector is not what the kernel sends");

#define OFFSET(field) (EVENT_OFFSET + offsetof(struct proc_event, field))

/* ---- messages ---- */

static int parse_event(const char *data, size_t size, struct proc_event *ret) {
        struct nlmsghdr header;
        struct cn_msg connector;

        if (size < EVENT_OFFSET)
                return -EBADMSG;
        memcpy(&header, data, sizeof header);
        memcpy(&connector, data + CONNECTOR_OFFSET, sizeof connector);
        if (header.nlmsg_type != NLMSG_DONE || header.nlmsg_len > size ||
            header.nlmsg_len < EVENT_OFFSET + connector.len || connector.id.idx != CN_IDX_PROC ||
            connector.id.val != CN_VAL_PROC)
                return -EBADMSG;
        /* Old kernels have fewer kinds, new ones may have longer ones; ours have been the same for ever. */
        if (connector.len < offsetof(struct proc_event, event_data) + sizeof ret->event_data.id)
                return -EBADMSG;
        *ret = (struct proc_event){};
        memcpy(ret, data + EVENT_OFFSET, MIN(sizeof *ret, (size_t) connector.len));
        return 0;
}

int proc_event_parse(const void *data, size_t size, ProcUidEvent *ret) {
        struct proc_event event;
        int r;

        r = parse_event(data, size, &event);
        if (r < 0)
                return r;
        if (event.what != PROC_EVENT_UID)
                return 0;
        if (event.event_data.id.process_tgid <= 0)
                return -EBADMSG;
        ret->pid = event.event_data.id.process_tgid;
        ret->uid = event.event_data.id.r.ruid;
        return 1;
}

/* ---- the socket ---- */

/* A load yields the number in network order, so constants are compared in that order too. */
static int set_filter(int fd) {
        enum { ACCEPT = 13, REJECT };
#define LOAD(offset)       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define KEEP               BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define TO(here, there)    ((there) - (here) -1)
#define UNLESS(here, n)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(n), 0, TO(here, REJECT))
#define UNLESS_KEPT(here)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, TO(here, REJECT))
#define ACCEPT_IF(here, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(n), TO(here, ACCEPT), 0)
        struct sock_filter program[] = {
                /* 0 */ LOAD(CONNECTOR_OFFSET + offsetof(struct cn_msg, id.idx)),
                UNLESS(1, CN_IDX_PROC),
                LOAD(OFFSET(what)),
                ACCEPT_IF(3, PROC_EVENT_NONE), /* the answer to our request */
                UNLESS(4, PROC_EVENT_UID),
                LOAD(OFFSET(event_data.id.process_pid)),
                KEEP,
                LOAD(OFFSET(event_data.id.process_tgid)),
                UNLESS_KEPT(8), /* one thread by itself */
                LOAD(OFFSET(event_data.id.r.ruid)),
                KEEP,
                LOAD(OFFSET(event_data.id.e.euid)),
                UNLESS_KEPT(12),
                [ACCEPT] = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
                [REJECT] = BPF_STMT(BPF_RET | BPF_K, 0),
        };
#undef LOAD
#undef KEEP
#undef TO
#undef UNLESS
#undef UNLESS_KEPT
#undef ACCEPT_IF
        const struct sock_fprog filter = { ELEMENTSOF(program), program };

        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ? -errno : 0;
}

/* Asks for events, or for none any more. The number comes back with the answer, one higher. */
static int request(int fd, enum proc_cn_mcast_op operation, uint32_t number) {
        const Request message = {
                .header = { .nlmsg_len = sizeof message, .nlmsg_type = NLMSG_DONE },
                .connector = { .id = { CN_IDX_PROC, CN_VAL_PROC },
                               .ack = number,
                               .len = sizeof message.operation },
                .operation = operation,
        };

        return send(fd, &message, sizeof message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* One message of the kernel's: its size, 0 for one that is somebody else's or too long. */
static ssize_t receive(int fd, char *buffer, size_t size) {
        struct sockaddr_nl from = {};
        struct iovec iov = { buffer, size };
        struct msghdr message = {
                .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1
        };
        ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);

        if (n < 0)
                return -errno;
        if (message.msg_namelen != sizeof from || from.nl_pid != 0 || message.msg_flags & MSG_TRUNC)
                return 0;
        return n;
}

/* Others that listen are answered too, and we hear it. */
static bool is_answer(const char *data, size_t size, uint32_t number, int *ret_error) {
        struct cn_msg connector;
        struct proc_event event;

        if (parse_event(data, size, &event) < 0 || event.what != PROC_EVENT_NONE)
                return false;
        memcpy(&connector, data + CONNECTOR_OFFSET, sizeof connector);
        *ret_error = (int) event.event_data.ack.err;
        return connector.ack == number + 1;
}

/* In another user or PID namespace than the first the kernel says nothing at all. */
static int await_answer(int fd, uint32_t number) {
        char buffer[MESSAGE_MAX];
        int error;

        for (unsigned i = 0; i < BATCH; i++) {
                struct pollfd readable = { .fd = fd, .events = POLLIN };
                ssize_t n = receive(fd, buffer, sizeof buffer);

                if (n > 0 && is_answer(buffer, (size_t) n, number, &error))
                        return error == 0 ? 0 : -EOPNOTSUPP;
                if (n == -EAGAIN && poll(&readable, 1, ANSWER_MSEC) <= 0)
                        return -EOPNOTSUPP;
                if (n < 0 && n != -EAGAIN && n != -ENOBUFS && n != -EINTR)
                        return (int) n;
        }
        return -EOPNOTSUPP;
}

static void set_buffer(int fd) {
        const int size = RECEIVE_BUFFER;

        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
                (void) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/* What says that there are no such events for us */
static int unsupported(int error) {
        return error == -EPROTONOSUPPORT || error == -EAFNOSUPPORT || error == -EPERM || error == -EACCES ||
                               error == -ECONNREFUSED
                       ? -EOPNOTSUPP
                       : error;
}

static int listen_to_kernel(int *ret) {
        const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
        const uint32_t number = (uint32_t) getpid();
        _cleanup_close_ int fd =
                socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
        int r;

        if (fd < 0)
                return unsupported(-errno);
        set_buffer(fd);
        r = set_filter(fd);
        if (r < 0)
                return r;
        if (bind(fd, (const struct sockaddr *) &address, sizeof address) < 0)
                return unsupported(-errno);
        r = request(fd, PROC_CN_MCAST_LISTEN, number);
        if (r < 0)
                return unsupported(r);
        r = await_answer(fd, number);
        if (r < 0)
                return r;
        *ret = TAKE_FD(fd);
        return 0;
}

/* ---- events ---- */

static void pass_on(ProcEvents *events) {
        for (size_t i = 0; i < events->n_pending; i++)
                events->handlers.uid_changed(events->pending[i].pid, events->pending[i].uid,
                                             events->handlers.userdata);
        events->n_pending = 0;
}

/* False: there are too many. */
static bool take(ProcEvents *events, const ProcUidEvent *event) {
        size_t i = 0;

        while (i < events->n_pending && events->pending[i].pid != event->pid)
                i++;
        if (i == PROC_EVENTS_MAX)
                return false;
        events->pending[i] = *event;
        events->n_pending = MAX(events->n_pending, i + 1);
        return true;
}

/* Reads what there is. Whatever else is wrong with the socket, something may have been missed. */
static void drain(ProcEvents *events, bool *ret_lost) {
        for (unsigned i = 0; i < BATCH; i++) {
                char buffer[MESSAGE_MAX];
                ProcUidEvent event;
                ssize_t n = receive(events->fd, buffer, sizeof buffer);

                if (n == -EAGAIN)
                        break;
                if ((n < 0 && n != -EINTR) ||
                    (n > 0 && proc_event_parse(buffer, (size_t) n, &event) > 0 && !take(events, &event)))
                        *ret_lost = true;
        }
}

static int on_readable(sd_event_source *s, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        ProcEvents *events = userdata;
        bool lost = false;
        usec_t rest;

        drain(events, &lost);
        rest = REST_USEC + events->n_pending * REST_EACH_USEC;
        if (sd_event_source_set_time_relative(events->rest, rest) >= 0 &&
            sd_event_source_set_enabled(events->rest, SD_EVENT_ONESHOT) >= 0)
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        pass_on(events);
        if (lost)
                events->handlers.lost(events->handlers.userdata);
        return 0;
}

static int on_rested(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        ProcEvents *events = userdata;

        return sd_event_source_set_enabled(events->source, SD_EVENT_ON);
}

int proc_events_new(sd_event *event, const ProcEventsHandlers *handlers, ProcEvents **ret) {
        _cleanup_(proc_events_freep) ProcEvents *events = calloc(1, sizeof *events);
        int r;

        if (!events)
                return -ENOMEM;
        events->handlers = *handlers;
        events->fd = -1;
        r = listen_to_kernel(&events->fd);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &events->source, events->fd, EPOLLIN, on_readable, events);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &events->rest, CLOCK_MONOTONIC, 0, USEC_PER_MSEC,
                                               on_rested, events);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(events->source, "proc-events");
        (void) sd_event_source_set_description(events->rest, "proc-events-rest");
        *ret = TAKE_PTR(events);
        return 0;
}

/* Kernels before 6.6 count listeners and do not see that one has gone. */
ProcEvents *proc_events_free(ProcEvents *events) {
        if (!events)
                return NULL;
        sd_event_source_disable_unref(events->rest);
        sd_event_source_disable_unref(events->source);
        if (events->fd >= 0)
                (void) request(events->fd, PROC_CN_MCAST_IGNORE, 0);
        safe_close(events->fd);
        free(events);
        return NULL;
}
