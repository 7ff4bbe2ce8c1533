"""Two ways to send one object once: by obstore, which costs a tenth of the processor's time, and by boto3."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.credentials import Credentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)

from portalgen.stores.s3.connection import CONNECT_TIMEOUT, READ_TIMEOUT, Connection
from portalgen.stores.s3.encoding import Encoded

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_s3.client import S3Client
    from obstore.store import ClientConfig, S3Credential

try:
    import obstore
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.exceptions import BaseError
    from obstore.store import S3Store
except ImportError:
    HAS_OBSTORE = False
else:
    HAS_OBSTORE = True

Send = Callable[[str, Encoded], str]
"""Puts an object at a path, and gives its ETag, unquoted. Raises an error of botocore's."""

_TTL = timedelta(minutes=8)
"""How long obstore keeps credentials: it fetches new ones five minutes before their end; boto3's are good for ten."""

_CODE = re.compile(r"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
_STATUS = re.compile(r"non-2xx status code: (\d{3})")


def put_by_boto3(client: "S3Client", bucket: str, path: str, item: Encoded, **conditions: Any) -> str:
    """Put an object by a client of boto3's; gives its ETag, unquoted. Raises an error of botocore's."""
    if item.content_encoding:
        conditions["ContentEncoding"] = item.content_encoding
    answer = client.put_object(
        Bucket=bucket,
        Key=path,
        Body=item.body,
        ContentType=item.content_type,
        CacheControl=item.cache_control,
        ContentDisposition=item.content_disposition,
        **conditions,
    )
    return answer["ETag"].strip('"')


def by_boto3(connection: Connection) -> Send:
    """A sender that works everywhere."""
    return partial(put_by_boto3, connection.eager_client, connection.bucket)


def by_obstore(connection: Connection) -> Send:
    """A sender that needs obstore. Raises an error of botocore's where there are no credentials."""
    client = connection.client
    credentials = _Credentials(connection)
    endpoint = client.meta.endpoint_url
    options: ClientConfig = {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=CONNECT_TIMEOUT),
        "timeout": timedelta(seconds=CONNECT_TIMEOUT + READ_TIMEOUT),
    }
    if bundle := connection.certificates:
        options["root_certificate"] = Path(bundle).read_bytes()
    store = S3Store(
        connection.bucket,
        endpoint=endpoint,
        region=client.meta.region_name,
        virtual_hosted_style_request=False,
        client_options=options,
        retry_config={"max_retries": 0},
        credential_provider=credentials,
    )

    def send(path: str, item: Encoded) -> str:
        connection.count()
        attributes = {
            "Content-Type": item.content_type,
            "Cache-Control": item.cache_control,
            "Content-Disposition": item.content_disposition,
        }
        if item.content_encoding:
            attributes["Content-Encoding"] = item.content_encoding
        try:
            answer = obstore.put(store, path, item.body, attributes=attributes, use_multipart=False)
        except (BaseError, OSError, ValueError) as error:
            raise _translated(str(error), endpoint, credentials) from None  # its text names the address
        return (answer["e_tag"] or "").strip('"')

    return send


class _Credentials:
    """boto3's credentials for obstore; keeps the error that stood in the way of new ones."""

    def __init__(self, connection: Connection) -> None:
        found: Credentials | None = connection.session.get_credentials()
        if found is None:
            raise NoCredentialsError
        found.get_frozen_credentials()
        self._provider = Boto3CredentialProvider(connection.session, ttl=_TTL)
        self.error: BotoCoreError | ClientError | None = None

    def __call__(self) -> "S3Credential":
        self.error = None
        try:
            return self._provider()
        except (BotoCoreError, ClientError) as error:
            self.error = error
            raise


def _translated(text: str, endpoint: str, credentials: _Credentials) -> BotoCoreError | ClientError:
    """The error of boto3's that says the same as `text`, which obstore gave for one."""
    if credentials.error is not None:
        return credentials.error
    if status := _STATUS.search(text):
        code, message = _CODE.search(text), _MESSAGE.search(text)
        return _answer(int(status[1]), code[1] if code else status[1], message[1] if message else "")
    text = (text.partition("inner:")[2] or text).lower()  # what comes before names the address
    if "redirect" in text:  # which it does not follow, and of which it does not tell the code
        return _answer(301, "PermanentRedirect", "")
    if "certificate" in text:
        return SSLError(endpoint_url=endpoint, error=ConnectionError())
    kinds = {"kind: timeout": ReadTimeoutError, "kind: connect": EndpointConnectionError}
    kind = next((kinds[word] for word in kinds if word in text), ConnectionClosedError)
    return kind(endpoint_url=endpoint)


def _answer(status: int, code: str, message: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutObject")
