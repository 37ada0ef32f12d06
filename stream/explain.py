"""What is wrong in settings, in words."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """All that a pydantic error of `model` says, in one line: each field at fault and why.

    Values are not shown, since they may be secret, unless a check of ours does.

    >>> from stream.config import SegmentsConfig
    >>> try:
    ...     SegmentsConfig(kk=3, seed="x")
    ... except ValidationError as error:
    ...     print(explain(error, SegmentsConfig))
    seed: Input should be a valid integer, unable to parse string as an integer; unknown key 'kk': did you mean 'k'?
    """
    return "; ".join(_problem(one["type"], one["loc"], one["msg"], model) for one in error.errors())


def _problem(kind: str, where: tuple[int | str, ...], said: str, model: type[BaseModel]) -> str:
    named = ".".join(map(str, where))
    if kind == "missing":
        return f"{named} is missing"
    if kind != "extra_forbidden":
        return f"{named or 'settings'}: {said.removeprefix('Value error, ')}"
    inner: type[BaseModel] | None = model
    inside: list[type[BaseModel]] = []
    for part in where[:-1]:
        if isinstance(part, str) and inner is not None:
            if part in inner.model_fields:
                inside = _sections(inner.model_fields[part].annotation)
                inner = inside[0] if inside else None
            else:  # which of several sections it is, such as the kind of a step
                inner = next((one for one in inside if _is(one, part)), None)
    known = list(inner.model_fields) if inner is not None else []
    near = get_close_matches(str(where[-1]), known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    return f"unknown key {named!r}: {hint}"


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """The settings inside an annotation, such as those of `tuple[Feature, ...]` or `Order | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _sections(inner)]


def _is(section: type[BaseModel], kind: str) -> bool:
    return any(field.default == kind for field in section.model_fields.values())
