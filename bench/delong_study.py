"""Judge DeLong's method by simulation at the class splits that page 00 finds.

Writes ``_build/results/study/delong.csv``. Run from the project's folder:
``python bench/delong_study.py``; ``--simulations`` sets the number of studies drawn.
"""

import argparse

import pandas as pd

import recount
from ptclnm import published
from ptclnm.evaluation.study import stored_performance
from ptclnm.files import write_table
from ptclnm.pages.delong.printed import REFERENCE, class_splits
from ptclnm.paths import BUILD

OUT = BUILD / "results" / "study" / "delong.csv"
STUDIES = ("ni2024", "li2024")


def main() -> None:
    """Draw, judge and write the table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--simulations", type=int, default=10_000)
    simulations = asked.parse_args().simulations
    parts = []
    for name in STUDIES:
        splits = class_splits(recount.audit(published.load(name))) | REFERENCE
        parts.append(stored_performance(splits, simulations).assign(study=name))
    table = pd.concat(parts, ignore_index=True)
    print(write_table(table, OUT), table.to_string(index=False), sep="\n")


if __name__ == "__main__":
    main()
