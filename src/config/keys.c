/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/keys.h"

#include <string.h>

#include "basic/mail-address.h"
#include "config/key-values.h"
#include "config/text-values.h"
#include "model/backend-kind.h"
#include "model/share-policy.h"

#define IN_MANAGER (1U << SECTION_MANAGER)
#define IN_CPU     (1U << SECTION_CPU)
#define IN_MEMORY  (1U << SECTION_MEMORY)
#define IN_OOM     (1U << SECTION_OOM)
#define IN_MAIL    (1U << SECTION_MAIL)
#define IN_PLAN    (1U << SECTION_PLAN)
#define IN_SUBJECT (1U << SECTION_USER | 1U << SECTION_GROUP)

#define PERCENT  UINT64_C(100) /* in permyriad */
#define MEBIBYTE (UINT64_C(1) << 20)

#define SIZES "infinity, or a percentage of the memory up to 100%"

const Key keys[_KEY_COUNT] = {
        [LIMIT_CPU_QUOTA] = {
                .name = "CPUQuota",
                .sections = IN_CPU | IN_SUBJECT | IN_PLAN,
                .default_text = "infinity",
                .allowed = "a whole percentage of one CPU from 1%, such as 150%, or infinity",
                .not_a = "not a percentage",
                .parse = key_parse_quota,
                .min = 10000,
                .max = UINT64_C(10000000000), /* 10,000 CPUs, more than Linux knows */
        },
        [LIMIT_CPU_WEIGHT] = {
                .name = "CPUWeight",
                .sections = IN_CPU | IN_SUBJECT | IN_PLAN,
                .default_text = "100",
                .allowed = "a whole number from 1 to 10000",
                .not_a = "not a number",
                .parse = key_parse_number,
                .min = CPU_WEIGHT_MIN,
                .max = CPU_WEIGHT_MAX,
        },
        [LIMIT_MEMORY_MAX] = {
                .name = "MemoryMax",
                .sections = IN_MEMORY | IN_SUBJECT | IN_PLAN,
                .default_text = "infinity",
                .allowed = "a size from 1M, such as 8G, " SIZES,
                .not_a = "not a size",
                .parse = key_parse_memory,
                .min = MEBIBYTE,
                .max = UINT64_MAX,
        },
        [LIMIT_MEMORY_HIGH] = {
                .name = "MemoryHigh",
                .sections = IN_MEMORY | IN_SUBJECT | IN_PLAN,
                .default_text = "infinity",
                .allowed = "a size from 1M, such as 6G, " SIZES,
                .not_a = "not a size",
                .parse = key_parse_memory,
                .min = MEBIBYTE,
                .max = UINT64_MAX,
        },
        [LIMIT_MEMORY_SWAP_MAX] = {
                .name = "MemorySwapMax",
                .sections = IN_MEMORY | IN_SUBJECT | IN_PLAN,
                .default_text = "infinity",
                .allowed = "a size, such as 2G or 0, " SIZES,
                .not_a = "not a size",
                .parse = key_parse_memory,
                .min = 0,
                .max = UINT64_MAX,
        },
        [SLICE_KEY_MEMORY_STRICT] = {
                .name = "MemoryStrict",
                .sections = IN_MEMORY | IN_SUBJECT | IN_PLAN,
                .default_text = "no",
                .allowed = "yes or no",
                .not_a = "neither yes nor no",
                .parse = key_parse_yes_no,
                .max = 1,
        },
        [SLICE_KEY_PLAN] = {
                .name = "Plan",
                .sections = IN_SUBJECT,
                .default_text = "",
                .allowed = "the NAME of a section [Plan NAME]",
        },
        [HOST_KEY_INTERVAL] = {
                .name = "IntervalSec",
                .sections = IN_MANAGER,
                .default_text = "1s",
                .allowed = "a time from 100ms to 1h, such as 1s",
                .not_a = "not a time",
                .parse = key_parse_time,
                .min = 100 * USEC_PER_MSEC,
                .max = 3600 * USEC_PER_SEC,
        },
        [HOST_KEY_MIN_UID] = {
                .name = "MinUID",
                .sections = IN_MANAGER,
                .default_text = "1000",
                .allowed = "a UID from 1 to 4294967294",
                .not_a = "not a UID",
                .parse = key_parse_number,
                .min = 1,
                .max = UINT32_MAX - 1,
        },
        [HOST_KEY_EXEMPT_USERS] = {
                .name = "ExemptUsers",
                .sections = IN_MANAGER,
                .default_text = "",
                .allowed = "a list of user names and UIDs with blanks or commas between them",
        },
        [HOST_KEY_EXEMPT_GROUPS] = {
                .name = "ExemptGroups",
                .sections = IN_MANAGER,
                .default_text = "",
                .allowed = "a list of group names and GIDs with blanks or commas between them",
        },
        [HOST_KEY_OBSERVE] = {
                .name = "Observe",
                .sections = IN_MANAGER,
                .default_text = "no",
                .allowed = "yes or no",
                .not_a = "neither yes nor no",
                .parse = key_parse_yes_no,
                .max = 1,
        },
        [HOST_KEY_BACKEND] = {
                .name = "Backend",
                .sections = IN_MANAGER,
                .default_text = "auto",
                .allowed = "auto, systemd, cgroup1 or cgroup2",
                .not_a = "not a backend",
                .parse = key_parse_backend,
                .max = _BACKEND_KIND_COUNT - 1,
        },
        [HOST_KEY_ADOPT_STRAYS] = {
                .name = "AdoptStrays",
                .sections = IN_MANAGER,
                .default_text = "no",
                .allowed = "yes or no",
                .not_a = "neither yes nor no",
                .parse = key_parse_yes_no,
                .max = 1,
        },
        [HOST_KEY_HISTORY] = {
                .name = "HistorySec",
                .sections = IN_MANAGER,
                .default_text = "1h",
                .allowed = "a time up to 1d, such as 1h, or 0 for none",
                .not_a = "not a time",
                .parse = key_parse_time,
                .min = 0,
                .max = 24 * 3600 * USEC_PER_SEC,
        },
        [HOST_KEY_HISTORY_INTERVAL] = {
                .name = "HistoryIntervalSec",
                .sections = IN_MANAGER,
                .default_text = "10s",
                .allowed = "a time from 1s to 10min, such as 10s",
                .not_a = "not a time",
                .parse = key_parse_time,
                .min = USEC_PER_SEC,
                .max = 600 * USEC_PER_SEC,
        },
        [HOST_KEY_EVENT_LOG] = {
                .name = "EventLog",
                .sections = IN_MANAGER,
                .default_text = "",
                .allowed = "the absolute path of a file",
                .check = check_path,
        },
        [HOST_KEY_SHARE_POLICY] = {
                .name = "SharePolicy",
                .sections = IN_CPU,
                .default_text = "max-min",
                .allowed = "max-min, equal or weight",
                .not_a = "not a policy",
                .parse = key_parse_policy,
                .max = _SHARE_POLICY_COUNT - 1,
        },
        [HOST_KEY_CPU_THRESHOLD] = {
                .name = "CPUThreshold",
                .sections = IN_CPU,
                .default_text = "90%",
                .allowed = "a percentage of the host's CPUs from 1% to 98%",
                .not_a = "not a percentage",
                .parse = key_parse_percent_clamped,
                .min = 1 * PERCENT,
                .max = 98 * PERCENT,
        },
        [HOST_KEY_ACTIVITY_THRESHOLD] = {
                .name = "ActivityThreshold",
                .sections = IN_CPU,
                .default_text = "1%",
                .allowed = "a percentage of the host's CPUs from 0% to 100%",
                .not_a = "not a percentage",
                .parse = key_parse_percent,
                .min = 0,
                .max = 100 * PERCENT,
        },
        [HOST_KEY_RESERVED_CPUS] = {
                .name = "ReservedCPUs",
                .sections = IN_CPU,
                .default_text = "0",
                .allowed = "a whole number from 0 to 8191",
                .not_a = "not a number",
                .parse = key_parse_number,
                .min = 0,
                .max = 8191,
        },
        [HOST_KEY_WARN_AT] = {
                .name = "WarnAt",
                .sections = IN_OOM,
                .default_text = "75% 85%",
                .allowed = "up to four whole percentages of MemoryMax= from 1% to 99%, or 0 for none",
                .not_a = "not a list of percentages",
                .parse = key_parse_thresholds,
                .min = 1 * PERCENT,
                .max = 99 * PERCENT,
        },
        [HOST_KEY_WARN_INTERVAL] = {
                .name = "WarnIntervalSec",
                .sections = IN_OOM,
                .default_text = "30min",
                .allowed = "a time from 1min to 30d, such as 30min",
                .not_a = "not a time",
                .parse = key_parse_time,
                .min = 60 * USEC_PER_SEC,
                .max = 30 * 24 * 3600 * USEC_PER_SEC,
        },
        [HOST_KEY_NOTIFY_USERS] = {
                .name = "NotifyUsers",
                .sections = IN_OOM,
                .default_text = "yes",
                .allowed = "yes or no",
                .not_a = "neither yes nor no",
                .parse = key_parse_yes_no,
                .max = 1,
        },
        [HOST_KEY_NOTIFY_COMMAND] = {
                .name = "NotifyCommand",
                .sections = IN_OOM,
                .default_text = "",
                .allowed = "the absolute path of a program, and words for it with blanks between them",
                .check = check_command,
        },
        [HOST_KEY_MAIL_SERVER] = {
                .name = "Server",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = "smtp://HOST or smtps://HOST, with :PORT behind it or not",
                .check = check_server,
        },
        [HOST_KEY_MAIL_TLS] = {
                .name = "TLS",
                .sections = IN_MAIL,
                .default_text = "yes",
                .allowed = "yes or no",
                .not_a = "neither yes nor no",
                .parse = key_parse_yes_no,
                .max = 1,
        },
        [HOST_KEY_MAIL_CA_FILE] = {
                .name = "CAFile",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = "the path of a file from / on",
                .check = check_path,
        },
        [HOST_KEY_MAIL_USER] = {
                .name = "User",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = "a name of at most 255 bytes",
                .check = check_user,
        },
        [HOST_KEY_MAIL_PASSWORD_FILE] = {
                .name = "PasswordFile",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = "the path of a file from / on",
                .check = check_path,
        },
        [HOST_KEY_MAIL_FROM] = {
                .name = "From",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = MAIL_ADDRESS_ALLOWED,
                .check = check_address,
        },
        [HOST_KEY_MAIL_TIMEOUT] = {
                .name = "TimeoutSec",
                .sections = IN_MAIL,
                .default_text = "10min",
                .allowed = "a time from 1s to 1h, such as 10min",
                .not_a = "not a time",
                .parse = key_parse_time,
                .min = USEC_PER_SEC,
                .max = 3600 * USEC_PER_SEC,
        },
        [HOST_KEY_MAIL_QUEUE_MAX] = {
                .name = "QueueMax",
                .sections = IN_MAIL,
                .default_text = "1000",
                .allowed = "a whole number from 1 to 50000",
                .not_a = "not a number",
                .parse = key_parse_number,
                .min = 1,
                .max = 50000,
        },
        [HOST_KEY_MAIL_QUEUE_MAX_USE] = {
                .name = "QueueMaxUse",
                .sections = IN_MAIL,
                .default_text = "64M",
                .allowed = "a size from 1M to 16G, such as 64M",
                .not_a = "not a size",
                .parse = key_parse_bytes,
                .min = MEBIBYTE,
                .max = UINT64_C(16) << 30,
        },
        [HOST_KEY_MAIL_USER_ADDRESS] = {
                .name = "UserAddress",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = "an address with @USER@ for the user's name, such as @USER@@example.org",
                .check = check_address_pattern,
        },
        [HOST_KEY_MAIL_USER_ADDRESS_MAP] = {
                .name = "UserAddressMap",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = "the absolute path of a file",
                .check = check_path,
        },
        [HOST_KEY_MAIL_USER_ADDRESS_COMMAND] = {
                .name = "UserAddressCommand",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = "the absolute path of a program, and words for it with blanks between them",
                .check = check_command,
        },
        [HOST_KEY_MAIL_ADMIN_ADDRESS] = {
                .name = "AdminAddress",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = MAIL_ADDRESS_ALLOWED,
                .check = check_address,
        },
        [HOST_KEY_MAIL_LANGUAGE] = {
                .name = "Language",
                .sections = IN_MAIL,
                .default_text = "",
                .allowed = "a language such as de or de_AT",
                .check = check_language,
        },
        [HOST_KEY_MAIL_COALESCE] = {
                .name = "CoalesceSec",
                .sections = IN_MAIL,
                .default_text = "60s",
                .allowed = "a time up to 1h, such as 60s",
                .not_a = "not a time",
                .parse = key_parse_time,
                .min = 0,
                .max = 3600 * USEC_PER_SEC,
        },
        [HOST_KEY_MAIL_MESSAGES_PER_DAY] = {
                .name = "MessagesPerDay",
                .sections = IN_MAIL,
                .default_text = "10",
                .allowed = "a whole number from 1 to 10000",
                .not_a = "not a number",
                .parse = key_parse_number,
                .min = 1,
                .max = 10000,
        },
};

static const struct {
        const char *name, *in_words;
} sections[_SECTION_COUNT] = {
        [SECTION_MANAGER] = { "Manager", "[Manager]" }, [SECTION_CPU] = { "CPU", "[CPU]" },
        [SECTION_MEMORY] = { "Memory", "[Memory]" },    [SECTION_OOM] = { "OOM", "[OOM]" },
        [SECTION_MAIL] = { "Mail", "[Mail]" },          [SECTION_USER] = { "User", "[User …]" },
        [SECTION_GROUP] = { "Group", "[Group …]" },     [SECTION_PLAN] = { "Plan", "[Plan …]" },
};

const char *section_to_string(SectionKind section) {
        return sections[section].name;
}

const char *section_in_words(SectionKind section) {
        return sections[section].in_words;
}

bool section_has_selector(SectionKind section) {
        return section >= SECTION_USER;
}

int section_from_string(const char *name, size_t length) {
        for (int i = 0; i < _SECTION_COUNT; i++)
                if (strlen(sections[i].name) == length && memcmp(sections[i].name, name, length) == 0)
                        return i;
        return -EINVAL;
}

int key_from_string(const char *name) {
        for (int i = 0; i < _KEY_COUNT; i++)
                if (strcmp(keys[i].name, name) == 0)
                        return i;
        return -EINVAL;
}

int key_parse(unsigned key, const char *text, KeyValue *ret, const char **ret_why) {
        KeyValue value = {};
        const char *why = NULL;
        int r = keys[key].parse(&keys[key], text, &value, &why);

        if (r != 0)
                *ret_why = why ?: r == -EINVAL ? keys[key].not_a : "out of range";
        if (r >= 0)
                *ret = value;
        return r;
}

KeyValue key_default(unsigned key) {
        KeyValue value = {};
        const char *why;

        (void) key_parse(key, keys[key].default_text, &value, &why);
        return value;
}
