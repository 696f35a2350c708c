/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/internal.h"

void pick_missing(Picked *picked, const Settings *settings) {
        for (unsigned i = 0; settings && i < _SLICE_KEY_COUNT; i++)
                if (!picked->key[i] && settings->key[i].sequence > 0)
                        picked->key[i] = &settings->key[i];
}

void pick_later(Picked *picked, const Settings *settings) {
        for (unsigned i = 0; settings && i < _SLICE_KEY_COUNT; i++) {
                unsigned sequence = settings->key[i].sequence;

                if (sequence > 0 && (!picked->key[i] || sequence > picked->key[i]->sequence))
                        picked->key[i] = &settings->key[i];
        }
}

void pick_rest(Picked *picked, const Picked *other) {
        for (unsigned i = 0; i < _SLICE_KEY_COUNT; i++)
                if (!picked->key[i])
                        picked->key[i] = other->key[i];
}

static const Settings *settings_of(const Config *config, Selector selector) {
        const Section *section = selector_map_get(&config->map, &selector);

        return section ? &section->settings : NULL;
}

static void pick_for_groups(const Config *config, const User *user, Picked *picked) {
        for (char **g = user->groups; g && *g; g++)
                pick_later(picked, settings_of(config, SELECTOR_NAME(SELECT_GROUP_NAME, *g)));
        for (size_t i = 0; i < user->gid_count; i++)
                pick_later(picked,
                           settings_of(config, SELECTOR_ID(SELECT_GROUP_ID, user->gids[i], user->gids[i])));
}

/* From the most specific to the default. */
static void pick(const Config *config, const User *user, Picked *picked) {
        const Picked *ranges = segments_get(&config->segments, user->uid);
        Picked groups = {};

        if (user->name)
                pick_later(picked, settings_of(config, SELECTOR_NAME(SELECT_USER_NAME, user->name)));
        pick_later(picked, settings_of(config, SELECTOR_ID(SELECT_USER_RANGE, user->uid, user->uid)));
        if (ranges)
                pick_rest(picked, ranges);
        pick_for_groups(config, user, &groups);
        pick_rest(picked, &groups);
        if (picked->key[SLICE_KEY_PLAN])
                pick_missing(picked, &picked->key[SLICE_KEY_PLAN]->plan->settings);
        pick_missing(picked, &config->defaults);
}

/* A limit of nothing would be the end of every process of the user; with no idea of the host's memory, a
 * share of it is no limit. */
static uint64_t share_of_ram(uint64_t ram_bytes, const Setting *setting, bool zero_allowed) {
        uint64_t bytes = (uint64_t) ((unsigned __int128) ram_bytes * setting->number / 10000);

        if (ram_bytes == 0)
                return LIMIT_UNSET;
        return bytes == 0 && !(zero_allowed && setting->number == 0) ? 1 : bytes;
}

void config_resolve(const Config *config, const User *user, uint64_t ram_bytes, SliceConfig *ret) {
        Picked picked = {};

        pick(config, user, &picked);
        for (unsigned i = 0; i < _LIMIT_COUNT; i++) {
                const Setting *s = picked.key[i];

                ret->limits.value[i] =
                        s->of_ram ? share_of_ram(ram_bytes, s, i == LIMIT_MEMORY_SWAP_MAX) : s->number;
        }
        ret->memory_strict = picked.key[SLICE_KEY_MEMORY_STRICT]->number;
}

static bool has(const SelectorMap *map, Selector selector) {
        return selector_map_get(map, &selector);
}

bool config_is_exempt(const Config *config, const User *user) {
        const SelectorMap *users = &config->exempt_users, *groups = &config->exempt_groups;

        if (user->uid < config->host.min_uid ||
            has(users, SELECTOR_ID(SELECT_USER_RANGE, user->uid, user->uid)) ||
            (user->name && has(users, SELECTOR_NAME(SELECT_USER_NAME, user->name))))
                return true;
        for (char **g = user->groups; g && *g; g++)
                if (has(groups, SELECTOR_NAME(SELECT_GROUP_NAME, *g)))
                        return true;
        for (size_t i = 0; i < user->gid_count; i++)
                if (has(groups, SELECTOR_ID(SELECT_GROUP_ID, user->gids[i], user->gids[i])))
                        return true;
        return false;
}
