from . import StorageRecordedTestCase


class AsyncStorageRecordedTestCase(StorageRecordedTestCase):
    pass
