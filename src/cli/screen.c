/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/screen.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "basic/text.h"

/* Alternate screen, no cursor, lines are cut and not wrapped; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[H\033[2J"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

#define SIZE_MAX_SANE 2000U

static const int watched[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH };

struct Screen {
        const ScreenCallbacks *callbacks;
        void *userdata;
        sd_event *event;
        sd_event_source *input, *signals[ELEMENTSOF(watched)];
        sigset_t mask; /* before */
        struct termios before;
        bool taken;
};

static void write_all(const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(STDOUT_FILENO, data, size);

                if (n < 0 && errno != EINTR)
                        return; /* the terminal is gone, and SIGHUP is on its way */
                data += MAX(n, (ssize_t) 0);
                size -= (size_t) MAX(n, (ssize_t) 0);
        }
}

static int set_raw(const Screen *screen) {
        struct termios raw = screen->before;

        raw.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
                return -errno;
        write_all(ENTER, strlen(ENTER));
        return 0;
}

static int take(Screen *screen) {
        int r;

        if (tcgetattr(STDIN_FILENO, &screen->before) < 0)
                return -errno;
        r = set_raw(screen);
        screen->taken = r >= 0;
        return r;
}

static void give_back(Screen *screen) {
        if (!screen->taken)
                return;
        screen->taken = false;
        write_all(LEAVE, strlen(LEAVE));
        (void) tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->before);
}

/* As if the signal had its usual effect, so that the shell sees what it expects. */
static void stop(Screen *screen) {
        sigset_t tstp;

        give_back(screen);
        (void) sigemptyset(&tstp);
        (void) sigaddset(&tstp, SIGTSTP);
        (void) raise(SIGTSTP);
        (void) sigprocmask(SIG_UNBLOCK, &tstp, NULL);
        /* Here it stands still until SIGCONT. */
        (void) sigprocmask(SIG_BLOCK, &tstp, NULL);
        if (take(screen) >= 0)
                screen->callbacks->redraw(screen->userdata);
}

static int on_signal(_unused_ sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Screen *screen = userdata;

        switch (info->ssi_signo) {
        case SIGTSTP:
                stop(screen);
                return 0;
        case SIGCONT: /* after SIGSTOP the shell may have changed everything */
                if (screen->taken)
                        (void) set_raw(screen);
                screen->callbacks->redraw(screen->userdata);
                return 0;
        case SIGWINCH:
                screen->callbacks->redraw(screen->userdata);
                return 0;
        default:
                return sd_event_exit(screen->event, 0);
        }
}

static int on_input(_unused_ sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Screen *screen = userdata;
        char keys[64];
        ssize_t n = events & EPOLLIN ? read(fd, keys, sizeof keys) : 0;

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return 0;
        if (n <= 0)
                return sd_event_exit(screen->event, 0);
        for (ssize_t i = 0; i < n; i++)
                screen->callbacks->key(keys[i], screen->userdata);
        return 0;
}

static int add_sources(Screen *screen) {
        sigset_t mask;
        int r = 0;

        (void) sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(watched); i++)
                (void) sigaddset(&mask, watched[i]);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(watched) && r >= 0; i++)
                r = sd_event_add_signal(screen->event, &screen->signals[i], watched[i], on_signal, screen);
        if (r >= 0)
                r = sd_event_add_io(screen->event, &screen->input, STDIN_FILENO, EPOLLIN, on_input, screen);
        return r;
}

int screen_new(sd_event *event, const ScreenCallbacks *callbacks, void *userdata, Screen **ret) {
        _cleanup_(screen_freep) Screen *screen = NULL;
        int r;

        if (isatty(STDIN_FILENO) <= 0 || isatty(STDOUT_FILENO) <= 0)
                return -ENOTTY;
        screen = calloc(1, sizeof *screen);
        if (!screen)
                return -ENOMEM;
        *screen = (Screen){ .callbacks = callbacks, .userdata = userdata, .event = sd_event_ref(event) };
        (void) sigprocmask(SIG_BLOCK, NULL, &screen->mask);
        r = add_sources(screen);
        if (r >= 0)
                r = take(screen);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(screen);
        return 0;
}

Screen *screen_free(Screen *screen) {
        if (!screen)
                return NULL;
        give_back(screen);
        sd_event_source_disable_unref(screen->input);
        for (size_t i = 0; i < ELEMENTSOF(watched); i++)
                sd_event_source_disable_unref(screen->signals[i]);
        sd_event_unref(screen->event);
        (void) sigprocmask(SIG_SETMASK, &screen->mask, NULL);
        free(screen);
        return NULL;
}

void screen_size(_unused_ const Screen *screen, unsigned *ret_columns, unsigned *ret_rows) {
        struct winsize size = {};

        (void) ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        *ret_columns = size.ws_col > 0 ? MIN(size.ws_col, SIZE_MAX_SANE) : 80;
        *ret_rows = size.ws_row > 0 ? MIN(size.ws_row, SIZE_MAX_SANE) : 24;
}

void screen_show(Screen *screen, const char *lines) {
        _cleanup_free_ char *frame = NULL;
        size_t length;
        FILE *f;

        if (!screen->taken)
                return;
        f = open_memstream(&frame, &length);
        if (!f)
                return;
        fputs("\033[H", f);
        while (*lines) {
                size_t n = strcspn(lines, "\n");

                fprintf(f, "%.*s\033[K", (int) n, lines);
                lines += n;
                if (*lines == '\n' && *++lines)
                        fputs("\r\n", f);
        }
        fputs("\033[J", f);
        if (memstream_close(f) >= 0)
                write_all(frame, length);
}
