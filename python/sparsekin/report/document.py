"""A statsmodels `Summary` whose tables may differ in width and whose cells may hold any text."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import Any

from statsmodels.iolib.summary import Summary
from statsmodels.iolib.table import Cell, SimpleTable, pad

_LATEX = str.maketrans({
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "&": r"\&", "$": r"\$", "%": r"\%", "#": r"\#",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
})  # fmt: skip
_TEXT_LINES = {"table_dec_above": None, "table_dec_below": None, "header_dec_below": "-", "colsep": "  "}
_WIDTH = 78


class _SafeCell(Cell):
    """A cell that escapes its text for HTML, LaTeX and CSV, and is aligned as its column, headers too."""

    def format(self, width: int, output_format: str = "txt", **fmt: Any) -> str:
        kind = fmt.get("fmt", output_format)
        shown = Cell(_escape(str(self.data), kind), datatype=self.datatype, row=self.row)
        text = str(shown.format(0, output_format=output_format, **{**fmt, "replacements": {}}))
        return text if kind == "csv" else pad(text, width, self.alignment(output_format, **fmt))

    def alignment(self, output_format: str, **fmt: Any) -> str:
        position = next(i for i, cell in enumerate(self.row) if cell is self)
        return str(self._get_fmt(output_format, **fmt)["data_aligns"][position])


class Document(Summary):
    """Title, tables and paragraphs, in order; renders as text, HTML, LaTeX and CSV.

    Parameters
    ----------
    title : str
    parts : sequence of SimpleTable or str
        Strings are paragraphs.
    """

    def __init__(self, title: str, parts: Sequence[SimpleTable | str]) -> None:
        super().__init__()
        self.title = title
        self.parts = list(parts)
        self.tables = [part for part in self.parts if isinstance(part, SimpleTable)]

    def as_text(self) -> str:
        """Fixed-width text."""
        drawn = [part.as_text() if isinstance(part, SimpleTable) else part for part in self.parts]
        tables = [text for text, part in zip(drawn, self.parts, strict=True) if isinstance(part, SimpleTable)]
        width = max([_WIDTH, len(self.title), *(len(line) for text in tables for line in text.splitlines())])
        lines = [self.title.center(width).rstrip(), "=" * width]
        for i, (text, part) in enumerate(zip(drawn, self.parts, strict=True)):
            if i and (isinstance(part, SimpleTable) or isinstance(self.parts[i - 1], SimpleTable)):
                lines.append("-" * width)
            lines += _drawn_lines(text, width) if isinstance(part, SimpleTable) else _wrapped(text, width)
        return "\n".join([*lines, "=" * width])

    def as_html(self) -> str:
        """HTML tables and paragraphs."""
        body = [p.as_html() if isinstance(p, SimpleTable) else f"<p>{html.escape(p)}</p>" for p in self.parts]
        return "\n".join([f"<h4>{html.escape(self.title)}</h4>", *body])

    def as_latex(self) -> str:
        """LaTeX tabulars and paragraphs."""
        body = [p.as_latex_tabular() if isinstance(p, SimpleTable) else p.translate(_LATEX) for p in self.parts]
        return "\n\n".join([rf"\textbf{{{self.title.translate(_LATEX)}}}", *body])

    def as_csv(self) -> str:
        """Comma-separated tables, each paragraph as one quoted cell."""
        body = [p.as_csv() if isinstance(p, SimpleTable) else _quoted(p) for p in self.parts]
        return "\n".join([_quoted(self.title), *body])


def table(rows: Sequence[Sequence[str]], headers: Sequence[str] | None = None, aligns: str = "l") -> SimpleTable:
    """A table of texts; `aligns` holds one of l, c, r per column, and columns beyond it are aligned right."""
    n = len(rows[0])
    common = {"data_aligns": aligns.ljust(n, "r"), "data_fmts": ["%s"] * n}
    return SimpleTable(
        [list(row) for row in rows],
        headers=list(headers) if headers else None,
        celltype=_SafeCell,
        txt_fmt={**common, **_TEXT_LINES},
        csv_fmt={**common, "data_fmts": ['"%s"'] * n, "header": '"%s"'},
        ltx_fmt=common,
        html_fmt={**common, "data_fmts": ["<td>%s</td>"] * n},
    )


def _escape(text: str, output_format: str) -> str:
    if output_format == "html":
        return html.escape(text)
    if output_format in ("ltx", "latex"):
        return text.translate(_LATEX)
    return text.replace('"', '""') if output_format == "csv" else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _drawn_lines(text: str, width: int) -> list[str]:
    """Lines of a table; a rule under its header runs over the whole width."""
    return ["-" * width if set(line) == {"-"} else line.rstrip() for line in text.splitlines()]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=False)
