"""Python code in a process of its own that may not take more than a given amount of memory."""

import resource
import subprocess
import sys

_GIGABYTE = 1024**3


def run_limited(code: str, *arguments: object, limit: int = _GIGABYTE) -> str:
    """What `code` prints. Fails where it crashes, prints a traceback, or does not end within a minute."""

    def restrain() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=restrain,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
