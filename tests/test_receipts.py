"""A receipt says what became of each link, and there is no way to change one: not a byte, not a way of writing."""

import datetime
import hashlib
import hmac
import json
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portalgen.errors import InvalidInputError, PortalgenError
from portalgen.links import KeyRing, fingerprint
from portalgen.model import LinkId, Site, StoreSource
from portalgen.receipts import (
    INVALIDATED,
    NOT_INVALIDATED,
    Place,
    PurgedLink,
    Receipt,
    place_of,
    public_keys,
    read_receipt,
    receipt_json,
    signed,
    signing_key,
    write_receipt,
)
from portalgen.signing import public_key, sign
from tests.needs import need

ROOT = {"a": bytes(range(32)), "b": bytes(range(32, 64))}
RING = KeyRing("northwind", ROOT)
TRUSTED = [*public_keys(RING).values()]
TOKEN = RING.token("a", "acme", "ann", 1)
ACME = PurgedLink(
    id=LinkId("acme", "ann"),
    revision=1,
    key="a",
    fingerprint=fingerprint(TOKEN),
    reason="definition deleted",
    cdn=INVALIDATED,
    answers=False,
    status=404,
)
OKO = PurgedLink(LinkId("ökologik"), 2, "b", "0123456789", 'disabled: "on leave"', answers=False)
RECEIPT = Receipt(
    site="northwind",
    store=Place("s3", "northwind-portals/live"),
    moment=datetime.datetime(2027, 3, 1, 9, 30, 15, tzinfo=datetime.UTC),
    version="0.1.0",
    links=(ACME, OKO),
    key="a",
    objects=12,
    versions=30,
)
FILE = signed(RECEIPT, RING)
LINE, SIGNATURE = FILE.decode().splitlines()


def test_a_receipt_reads_as_it_was_written() -> None:
    read = read_receipt(FILE, TRUSTED)
    assert read == replace(RECEIPT, public_key=TRUSTED[0])
    assert read.is_complete
    assert read_receipt(FILE, [TRUSTED[0]]) == read


def test_the_format_is_what_it_always_was() -> None:
    """What was signed once must still be found genuine in ten years: a change of this is a new format."""
    link = (
        '{"portal":"acme","contact":"ann","revision":1,"key":"a","fingerprint":"d8b4fa2c59",'
        '"reason":"definition deleted","failures":[],"cdn":"invalidated","store":"gone","base_url":404,"complete":true}'
    )
    oko = (
        '{"portal":"ökologik","contact":"","revision":2,"key":"b","fingerprint":"0123456789",'
        '"reason":"disabled: \\"on leave\\"","failures":[],"cdn":"none","store":"gone","base_url":null,"complete":true}'
    )
    line = (
        '{"format":"portalgen-receipt/1","site":"northwind",'
        '"store":{"kind":"s3","name":"northwind-portals/live","endpoint":""},"moment":"2027-03-01T09:30:15Z",'
        f'"version":"0.1.0","links":[{link},{oko}],'
        '"objects":12,"versions":30,"uploads":0,"unseen":"","complete":true,"key":"a",'
        '"public_key":"baafc2f57c256f01c74bd4177b21b4519c87d7c1826b28e0accca62d2cdc9317"}'
    )
    assert line == LINE
    first, second = (
        "c315f2a1e43888dbd2650577b976913eda6ec1b390de1ec69310c2036f81867e",
        "243f28d68a11119ae343b92c62972210d1f45b34932055f9feb7f37a18946c04",
    )
    assert json.loads(SIGNATURE) == {"signature": first + second}


def test_the_key_follows_from_the_root_key_and_the_site_alone() -> None:
    for key, root in ROOT.items():
        seed = hmac.digest(root, b"portalgen-sign/v1/northwind", hashlib.sha256)
        assert RING.signing_seed(key) == seed
        assert public_keys(RING)[key] == public_key(seed)
    others = [*public_keys(KeyRing("northwind2", ROOT)).values(), *TRUSTED]
    assert len({*others}) == 4


def test_openssl_finds_it_genuine_too(tmp_path: Path) -> None:
    """By what docs/receipts.md says; nothing of ours is needed."""
    need(shutil.which("openssl"), "openssl is not installed")
    page = (Path(__file__).parents[1] / "docs/receipts.md").read_text(encoding="utf-8")
    script = page.split("```sh\n")[1].split("```")[0]
    for data, said in ((FILE, 0), (FILE.replace(b'"objects":12', b'"objects":13'), 1)):
        (tmp_path / "receipt.json").write_bytes(data)
        command = f"set -e\nKEY={TRUSTED[0]}\n{script}"
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == said, done.stderr
        assert ("Signature Verified Successfully" in done.stdout) == (said == 0)


# What makes a purge complete.


@pytest.mark.parametrize(
    "less",
    [
        {"failures": ("delete index.html: it is under a legal hold",)},
        {"cdn": NOT_INVALIDATED},
        {"answers": True},
        {"answers": None},
        {"status": 200},
        {"status": 302},
        {"status": 503},
        {"status": 0},
    ],
)
def test_one_thing_that_is_not_sure_makes_a_purge_incomplete(less: dict[str, Any]) -> None:
    link = replace(ACME, **less)
    assert ACME.is_complete
    assert not link.is_complete
    read = read_receipt(signed(replace(RECEIPT, links=(OKO, link)), RING), TRUSTED)
    assert not read.is_complete
    assert [each["complete"] for each in receipt_json(read)["links"]] == [True, False]
    assert read.links[1] == link


def test_what_could_not_be_looked_for_makes_a_purge_incomplete() -> None:
    read = read_receipt(signed(replace(RECEIPT, unseen="older versions: access is denied"), RING), TRUSTED)
    assert read.unseen == "older versions: access is denied"
    assert all(link.is_complete for link in read.links)
    assert not read.is_complete


@pytest.mark.parametrize("status", [None, 403, 404, 410])
def test_an_address_that_is_gone_or_was_not_asked_leaves_it_complete(status: int | None) -> None:
    assert replace(ACME, status=status).is_complete


# What a receipt holds.


def test_no_token_gets_into_a_receipt() -> None:
    link = replace(ACME, failures=(f"delete public/{TOKEN}/index.html: denied",), reason=TOKEN)
    data = signed(replace(RECEIPT, links=(link,), unseen=TOKEN.upper()), RING)
    assert TOKEN not in data.decode().lower()
    [read] = read_receipt(data, TRUSTED).links
    assert read.failures == (f"delete public/[{ACME.fingerprint}]/index.html: denied",)


def test_no_secret_of_a_store_gets_into_a_receipt() -> None:
    endpoint = "https://user:secret@s3.example:9000/?token=secret"
    source = StoreSource("live", "s3", bucket="b", endpoint=endpoint, prefix="portals/")
    assert place_of(source) == Place("s3", "b/portals", "s3.example:9000")
    assert place_of(StoreSource("live", "s3", bucket="b")) == Place("s3", "b")
    folder = StoreSource("local", "directory", path=Path("/srv/site"), private=Path("/srv/p"))
    assert place_of(folder) == Place("directory", "/srv/site")


def test_a_moment_is_kept_in_utc_to_the_second() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    moment = datetime.datetime(2027, 3, 1, 2, 0, 59, 999999, tzinfo=zone)
    read = read_receipt(signed(replace(RECEIPT, moment=moment), RING), TRUSTED)
    assert read.moment == datetime.datetime(2027, 2, 28, 20, 30, 59, tzinfo=datetime.UTC)


def test_a_receipt_of_nothing_is_complete() -> None:
    assert read_receipt(signed(replace(RECEIPT, links=()), RING), TRUSTED).is_complete


def test_the_key_of_the_site_signs_else_the_first() -> None:
    assert signing_key(Site("northwind", "Northwind", key="b"), RING) == "b"
    assert signing_key(Site("northwind", "Northwind"), RING) == "a"
    assert read_receipt(signed(replace(RECEIPT, key="b"), RING), [TRUSTED[1]]).key == "b"
    with pytest.raises(InvalidInputError, match="there is no root key 'c'"):
        signed(replace(RECEIPT, key="c"), RING)


def test_a_receipt_is_its_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "receipts/first.json"
    write_receipt(file, RECEIPT, RING)
    assert file.read_bytes() == FILE
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InvalidInputError, match="is there already and was left as it is"):
        write_receipt(file, replace(RECEIPT, links=()), RING)
    assert file.read_bytes() == FILE
    with pytest.raises(InvalidInputError, match="cannot be written"):
        write_receipt(file / "second.json", RECEIPT, RING)


# Tampering.

OTHER = signed(replace(RECEIPT, links=(OKO,)), RING)
"""Another receipt of the same site and key."""
ATTACKER = bytes(range(100, 132))

Files = Iterator[bytes]


def bytes_changed() -> Files:
    for place, byte in enumerate(FILE):
        for other in {byte ^ 0x01, byte ^ 0x20, byte ^ 0x80, 0x30, 0x20, 0x0A} - {byte}:
            yield FILE[:place] + bytes([other]) + FILE[place + 1 :]


def bytes_more_or_fewer() -> Files:
    for place in range(len(FILE)):
        yield FILE[:place] + FILE[place + 1 :]
        yield FILE[:place] + FILE[place : place + 1] + FILE[place:]
        for more in (b" ", b"\n", b"\r", b"0", b"\0", b'"', b"\\"):
            yield FILE[:place] + more + FILE[place:]


def cut_and_joined() -> Files:
    for place in range(len(FILE)):
        yield FILE[:place]
        yield FILE[place + 1 :]
    yield from (FILE + FILE, FILE + OTHER, FILE + b"\n", FILE + b" ", b"\n" + FILE, b"\xef\xbb\xbf" + FILE)
    yield FILE.replace(b"\n", b"\r\n")
    yield FILE.decode().encode("utf-16")
    yield FILE.decode().encode("latin-1")
    yield f"{SIGNATURE}\n{LINE}\n".encode()
    yield json.dumps({"payload": LINE, **json.loads(SIGNATURE)}).encode()


def of_two_receipts() -> Files:
    ours, theirs = FILE.splitlines(), OTHER.splitlines()
    yield b"\n".join([ours[0], theirs[1], b""])
    yield b"\n".join([theirs[0], ours[1], b""])


def said_in_another_way() -> Files:
    """The same JSON values, or nearly, with the signature that the file has."""
    for line in other_lines():
        yield f"{line}\n{SIGNATURE}\n".encode()


def signed_in_another_way() -> Files:
    """The same, under a good signature: the one who has the key does not write so, and readers could differ."""
    for line in other_lines():
        yield file_of(line, RING.signing_seed("a"))


def other_lines() -> Iterator[str]:
    whole = json.loads(LINE)
    for change in changes(whole):
        yield json.dumps(change, ensure_ascii=False, separators=(",", ":"))
    yield json.dumps(whole)
    yield json.dumps(whole, ensure_ascii=False, separators=(", ", ":"))
    yield json.dumps(whole, ensure_ascii=True, separators=(",", ":"))
    yield json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    yield from (f" {LINE}", f"{LINE} ", f"{LINE}\t", f"[{LINE}]", f'"{LINE}"', f"{LINE}{LINE}", "{}", "[]", "null", "1")
    yield LINE.replace('"site"', '"\\u0073ite"')
    yield LINE.replace("northwind-portals/live", "northwind-portals\\/live")
    yield from (
        LINE.replace(":12,", f":{number},") for number in ("12.0", "1.2e1", "12e0", "+12", "012", "NaN", '"12"')
    )
    yield from (LINE.replace(":0,", f":{number},", 1) for number in ("-0", "0.0", "0e9", "false", "null", "[]"))
    yield from (LINE.replace("true", text, 1) for text in ("false", "1", "True", '"true"', "null"))
    for name, value in whole.items():  # twice the same, once with another value
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        yield LINE.replace("{", f'{{"{name}":{text},', 1)
        yield LINE[:-1] + f',"{name}":{text}}}'
        yield LINE[:-1] + f',"{name}":null}}'
        yield LINE.replace("{", f'{{"{name}":"x",', 1)
    for moment in ("2027-03-01T09:30:15+00:00", "2027-03-01 09:30:15Z", "20270301T093015Z", "2027-03-01T09:30:15"):
        yield LINE.replace("2027-03-01T09:30:15Z", moment)
    yield LINE.replace(TRUSTED[0], TRUSTED[0].upper())
    yield LINE.replace(TRUSTED[0], TRUSTED[1])
    yield LINE.replace("receipt/1", "receipt/2")


def changes(whole: dict[str, Any]) -> Iterator[Any]:
    """With a field more, less, renamed, at another place or of another type: in the receipt, its store, each link."""

    def within(inner: dict[str, Any], put: Callable[[Any], Any]) -> Iterator[Any]:
        for name, value in inner.items():
            rest = {other: each for other, each in inner.items() if other != name}
            yield put(rest)
            yield put({name: value, **rest}) if name != next(iter(inner)) else put({**rest, name: value})
            yield put({("x" + name if each == name else each): inner[each] for each in inner})
            yield put({**rest, name: [value]})
            yield put({each: ([value] if each == name else inner[each]) for each in inner})
            yield put({each: ({} if each == name else inner[each]) for each in inner})
        yield put({**inner, "more": 1})
        yield put({"more": None, **inner})

    yield from within(whole, lambda new: new)
    yield from within(whole["store"], lambda new: {**whole, "store": new})
    for number, link in enumerate(whole["links"]):
        before, after = whole["links"][:number], whole["links"][number + 1 :]
        yield from within(link, lambda new, a=before, b=after: {**whole, "links": [*a, new, *b]})  # type: ignore[misc]
    yield {**whole, "complete": False}
    yield {**whole, "links": {}}


def lies() -> Files:
    """What somebody would want to have in it, with the signature that the file has."""
    for old, new in (
        ('"objects":12', '"objects":13'),
        ('"versions":30', '"versions":0'),
        ('"contact":"ann"', '"contact":"bob"'),
        ('"revision":1', '"revision":2'),
        ("2027-03-01", "2027-02-01"),
        ("northwind-portals", "northwind-testing"),
        ('"base_url":404', '"base_url":200'),
        ('"store":"gone"', '"store":"answers"'),
        ('"cdn":"invalidated"', '"cdn":"none"'),
        ('"site":"northwind"', '"site":"southwind"'),
        (LINE[LINE.index('{"portal":"acme"') : LINE.index('{"portal":"ö')], ""),
    ):
        assert old in LINE
        yield FILE.replace(old.encode(), new.encode(), 1)


def of_somebody_else() -> Files:
    """Whole receipts of another site, of another root key, and of nobody."""
    yield signed(replace(RECEIPT, site="southwind"), KeyRing("southwind", ROOT))
    yield signed(RECEIPT, KeyRing("southwind", ROOT))
    yield signed(RECEIPT, KeyRing("northwind", {"a": ATTACKER}))
    yield signed(RECEIPT, KeyRing("northwind", {"a": ROOT["b"][::-1]}))
    yield file_of(LINE, ATTACKER)
    yield file_of(LINE.replace(TRUSTED[0], public_key(ATTACKER)), ATTACKER)
    yield file_of(LINE, RING.signing_seed("b"))
    yield file_of(LINE.replace('"key":"a","public', '"key":"b","public'), ATTACKER)
    yield f'{LINE}\n{{"signature":"{"0" * 128}"}}\n'.encode()


def signatures_in_another_way() -> Files:
    text = json.loads(SIGNATURE)["signature"]
    number = int.from_bytes(bytes.fromhex(text)[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    for other in (
        text.upper(),
        text.capitalize(),
        f"0x{text}",
        f"{text}00",
        text[:64],
        text[:64] + number.to_bytes(32, "little").hex(),
    ):
        yield f'{LINE}\n{{"signature":"{other}"}}\n'.encode()
    for line in (
        f'{{"signature": "{text}"}}',
        f'{{"signature":"{text}","more":1}}',
        f'{{"more":1,"signature":"{text}"}}',
        f'{{"signature":"{text}","signature":"{text}"}}',
        f'["{text}"]',
        f'"{text}"',
        text,
        f'{{"Signature":"{text}"}}',
        f'{{"signature":["{text}"]}}',
    ):
        yield f"{LINE}\n{line}\n".encode()


def at_random() -> Files:
    rng = random.Random(1)  # noqa: S311 - the same ones each time
    for _ in range(1000):
        data = bytearray(FILE)
        for _ in range(rng.randint(2, 5)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        yield bytes(data)


def file_of(line: str, seed: bytes) -> bytes:
    return f'{line}\n{{"signature":"{sign(seed, line.encode())}"}}\n'.encode()


KINDS = (
    *(bytes_changed, bytes_more_or_fewer, cut_and_joined, of_two_receipts, said_in_another_way, signed_in_another_way),
    *(lies, of_somebody_else, signatures_in_another_way, at_random),
)


def test_no_receipt_that_was_tampered_with_is_accepted(record_property: Callable[[str, object], None]) -> None:
    trusted = [TRUSTED[0]]
    counts: Counter[str] = Counter()
    seen = {FILE}
    accepted = []
    for kind in KINDS:
        for data in kind():
            if data in seen:
                continue
            seen.add(data)
            counts[kind.__name__] += 1
            try:
                accepted.append((kind.__name__, read_receipt(data, trusted), data))
            except PortalgenError as error:
                assert error.exit_code == 1
    assert accepted == []
    assert all(counts[kind.__name__] for kind in KINDS)
    assert counts.total() > 10_000
    lines = [f"  {count:>9,}  {name.replace('_', ' ')}" for name, count in counts.items()]
    record_property(
        "figures", "\n".join([f"tampers of a receipt: {counts.total():,}, accepted: {len(accepted)}", *lines])
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (FILE.replace(b'"objects":12', b'"objects":11'), "was altered after it was signed"),
        (signed(RECEIPT, KeyRing("northwind", {"a": ATTACKER})), "was signed with another key, or it was altered"),
        (b"%PDF-1.7", "this is no receipt, or not one as it was written"),
        (b"", "this is no receipt"),
        (file_of('{"format":"portalgen-manifest/1"}', RING.signing_seed("a")), "is no receipt that this version knows"),
        (file_of("[" * 100_000, RING.signing_seed("a")), "is no receipt that this version knows"),
    ],
)
def test_what_is_wrong_with_a_receipt_is_said(data: bytes, said: str) -> None:
    with pytest.raises(PortalgenError, match=said):
        read_receipt(data, TRUSTED)


def test_nobody_is_believed_where_nobody_is_trusted() -> None:
    with pytest.raises(PortalgenError, match="another key"):
        read_receipt(FILE, [])
