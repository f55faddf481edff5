"""The base of the tests of all storage services."""

import io
import logging

from .. import AzureRecordedTestCase


class StorageRecordedTestCase(AzureRecordedTestCase):
    def account_url(self, account, service):
        return f"https://{account}.{service}.core.windows.net"

    def connection_string(self, account, key):
        # Keys are compared without case.
        return (
            f"DefaultEndpointsProtocol=https;AcCounTName={account};AccOuntKey={key};"
            "EndpoIntSuffix=core.windows.net"
        )

    def get_random_bytes(self, size):
        # Tests put it in the place of `os.urandom`.
        return b"a" * size

    def get_datetime_variable(self, _variables, _name, time):
        return time


class LogCaptured:
    """What the SDK writes to its log meanwhile."""

    def __init__(self, _test=None):
        self.text = io.StringIO()
        self.handler = logging.StreamHandler(self.text)
        self.logger = logging.getLogger("azure.storage")

    def __enter__(self):
        self.logger.setLevel(logging.DEBUG)
        self.logger.addHandler(self.handler)
        return self.text

    def __exit__(self, *_error):
        self.logger.removeHandler(self.handler)
