"""The page of a study: its first screen, and the supplement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from statsmodels.iolib.table import SimpleTable

from sparsekin.analysis.sections import supplement
from sparsekin.analysis.words import title_of
from sparsekin.report.document import table
from sparsekin.report.page.parts import Code, Figures, Page, Part, Picture, Warned

if TYPE_CHECKING:
    from sparsekin.analysis.study import Study


def page_of_study(study: Study) -> Page:
    """All parts, in order; nothing on it is computed anew, but for pictures."""
    return Page(title_of(study), study.lead, supplement(study))


def tables_only(page: Page) -> list[SimpleTable | str]:
    """The page as tables and paragraphs, with the captions of its pictures."""
    out: list[SimpleTable | str] = [*plain(page.lead)]
    for one in page.sections:
        out += [one.title.upper(), *plain(one.parts)]
    return out


def plain(parts: tuple[Part, ...]) -> list[SimpleTable | str]:
    """Parts as tables and paragraphs, with the captions of pictures."""
    out: list[SimpleTable | str] = []
    for part in parts:
        match part:
            case Picture():
                out.append(f"[Picture {part.name}: {part.caption}]")
            case Code():
                out += [f"{part.language}:", *part.text.splitlines()]
            case Warned():
                out.append(f"Note: {part.text}")
            case Figures():
                out.append(table([[what, value] for value, what in part.cells], aligns="lr"))
            case _:
                out.append(part)
    return out
