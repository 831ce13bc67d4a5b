"""The examples in the docstrings of the entrance run as printed."""

import doctest
from importlib import import_module

import pytest

MODULES = ["datasets", "frame", "gather", "jsonable", "moments", "prepare", "simulate"]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    found = doctest.testmod(import_module(f"sparsekin.data.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
