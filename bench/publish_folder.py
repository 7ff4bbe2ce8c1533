"""The site that bench/publish.py publishes: bundles as a build leaves them, and the same files as peers take them.

Every bundle has 20 pages of HTML, which are quickly made and take 3.5 kB in the mean: a summary, three lists, and a
page for each of three quotes, five orders and eight invoices.
"""

import random
import shutil
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from portalgen.builder import build_bundles, file_path
from portalgen.commands.project import ring_of
from portalgen.definitions import load
from portalgen.grants import LIVE, bundle_for, links_of
from portalgen.keysources import write_key_file
from portalgen.model import Account, BuiltBundle, Bundle, Customer, Transaction
from portalgen.pages import Page

TYPES = {"quotes": 3, "orders": 5, "invoices": 8}
FILES = 1 + len(TYPES) + sum(TYPES.values())
AS_OF = date(2026, 11, 22)
THINGS = (
    "Ball bearing",
    "Hex bolt",
    "Cable gland",
    "Drive belt",
    "Filter cartridge",
    "Gasket",
    "Hose clamp",
    "Sealing",
)
KINDS = ("stainless", "galvanised", "brass", "nylon", "heavy duty", "food grade", "self-locking", "sound-proof")
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<title>{title} - {customer} - Meridian Components B.V.</title>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="site"><p class="seller">Meridian Components B.V.</p><p class="customer">{customer}</p>
<nav aria-label="Main"><ul><li><a href="{up}index.html">Summary</a></li><li><a href="{up}quotes.html">Quotes</a></li>
<li><a href="{up}orders.html">Orders</a></li><li><a href="{up}invoices.html">Invoices</a></li></ul></nav></header>
<main id="content">
<h1>{title}</h1>
{content}
</main>
<footer><p>Meridian Components B.V., Keizersgracht 114, 1015 CW Amsterdam. Exports of {as_of}.</p></footer>
</body>
</html>
"""
ROW = (
    '<tr><td>{item}</td><td>{what}</td><td class="number">{quantity}</td><td>pc</td><td class="number">{price:,}</td>'
    '<td class="number">{amount:,}</td></tr>\n'
)
HEADS = '<th scope="col">{}</th>'


class Pages:
    """What renders, in place of the product's templates."""

    digest = "1"

    def render(self, bundle: Bundle) -> Iterator[Page]:
        """The files of a bundle, which all name the customer."""

        def page(path: str, title: str, content: str) -> Page:
            up = "../" * path.count("/")
            text = PAGE.format(title=title, customer=bundle.customer.name, content=content, up=up, as_of=bundle.as_of)
            return Page(path, text.encode())

        counts = "".join(f'<li><a href="{type_}.html">{n} {type_}</a></li>\n' for type_, n in TYPES.items())
        yield page("index.html", "Summary", f"<ul>\n{counts}</ul>\n{_list(bundle.transactions[-6:])}")
        for type_ in TYPES:
            shown = [each for each in bundle.transactions if each.type == type_]
            yield page(f"{type_}.html", type_.capitalize(), _list(shown))
            for each in shown:
                yield page(_path(each), f"{type_.capitalize()} {each.number}", _document(each))


def _path(document: Transaction) -> str:
    return f"{document.type}/{document.number.lower()}.html"


def _table(heads: tuple[str, ...], rows: str) -> str:
    return f"<table>\n<thead><tr>{''.join(map(HEADS.format, heads))}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"


def _list(documents: Collection[Transaction]) -> str:
    rows = "".join(
        f'<tr><td><a href="{_path(each)}">{each.number}</a></td><td><time datetime="{each.date}">{each.date:%d %b %Y}'
        f'</time></td><td>{each.reference}</td><td>{each.status}</td><td class="number">{each.total:,} EUR</td></tr>\n'
        for each in documents
    )
    return _table(("Number", "Date", "Your reference", "Status", "Total"), rows)


def _document(document: Transaction) -> str:
    chance = random.Random(document.number)  # noqa: S311 - the same pages every time
    rows = []
    for _ in range(chance.randint(6, 26)):
        quantity, price = chance.randint(1, 60), Decimal(chance.randint(50, 99999)) / 100
        what = f"{chance.choice(THINGS)}, {chance.choice(KINDS)}, {chance.randint(2, 80)} mm"
        item = f"{chance.randint(100000, 999999)}"
        rows.append(ROW.format(item=item, what=what, quantity=quantity, price=price, amount=quantity * price))
    facts = {"Date": document.date, "Due": document.due_date, "Your reference": document.reference}
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>\n" for name, value in facts.items())
    lines = _table(("Item", "Description", "Quantity", "Unit", "Price", "Amount"), "".join(rows))
    total = f'<p class="total">Total <strong>{document.total:,} EUR</strong></p>'
    return f'<dl class="facts">\n{listed}</dl>\n{lines}\n{total}'


def account_of(customer: str, name: str) -> Account:
    """All that there is of a customer, the same every time."""
    documents = []
    for type_, count in TYPES.items():
        for n in range(count):
            number = f"{type_[:2].upper()}-{customer[2:]}-{n:03}"
            chance = random.Random(number)  # noqa: S311 - the same documents every time
            day = AS_OF - timedelta(chance.randint(1, 700))
            documents.append(
                Transaction(
                    type_,
                    number,
                    customer,
                    day,
                    "EUR",
                    due_date=day + timedelta(30),
                    status="Open",
                    reference=f"PO-{chance.randint(10000, 99999)}",
                    total=Decimal(chance.randint(1000, 9999999)) / 100,
                )
            )
    return Account(Customer(customer, name), tuple(documents))


def write_config(folder: Path, links: int, endpoint: str, bucket: str, disabled: Collection[int] = ()) -> Path:
    """Definitions of `links` portals, of which those in `disabled` are to be purged, and one root key."""
    (folder / "config").mkdir(parents=True, exist_ok=True)
    if not (folder / "config/portalgen.keys").exists():
        write_key_file(folder / "config/portalgen.keys", "a")
    exports = "".join(f"  - {{type: {type_}, path: exports/{type_}.csv}}\n" for type_ in ("customers", *TYPES))
    off = ", enabled: false"
    portals = "".join(
        f"  c{n:04}: {{customer: C-{n:04}, show: [{', '.join(TYPES)}]{off * (n in disabled)}}}\n" for n in range(links)
    )
    config = folder / "config/portals.yaml"
    config.write_text(
        "version: 1\nsite: {id: bench, title: Bench, base_url: 'https://portals.example', as_of: 2026-11-22}\n"
        f"keys: file:config/portalgen.keys\nexports:\n{exports}"
        f"stores:\n  s3: {{kind: s3, bucket: {bucket}, region: us-east-1, endpoint: '{endpoint}'}}\n"
        f"portals:\n{portals}",
        encoding="utf-8",
    )
    return config


def write_build(config: Path, changed: Collection[int] = ()) -> tuple[BuiltBundle, ...]:
    """What a build leaves for the live links. The customers in `changed` have another name, which all pages show."""
    definitions = load(config)

    def bundles() -> Iterator[Bundle]:
        for link in links_of(definitions, AS_OF):
            if link.state == LIVE:
                n = int(link.customer[2:])
                name = f"{'New ' if n in changed else ''}Customer {n:04} & Sons Ltd."
                yield bundle_for(link, account_of(link.customer, name), definitions.site, AS_OF)

    return build_bundles(bundles(), Pages(), definitions.root / "build").bundles  # type: ignore[arg-type]


def write_tree(config: Path, bundles: Collection[BuiltBundle], tree: Path) -> Mapping[str, str]:
    """The same files as a folder that holds what the store is to hold; those that do not differ are left alone.

    Returns the tokens, by portal.
    """
    definitions = load(config)
    ring = ring_of(definitions)
    tokens = {link.id.portal: ring.token_of(link) for link in links_of(definitions, AS_OF)}
    tree.mkdir(exist_ok=True)
    for token in {path.name for path in tree.iterdir()} - {tokens[bundle.id.portal] for bundle in bundles}:
        shutil.rmtree(tree / token)
    for bundle in bundles:
        for file in bundle.files:
            path, data = (
                tree / tokens[bundle.id.portal] / file.path,
                file_path(definitions.root / "build", bundle, file).read_bytes(),
            )
            if not path.exists() or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
    return tokens
