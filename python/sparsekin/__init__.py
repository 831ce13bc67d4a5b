"""Sparse models for kindred tasks: joint sparse regression over several related data sets."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from sparsekin._version import __version__

if TYPE_CHECKING:
    from sparsekin import errors
    from sparsekin.analysis.study import Study, study
    from sparsekin.data import datasets, simulate
    from sparsekin.data import gather as moments
    from sparsekin.data.sources import opening as columns
    from sparsekin.models import federation
    from sparsekin.models.forms.model import MixedForms
    from sparsekin.models.forms.results import FormsResults
    from sparsekin.models.hal.model import MTHAL
    from sparsekin.models.hal.results import HALResults
    from sparsekin.models.sparse.average import AverageResults
    from sparsekin.models.sparse.model import SparseMTL
    from sparsekin.models.sparse.results import SparseResults
    from sparsekin.report.etable import etable

__all__ = ["MTHAL", "AverageResults", "FormsResults", "HALResults", "MixedForms", "SparseMTL", "SparseResults"]
__all__ += ["Study", "__version__", "columns", "datasets", "errors", "etable", "federation", "moments"]
__all__ += ["simulate", "study"]

# Public name -> where it lives; loaded when first asked for, so that `import sparsekin` costs nothing.
_NAMES = {"AverageResults": "models.sparse.average", "FormsResults": "models.forms.results",
          "HALResults": "models.hal.results", "MTHAL": "models.hal.model", "MixedForms": "models.forms.model",
          "SparseMTL": "models.sparse.model", "SparseResults": "models.sparse.results",
          "Study": "analysis.study", "etable": "report.etable", "study": "analysis.study"}  # fmt: skip
_MODULES = {"columns": "data.sources.opening", "datasets": "data.datasets", "errors": "errors",
            "federation": "models.federation",
            "moments": "data.gather", "simulate": "data.simulate"}  # fmt: skip

if not TYPE_CHECKING:  # a type checker would take every name for granted

    def __getattr__(name: str) -> object:
        if name in _NAMES:
            return getattr(import_module(f"sparsekin.{_NAMES[name]}"), name)
        if name in _MODULES:
            return import_module(f"sparsekin.{_MODULES[name]}")
        raise AttributeError(f"module 'sparsekin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
