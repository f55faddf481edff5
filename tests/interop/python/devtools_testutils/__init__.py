"""What the tests of Microsoft's Python SDK want of `devtools_testutils`, over the emulator.

That package of theirs is in no registry; it sends the requests of a test through a proxy that records
and plays back. This one has the same names, and sends the requests to the emulator: they keep the
host of the cloud, `account.queue.core.windows.net`, in their header `Host`, as the proxy does it.
The environment is that of `interop.py`.
"""

import asyncio
import base64
import functools
import hashlib
import inspect
import logging
import os
import time
from urllib.parse import urlsplit, urlunsplit

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport

PARTS = dict(
    part.split("=", 1) for part in os.environ["AZURE_STORAGE_CONNECTION_STRING"].split(";") if part
)
EMULATOR = urlsplit(PARTS["QueueEndpoint"])


def _redirect(transport):
    """Makes a transport send to the emulator what is for the cloud."""
    send = transport.send

    def prepare(request, options):
        parts = urlsplit(request.url)
        if parts.netloc != EMULATOR.netloc:
            request.headers["Host"] = parts.netloc
            request.url = urlunsplit(parts._replace(scheme=EMULATOR.scheme, netloc=EMULATOR.netloc))
        options["connection_verify"] = os.environ.get("QUEUE_EMULATOR_CERTIFICATE", True)

    if asyncio.iscoroutinefunction(send):

        async def sent(self, request, **options):
            prepare(request, options)
            return await send(self, request, **options)

    else:

        def sent(self, request, **options):
            prepare(request, options)
            return send(self, request, **options)

    transport.send = sent


_redirect(RequestsTransport)
_redirect(AioHttpTransport)
# The tests do not close their asynchronous clients.
logging.getLogger("asyncio").disabled = True


class _Secret:
    def __init__(self, secret):
        self.secret = secret


class EnvironmentVariableOptions:
    def __init__(self, **_options):
        pass


class EnvironmentVariableLoader:
    """Decorates a test: it is given the account of the emulator."""

    def __init__(self, _prefix, **_values):
        pass

    def __call__(self, test):
        known = inspect.signature(test)

        def account():
            if not any(it.kind is it.VAR_KEYWORD for it in known.parameters.values()):
                return {}
            return {
                "storage_account_name": PARTS["AccountName"],
                "storage_account_key": _Secret(PARTS["AccountKey"]),
            }

        if asyncio.iscoroutinefunction(test):

            @functools.wraps(test)
            async def prepared(self, **parameters):
                await test(self, **parameters, **account())

        else:

            @functools.wraps(test)
            def prepared(self, **parameters):
                test(self, **parameters, **account())

        # Its other parameters are pytest's to give.
        own = [it for it in known.parameters.values() if it.kind is not it.VAR_KEYWORD]
        prepared.__signature__ = known.replace(parameters=own)
        return prepared


def recorded_by_proxy(test):
    """Every test is one of the live service."""
    return test


class FakeTokenCredential:
    """A credential that nobody accepts."""

    def get_token(self, *_scopes, **_options):
        return AccessToken("not-a-token", 0)


class _Token:
    def get_token(self, *_scopes, **_options):
        return AccessToken(os.environ["INTEROP_TOKEN"], int(time.time()) + 3600)


class _AsyncToken(_Token):
    async def get_token(self, *scopes, **options):
        return super().get_token(*scopes, **options)

    async def close(self):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_error):
        pass


class AzureRecordedTestCase:
    @pytest.fixture(autouse=True)
    def _name(self, request):
        self.qualified_test_name = request.node.nodeid
        if hasattr(self, "setUp"):
            self.setUp()

    def get_credential(self, _client, is_async=False, **_options):
        return _AsyncToken() if is_async else _Token()

    def get_resource_name(self, prefix):
        """A name of its own for each test, the same for each call in it."""
        digest = hashlib.sha256(self.qualified_test_name.encode()).digest()
        return prefix + base64.b32encode(digest)[:10].decode().lower()

    def generate_sas(self, generate, *arguments, **options):
        return generate(*arguments, **options)

    @property
    def is_live(self):
        return True

    def sleep(self, seconds):
        time.sleep(seconds)


def _nothing(*_arguments, **_options):
    pass


add_general_regex_sanitizer = _nothing
add_header_regex_sanitizer = _nothing
add_oauth_response_sanitizer = _nothing
add_remove_header_sanitizer = _nothing
add_uri_regex_sanitizer = _nothing
add_uri_string_sanitizer = _nothing
set_custom_default_matcher = _nothing


@pytest.fixture(scope="session")
def test_proxy():
    """There is none."""
