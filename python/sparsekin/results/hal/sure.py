"""What halves of the rows say of a HAL fit, in the user's names."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sparsekin.data.blocks import TaskBlocks
from sparsekin.inference.curves import CurveHalves
from sparsekin.inference.estimates import LEAST_DF, LEAST_HALVES
from sparsekin.options import check_level
from sparsekin.results.hal.curves import column_of
from sparsekin.results.hal.names import section_name
from sparsekin.results.unavailable import Unavailable


class SayCurves:
    """The properties and methods of a HAL fit that halves of its rows answer."""

    __slots__ = ()
    honest_way = "; stability() has curves of rows that did not choose, with bands: band(variable)"
    halves: CurveHalves | None
    blocks: TaskBlocks
    task_index: pd.Index

    @property
    def se_kind(self) -> str:
        """Kind of standard errors: "none", or after `stability` "halves", with its groups "halves, by group"."""
        return "none" if self.halves is None else "halves, by group" if self.halves.grouped else "halves"

    @property
    def frequency(self) -> pd.DataFrame | Unavailable:
        """(m, 1 + K) share of half-samples that chose each set of variables in any task ("any") and in each.

        After `stability`; of the sets that any half-sample chose, the most frequent first.
        """
        found = self._curve_halves()
        if isinstance(found, Unavailable):
            return found
        names = [section_name(self.blocks.feature_names, columns) for columns in found.sections]
        table = pd.DataFrame(found.frequency, index=pd.Index(names, name="section"), columns=self.task_index)
        table.insert(0, "any", found.frequency_any, allow_duplicates=True)
        return table.iloc[np.argsort(-found.frequency_any, kind="stable")]

    @property
    def variable_frequency(self) -> pd.DataFrame | Unavailable:
        """(d, 1 + K) as `frequency` of every variable, alone or together with others."""
        found = self._curve_halves()
        if isinstance(found, Unavailable):
            return found
        index = pd.Index(self.blocks.feature_names, name="variable")
        table = pd.DataFrame(found.variables[:, 1:], index=index, columns=self.task_index)
        table.insert(0, "any", found.variables[:, 0], allow_duplicates=True)
        return table

    def band(self, variable: str, level: float = 0.95) -> pd.DataFrame | Unavailable:
        """The main effect of a variable on rows that did not choose its functions, with a band; after `stability`.

        The functions that a half-sample chooses are refitted without a penalty on its other rows; a mean over the
        half-samples with a main effect of the variable, mean 0 over the rows of all tasks, on the scale of the link.
        The band is around this mean, not around `curve`, which is shrunken; at every point by itself (t intervals),
        not around all of the curve at once. Where products of variables are in the basis, part of an effect may sit in
        them: the band is of the functions of the variable alone.

        Parameters
        ----------
        variable : str
        level : float

        Returns
        -------
        DataFrame (61, 3 K)
            A row per value of the variable, columns (task, "estimate"), (task, "lower") and (task, "upper"); NaN where
            fewer than 10 half-samples tell, or fewer than 5 degrees of freedom are left.

        Raises
        ------
        DataError
            No such variable.
        OptionError
            `level` is not between 0 and 1.
        """
        check_level("level", level)
        column = column_of(self.blocks, variable)
        found = self._curve_halves()
        if isinstance(found, Unavailable):
            return found
        if not np.isfinite(found.se[column]).any():
            return Unavailable(_why_none(found, column, variable))
        low, high = found.band(column, level)
        values = np.stack([found.value[column], low, high], axis=1)
        columns = pd.MultiIndex.from_product(
            [self.task_index, ["estimate", "lower", "upper"]], names=[self.task_index.name, None]
        )
        index = pd.Index(found.at[column], name=variable)
        return pd.DataFrame(values.reshape(-1, len(index)).T, index=index, columns=columns)

    def _curve_halves(self) -> CurveHalves | Unavailable:
        if self.halves is None:
            return Unavailable(
                "how often functions are chosen, and bands that allow for it, come from halves of the rows: stability()"
            )
        if not self.halves.halves:
            return Unavailable("stability() was interrupted before one pair of halves was finished")
        return self.halves


def _why_none(found: CurveHalves, column: int, variable: str) -> str:
    share = found.frequency_any[[i for i, one in enumerate(found.sections) if one == (column,)]].sum()
    if round(float(share) * found.halves) < LEAST_HALVES:
        return f"fewer than {LEAST_HALVES} half-samples chose a main effect of {variable!r}"
    df = found.df[column].max()
    if df < LEAST_DF:
        return (
            f"the functions chosen leave {max(df, 0):.0f} degrees of freedom on the other rows, and {LEAST_DF:.0f} are "
            "needed; fit at a larger lambda, or use fewer knots"
        )
    return f"on the other rows no curve of {variable!r} could be estimated"
