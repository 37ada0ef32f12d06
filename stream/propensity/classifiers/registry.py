"""Classifiers by the name that settings give them; what is heavy is imported when it is chosen."""

from __future__ import annotations

from importlib import import_module

from stream.propensity.classifiers.base import Learner

_KINDS = {
    "logistic": ("logistic", "LogisticLearner"),
    "naive_bayes": ("naive_bayes", "BayesLearner"),
    "tree": ("tree", "TreeLearner"),
    "forest": ("forest", "ForestLearner"),
    "network": ("network", "NetworkLearner"),
}

KINDS = tuple(_KINDS)
"""Names of all classifiers."""


def learner_of(kind: str) -> type[Learner]:
    """The learner of this kind; it names its contribution (`part`) and what predicts (`classifier`).

    >>> learner_of("logistic").__name__
    'LogisticLearner'
    """
    module, name = _KINDS[kind]
    found: type[Learner] = getattr(import_module(f"stream.propensity.classifiers.{module}"), name)
    return found
