"""What a page is made of, before it is written as HTML, Word or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from statsmodels.iolib.table import SimpleTable

_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in both forms that a page may need.

    ======= ============== ==============================================
    field   type           meaning
    ======= ============== ==============================================
    name    str            letters, digits and dashes; one of its kind on the page
    caption str            what it shows, also read aloud in its place
    svg     str            the drawing, without XML declaration
    png     () -> bytes    makes the same in points, 200 per inch
    width   float          inches
    ======= ============== ==============================================
    """

    name: str
    caption: str
    svg: str
    png: Callable[[], bytes]
    width: float


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of a program.

    ======== ==== ======================
    field    type meaning
    ======== ==== ======================
    language str  as a reader calls it
    text     str  the lines
    ======== ==== ======================
    """

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """A few numbers that are read first, each with its words.

    ===== ==================== =========================================
    field type                 meaning
    ===== ==================== =========================================
    cells tuple of (str, str)  what stands large, and what it is
    ===== ==================== =========================================
    """

    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Warned:
    """A paragraph that must not be passed over.

    ===== ==== =========
    field type meaning
    ===== ==== =========
    text  str
    ===== ==== =========
    """

    text: str


Part: TypeAlias = str | SimpleTable | Picture | Code | Figures | Warned


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A heading and what stands below it; strings are paragraphs.

    ===== ============= ======================================
    field type          meaning
    ===== ============= ======================================
    title str
    parts tuple of Part in order
    ===== ============= ======================================
    """

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """An analysis as it is read: the answer first, then what it rests on.

    ========== ================ ===============================================
    field      type             meaning
    ========== ================ ===============================================
    title      str              the question
    lead       tuple of Part    the first screen
    sections   tuple of Section the supplement
    ========== ================ ===============================================
    """

    title: str
    lead: tuple[Part, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """A table as texts.

    ====== ====================== ==============================================
    field  type                   meaning
    ====== ====================== ==============================================
    head   tuple of str           of m columns; empty where the table has none
    rows   tuple of tuples of str
    aligns str                    one of l, c, r per column
    ====== ====================== ==============================================
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    aligns: str


def cells_of(table: SimpleTable) -> Cells:
    """The texts of a table made by `sparsekin.report.document.table`."""
    rows = [tuple("" if cell.data is None else str(cell.data) for cell in row) for row in table]
    kinds = [row.datatype for row in table]
    head = rows[0] if kinds and kinds[0] == "header" else ()
    aligns = str(table.output_formats["txt"].get("data_aligns", ""))
    body = tuple(rows[len(head) > 0 :])
    return Cells(head, body, aligns.ljust(max(map(len, rows), default=0), "r"))


def printable(text: str) -> str:
    """Without the control characters that neither HTML nor XML can hold."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
