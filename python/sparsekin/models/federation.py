"""Fits of several sites whose rows stay where they are, under rules of disclosure control."""

from sparsekin.data.policy import Policy as Policy
from sparsekin.models.sites.site import Site as Site

__all__ = ["Policy", "Site"]
