"""A page as a Word document, made by python-docx."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, assert_never

from statsmodels.iolib.table import SimpleTable

from sparsekin.data.files import write_whole
from sparsekin.errors import needs
from sparsekin.report.page.parts import Code, Figures, Page, Part, Picture, Warned, cells_of, printable

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_PROPERTY = 255  # characters that Word allows in a title of the file
_ROOM = 6.9  # inches between the margins
_LONG = 50  # characters, beyond which a text is broken
_WHOLE = 24  # characters, beyond which a word is
_SIDES = 4  # characters that the margins of a cell take
_TIED = "\u00a0"  # a space at which no line is broken
_MANY = 7  # columns, beyond which a table is set smaller
_CHARACTER = 0.58  # mean width of a character, in sizes of the font


def page_word(page: Page, path: str | os.PathLike[str] | None = None) -> bytes:
    """The page as the bytes of a .docx file, for A4 and for editing: headings, tables and captions of Word.

    Parameters
    ----------
    page : Page
    path : path, optional
        Where the file is written, whole or not at all.

    Raises
    ------
    MissingExtraError
        python-docx is not installed.
    OSError
        `path` cannot be written.
    """
    with needs("A Word file", "python-docx", "report"):
        import docx
        from docx.shared import Inches, Pt
    made = docx.Document()
    section = made.sections[0]
    section.page_width, section.page_height = Inches(8.27), Inches(11.69)
    section.left_margin = section.right_margin = Inches((8.27 - _ROOM) / 2)
    made.styles["Normal"].font.size = Pt(10.5)
    made.core_properties.title = printable(page.title)[:_PROPERTY]
    made.core_properties.author = "sparsekin"
    made.add_heading(printable(page.title), 0)
    for part in page.lead:
        _add(made, part)
    for one in page.sections:
        made.add_heading(one.title, 1)
        for part in one.parts:
            _add(made, part)
    out = BytesIO()
    made.save(out)
    if path is not None:
        write_whole(path, out.getvalue())
    return out.getvalue()


def _add(made: WordDocument, part: Part) -> None:
    from docx.shared import Inches, Pt

    match part:
        case str():
            made.add_paragraph(printable(part))
        case Warned():
            paragraph = made.add_paragraph(style="Intense Quote")
            paragraph.add_run("Note. ").bold = True
            paragraph.add_run(printable(part.text))
        case Figures():
            _add_rows(made, (), [(what, value) for value, what in part.cells], "lr")
        case Code():
            made.add_paragraph(part.language, style="Caption")
            run = made.add_paragraph().add_run(printable(part.text))
            run.font.name, run.font.size = "Courier New", Pt(8.5)
        case Picture():
            made.add_picture(BytesIO(part.png()), width=Inches(min(part.width, _ROOM)))
            made.add_paragraph(printable(part.caption), style="Caption")
        case SimpleTable():
            found = cells_of(part)
            _add_rows(made, found.head, found.rows, found.aligns)
        case _:
            assert_never(part)


def _add_rows(made: WordDocument, head: tuple[str, ...], rows: Any, aligns: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    sides = {"l": WD_ALIGN_PARAGRAPH.LEFT, "c": WD_ALIGN_PARAGRAPH.CENTER, "r": WD_ALIGN_PARAGRAPH.RIGHT}
    lines = [head, *rows] if head else [*rows]
    if not lines:
        return
    table = made.add_table(rows=len(lines), cols=len(lines[0]), style="Light Shading")
    points = 9 if len(lines[0]) <= _MANY else 7
    size = Pt(points)
    lines, shares = _fitted(lines, _ROOM * 72 / (points * _CHARACTER))
    _set_widths(table, shares)
    for at, line in enumerate(lines):
        cells = table.rows[at].cells
        for cell, text, side in zip(cells, line, aligns, strict=False):
            paragraph = cell.paragraphs[0]
            paragraph.alignment = sides[side]
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(printable(text))
            run.font.size, run.bold = size, bool(head) and at == 0
    if head:
        _repeat_header(table.rows[0])
    made.add_paragraph()


def _fitted(lines: list[Sequence[str]], room: float) -> tuple[list[Sequence[str]], list[float]]:
    """Texts, and the shares of a line of `room` characters that their columns have.

    A column has what its longest word needs, and of the rest the more, the longer its texts are. Where words are too
    long for the line, those tied by spaces come apart, and then the longest are broken.
    """
    words = _longest_words(lines)
    if sum(words) > room:
        lines = [[text.replace(_TIED, " ") for text in line] for line in lines]
        words = _longest_words(lines)
    whole = [
        max(min(max(map(len, one)), _LONG) + _SIDES, word)
        for one, word in zip(zip(*lines, strict=True), words, strict=True)
    ]
    while sum(words) > room and max(words) > 2 * _SIDES:
        words = [min(word, max(words) - 1) for word in words]
    spare, wished = max(room - sum(words), 0.0), sum(whole) - sum(words)
    part = min(spare / wished, 1.0) if wished else 0.0
    found = [word + part * (most - word) for word, most in zip(words, whole, strict=True)]
    return lines, [one / sum(found) for one in found]


def _longest_words(lines: Sequence[Sequence[str]]) -> list[int]:
    """Characters of the longest word of each column and the margins of a cell."""
    columns = zip(*lines, strict=True)
    return [min(max(len(word) for text in one for word in text.split(" ")), _WHOLE) + _SIDES for one in columns]


def _set_widths(table: Any, shares: Sequence[float]) -> None:
    """Columns that fill the page together; Word reads the widths of cells, LibreOffice those of columns."""
    from docx.shared import Inches

    table.autofit = False
    for column, share in zip(table.columns, shares, strict=True):
        column.width = Inches(_ROOM * share)
        for cell in column.cells:
            cell.width = Inches(_ROOM * share)


def _repeat_header(row: Any) -> None:
    """Show the row again at the top of each page of the table."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)
