// The jobs of the bench "distance" with Microsoft's JavaScript SDK, as the examples of its README do
// them.
//
// Run by `queue-bench`: `distance.js send MESSAGES` or `distance.js drain MESSAGES MILLISECONDS`, with
// the queue in AZURE_STORAGE_CONNECTION_STRING and QUEUE, and the folder of the SDK in PACKAGES. Prints
// the seconds that the job took.

"use strict";

const path = require("node:path");
const { createRequire } = require("node:module");
const { setTimeout } = require("node:timers/promises");

const installed = createRequire(path.join(process.env.PACKAGES, "package.json"));
const { QueueServiceClient } = installed("@azure/storage-queue");

const TEXT = "SGVsbG8gd29ybGQh".repeat(64);

async function send(queue, messages) {
  for (let sent = 0; sent < messages; sent += 1) {
    await queue.sendMessage(TEXT);
  }
}

async function drain(queue, messages, milliseconds) {
  let done = 0;
  for (;;) {
    // The example takes one message.
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 });
    if (receivedMessageItems.length === 0) {
      break;
    }
    for (const message of receivedMessageItems) {
      if (milliseconds > 0) {
        await setTimeout(milliseconds);
      }
      await queue.deleteMessage(message.messageId, message.popReceipt);
      done += 1;
    }
  }
  if (done !== messages) {
    throw new Error(`${done} of ${messages} messages`);
  }
}

async function main() {
  const [job, messages, milliseconds] = process.argv.slice(2);
  const connectionString = process.env.AZURE_STORAGE_CONNECTION_STRING;
  const queue = QueueServiceClient.fromConnectionString(connectionString).getQueueClient(
    process.env.QUEUE,
  );
  const began = performance.now();
  if (job === "send") {
    await send(queue, Number(messages));
  } else {
    await drain(queue, Number(messages), Number(milliseconds));
  }
  console.log((performance.now() - began) / 1000);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
