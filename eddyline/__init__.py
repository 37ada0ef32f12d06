"""Eddyline: segments, scores and recommendations while customers act.

All public names are here, and they are imported when first used, so that `import eddyline` costs nothing and
`from eddyline import StreamKMeans` needs neither a Kafka nor a Redis client.

>>> from eddyline import Engine, preset
>>> updates, delta = Engine(preset("shop")).apply([])
>>> updates
[]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eddyline.async_client import AsyncRecommendationClient as AsyncRecommendationClient
    from eddyline.cached import PopularItem as PopularItem
    from eddyline.cached import Recommendation as Recommendation
    from eddyline.cached import Recommendations as Recommendations
    from eddyline.cached import SimilarItem as SimilarItem
    from eddyline.client import RecommendationClient as RecommendationClient
    from stream import errors as errors
    from stream import updates as updates
    from stream.config import EngineConfig as EngineConfig
    from stream.config import Feature as Feature
    from stream.config import preset as preset
    from stream.contribution import Contribution as Contribution
    from stream.contribution import merge as merge
    from stream.engine import Engine as Engine
    from stream.entries import Entry as Entry
    from stream.entries import Event as Event
    from stream.entries import ModelAdopted as ModelAdopted
    from stream.entries import Rejected as Rejected
    from stream.entries import Tick as Tick
    from stream.errors import ConfigError as ConfigError
    from stream.errors import DataError as DataError
    from stream.errors import DeploymentError as DeploymentError
    from stream.errors import EddylineError as EddylineError
    from stream.errors import InputError as InputError
    from stream.evaluate.clustering import adjusted_rand_index as adjusted_rand_index
    from stream.events import CustomerEvent as CustomerEvent
    from stream.events import decode as decode
    from stream.model import Model as Model
    from stream.model import learn as learn
    from stream.preprocessing.clean import Clean as Clean
    from stream.preprocessing.decorrelate import Decorrelate as Decorrelate
    from stream.preprocessing.impute import Impute as Impute
    from stream.preprocessing.log1p import Log1p as Log1p
    from stream.preprocessing.min_max import MinMax as MinMax
    from stream.preprocessing.one_hot import OneHot as OneHot
    from stream.preprocessing.pipeline import Preprocessing as Preprocessing
    from stream.preprocessing.select import SelectKBest as SelectKBest
    from stream.preprocessing.standardise import Standardise as Standardise
    from stream.preprocessing.winsorise import Winsorise as Winsorise
    from stream.records import Outgoing as Outgoing
    from stream.records import Record as Record
    from stream.segments.kmeans import StreamKMeans as StreamKMeans
    from stream.updates import EventRejected as EventRejected
    from stream.updates import ItemsRecommended as ItemsRecommended
    from stream.updates import MetricsMeasured as MetricsMeasured
    from stream.updates import PropensityScored as PropensityScored
    from stream.updates import RecommendationsAnswered as RecommendationsAnswered
    from stream.updates import SegmentChanged as SegmentChanged
    from stream.updates import SegmentsRevised as SegmentsRevised
    from stream.updates import to_json as to_json

__version__ = "0.1.0"

_PUBLIC = {
    "eddyline.async_client": ("AsyncRecommendationClient",),
    "eddyline.cached": ("PopularItem", "Recommendation", "Recommendations", "SimilarItem"),
    "eddyline.client": ("RecommendationClient",),
    "stream.config": ("EngineConfig", "Feature", "preset"),
    "stream.contribution": ("Contribution", "merge"),
    "stream.engine": ("Engine",),
    "stream.entries": ("Entry", "Event", "ModelAdopted", "Rejected", "Tick"),
    "stream.errors": ("ConfigError", "DataError", "DeploymentError", "EddylineError", "InputError"),
    "stream.evaluate.clustering": ("adjusted_rand_index",),
    "stream.events": ("CustomerEvent", "decode"),
    "stream.model": ("Model", "learn"),
    "stream.preprocessing.clean": ("Clean",),
    "stream.preprocessing.decorrelate": ("Decorrelate",),
    "stream.preprocessing.impute": ("Impute",),
    "stream.preprocessing.log1p": ("Log1p",),
    "stream.preprocessing.min_max": ("MinMax",),
    "stream.preprocessing.one_hot": ("OneHot",),
    "stream.preprocessing.pipeline": ("Preprocessing",),
    "stream.preprocessing.select": ("SelectKBest",),
    "stream.preprocessing.standardise": ("Standardise",),
    "stream.preprocessing.winsorise": ("Winsorise",),
    "stream.records": ("Outgoing", "Record"),
    "stream.segments.kmeans": ("StreamKMeans",),
    "stream.updates": (
        "EventRejected",
        "ItemsRecommended",
        "MetricsMeasured",
        "PropensityScored",
        "RecommendationsAnswered",
        "SegmentChanged",
        "SegmentsRevised",
        "to_json",
    ),
}
_MODULES = {"errors": "stream.errors", "updates": "stream.updates"}
_WHERE = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = sorted([*_WHERE, *_MODULES])  # a test holds it to the imports above


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value: Any = import_module(_MODULES[name])
    elif name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
    else:
        raise AttributeError(f"eddyline has no public name {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
