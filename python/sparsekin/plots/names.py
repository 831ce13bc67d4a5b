"""Names of the user as text in a picture: never read as mathematics, cut in the middle, and still distinct."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Any

LONGEST = 34  # letters of a label
_SHORTEST = 8
_FONTS = 300  # looked through for a letter


def short_names(names: Iterable[Hashable], most: int = LONGEST) -> list[str]:
    """Labels of at most about `most` letters; distinct names have distinct labels.

    Long names lose their middle, because ends tell factor levels apart; where that leaves some the same, what they have
    in common is cut instead. Letters that no font has stand as their codes.
    """
    whole = [_drawable(str(name)) for name in names]
    cut = {name: _without_middle(name, most) for name in dict.fromkeys(whole)}
    for same in _alike(cut):
        head, tail = _shared(same), _shared([name[::-1] for name in same])
        for name in same:
            kept, differs = name[: min(head, most // 4)], name[head : len(name) - tail or None]
            cut[name] = f"{kept}…{_without_middle(differs, most - len(kept) - 1)}"
    for same in _alike(cut):
        for i, name in enumerate(same):
            cut[name] = f"{cut[name]} #{i + 1}"
    return [cut[name] for name in whole]


def fitting_names(names: Iterable[Hashable], points: float, size: float) -> list[str]:
    """`short_names` no wider than so many points in a font of `size`, as far as labels can be that short."""
    names, most = list(names), LONGEST
    short = short_names(names, most)
    while most > _SHORTEST and (wide := widest(short, size)) > points:
        most = max(_SHORTEST, min(most - 1, int(most * points / wide)))
        short = short_names(names, most)
    return short


def name_style(labels: Iterable[str]) -> dict[str, Any]:
    """Properties of a text that shows names as they are, with fonts that have their letters."""
    fonts = dict.fromkeys(font for letter in sorted(set("".join(labels))) if (font := _font_with(letter)))
    return {"parse_math": False, "usetex": False, "fontfamily": [*_own_families(), *fonts]}


def set_text(text: Any, label: str) -> None:
    """Show a name in a text that is there."""
    text.set(text=label, **name_style([label]))


def widest(labels: Sequence[str], size: float) -> float:
    """Points the widest label needs, and a tenth more, because letters are fitted to the pixels when drawn."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=size, family=name_style(labels)["fontfamily"])
    measure = text_to_path.get_text_width_height_descent
    return 1.1 * max((measure(label, font, ismath=False)[0] for label in labels), default=0.0)


def _alike(labels: dict[str, str]) -> list[list[str]]:
    """Names that share a label."""
    found: dict[str, list[str]] = {}
    for name, label in labels.items():
        found.setdefault(label, []).append(name)
    return [names for names in found.values() if len(names) > 1]


def _shared(names: Sequence[str]) -> int:
    """How many letters all names begin with."""
    return next(
        (i for i, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1), min(map(len, names))
    )


def _without_middle(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def _drawable(name: str) -> str:
    return "".join(letter if _is_drawable(letter) else letter.encode("unicode_escape").decode() for letter in name)


def _is_drawable(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable()
    return unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") and _font_with(letter) is not None


def _own_families() -> list[str]:
    import matplotlib as mpl

    families = mpl.rcParams["font.family"]
    return [families] if isinstance(families, str) else list(families)


def _font_with(letter: str) -> str | None:
    """A family to add for a letter: "" where those in use have it, None where no font has."""
    from matplotlib.font_manager import FontProperties, findfont

    own = tuple(findfont(FontProperties(family=[family])) for family in _own_families())
    return _found_font(letter, own)


@lru_cache(maxsize=10_000)
def _found_font(letter: str, own: tuple[str, ...]) -> str | None:
    if any(ord(letter) in _letters(path) for path in own):
        return ""
    return next((name for name, path in _other_fonts() if ord(letter) in _letters(path)), None)


@lru_cache(maxsize=1)
def _other_fonts() -> list[tuple[str, str]]:
    """Upright text fonts, one file per family."""
    from matplotlib.font_manager import fontManager

    fonts = {
        font.name: font.fname
        for font in reversed(fontManager.ttflist)
        if font.style == "normal" and font.weight in (400, "normal")
    }
    text = {name: path for name, path in fonts.items() if not name.startswith(("Last Resort", "STIX", "cm", "MathJax"))}
    return sorted(text.items())[:_FONTS]


@lru_cache(maxsize=_FONTS + 10)
def _letters(path: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(path).get_charmap())
