# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/benchmarks.md, out of what runs have left."""

from . import goals
from .fairness import median, percentile
from .rounds import DEFAULT, Shares
from .tables import UNKNOWN, divided, index, mebibytes, milliseconds, number, percent, ratio, table, with_range

INTRODUCTION = """\
# Benchmarks

What people would use instead, and fairslice, on the same loads in one run. `scripts/bench` on a host with version 1's
hierarchies and without systemd, `scripts/bench --vm RELEASE` elsewhere, gets the figures again and writes this file, with
--document also after a part of it; nothing here is written by hand. Machines are noisy: look at ratios. Each figure is the
median of all rounds, but what is least or longest is so of all of them, and a ratio is the median of the ratios within each
round, of the light user's p99 and of the budget's work with the lowest and the highest of them behind it.

- **Jain's index** is of those who wanted more than they got (less than 98 % of it): 1 if each got the same part of what they
  should have had by max-min shares with their weights. The median of all windows of that length, and the lowest. Windows in
  which less than two wanted more do not count.
- **Use of the budget**: what all users used while somebody wanted more, of 90 % of all CPUs less what was used outside of
  their slices. Who keeps no budget may be above 100 %.
- **Left**: CPU time that nobody used, of all CPUs. 10 % was asked for.
- **The light user** is due each 10.01 ms, so at all moments of a tick and of a quota's period one after the other, and works for
  1 ms; delays are how late a turn began, and late are those by more than 1 ms. On most kernels a turn is not late or waits
  for the next tick (4 ms with 250 Hz), so that the 99th percentile says whether more than one turn in a hundred had to wait
  for one tick, or for two. Throttled is the time for which the user's slice, or the slice above it, had to wait for its quota,
  on each CPU, in each second. Who gets less than these 100 ms a second is later with each turn, so delays of seconds say only
  that, and are longer the longer it is measured.
- **Work** is what the other users' programs got done, each counted in the CPU time that (b) took for as much. The budget's part
  of (b)'s is what could be done at most if 10 % are left: the budget without what the light user takes, of what (b) used.
"""


EMULATED = """\
**Emulated CPUs**: a program does what each of their instructions says. So everything takes many times longer than on real
ones, what the service and PID 1 do as well as what measures them. Times here are upper bounds; that a goal was missed here does
not mean that it is missed on a real host. Ratios and parts of a whole are as good as anywhere; of calls to PID 1 fewer are made
where each takes others as much time as here (`engine/debt.h`). What others do on the host is time that the machine does not
have and does not see: {others}. So how much work gets done in a second of CPU time is not compared.
"""


def whole(found):
    return "\n".join([INTRODUCTION, *(one_machine(result) for result in found)])


def command(result):
    machine, timing = result["machine"], result["timing"]
    words = ["scripts/bench"]
    if machine["kind"] != "native":
        words.append(f"--vm {machine['name']}")
    parts = what_was_measured(result)
    words += [*([] if not parts else ["--document"]), *result["words"]]
    return f"    {' '.join(words)}    # {timing['rounds']} rounds of {timing['seconds']} s\n"


def what_was_measured(result):
    """Empty: all."""
    return [word for word in result["words"] if not word.startswith("--")]


def describe(machine):
    return (f"{machine['system']}, Linux {machine['linux']}, systemd: {machine['systemd']}; {machine['cpus']} CPUs "
            f"({machine['cpu']}{', of a virtual machine' if machine['virtual'] else ''}), "
            f"{machine['memory_kib'] / (1 << 20):.0f} GiB; {machine['fairslice']}, {machine['date']}{load_text(machine)}.\n")


def load_text(machine):
    return f"; load average at the beginning: {machine['load']:.1f}" if "load" in machine else ""


def others_text(machine):
    """What scripts/bench has seen from outside."""
    if "others_percent" not in machine:
        return "how much that was is not known"
    return f"during this run {machine['others_percent']} % of the host's CPUs"


def heading(result):
    """With what was measured, if that was not all: there may be several runs on one machine."""
    machine, parts = result["machine"], what_was_measured(result)
    return f"## {machine['name']}: {machine['system']}{': ' if parts else ''}{', '.join(parts)}\n"


def whether_whole(result):
    sections = []
    if result["quick"]:
        sections.append("**A quick run, which shows that everything works and nothing else.**\n")
    if not result.get("ended", True):  # older results do not say
        fewest = min((len(found) for part in ("shares", "levers") for found in result.get(part, {}).values()), default=None)
        rounds = "" if fewest is None else f" Of some loads there are {fewest} of {result['timing']['rounds']} rounds."
        sections.append(f"**This run ended before all of it was done.**{rounds}\n")
    return sections


def loads_of(result, part):
    """Those of which there is anything."""
    loads = {name: Shares(result.get(part, {}), name, result["machine"]["emulated"]) for name in result["loads"]}
    return {name: shares for name, shares in loads.items() if shares.contenders()}


def one_machine(result):
    machine = result["machine"]
    loads, levers = loads_of(result, "shares"), loads_of(result, "levers")
    sections = [heading(result), command(result), describe(machine)]
    if machine["emulated"]:
        sections.append(EMULATED.format(others=others_text(machine)))
    sections += whether_whole(result)
    sections += [brief_section(loads), goals_section(result, loads), behind_section(loads), shares_section(result, loads)]
    sections += [levers_section(result, levers), reaction_section(result), cost_section(result)]
    return "\n".join(section for section in sections if section)


def goals_section(result, loads):
    found = goals.shares_goals(loads) if loads else []
    found += goals.reaction_goals(result.get("reaction", {})) + goals.cost_goals(result.get("cost", {}))
    if not found:
        return ""
    return ("### With the defaults: what is wanted, and what was found where it is worst\n\n"
            + table(["what", "wanted", "found", "reached"], [goal.cells for goal in found]))


BRIEF_HEAD = ["", "turns of the light user that were late: (b), (c), (e)", "CPU time left for the system: (b), (c), (e)",
              "Jain 10 s: (a), (b), (e)"]


def brief_section(loads):
    """What somebody who has to choose looks at first."""
    def three(shares, letters, name, show):
        return ", ".join(show(shares.median(letter, name)) for letter in letters)
    rows = [[name, three(shares, "bce", "light_late", percent), three(shares, "bce", "headroom", percent),
             three(shares, "abe", "jain_10s", index)] for name, shares in loads.items()]
    return f"### In short\n\n{table(BRIEF_HEAD, rows)}" if rows else ""


BEHIND_HEAD = ["", "Jain 10 s", "light p99", "light late", "work, of those who keep a budget"]


def who_is_ahead(letters, values, lower, show):
    """Those with whom it is better than with (e) in most rounds and in the median, by as much as can be told from how it is
    written."""
    def is_better(value, ours):
        return None not in (value, ours) and show(value) != show(ours) and (value < ours) == lower
    found, middle = [], median(values(DEFAULT))
    for letter in letters:
        better = [is_better(*pair) for pair in zip(values(letter), values(DEFAULT))]
        theirs = median(values(letter))
        if 2 * sum(better) > len(better) and is_better(theirs, middle):
            found.append(f"({letter}) {show(theirs)}")
    return f"{', '.join(found)}; (e) {show(middle)}" if found else ""


def behind_section(loads):
    """What speaks for the others."""
    def columns(shares):
        for name, lower, show in ("jain_10s", False, index), ("light_p99", True, milliseconds), ("light_late", True, percent):
            yield who_is_ahead("abcd", lambda letter, name=name: shares.values(letter, name), lower, show)
        yield who_is_ahead("cd", shares.works, False, ratio)
    rows = [[name, *columns(shares)] for name, shares in loads.items()]
    return f"### Where others are ahead of (e), in most rounds\n\n{table(BEHIND_HEAD, rows)}" if rows else ""


SHARES_HEAD = ["", "light p99 ÷ (b)", "work ÷ (b)", "work ÷ the budget's part of (b)", "Jain 10 s (least)", "Jain 1 s (least)",
               "use of the budget", "left", "light p50, p99, longest", "light late", "light throttled"]


def p99_cell(letter, shares):
    return with_range(shares.ratios(letter, "light_p99"), shares.ratio(letter, "light_p99"))


def delays_cell(letter, shares):
    usual = [shares.median(letter, name) for name in ("light_p50", "light_p99")]
    return ", ".join(milliseconds(delay) for delay in (*usual, shares.extreme(letter, "light_max", max)))


def shares_row(letter, title, shares):
    def value(name):
        return shares.median(letter, name)

    def with_least(name):
        return f"{index(value(name))} ({index(shares.extreme(letter, f'{name}_least', min))})"
    of_budget = with_range(shares.works_of_budget(letter), shares.work_of_budget(letter), percent)
    return [f"({letter}) {title}", p99_cell(letter, shares), ratio(shares.work(letter)), of_budget,
            with_least("jain_10s"), with_least("jain_1s"), percent(value("use_of_budget")), percent(value("headroom")),
            delays_cell(letter, shares), percent(value("light_late")),
            f"{milliseconds(value('light_throttled'))}/s"]


def weights_text(shares):
    return (" Users' slices have the cpu controller here without anybody's doing, so they have equal weights with (a) too."
            if shares.any("a", "weighs") else "")


def late_text(shares):
    """Where a kernel with groups of real-time tasks lets nobody in ours be urgent, who measures waits for a CPU as well."""
    late = shares.everybodys_most("sampled_late")  # older results do not say
    return "" if late is None else f" No sample was taken more than {milliseconds(late)} late."


def again_text(shares):
    again = sum(sum(shares.values(letter, "begun_again")) for letter in shares.contenders()
                if shares.any(letter, "begun_again"))
    return f" {again} turns were begun again, since not all programs had started in time." if again else ""


def shares_section(result, loads):
    sections = []
    for name, shares in loads.items():
        rows = [shares_row(letter, title, shares) for letter, title in result["contenders"].items()
                if letter in shares.contenders()]
        stolen = "" if result["machine"]["emulated"] else (
            f", and {number(shares.everybodys_median('stolen'))} CPUs given to other machines")
        sections.append(f"### {name}: {result['loads'][name]}\n\n{table(SHARES_HEAD, rows)}\n"
                        f"Meanwhile {number(shares.everybodys_median('outside'))} CPUs were used outside of the users' "
                        f"slices, {number(shares.everybodys_most('outside'))} in the busiest of all turns{stolen}."
                        f"{weights_text(shares)}{late_text(shares)}{again_text(shares)}\n")
    return "\n".join(sections)


LEVERS_HEAD = ["", "light p99 ÷ (b)", "light p50, p99, longest", "light late", "use of the budget", "left", "Jain 10 s"]


def levers_row(letter, title, shares):
    def value(name):
        return shares.median(letter, name)
    return [f"({letter}) {title}", p99_cell(letter, shares), delays_cell(letter, shares),
            percent(value("light_late")), percent(value("use_of_budget")), percent(value("headroom")), index(value("jain_10s"))]


def levers_of(name, titles, shares):
    rows = [levers_row(letter, titles[letter], shares) for letter in shares.contenders()]
    again = again_text(shares)
    return f"### What a fair share is made of, by itself: {name}\n\n{table(LEVERS_HEAD, rows)}" + (f"\n{again.lstrip()}\n" if again else "")


def levers_section(result, loads):
    """What of a fair share the light user feels."""
    return "\n".join(levers_of(name, result["contenders"], shares) for name, shares in loads.items())


def reaction_section(result):
    if "reaction" not in result:
        return ""
    rows = []
    for name, values in result["reaction"].items():
        times = [value for value in values if value is not None]
        rows.append([name, milliseconds(median(times)), milliseconds(percentile(times, 99)),
                     milliseconds(max(times, default=None)), len(values), len(values) - len(times)])
    few = any(len(values) <= 100 for values in result["reaction"].values())
    return ("### Reaction\n\n" + table(["from … to …", "median", "p99", "longest", "how often", "never"], rows)
            + ("\nOf no more than 100 times the 99th percentile is the longest." if few else "")
            + "\nContention: a user with half of the CPUs, then another one who wants all of them; the first quota of either. "
            "Lend-back and no quota are from when the second one stops, if the first one was held back. Two hogs: both want all "
            "CPUs; the first one has the budget as quota, then less than three quarters of it, then more again. No quota is when the "
            "second one's is lifted too, which holds back nobody any more. A login waits for "
            "the user's manager, user@UID.service, anyway.\n")


COST_HEAD = ["slices", "service ÷ bare loop", "Python ÷ service", "systemd-cgtop ÷ service", "service", "bare loop",
             "Python", "systemd-cgtop", "resident memory (private)", "Python's", "systemd-cgtop's", "descriptors"]


def cost_row(rounds):
    def value(name):
        return median([found.get(name) for found in rounds])

    def by(name, other):
        return ratio(median([divided(found.get(name), found.get(other)) for found in rounds]))
    size = rounds[0]["slices"]
    if "descriptors_allowed" in rounds[0]:
        why = f"this host allows {rounds[0]['descriptors_allowed']} descriptors"
        return [size, why, *[UNKNOWN] * (len(COST_HEAD) - 2)]
    return [size, by("service", "bare"), by("python", "service"), by("cgtop", "service"),
            *(milliseconds(value(name)) for name in ("service", "bare", "python", "cgtop")),
            f"{mebibytes(value('resident'))} ({mebibytes(value('private'))})",
            *(mebibytes(value(name)) for name in ("python_resident", "cgtop_resident")), number(value("descriptors"), 6)]


def cost_section(result):
    cost = result.get("cost", {})
    sizes = [cost_row(rounds) for name, rounds in cost.items() if name.startswith("slices ")]
    text = ""
    if sizes:
        text += "### Cost: CPU time of one look at all slices\n\n" + table(COST_HEAD, sizes) + (
            "\nFour looks a second, while two users are busy and all others idle. The service's has all that it does "
            "meanwhile in it, but for the first seconds, in which it reads the limits of all slices back, and the bare loop's "
            "its sleep and its waking up. The Python loop reads what each slice has used, as the bare loop does, and systemd-cgtop "
            "the memory in use and the number of tasks too. The memory of these two is what they had at most; they open and close "
            "each file each time, and so hold no descriptors. The service's is that of one that has just begun, whose users have no "
            "names; docs/measurements.md has what names and the history take.\n\n")
    return text + idle_text(cost.get("idle", [])) + calls_text(cost.get("calls", []))


def a_minute(rounds, name):
    return median([divided(found[name], found["seconds"] / 60) for found in rounds])


def a_minute_of_all(rounds, name):
    """Of what is done each half a minute or more seldom no round by itself says how much it is."""
    known = [found for found in rounds if found[name] is not None]
    return divided(sum(found[name] for found in known), sum(found["seconds"] for found in known) / 60)


def idle_text(rounds):
    if not rounds:
        return ""
    wake_ups, calls, cpu = (a_minute_of_all(rounds, name) for name in ("wake_ups", "system_calls", "cpu"))
    return (f"{rounds[0]['users']} users who do nothing, a minute, in the mean: {number(wake_ups)} wake-ups, "
            f"{number(calls)} system calls, {milliseconds(cpu)} of CPU time.\n")


def calls_text(rounds):
    return "".join(calls_of_one_rhythm(half, [found for found in rounds if found["half"] == half])
                   for half in dict.fromkeys(found["half"] for found in rounds))


def calls_of_one_rhythm(half, rounds):
    capped = median([found.get("capped") for found in rounds])
    return (f"\n{rounds[0]['users']} users, {rounds[0]['changing']} of whom are busy for {half:g} s and idle for {half:g} s one after "
            f"the other, a minute: {number(a_minute(rounds, 'calls'))} calls to PID 1 (SetUnitProperties()), "
            f"{number(a_minute(rounds, 'lifts'))} of which lift a quota, while {number(capped)} have one; PID 1 takes "
            f"{milliseconds(a_minute(rounds, 'cpu_of_pid_1'))} of CPU time for all that it does.\n")
