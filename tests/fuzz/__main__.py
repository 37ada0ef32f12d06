"""The fuzz as a program: `python -m tests.fuzz --inputs 1000000 --seed 7`.

Exit code 1 when something does not hold of a record, or when time grows faster than size.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.growth import MOST, growths
from tests.fuzz.properties import Broken, Fuzz

_CHUNK = 10_000


def main() -> int:
    """Measure growth, fuzz, and print what came out."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--inputs", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    quick = True
    for family, exponent, microseconds in growths():
        quick &= exponent <= MOST
        print(f"{family:<26} time ~ size^{exponent:5.2f}, {microseconds:9,.0f} µs for the largest", flush=True)
    fuzz, began = Fuzz(given.seed), time.monotonic()
    for done in range(0, given.inputs, _CHUNK):
        try:
            fuzz.run(min(_CHUNK, given.inputs - done))
        except Broken as broken:
            print(f"seed {given.seed}, within {done + _CHUNK:,} inputs: {broken}", file=sys.stderr)
            return 1
        if sys.stderr.isatty():
            print(f"\r{done + _CHUNK:,}", end="", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    print(f"{given.inputs:,} inputs, seed {given.seed}: all hold, in {seconds:,.0f} s")
    print(f"slowest to decode: {1e3 * fuzz.slowest[0]:.1f} ms for {len(fuzz.slowest[1]):,} bytes")
    for outcome, count in fuzz.outcomes.most_common():
        print(f"{count:>10,}  {outcome}")
    if not quick:
        print("time grows faster than size: see above", file=sys.stderr)
    return 0 if quick else 1


if __name__ == "__main__":
    sys.exit(main())
