"""Formulas as MathML, which browsers draw without a script from elsewhere."""

from docutils import nodes
from latex2mathml.converter import convert


def drawn(formula, display="inline"):
    """The bars of a norm alike: a bar that may stretch is as high as the letters on one of its sides only."""
    made = convert(formula, display=display).replace("<mo>&#x02016;</mo>", '<mo stretchy="false">&#x02016;</mo>')
    if "<mi>&</mi>" in made:
        raise ValueError(f"latex2mathml does not align {formula!r}; use an array.")
    return made


def visit_math(translator, node):
    translator.body.append(drawn(node.astext()))
    raise nodes.SkipNode


def visit_displayed(translator, node):
    translator.body.append(f'<div class="math">{drawn(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", inline_renderers=(visit_math, None), block_renderers=(visit_displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
