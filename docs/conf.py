"""Sphinx: pages of docs/ and vignettes/; those with code cells are executed when they are built."""

import re
import sys
from pathlib import Path

import sparsekin

sys.path.insert(0, str(Path(__file__).parent))

project = "sparsekin"
copyright = "2026, the sparsekin developers"
version = release = sparsekin.__version__

extensions = [
    "myst_nb",
    "sphinx_design",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "mathml",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "vignettes/*.md", "CHANGELOG.md", "benchmarks/results/*_l0.md"]
exclude_patterns = ["docs/conf.py", "docs/mathml.py", "docs/images", "docs/static", "docs/templates"]
templates_path = [str(Path(__file__).parent / "templates")]  # autosummary reads it from the root, Sphinx from here

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 900  # of a busy machine
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
napoleon_google_docstring = False
napoleon_use_ivar = True
default_role = "py:obj"
autodoc_typehints = "none"
add_module_names = False
# Classes that methods return are no names to import: their pages are called after the class alone.
_RETURNED = {
    "sparsekin.models.sparse.path": "PathResults",
    "sparsekin.models.sparse.cv": "CVResults",
    "sparsekin.models.sparse.dial": "DialResults",
    "sparsekin.models.sparse.compare": "Comparison",
    "sparsekin.models.sparse.knockoffs": "Knockoffs",
    "sparsekin.models.sparse.leaving_out": "InternalExternal",
    "sparsekin.models.judging": "Validation",
    "sparsekin.results.homogeneity": "Homogeneity",
    "sparsekin.models.hal.path": "HALPath",
    "sparsekin.models.hal.cv": "HALCV",
    "sparsekin.models.hal.compare": "HALComparison",
    "sparsekin.models.forms.cv": "FormsCV",
    "sparsekin.models.forms.bootstrap": "FormsBootstrap",
    "sparsekin.data.moments": "Moments",
    "sparsekin.data.summary.judge": "SummaryCheck",
}
autosummary_filename_map = {f"{room}.{name}": name for room, name in _RETURNED.items()}

linkcheck_ignore = [r"study\.html"]  # behind a picture, of which Sphinx does not see that it is a page of the site

html_math_renderer = "mathml"
html_theme = "furo"
html_title = "sparsekin"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_extra_path = ["static/root"]


def _escape_names(app, what, name, obj, options, lines):
    """Underscores at the ends of scikit-learn's names are no references."""
    fields = (":ivar", ":vartype", ":type", ":rtype", ":returns")
    lines[:] = [re.sub(r"(\w)_(?=[,) ]|$)", r"\1\\_", one) if one.startswith(fields) else one for one in lines]


def setup(app):
    app.connect("autodoc-process-docstring", _escape_names, priority=900)
