"""Digests of everything a profile's last run shows; with --against, what has changed since.

Usage: python bench/golden.py [PROFILE] [--write FILE | --against FILE]
"""

import argparse
import hashlib
import json
import re
from pathlib import Path

import pandas as pd

BUILD = Path(__file__).resolve().parents[1] / "_build"
TIMING = re.compile(r"second|duration|time|images_per_s", re.IGNORECASE)
SHOWN = ("text/markdown", "text/html", "text/plain")


def table_digest(path: Path) -> str:
    """Digest of a CSV without its timing columns."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    kept = frame[[name for name in frame if not TIMING.search(name)]]
    return hashlib.sha256(kept.to_csv(index=False).encode()).hexdigest()[:16]


def page_digest(path: Path) -> str:
    """Digest of what an executed notebook shows as text."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [out for cell in cells for out in cell.get("outputs", [])]
    texts = ["".join(out.get("data", {}).get(kind, "")) for out in outputs for kind in SHOWN]
    steady = re.sub(r"0x[0-9a-f]+|[\d.]+ s\b", "", "\n".join(texts))
    return hashlib.sha256(steady.encode()).hexdigest()[:16]


def digests(profile: str) -> dict[str, str]:
    """Digests of all tables and pages of a profile's last run, by path."""
    results, runs = BUILD / "results" / profile, BUILD / "runs" / profile
    found = {str(p.relative_to(results)): table_digest(p) for p in sorted(results.rglob("*.csv"))}
    return found | {p.name: page_digest(p) for p in sorted(runs.glob("*.ipynb"))}


def main() -> None:
    """Write the digests, or list what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("profile", nargs="?", default="quick")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--against", type=Path)
    given = parser.parse_args()
    found = digests(given.profile)
    if given.write:
        given.write.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    before = json.loads(given.against.read_text(encoding="utf-8")) if given.against else found
    changed = [name for name in found | before if found.get(name) != before.get(name)]
    print("\n".join([f"{len(found)} digests, {len(changed)} changed", *changed]))


if __name__ == "__main__":
    main()
