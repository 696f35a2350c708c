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

static const Settings *settings_of(const Sections *sections, Selector selector) {
        const Section *section = sections_get(sections, selector);

        return section ? &section->settings : NULL;
}

/* What sections with the user's very name or UID say. */
static Picked pick_for_user(const Sections *sections, const User *user) {
        Picked picked = {};

        if (user->name)
                pick_later(&picked, settings_of(sections, SELECTOR_NAME(SELECT_USER_NAME, user->name)));
        pick_later(&picked, settings_of(sections, SELECTOR_ID(SELECT_USER_RANGE, user->uid, user->uid)));
        return picked;
}

static Picked pick_for_groups(const Sections *sections, const User *user) {
        Picked picked = {};

        for (char **g = user->groups; g && *g; g++)
                pick_later(&picked, settings_of(sections, SELECTOR_NAME(SELECT_GROUP_NAME, *g)));
        for (size_t i = 0; i < user->gid_count; i++)
                pick_later(&picked, settings_of(sections,
                                                SELECTOR_ID(SELECT_GROUP_ID, user->gids[i], user->gids[i])));
        return picked;
}

/* The plan itself; NULL if the configuration has none of this name any more. */
static const Section *find_plan(const Config *config, const Setting *setting) {
        return sections_get(&config->sections, setting->plan->selector);
}

/* Set over the bus: for now, then for good. */
static void pick_control(const Config *config, const Control *control, const User *user, Picked *picked) {
        const Picked runtime = pick_for_user(&control->runtime, user),
                     persistent = pick_for_user(&control->persistent, user);
        const Setting **plan = &picked->key[SLICE_KEY_PLAN];

        pick_rest(picked, &runtime);
        pick_rest(picked, &persistent);
        if (*plan && !find_plan(config, *plan))
                *plan = NULL;
}

void config_pick(const Config *config, const Control *control, const User *user, Picked *ret) {
        const Picked user_sections = pick_for_user(&config->sections, user),
                     groups = pick_for_groups(&config->sections, user),
                     *ranges = segments_get(&config->segments, user->uid);
        Picked picked = {};

        if (control)
                pick_control(config, control, user, &picked);
        pick_rest(&picked, &user_sections);
        if (ranges)
                pick_rest(&picked, ranges);
        pick_rest(&picked, &groups);
        if (picked.key[SLICE_KEY_PLAN])
                pick_missing(&picked, &find_plan(config, picked.key[SLICE_KEY_PLAN])->settings);
        pick_missing(&picked, &config->defaults);
        *ret = picked;
}

/* A limit of nothing would be the end of every process of the user; with no idea of the host's memory, a
 * share of it is no limit. */
static uint64_t share_of_ram(uint64_t ram_bytes, const Setting *setting, bool zero_allowed) {
        uint64_t bytes = (uint64_t) ((unsigned __int128) ram_bytes * setting->number / 10000);

        if (ram_bytes == 0)
                return LIMIT_UNSET;
        return bytes == 0 && !(zero_allowed && setting->number == 0) ? 1 : bytes;
}

void config_resolve(const Config *config, const Control *control, const User *user, uint64_t ram_bytes,
                    SliceConfig *ret) {
        Picked picked;

        config_pick(config, control, user, &picked);
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
