"""Sphinx: pages of docs/ and vignettes/, the latter executed when they are built."""

import sparsekin

project = "sparsekin"
copyright = "2026, the sparsekin developers"
version = release = sparsekin.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["docs/**", "vignettes/*.md", "CHANGELOG.md", "benchmarks/results/*_l0.md"]
exclude_patterns = ["docs/conf.py", "docs/images"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
myst_heading_anchors = 3
autosummary_generate = True
napoleon_google_docstring = False
autodoc_typehints = "none"
html_theme = "furo"
html_title = "sparsekin"
html_show_sourcelink = False
suppress_warnings = ["myst.xref_missing"]  # links to files that are no pages
