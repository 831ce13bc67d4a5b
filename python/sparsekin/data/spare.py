"""Columns of the user's frame that are no part of the model: groups and folds are named among them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from sparsekin.data.frame import suggest
from sparsekin.errors import DataError, OptionError, kind_of


@dataclass(frozen=True, slots=True, eq=False)
class Spare:
    """What a model remembers of its frame besides what it is made of.

    ======= ============== ======================================================================
    field   shape          meaning
    ======= ============== ======================================================================
    columns frame or None  a copy of the columns that no term and no outcome reads; None: the model
                           was not given a frame
    read    of str         the columns that are read
    groups  str or None    the column that says which rows belong together, as `from_formula` was told
    ======= ============== ======================================================================
    """

    columns: pd.DataFrame | None = None
    read: frozenset[str] = frozenset()
    groups: str | None = None

    def values(self, role: str, given: object) -> object:
        """What was given as groups or folds, the column where it is a name.

        Raises
        ------
        DataError
            There is no such column, it is part of the model, or the model has no frame.
        """
        if not isinstance(given, str):
            return given
        if self.columns is None:
            raise DataError(
                f"{role} = {given!r} names a column, but the model was not made from a data frame; give one value per "
                "row."
            )
        if given in self.columns:
            return self.columns[given]
        if given in self.read:
            leave = "name it in from_formula(groups=...), or " if role == "groups" else ""
            raise DataError(
                f"{role} = {given!r} is part of the model too: the formula or its '.' reads it. To leave it out, "
                f"{leave}drop it from the data and give {role}=data[{given!r}]; values may always be given so."
            )
        raise DataError(f"{role} = {given!r} is no column of the data. {suggest(given, map(str, self.columns))}")


NOTHING = Spare()


def spare_of(frame: pd.DataFrame, read: Collection[str], groups: str | None = None) -> Spare:
    """Set the columns aside that are not `read`, and the one of the groups."""
    names = [name for name in frame.columns if name not in read or name == groups]
    return Spare(frame[names].copy(), frozenset(map(str, read)), groups)


def check_group_name(groups: object) -> str | None:
    """The name as it is, None where there is none.

    Raises
    ------
    OptionError
        It is no text.
    """
    if groups is not None and not isinstance(groups, str):
        raise OptionError(
            f"groups of from_formula is the name of a column, not {kind_of(groups)}; give values to "
            "cross_validate(groups=...)."
        )
    return groups
