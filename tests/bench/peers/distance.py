"""The jobs of the bench "distance" with Microsoft's Python SDK, as the examples of its README do them.

Run by `queue-bench`: `distance.py send MESSAGES` or `distance.py drain MESSAGES MILLISECONDS`, with
the queue in AZURE_STORAGE_CONNECTION_STRING and QUEUE. Prints the seconds that the job took.
"""

import asyncio
import os
import sys
import time

from azure.storage.queue.aio import QueueClient

TEXT = "SGVsbG8gd29ybGQh" * 64


async def send(queue, messages):
    await asyncio.gather(*(queue.send_message(TEXT) for _ in range(messages)))


async def drain(queue, messages, seconds):
    done = 0
    # The page size of the example is 10.
    async for batch in queue.receive_messages(messages_per_page=32).by_page():
        async for message in batch:
            if seconds:
                await asyncio.sleep(seconds)
            await queue.delete_message(message)
            done += 1
    if done != messages:
        raise SystemExit(f"{done} of {messages} messages")


async def main():
    job, messages, *rest = sys.argv[1:]
    connection_string = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
    async with QueueClient.from_connection_string(connection_string, os.environ["QUEUE"]) as queue:
        began = time.monotonic()
        if job == "send":
            await send(queue, int(messages))
        else:
            await drain(queue, int(messages), int(rest[0]) / 1000)
        print(time.monotonic() - began)


asyncio.run(main())
