# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds the cases, in the order of their files and lines."""

import importlib.util

_cases = []


class Case:
    def __init__(self, function, title, timeout):
        self.function = function
        self.title = title
        self.timeout = timeout
        self.group = function.__module__
        self.name = f"{self.group}.{function.__name__}"

    def is_named(self, name):
        return name in (self.name, self.group)


def case(title, timeout=120):
    """Makes a function a case, which may take `timeout` seconds."""
    def register(function):
        _cases.append(Case(function, title, timeout))
        return function
    return register


def load_cases(directory):
    """All cases of the *.py files in directory."""
    for path in sorted(directory.glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return list(_cases)


def select_cases(cases, names):
    """Those named (all if nothing is); ValueError for a name that is no case's."""
    unknown = [name for name in names if not any(case.is_named(name) for case in cases)]
    if unknown:
        raise ValueError(f"no such case: {', '.join(unknown)}")
    return [case for case in cases if not names or any(case.is_named(name) for name in names)]
