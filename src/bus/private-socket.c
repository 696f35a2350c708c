/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/private-socket.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "bus/peer.h"

#define TEMPORARY_NAME ".#" PRIVATE_SOCKET_NAME

/* How long nobody is let in when there are no descriptors left. */
#define PAUSE_USEC (1 * USEC_PER_SEC)

typedef struct Connection {
        TAILQ_ENTRY(Connection) connections;
        PrivateSocket *server;
        Peer *peer;
        Endpoint *endpoint;
} Connection;

struct PrivateSocket {
        sd_event *event;
        const BusOperations *operations;
        usec_t silence_max;
        int dirfd; /* our own */
        int fd;
        struct stat bound; /* what was put into the directory */
        sd_event_source *incoming, *pause;
        TAILQ_HEAD(, Connection) connections; /* the one that has been silent longest comes first */
};

static void drop(Connection *c) {
        TAILQ_REMOVE(&c->server->connections, c, connections);
        endpoint_free(c->endpoint);
        peer_free(c->peer);
        free(c);
}

static void on_heard(Peer *peer _unused_, void *userdata) {
        Connection *c = userdata;

        TAILQ_REMOVE(&c->server->connections, c, connections);
        TAILQ_INSERT_TAIL(&c->server->connections, c, connections);
}

static void on_gone(Peer *peer _unused_, void *userdata) {
        drop(userdata);
}

static bool is_of(const Connection *c, uid_t uid) {
        return peer_uid(c->peer) == uid;
}

static bool is_of_user(const Connection *c, uid_t uid _unused_) {
        return peer_uid(c->peer) != 0;
}

/* Drops the one that has been silent longest of those that match, if they are more than `max`. */
static void keep_within(PrivateSocket *server, bool (*match)(const Connection *, uid_t), uid_t uid,
                        size_t max) {
        Connection *c, *oldest = NULL;
        size_t n = 0;

        TAILQ_FOREACH(c, &server->connections, connections)
                if (match(c, uid)) {
                        oldest = oldest ?: c;
                        n++;
                }
        if (n > max)
                drop(oldest);
}

static int add_connection(PrivateSocket *server, int fd) {
        Connection *c = calloc(1, sizeof *c);
        PeerHandlers handlers = { .heard = on_heard, .gone = on_gone, .userdata = c };
        int r;

        if (!c) {
                safe_close(fd);
                return -ENOMEM;
        }
        c->server = server;
        r = peer_new(server->event, fd, server->silence_max, &handlers, &c->peer);
        if (r < 0) {
                free(c);
                return r;
        }
        TAILQ_INSERT_TAIL(&server->connections, c, connections);
        r = endpoint_new_for_peer(peer_bus(c->peer),
                                  (EndpointPeer){ .uid = peer_uid(c->peer), .pid = peer_pid(c->peer) },
                                  server->operations, &c->endpoint);
        if (r < 0) {
                drop(c);
                return r;
        }
        keep_within(server, is_of, peer_uid(c->peer), PRIVATE_SOCKET_PER_UID_MAX);
        keep_within(server, is_of_user, 0, PRIVATE_SOCKET_USERS_MAX);
        return 0;
}

void private_socket_foreach_endpoint(const PrivateSocket *server,
                                     void (*tell)(Endpoint *endpoint, void *userdata), void *userdata) {
        const Connection *c;

        TAILQ_FOREACH(c, &server->connections, connections)
                tell(c->endpoint, userdata);
}

static int on_pause_over(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        PrivateSocket *server = userdata;

        return sd_event_source_set_enabled(server->incoming, SD_EVENT_ON);
}

/* The kernel says again at once that somebody waits: without a pause the service would do nothing else. */
static void make_pause(PrivateSocket *server) {
        (void) sd_event_source_set_enabled(server->incoming, SD_EVENT_OFF);
        (void) sd_event_source_set_time_relative(server->pause, PAUSE_USEC);
        (void) sd_event_source_set_enabled(server->pause, SD_EVENT_ONESHOT);
}

static bool is_transient(int error) {
        return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

static int on_incoming(sd_event_source *s _unused_, int fd, uint32_t events _unused_, void *userdata) {
        PrivateSocket *server = userdata;
        int peer_fd, r;

        peer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        r = peer_fd < 0 ? -errno : add_connection(server, peer_fd);
        if (r < 0 && !is_transient(-r))
                make_pause(server);
        return 0;
}

/* By the descriptor, so that no path is too long for an address and none is looked up twice. */
static struct sockaddr_un address_in(int dirfd, const char *name) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dirfd, name);
        return address;
}

static int new_socket(void) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        return fd < 0 ? -errno : fd;
}

/* Who cannot take us now (EAGAIN) is there as well. */
int private_socket_is_served(int dirfd) {
        struct sockaddr_un address = address_in(dirfd, PRIVATE_SOCKET_NAME);
        _cleanup_close_ int fd = new_socket();

        if (fd < 0)
                return fd;
        if (connect(fd, (struct sockaddr *) &address, sizeof address) >= 0 || errno == EAGAIN)
                return true;
        return errno == ENOENT || errno == ECONNREFUSED ? false : -errno;
}

/* Nobody sees the socket before it can be used, nor anything but a socket while it takes the place of an old
 * one. */
static int publish(PrivateSocket *server) {
        struct sockaddr_un address = address_in(server->dirfd, TEMPORARY_NAME);

        (void) unlinkat(server->dirfd, TEMPORARY_NAME, 0);
        if (bind(server->fd, (struct sockaddr *) &address, sizeof address) < 0)
                return -errno;
        if (fchmodat(server->dirfd, TEMPORARY_NAME, 0666, 0) < 0 ||
            fstatat(server->dirfd, TEMPORARY_NAME, &server->bound, AT_SYMLINK_NOFOLLOW) < 0 ||
            listen(server->fd, SOMAXCONN) < 0 ||
            renameat(server->dirfd, TEMPORARY_NAME, server->dirfd, PRIVATE_SOCKET_NAME) < 0) {
                int r = -errno;

                (void) unlinkat(server->dirfd, TEMPORARY_NAME, 0);
                return r;
        }
        return 0;
}

static void withdraw(PrivateSocket *server) {
        struct stat st;

        if (fstatat(server->dirfd, PRIVATE_SOCKET_NAME, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
            st.st_dev == server->bound.st_dev && st.st_ino == server->bound.st_ino)
                (void) unlinkat(server->dirfd, PRIVATE_SOCKET_NAME, 0);
}

static int add_sources(PrivateSocket *server) {
        int r = sd_event_add_io(server->event, &server->incoming, server->fd, EPOLLIN, on_incoming, server);

        if (r >= 0)
                r = sd_event_add_time_relative(server->event, &server->pause, CLOCK_MONOTONIC, 0, 0,
                                               on_pause_over, server);
        if (r >= 0)
                r = sd_event_source_set_enabled(server->pause, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(server->incoming, "private-socket");
        (void) sd_event_source_set_description(server->pause, "private-socket-pause");
        return sd_event_source_set_priority(server->incoming, PEER_PRIORITY);
}

static int open_socket(PrivateSocket *server, int dirfd) {
        int r;

        server->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
        if (server->dirfd < 0)
                return -errno;
        r = private_socket_is_served(server->dirfd);
        if (r != 0)
                return r < 0 ? r : -EADDRINUSE;
        server->fd = new_socket();
        return server->fd < 0 ? server->fd : publish(server);
}

int private_socket_new(sd_event *event, int dirfd, const BusOperations *operations, usec_t silence_max,
                       PrivateSocket **ret) {
        _cleanup_(private_socket_freep) PrivateSocket *server = calloc(1, sizeof *server);
        int r;

        if (!server)
                return -ENOMEM;
        TAILQ_INIT(&server->connections);
        server->event = sd_event_ref(event);
        server->operations = operations;
        server->silence_max = silence_max;
        server->dirfd = server->fd = -1;
        r = open_socket(server, dirfd);
        if (r >= 0)
                r = add_sources(server);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(server);
        return 0;
}

PrivateSocket *private_socket_free(PrivateSocket *server) {
        Connection *c;

        if (!server)
                return NULL;
        sd_event_source_disable_unref(server->incoming);
        sd_event_source_disable_unref(server->pause);
        while ((c = TAILQ_FIRST(&server->connections)))
                drop(c);
        if (server->dirfd >= 0)
                withdraw(server);
        safe_close(server->fd);
        safe_close(server->dirfd);
        sd_event_unref(server->event);
        free(server);
        return NULL;
}
