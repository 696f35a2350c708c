# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds the cases, in the order of their files and lines."""

import importlib.util

from .machine import UNIFIED

_cases = []


class Case:
    def __init__(self, function, title, timeout, machines):
        self.function = function
        self.title = title
        self.timeout = timeout
        self.machines = machines
        self.group = function.__module__
        self.name = f"{self.group}.{function.__name__}"

    def is_named(self, name):
        return name in (self.name, self.group)


def case(title, timeout=120, on=(UNIFIED,)):
    """Makes a function a case, which may take `timeout` seconds, on the kinds of machine that it is for."""
    def register(function):
        _cases.append(Case(function, title, timeout, on))
        return function
    return register


def load_cases(directory):
    """All cases of the *.py files in directory."""
    for path in sorted(directory.glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return list(_cases)


def select_cases(cases, kind, names):
    """Those named (all if nothing is) that are for a kind of machine; ValueError for a name that is none's."""
    fitting = [case for case in cases if kind in case.machines]
    unknown = [name for name in names if not any(case.is_named(name) for case in fitting)]
    if unknown:
        raise ValueError(f"no such case for this machine ({kind}): {', '.join(unknown)}")
    return [case for case in fitting if not names or any(case.is_named(name) for name in names)]
