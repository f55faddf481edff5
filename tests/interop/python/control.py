"""The control interface from a Python test: time passes without waiting, an answer is lost, and the
log of requests says what happened."""

import json
import os
import urllib.request

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient

CONTROL = os.environ["QUEUE_EMULATOR_CONTROL_URL"]


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(CONTROL + path, data=data, method=method)
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def main():
    connection_string = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
    queue = QueueClient.from_connection_string(connection_string, "jobs", retry_total=0)
    control("POST", "/reset", {})
    queue.create_queue()
    queue.send_message("resize 17.png")

    assert queue.receive_message() is not None
    assert queue.receive_message() is None
    control("POST", "/clock", {"advance": 30})
    again = queue.receive_message()
    assert again.dequeue_count == 2

    fault = {"effect": "close-after", "operation": "DeleteMessage", "times": 1}
    control("POST", "/faults", fault)
    try:
        queue.delete_message(again)
    except AzureError:
        pass
    else:
        raise AssertionError("the answer was not lost")
    assert control("GET", "/queues/jobs/messages")["messages"] == []

    lost = control("GET", "/requests?status=lost")["requests"][0]
    assert (lost["operation"], lost["fault"]) == ("DeleteMessage", "close-after")
    story = control("GET", f"/queues/jobs/messages/{again.id}")["story"]
    assert "neither deleted nor renewed it" in story[0], story

    control("POST", "/reset", {})
    assert control("GET", "/queues")["total"] == 0
    assert control("GET", "/requests")["requests"] == []
    print("The control interface does what a test in Python needs.")


main()
