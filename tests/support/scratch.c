/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/macro.h"

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type, struct FTW *ftw) {
        return ftw->level == 0 ? 0 : remove(path);
}

void scratch_clear(const Scratch *scratch) {
        (void) nftw(scratch->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int scratch_setup(void **state) {
        Scratch *scratch = calloc(1, sizeof *scratch);

        if (!scratch)
                return -1;
        strcpy(scratch->path, "/tmp/fairslice-test-XXXXXX");
        if (!mkdtemp(scratch->path))
                return -1;
        scratch->fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = scratch;
        return scratch->fd < 0 ? -1 : 0;
}

int scratch_teardown(void **state) {
        Scratch *scratch = *state;

        scratch_clear(scratch);
        safe_close(scratch->fd);
        (void) rmdir(scratch->path);
        free(scratch);
        return 0;
}
