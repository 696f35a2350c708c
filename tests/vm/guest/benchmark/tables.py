# SPDX-License-Identifier: LGPL-2.1-or-later
"""Numbers as people read them, in tables of Markdown."""

UNKNOWN = "–"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def number(value, digits=3):
    """With so many digits that count."""
    if value is None:
        return UNKNOWN
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e" in text or abs(value) >= 10 ** digits else text


def percent(value):
    return UNKNOWN if value is None else f"{round(100 * value, 1) + 0.0:.1f} %"  # -0.0 + 0.0 is 0.0


def index(value):
    return UNKNOWN if value is None else f"{value:.3f}" if value < 0.9995 else f"{value:.4f}"


def ratio(value):
    return UNKNOWN if value is None else f"{value:.2f}" if value < 100 else "> 100"


def with_range(values, middle, show=ratio):
    """A ratio or what is shown like that, with the lowest and the highest of all rounds if there were several."""
    return show(middle) + (f" ({show(min(values))} – {show(max(values))})" if len(values) > 1 else "")


def milliseconds(seconds):
    return UNKNOWN if seconds is None else f"{number(1000 * seconds)} ms"


def mebibytes(count):
    return UNKNOWN if count is None else f"{count / (1 << 20):.2f} MiB"


def divided(value, by):
    return None if value is None or not by else value / by
