"""An emulator for all tests, and a queue for each."""

import json
import subprocess
import uuid

import pytest
from azure.storage.queue import QueueClient


@pytest.fixture(scope="session")
def connection_string():
    # It picks a free port, and says on its first line of output when it is ready.
    with subprocess.Popen(
        ["queue-emulator", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as emulator:
        yield json.loads(emulator.stdout.readline())["connectionString"]
        emulator.terminate()


@pytest.fixture
def jobs(connection_string):
    name = f"jobs-{uuid.uuid4()}"
    with QueueClient.from_connection_string(connection_string, name) as queue:
        queue.create_queue()
        yield queue
        queue.delete_queue()
