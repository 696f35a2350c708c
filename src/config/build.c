/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/build.h"

#include <string.h>

#include "config/control.h"
#include "config/problem.h"
#include "model/look.h"

/* Defaults are older than everything that is read. */
#define SEQUENCE_DEFAULT 1U

/* Where the entry that is being looked at stands. */
typedef enum Place {
        PLACE_OUTSIDE, /* before the first section of the file */
        PLACE_IGNORED, /* in a section that a problem was already reported about */
        PLACE_SECTION,
} Place;

typedef struct Builder {
        Config *config; /* NULL: it is what was set over the bus */
        Sections *sections;
        const Sections *plans; /* where they are looked for; the same as `sections` for a configuration */
        Problems *problems;
        const Entry *entry;
        unsigned sequence;
        Place place;
        SectionKind kind;          /* if in PLACE_SECTION */
        const char *header;        /* the text between its brackets */
        Settings *settings;        /* what is set for users there; NULL: nothing can be */
        uint64_t host[_KEY_COUNT]; /* by HostKey */
        const Entry *history;      /* the last that was about it; NULL: the defaults */
        const Entry *login;        /* the last that was about how a password goes to the mail server */
        const Entry *server;       /* the last that said which one that is */
        const Entry *address;      /* the last that said whom mail goes to */
} Builder;

/* A problem at the entry that is being looked at. */
#define report(b, level, ...) \
        problems_add((b)->problems, (level), (b)->entry->file, (b)->entry->line, __VA_ARGS__)

/* A list for a message, "A, B and C". It is made of our own words only, so the buffer is large enough. */
typedef char WordsBuffer[512];

static const char *in_words(WordsBuffer buffer, const char *const *words, size_t count) {
        size_t length = 0;

        *buffer = '\0';
        for (size_t i = 0; i < count && length < sizeof(WordsBuffer); i++)
                length += (size_t) snprintf(buffer + length, sizeof(WordsBuffer) - length, "%s%s",
                                            i == 0           ? ""
                                            : i + 1 == count ? " and "
                                                             : ", ",
                                            words[i]);
        return buffer;
}

/* "[User alice] Key=value: WHY", bounded. */
static int complain(Builder *b, ProblemLevel level, const char *why, const char *allowed) {
        QuoteBuffer header, key, value;

        return report(b, level, "[%s] %s=%s: %s; allowed is %s.", quote(header, b->header),
                      quote(key, b->entry->key), quote(value, b->entry->value), why, allowed);
}

/* ---- sections ---- */

static int parse_selector(SectionKind kind, const char *s, Selector *ret, const char **ret_why) {
        s += strspn(s, " \t");
        switch (kind) {
        case SECTION_USER:
                return selector_parse_user(s, ret, ret_why);
        case SECTION_GROUP:
                return selector_parse_group(s, ret, ret_why);
        default:
                return selector_parse_plan(s, ret, ret_why);
        }
}

/* What can be set over the bus is about one user at a time. */
static const char allowed_control[] = "[User UID] or [User NAME]";

static const char *allowed_selector(SectionKind kind) {
        switch (kind) {
        case SECTION_USER:
                return "[User NAME], [User UID] or [User FIRST-LAST]";
        case SECTION_GROUP:
                return "[Group NAME] or [Group GID]";
        default:
                return "[Plan NAME]";
        }
}

static int unknown_section(Builder *b, const char *header, size_t length) {
        const char *words[_SECTION_COUNT];
        int nearest = section_nearest(header, length);
        WordsBuffer allowed;
        QuoteBuffer buffer;

        if (nearest >= 0)
                return report(b, PROBLEM_ERROR, "[%s]: no such section, left out; did you mean %s?",
                              quote(buffer, header), section_in_words((SectionKind) nearest));
        for (unsigned i = 0; i < _SECTION_COUNT; i++)
                words[i] = section_in_words((SectionKind) i);
        return report(b, PROBLEM_ERROR, "[%s]: no such section, left out; allowed are %s.",
                      quote(buffer, header), in_words(allowed, words, _SECTION_COUNT));
}

static int wrong_header(Builder *b, const char *header, const char *why, const char *allowed) {
        QuoteBuffer buffer;

        return report(b, PROBLEM_ERROR, "[%s]: %s, so the section is left out; allowed is %s.",
                      quote(buffer, header), why, allowed);
}

static int enter_subject(Builder *b, SectionKind kind, const char *header, const char *rest) {
        Selector selector;
        const char *why;
        Section *section;
        int r = parse_selector(kind, rest, &selector, &why);

        if (r == -EINVAL)
                return wrong_header(b, header, why, b->config ? allowed_selector(kind) : allowed_control);
        if (r < 0)
                return r;
        if (!b->config && selector.first != selector.last)
                return wrong_header(b, header, "not a single user", allowed_control);
        section = sections_add(b->sections, &selector);
        if (!section)
                return -ENOMEM;
        b->place = PLACE_SECTION;
        b->settings = &section->settings;
        return 0;
}

static int enter_section(Builder *b) {
        const char *header = b->entry->value;
        size_t length;
        int kind;

        b->place = b->entry->line == 0 ? PLACE_OUTSIDE : PLACE_IGNORED;
        if (!header)
                return 0;
        length = strcspn(header, " \t");
        kind = section_from_string(header, length);
        if (kind < 0)
                return unknown_section(b, header, length);
        b->kind = (SectionKind) kind;
        b->header = header;
        if (!b->config && kind != SECTION_USER)
                return wrong_header(b, header, "not in " CONTROL_DIRECTORY, allowed_control);
        if (section_has_selector(b->kind))
                return enter_subject(b, b->kind, header, header + length);
        if (header[length] != '\0')
                return wrong_header(b, header, "nothing can follow the name", section_in_words(b->kind));
        b->place = PLACE_SECTION;
        b->settings = b->kind == SECTION_CPU || b->kind == SECTION_MEMORY ? &b->config->defaults : NULL;
        return 0;
}

/* Plan= may name a plan that is described further down or in a later file, so these are met first. */
static int enter_plans(const Entries *entries, Config *config) {
        size_t length = strlen(section_to_string(SECTION_PLAN));

        for (size_t i = 0; i < entries->count; i++) {
                const Entry *e = &entries->item[i];
                Selector selector;
                const char *why;
                int r;

                if (e->key || !e->value ||
                    section_from_string(e->value, strcspn(e->value, " \t")) != SECTION_PLAN)
                        continue;
                r = parse_selector(SECTION_PLAN, e->value + length, &selector, &why);
                if (r == -ENOMEM || (r >= 0 && !sections_add(&config->sections, &selector)))
                        return -ENOMEM;
        }
        return 0;
}

/* ---- keys ---- */

static int unknown_key(Builder *b) {
        const char *nearest = key_nearest(b->entry->key, b->kind), *words[_KEY_COUNT];
        QuoteBuffer header, key;
        WordsBuffer allowed;
        size_t count = 0;

        if (nearest)
                return report(b, PROBLEM_ERROR, "[%s] %s=: no such key; did you mean %s=?",
                              quote(header, b->header), quote(key, b->entry->key), nearest);
        for (unsigned i = 0; i < _KEY_COUNT; i++)
                if (key_is_in(i, b->kind))
                        words[count++] = keys[i].name;
        return report(b, PROBLEM_ERROR, "[%s] %s=: no such key; allowed are %s.", quote(header, b->header),
                      quote(key, b->entry->key), in_words(allowed, words, count));
}

static int misplaced_key(Builder *b, unsigned key) {
        const char *words[_SECTION_COUNT];
        QuoteBuffer header;
        WordsBuffer allowed;
        size_t count = 0;

        for (unsigned i = 0; i < _SECTION_COUNT; i++)
                if (key_is_in(key, (SectionKind) i))
                        words[count++] = section_in_words((SectionKind) i);
        return report(b, PROBLEM_ERROR, "[%s] %s=: does not belong here; it is set %sin %s.",
                      quote(header, b->header), keys[key].name,
                      key >= _SLICE_KEY_COUNT ? "for the whole host, " : "",
                      in_words(allowed, words, count));
}

static void free_selector(void *selector) {
        selector_done(selector);
        free(selector);
}

/* Takes the selector's name, also on failure. */
static int add_exempt(SelectorMap *map, Selector *selector) {
        Selector *item = malloc(sizeof *item);
        int r;

        if (!item) {
                selector_done(selector);
                return -ENOMEM;
        }
        *item = *selector;
        r = selector_map_add(map, item);
        if (r < 0)
                free_selector(item);
        return r == -EEXIST ? 0 : r;
}

/* One word of ExemptUsers= or ExemptGroups=. */
static int set_exempt_word(Builder *b, unsigned key, SelectorMap *map, const char *word) {
        Selector selector;
        const char *why = "a range of UIDs";
        QuoteBuffer header, quoted;
        int r;

        r = key == HOST_KEY_EXEMPT_USERS ? selector_parse_user(word, &selector, &why)
                                         : selector_parse_group(word, &selector, &why);
        if (r >= 0 && selector.first == selector.last)
                return add_exempt(map, &selector);
        if (r == -ENOMEM)
                return r;
        return report(b, PROBLEM_ERROR, "[%s] %s=: %s in it: %s; allowed is %s.", quote(header, b->header),
                      keys[key].name, quote(quoted, word), why, keys[key].allowed);
}

static int set_exempt(Builder *b, unsigned key) {
        SelectorMap *map =
                key == HOST_KEY_EXEMPT_USERS ? &b->config->exempt_users : &b->config->exempt_groups;
        _cleanup_free_ char *copy = strdup(b->entry->value);
        char *rest = copy;
        int r = 0;

        if (!copy)
                return -ENOMEM;
        if (*copy == '\0')
                selector_map_clear(map, free_selector);
        for (char *word; r >= 0 && (word = strsep(&rest, " \t,"));)
                if (*word != '\0')
                        r = set_exempt_word(b, key, map, word);
        return r;
}

/* In what was set over the bus an empty section stands for the plan, which may be another one after the
 * configuration was read again. NULL without memory. */
static const Section *remember_plan(Builder *b, const Section *plan) {
        Selector selector = SELECTOR_NAME(SELECT_PLAN, NULL);

        if (b->config)
                return plan;
        selector.name = strdup(plan->selector.name);
        return selector.name ? sections_add(b->sections, &selector) : NULL;
}

static int set_plan(Builder *b) {
        Setting *setting = &b->settings->key[SLICE_KEY_PLAN];
        const Section *plan;

        if (*b->entry->value == '\0') {
                *setting = (Setting){};
                return 0;
        }
        plan = sections_get(b->plans, SELECTOR_NAME(SELECT_PLAN, b->entry->value));
        if (!plan)
                return complain(b, PROBLEM_ERROR, "there is no such plan", keys[SLICE_KEY_PLAN].allowed);
        plan = remember_plan(b, plan);
        if (!plan)
                return -ENOMEM;
        *setting = (Setting){
                .plan = plan, .sequence = b->sequence, .file = b->entry->file, .line = b->entry->line
        };
        return 0;
}

static Setting default_setting(unsigned key) {
        KeyValue value = key_default(key);

        return (Setting){ .number = value.number, .of_ram = value.of_ram, .sequence = SEQUENCE_DEFAULT };
}

static void store(Builder *b, unsigned key, const KeyValue *value) {
        if (key == HOST_KEY_HISTORY || key == HOST_KEY_HISTORY_INTERVAL)
                b->history = b->entry;
        if (key == HOST_KEY_MAIL_TLS)
                b->login = b->entry;
        if (key >= _SLICE_KEY_COUNT)
                b->host[key] = value->number;
        else
                b->settings->key[key] = (Setting){ .number = value->number,
                                                   .of_ram = value->of_ram,
                                                   .sequence = b->sequence,
                                                   .file = b->entry->file,
                                                   .line = b->entry->line };
}

static void reset(Builder *b, unsigned key) {
        if (key >= _SLICE_KEY_COUNT)
                b->host[key] = key_default(key).number;
        else
                b->settings->key[key] = section_has_selector(b->kind) ? (Setting){} : default_setting(key);
}

static int set_value(Builder *b, unsigned key) {
        const char *why = NULL;
        KeyValue value;
        int r;

        if (*b->entry->value == '\0') {
                reset(b, key);
                return 0;
        }
        r = key_parse(key, b->entry->value, &value, &why);
        if (r >= 0)
                store(b, key, &value);
        if (r != 0)
                return complain(b, r < 0 ? PROBLEM_ERROR : PROBLEM_WARNING, why, keys[key].allowed);
        return 0;
}

static void note_mail(Builder *b, unsigned key) {
        if (key == HOST_KEY_MAIL_SERVER || key == HOST_KEY_MAIL_USER)
                b->login = b->entry;
        if (key == HOST_KEY_MAIL_SERVER)
                b->server = b->entry;
        if (*b->entry->value == '\0')
                return;
        if (key == HOST_KEY_MAIL_USER_ADDRESS || key == HOST_KEY_MAIL_USER_ADDRESS_MAP ||
            key == HOST_KEY_MAIL_USER_ADDRESS_COMMAND || key == HOST_KEY_MAIL_ADMIN_ADDRESS)
                b->address = b->entry;
}

static int set_text(Builder *b, unsigned key) {
        const char *value = b->entry->value, *why;
        char *copy = NULL;
        int r;

        if (*value != '\0') {
                r = keys[key].check(value, &why);
                if (r < 0)
                        return complain(b, PROBLEM_ERROR, why, keys[key].allowed);
                copy = strdup(value);
                if (!copy)
                        return -ENOMEM;
        }
        note_mail(b, key);
        free(b->config->text[key]);
        b->config->text[key] = copy;
        return 0;
}

static int apply_assignment(Builder *b) {
        QuoteBuffer buffer;
        int key;

        if (b->place == PLACE_IGNORED)
                return 0;
        if (b->place == PLACE_OUTSIDE)
                return report(
                        b, PROBLEM_ERROR,
                        "%s=: stands before the first section; allowed is [SECTION] on a line above it.",
                        quote(buffer, b->entry->key));
        b->sequence++;
        key = key_from_string(b->entry->key);
        if (key < 0)
                return unknown_key(b);
        if (!key_is_in((unsigned) key, b->kind))
                return misplaced_key(b, (unsigned) key);
        if (key == HOST_KEY_EXEMPT_USERS || key == HOST_KEY_EXEMPT_GROUPS)
                return set_exempt(b, (unsigned) key);
        if (keys[key].check)
                return set_text(b, (unsigned) key);
        return key == SLICE_KEY_PLAN ? set_plan(b) : set_value(b, (unsigned) key);
}

/* ---- all of it ---- */

static void set_defaults(Builder *b) {
        for (unsigned i = 0; i < _KEY_COUNT; i++)
                if (!keys[i].parse)
                        continue;
                else if (i < _SLICE_KEY_COUNT)
                        b->config->defaults.key[i] = default_setting(i);
                else
                        b->host[i] = key_default(i).number;
}

/* How many looks are kept follows from two keys, so it is checked when both are known. */
static int check_history(Builder *b, unsigned *ret_looks) {
        uint64_t span = b->host[HOST_KEY_HISTORY], looks = span / b->host[HOST_KEY_HISTORY_INTERVAL];

        *ret_looks = (unsigned) MIN(looks, HISTORY_LOOKS_MAX);
        b->entry = b->history; /* the defaults suit each other */
        if (looks > HISTORY_LOOKS_MAX)
                return report(b, PROBLEM_WARNING,
                              "[Manager] HistorySec=: more than %u times HistoryIntervalSec=; so many looks "
                              "are kept.",
                              HISTORY_LOOKS_MAX);
        if (looks == 0 && span > 0)
                return report(b, PROBLEM_WARNING,
                              "[Manager] HistorySec=: less than HistoryIntervalSec=, so no look is kept.");
        return 0;
}

static HostConfig host_config(const Builder *b) {
        return (HostConfig){
                .interval_usec = b->host[HOST_KEY_INTERVAL],
                .min_uid = (uid_t) b->host[HOST_KEY_MIN_UID],
                .observe = b->host[HOST_KEY_OBSERVE],
                .backend = (BackendKind) b->host[HOST_KEY_BACKEND],
                .adopt_strays = b->host[HOST_KEY_ADOPT_STRAYS],
                .history_interval_usec = b->host[HOST_KEY_HISTORY_INTERVAL],
                .share_policy = (SharePolicy) b->host[HOST_KEY_SHARE_POLICY],
                .cpu_threshold_permyriad = (unsigned) b->host[HOST_KEY_CPU_THRESHOLD],
                .activity_permyriad = (unsigned) b->host[HOST_KEY_ACTIVITY_THRESHOLD],
                .reserved_cpus = (unsigned) b->host[HOST_KEY_RESERVED_CPUS],
                .event_log = b->config->text[HOST_KEY_EVENT_LOG],
                .warn_at = key_thresholds(b->host[HOST_KEY_WARN_AT]),
                .warn_interval_usec = b->host[HOST_KEY_WARN_INTERVAL],
                .notify_users = b->host[HOST_KEY_NOTIFY_USERS],
                .notify_command = b->config->text[HOST_KEY_NOTIFY_COMMAND],
        };
}

static MailConfig mail_config(const Builder *b) {
        char *const *text = b->config->text;

        return (MailConfig){
                .server = text[HOST_KEY_MAIL_SERVER],
                .tls = b->host[HOST_KEY_MAIL_TLS],
                .ca_file = text[HOST_KEY_MAIL_CA_FILE],
                .user = text[HOST_KEY_MAIL_USER],
                .password_file = text[HOST_KEY_MAIL_PASSWORD_FILE],
                .from = text[HOST_KEY_MAIL_FROM],
                .timeout_usec = b->host[HOST_KEY_MAIL_TIMEOUT],
                .queue_max = (unsigned) b->host[HOST_KEY_MAIL_QUEUE_MAX],
                .queue_max_use = b->host[HOST_KEY_MAIL_QUEUE_MAX_USE],
                .user_address = text[HOST_KEY_MAIL_USER_ADDRESS],
                .user_address_map = text[HOST_KEY_MAIL_USER_ADDRESS_MAP],
                .user_address_command = text[HOST_KEY_MAIL_USER_ADDRESS_COMMAND],
                .admin_address = text[HOST_KEY_MAIL_ADMIN_ADDRESS],
                .language = text[HOST_KEY_MAIL_LANGUAGE],
                .coalesce_usec = b->host[HOST_KEY_MAIL_COALESCE],
                .messages_per_day = (unsigned) b->host[HOST_KEY_MAIL_MESSAGES_PER_DAY],
        };
}

/* Half of what makes mail. */
static int check_who_gets_mail(Builder *b) {
        const MailConfig *mail = &b->config->mail;
        bool any = mail->user_address || mail->user_address_map || mail->user_address_command ||
                   mail->admin_address;

        if (!mail->server == !any)
                return 0;
        b->entry = mail->server ? b->server : b->address;
        return report(b, PROBLEM_WARNING, "[Mail] %s=: has no effect without %s; nobody gets mail.",
                      b->entry->key,
                      mail->server ? "AdminAddress=, UserAddress=, UserAddressMap= or UserAddressCommand="
                                   : "Server=");
}

/* Both may be meant, so it is said and done. */
static int check_login(Builder *b) {
        const MailConfig *mail = &b->config->mail;

        b->entry = b->login;
        if (mail->tls || !mail->server)
                return 0;
        if (strncmp(mail->server, "smtps:", strlen("smtps:")) == 0)
                return report(b, PROBLEM_WARNING,
                              "[Mail] TLS=no: has no effect on smtps://, which is always encrypted.");
        if (mail->user)
                return report(
                        b, PROBLEM_WARNING,
                        "[Mail] TLS=no: the password of User= goes to the server for anybody to read.");
        return 0;
}

static int check_mail(Builder *b) {
        int r = check_who_gets_mail(b);

        return r < 0 ? r : check_login(b);
}

static int apply(Builder *b) {
        const Entry *e = b->entry;

        if (e->problem)
                return report(b, PROBLEM_ERROR, "%s", e->problem);
        return e->key ? apply_assignment(b) : enter_section(b);
}

static int apply_all(Builder *b, const Entries *entries) {
        int r = 0;

        b->sequence = SEQUENCE_DEFAULT;
        for (size_t i = 0; r >= 0 && i < entries->count; i++) {
                b->entry = &entries->item[i];
                r = apply(b);
        }
        return r;
}

int control_build(const Entries *entries, const Config *config, Problems *problems, Sections *sections) {
        Builder b = { .sections = sections, .plans = &config->sections, .problems = problems };

        return apply_all(&b, entries);
}

int config_build(const Entries *entries, Problems *problems, Config *config) {
        Builder b = {
                .config = config,
                .sections = &config->sections,
                .plans = &config->sections,
                .problems = problems,
        };
        int r;

        set_defaults(&b);
        r = enter_plans(entries, config);
        if (r >= 0)
                r = apply_all(&b, entries);
        if (r < 0)
                return r;
        config->host = host_config(&b);
        config->mail = mail_config(&b);
        r = check_history(&b, &config->host.history_looks);
        if (r >= 0)
                r = check_mail(&b);
        if (r < 0)
                return r;
        return segments_new(config->sections.item, config->sections.count, &config->segments);
}

Config *config_free(Config *config) {
        if (!config)
                return NULL;
        selector_map_clear(&config->exempt_users, free_selector);
        selector_map_clear(&config->exempt_groups, free_selector);
        segments_done(&config->segments);
        sections_done(&config->sections);
        file_names_done(&config->files);
        for (unsigned i = 0; i < _KEY_COUNT; i++)
                free(config->text[i]);
        free(config);
        return NULL;
}
