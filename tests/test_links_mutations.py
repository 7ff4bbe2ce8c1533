"""A million distinct mutations of real tokens: none passes for a link. How many of each kind is printed at the end."""

import random
import string
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from portalgen.links import TOKEN, KeyRing, Verdict

WANTED = 1_000_000
ROOT = {"a": bytes(range(32)), "b": bytes(range(32, 64))}
RINGS = (
    KeyRing("prod", ROOT),
    KeyRing("staging", ROOT),
    KeyRing("prod", {"a": ROOT["b"], "b": ROOT["a"], "k": bytes(range(64, 96))}),
)
LINKS = [
    (portal, contact, revision)
    for portal in ("acme", "ökologik", "0012")
    for contact in ("", "ann")
    for revision in (1, 2, 3)
]
REAL = [[ring.token(key, *link) for key in ring.root_keys for link in LINKS] for ring in RINGS]
GENUINE = [frozenset(tokens) for tokens in REAL]
ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
HEX = "0123456789abcdef"

LOOKS_LIKE = {
    "0": "oO\uff10\u0660\u06f0\u0966\u1d7ce",
    "1": "iIlL\uff11\u0661\u2160\u217c",
    "5": "\uff15\u0665S",
    "a": "\uff41\uff21\u0430\u0410\u00aa\u1d43\u00e4",
    "b": "\uff42\u0432",
    "c": "\uff43\u0441\u0421\u217d\u1d9c",
    "d": "\uff44\u217e",
    "e": "\uff45\u0435\u0415\u1d49",
    "f": "\uff46\u017f",
    "h": "\uff48\u04bb\u210e",
    "j": "\uff4a\u02b2\u0458",
    "k": "\u212a\uff4b\uff2b\u043a",  # the Kelvin sign is k in lower case
    "m": "\uff4d\u217f",
    "p": "\uff50\u0440\u0420\u1d56",
    "s": "\u017f\uff53\u0455",  # the long s is S in upper case
    "v": "uU\uff56\u2174",
    "x": "\uff58\u0445\u2179",
    "y": "\uff59\u0443",
}
AROUND = ("\n", "\r\n", " ", "\t", "\0", ".", "/", "%00", "\u200b", "\u00a0", "\ufeff", "\u0301", "=", "p", "0")

Mutations = Iterator[tuple[int, str]]
"""The number of the ring that is to read it, and the text."""


def tokens(rng: random.Random) -> Mutations:
    while True:
        ring = rng.randrange(len(RINGS))
        yield ring, rng.choice(REAL[ring])


def changed(change: Callable[[random.Random, str], str]) -> Callable[[random.Random], Mutations]:
    def mutations(rng: random.Random) -> Mutations:
        for ring, token in tokens(rng):
            yield ring, change(rng, token)

    return mutations


def one_replaced(rng: random.Random, token: str) -> str:
    place = rng.randrange(60)
    return token[:place] + rng.choice(string.printable) + token[place + 1 :]


def one_replaced_in_shape(rng: random.Random, token: str) -> str:
    """By what may stand there."""
    place = rng.randrange(1, 60)
    return token[:place] + rng.choice(ID_LETTERS if place < 28 else HEX) + token[place + 1 :]


def some_replaced_in_shape(rng: random.Random, token: str) -> str:
    for _ in range(rng.randint(2, 6)):
        token = one_replaced_in_shape(rng, token)
    return token


def inserted(rng: random.Random, token: str) -> str:
    place = rng.randrange(61)
    return token[:place] + rng.choice(string.printable + "\u212a\u200b") + token[place:]


def inserted_and_deleted(rng: random.Random, token: str) -> str:
    return deleted(rng, inserted(rng, token))


def deleted(rng: random.Random, token: str) -> str:
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(token))
        token = token[:place] + token[place + 1 :]
    return token


def transposed(rng: random.Random, token: str) -> str:
    one, other = sorted(rng.sample(range(60), 2))
    return token[:one] + token[other] + token[one + 1 : other] + token[one] + token[other + 1 :]


def looks_the_same(rng: random.Random, token: str) -> str:
    """One character or more that people, NFKC or a change of case would take for the right one."""
    letters = list(token)
    alike = [place for place, letter in enumerate(letters) if letter in LOOKS_LIKE]
    for place in rng.sample(alike, rng.randint(1, 3)):
        letters[place] = rng.choice(LOOKS_LIKE[letters[place]])
    return cased(rng, "".join(letters)) if rng.random() < 0.5 else "".join(letters)


def cased(rng: random.Random, token: str) -> str:
    return "".join(letter.upper() if letter.isascii() and rng.random() < 0.5 else letter for letter in token)


def cased_and_replaced(rng: random.Random, token: str) -> str:
    return one_replaced_in_shape(rng, cased(rng, token))


def wrapped(rng: random.Random, token: str) -> str:
    before, after = ("".join(rng.choices(AROUND, k=rng.randint(0, 2))) for _ in range(2))
    return before + token + after


def cut(rng: random.Random, token: str) -> str:
    """Its tag, or all of it, too short or too long."""
    if rng.random() < 0.2:
        return token[: rng.randrange(60)] if rng.random() < 0.5 else token[rng.randrange(1, 60) :]
    more = "".join(rng.choices(HEX, k=rng.randint(1, 32)))
    return rng.choice([token + more, token[: -len(more)] + more * 2, token[:28] + more])


def spliced(rng: random.Random) -> Mutations:
    """The head of one token and the tail of another, of whatever ring."""
    everything = [token for real in REAL for token in real]
    while True:
        place = rng.randrange(1, 60)
        yield rng.randrange(len(RINGS)), rng.choice(everything)[:place] + rng.choice(everything)[place:]


def of_another_key(rng: random.Random) -> Mutations:
    """A real link id under the tag that another site, or another root key, gives it; or the whole token from there."""
    for revision in range(1, 10**9):
        link = (rng.choice(["acme", "bees", "crows"]), rng.choice(["", "ann"]), revision)
        ring, other = rng.sample(range(3), 2)
        key, other_key = rng.choice("ab"), rng.choice("ab")
        ours, theirs = RINGS[ring].token(key, *link), RINGS[other].token(other_key, *link)
        head = f"p{other_key}{ours[2:28]}"
        forged = head + RINGS[other]._tag(other_key, head)
        yield ring, theirs
        yield ring, ours[:28] + theirs[28:]
        yield ring, theirs[:28] + ours[28:]
        yield ring, forged
        yield ring, ours[:28] + RINGS[ring].token("b" if key == "a" else "a", *link)[28:]


def of_another_revision(rng: random.Random) -> Mutations:
    """The id of one revision with the tag of another, portal and contact taken for each other likewise."""
    for revision in range(4, 10**9):
        ring, key = rng.randrange(len(RINGS)), rng.choice("ab")
        old = rng.choice(REAL[ring])
        new = RINGS[ring].token(key, "acme", "", revision)
        swapped = RINGS[ring].token(key, "", "acme", revision)
        yield ring, new[:28] + old[28:]
        yield ring, old[:28] + new[28:]
        yield ring, new[:28] + swapped[28:]


def of_another_key_id(rng: random.Random) -> Mutations:
    for revision in range(1, 10**9):
        ring = rng.randrange(len(RINGS))
        token = RINGS[ring].token("a", "acme", "", revision)
        yield from ((ring, f"p{key}{token[2:]}") for key in ID_LETTERS if key != "a")


def at_random(rng: random.Random) -> Mutations:
    """Sixty characters of the right shape, of a key that is held or not, with a real head or tail or none."""
    for ring, token in tokens(rng):
        id_, tag = "".join(rng.choices(ID_LETTERS, k=27)), "".join(rng.choices(HEX, k=32))
        text = rng.choice(
            [f"p{id_}{tag}", f"{token[:2]}{id_[1:]}{tag}", token[:28] + tag, f"{token[:2]}{id_[1:]}{token[28:]}"]
        )
        assert TOKEN.fullmatch(text)
        yield ring, text


KINDS = {
    "one character replaced": (changed(one_replaced), 100_000),
    "one replaced by what may stand there": (changed(one_replaced_in_shape), 60_000),
    "several replaced by what may stand there": (changed(some_replaced_in_shape), 100_000),
    "a character inserted": (changed(inserted), 100_000),
    "one inserted, some deleted": (changed(inserted_and_deleted), 60_000),
    "one to three deleted": (changed(deleted), 60_000),
    "two transposed": (changed(transposed), 60_000),
    "look-alikes, in ASCII and beyond": (changed(looks_the_same), 100_000),
    "another case, one replaced": (changed(cased_and_replaced), 50_000),
    "something around it": (changed(wrapped), 10_000),
    "too short or too long": (changed(cut), 50_000),
    "two tokens spliced": (spliced, 80_000),
    "made by another site or key": (of_another_key, 50_000),
    "another revision's tag": (of_another_revision, 50_000),
    "another key id": (of_another_key_id, 20_000),
    "the right shape at random": (at_random, 50_000),
}


def test_a_million_mutations_of_tokens_are_all_refused(record_property: Callable[[str, object], None]) -> None:
    seen: set[int] = set()
    counts: Counter[str] = Counter()
    same = 0
    accepted = []
    for kind, (mutate, number) in KINDS.items():
        found = 0
        for ring, text in islice(mutate(random.Random(kind)), 20 * number):  # noqa: S311 - the same ones each time
            mark = hash((ring, text))
            if mark in seen:
                continue
            seen.add(mark)
            verdict = RINGS[ring].read(text)
            if text.isascii() and text.lower() in GENUINE[ring]:
                assert verdict is Verdict.OK, "what differs in case alone is the same token"
                same += 1
                continue
            if verdict is Verdict.OK:
                accepted.append((kind, ring, text))
            found += 1
            if found == number:
                break
        counts[kind] = found
    assert accepted == []
    assert counts == {kind: number for kind, (_, number) in KINDS.items()}
    assert counts.total() == WANTED
    record_property(
        "figures",
        "\n".join(
            [
                f"mutations of tokens: {counts.total():,}, accepted: {len(accepted)}",
                *(f"  {count:>9,}  {kind}" for kind, count in counts.items()),
                f"  (besides, {same:,} were the same token, most of them in other cases, and read as it)",
            ]
        ),
    )


@pytest.mark.parametrize("ring", range(len(RINGS)))
def test_tokens_are_read_in_whatever_case(ring: int) -> None:
    rng = random.Random(ring)  # noqa: S311 - the same ones each time
    for token in REAL[ring]:
        assert RINGS[ring].read(token) is Verdict.OK
        assert RINGS[ring].read(token.upper()) is Verdict.OK
        assert {RINGS[ring].read(cased(rng, token)) for _ in range(20)} == {Verdict.OK}
