"""How often is the audit wrong? Judge honest papers, and papers with one slip, by simulation.

Writes ``_build/results/study/audit.csv``. Run from the project's folder:
``python bench/audit_study.py``; ``--papers`` sets how many of each are drawn.
"""

import argparse

import honest_papers as honest
from ptclnm.compute import parallel_map
from ptclnm.files import write_table
from ptclnm.paths import BUILD

OUT = BUILD / "results" / "study" / "audit.csv"


def main() -> None:
    """Draw, judge and write the table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--papers", type=int, default=2_000)
    # The rules were mended on papers of seeds 0 to 2, so those judge nothing.
    asked.add_argument("--seed", type=int, default=3)
    given = asked.parse_args()
    tasks = honest.tasks(given.papers, given.seed)
    table = honest.shares(parallel_map(honest.outcome, tasks, progress="papers audited"))
    print(write_table(table, OUT), table.to_string(index=False), sep="\n")


if __name__ == "__main__":
    main()
