"""A statistic that is not there says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from sparsekin.errors import SparsekinError


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Stands where a statistic would be, and gives the reason why it is not.

    It prints as the reason; computing with it, or calling it, raises `SparsekinError` with that reason.

    Parameters
    ----------
    reason : str

    Examples
    --------
    >>> Unavailable("no replicate was drawn")
    Not available: no replicate was drawn
    """

    reason: str

    def __str__(self) -> str:
        return f"Not available: {self.reason}"

    __repr__ = __str__

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise SparsekinError(str(self))

    __call__ = __array__ = __float__ = __getitem__ = __iter__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse


AFTER_SELECTION = (
    "standard errors, intervals and p-values computed as if the selected features had been chosen in advance "
    "are too optimistic, so none are given for a model whose features were selected on the same rows"
)
FROM_MOMENTS = "the model was fitted from moments: the rows stayed at the sites"
NO_CRITERION = "no information criterion is defined for {}; choose {} by cross_validate().refit()"
