"""The data sets the package ships."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pandas as pd

from sparsekin.errors import DataError


def load_ad_biomarkers() -> pd.DataFrame:
    """Plasma proteins and cerebrospinal fluid markers of 333 people, some with mild cognitive impairment.

    Returns
    -------
    pandas.DataFrame of shape (333, 131)
        124 plasma proteins, ``age``, the markers ``tau``, ``p_tau`` and ``Ab_42``, ``male`` (0 or 1), ``genotype``
        (APOE, six values) and ``diagnosis`` (Control or Impaired). No value is missing. The scales are those of
        the R package modeldata, which transformed many columns.

    Notes
    -----
    Craig-Schapiro et al. (2011), PLoS ONE 6(4): e18850, CC BY. Please cite the paper when you use the data.

    Examples
    --------
    >>> people = load_ad_biomarkers()
    >>> int(people.groupby("genotype").size()["E3E4"])
    106
    """
    return pd.read_csv(_path("ad_biomarkers.csv"))


def _path(name: str) -> Path:
    """Where a shipped file is: inside the installed package, or in data/ of a source checkout."""
    installed = Path(str(files("sparsekin.data"))) / "files" / name
    checkout = Path(__file__).resolve().parents[3] / "data" / name
    for path in (installed, checkout):
        if path.is_file():
            return path
    raise DataError(f"The data file '{name}' is missing from this installation ({installed}); install sparsekin again.")
