"""Which types a link may show without anybody accepting them. Pure.

A link's definition names types, roles and ALL. What these come to changes by themselves as well: a role is widened, or
there are exports of a type that there were none of. Only what is named anew is granted by the definition.
"""

import json
from collections.abc import Mapping

from portalgen.grantees import types_in
from portalgen.ledger import Record

Roles = Mapping[str, tuple[str, ...]]


def granted(definition: str, offered: tuple[str, ...], known: Record | None, roles: Roles) -> tuple[str, ...]:
    """Those of the types `offered` by a link's `definition` that it may show; `known` is the link as it is out there.

    A new link may show all. Another may show what it was granted before, and what its definition, as it is now, names
    and did not name then. What a portal names anew gives its contacts what the portal did not let through before.
    """
    if known is None or not known.definition:
        return offered
    before, now = _names(known.definition), _names(definition)
    anew = {*types_in(now[-1] - before[-1], roles)}
    if len(now) > 1:
        anew |= {*types_in(now[0] - before[0], roles)} - {*types_in(before[0], roles)}
    return tuple(type_ for type_ in offered if type_ in known.granted or type_ in anew)


def _names(definition: str) -> list[set[str]]:
    return [set(names) for names in json.loads(definition)]
