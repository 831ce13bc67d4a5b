"""A page as one HTML file that needs nothing from elsewhere: no script, no font, no picture beside it."""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from typing import assert_never

from statsmodels.iolib.table import SimpleTable

from sparsekin.report.page.parts import Code, Figures, Page, Part, Picture, Section, Warned, cells_of, printable

_MANY = 7  # columns, beyond which a table is set smaller
_SIDES = {"l": "", "c": ' class="c"', "r": ' class="r"'}


def page_html(page: Page) -> str:
    """The page as a whole document.

    Parameters
    ----------
    page : Page

    Returns
    -------
    str
        HTML 5; light or dark as the reader's system is, tables that scroll by themselves on narrow screens.
    """
    contents = "".join(f'<li><a href="#{_anchor(one.title)}">{escape(one.title)}</a></li>' for one in page.sections)
    body = [
        f"<header><h1>{escape(page.title)}</h1></header>",
        f'<main><section class="lead">{_parts(page.lead)}</section>',
        f'<nav aria-label="Contents"><ol>{contents}</ol></nav>' if contents else "",
        *(_section(one) for one in page.sections),
        "</main>",
    ]
    style = files("sparsekin.report.page").joinpath("style.css").read_text(encoding="utf-8")
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(page.title)}</title><style>\n{style}</style>'
    )
    lines = ["<!doctype html>", '<html lang="en">', f"<head>{head}</head>", "<body>", *body, "</body>", "</html>", ""]
    return printable("\n".join(lines))


def _section(section: Section) -> str:
    return f'<section id="{_anchor(section.title)}"><h2>{escape(section.title)}</h2>\n{_parts(section.parts)}</section>'


def _parts(parts: tuple[Part, ...]) -> str:
    return "\n".join(map(_part, parts))


def _part(part: Part) -> str:
    match part:
        case str():
            return f"<p>{escape(part)}</p>"
        case Warned():
            return f'<p class="warned"><strong>Note.</strong> {escape(part.text)}</p>'
        case Figures():
            cells = "".join(f"<div><dt>{escape(what)}</dt><dd>{escape(value)}</dd></div>" for value, what in part.cells)
            return f'<dl class="figures">{cells}</dl>'
        case Code():
            text = f"<pre><code>{escape(part.text)}</code></pre>"
            return f"<figure><figcaption>{escape(part.language)}</figcaption>{text}</figure>"
        case Picture():
            label, svg = escape(part.caption, quote=True), part.svg
            return (
                f'<figure class="picture"><div role="img" aria-label="{label}" style="max-width:{part.width:g}in">'
                f"{svg}</div><figcaption>{escape(part.caption)}</figcaption></figure>"
            )
        case SimpleTable():
            return _table(part)
    assert_never(part)


def _table(table: SimpleTable) -> str:
    found = cells_of(table)
    sides = [_SIDES[one] for one in found.aligns]
    head = "".join(f'<th scope="col"{side}>{escape(text)}</th>' for text, side in zip(found.head, sides, strict=False))
    lines = []
    for row in found.rows:
        first, *rest = (f"{side}>{_breakable(text)}" for text, side in zip(row, sides, strict=True))
        lines.append(f'<tr><th scope="row"{first}</th>{"".join(f"<td{cell}</td>" for cell in rest)}</tr>')
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    wide = ' class="wide"' if len(sides) > _MANY else ""
    return f'<div class="scroll" tabindex="0"><table{wide}>{top}<tbody>{"".join(lines)}</tbody></table></div>'


def _breakable(text: str) -> str:
    """Long names may be broken where their parts meet, a mark stays with its number."""
    parts = re.sub(r"(?<=[^\W\d]_)(?=\w)|(?<=[^\W\d_][.:])(?=[^\W\d_])", "<wbr>", escape(text))
    return parts.replace("]°", "]&#8288;°")


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"
