"""Seeds become generators."""

from __future__ import annotations

import numpy as np

from sparsekin.errors import OptionError


def make_generator(rng: object) -> np.random.Generator:
    """A generator from a seed, as `numpy.random.default_rng` makes it; truth values and text are no seeds.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> make_generator(0).integers(10)
    np.int64(8)
    """
    try:
        if isinstance(rng, bool | np.bool_ | float | np.floating):
            raise TypeError
        return np.random.default_rng(rng)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise OptionError(f"rng = {rng!r} is not a whole number >= 0, a numpy.random.Generator or None.") from None
