"""The bank's key numbers, as plain values."""

from __future__ import annotations

import math
from typing import Any

from eddyline.cases.bank import FOREST, ONLINE, Bank
from eddyline.cases.bank_reasons import told
from eddyline.cases.few import Few
from stream.updates import rounded


def numbers(bank: Bank, few: Few | None, seed: int) -> dict[str, Any]:
    """For JSON."""
    return {
        "case": "bank",
        "customers": len(bank.customers),
        "seed": seed,
        "share": rounded(float(bank.customers.table.labels.mean())),
        "features": bank.features,
        "decides": bank.decides,
        "few": None
        if few is None
        else {
            "customers": few.customers,
            "cases": few.cases,
            "models": [{name: _plain(value) for name, value in vars(one).items()} for one in few.models],
            "truth": _plain(few.truth),
            "needed": few.needed,
        },
        "models": [
            {
                "name": one.name,
                "kind": "online" if one.name in (ONLINE, FOREST) else "truth" if one is bank.truth else "batch",
                "auc": rounded(one.auc),
                "auc_spread": rounded(one.spread),
                "log_loss": _plain(one.outcomes.log_loss()),
                "ece": _plain(one.outcomes.calibration_error()),
                "off_truth": _plain(one.off),
            }
            for one in (*bank.models, *([bank.truth] if bank.truth is not None else []))
        ],
        "apart": {
            name: {each: rounded(value) for each, value in one._asdict().items()}
            for name, one in (
                ("forest_less_logistic_before_test", bank.before),
                ("forest_less_logistic", bank.forest),
                ("best_online_less_best_batch", bank.batch),
            )
        },
        "costs": bank.costs._asdict(),
        "cheapest_before_test": rounded(bank.cheapest),
        "policies": [{name: _plain(value) for name, value in one._asdict().items()} for one in bank.policies],
        "cost_of_the_other_online": rounded(bank.other.cost),
        "appetite": [{name: _plain(value) for name, value in one._asdict().items()} for one in bank.appetite.values()],
        "explained": [
            {
                "row": one.row + 1,
                "score": rounded(one.score),
                "base": rounded(one.base),
                "total": rounded(one.total),
                "reasons": [{name: _plain(value) for name, value in each._asdict().items()} for each in one.reasons],
                "sentence": told(one, bank),
            }
            for one in bank.explained
        ],
        "fairness": {
            group: [{name: _plain(value) for name, value in one._asdict().items()} for one in found]
            for group, found in bank.treated.items()
        },
        "carried": {group: [one._asdict() for one in found] for group, found in bank.carried.items()},
        "protected_gain": _plain(bank.protected_gain),
    }


def _plain(value: Any) -> Any:
    """For JSON, which knows no NaN."""
    if isinstance(value, float):
        return rounded(value) if math.isfinite(value) else None
    return value
