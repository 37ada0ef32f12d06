"""What is learnt does not depend on how strings and sets hash."""

from __future__ import annotations

import os
import subprocess
import sys

_SCRIPT = """
import hashlib
import numpy as np
from stream.propensity.classifiers.registry import KINDS
from stream.propensity.online import OnlineClassifier

draw = np.random.default_rng(1)
rows = draw.normal(size=(600, 4))
labels = rows[:, 0] + draw.normal(size=600) > 0
for kind in KINDS:
    online = OnlineClassifier(kind, features=4, block=300).learn_many(rows, labels)
    digest = hashlib.sha256(online.predict_proba_many(rows).tobytes() + online._learner.to_bytes())
    print(kind, digest.hexdigest())
"""


def test_two_processes_with_different_hash_seeds_learn_the_same_bytes() -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert said[0] == said[1]
    assert len(said[0].splitlines()) == 5
