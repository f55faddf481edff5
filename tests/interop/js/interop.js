// Microsoft's JavaScript SDK against the emulator: every operation, every credential.
//
// Run by `cargo xtask interop`, which installs the SDK and starts the emulator. The environment
// says where it is: AZURE_STORAGE_CONNECTION_STRING, and over HTTPS also
// QUEUE_EMULATOR_CERTIFICATE, INTEROP_TOKEN (everything allowed) and INTEROP_READER_TOKEN (reading
// allowed). Node.js trusts the certificate by NODE_EXTRA_CA_CERTS.

"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { createRequire } = require("node:module");

const installed = createRequire(path.join(process.env.INTEROP_PACKAGES, "package.json"));
const sdk = installed("@azure/storage-queue");
const {
  AccountSASPermissions,
  AnonymousCredential,
  QueueClient,
  QueueSASPermissions,
  QueueServiceClient,
  SASProtocol,
  StorageSharedKeyCredential,
  generateQueueSASQueryParameters,
} = sdk;
const { version } = installed("@azure/storage-queue/package.json");

const connectionString = process.env.AZURE_STORAGE_CONNECTION_STRING;
const parts = Object.fromEntries(
  connectionString
    .split(";")
    .filter(Boolean)
    .map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
);
const url = parts.QueueEndpoint;
const https = url.startsWith("https:");
const sharedKey = new StorageSharedKeyCredential(parts.AccountName, parts.AccountKey);
// No retries: every refusal must be right the first time.
const options = { retryOptions: { maxTries: 1 } };
const now = new Date();
const later = new Date(now.getTime() + 3600_000);
const earlier = new Date(now.getTime() - 900_000);

let checks = 0;

function same(actual, expected, what) {
  checks += 1;
  assert.deepEqual(actual, expected, what);
}

/** The call must be refused with this status and this code of the service. */
async function refused(statusCode, code, call) {
  checks += 1;
  await assert.rejects(call, (error) => {
    const got = [error.statusCode, error.code ?? error.details?.errorCode];
    assert.deepEqual(got, [statusCode, code], error.message);
    return true;
  });
}

async function collect(pages) {
  const all = [];
  for await (const item of pages) all.push(item);
  return all;
}

const token = (text) => ({
  getToken: async () => ({ token: text, expiresOnTimestamp: later.getTime() }),
});
const service = (credential, query = "") => new QueueServiceClient(url + query, credential, options);

async function serviceOperations(client, secondary) {
  await client.setProperties({
    queueAnalyticsLogging: {
      version: "1.0",
      deleteProperty: true,
      read: true,
      write: true,
      retentionPolicy: { enabled: true, days: 5 },
    },
    hourMetrics: { version: "1.0", enabled: true, includeAPIs: true, retentionPolicy: { enabled: true, days: 3 } },
    minuteMetrics: { version: "1.0", enabled: false, retentionPolicy: { enabled: false } },
    cors: [
      {
        allowedOrigins: "http://a,http://b",
        allowedMethods: "GET,PUT",
        allowedHeaders: "x-ms-meta-*",
        exposedHeaders: "x-ms-*",
        maxAgeInSeconds: 5,
      },
    ],
  });
  const got = await client.getProperties();
  same(got.queueAnalyticsLogging.retentionPolicy.days, 5, "logging");
  same(got.hourMetrics.includeAPIs, true, "metrics");
  same(got.cors[0].allowedOrigins, "http://a,http://b", "cors");
  await client.setProperties({ cors: [] });
  same((await client.getProperties()).cors ?? [], [], "no cors");

  const stats = await secondary.getStatistics();
  // This release looks for a root element `QueueServiceStats`, which is not the documented one, and
  // so leaves the statistics out.
  same(stats.geoReplication?.status ?? "live", "live", "stats");
  same(stats._response.bodyAsText.includes("<Status>live</Status>"), true, "body of stats");

  const names = ["js-c", "js-a", "js-b"];
  for (const name of names) await client.createQueue(name, { metadata: { color: "blue" } });
  const listed = [];
  const pages = client.listQueues({ prefix: "js-", includeMetadata: true }).byPage({ maxPageSize: 2 });
  for await (const page of pages) listed.push(...(page.queueItems ?? []));
  same(listed.map((item) => item.name), [...names].sort(), "list");
  same(listed.map((item) => item.metadata.color), ["blue", "blue", "blue"], "metadata in list");
  for (const name of names) await client.deleteQueue(name);
  same(await collect(client.listQueues({ prefix: "js-" })), [], "deleted");
}

async function queueOperations(client, name, { acl = true } = {}) {
  const queue = client.getQueueClient(name);
  same((await queue.createIfNotExists({ metadata: { a: "1" } })).succeeded, true, "create");
  await queue.create({ metadata: { a: "1" } });
  await refused(409, "QueueAlreadyExists", () => queue.create({ metadata: { b: "1" } }));
  same(await queue.exists(), true, "exists");
  same((await queue.getProperties()).metadata, { a: "1" }, "metadata");
  await queue.setMetadata({ mixed: "two words" });
  same((await queue.getProperties()).metadata, { mixed: "two words" }, "new metadata");

  if (acl) {
    await queue.setAccessPolicy([
      { id: "reader", accessPolicy: { startsOn: now, expiresOn: later, permissions: "rp" } },
    ]);
    const { signedIdentifiers } = await queue.getAccessPolicy();
    same(signedIdentifiers.length, 1, "acl");
    same(signedIdentifiers[0].accessPolicy.permissions, "rp", "permissions");
    same(signedIdentifiers[0].accessPolicy.expiresOn.getTime(), later.getTime(), "expiry");
    await queue.setAccessPolicy([]);
    same((await queue.getAccessPolicy()).signedIdentifiers, [], "no policies");
  }

  const text = "<a & b> ü 🦀 \n end ";
  const sent = await queue.sendMessage(text, { messageTimeToLive: -1, visibilityTimeout: 0 });
  same(sent.expiresOn.getUTCFullYear(), 9999, "never expires");
  same((await queue.getProperties()).approximateMessagesCount, 1, "count");
  const peeked = (await queue.peekMessages({ numberOfMessages: 5 })).peekedMessageItems;
  same(peeked.map((m) => [m.messageText, m.dequeueCount]), [[text, 0]], "peek");

  const [first] = (await queue.receiveMessages({ visibilityTimeout: 30 })).receivedMessageItems;
  same([first.messageId, first.dequeueCount], [sent.messageId, 1], "receive");
  await refused(404, "MessageNotFound", () => queue.deleteMessage(sent.messageId, sent.popReceipt));
  const updated = await queue.updateMessage(first.messageId, first.popReceipt, "changed", 0);
  const [again] = (await queue.receiveMessages()).receivedMessageItems;
  same([again.messageText, again.dequeueCount], ["changed", 2], "updated");
  await refused(404, "MessageNotFound", () => queue.deleteMessage(first.messageId, updated.popReceipt));
  await queue.deleteMessage(again.messageId, again.popReceipt);
  same((await queue.receiveMessages()).receivedMessageItems, [], "empty");
  await queue.sendMessage("x");
  await queue.clearMessages();
  same((await queue.getProperties()).approximateMessagesCount, 0, "cleared");
  await queue.delete();
  same((await queue.deleteIfExists()).succeeded, false, "gone");
  same(await queue.exists(), false, "does not exist");
}

/** What a signature for one queue with all permissions allows. */
async function withQueueSignature(queue) {
  await queue.sendMessage("x");
  same((await queue.peekMessages()).peekedMessageItems.length, 1, "peek");
  same((await queue.getProperties()).approximateMessagesCount, 1, "properties");
  const [got] = (await queue.receiveMessages()).receivedMessageItems;
  const updated = await queue.updateMessage(got.messageId, got.popReceipt, undefined, 10);
  await queue.deleteMessage(got.messageId, updated.popReceipt);
  await refused(403, "AuthorizationFailure", () => queue.clearMessages());
  await refused(403, "AuthorizationFailure", () => queue.delete());
  await refused(403, "AuthorizationFailure", () => queue.setMetadata({ a: "b" }));
}

async function byKey() {
  const client = QueueServiceClient.fromConnectionString(connectionString, options);
  await serviceOperations(client, new QueueServiceClient(`${url}-secondary`, sharedKey, options));
  await queueOperations(client, "js-shared-key");
  const wrong = new StorageSharedKeyCredential(parts.AccountName, "d3Jvbmc=");
  await refused(403, "AuthenticationFailed", () => collect(service(wrong).listQueues()));
}

async function byAccountSignature() {
  const owner = service(sharedKey);
  const signed = (permissions, types, extra = {}) =>
    new URL(
      owner.generateAccountSasUrl(later, AccountSASPermissions.parse(permissions), types, extra),
    ).search;
  const query = signed("rwdlacup", "sco", { startsOn: earlier, protocol: SASProtocol.HttpsAndHttp });
  const client = service(new AnonymousCredential(), query);
  const secondary = new QueueServiceClient(`${url}-secondary${query}`, undefined, options);
  await serviceOperations(client, secondary);
  // Access control lists are beyond every signature.
  await queueOperations(client, "js-account-sas", { acl: false });
  const list = (query) => collect(service(undefined, query).listQueues());
  await refused(403, "AuthorizationPermissionMismatch", () => list(signed("r", "s")));
  await refused(403, "AuthorizationResourceTypeMismatch", () => list(signed("l", "o")));
}

async function byQueueSignature() {
  const owner = service(sharedKey).getQueueClient("js-queue-sas");
  await owner.create();
  const permissions = QueueSASPermissions.parse("raup");
  const whole = owner.generateSasUrl({ permissions, expiresOn: later });
  await withQueueSignature(new QueueClient(whole, undefined, options));
  const add = owner.generateSasUrl({
    permissions: QueueSASPermissions.parse("a"),
    expiresOn: later,
    ipRange: { start: "127.0.0.1", end: "127.0.0.9" },
  });
  await new QueueClient(add, undefined, options).sendMessage("x");
  const peek = () => new QueueClient(add, undefined, options).peekMessages();
  await refused(403, "AuthorizationPermissionMismatch", peek);
  const elsewhere = owner.generateSasUrl({ permissions, expiresOn: later, ipRange: { start: "203.0.113.1" } });
  const peekElsewhere = () => new QueueClient(elsewhere, undefined, options).peekMessages();
  await refused(403, "AuthorizationSourceIPMismatch", peekElsewhere);
  await owner.clearMessages();

  await owner.setAccessPolicy([
    { id: "all", accessPolicy: { startsOn: earlier, expiresOn: later, permissions: "raup" } },
  ]);
  const byPolicy = new QueueClient(owner.generateSasUrl({ identifier: "all" }), undefined, options);
  await withQueueSignature(byPolicy);
  await owner.setAccessPolicy([]);
  await refused(403, "AuthenticationFailed", () => byPolicy.peekMessages());
  await owner.delete();
}

async function anonymous() {
  checks += 1;
  await assert.rejects(collect(service(new AnonymousCredential()).listQueues()), (error) => {
    assert.equal(error.statusCode, 401);
    assert.equal(error.code, "NoAuthenticationInformation");
    return true;
  });
}

async function byToken() {
  const credential = token(process.env.INTEROP_TOKEN);
  await serviceOperations(
    service(credential),
    new QueueServiceClient(`${url}-secondary`, credential, options),
  );
  // This SDK asks for a version in which lists are not open to tokens only if it is an old one.
  await queueOperations(service(credential), "js-bearer");
  const reader = service(token(process.env.INTEROP_READER_TOKEN));
  same(await collect(reader.listQueues({ prefix: "js-" })), [], "reader");
  await refused(403, "AuthorizationPermissionMismatch", () => reader.createQueue("js-reader"));
  await refused(401, "InvalidAuthenticationInfo", () => collect(service(token("not.a.token")).listQueues()));
}

async function byDelegatedSignature() {
  const client = service(token(process.env.INTEROP_TOKEN));
  const key = await client.getUserDelegationKey(earlier, later);
  same(key.signedService, "q", "service of the key");
  const queue = client.getQueueClient("js-delegated");
  await queue.create();
  const signed = (permissions, signingKey, extra = {}) => {
    const values = {
      queueName: "js-delegated",
      permissions: QueueSASPermissions.parse(permissions),
      expiresOn: later,
      ...extra,
    };
    const query = generateQueueSASQueryParameters(values, signingKey, parts.AccountName);
    return new QueueClient(`${queue.url}?${query}`, undefined, options);
  };
  await withQueueSignature(signed("raup", key, { protocol: SASProtocol.Https }));
  await refused(403, "AuthorizationPermissionMismatch", () => signed("r", key).sendMessage("x"));
  const bound = signed("a", key, { delegatedUserObjectId: key.signedObjectId });
  await refused(403, "AuthenticationFailed", () => bound.sendMessage("x"));
  const forged = { ...key, value: parts.AccountKey };
  await refused(403, "AuthenticationFailed", () => signed("r", forged).peekMessages());
  await queue.delete();
}

async function main() {
  const habits = require("./habits.js")({ sdk, url, parts, sharedKey, options, same, refused });
  const steps = [byKey, byAccountSignature, byQueueSignature, anonymous, ...Object.values(habits)];
  if (https) steps.push(byToken, byDelegatedSignature);
  for (const step of steps) {
    const before = checks;
    await step();
    console.log(`javascript ${version} ${url.split(":")[0]}: ${step.name}: ${checks - before} checks`);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
