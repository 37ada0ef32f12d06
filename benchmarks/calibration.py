"""Isotonic calibration, Platt's, and none: expected calibration error and AUC of every online classifier.

    python benchmarks/calibration.py DIRECTORY [CLASSIFIER ...]

DIRECTORY holds the gzipped UCI files credit_card_default, online_shoppers_intention and bank_additional_full. Each
row is scored before it is learnt, with a model each 250 rows; what is printed is of the second half. The first two
have no times and are shuffled; the third is in the order of its dates, and drifts from 4 % to 50 % positives.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from eddyline.compare.encode import Encoder
from eddyline.compare.metrics import quality
from eddyline.compare.online import one_pass
from eddyline.compare.table import read_table
from stream.propensity.classifiers.registry import KINDS
from stream.propensity.online import OnlineClassifier

_FILES = (
    ("credit_card_default.csv.gz", "Y", ("ID",), False),
    ("online_shoppers_intention.csv.gz", "Revenue", (), False),
    ("bank_additional_full.csv.gz", "y", ("duration",), True),
)
_FITTED = 4_096  # rows from which categories and long tails are told


def main(directory: Path, kinds: list[str]) -> None:
    """Measure."""
    print(f"{'':28}{'':12}{'isotonic':>18}{'platt':>18}{'none':>18}")
    for name, target, left_out, ordered in _FILES:
        table = read_table(directory / name, target, drop=left_out, ordered=ordered)
        order = np.arange(len(table)) if ordered else np.random.default_rng(1).permutation(len(table))
        first = order[:_FITTED]
        encoder = Encoder.fit(table.columns, table.labels, first)
        raw, labels, half = encoder.encode(table.columns)[order], table.labels[order], len(table) // 2
        for kind in kinds:
            shown = []
            for method in ("isotonic", "platt", "none"):
                model = OnlineClassifier(kind, features=encoder.measured, calibration=method)
                said = one_pass(model, raw, labels, half).prequential[half:]
                found = quality(labels[half:], said, 0.5)
                shown.append(f"{found.ece:9.4f} {found.auc:.4f}")
            print(f"{name.split('.')[0]:28}{kind:12}", *(f"{text:>17}" for text in shown), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:] or list(KINDS))
