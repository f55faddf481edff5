const assert = require("node:assert");
const { test } = require("node:test");
const { QueueServiceClient } = require("@azure/storage-queue");

// `npx queue-emulator --port 0 --queue jobs -- node --test` sets the variable.
const service = QueueServiceClient.fromConnectionString(
  process.env.AZURE_STORAGE_CONNECTION_STRING,
);

test("a message is there until it is deleted", async () => {
  const jobs = service.getQueueClient("jobs");
  await jobs.sendMessage("resize 17.png");
  const [message] = (await jobs.receiveMessages()).receivedMessageItems;
  assert.equal(message.messageText, "resize 17.png");
  await jobs.deleteMessage(message.messageId, message.popReceipt);
  assert.equal((await jobs.getProperties()).approximateMessagesCount, 0);
});
