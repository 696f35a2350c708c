# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds the cases, in the order of their files and lines."""

import importlib.util

from .machine import UNIFIED

_cases = []


class Case:
    def __init__(self, function, title, timeout, machines, before_reboot):
        self.function = function
        self.before_reboot = before_reboot
        self.title = title
        self.timeout = timeout
        self.machines = machines
        self.group = function.__module__
        self.name = f"{self.group}.{function.__name__}"

    def is_named(self, name):
        return name in (self.name, self.group)


def case(title, timeout=120, on=(UNIFIED,), before_reboot=None):
    """Makes a function a case, which may take `timeout` seconds, on the kinds of machine that it is for.

    With before_reboot, another function that takes a Test, that one is called and the machine booted again; the case
    goes on with what both of them find on the disk.
    """
    def register(function):
        _cases.append(Case(function, title, timeout, on, before_reboot))
        return function
    return register


def load_cases(directory):
    """All cases of the *.py files in directory."""
    for path in sorted(directory.glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return list(_cases)


def select_cases(cases, kind, names):
    """Those named (all if nothing is) that are for a kind of machine, those with a reboot last.

    ValueError for a name that is none's.
    """
    fitting = [case for case in cases if kind in case.machines]
    unknown = [name for name in names if not any(case.is_named(name) for case in fitting)]
    if unknown:
        raise ValueError(f"no such case for this machine ({kind}): {', '.join(unknown)}")
    named = [case for case in fitting if not names or any(case.is_named(name) for name in names)]
    return sorted(named, key=lambda case: case.before_reboot is not None)
