/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/import-values.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define BEFORE_THE_FIRST \
        "stands before the first section, and CGroup_Py would not start with it; it is left out."
#define MAIN_ONLY                                                                                     \
        "CGroup_Py reads [main] only, so it had no effect; what is to hold for one user goes into a " \
        "section [User NAME]."
#define CPUSET_IS_NOT_SET                                                                                  \
        "so many CPUs are left out of what is shared, but users are not kept off the first ones, as they " \
        "were; where that is wanted, set AllowedCPUs= on user.slice with systemd."

/* A number of CGroup_Py's and what fairslice takes of it. */
typedef struct Number {
        const char *allowed; /* "allowed is " and this */
        const char *fallback_text[_IMPORT_GENERATION_COUNT];
        uint64_t fallback[_IMPORT_GENERATION_COUNT];
        double above;    /* what is not is no value for CGroup_Py either */
        double min, max; /* what is outside is clamped */
        double scale;    /* units of ImportValues.value in one of the old */
        bool whole;
        bool fraction; /* CGroup_Py 2 takes numbers up to 1 as parts of 1 rather than of 100 */
} Number;

static const Number numbers[_IMPORT_SETTING_COUNT] = {
        [IMPORT_INTERVAL] = { .allowed = "a number of seconds from 0.1 to 3600",
                              .fallback_text = { "10", "10" },
                              .fallback = { 10000, 10000 },
                              .min = .1,
                              .max = 3600,
                              .scale = 1000 },
        [IMPORT_MIN_UID] = { .allowed = "a UID from 1 to 4294967294",
                             .fallback_text = { "500", "1000" },
                             .fallback = { 500, 1000 },
                             .above = -INFINITY,
                             .min = 1,
                             .max = UINT32_MAX - 1,
                             .scale = 1,
                             .whole = true },
        [IMPORT_CPU_LIMIT] = { .allowed = "a percentage from 1 to 98",
                               .fallback_text = { "90", "90" },
                               .fallback = { 9000, 9000 },
                               .above = -INFINITY,
                               .min = 1,
                               .max = 98,
                               .scale = 100,
                               .fraction = true },
        [IMPORT_ACTIVITY] = { .allowed = "a percentage from 0 to 100",
                              .fallback_text = { "15", "15" },
                              .fallback = { 1500, 1500 },
                              .above = -INFINITY,
                              .min = 0,
                              .max = 100,
                              .scale = 100,
                              .fraction = true },
        [IMPORT_RESERVED_CPUS] = { .allowed = "a whole number from 0 to 8191",
                                   .fallback_text = { "0", "0" },
                                   .above = -INFINITY,
                                   .min = 0,
                                   .max = 8191,
                                   .scale = 1,
                                   .whole = true },
        [IMPORT_MEMORY] = { .allowed = "a number of GiB from 0.002",
                            .fallback_text = { "a quarter of the host's memory",
                                               "a quarter of the host's memory" },
                            .min = .002,
                            .max = 1e9,
                            .scale = 1 << 30 },
};

static const Number hard_cap = { .allowed = "a percentage of one CPU from 1 to 1000000",
                                 .fallback_text = { "90", "90" },
                                 .fallback = { 90, 90 },
                                 .min = 1,
                                 .max = 1000000,
                                 .scale = 1,
                                 .fraction = true };

/* Where an entry stands. Keys of [DEFAULT] hold in [main] too, unless it sets them. */
typedef enum Place { PLACE_OUTSIDE, PLACE_MAIN, PLACE_DEFAULT, PLACE_ELSEWHERE } Place;

typedef struct Importer {
        const Entries *entries;
        Problems *problems;
        ImportValues values;
        const Entry *chosen[_IMPORT_SETTING_COUNT]; /* the one that counts, right or wrong */
} Importer;

const char *import_generation_to_string(ImportGeneration generation) {
        return generation == CGROUP_PY_1 ? "CGroup_Py 1" : "CGroup_Py 2";
}

/* "key=value: " and the rest, which is a whole sentence. */
_printf_(3, 4) static int tell(Importer *im, const Entry *entry, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        QuoteBuffer key, value;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0) {
                text = NULL; /* undefined */
                return -ENOMEM;
        }
        return problems_add(im->problems, PROBLEM_WARNING, entry->file, entry->line, "%s=%s: %s",
                            quote(key, entry->key), quote(value, entry->value), text);
}

/* ---- which entries count ---- */

static bool is_section(const Entry *entry) {
        return !entry->key && !entry->problem;
}

static Place place_of_section(const Entry *entry) {
        if (!entry->value)
                return PLACE_OUTSIDE;
        if (strcmp(entry->value, "main") == 0)
                return PLACE_MAIN;
        return strcmp(entry->value, "DEFAULT") == 0 ? PLACE_DEFAULT : PLACE_ELSEWHERE;
}

/* By what only one of the two knows; in doubt it is the first. Returns false if there is no [main]. */
static bool find_generation(const Entries *entries, ImportGeneration *ret) {
        size_t votes[_IMPORT_GENERATION_COUNT] = {};
        Place place = PLACE_OUTSIDE;
        bool found = false;

        for (size_t i = 0; i < entries->count; i++) {
                const Entry *e = &entries->item[i];

                if (is_section(e))
                        place = place_of_section(e);
                found = found || place == PLACE_MAIN;
                if (!e->key || (place != PLACE_MAIN && place != PLACE_DEFAULT))
                        continue;
                for (unsigned g = 0; g < _IMPORT_GENERATION_COUNT; g++)
                        votes[g] += import_name_find(e->key, (ImportGeneration) g) >= 0 &&
                                    import_name_find(e->key, (ImportGeneration) !g) < 0;
        }
        *ret = votes[CGROUP_PY_2] > votes[CGROUP_PY_1] ? CGROUP_PY_2 : CGROUP_PY_1;
        return found;
}

/* Of each name the last one holds, in [main] rather than in [DEFAULT]; of several names the first in the
 * table.
 */
static void choose(Importer *im) {
        const Entry *in[PLACE_ELSEWHERE][IMPORT_NAMES_COUNT] = {};
        Place place = PLACE_OUTSIDE;

        for (size_t i = 0; i < im->entries->count; i++) {
                const Entry *e = &im->entries->item[i];
                int name;

                if (is_section(e))
                        place = place_of_section(e);
                name = e->key ? import_name_find(e->key, im->values.generation) : -ENOENT;
                if (name >= 0 && place < PLACE_ELSEWHERE)
                        in[place][name] = e;
        }
        for (int name = 0; name < IMPORT_NAMES_COUNT; name++) {
                int setting = import_names[name].setting;

                if (setting >= 0 && !im->chosen[setting])
                        im->chosen[setting] = in[PLACE_MAIN][name] ?: in[PLACE_DEFAULT][name];
        }
}

/* ---- what they say ---- */

static const Number *number_of(const Importer *im, ImportSetting setting) {
        return setting == IMPORT_CPU_LIMIT && im->values.hard_cap ? &hard_cap : &numbers[setting];
}

/* As Python's int() or float() takes it, but for the likes of "nan". The service never sets a locale. */
static int read_number(const char *text, bool whole, double *ret) {
        double value;
        char *end;

        text += strspn(text, " \t");
        if (*text == '\0' || text[strspn(text, whole ? "+-0123456789" : "+-0123456789.eE")] != '\0')
                return -EINVAL;
        value = strtod(text, &end);
        if (end == text || *end != '\0')
                return -EINVAL;
        *ret = value;
        return 0;
}

/* What the administrator should know of a number that is carried over; `used` is what it has become. */
static int tell_difference(Importer *im, const Entry *entry, ImportSetting setting, double value,
                           double used) {
        const Number *number = number_of(im, setting);
        int digits = number->whole ? 10 : 6;

        if (value < number->min || value > number->max)
                return tell(im, entry, "outside of what fairslice allows, %s; %.*g is used.",
                            number->allowed, digits, used);
        if (setting != IMPORT_MEMORY && fabs(used - value) > 1e-9)
                return tell(im, entry, "more digits than fairslice keeps; %.*g is used.", digits, used);
        if (setting == IMPORT_RESERVED_CPUS && used > 0)
                return tell(im, entry, CPUSET_IS_NOT_SET);
        if (setting == IMPORT_ACTIVITY && im->values.hard_cap)
                return tell(im, entry, "with throttleMode=hard_cap it had no effect.");
        return 0;
}

static int set_number(Importer *im, const Entry *entry, ImportSetting setting) {
        const Number *number = number_of(im, setting);
        uint64_t units;
        double value;

        if (read_number(entry->value, number->whole, &value) < 0 || value <= number->above)
                return tell(im, entry, "not a value for it; allowed is %s. The default, %s, stands.",
                            number->allowed, number->fallback_text[im->values.generation]);
        if (number->fraction && value <= 1 && im->values.generation == CGROUP_PY_2)
                value *= 100;
        units = (uint64_t) (CLAMP(value, number->min, number->max) * number->scale + .5);
        im->values.value[setting] = units;
        im->values.from[setting] = entry;
        return tell_difference(im, entry, setting, value, (double) units / number->scale);
}

static bool is_hard_cap(const Entry *entry) {
        return entry && strcmp(entry->value, "hard_cap") == 0;
}

static int set_mode(Importer *im, const Entry *entry) {
        if (!is_hard_cap(entry) && strcmp(entry->value, "even_active") != 0)
                return tell(im, entry,
                            "not a value for it; allowed is %s. The default, even_active, stands.",
                            "even_active or hard_cap");
        im->values.from[IMPORT_THROTTLE_MODE] = entry;
        return 0;
}

static int not_of_this_generation(Importer *im, const Entry *entry) {
        ImportGeneration other = (ImportGeneration) !im->values.generation;

        if (import_name_find(entry->key, other) < 0)
                return tell(im, entry, "CGroup_Py knows no such option, so it had no effect.");
        return tell(im, entry,
                    "an option of %s, and by its other options this file is for %s; it is left out.",
                    import_generation_to_string(other), import_generation_to_string(im->values.generation));
}

static int take_entry(Importer *im, const Entry *entry) {
        int name = import_name_find(entry->key, im->values.generation);
        int setting = name >= 0 ? import_names[name].setting : -1;

        if (name < 0)
                return not_of_this_generation(im, entry);
        if (setting < 0)
                return tell(im, entry, "%s.", import_names[name].why);
        if (im->chosen[setting] != entry)
                return tell(im, entry, "line %u holds instead, so it had no effect.",
                            im->chosen[setting]->line);
        return setting == IMPORT_THROTTLE_MODE ? set_mode(im, entry)
                                               : set_number(im, entry, (ImportSetting) setting);
}

static int take_entries(Importer *im) {
        Place place = PLACE_OUTSIDE;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < im->entries->count; i++) {
                const Entry *e = &im->entries->item[i];

                if (is_section(e))
                        place = place_of_section(e);
                else if (e->problem)
                        r = problems_add(im->problems, PROBLEM_WARNING, e->file, e->line, "%s", e->problem);
                else if (place == PLACE_OUTSIDE)
                        r = tell(im, e, BEFORE_THE_FIRST);
                else if (place == PLACE_ELSEWHERE)
                        r = tell(im, e, MAIN_ONLY);
                else
                        r = take_entry(im, e);
        }
        return r;
}

int import_values_read(const Entries *entries, Problems *problems, ImportValues *ret) {
        Importer im = { .entries = entries, .problems = problems };
        int r;

        if (!find_generation(entries, &im.values.generation))
                return -EBADMSG;
        choose(&im);
        im.values.hard_cap = is_hard_cap(im.chosen[IMPORT_THROTTLE_MODE]);
        for (unsigned i = 0; i < _IMPORT_SETTING_COUNT; i++)
                im.values.value[i] = number_of(&im, (ImportSetting) i)->fallback[im.values.generation];
        r = take_entries(&im);
        if (r < 0)
                return r;
        *ret = im.values;
        return 0;
}
