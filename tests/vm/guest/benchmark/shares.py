# SPDX-License-Identifier: LGPL-2.1-or-later
"""One contender under one load: fairness, use, headroom, what the light user felt, what got done."""

import contextlib
import itertools
import time

from harness import CPUS, THRESHOLD, Failure, wait_for
from harness.machine import EMULATED

from . import fairness, sampling
from .clock import sleep_until, urgent
from .parts import Part
from .programs import Result
from .sampling import difference, take_each_second

START_SECONDS = 10.0 if EMULATED else 1.0   # for all programs to be there before the first is to do anything
LIGHT = Part("light", "light", (), 0.1)
LONG_WINDOW = 10
BEGUN_AGAIN_AT_MOST = 2


class LateStart(Failure):
    """Not all that a load is made of was there in time. The kernel lets a process wait for seconds now and then before it is
    in its group (synchronize_rcu(), whose own thread waits for a CPU)."""


class Running:
    """All programs of a load, with the light user's."""

    def __init__(self, contender, users, load, timing):
        self.start = time.monotonic() + START_SECONDS
        self.begin = self.start + timing.settle
        self.seconds = int(max(timing.seconds, load.least_seconds))
        self.parts = (*load.parts, LIGHT)
        self.users = [users.staying(part.user) for part in self.parts]
        self.results = [Result(user) for user in self.users]
        self._contender = contender
        self._programs = []

    def run(self):
        for part, user, result in zip(self.parts, self.users, self.results):
            words = (self.begin, self.begin + self.seconds) if part is LIGHT else part.words(self.start)
            self._programs.append(self._contender.start(user, part.program, result.path, *words))
        for user, program in zip(self.users, self._programs):
            try:
                wait_for(lambda user=user: user.cgroup.cpu_seconds() > 0, 10, f"{user} is in a group")
            except Failure as failure:
                raise LateStart(f"{failure}; {program.where()}; {self._contender.said()}") from None
        if time.monotonic() > self.begin:
            raise LateStart("it took so long to start all programs that the first of what is to be measured is over")

    def check(self):
        """That all who were to use CPU time still do, and the contender has held out: less load would look like a better one."""
        for user, program in list(zip(self.users, self._programs))[:-1]:
            if not program.is_running():
                raise Failure(f"what {user} runs has ended; {program.where()}; {self._contender.said()}")
        self._contender.check()

    def light_has_ended(self):
        return not self._programs[-1].is_running()

    def close(self):
        for program in self._programs:
            program.stop()
        for result in self.results:
            result.remove()


def windows(samples, length):
    """Pairs of samples so far apart, one for each second."""
    return list(zip(samples, samples[length:]))


def indices(running, samples, length):
    found = (fairness.fairness(running.parts, difference(first, last, "used"),
                               first.time - running.start, last.time - running.start)
             for first, last in windows(samples, length))
    return [index for index in found if index is not None]


def budget_of(first, last):
    """CPU seconds that users may have: the threshold's part of all, less what was used outside of their slices."""
    outside = last.all_tasks - first.all_tasks - sum(difference(first, last, "used"))
    return CPUS * THRESHOLD * (last.time - first.time) - outside


def use_of_budget(running, samples):
    """While somebody wanted more; None if nobody ever did."""
    used = budget = 0.0
    for first, last in windows(samples, 1):
        use = difference(first, last, "used")
        if fairness.who_lack(running.parts, use, first.time - running.start, last.time - running.start):
            used += sum(use)
            budget += budget_of(first, last)
    return used / budget if budget > 0 else None


def evaluate(running, samples, work):
    """All of one run as plain numbers: parts of one, seconds, CPUs."""
    sampling.check(samples)
    first, last = samples[0], samples[-1]
    seconds = last.time - first.time
    used = difference(first, last, "used")
    all_tasks = last.all_tasks - first.all_tasks
    short, long_ = (indices(running, samples, length) for length in (1, LONG_WINDOW))
    count, *delays, late = (float(word) for word in running.results[-1].words())
    return {
        "jain_1s": fairness.median(short), "jain_1s_least": min(short, default=None),
        "jain_10s": fairness.median(long_), "jain_10s_least": min(long_, default=None),
        "use_of_budget": use_of_budget(running, samples),
        "headroom": 1 - all_tasks / (CPUS * seconds),
        "outside": (all_tasks - sum(used)) / seconds,
        "budget": budget_of(first, last) / seconds,
        "weighs": all(user.cgroup.has_weight() for user in running.users),
        "stolen": (last.stolen - first.stolen) / seconds,
        "light_turns": count,
        **dict(zip(("light_p50", "light_p99", "light_max"), (delay / 1e6 for delay in delays))),
        "light_late": late,
        "light_throttled": (difference(first, last, "throttled")[-1] + last.total_throttled - first.total_throttled)
                           / seconds,
        "use": [use / seconds for use in used],
        "work": work,
        "sampled_late": max(sample.time - running.begin - second for second, sample in enumerate(samples)),
    }


def count_work(running):
    """(When, what each program has counted). The light user's is not counted."""
    return time.monotonic(), [result.counter() for result in running.results[:-1]]


def work_a_second(first, last):
    """Between two counts, by their own times: who counts may have had to wait for a CPU, and with one contender longer than
    with another."""
    return [(after - before) / (last[0] - first[0]) for before, after in zip(first[1], last[1])]


def measure_once(contender, users, load, timing):
    with contextlib.ExitStack() as cleanup:
        parts = {users.staying(part.user): part for part in (*load.parts, LIGHT)}
        cleanup.callback(contender.end)
        contender.begin(parts)
        running = Running(contender, users, load, timing)
        cleanup.callback(running.close)
        running.run()
        with urgent():
            sleep_until(running.begin)
            before = count_work(running)
            samples = take_each_second(running.users, running.begin, running.seconds)
            work = work_a_second(before, count_work(running))
        running.check()
        wait_for(running.light_has_ended, 30, "the end of the light user's program")
        return evaluate(running, samples, work)


def measure(contender, users, load, timing):
    """A turn that cannot begin in time is begun again, and how often that was is said."""
    for again in itertools.count():
        try:
            return {**measure_once(contender, users, load, timing), "begun_again": again}
        except LateStart:
            if again == BEGUN_AGAIN_AT_MOST:
                raise
