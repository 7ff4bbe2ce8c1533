"""A small site on disk that tests publish, change and publish again."""

import datetime
from dataclasses import dataclass, field
from pathlib import Path

from portalgen.definitions import load
from portalgen.inventory import Inventory
from portalgen.keys import key_text, parse_keys
from portalgen.links import KeyRing
from portalgen.model import Definitions, LinkId
from portalgen.pipeline import Published, publish
from portalgen.stores.base import Store

TODAY = datetime.date(2026, 11, 22)
KEY_A = key_text(bytes(range(32)))
KEY_B = key_text(bytes(range(32, 64)))

CUSTOMERS = "id,name,city\nC-1,Ants & Sons,Aarhus\nC-2,Bees Ltd,Bergen\nC-3,Crows,Cork\n"
INVOICES = (
    "number,customer_id,date,due_date,currency,total,balance\n"
    "INV-1,C-1,2026-10-01,2026-10-31,EUR,100.00,100.00\n"
    "INV-2,C-1,2026-11-01,2026-11-30,EUR,50.00,0.00\n"
    "INV-3,C-2,2026-11-02,2026-12-02,EUR,70.00,70.00\n"
    "INV-4,C-3,2026-11-03,2026-12-03,EUR,80.00,80.00\n"
)
ORDERS = "number,customer_id,date,currency,total\nSO-1,C-1,2026-09-01,EUR,150.00\nSO-2,C-2,2026-09-02,EUR,70.00\n"
PORTALS = {
    "ants": "{customer: C-1, show: ALL, contacts: {ann: {show: [invoices]}}}",
    "bees": "{customer: C-2, show: [invoices]}",
    "crows": "{customer: C-3, show: [invoices]}",
}


def noon_of(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(12), datetime.UTC)


@dataclass
class SmallSite:
    """Three customers, one of them with a contact. Change `portals` or the files, then `publish` again."""

    root: Path
    store: Store
    portals: dict[str, str] = field(default_factory=lambda: dict(PORTALS))
    keys: str = f"a:{KEY_A}"
    key: str = ""
    as_of: str = "2026-11-20"
    site_says: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    every_customer: str = ""
    exported: tuple[str, ...] = ("customers", "invoices", "orders")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_all(self) -> None:
        self.write("exports/customers.csv", CUSTOMERS)
        self.write("exports/invoices.csv", INVOICES)
        self.write("exports/orders.csv", ORDERS)

    @property
    def definitions(self) -> Definitions:
        portals, roles = (
            "".join(f"  {name}: {text}\n" for name, text in each.items()) or "  {}\n"
            for each in (self.portals, self.roles)
        )
        exports = "".join(f"  - {{type: {type_}, path: exports/{type_}.csv}}\n" for type_ in self.exported)
        self.write(
            "config/portals.yaml",
            "version: 1\n"
            "site: {id: small, title: Small & Co, base_url: 'https://portals.example', "
            f"as_of: {self.as_of}, key: {self.key}, {self.site_says}}}\n"
            "keys: env:PORTALGEN_SMALL_KEYS\n"
            f"exports:\n{exports}"
            f"roles:\n{roles}"
            f"portals:\n{portals}"
            f"every_customer: {self.every_customer}\n",
        )
        return load(self.root / "config/portals.yaml")

    @property
    def ring(self) -> KeyRing:
        return KeyRing("small", parse_keys(self.keys))

    def inventory(self, today: datetime.date = TODAY, expected_removals: int | None = None) -> Inventory:
        return Inventory(self.definitions, self.ring, self.store, lambda: noon_of(today), expected_removals)

    def publish(self, today: datetime.date = TODAY, expected_removals: int | None = None) -> Published:
        return publish(self.inventory(today, expected_removals))

    def token(self, portal: str, contact: str = "", revision: int = 1, key: str = "a") -> str:
        return self.ring.token(key, portal, contact, revision)

    def files(self, portal: str, contact: str = "", revision: int = 1) -> dict[str, bytes]:
        """What the world can fetch under a link, by path."""
        prefix = f"public/{self.token(portal, contact, revision)}/"
        return {item.key.removeprefix(prefix): self.store.read(item.key) for item in self.store.objects(prefix)}

    def everything_public(self) -> dict[str, bytes]:
        return {item.key: self.store.read(item.key) for item in self.store.objects("public/")}

    def live_links(self) -> set[LinkId]:
        """The links of the definitions that answer with a summary page."""
        found = set()
        for portal in self.definitions.portals:
            for contact in ("", *(item.id for item in portal.contacts)):
                for revision in range(1, 4):
                    if "index.html" in self.files(portal.id, contact, revision):
                        found.add(LinkId(portal.id, contact))
        return found


def new_site(root: Path, store: Store) -> SmallSite:
    """The small site with its exports written, not yet published."""
    site = SmallSite(root, store)
    site.write_all()
    return site
