"""What the tests of the parts of the S3 store share."""

from collections.abc import Iterator

import pytest

from portalgen.stores.s3 import Options, S3Store
from tests.fault_proxy import FaultProxy
from tests.s3_server import S3Server


@pytest.fixture
def s3_store(s3_server: S3Server, s3_bucket: str) -> Iterator[S3Store]:
    """The store in the whole of a new bucket."""
    store = S3Store(s3_bucket, endpoint=s3_server.endpoint)
    yield store
    store.close()


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[FaultProxy]:
    """The server behind a proxy that fails where a test tells it to."""
    with FaultProxy(s3_server.port) as proxy:
        yield proxy
        proxy.settle()


@pytest.fixture(params=["obstore", "boto3"])
def faulty_store(request: pytest.FixtureRequest, proxy: FaultProxy, s3_bucket: str) -> Iterator[S3Store]:
    """The same store through the proxy, once for each way of writing many objects."""
    store = S3Store(s3_bucket, endpoint=proxy.endpoint, options=Options(use_obstore=request.param == "obstore"))
    yield store
    store.close()


@pytest.fixture
def proxied_store(proxy: FaultProxy, s3_bucket: str) -> Iterator[S3Store]:
    """The same store through the proxy, for whatever is not about many objects."""
    store = S3Store(s3_bucket, endpoint=proxy.endpoint)
    yield store
    store.close()
