"""`python -m benchmarks`: everything, or `--only throughput`; prints Markdown. `--quick` for a look, not for quoting."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import life, people, places, throughput
from benchmarks.machine import describe
from portico.serve.front import nginx_binary


def main() -> None:
    """Run the chosen parts and print what they gave."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", choices=["throughput", "life", "people", "places"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument(
        "--database", default="", help="people: an empty PostgreSQL database instead of SQLite"
    )
    parser.add_argument("--quick", action="store_true", help="three short rounds")
    options = parser.parse_args()
    rounds, seconds = (3, 2.0) if options.quick else (options.rounds, options.seconds)

    print(describe())
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if options.only in (None, "throughput"):
            print(
                f"\n## Throughput: medians of {rounds} interleaved rounds of {seconds:g} s, 32 connections\n"
            )
            print(
                throughput.table(throughput.run(nginx_binary(), Path(folder), rounds=rounds, seconds=seconds))
            )
        if options.only in (None, "life"):
            print("\n## Start, wake, sleep and restart\n")
            print(life.table(life.run(Path(folder), rounds=rounds)))
        if options.only in (None, "people"):
            found = people.run(
                Path(folder) / "people", rounds=rounds, seconds=seconds, database_url=options.database
            )
            print("## A site with 100,000 people\n")
            print(life.table(found))
        if options.only == "places":
            facts, rows = places.run(Path(folder), rounds=rounds, seconds=seconds)
            print(f"\n## In containers: {rounds} interleaved rounds of {seconds:g} s, 32 connections\n")
            print(f"{life.table(facts)}\n\n{throughput.table(rows)}")


if __name__ == "__main__":
    main()
