"""Pool, share or separate, in words: the same for a cross-validation and for a comparison of methods."""

from __future__ import annotations

from sparsekin.report.numbers import number
from sparsekin.tuning.verdict import Verdict

WORDS = {"pool": "pooling", "share": "sharing", "separate": "separate models"}  # of a dial; a comparison has the words


def families_text(found: Verdict) -> str:
    """What a verdict on families says.

    Families within one corrected standard error of the best cannot be told apart; which of them is the verdict is
    said. It moves from pooling to sharing to separate models only for a gain of more than half a corrected standard
    error.
    """
    same = found.indistinct
    if len(same) > 1:
        text = [f"{_listed(same)} cannot be told apart ({_gaps(found, same)}). {_choice(found, same)}."]
    else:
        text = [f"{capital(word(found.best))} {are(found.best)} best."]
    worse = [f"{word(name)} {are(name)} worse ({_gap(found, name)})" for name in found.differences if name not in same]
    if worse:
        text.append(f"{capital('; '.join(worse))}.")
    return " ".join(text)


def word(name: str) -> str:
    """A family as it is called in a sentence."""
    return WORDS.get(name, name)


def are(name: str) -> str:
    """The verb of a family."""
    return "are" if word(name) == "separate models" else "is"


def capital(text: str) -> str:
    """The text with its first letter large."""
    return f"{text[0].upper()}{text[1:]}"


def _choice(found: Verdict, same: tuple[str, ...]) -> str:
    """Which of families that cannot be told apart is the verdict, and why."""
    simplest = f"the {'simplest' if len(same) > 2 else 'simpler'}"
    if found.chosen == same[0]:
        return f"The verdict is {word(same[0])}, {simplest}"
    return (
        f"The verdict is {word(found.chosen)}, ahead of {word(same[0])}, {simplest}, by more than half a standard error"
    )


def _listed(names: tuple[str, ...]) -> str:
    words = [word(name) for name in names]
    return capital(f"{', '.join(words[:-1])} and {words[-1]}")


def _gaps(found: Verdict, same: tuple[str, ...]) -> str:
    """Differences of all but the best."""
    others = [name for name in same if name != found.best]
    if len(others) == 1:
        return f"difference {_gap(found, others[0])}"
    return "; ".join(f"{word(name)} {_gap(found, name)}" for name in others)


def _gap(found: Verdict, name: str) -> str:
    return f"{number(found.differences[name], 3)}, SE {number(found.ses[name], 2)}"
