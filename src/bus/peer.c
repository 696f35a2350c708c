/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/peer.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <systemd/sd-id128.h>

#include "bus/gate.h"

/* sd-bus reads from a pipe, into which goes what the peer's socket has sent and the gate has let through:
 *
 *     socket ──▶ handshake, gate ──▶ pipe ──▶ sd-bus ──▶ socket
 *
 * One message at a time: the next one goes into the pipe when sd-bus has answered the one before and the
 * peer has fetched that answer, but for what the kernel holds for it. Answers can be large and calls are
 * small, so this is what bounds the memory that a peer takes.
 *
 * The handshake goes line by line, so that it is known after which byte messages begin: when sd-bus says
 * that it is ready there is nothing behind that line yet. */

/* A pipe takes this much in one piece or not at all; see pipe(7). */
#define CHUNK_MAX 4096U

/* In the kernel, for answers; sd-bus would have 8 MiB if it may. */
#define SEND_BUFFER_SIZE (32 * 1024)

struct Peer {
        PeerHandlers handlers;
        struct ucred credentials;
        sd_bus *bus;
        sd_bus_slot *filter, *disconnected;
        int fd;             /* the socket; sd-bus has a copy for its answers */
        int pipe_fd;        /* where sd-bus reads the other end; -1: the peer has said all */
        int pipe_reader_fd; /* sd-bus has a copy; this one is for writing never to raise SIGPIPE */
        size_t handshake;   /* bytes so far */
        bool ready;         /* it is over */
        Gate gate;
        uint8_t data[CHUNK_MAX]; /* that has come and does not go into the pipe yet */
        size_t begin, end;       /* of it */
        usec_t silence_max;
        bool spoke; /* sd-bus has taken a message from it */
        sd_event_source *io, *silence, *ending;
        bool ended;
};

sd_bus *peer_bus(const Peer *peer) {
        return peer->bus;
}

uid_t peer_uid(const Peer *peer) {
        return peer->credentials.uid;
}

pid_t peer_pid(const Peer *peer) {
        return peer->credentials.pid;
}

/* Nothing is freed where sd-bus may still use it: the loop tells the owner next. */
static void end(Peer *peer) {
        peer->ended = true;
        (void) sd_event_source_set_enabled(peer->io, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(peer->silence, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(peer->ending, SD_EVENT_ONESHOT);
}

static int on_end(sd_event_source *s _unused_, void *userdata) {
        Peer *peer = userdata;

        peer->handlers.gone(peer, peer->handlers.userdata);
        return 0;
}

static int on_silence(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        end(userdata);
        return 0;
}

static int on_disconnected(sd_bus_message *m _unused_, void *userdata, sd_bus_error *ret_error _unused_) {
        end(userdata);
        return 0;
}

/* Sees each message before any object does, and before other filters: it is the youngest, since it is added
 * when the handshake is over. */
static int on_message(sd_bus_message *m _unused_, void *userdata, sd_bus_error *ret_error _unused_) {
        Peer *peer = userdata;

        if (peer->ended)
                return 1;
        peer->spoke = true;
        peer->handlers.heard(peer, peer->handlers.userdata);
        return 0;
}

/* The pipe is known to have room for it. */
static int pass(Peer *peer, const uint8_t *data, size_t size) {
        ssize_t n = size > 0 ? write(peer->pipe_fd, data, size) : 0;

        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -EIO;
}

/* Lets sd-bus take in what is in the pipe. An answer that cannot be sent at once holds it up; then it would
 * not be known any more what it has read. */
static int advance_handshake(Peer *peer) {
        int r;

        do
                r = sd_bus_process(peer->bus, NULL);
        while (r > 0);
        if (r < 0)
                return r;
        if (peer->ended)
                return -ECONNRESET;
        peer->ready = sd_bus_is_ready(peer->bus) > 0;
        if (peer->ready)
                return sd_bus_add_filter(peer->bus, &peer->filter, on_message, peer);
        r = sd_bus_get_events(peer->bus);
        return r < 0 ? r : r & POLLOUT ? -EPROTO : 0;
}

/* Returns how many bytes belong to the handshake. */
static ssize_t shake_hands(Peer *peer, const uint8_t *data, size_t size) {
        size_t done = 0;

        while (done < size && !peer->ready) {
                const uint8_t *newline = memchr(data + done, '\n', size - done);
                size_t n = newline ? (size_t) (newline - data) + 1 - done : size - done;
                int r;

                peer->handshake += n;
                if (peer->handshake > PEER_HANDSHAKE_MAX)
                        return -EMSGSIZE;
                r = pass(peer, data + done, n);
                if (r >= 0)
                        r = advance_handshake(peer);
                if (r < 0)
                        return r;
                done += n;
        }
        return (ssize_t) done;
}

/* The pipe is empty, so it takes all. Leaves what belongs to the next message. */
static int take_in(Peer *peer) {
        const uint8_t *data = peer->data + peer->begin;
        size_t size = peer->end - peer->begin;
        ssize_t n;
        int r;

        if (!peer->ready) {
                n = shake_hands(peer, data, size);
                if (n < 0)
                        return (int) n;
        } else {
                n = gate_check(&peer->gate, data, size);
                if (n < 0)
                        return (int) n;
                r = pass(peer, data, (size_t) n);
                if (r < 0)
                        return r;
        }
        peer->begin += (size_t) n;
        return 0;
}

/* Everything that has gone into the pipe was answered, and the answers are in the kernel. */
static bool is_idle(const Peer *peer) {
        uint64_t reads, writes;
        int bytes;

        return ioctl(peer->pipe_reader_fd, FIONREAD, &bytes) >= 0 && bytes == 0 &&
               sd_bus_get_n_queued_read(peer->bus, &reads) >= 0 && reads == 0 &&
               sd_bus_get_n_queued_write(peer->bus, &writes) >= 0 && writes == 0;
}

/* sd-bus finds the end of the pipe when it has answered what came before. */
static void close_pipe(Peer *peer) {
        (void) sd_event_source_set_enabled(peer->io, SD_EVENT_OFF);
        peer->pipe_fd = safe_close(peer->pipe_fd);
}

/* -EAGAIN if nothing has come. */
static int receive(Peer *peer) {
        ssize_t n = recv(peer->fd, peer->data, sizeof peer->data, MSG_DONTWAIT);

        if (n < 0)
                return errno == EINTR ? -EAGAIN : -errno;
        peer->begin = 0;
        peer->end = (size_t) n;
        return n == 0 ? -ECONNRESET : 0;
}

/* As long as an answer waits for room in the socket, so do we; then it is looked again what there is. Who
 * does not fetch the answer in time is dropped. */
static void wait_for(Peer *peer, bool answer) {
        (void) sd_event_source_set_io_events(peer->io, answer ? EPOLLOUT : EPOLLIN);
        if (!peer->spoke)
                return;
        (void) sd_event_source_set_time_relative(peer->silence, peer->silence_max);
        (void) sd_event_source_set_enabled(peer->silence, answer ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static int on_io(sd_event_source *s _unused_, int fd _unused_, uint32_t events _unused_, void *userdata) {
        Peer *peer = userdata;
        int r = 0;

        if (!is_idle(peer))
                return sd_event_source_set_io_events(peer->io, EPOLLOUT);
        if (peer->begin == peer->end)
                r = receive(peer);
        if (r == -EAGAIN)
                wait_for(peer, false);
        else if (r == -ECONNRESET)
                close_pipe(peer);
        else if (r < 0 || take_in(peer) < 0)
                end(peer);
        else
                wait_for(peer, peer->ready); /* what the handshake takes in is done with */
        return 0;
}

static int add_sources(Peer *peer, sd_event *event) {
        int r;

        r = sd_event_add_io(event, &peer->io, peer->fd, EPOLLIN, on_io, peer);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &peer->silence, CLOCK_MONOTONIC, peer->silence_max, 0,
                                               on_silence, peer);
        if (r >= 0)
                r = sd_event_add_defer(event, &peer->ending, on_end, peer);
        if (r >= 0)
                r = sd_event_source_set_enabled(peer->ending, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(peer->io, "peer");
        (void) sd_event_source_set_description(peer->silence, "peer-silence");
        (void) sd_event_source_set_description(peer->ending, "peer-end");
        (void) sd_event_source_set_priority(peer->io, PEER_PRIORITY);
        (void) sd_event_source_set_priority(peer->silence, PEER_PRIORITY);
        return sd_event_source_set_priority(peer->ending, PEER_PRIORITY);
}

static int open_pipe(Peer *peer) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        peer->pipe_reader_fd = fds[0];
        peer->pipe_fd = fds[1];
        /* Less than what a user may have in pipes altogether; more does no harm. */
        (void) fcntl(peer->pipe_fd, F_SETPIPE_SZ, CHUNK_MAX);
        return 0;
}

/* Hands sd-bus copies of its own to close. */
static int set_fds(Peer *peer) {
        _cleanup_close_ int input = -1, output = -1;
        int r;

        input = fcntl(peer->pipe_reader_fd, F_DUPFD_CLOEXEC, 3);
        if (input < 0)
                return -errno;
        output = fcntl(peer->fd, F_DUPFD_CLOEXEC, 3);
        if (output < 0)
                return -errno;
        r = sd_bus_set_fd(peer->bus, input, output);
        if (r >= 0) {
                TAKE_FD(input);
                TAKE_FD(output);
        }
        return r;
}

/* Anonymous means that sd-bus is not to compare what the peer claims with its socket, which it does not see;
 * nothing here asks sd-bus who the peer is. */
static int start_bus(Peer *peer, sd_event *event) {
        sd_id128_t id;
        int r;

        r = sd_bus_new(&peer->bus);
        if (r >= 0)
                r = set_fds(peer);
        if (r >= 0)
                r = sd_id128_randomize(&id);
        if (r >= 0)
                r = sd_bus_set_server(peer->bus, true, id);
        if (r >= 0)
                r = sd_bus_set_anonymous(peer->bus, true);
        if (r >= 0)
                r = sd_bus_negotiate_fds(peer->bus, false);
        if (r >= 0)
                r = sd_bus_set_sender(peer->bus, "org.fairslice1");
        if (r >= 0)
                r = sd_bus_set_close_on_exit(peer->bus, false); /* which would wait for peers to read */
        if (r >= 0)
                r = sd_bus_start(peer->bus);
        if (r >= 0)
                r = sd_bus_attach_event(peer->bus, event, PEER_PRIORITY);
        (void) setsockopt(peer->fd, SOL_SOCKET, SO_SNDBUF, &(int){ SEND_BUFFER_SIZE }, sizeof(int));
        return r;
}

static int watch_bus(Peer *peer) {
        return sd_bus_match_signal_async(peer->bus, &peer->disconnected, "org.freedesktop.DBus.Local", NULL,
                                         "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL,
                                         peer);
}

static int read_credentials(Peer *peer) {
        socklen_t size = sizeof peer->credentials;

        return getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &peer->credentials, &size) < 0 ? -errno : 0;
}

int peer_new(sd_event *event, int fd, usec_t silence_max, const PeerHandlers *handlers, Peer **ret) {
        _cleanup_(peer_freep) Peer *peer = calloc(1, sizeof *peer);
        int r;

        if (!peer) {
                safe_close(fd);
                return -ENOMEM;
        }
        peer->handlers = *handlers;
        peer->silence_max = silence_max;
        peer->fd = fd;
        peer->pipe_fd = peer->pipe_reader_fd = -1;
        r = read_credentials(peer);
        if (r >= 0)
                r = open_pipe(peer);
        if (r >= 0)
                r = add_sources(peer, event);
        if (r >= 0)
                r = start_bus(peer, event);
        if (r >= 0)
                r = watch_bus(peer);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(peer);
        return 0;
}

Peer *peer_free(Peer *peer) {
        if (!peer)
                return NULL;
        sd_event_source_disable_unref(peer->io);
        sd_event_source_disable_unref(peer->silence);
        sd_event_source_disable_unref(peer->ending);
        sd_bus_slot_unref(peer->filter);
        sd_bus_slot_unref(peer->disconnected);
        if (peer->bus) {
                (void) sd_bus_detach_event(peer->bus);
                sd_bus_close_unref(peer->bus);
        }
        safe_close(peer->pipe_fd);
        safe_close(peer->pipe_reader_fd);
        safe_close(peer->fd);
        free(peer);
        return NULL;
}
