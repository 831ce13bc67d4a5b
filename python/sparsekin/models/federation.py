"""Fits of several sites whose rows stay where they are, under rules of disclosure control."""

from sparsekin.data.policy import Policy as Policy
from sparsekin.models.sites.exchange import Answer as Answer
from sparsekin.models.sites.exchange import Question as Question
from sparsekin.models.sites.files import WaitingError as WaitingError
from sparsekin.models.sites.files import by_files as by_files
from sparsekin.models.sites.model import FederatedMTL as FederatedMTL
from sparsekin.models.sites.results import FederatedResults as FederatedResults
from sparsekin.models.sites.site import Site as Site

__all__ = ["Answer", "FederatedMTL", "FederatedResults", "Policy", "Question", "Site", "WaitingError", "by_files"]
