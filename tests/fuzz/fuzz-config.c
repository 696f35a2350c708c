/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A whole configuration file: a configuration comes out, every value of it in its range, or it is said why
 * there is none. No message can do harm to a terminal. */

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz-problems.h"
#include "fuzz.h"

static void check_host(const HostConfig *host) {
        assert(host->interval_usec >= 100 * USEC_PER_MSEC && host->interval_usec <= 3600 * USEC_PER_SEC);
        assert(host->min_uid > 0);
        assert(host->share_policy < _SHARE_POLICY_COUNT);
        assert(host->cpu_threshold_permyriad >= 100 && host->cpu_threshold_permyriad <= 9800);
        assert(host->activity_permyriad <= 10000);
        assert(host->reserved_cpus < 8192);
}

static void check_slice(const Config *config, uid_t uid, const char *name, const char *group) {
        char *groups[] = { (char *) group, NULL };
        gid_t gids[] = { 100, uid };
        User user = { .uid = uid, .name = (char *) name, .groups = groups, .gids = gids, .gid_count = 2 };
        SliceConfig slice;
        const uint64_t *value = slice.limits.value;

        config_resolve(config, NULL, &user, UINT64_C(16) << 30, &slice);
        assert(value[LIMIT_CPU_QUOTA] == LIMIT_UNSET ||
               (value[LIMIT_CPU_QUOTA] > 0 && value[LIMIT_CPU_QUOTA] % 10000 == 0));
        assert(value[LIMIT_CPU_WEIGHT] >= CPU_WEIGHT_MIN && value[LIMIT_CPU_WEIGHT] <= CPU_WEIGHT_MAX);
        assert(value[LIMIT_MEMORY_MAX] > 0);
        assert(value[LIMIT_MEMORY_HIGH] > 0);
        (void) config_is_exempt(config, &user);
}

int fuzz_config(const uint8_t *data, size_t size) {
        _cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *config = NULL;
        char path[64];
        int r;

        assert(fd >= 0 && write(fd, data, size) == (ssize_t) size);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        r = config_load(-1, path, &problems, &config);
        check_problems(&problems);
        assert((r >= 0) == (config != NULL));
        if (r < 0) {
                assert(problems_have_error(&problems));
                return 0;
        }
        check_host(config_host(config));
        check_slice(config, 1000, "alice", "users");
        check_slice(config, 1500, NULL, NULL);
        check_slice(config, 0, "", "");
        check_slice(config, UINT32_MAX - 1, "bob", "domain users");
        return 0;
}
