/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A whole configuration of CGroup_Py: what comes of it is a configuration of ours without a mistake, and no
 * message can do harm to a terminal. */

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "config/import-cgroup-py.h"
#include "config/reader.h"
#include "fuzz.h"

static void check_problems(const Problems *problems) {
        for (size_t i = 0; i < problems->count; i++) {
                const Problem *p = &problems->item[i];
                size_t length = strlen(p->message);

                assert(p->line > 0);
                assert(length > 0 && length < 2000 && p->message[length - 1] == '.');
                for (const char *c = p->message; *c; c++)
                        assert((unsigned char) *c >= 0x20 && *c != 0x7f);
        }
}

static void check_text(const char *text) {
        _cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *config = NULL;
        User user = { .uid = 5000 };
        SliceConfig slice;
        char path[64];

        assert(strlen(text) <= CONFIG_FILE_MAX);
        assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        assert(config_load(-1, path, &problems, &config) == 0);
        assert(problems.count == 0);
        assert(config_host(config)->share_policy != SHARE_MAX_MIN);
        config_resolve(config, NULL, &user, UINT64_C(16) << 30, &slice);
        assert(slice.limits.value[LIMIT_MEMORY_MAX] != LIMIT_UNSET);
        assert(slice.limits.value[LIMIT_MEMORY_SWAP_MAX] == 0);
}

int fuzz_import_cgroup_py(const uint8_t *data, size_t size) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_free_ char *text = NULL;
        int r = import_cgroup_py("cgroup_py.cfg", (const char *) data, size, size % 2, &problems, &text);

        assert(r == 0 || r == -EBADMSG);
        assert((r == 0) == (text != NULL));
        if (r < 0) {
                assert(problems.count == 0);
                return 0;
        }
        check_problems(&problems);
        check_text(text);
        return 0;
}
