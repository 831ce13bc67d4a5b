"""Plain columns in and out: the one door through which R calls sparsekin.

Only text and raw bytes cross (`sparsekin.bridges.columns.wire`), errors and warnings as data, so that no array,
frame or exception is ever converted by the bridge between the languages.
"""

from __future__ import annotations

import json
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd

import sparsekin
from sparsekin.bridges.columns import forms, hal, sparse, study
from sparsekin.bridges.columns.wire import read, write
from sparsekin.bridges.columns.words import in_r_words
from sparsekin.bridges.interrupts import ctrl_c_raises
from sparsekin.data import datasets
from sparsekin.errors import SparsekinError, SparsekinWarning


def call(method: str, header: str, *buffers: bytes | bytearray) -> list[Any]:
    """Run one method on what R sent.

    Parameters
    ----------
    method : str
        "version", "echo", "fit", ...: the keys of `METHODS`.
    header : str
        JSON object: the arguments of the method, as `sparsekin.bridges.columns.wire` writes them.
    *buffers : bytes
        The numbers the header points to.

    Returns
    -------
    [text, bytearray, ...]
        The text is a JSON object: ``{"ok": true, "value": ..., "warnings": [...]}``, or
        ``{"ok": false, "type": ..., "message": ..., "traceback": ...}``; the traceback is null for an error raised
        on purpose.

    Examples
    --------
    >>> call("echo", '{"value": [1, "a", null]}')
    ['{"ok": true, "value": [1, "a", null], "warnings": []}']
    """
    out: list[bytearray] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", category=SparsekinWarning)
        try:
            with ctrl_c_raises():
                value = write(METHODS[method](**read(json.loads(header), buffers)), out)
        except KeyboardInterrupt as stop:
            return [_failure("KeyboardInterrupt", in_r_words(str(stop)) or "Interrupted.")]
        except SparsekinError as error:
            return [_failure(type(error).__name__, in_r_words(str(error)))]
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            return [_failure("InternalError", message, traceback.format_exc())]
    said = [{"type": item.category.__name__, "message": in_r_words(str(item.message))} for item in caught]
    return [json.dumps({"ok": True, "value": value, "warnings": said}), *out]


def _failure(kind: str, message: str, trace: str | None = None) -> str:
    return json.dumps({"ok": False, "type": kind, "message": message, "traceback": trace})


def version() -> dict[str, str]:
    """Version of the package."""
    return {"version": sparsekin.__version__}


def echo(value: Any) -> Any:
    """Return what was sent, so that both sides can check how it arrives."""
    return value


def load_ad_biomarkers() -> pd.DataFrame:
    """The data set of `sparsekin.datasets.load_ad_biomarkers`."""
    return datasets.load_ad_biomarkers()


METHODS: dict[str, Callable[..., Any]] = {
    "version": version,
    "echo": echo,
    "load_ad_biomarkers": load_ad_biomarkers,
    "fit": sparse.fit,
    "path": sparse.path,
    "path_fit": sparse.path_fit,
    "cross_validate": sparse.cross_validate,
    "refit": sparse.refit,
    "refit_dial": sparse.refit_dial,
    "certify": sparse.certify,
    "stability": sparse.stability,
    "hold_out": sparse.hold_out,
    "judge": sparse.judge,
    "left_out": sparse.left_out,
    "alternatives": sparse.alternatives,
    "knockoffs": sparse.knockoffs,
    "double_selection": sparse.double_selection,
    "conf_int": sparse.conf_int,
    "prediction_intervals": sparse.prediction_intervals,
    "compare": sparse.compare,
    "study": study.study,
    "hal_fit": hal.fit,
    "hal_stability": hal.stability,
    "hal_prediction_intervals": hal.prediction_intervals,
    "hal_undersmooth": hal.undersmooth,
    "hal_path": hal.path,
    "hal_path_fit": hal.path_fit,
    "hal_cross_validate": hal.cross_validate,
    "hal_compare": hal.compare,
    "forms_fit": forms.fit,
    "forms_cross_validate": forms.cross_validate,
    "forms_bootstrap": forms.bootstrap,
}
