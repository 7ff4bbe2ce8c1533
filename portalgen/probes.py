"""What the world gets at an address: one plain request, as a browser of somebody who was given the link makes it.

Nothing is said that a cache would take for a wish to pass it by. Addresses are secrets: none is logged or repeated.
"""

import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from portalgen import __version__

NO_ANSWER = 0
"""The status where no answer came: no name, no connection, no certificate to be trusted, or nothing in time."""
_GONE = frozenset({403, 404, 410})
_PASSING = frozenset({NO_ANSWER, 429, 500, 502, 503, 504})
"""What may fare better at the next try."""
_HEADERS = {
    "User-Agent": f"Mozilla/5.0 (compatible; portalgen/{__version__})",
    "Accept": "text/html,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",  # a CDN may keep a copy for those who say so, and one for the others
}
_TIMEOUT = 10
_TRIES = 3
_THREADS = 16


def is_gone(status: int) -> bool:
    """Whether an answer with this status says that there is nothing to be had."""
    return status in _GONE


def probe(url: str, pause: int = 1000) -> int:
    """The status with which `url` (http or https) answers, of a redirect its own; NO_ANSWER if none comes.

    Tries up to three times where that may help, with a `pause` in milliseconds that doubles.
    """
    return statuses([url], pause)[url]


def statuses(urls: Collection[str], pause: int = 1000) -> Mapping[str, int]:
    """As `probe` of each of `urls`, several at once."""
    opener = _opener()
    with ThreadPoolExecutor(_THREADS) as pool:
        return dict(zip(urls, pool.map(lambda url: _probe(opener, url, pause), urls), strict=True))


def _probe(opener: OpenerDirector, url: str, pause: int) -> int:
    status = _ask(opener, url)
    for number in range(_TRIES - 1):
        if status not in _PASSING:
            break
        time.sleep((pause << number) / 1000)
        status = _ask(opener, url)
    return status


def _ask(opener: OpenerDirector, url: str) -> int:
    try:
        answer = opener.open(Request(url, headers=_HEADERS), timeout=_TIMEOUT)  # noqa: S310 - it knows no other scheme
    except (OSError, HTTPException, ValueError):  # whose words hold the address
        return NO_ANSWER
    if answer is None:
        return NO_ANSWER
    with answer:
        return int(answer.status)


def _opener() -> OpenerDirector:
    """Asks over http and https, by the environment's proxy, and hands over whatever the answer is."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    return opener
