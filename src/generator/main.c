/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "basic/log.h"
#include "generator/host-drop-in.h"

/* systemd runs generators before there is a journal, and throws away what they print: what went wrong goes
 * into the kernel's log. On a terminal somebody runs this by hand. */
static void log_to_kernel(void) {
        _cleanup_close_ int fd = -1;

        if (isatty(STDERR_FILENO))
                return;
        fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd >= 0 && dup2(fd, STDERR_FILENO) >= 0)
                log_set_prefix(true);
}

static int generate(const char *directory) {
        _cleanup_close_ int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                            proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                            fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const char *text;
        int r;

        if (fd < 0)
                return log_error_errno(errno, "fairslice-generator: cannot open %s: %m", directory);
        r = host_drop_in(root_fd, proc_fd, &text);
        if (r < 0)
                return log_error_errno(r, "fairslice-generator: cannot find out what this host is, "
                                          "fairsliced.service stays as it is: %m");
        if (r > 0)
                r = host_drop_in_write(fd, text);
        if (r < 0)
                return log_error_errno(r, "fairslice-generator: cannot write %s/%s below %s: %m",
                                       HOST_DROP_IN_DIRECTORY, HOST_DROP_IN_NAME, directory);
        return 0;
}

int main(int argc, char *argv[]) {
        log_to_kernel();
        if (argc != 4) {
                log_error("fairslice-generator: takes three directories; see systemd.generator(7).");
                return EXIT_FAILURE;
        }
        return generate(argv[1]) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
