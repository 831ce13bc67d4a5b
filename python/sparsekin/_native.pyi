"""The compiled module. Its functions and classes are described in python/native/bindings."""

from typing import Any

def __getattr__(name: str) -> Any: ...
