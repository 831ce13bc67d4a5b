"""What a mixed form is made from, and the way back to the user's columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from sparsekin.data.blocks import Matrix
from sparsekin.data.jsonable import decode, encode
from sparsekin.data.recipe import Recipe
from sparsekin.data.rows import Codes
from sparsekin.data.spare import NOTHING, Spare


@dataclass(frozen=True, slots=True, eq=False)
class FormsDesign:
    """How the tables of a mixed form are made, and what their columns are called.

    ============ =============== =================================================================
    field        shape           meaning
    ============ =============== =================================================================
    formula      str or None     as written; None when the fit was given arrays
    names        3 of str        columns of Y, X, Z
    task         str or None     the task column
    task_names   K               labels of the tasks
    random       str or None     terms that Z crosses with the tasks; None when Z has columns of its own
    recipes      3 of Recipe     how a frame becomes Y, X and Z (with `random`: what is crossed); None: arrays,
                                 or nothing to make
    random_intercept bool        Z has the indicators of the tasks
    silent       (K,) bool       tasks without any response: nothing can be known of their random part, so that their
                                 rows are at population level, as those of a task not seen in the fit
    ============ =============== =================================================================
    """

    formula: str | None
    names: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    task: str | None
    task_names: tuple[object, ...]
    random: str | None
    recipes: tuple[Recipe | None, Recipe | None, Recipe | None]
    random_intercept: bool = False
    silent: tuple[bool, ...] = ()

    @property
    def intercepts_only(self) -> bool:
        """Whether Z is the indicators of the tasks and nothing else."""
        return self.random is not None and self.random_intercept and self.recipes[2] is None

    def to_dict(self) -> dict[str, Any]:
        """Write the design as values JSON can hold."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        plain["recipes"] = tuple(None if recipe is None else recipe.to_dict() for recipe in self.recipes)
        encoded: dict[str, Any] = encode(plain)
        return encoded

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> FormsDesign:
        """Rebuild the design `to_dict` described."""
        plain = decode(saved)
        y, x, z = (None if recipe is None else Recipe(**recipe) for recipe in plain.pop("recipes"))
        return cls(**plain, recipes=(y, x, z))


@dataclass(frozen=True, slots=True, eq=False)
class FormsData:
    """Tables Y (n, q), X (n, p_x), Z (n, p_z), NaN where missing; the task of each row, -1 where none; the index.

    And whether the user's rows had that index, and the columns of the frame that are no part of the model.
    """

    tables: tuple[Matrix, Matrix, Matrix]
    task_codes: Codes
    index: pd.Index
    design: FormsDesign
    labelled: bool = False
    spare: Spare = NOTHING
