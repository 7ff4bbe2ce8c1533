"""A real S3 server for tests: the RADOS gateway of Ceph, on this machine, in memory, for as long as a test run.

Needs the programs of Debian's radosgw, ceph-mon, ceph-osd and ceph-common. Run as a script, it serves until Ctrl-C.
"""

import http.client
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
START_TIMEOUT = 60
"""Seconds that the server may take to answer its first request."""

CONFIGURATION = """\
[global]
fsid = {cluster}
mon host = v2:127.0.0.1:{monitor_port}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
keyring = {folder}/keyring
run dir = {folder}
crash dir = {folder}
admin socket =
log file = {folder}/$name.log
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true

[mon]
mon data = {folder}/mon
mon data avail warn = 2
mon data avail crit = 1
mon osd min in ratio = 0
paxos propose interval = 0.02
paxos min wait = 0.01

[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 8589934592
osd max object name len = 1024
osd class update on start = false

[client]
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw enable apis = s3, admin, iam
rgw thread pool size = 32
rgw override bucket index max shards = 4
rgw dynamic resharding = false
rgw enable lc threads = false
"""


class S3ServerError(Exception):
    """The server could not be started; the text says why."""


class S3Server:
    """A context manager: the server runs inside, on a free port, with one user, who may set the policies of others."""

    def __init__(self) -> None:
        self.access_key = f"tests-{secrets.token_hex(4)}"
        self.secret_key = secrets.token_hex(16)
        self.port, self._monitor_port = _free_ports(2)
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._resources = ExitStack()
        self._folder = Path()

    def __enter__(self) -> Self:
        """Raises S3ServerError."""
        missing = [program for program in PROGRAMS if shutil.which(program) is None]
        if missing:
            raise S3ServerError(f"not installed: {', '.join(missing)}")
        with ExitStack() as resources:  # a start that fails halfway stops what it has started
            self._start(resources)
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    @property
    def gateway_log(self) -> Path:
        """Where the gateway writes down, among other things, every request that it answered."""
        return self._folder / "client.gateway.log"

    def _start(self, resources: ExitStack) -> None:
        self._folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="s3-server-")))
        cluster, disk = str(uuid.uuid4()), str(uuid.uuid4())
        monitor = f"[v2:127.0.0.1:{self._monitor_port}]"
        self._configure(cluster)

        # A monitor, which keeps the map of the cluster.
        self._run("monmaptool", "--create", "--fsid", cluster, "--addv", "a", monitor, str(self._folder / "monmap"))
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(self._folder / "monmap"))
        self._serve(resources, "ceph-mon", "-i", "a")

        # One disk, in memory.
        self._run("ceph", "--connect-timeout", "20", "osd", "new", disk, "0")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        self._serve(resources, "ceph-osd", "-i", "0")
        self._run("ceph", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost")

        # The gateway, which speaks S3, and a user for it.
        gateway = self._serve(resources, "radosgw", "-n", "client.gateway")
        self._wait(gateway)
        self.add_user("tests", self.access_key, self.secret_key)
        self._run("radosgw-admin", "caps", "add", "--uid", "tests", "--caps", "user-policy=*")

    def add_user(self, name: str, access_key: str, secret_key: str) -> None:
        """One more user, who may do nothing in the buckets of others. Raises S3ServerError."""
        keys = ("--access-key", access_key, "--secret-key", secret_key)
        self._run("radosgw-admin", "user", "create", "--uid", name, "--display-name", name, *keys)

    def _configure(self, cluster: str) -> None:
        for name in ("mon", "osd"):
            (self._folder / name).mkdir()
        (self._folder / "keyring").touch()
        text = CONFIGURATION.format(
            cluster=cluster, folder=self._folder, port=self.port, monitor_port=self._monitor_port
        )
        (self._folder / "ceph.conf").write_text(text)

    def _run(self, program: str, *arguments: str) -> None:
        command = [program, "-c", str(self._folder / "ceph.conf"), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=START_TIMEOUT, check=False)
        except subprocess.TimeoutExpired as error:
            raise S3ServerError(f"{program} hangs") from error
        if done.returncode:
            raise S3ServerError(f"{program} failed: {done.stderr[-1000:]}")

    def _serve(self, resources: ExitStack, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [program, "-c", str(self._folder / "ceph.conf"), "-f", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        resources.callback(_stop, process)
        return process

    def _wait(self, gateway: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if gateway.poll() is not None:
                raise S3ServerError(f"radosgw ended: {self._log('client.gateway')}")
            if self._answers():
                return
            time.sleep(0.05)
        raise S3ServerError(f"radosgw does not answer: {self._log('client.gateway')}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _log(self, name: str) -> str:
        path = self._folder / f"{name}.log"
        return path.read_text(errors="replace")[-1000:] if path.exists() else "no log"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()  # asked politely, the store in memory would first write itself to the disk
    process.wait()


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [found.getsockname()[1] for found in sockets]


if __name__ == "__main__":
    with S3Server() as server:
        print(f"{server.endpoint} {server.access_key} {server.secret_key}", flush=True)  # noqa: T201 - a script
        signal.pause()
