// What the tests that Microsoft has for its JavaScript SDK and for Azurite ask of a server, beyond
// what `interop.js` does: the same calls and the same expectations, in words of our own.
//
// Where Azurite's tests expect what the service does not do, this expects the service's way:
// a secondary cannot be written to, and a bearer token reads and sets access control lists.

"use strict";

const assert = require("node:assert/strict");
const http = require("node:http");
const https = require("node:https");

/** The steps, given the parts of `interop.js` that they need. */
module.exports = ({ sdk, url, parts, sharedKey, options, same, refused }) => {
  const {
    AccountSASPermissions,
    AccountSASResourceTypes,
    AccountSASServices,
    QueueClient,
    QueueSASPermissions,
    QueueServiceClient,
    SASProtocol,
    generateAccountSASQueryParameters,
    generateQueueSASQueryParameters,
  } = sdk;
  const owner = new QueueServiceClient(url, sharedKey, options);
  const minutes = (count) => new Date(Date.now() + count * 60_000);
  let number = 0;

  /** A new queue, deleted afterwards. */
  async function withQueue(use) {
    number += 1;
    const queue = owner.getQueueClient(`js-habits-${number}`);
    await queue.create();
    await use(queue);
    await queue.delete();
  }

  /** What every answer has, and the id of the request as it was sent. */
  function complete(answer) {
    const { date, requestId, version, clientRequestId } = answer;
    same([date, requestId, version].map(Boolean), [true, true, true], "headers of an answer");
    const sent = answer._response.request.headers.get("x-ms-client-request-id");
    same(clientRequestId, sent, "id of the client");
  }

  /** The call must be refused with a message that has these words. */
  async function refusedSaying(statusCode, words, call) {
    await assert.rejects(call, (error) => {
      same([error.statusCode, error.details.message.split("\n")[0]], [statusCode, words], "refusal");
      return true;
    });
  }

  async function messages() {
    const special =
      "!@#$%^&*()_+`-=[]|};'\":,./?><`~漢字㒈保ᨍ揫^p[뷁)׷񬓔7񈺝l鮍򧽶ͺ簣ڞ츊䈗⯹?ÎᦡC왶żsmt㖩\u202e\ufffd\\u00E9";
    await withQueue(async (queue) => {
      for (const text of ["Hello World", "", special, "a".repeat(64 * 1024)]) {
        const life = { messageTimeToLive: 40, visibilityTimeout: 0 };
        const sent = await queue.sendMessage(text, life);
        complete(sent);
        const peeked = await queue.peekMessages({ numberOfMessages: 2 });
        complete(peeked);
        const wanted = [[sent.messageId, text, sent.insertedOn, sent.expiresOn]];
        const seen = (m) => [m.messageId, m.messageText, m.insertedOn, m.expiresOn];
        same(peeked.peekedMessageItems.map(seen), wanted, "peeked");
        const got = await queue.receiveMessages({ visibilityTimeout: 10, numberOfMessages: 2 });
        complete(got);
        same(got.receivedMessageItems.map(seen), wanted, "received");
        same((await queue.peekMessages()).peekedMessageItems, [], "hidden");
        complete(await queue.clearMessages());
      }
      // As long as a client may want; and invisible for longer than it lives when received.
      await queue.sendMessage("x", { messageTimeToLive: Number.MAX_SAFE_INTEGER, visibilityTimeout: 19 });
      await queue.sendMessage("y", { messageTimeToLive: 30 });
      const longer = await queue.receiveMessages({ visibilityTimeout: 40, numberOfMessages: 2 });
      same(longer.receivedMessageItems.map((m) => m.messageText), ["y"], "hidden for longer");
      const equal = { messageTimeToLive: 30, visibilityTimeout: 30 };
      await assert.rejects(queue.sendMessage("z", equal), { statusCode: 400 });
      const many = () => queue.peekMessages({ numberOfMessages: 100 });
      await refused(400, "OutOfRangeQueryParameterValue", many);
      const words = "The request body is too large and exceeds the maximum permissible limit.";
      await refusedSaying(413, words, () => queue.sendMessage("a".repeat(64 * 1024 + 1)));
    });
  }

  async function updates() {
    await withQueue(async (queue) => {
      for (const text of ["", "New Message", "a".repeat(64 * 1024)]) {
        const sent = await queue.sendMessage("Hello World", { visibilityTimeout: 10 });
        const updated = await queue.updateMessage(sent.messageId, sent.popReceipt, text);
        complete(updated);
        same(Boolean(updated.nextVisibleOn), true, "next visible");
        const [seen] = (await queue.peekMessages()).peekedMessageItems;
        same([seen.messageId, seen.messageText], [sent.messageId, text], "updated");
        complete(await queue.deleteMessage(sent.messageId, updated.popReceipt));
        same((await queue.peekMessages()).peekedMessageItems, [], "deleted");
      }
      const sent = await queue.sendMessage("kept", { visibilityTimeout: 10 });
      const words = "The request body is too large and exceeds the maximum permissible limit.";
      const long = "a".repeat(64 * 1024 + 1);
      const update = (text) => queue.updateMessage(sent.messageId, sent.popReceipt, text, 0);
      await refusedSaying(413, words, () => update(long));
      await update(undefined);
      same((await queue.peekMessages()).peekedMessageItems[0].messageText, "kept", "text");
      const invalid = () => queue.deleteMessage(sent.messageId, "invalid");
      await refused(400, "InvalidQueryParameterValue", invalid);
    });
  }

  async function queues() {
    await withQueue(async (queue) => {
      const metadata = { key0: "val0", keya: "vala", keyb: "valb" };
      complete(await queue.setMetadata(metadata));
      const properties = await queue.getProperties();
      complete(properties);
      same(properties.metadata, metadata, "metadata");
      const again = await queue.createIfNotExists({ metadata: { other: "value" } });
      same([again.succeeded, again.errorCode], [false, "QueueAlreadyExists"], "create if missing");

      const policies = [
        {
          id: "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
          accessPolicy: {
            startsOn: new Date("2017-12-31T11:22:33.4567890Z"),
            expiresOn: new Date("2018-12-31T11:22:33.4567890Z"),
            permissions: "raup",
          },
        },
        { id: "policy2", accessPolicy: { permissions: "a" } },
      ];
      complete(await queue.setAccessPolicy(policies));
      const got = await queue.getAccessPolicy();
      complete(got);
      same(got.signedIdentifiers, policies, "access policies");
      policies[0].accessPolicy.permissions = "rwdl";
      await refused(400, "InvalidXmlDocument", () => queue.setAccessPolicy(policies));
      await queue.setAccessPolicy([{ id: "empty", accessPolicy: {} }]);
      const [empty] = (await queue.getAccessPolicy()).signedIdentifiers;
      same([empty.id, empty.accessPolicy], ["empty", undefined], "an empty policy");
    });
    const missing = owner.getQueueClient("js-habits-missing");
    await assert.rejects(missing.getProperties(), (error) => {
      same([error.statusCode, error.details.errorCode], [404, "QueueNotFound"], "missing");
      return true;
    });
    const deleted = await missing.deleteIfExists();
    same([deleted.succeeded, deleted.errorCode], [false, "QueueNotFound"], "delete if there");
  }

  async function names() {
    const create = (name) => () => owner.getQueueClient(name).create();
    const length = "The specified resource name length is not within the permissible limits.";
    for (const name of ["a".repeat(64), "aa"]) await refusedSaying(400, length, create(name));
    // The service spells it so.
    const letters = "The specifed resource name contains invalid characters.";
    for (const name of ["Queue", "-queue123", "queue123-", "queue--123"]) {
      await refusedSaying(400, letters, create(name));
    }
    for (const name of ["aaa", "a".repeat(63), "queue-123"]) {
      await owner.createQueue(name);
      await owner.deleteQueue(name);
    }
    // The account in the host, as in the cloud. Not every machine knows that it is this one.
    const { protocol, port } = new URL(url);
    if (protocol === "http:") {
      const host = `${parts.AccountName}.queue.localhost`;
      const version = { "x-ms-version": "2026-02-06" };
      const answer = await send("GET", `${protocol}//${host}:${port}/?comp=list`, version);
      same(answer.statusCode, 401, "the account in the host");
    }
  }

  async function settings() {
    const rule = {
      allowedHeaders: "",
      allowedMethods: "GET",
      allowedOrigins: "example.com",
      exposedHeaders: "",
      maxAgeInSeconds: 8888,
    };
    await owner.setProperties({ cors: [rule] });
    same((await owner.getProperties()).cors, [rule], "a rule without headers");
    await owner.setProperties({ cors: [] });
    await refused(400, "InvalidQueryParameterValue", () => owner.getStatistics());
    const listed = (await owner.listQueues({ prefix: "" }).byPage().next()).value;
    complete(listed);
    same(listed.serviceEndpoint.length > 0, true, "endpoint");
  }

  /** A request without a credential, and the headers of its answer. */
  function send(method, target, headers = {}) {
    const { request } = target.startsWith("https:") ? https : http;
    const to = new URL(target);
    headers.Host = to.host;
    if (to.hostname.endsWith(".localhost")) to.hostname = "127.0.0.1";
    return new Promise((resolve, reject) => {
      const asked = request(to, { method, headers }, (answer) => {
        let body = "";
        answer.on("data", (chunk) => (body += chunk));
        answer.on("end", () => resolve({ statusCode: answer.statusCode, headers: answer.headers, body }));
      });
      asked.on("error", reject);
      asked.end();
    });
  }

  async function preflight() {
    const ask = (origin, method, asked) =>
      send("OPTIONS", `${url}/`, {
        ...(origin && { Origin: origin }),
        ...(method && { "Access-Control-Request-Method": method }),
        ...(asked && { "Access-Control-Request-Headers": asked }),
      });
    const allow = (allowedOrigins, allowedMethods, allowedHeaders) => ({
      allowedOrigins,
      allowedMethods,
      allowedHeaders,
      exposedHeaders: "*",
      maxAgeInSeconds: 8888,
    });
    const none = "CORS not enabled or no matching rule found for this request.";
    const answers = async (rules, cases) => {
      await owner.setProperties({ cors: rules });
      for (const [origin, method, asked, status, words] of cases) {
        const answer = await ask(origin, method, asked);
        same(answer.statusCode, status, `${origin} ${method} ${asked}: ${answer.body}`);
        if (words) same(answer.body.includes(words), true, answer.body);
      }
    };
    await answers([], [["Origin", "GET", null, 403, none]]);
    await answers(
      [allow("test", "GET", "header")],
      [
        ["Origin", "GET", null, 403, none],
        ["undefined", "GET", null, 403, none],
        ["test", "PUT", null, 403, none],
        ["test", null, null, 400, "A required CORS header is not present."],
        ["test", "GET", null, 200],
      ],
    );
    await answers(
      [allow("test", "GET", "header"), allow("test", "PUT", "*"), allow("test", "POST", "head*")],
      [
        ["test", "GET", "head", 403, none],
        ["test", "GET", "header", 200],
        ["test", "PUT", "head", 200],
        ["test", "POST", "hea", 403, none],
        ["test", "POST", "headerheader", 200],
      ],
    );
    await answers([allow("*", "GET", "header")], [["anyOrigin", "GET", null, 200]]);
    await owner.setProperties({ cors: [] });
  }

  async function origins() {
    const rule = (allowedOrigins) => ({
      allowedOrigins,
      allowedMethods: "GET",
      allowedHeaders: "header",
      exposedHeaders: "*",
      maxAgeInSeconds: 8888,
    });
    const read = owner.generateAccountSasUrl(minutes(60), AccountSASPermissions.parse("r"), "s");
    const target = `${read}&restype=service&comp=properties`;
    const cases = [
      [[], "anyOrigin", undefined, undefined],
      [["test"], "anyOrigin", undefined, "Origin"],
      [["test"], undefined, undefined, "Origin"],
      [["*"], "anyOrigin", "*", undefined],
      // The service answers so whoever asks, since all may.
      [["*"], undefined, "*", undefined],
      [["exactOrigin"], "exactOrigin", "exactOrigin", "Origin"],
      [["exactOrigin", "*"], "exactOrigin", "exactOrigin", "Origin"],
    ];
    for (const [rules, origin, allowed, vary] of cases) {
      await owner.setProperties({ cors: rules.map(rule) });
      const { headers } = await send("GET", target, {
        "x-ms-version": "2026-02-06",
        ...(origin && { Origin: origin }),
      });
      const what = `${rules} ${origin}`;
      same([headers["access-control-allow-origin"], headers.vary], [allowed, vary], what);
      const exposed = "access-control-expose-headers" in headers;
      same(exposed, allowed !== undefined, what);
    }
    await owner.setProperties({ cors: [] });
  }

  async function signatures() {
    const everywhere = { start: "0.0.0.0", end: "255.255.255.255" };
    const account = (permissions, types, services, extra = {}) =>
      generateAccountSASQueryParameters(
        {
          expiresOn: minutes(24 * 60),
          permissions: AccountSASPermissions.parse(permissions),
          protocol: SASProtocol.HttpsAndHttp,
          resourceTypes: AccountSASResourceTypes.parse(types).toString(),
          services: AccountSASServices.parse(services).toString(),
          ...extra,
        },
        sharedKey,
      ).toString();
    const service = (query) => new QueueServiceClient(`${url}?${query}`, undefined, options);
    for (const version of ["2016-05-31", "2019-02-02", undefined]) {
      const extra = { version, startsOn: minutes(-5), ipRange: everywhere };
      await service(account("rwdlacup", "sco", "btqf", extra)).getProperties();
    }
    const all = account("rwdlacup", "sco", "btqf");
    for (const [query, code] of [
      [account("wdlcup", "sco", "btqf"), "AuthorizationPermissionMismatch"],
      [account("rwdlacup", "sco", "btf"), "AuthorizationServiceMismatch"],
      [account("rwdlacup", "co", "btqf"), "AuthorizationResourceTypeMismatch"],
      [`${all}1`, "AuthenticationFailed"],
    ]) {
      await refused(403, code, () => service(query).getProperties());
    }
    // Creating needs one of two permissions.
    const old = { version: "2019-02-02", ipRange: everywhere };
    for (const permissions of ["rdlacup", "rwdlaup"]) {
      const client = service(account(permissions, "co", "btqf", old));
      await client.createQueue("js-habits-created");
      await client.deleteQueue("js-habits-created");
    }
    const neither = service(account("rdlaup", "co", "btqf", old));
    const create = () => neither.createQueue("js-habits-created");
    await refused(403, "AuthorizationPermissionMismatch", create);

    await withQueue(async (queue) => {
      const signed = service(account("rwdlcaup", "co", "btqf", old)).getQueueClient(queue.name);
      await signed.setMetadata((await signed.getProperties()).metadata);
      await refused(403, "AuthorizationFailure", () => signed.getAccessPolicy());
      await refused(403, "AuthorizationFailure", () => signed.setAccessPolicy());
      await signed.sendMessage("test text");
      await signed.peekMessages();
      await signed.receiveMessages();
      await signed.clearMessages();
      same((await signed.peekMessages()).peekedMessageItems, [], "cleared");

      const forQueue = (values) => {
        const name = { queueName: queue.name };
        const query = generateQueueSASQueryParameters({ ...name, ...values }, sharedKey);
        return new QueueClient(`${queue.url}?${query}`, undefined, options);
      };
      const permissions = QueueSASPermissions.parse("raup");
      for (const version of ["2016-05-31", "2019-02-02"]) {
        const times = { expiresOn: minutes(24 * 60), startsOn: minutes(-5) };
        const client = forQueue({ permissions, ipRange: everywhere, version, ...times });
        await client.getProperties();
        const sent = await client.sendMessage("Hello World!");
        same((await client.peekMessages()).peekedMessageItems.length, 1, "sent");
        await client.deleteMessage(sent.messageId, sent.popReceipt);
      }
      // A policy that leaves the expiry to the signature.
      const id = "unique-id";
      const accessPolicy = { permissions: permissions.toString(), startsOn: minutes(-5) };
      await queue.setAccessPolicy([{ id, accessPolicy }]);
      const client = forQueue({ identifier: id, expiresOn: minutes(60) });
      await client.sendMessage("hello");
      const [got] = (await client.receiveMessages({ visibilityTimeout: 1 })).receivedMessageItems;
      same(got.messageText, "hello", "received");
      complete(await client.deleteMessage(got.messageId, got.popReceipt));
    });
  }

  /** A token as those tests make it up; nobody checks its signature. */
  function madeUp(claims) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const whole = {
      nbf: Date.UTC(2019, 0, 1) / 1000,
      iat: Date.UTC(2019, 0, 1) / 1000,
      exp: Date.UTC(2100, 0, 1) / 1000,
      iss: "https://sts.windows-ppe.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
      aud: "https://storage.azure.com",
      scp: "user_impersonation",
      oid: "23657296-5cd5-45b0-a809-d972a7f4dfe1",
      tid: "dd0d0df1-06c3-436c-8034-4b9a153097ce",
      ...claims,
    };
    return `${part({ alg: "HS256", typ: "JWT" })}.${part(whole)}.c2lnbmF0dXJl`;
  }

  async function tokens() {
    const client = (token) => {
      const credential = { getToken: async () => ({ token, expiresOnTimestamp: +minutes(60) }) };
      return new QueueServiceClient(url, credential, options).getQueueClient("js-habits-token");
    };
    const hosts = ["windows.net", "chinacloudapi.cn", "usgovcloudapi.net", "cloudapi.de"];
    const audiences = [
      "https://storage.azure.com",
      "https://storage.azure.com/",
      "e406a681-f3d4-42a8-90b6-c2b029497af1",
      ...hosts.map((host) => `https://${parts.AccountName}.queue.core.${host}`),
      ...hosts.map((host) => `https://${parts.AccountName}.queue.core.${host}/`),
    ];
    const tenant = "/ab1f708d-50f6-404c-a006-d71b2ac7a606/";
    const issuers = ["windows.net", "microsoftonline.de", "chinacloudapi.cn", "windows-ppe.net"];
    const good = [
      ...audiences.map((aud) => ({ aud })),
      ...issuers.map((host) => ({ iss: `https://sts.${host}${tenant}` })),
      // Azurite's tests have one slash too many.
      ...issuers.map((host) => ({ iss: `https://sts.${host}/${tenant}` })),
    ];
    for (const claims of good) {
      const queue = client(madeUp(claims));
      await queue.create();
      await queue.setAccessPolicy([]);
      await queue.getAccessPolicy();
      await queue.delete();
    }
    const past = Date.UTC(2019, 0, 1) / 1000;
    for (const [token, word] of [
      ["invalid token", ""],
      [madeUp({ aud: "https://invalidaccount.queue.core.windows.net" }), "audience"],
      [madeUp({ aud: "https://invalidaccount", iss: `https://invalidissuer${tenant}` }), "issuer"],
      [madeUp({ nbf: Date.UTC(2119, 0, 1) / 1000 }), "Lifetime"],
      [madeUp({ exp: past }), "expire"],
    ]) {
      await assert.rejects(client(token).create(), (error) => {
        const { message, additionalProperties } = error.details;
        same(error.statusCode, 401, message);
        const start = "Server failed to authenticate the request.";
        same(message.startsWith(start), true, message);
        const detail = additionalProperties.AuthenticationErrorDetail ?? "";
        same(detail.includes(word), true, `${word}: ${detail}`);
        return true;
      });
    }
  }

  const all = { messages, updates, queues, names, settings, preflight, origins, signatures };
  return url.startsWith("https:") ? { ...all, tokens } : all;
};
