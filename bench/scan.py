"""Reads CSV files with DuckDB and looks at every value, and nothing more: what no reader of them can do without.

python -m bench.scan FILE ...
"""

import sys

import duckdb


def main() -> None:
    database = duckdb.connect()
    for file in sys.argv[1:]:
        database.execute("SELECT count(COLUMNS(*)) FROM read_csv(?, header = true, all_varchar = true)", [file])


if __name__ == "__main__":
    main()
