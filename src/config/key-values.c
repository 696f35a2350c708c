/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/key-values.h"

#include <string.h>
#include <strings.h>

#include "basic/parse.h"
#include "model/backend-kind.h"
#include "model/share-policy.h"

#define PERCENT  UINT64_C(100) /* in permyriad */
#define MEBIBYTE (UINT64_C(1) << 20)

static int in_range(const Key *key, uint64_t number) {
        return number < key->min || number > key->max ? -ERANGE : 0;
}

int key_parse_time(const Key *key, const char *text, KeyValue *ret, _unused_ const char **ret_why) {
        int r = parse_timespan(text, &ret->number);

        return r < 0 ? r : in_range(key, ret->number);
}

int key_parse_number(const Key *key, const char *text, KeyValue *ret, _unused_ const char **ret_why) {
        int r = parse_u64(text, &ret->number);

        return r < 0 ? r : in_range(key, ret->number);
}

int key_parse_yes_no(_unused_ const Key *key, const char *text, KeyValue *ret,
                     _unused_ const char **ret_why) {
        bool b;
        int r = parse_bool(text, &b);

        if (r >= 0)
                ret->number = b;
        return r;
}

int key_parse_policy(_unused_ const Key *key, const char *text, KeyValue *ret,
                     _unused_ const char **ret_why) {
        int policy = share_policy_from_string(text);

        if (policy < 0)
                return policy;
        ret->number = (uint64_t) policy;
        return 0;
}

int key_parse_backend(_unused_ const Key *key, const char *text, KeyValue *ret,
                      _unused_ const char **ret_why) {
        int kind = backend_kind_from_string(text);

        if (kind < 0)
                return kind;
        ret->number = (uint64_t) kind;
        return 0;
}

int key_parse_percent(const Key *key, const char *text, KeyValue *ret, _unused_ const char **ret_why) {
        int r = parse_permyriad(text, &ret->number);

        return r < 0 ? r : in_range(key, ret->number);
}

int key_parse_percent_clamped(const Key *key, const char *text, KeyValue *ret, const char **ret_why) {
        int r = parse_permyriad(text, &ret->number);

        if (r == -ERANGE)
                ret->number = UINT64_MAX;
        else if (r < 0)
                return r;
        if (ret->number < key->min)
                *ret_why = "too little, 1% is used";
        else if (ret->number > key->max)
                *ret_why = "too much, 98% is used";
        else
                return 0;
        ret->number = CLAMP(ret->number, key->min, key->max);
        return 1;
}

int key_parse_quota(const Key *key, const char *text, KeyValue *ret, const char **ret_why) {
        uint64_t permyriad;
        int r;

        if (strcasecmp(text, "infinity") == 0) {
                ret->number = LIMIT_UNSET;
                return 0;
        }
        r = parse_permyriad(text, &permyriad);
        if (r < 0)
                return r;
        if (permyriad % PERCENT != 0) {
                *ret_why = "not a whole percentage (systemd 252 keeps only whole ones over a reload)";
                return -EINVAL;
        }
        if (__builtin_mul_overflow(permyriad, 100, &ret->number))
                return -ERANGE;
        return in_range(key, ret->number);
}

int key_parse_bytes(const Key *key, const char *text, KeyValue *ret, _unused_ const char **ret_why) {
        int r = parse_size(text, &ret->number);

        return r < 0 ? r : in_range(key, ret->number);
}

/* Percentages of RAM are kept as they are: the configuration does not know the host. */
int key_parse_memory(const Key *key, const char *text, KeyValue *ret, const char **ret_why) {
        int r;

        if (strchr(text, '%')) {
                ret->of_ram = true;
                r = parse_permyriad(text, &ret->number);
                if (r < 0)
                        return r;
                return ret->number > 100 * PERCENT || (ret->number == 0 && key->min > 0) ? -ERANGE : 0;
        }
        r = parse_size(text, &ret->number);
        if (r < 0)
                return r;
        if (ret->number < key->min) {
                *ret_why = "too little for any session, perhaps its unit is missing";
                return -ERANGE;
        }
        if (ret->number > 0 && ret->number < MEBIBYTE) {
                *ret_why = "used as it is, but perhaps its unit is missing";
                return 1;
        }
        return 0;
}

/* Puts it where it belongs among the smaller and the larger ones. */
static int add_threshold(MemoryThresholds *thresholds, uint8_t percent) {
        unsigned at = 0;

        while (at < MEMORY_THRESHOLDS_MAX && thresholds->percent[at] > 0 &&
               thresholds->percent[at] < percent)
                at++;
        if (at < MEMORY_THRESHOLDS_MAX && thresholds->percent[at] == percent)
                return 0;
        if (thresholds->percent[MEMORY_THRESHOLDS_MAX - 1] > 0)
                return -ERANGE;
        memmove(&thresholds->percent[at + 1], &thresholds->percent[at], MEMORY_THRESHOLDS_MAX - 1 - at);
        thresholds->percent[at] = percent;
        return 0;
}

static uint64_t pack_thresholds(const MemoryThresholds *thresholds) {
        uint64_t number = 0;

        for (unsigned i = 0; i < MEMORY_THRESHOLDS_MAX; i++)
                number |= (uint64_t) thresholds->percent[i] << 8 * i;
        return number;
}

MemoryThresholds key_thresholds(uint64_t number) {
        MemoryThresholds thresholds;

        for (unsigned i = 0; i < MEMORY_THRESHOLDS_MAX; i++)
                thresholds.percent[i] = (uint8_t) (number >> 8 * i);
        return thresholds;
}

static int parse_threshold(const Key *key, const char *text, size_t length, MemoryThresholds *thresholds) {
        uint64_t permyriad;
        char word[16];
        int r;

        if (length >= sizeof word)
                return -EINVAL;
        memcpy(word, text, length);
        word[length] = '\0';
        r = parse_permyriad(word, &permyriad);
        if (r < 0)
                return r;
        if (permyriad % PERCENT != 0 || permyriad < key->min || permyriad > key->max)
                return -ERANGE;
        return add_threshold(thresholds, (uint8_t) (permyriad / PERCENT));
}

/* No copy is made of it, so that a default can always be had. */
int key_parse_thresholds(const Key *key, const char *text, KeyValue *ret, _unused_ const char **ret_why) {
        static const char separators[] = " \t,";
        bool none = strcmp(text, "0") == 0;
        MemoryThresholds thresholds = {};

        for (const char *s = text + strspn(text, separators); *s != '\0' && !none;
             s += strspn(s, separators)) {
                size_t length = strcspn(s, separators);
                int r = parse_threshold(key, s, length, &thresholds);

                if (r < 0)
                        return r;
                s += length;
        }
        if (!none && thresholds.percent[0] == 0)
                return -EINVAL;
        ret->number = pack_thresholds(&thresholds);
        return 0;
}
