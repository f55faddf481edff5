// The control interface from a JavaScript test: time passes without waiting, an answer is lost, and
// the log of requests says what happened.

'use strict';

const assert = require('node:assert');
const { createRequire } = require('node:module');

const packages = createRequire(`${process.env.INTEROP_PACKAGES}/package.json`);
const { QueueServiceClient } = packages('@azure/storage-queue');

const CONTROL = process.env.QUEUE_EMULATOR_CONTROL_URL;

async function control(method, path, body) {
  const answer = await fetch(CONTROL + path, { method, body: body && JSON.stringify(body) });
  assert(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

async function main() {
  const service = QueueServiceClient.fromConnectionString(process.env.AZURE_STORAGE_CONNECTION_STRING, { retryOptions: { maxTries: 1 } });
  const queue = service.getQueueClient('jobs');
  await control('POST', '/reset');
  await queue.create();
  await queue.sendMessage('resize 17.png');
  const receive = async () => (await queue.receiveMessages()).receivedMessageItems;

  assert.strictEqual((await receive()).length, 1);
  assert.strictEqual((await receive()).length, 0);
  await control('POST', '/clock', { advance: 30 });
  const [again] = await receive();
  assert.strictEqual(again.dequeueCount, 2);

  await control('POST', '/faults', { effect: 'close-after', operation: 'DeleteMessage', times: 1 });
  await assert.rejects(queue.deleteMessage(again.messageId, again.popReceipt));
  const { messages } = await control('GET', '/queues/jobs/messages');
  assert.deepStrictEqual(messages, [], 'the message was deleted, though the client did not learn of it');

  const { requests: [lost] } = await control('GET', '/requests?status=lost');
  assert.strictEqual(lost.operation, 'DeleteMessage');
  assert.strictEqual(lost.fault, 'close-after');
  const { story } = await control('GET', `/queues/jobs/messages/${again.messageId}`);
  assert(story[0].includes('neither deleted nor renewed it'), story[0]);

  await control('POST', '/reset');
  assert.strictEqual((await control('GET', '/queues')).total, 0);
  assert.deepStrictEqual((await control('GET', '/requests')).requests, []);
  console.log('The control interface does what a test in JavaScript needs.');
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
