"""Sparse models for kindred tasks: joint sparse regression over several related data sets."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparsekin import errors
    from sparsekin.data import datasets, simulate
    from sparsekin.data import gather as moments
    from sparsekin.models.results import SparseResults
    from sparsekin.models.sparse import SparseMTL

__version__ = "0.1.0"

__all__ = ["SparseMTL", "SparseResults", "__version__", "datasets", "errors", "moments", "simulate"]

# Public name -> (module, attribute); loaded when first asked for, so that `import sparsekin` costs nothing.
_HOMES = {
    "SparseMTL": ("sparsekin.models.sparse", "SparseMTL"),
    "SparseResults": ("sparsekin.models.results", "SparseResults"),
    "datasets": ("sparsekin.data.datasets", None),
    "errors": ("sparsekin.errors", None),
    "moments": ("sparsekin.data.gather", None),
    "simulate": ("sparsekin.data.simulate", None),
}

if not TYPE_CHECKING:  # a type checker would take every name for granted

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'sparsekin' has no attribute {name!r}")
        module, attribute = _HOMES[name]
        return getattr(import_module(module), attribute) if attribute else import_module(module)


def __dir__() -> list[str]:
    return __all__
