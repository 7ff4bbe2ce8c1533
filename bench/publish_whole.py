"""The whole command `portalgen publish` - exports read, pages built, uploaded - on a real S3 server, for the record.

    python -m bench.publish_whole [--customers N] [--transactions N] [--runs N] [--folder DIR]

The site is that of bench/build.py. Each run has a server and a folder of its own. Medians: seconds on the clock,
seconds of the processors, requests and MB in their bodies.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from bench.build import write_site
from bench.publish import Gateway, Taken, measure, median_of
from bench.publish_subjects import environment
from tests.s3_server import S3Server

BUCKET = "portalgen"


def run(options: argparse.Namespace, results: dict[str, list[Taken]]) -> None:
    """Everything, nothing, one customer in a hundred, and one link in ten taken away."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, S3Server() as server:
        site, gateway = Path(folder) / "site", Gateway(server)
        environ = environment(Path(folder), server.access_key, server.secret_key)
        gateway.client.create_bucket(Bucket=BUCKET)
        write_site(site, options.customers, options.transactions)
        config, customers = site / "config/portals.yaml", site / "exports/customers.csv"
        store = f"{{kind: s3, bucket: {BUCKET}, region: us-east-1, endpoint: '{server.endpoint}'}}"
        config.write_text(config.read_text().replace("{kind: directory, path: site}", store))

        def publish(scenario: str) -> None:
            [*gateway.lines()]
            command = [sys.executable, "-m", "portalgen", "publish", "--config", str(config)]
            taken = measure(command, environ)
            requests, sent = gateway.requests(BUCKET)
            results[scenario].append(Taken(taken.wall, taken.cpu, requests, sent))

        publish("initial")
        publish("unchanged")
        lines = customers.read_text().splitlines(keepends=True)
        for n in range(1, options.customers // 100 + 1):
            lines[n] = lines[n].replace(",Customer", ",New Customer", 1)
        customers.write_text("".join(lines))
        publish("changed")
        gone = range(options.customers - options.customers // 10, options.customers)
        text = config.read_text()
        for n in gone:
            text = text.replace(f"  c{n}: {{", f"  c{n}: {{enabled: false, ")
        config.write_text(text)
        publish("purged")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--transactions", type=int, default=12)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm") if Path("/dev/shm").is_dir() else None)  # noqa: S108
    options = parser.parse_args()
    results: dict[str, list[Taken]] = defaultdict(list)
    for _ in range(options.runs):
        run(options, results)
    print(f"{options.customers:,} customers x {options.transactions} transactions; medians of {options.runs}\n")
    print("| | wall s | CPU s | requests | MB sent |\n|---|---|---|---|---|")
    for scenario, taken in results.items():
        each = median_of(taken)
        print(f"| {scenario} | {each.wall:.1f} | {each.cpu:.1f} | {each.count:,} | {each.sent:.1f} |")


if __name__ == "__main__":
    main()
