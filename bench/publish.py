"""Publishes a site to a real S3 server with portalgen and with peers, and compares time, processor, requests and bytes.

    python -m bench.publish --peers VENV [--links N] [--runs N] [--subjects NAME ...] [--folder DIR] [--json FILE]

A run starts a server (Ceph's RADOS gateway, in memory), and gives every subject a bucket. Then comes one scenario after
the other, and in each the subjects take turns, in another order each run:

  initial        all links, into an empty bucket
  unchanged      the same again
  rebuilt        the same bytes, built anew elsewhere: other folders, other times of modification
  changed        one link in a hundred changed, in all its pages
  purged         one link in ten has to go
  purged, told   another one in ten; s5cmd is told which, instead of having to find out

After each the bucket is looked at, and must hold what it should. Figures are medians: seconds on the clock, seconds of
the processors for the whole process tree of the subject, requests and MB in their bodies as the gateway's log has them.
"""

import argparse
import gzip
import json
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import boto3
from botocore.config import Config

from bench.publish_folder import FILES, write_build, write_config, write_tree
from bench.publish_subjects import SUBJECTS, Place, environment, s5cmd_rm
from portalgen import __version__
from tests.s3_server import S3Server

INITIAL, UNCHANGED, REBUILT, CHANGED, PURGED, TOLD = (
    "initial",
    "unchanged",
    "rebuilt",
    "changed",
    "purged",
    "purged, told",
)
ACCESS = re.compile(r'beast: .*? "([A-Z]+) (\S+) HTTP/1\.1" (\d+) (\d+) ')
SEEN = 50
"""Objects that are read back after each scenario, beside all that should have changed."""


@dataclass(frozen=True)
class Taken:
    """What one command took: seconds, requests by kind, MB sent in their bodies."""

    wall: float
    cpu: float
    requests: Mapping[str, int] = field(default_factory=dict)
    sent: float = 0

    @property
    def count(self) -> int:
        return sum(self.requests.values())


class Gateway:
    """A server, its buckets, and what it wrote down of the requests made of them."""

    def __init__(self, server: S3Server) -> None:
        self.server = server
        self._log = server.gateway_log.open(encoding="utf-8", errors="replace")
        keys = {"aws_access_key_id": server.access_key, "aws_secret_access_key": server.secret_key}
        config = Config(proxies={}, s3={"addressing_style": "path"})
        self.client: Any = boto3.client(
            "s3", endpoint_url=server.endpoint, region_name="us-east-1", config=config, **keys
        )

    def lines(self) -> Iterator[str]:
        """What was logged since the last look, to this moment: a request of our own marks it."""
        mark = uuid.uuid4().hex
        with suppress(HTTPError):
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{self.server.endpoint}/{mark}")
        deadline, rest = time.monotonic() + 30, ""
        while time.monotonic() < deadline:
            rest += self._log.read()
            *whole, rest = rest.split("\n")
            for line in whole:
                if mark in line and "beast:" in line:
                    return
                yield line
            time.sleep(0.02)
        raise RuntimeError("the gateway does not write its log")

    def requests(self, bucket: str) -> tuple[dict[str, int], float]:
        """By kind, how many were made of a bucket since the last look, and MB in the bodies of what was written."""
        kinds: Counter[str] = Counter()
        sent = 0
        for line in self.lines():
            if not (match := ACCESS.search(line)):
                continue
            verb, target, _, size = match.groups()
            path, _, query = target.partition("?")
            name, _, key = path.lstrip("/").partition("/")
            if name != bucket:
                continue
            what = query.partition("=")[0].partition("&")[0] if verb == "POST" else "" if key else " bucket"
            kinds[f"{verb} {what}".strip() if verb == "POST" else f"{verb}{what}"] += 1
            sent += int(size) if verb == "PUT" else 0
        return {**kinds}, sent / 1e6

    def check(self, bucket: str, tree: Path, changed: Collection[str]) -> None:
        """Fail unless the bucket shows what is in `tree`: all keys, and the bytes of some and of `changed` links."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="public/")
        there = {item["Key"].removeprefix("public/") for page in pages for item in page.get("Contents", ())}
        wanted = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
        assert there == wanted, f"{bucket}: {len(there - wanted)} too many, {len(wanted - there)} missing"
        seen = random.sample(sorted(wanted), min(SEEN, len(wanted)))
        for path in {*seen, *(path for path in wanted if path.partition("/")[0] in changed)}:
            answer = self.client.get_object(Bucket=bucket, Key=f"public/{path}")
            data = answer["Body"].read()
            data = gzip.decompress(data) if answer.get("ContentEncoding") == "gzip" else data
            assert data == (tree / path).read_bytes(), f"{bucket}: {path} is another"


class Site:
    """The site, in the state that each scenario wants it in; portalgen's bucket is written into its definitions."""

    def __init__(self, folder: Path, links: int, endpoint: str) -> None:
        self._folder, self._links, self._endpoint = folder, links, endpoint
        self._home = folder / "one"
        self.changed: frozenset[str] = frozenset()
        self.told: Sequence[str] = ()

    @property
    def config(self) -> Path:
        return self._home / "site/config/portals.yaml"

    @property
    def tree(self) -> Path:
        return self._home / "tree"

    def prepare(self, scenario: str) -> None:
        """Bring the folders into the state of a scenario, the ones before it done."""
        hundredth, tenth = self._links // 100, self._links // 10
        if scenario == REBUILT:
            keys = self._home / "site/config/portalgen.keys"
            self._home = self._folder / "two"
            self.config.parent.mkdir(parents=True)
            shutil.copy2(keys, self.config.parent)
        elif scenario == UNCHANGED:
            return
        order = (INITIAL, UNCHANGED, REBUILT, CHANGED, PURGED, TOLD)
        at = order.index(scenario)
        gone = range(self._links - tenth * max(0, at - order.index(PURGED) + 1), self._links)
        other = range(hundredth if at >= order.index(CHANGED) else 0)
        write_config(self._home / "site", self._links, self._endpoint, "portalgen", gone)
        before = {path.name for path in self.tree.iterdir()} if self.tree.exists() else set()
        bundles = write_build(self.config, other)
        tokens = write_tree(self.config, bundles, self.tree)
        self.changed = frozenset(tokens[f"c{n:04}"] for n in other) if scenario == CHANGED else frozenset()
        self.told = sorted(before - {path.name for path in self.tree.iterdir()})


def measure(command: Sequence[str], environ: Mapping[str, str]) -> Taken:
    """Run a command to its end."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environ, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{command} failed: {said.read().decode(errors='replace')[-2000:]}")
    return Taken(wall, usage.ru_utime + usage.ru_stime)


Results = dict[str, dict[str, list[Taken]]]


def run(number: int, options: argparse.Namespace, results: Results) -> None:
    """All scenarios once, on a server of their own."""
    subjects = options.subjects[number % len(options.subjects) :] + options.subjects[: number % len(options.subjects)]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, S3Server() as server:
        gateway, site = Gateway(server), Site(Path(folder), options.links, server.endpoint)
        environ = environment(Path(folder), server.access_key, server.secret_key)
        for subject in subjects:
            (Path(folder) / subject).mkdir()
            gateway.client.create_bucket(Bucket=_bucket(subject))
        for scenario in options.scenarios:
            site.prepare(scenario)
            for subject in subjects:
                work, bucket = Path(folder) / subject, _bucket(subject)
                place = Place(site.tree, site.config, work, server.endpoint, bucket, options.peers)
                command = SUBJECTS[subject](place)
                if scenario == TOLD:
                    if subject not in {"portalgen", "s5cmd sync"}:
                        continue
                    command = s5cmd_rm(place, site.told) if subject == "s5cmd sync" else command
                [*gateway.lines()]
                time.sleep(1.1)  # times of modification in a bucket are whole seconds
                taken = measure(command, environ)
                requests, sent = gateway.requests(bucket)
                taken = replace(taken, requests=requests, sent=sent)
                gateway.check(bucket, site.tree, site.changed)
                results[scenario][subject].append(taken)
                print(f"run {number + 1}, {scenario}: {subject}: {taken}", file=sys.stderr, flush=True)


def _bucket(subject: str) -> str:
    return subject.replace(" ", "-")


def median_of(runs: Sequence[Taken]) -> Taken:
    """The median of each figure, with the requests of the first run."""
    figures = {name: statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu", "sent")}
    return Taken(**figures, requests=runs[0].requests)


def print_tables(results: Results) -> None:
    for scenario, found in results.items():
        medians = {subject: median_of(runs) for subject, runs in found.items()}
        own = medians.get("portalgen")
        print(f"\n| {scenario} | wall s | times portalgen's | CPU s | times portalgen's | requests | MB sent |")
        print("|---|---|---|---|---|---|---|")
        for subject, each in medians.items():
            ratios = [f"{each.wall / own.wall:.2f}", f"{each.cpu / own.cpu:.2f}"] if own else ["", ""]
            print(
                f"| {subject} | {each.wall:.2f} | {ratios[0]} | {each.cpu:.2f} | {ratios[1]} | {each.count:,} "
                f"| {each.sent:.1f} |"
            )
    print()
    for said, is_reached in goals(
        {scenario: {s: median_of(r) for s, r in f.items()} for scenario, f in results.items()}
    ):
        print(f"- {'reached' if is_reached else 'MISSED'}: {said}")


def goals(medians: Mapping[str, Mapping[str, Taken]]) -> Iterator[tuple[str, bool]]:
    """What was aimed at, and whether it was hit."""
    for scenario, found in medians.items():
        peers = {subject: taken for subject, taken in found.items() if subject != "portalgen"}
        if "portalgen" not in found or not peers:
            continue
        own = found["portalgen"]
        fastest = min(peers, key=lambda subject: peers[subject].wall)
        times = peers[fastest].wall / own.wall
        said = f"{scenario}: {times:.2f} times as fast as the fastest peer, {fastest}"
        if scenario == INITIAL:
            share = own.cpu / peers[fastest].cpu
            yield f"{said} (goal: 1)", times >= 1
            yield f"{scenario}: {share:.2f} of the processor time of {fastest} (goal: 0.5)", share <= 0.5
        elif scenario in {UNCHANGED, REBUILT}:
            yield f"{said} (goal: 1.5)", times >= 1.5
            yield f"{scenario}: {own.count} requests (goal: under 6)", own.count < 6
        elif scenario == CHANGED:
            yield f"{said} (goal: 1)", times >= 1
        else:
            fewest = min(taken.count for taken in peers.values())
            yield f"{said} (goal: 1.5)", times >= 1.5
            yield f"{scenario}: {own.count} requests (goal: fewer than any peer's {fewest})", own.count < fewest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True, metavar="VENV", help="where the peers are installed")
    parser.add_argument("--links", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--subjects", nargs="+", choices=SUBJECTS, default=[*SUBJECTS])
    scenarios = [INITIAL, UNCHANGED, REBUILT, CHANGED, PURGED, TOLD]
    parser.add_argument("--scenarios", nargs="+", choices=scenarios, default=scenarios)
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm") if Path("/dev/shm").is_dir() else None)  # noqa: S108
    parser.add_argument("--json", type=Path, help="where the figures of all runs go")
    options = parser.parse_args()
    options.peers = options.peers.absolute()
    results: Results = defaultdict(lambda: defaultdict(list))
    print(f"portalgen {__version__}, Python {platform.python_version()}, boto3 {boto3.__version__}")
    print(f"{options.links:,} links of {FILES} files, {options.links * FILES:,} objects; medians of {options.runs}")
    for number in range(options.runs):
        run(number, options, results)
        if options.json:
            told = {
                scenario: {s: [asdict(r) for r in runs] for s, runs in f.items()} for scenario, f in results.items()
            }
            options.json.write_text(json.dumps(told, indent=1))
    print_tables(results)


if __name__ == "__main__":
    main()
