"""An overview as a page for those who run the site: to be read on their own machine, never published."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portalgen.commands.report import plural
from portalgen.customers import Exported
from portalgen.deferred import deferred
from portalgen.grants import LIVE
from portalgen.model import GRANTABLE_TYPES, Site
from portalgen.overview.rows import PUBLISHED, STATES, Overview, Row, Served
from portalgen.plain import without_unseen

if TYPE_CHECKING:
    from portalgen import pages
else:
    pages = deferred("portalgen.pages")


def overview_page(overview: Overview, site: Site) -> bytes:
    """The page, whole in one file: it names no link's address, and asks nobody for anything."""
    zone = ZoneInfo(site.timezone)
    rows = [*overview.rows]
    live = sum(row.link.state == LIVE for row in rows)
    sums = [f"{plural(len(rows), 'link')} of {plural(len(overview.served), 'customer')}, {live:,} live"]
    sums += [f"{plural(len(overview.without), 'customer')} without a portal"] * bool(overview.without)
    values = {
        "site": site.title,
        "sums": "; ".join(sums),
        "as_of": overview.as_of and overview.as_of.isoformat(),
        "choices": _choices(overview),
        "types": [_words(type_) for type_ in GRANTABLE_TYPES],
        "served": [_served(each, zone) for each in overview.served],
        "without": [_customer(each) for each in overview.without],
    }
    return pages.admin_page("overview.html", values)


def _choices(overview: Overview) -> list[tuple[str, str, list[str]]]:
    """Name, title and values of what the page can be filtered by."""
    everybody = [*(each.customer for each in overview.served), *overview.without]
    statuses = sorted({_line(each.status) for each in everybody} - {""})
    choices = [
        ("state", "State", [*STATES]),
        ("published", "Published", [*PUBLISHED]),
        ("type", "Shows", [_words(type_) for type_ in GRANTABLE_TYPES]),
        ("erp", "ERP status", statuses),
    ]
    return [choice for choice in choices if choice[2]]


def _served(each: Served, zone: ZoneInfo) -> Mapping[str, Any]:
    rows = [_row(row, zone) for row in each.rows]
    return {
        **_customer(each.customer),
        "is_exported": each.is_exported,
        "rows": rows,
        "last": min((row["last"] for row in rows if row["last"]), default=""),
        "expires": min((row["expires"] for row in rows if row["expires"]), default=""),
    }


def _row(row: Row, zone: ZoneInfo) -> Mapping[str, Any]:
    link = row.link
    name = link.contact_name if link.contact_name != link.id.contact else ""
    who = " · ".join(filter(None, [_line(name), _line(link.contact_email)]))
    return {
        "link": str(link.id),
        "who": who,
        "state": link.state,
        "published": row.published,
        "last": f"{row.last_published.astimezone(zone):%Y-%m-%d %H:%M}" if row.last_published else "",
        "expires": row.expires.isoformat() if row.expires else "",
        "types": "\n".join(map(_words, link.types)),
        "cells": [row.cell(type_) for type_ in GRANTABLE_TYPES],
    }


def _customer(customer: Exported) -> Mapping[str, Any]:
    return {
        "id": _line(customer.id),
        "name": _line(customer.name) or _line(customer.id),
        "status": _line(customer.status),
        "documents": f"{customer.documents:,}",
    }


def _words(type_: str) -> str:
    return type_.replace("_", " ").capitalize()


def _line(text: str) -> str:
    return " ".join(without_unseen(text).split())
