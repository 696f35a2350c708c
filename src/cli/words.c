/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/words.h"

#include <inttypes.h>
#include <string.h>

#include "basic/text.h"
#include "basic/timestamp.h"
#include "cli/text.h"
#include "model/backend-kind.h"
#include "model/hold.h"
#include "model/share-policy.h"

/* Memory counts as near its limit from here on, and as at its limit, in percent. */
#define NEAR_PERCENT 90
#define FULL_PERCENT 97

typedef char CpuBuffer[32];

/* "0.84", "1.5", "4": CPUs. */
static const char *cpus(CpuBuffer buffer, uint64_t usec_per_sec) {
        uint64_t hundredths = usec_per_sec / 10000 + (usec_per_sec % 10000 >= 5000);

        if (usec_per_sec == LIMIT_UNSET)
                return strcpy(buffer, "?");
        if (hundredths % 100 == 0)
                snprintf(buffer, sizeof(CpuBuffer), "%" PRIu64, hundredths / 100);
        else if (hundredths % 10 == 0)
                snprintf(buffer, sizeof(CpuBuffer), "%" PRIu64 ".%" PRIu64, hundredths / 100,
                         hundredths / 10 % 10);
        else
                snprintf(buffer, sizeof(CpuBuffer), "%" PRIu64 ".%02" PRIu64, hundredths / 100,
                         hundredths % 100);
        return buffer;
}

/* "0.84 CPUs", "1 CPU". */
static const char *cpus_noun(CpuBuffer buffer, uint64_t usec_per_sec) {
        CpuBuffer number;

        cpus(number, usec_per_sec);
        snprintf(buffer, sizeof(CpuBuffer), "%.20s CPU%s", number, strcmp(number, "1") == 0 ? "" : "s");
        return buffer;
}

/* " since 06:12:03 (for 2min 3s)", or nothing. The clock may have been set back, or be another host's. */
static void write_since(FILE *f, usec_t since, usec_t now) {
        TimestampBuffer when;
        FormatBuffer span;
        usec_t ago = since < now ? (now - since) / USEC_PER_SEC * USEC_PER_SEC : 0;

        if (since == 0 || since == USEC_INFINITY)
                return;
        if (since > now || ago >= 3600 * USEC_PER_SEC)
                fprintf(f, " since %s", format_timestamp_short(when, since));
        else if (ago == 0)
                fprintf(f, " since %s (just now)", format_timestamp_clock(when, since));
        else
                fprintf(f, " since %s (for %s)", format_timestamp_clock(when, since),
                        format_timespan(span, ago));
}

/* The parts of speech: you, or somebody else. */
static const char *subject(const WhyFacts *w, const char *you) {
        return w->user ? w->user : you;
}

static const char *verb(const WhyFacts *w, const char *you, const char *they) {
        return w->user ? they : you;
}

/* "your", "alice's": written twice, since printf takes one argument a place. */
#define WHOSE(w)         (w)->user ? (w)->user : "your", (w)->user ? "'s" : ""
#define WHOSE_CAPITAL(w) (w)->user ? (w)->user : "Your", (w)->user ? "'s" : ""

/* Who is said to be held by a quota that does not stand is not. */
static Hold hold_of(const WhyFacts *w) {
        int hold = w->slice->held_by ? hold_from_string(w->slice->held_by) : HOLD_NOTHING;

        if (hold < 0 || (hold == HOLD_CPU_QUOTA && w->slice->limits[LIMIT_CPU_QUOTA] == LIMIT_UNSET))
                return HOLD_NOTHING;
        return (Hold) hold;
}

static bool policy_is(const WhyFacts *w, SharePolicy policy) {
        return w->host->policy && share_policy_from_string(w->host->policy) == (int) policy;
}

/* ---- what is used ---- */

static void write_use(const WhyFacts *w, FILE *f) {
        const SliceInfo *s = w->slice;
        CpuBuffer use;
        FormatBuffer size;

        if (s->use == LIMIT_UNSET)
                fprintf(f, "How much CPU %s %s is not known yet.", subject(w, "you"),
                        verb(w, "use", "uses"));
        else if (w->host->cpus == LIMIT_UNSET)
                fprintf(f, "%s %s using %s.", subject(w, "You"), verb(w, "are", "is"),
                        cpus_noun(use, s->use));
        else {
                CpuBuffer all;

                fprintf(f, "%s %s using %s of %s.", subject(w, "You"), verb(w, "are", "is"),
                        cpus(use, s->use), cpus_noun(all, w->host->cpus));
        }
        if (s->memory_current != LIMIT_UNSET)
                fprintf(f, " %s%s memory is %s.", WHOSE_CAPITAL(w), format_size(size, s->memory_current));
}

/* ---- what holds the CPU ---- */

static void write_throttled(const WhyFacts *w, FILE *f) {
        if (w->slice->throttled)
                fprintf(f, " The kernel throttles %s%s processes for that at the moment.", WHOSE(w));
        else
                fprintf(f, " At the moment %s %s not run into it.", subject(w, "you"),
                        verb(w, "do", "does"));
}

static void write_guaranteed(const WhyFacts *w, FILE *f) {
        CpuBuffer b;

        if (w->slice->guaranteed != LIMIT_UNSET && w->slice->guaranteed > 0)
                fprintf(f, " With the users who are active now, at least %s are %s%s.",
                        cpus_noun(b, w->slice->guaranteed), w->user ? w->user : "yours",
                        w->user ? "'s" : "");
}

static bool is_configured(const WhyFacts *w, Limit limit) {
        return w->slice->configured.mask & 1U << limit;
}

static void write_raise(const WhyFacts *w, Limit limit, FILE *f) {
        fprintf(f, " An administrator can raise %s=",
                limit == LIMIT_CPU_QUOTA ? "CPUQuota" : limit_to_string(limit));
        if (is_configured(w, limit))
                fprintf(f, "; 'fairslicectl cat %s' shows where it is set", w->name);
        fputs(".", f);
}

/* SharePolicy=equal gives the same quota to each, whether the others use theirs or not. */
static void write_equal_share(const WhyFacts *w, uint64_t quota, FILE *f) {
        CpuBuffer b;

        fprintf(f, "%s %s held at %s equal share", subject(w, "You"), verb(w, "are", "is"),
                w->user ? "an" : "your");
        if (quota != LIMIT_UNSET)
                fprintf(f, " of %s", cpus_noun(b, quota));
        write_since(f, w->slice->held_since, w->now);
        fputs(": SharePolicy=equal gives each active user the same part, whether the others use theirs or "
              "not.",
              f);
        write_throttled(w, f);
        if (w->host->active > 1)
                fprintf(f, " The part grows when fewer than the %" PRIu32 " users of now are active.",
                        w->host->active);
}

static void write_fair_share(const WhyFacts *w, uint64_t quota, FILE *f) {
        CpuBuffer b, budget;

        if (policy_is(w, SHARE_EQUAL)) {
                write_equal_share(w, quota, f);
                return;
        }
        fprintf(f, "%s %s held at %s fair share", subject(w, "You"), verb(w, "are", "is"),
                w->user ? "a" : "your");
        if (quota != LIMIT_UNSET)
                fprintf(f, " of %s", cpus_noun(b, quota));
        write_since(f, w->slice->held_since, w->now);
        if (!w->host->contended) {
                fputs(". The host has room again, so that will be lifted within a few seconds.", f);
                return;
        }
        fprintf(f, ": all users together ask for more than the %s that there are for them.",
                cpus_noun(budget, w->host->budget));
        write_throttled(w, f);
        write_guaranteed(w, f);
        fputs(" The share grows, or is lifted, within about a second when the others use less.", f);
        write_raise(w, LIMIT_CPU_WEIGHT, f);
}

static void write_cpu_quota(const WhyFacts *w, uint64_t quota, FILE *f) {
        const Limits *configured = &w->slice->configured.limits;
        FormatBuffer percent;
        CpuBuffer b;

        fprintf(f, "%s %s held at CPUQuota=%s (%s)", subject(w, "You"), verb(w, "are", "is"),
                format_cpu(percent, quota), cpus_noun(b, quota));
        write_since(f, w->slice->held_since, w->now);
        fputs(". It holds however much room the host has.", f);
        write_throttled(w, f);
        if (is_configured(w, LIMIT_CPU_QUOTA) && configured->value[LIMIT_CPU_QUOTA] == quota)
                write_raise(w, LIMIT_CPU_QUOTA, f);
        else
                fputs(" It is not from the configuration of fairslice, which goes no higher than it; an "
                      "administrator can lift it where it was set, for example with systemctl "
                      "set-property.",
                      f);
}

static void write_weight(const WhyFacts *w, FILE *f) {
        uint64_t weight = w->slice->limits[LIMIT_CPU_WEIGHT];

        if (policy_is(w, SHARE_WEIGHT))
                fputs("The kernel shares the CPUs by weight alone (SharePolicy=weight)", f);
        else
                fputs("So many users ask for CPU that the kernel shares it by weight alone", f);
        write_since(f, w->slice->held_since, w->now);
        if (weight != LIMIT_UNSET)
                fprintf(f, "; %s%s is CPUWeight=%" PRIu64 ", where 100 is usual", subject(w, "yours"),
                        verb(w, "", "'s"), weight);
        fputs(".", f);
        if (w->slice->throttled)
                fprintf(f,
                        " The kernel throttled %s%s processes within the last second all the same, by a "
                        "quota.",
                        WHOSE(w));
        write_guaranteed(w, f);
        if (w->host->contended)
                fprintf(f, " %s %s more at once when the others use less.", subject(w, "You"),
                        verb(w, "get", "gets"));
        else
                fputs(" It decides only while the users ask for more than there is, and the host has room "
                      "now.",
                      f);
        write_raise(w, LIMIT_CPU_WEIGHT, f);
}

/* How it is with those whom nothing of fairslice holds back. */
static void write_room(const WhyFacts *w, FILE *f) {
        const HostInfo *h = w->host;
        CpuBuffer use, budget;

        if (h->contended)
                fputs(" The host is busy: processes may have to wait for a CPU that others are on.", f);
        else if (h->use == LIMIT_UNSET || h->budget == LIMIT_UNSET)
                fputs(" The host has room.", f);
        else
                fprintf(f,
                        " The host has room: all users together use %s of the %s that there are for them.",
                        cpus(use, h->use), cpus_noun(budget, h->budget));
}

/* A quota that is not what holds them, if one stands; `whose` is told of it. */
static void write_quota(const WhyFacts *w, const char *whose, FILE *f) {
        uint64_t quota = w->slice->limits[LIMIT_CPU_QUOTA];
        FormatBuffer percent;
        CpuBuffer b;

        if (quota != LIMIT_UNSET)
                fprintf(f, " A quota of %s (%s) stands%s, and %s.", format_cpu(percent, quota),
                        cpus_noun(b, quota), whose,
                        w->slice->throttled ? "the kernel throttles by it at the moment"
                                            : "is not reached at the moment");
}

static void write_nothing(const WhyFacts *w, FILE *f) {
        CpuBuffer b;

        if (w->slice->held_since == 0)
                fprintf(f, "Nothing of fairslice holds %s back", subject(w, "you"));
        else
                fprintf(f, "Nothing of fairslice has held %s back", subject(w, "you"));
        write_since(f, w->slice->held_since, w->now);
        fputs(".", f);
        write_quota(w, "", f);
        if (w->slice->throttled && w->slice->limits[LIMIT_CPU_QUOTA] == LIMIT_UNSET)
                fprintf(f,
                        " The kernel throttled %s%s processes within the last second, by a quota that no "
                        "longer stands.",
                        WHOSE(w));
        if (!w->host->contended) {
                write_room(w, f);
                return;
        }
        fprintf(f, " The host is busy, but %s %s for less than %s part", subject(w, "you"),
                verb(w, "ask", "asks"), w->user ? "their" : "your");
        if (w->slice->share != LIMIT_UNSET)
                fprintf(f, " of %s", cpus_noun(b, w->slice->share));
        fprintf(f, "; %s%s processes may still have to wait a moment for a CPU that others are on.",
                WHOSE(w));
}

/* Others may have set a quota on a slice that is left alone. */
static void write_exempt(const WhyFacts *w, FILE *f) {
        fprintf(f, "fairslice leaves %s alone (ExemptUsers= or ExemptGroups=): it sets no limits.",
                subject(w, "you"));
        write_quota(w, " that is somebody else's", f);
        write_room(w, f);
}

/* What would be done does not stand; only another's quota does. */
static void write_observing(const WhyFacts *w, FILE *f) {
        CpuBuffer b;

        fputs("fairslice only looks on at present (Observe=yes, or after fairslicectl release): it changes "
              "no limits.",
              f);
        write_quota(w, "", f);
        if (hold_of(w) == HOLD_FAIR_SHARE && w->slice->share != LIMIT_UNSET &&
            w->slice->limits[LIMIT_CPU_QUOTA] == LIMIT_UNSET)
                fprintf(f, " If it did, it would hold %s at a fair share of %s.", subject(w, "you"),
                        cpus_noun(b, w->slice->share));
        write_room(w, f);
}

static void write_hold(const WhyFacts *w, FILE *f) {
        uint64_t quota = w->slice->limits[LIMIT_CPU_QUOTA];

        if (w->slice->exempt) {
                write_exempt(w, f);
                return;
        }
        if (w->host->observing) {
                write_observing(w, f);
                return;
        }
        switch (hold_of(w)) {
        case HOLD_FAIR_SHARE:
                write_fair_share(w, quota != LIMIT_UNSET ? quota : w->slice->share, f);
                break;
        case HOLD_CPU_QUOTA:
                write_cpu_quota(w, quota, f);
                break;
        case HOLD_WEIGHT:
                write_weight(w, f);
                break;
        default:
                write_nothing(w, f);
        }
}

/* ---- memory ---- */

/* How much of the limit is in use, in percent; 0 if there is none. */
static unsigned percent_of(uint64_t current, uint64_t limit) {
        if (current == LIMIT_UNSET || limit == LIMIT_UNSET)
                return 0;
        return limit == 0 ? 100 : (unsigned) MIN((double) current / (double) limit * 100, 1000.0);
}

/* Version 1 has a soft limit there, at which nothing is slowed down. */
static unsigned high_percent(const WhyFacts *w) {
        if (w->host->backend && backend_kind_from_string(w->host->backend) == BACKEND_CGROUP1)
                return 0;
        return percent_of(w->slice->memory_current, w->slice->limits[LIMIT_MEMORY_HIGH]);
}

static unsigned max_percent(const WhyFacts *w) {
        return percent_of(w->slice->memory_current, w->slice->limits[LIMIT_MEMORY_MAX]);
}

static void write_memory_max(const WhyFacts *w, FILE *f) {
        uint64_t max = w->slice->limits[LIMIT_MEMORY_MAX];
        FormatBuffer size;

        fprintf(f, "%s%s memory is %s MemoryMax=%s.", WHOSE_CAPITAL(w),
                max_percent(w) >= FULL_PERCENT ? "at its limit," : "near its limit,",
                format_size(size, max));
        fputs(" What is cached of files counts too, and is given up first, which can make programs slow;",
              f);
        if (w->slice->limits[LIMIT_MEMORY_SWAP_MAX] == 0)
                fputs(" nothing may be swapped out (MemorySwapMax=0), so if programs themselves need more, "
                      "the kernel kills one.",
                      f);
        else
                fputs(" if programs themselves need more, the kernel swaps, where there is swap, and in the "
                      "end kills one.",
                      f);
        fputs(" Ending programs helps.", f);
        write_raise(w, LIMIT_MEMORY_MAX, f);
}

static void write_memory_high(const WhyFacts *w, FILE *f) {
        FormatBuffer size;

        fprintf(f,
                "%s%s memory is at MemoryHigh=%s: above that the kernel slows the programs down and takes "
                "memory back from them. Ending programs helps.",
                WHOSE_CAPITAL(w), format_size(size, w->slice->limits[LIMIT_MEMORY_HIGH]));
        write_raise(w, LIMIT_MEMORY_HIGH, f);
}

static const char *cause_words(const char *cause) {
        static const struct {
                const char *word, *text;
        } words[] = {
                { "slice", ", at MemoryMax=" },
                { "inner", ", at a limit of a service or container" },
                { "outer", ", at a limit for all users together" },
                { "host", ", since the whole host had none left" },
        };

        for (size_t i = 0; cause && i < ELEMENTSOF(words); i++)
                if (strcmp(cause, words[i].word) == 0)
                        return words[i].text;
        return "";
}

static void write_trouble(const WhyFacts *w, FILE *f) {
        const MemoryTrouble *t = &w->trouble;
        TimestampBuffer when;

        fprintf(f, "%s%s memory ran out at %s%s", WHOSE_CAPITAL(w), format_timestamp_clock(when, t->time),
                cause_words(t->cause));
        if (t->kills == UINT64_MAX)
                fputs(".", f);
        else if (t->kills == 0)
                fputs("; nothing was killed.", f);
        else if (t->kills == 1 && t->victim)
                fprintf(f, "; the kernel killed %s (PID %" PRIu32 ").", t->victim, t->pid);
        else if (t->victim)
                fprintf(f, "; the kernel killed %" PRIu64 " processes, %s (PID %" PRIu32 ") among them.",
                        t->kills, t->victim, t->pid);
        else
                fprintf(f, "; the kernel killed %" PRIu64 " process%s.", t->kills,
                        t->kills == 1 ? "" : "es");
        if (t->times > 1)
                fprintf(f, " That was %u times in the last hour.", t->times);
        fputs(" More: fairslicectl events.", f);
}

static bool memory_is_fine(const WhyFacts *w) {
        return high_percent(w) < FULL_PERCENT && max_percent(w) < NEAR_PERCENT && w->trouble.times == 0;
}

/* Only if nothing else was said that slows anything down. */
static void write_advice(const WhyFacts *w _unused_, FILE *f) {
        fputs("If things are slow, look at the disk, the network or the program itself: a program with one "
              "thread uses one CPU at most.",
              f);
}

static bool deserves_advice(const WhyFacts *w) {
        bool held = hold_of(w) != HOLD_NOTHING && !w->slice->exempt && !w->host->observing;

        return !held && !w->slice->throttled && !w->host->contended && memory_is_fine(w);
}

/* ---- all of it ---- */

void sentences_done(Sentences *sentences) {
        for (size_t i = 0; i < sentences->count; i++)
                free(sentences->item[i]);
        free(sentences->item);
        *sentences = (Sentences){};
}

static int add(Sentences *sentences, const WhyFacts *w, void (*write)(const WhyFacts *w, FILE *f)) {
        _cleanup_free_ char *text = NULL;
        char **item;
        size_t length;
        FILE *f = open_memstream(&text, &length);

        if (!f)
                return -ENOMEM;
        write(w, f);
        if (memstream_close(f) < 0)
                return -ENOMEM;
        item = reallocarray(sentences->item, sentences->count + 1, sizeof *item);
        if (!item)
                return -ENOMEM;
        sentences->item = item;
        sentences->item[sentences->count++] = TAKE_PTR(text);
        return 0;
}

int why_sentences(const WhyFacts *w, Sentences *ret) {
        _cleanup_(sentences_done) Sentences sentences = {};
        int r = add(&sentences, w, write_use);

        if (r >= 0)
                r = add(&sentences, w, write_hold);
        if (r >= 0 && max_percent(w) >= NEAR_PERCENT)
                r = add(&sentences, w, write_memory_max);
        else if (r >= 0 && high_percent(w) >= FULL_PERCENT)
                r = add(&sentences, w, write_memory_high);
        if (r >= 0 && w->trouble.times > 0)
                r = add(&sentences, w, write_trouble);
        if (r >= 0 && deserves_advice(w))
                r = add(&sentences, w, write_advice);
        if (r < 0)
                return r;
        *ret = sentences;
        sentences = (Sentences){};
        return 0;
}

static void print_wrapped(const char *text, const Terminal *terminal, unsigned columns, FILE *out) {
        size_t used = 0;

        while (*text) {
                size_t length = strcspn(text, " "), width;
                _cleanup_free_ char *word = strndup(text, length);

                width = word ? text_width(terminal, word) : length;
                if (used > 0 && used + 1 + width > columns) {
                        fputc('\n', out);
                        used = 0;
                }
                fprintf(out, "%s%.*s", used > 0 ? " " : "", (int) length, text);
                used += (used > 0) + width;
                text += length;
                text += strspn(text, " ");
        }
}

void sentences_print(const Sentences *sentences, const Terminal *terminal, unsigned columns, FILE *out) {
        for (size_t i = 0; i < sentences->count; i++) {
                if (columns == 0)
                        fputs(sentences->item[i], out);
                else
                        print_wrapped(sentences->item[i], terminal, columns, out);
                fputs(i + 1 < sentences->count ? "\n\n" : "\n", out);
        }
}
