"""Whether an object is kept from being deleted by whoever owns the bucket."""

from botocore.exceptions import BotoCoreError, ClientError

from portalgen.stores.s3.connection import Connection
from portalgen.stores.s3.deleting import Target


def hold_on(connection: Connection, target: Target) -> str:
    """What keeps `target` from being deleted, as a sentence; '' if nothing is known to."""
    if _legal_hold(connection, target) == "ON":
        return "it is under a legal hold, which somebody has to lift"
    mode, until = _retention(connection, target)
    return f"it is kept until {until} by a retention ({mode})" if mode else ""


def _legal_hold(connection: Connection, target: Target) -> str:
    try:
        answer = connection.client.get_object_legal_hold(
            Bucket=connection.bucket, Key=target.path, VersionId=target.version
        )
    except (BotoCoreError, ClientError):
        return ""
    return answer.get("LegalHold", {}).get("Status", "")


def _retention(connection: Connection, target: Target) -> tuple[str, str]:
    try:
        answer = connection.client.get_object_retention(
            Bucket=connection.bucket, Key=target.path, VersionId=target.version
        )
    except (BotoCoreError, ClientError):
        return "", ""
    retention = answer.get("Retention", {})
    until = retention.get("RetainUntilDate")
    return retention.get("Mode", "").lower(), f"{until:%Y-%m-%d}" if until else ""
