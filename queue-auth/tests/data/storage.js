// Writes storage_js.json: what Microsoft's JavaScript SDKs sign for blobs, files, Data Lake and tables.
//
//     npm install @azure/storage-blob @azure/storage-file-share @azure/storage-file-datalake @azure/data-tables
//     node storage.js > storage_js.json
//
// Shared Key: the operations of real clients, as they reach the transport. Shared access signatures:
// each kind at each version at which its string changes. `sdk` names the package that computed the
// vector; nothing here is put together by hand. Where the packages disagree with each other, standard
// error says so, and the vector is left out.

"use strict";
const crypto = require("node:crypto");

// Every string that is signed passes here; the clock and the ids stand still.
const signed = [];
const createHmac = crypto.createHmac;
crypto.createHmac = (...args) => {
  const mac = createHmac(...args);
  const update = mac.update.bind(mac);
  mac.update = (text, encoding) => {
    signed.push(text);
    update(text, encoding);
    return mac;
  };
  return mac;
};
const DATE = "Wed, 23 Sep 2026 10:20:30 GMT";
Date.prototype.toUTCString = () => DATE;
const ID = "eeeeeeee-1111-2222-3333-444444444444";
crypto.randomUUID = () => ID;
globalThis.crypto.randomUUID = () => ID;

const Blob = require("@azure/storage-blob");
const Share = require("@azure/storage-file-share");
const Lake = require("@azure/storage-file-datalake");
const Tables = require("@azure/data-tables");

const ACCOUNT = "contoso";
const KEY = "bm90LWEtcmVhbC1rZXkvbWFkZS11cC1mb3ItdGVzdC12ZWN0b3JzLW9ubHkvMDEyMzQ1Njc4OWFiY2RlZistIQ==";
const DELEGATION_KEY = "bWFkZS11cC11c2VyLWRlbGVnYXRpb24ta2V5LTAxMjM=";
const vectors = [];
const fs = require("node:fs");
const path = require("node:path");
const sdk = (name) => {
  // The packages do not export their manifests.
  const folder = module.paths.map((root) => path.join(root, name)).find((folder) => fs.existsSync(folder));
  return `${name} ${JSON.parse(fs.readFileSync(path.join(folder, "package.json"))).version}`;
};
const mac = (text, key) => createHmac("sha256", Buffer.from(key, "base64")).update(text, "utf8").digest("base64");

// Shared Key: what reaches the transport.

const FIXED = "content-encoding content-language content-length content-md5 content-type date if-modified-since if-match if-none-match if-unmodified-since range".split(" ");
let caught = [];
const httpClient = {
  async sendRequest(request) {
    // The storage clients hand on headers of an older form.
    const pairs = request.headers.rawHeaders ? Object.entries(request.headers.rawHeaders()) : [...request.headers];
    const headers = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
    caught.push({ method: request.method, url: request.url, headers });
    throw new Error("nothing is sent");
  },
};
const options = { httpClient, retryOptions: { maxTries: 1, maxRetries: 0 } };

async function requests(label, service, by, client, operations) {
  for (const [name, operation] of Object.entries(operations)) {
    caught = [];
    signed.length = 0;
    try {
      const answer = operation(client);
      if (answer && answer.next) await answer.next();
      else await answer;
    } catch (error) {
      if (!caught.length) throw error;
    }
    const { method, url, headers } = caught[0];
    const text = signed[0];
    const [scheme, signature] = headers.authorization.split(/ [^:]+:/);
    if (signature !== mac(text, KEY)) throw new Error(name);
    const own = Object.entries(headers).filter(([name]) => name.startsWith("x-ms-") || FIXED.includes(name) || name === "accept");
    vectors.push({
      id: `js-${label}-${name}`,
      scheme: scheme === "SharedKey" ? "shared_key" : "shared_key_lite",
      service,
      method,
      url,
      headers: own.map(([name, value]) => [name, String(value)]).sort(),
      string_to_sign: text,
      signature,
      sdk: sdk(by),
    });
  }
}

const WHEN = new Date("2026-09-20T00:00:00Z");
const conditions = { ifMatch: '"0x8D"', ifNoneMatch: "*", ifModifiedSince: WHEN, ifUnmodifiedSince: WHEN };
const BLOB = {
  list: (c) => c.listContainers({ prefix: "a/b", includeMetadata: true }).byPage({ maxPageSize: 5 }),
  properties: (c) => c.getProperties(),
  stats: (c) => c.getStatistics(),
  account: (c) => c.getAccountInfo(),
  create: (c) => c.getContainerClient("photos").create({ access: "blob", metadata: { owner: "me", a_b: "1", ab: "2", a2: "3" } }),
  "delete-container": (c) => c.getContainerClient("photos").delete(),
  "list-blobs": (c) => c.getContainerClient("photos").listBlobsByHierarchy("/", { prefix: "a b/" }).byPage(),
  lease: (c) => c.getContainerClient("photos").getBlobLeaseClient(ID).acquireLease(60),
  policies: (c) => c.getContainerClient("photos").setAccessPolicy("container", []),
  put: (c) => c.getContainerClient("photos").getBlockBlobClient("cat.png").upload("hello", 5, { blobHTTPHeaders: { blobContentType: "image/png", blobContentEncoding: "gzip", blobContentLanguage: "de" } }),
  "put-path": (c) => c.getContainerClient("photos").getBlockBlobClient("a b+c/é.txt").upload("hello", 5, { tags: { a: "b c" } }),
  "put-empty": (c) => c.getContainerClient("photos").getBlockBlobClient("empty").upload("", 0),
  block: (c) => c.getContainerClient("photos").getBlockBlobClient("big").stageBlock("QUFBQQ==", "hello", 5, { transactionalContentMD5: Buffer.from("1234567890123456") }),
  blocks: (c) => c.getContainerClient("photos").getBlockBlobClient("big").commitBlockList(["QUFBQQ=="]),
  page: (c) => c.getContainerClient("photos").getPageBlobClient("page.vhd").create(1024),
  "put-page": (c) => c.getContainerClient("photos").getPageBlobClient("page.vhd").uploadPages("x".repeat(512), 0, 512),
  append: (c) => c.getContainerClient("photos").getAppendBlobClient("log").appendBlock("line\n", 5, { conditions: { appendPosition: 0 } }),
  range: (c) => c.getContainerClient("photos").getBlobClient("cat.png").download(5, 10, { rangeGetContentMD5: true }),
  conditions: (c) => c.getContainerClient("photos").getBlobClient("cat.png").download(0, undefined, { conditions }),
  "conditions-tags": (c) => c.getContainerClient("photos").getBlobClient("cat.png").getProperties({ conditions: { tagConditions: "\"a\" = 'b'" } }),
  snapshot: (c) => c.getContainerClient("photos").getBlobClient("cat.png").createSnapshot(),
  "read-snapshot": (c) => c.getContainerClient("photos").getBlobClient("cat.png").withSnapshot("2026-09-23T10:00:00.0000000Z").getProperties(),
  "read-version": (c) => c.getContainerClient("photos").getBlobClient("cat.png").withVersion("2026-09-23T10:00:00.0000000Z").getProperties(),
  copy: (c) => c.getContainerClient("photos").getBlobClient("copy.png").syncCopyFromURL("https://contoso.blob.core.windows.net/photos/cat.png?snapshot=2026-09-23T10%3A00%3A00.0000000Z"),
  tags: (c) => c.getContainerClient("photos").getBlobClient("cat.png").setTags({ a: "b" }),
  headers: (c) => c.getContainerClient("photos").getBlobClient("cat.png").setHTTPHeaders({ blobCacheControl: "max-age=60" }),
  "find-by-tags": (c) => c.findBlobsByTags("\"a\" = 'b c'").byPage(),
  batch: (c) => {
    const batch = new Blob.BlobBatch();
    batch.batchRequest = { operationCount: 1, getHttpRequestBody: () => "--batch\r\n", getMultipartContentType: () => "multipart/mixed; boundary=batch_1", getSubRequests: () => new Map([[0, {}]]) };
    return c.getBlobBatchClient().submitBatch(batch);
  },
};
// The parts of a batch, which have no version of their own and are signed each for itself.
async function parts(label, by, key) {
  const url = "https://contoso.blob.core.windows.net/photos/a%20b.png";
  const kinds = { delete: (batch) => batch.deleteBlob(url, key, { deleteSnapshots: "include" }), tier: (batch) => batch.setBlobAccessTier(url, key, "Cool") };
  for (const [name, add] of Object.entries(kinds)) {
    signed.length = 0;
    const batch = new Blob.BlobBatch();
    await add(batch);
    const lines = batch.getHttpRequestBody().split("\r\n");
    const start = lines.findIndex((line) => line.endsWith(" HTTP/1.1"));
    const [method, target] = lines[start].split(" ");
    const headers = lines.slice(start + 1, lines.indexOf("", start)).map((line) => line.split(/: (.*)/s).slice(0, 2)).map(([name, value]) => [name.toLowerCase(), value]);
    const signature = Object.fromEntries(headers).authorization.split(":")[1];
    if (signature !== mac(signed[0], KEY)) throw new Error(name);
    vectors.push({ id: `js-${label}-${name}`, scheme: "shared_key", service: "blob", method, url: `https://contoso.blob.core.windows.net${target}`, headers: headers.filter(([name]) => name !== "authorization").sort(), string_to_sign: signed[0], signature, sdk: sdk(by) });
  }
}

const LAKE = {
  create: (c) => c.getFileSystemClient("files").create(),
  directory: (c) => c.getFileSystemClient("files").getDirectoryClient("dir").create({ metadata: { a: "ü" }, permissions: "0777", umask: "0022" }),
  append: (c) => c.getFileSystemClient("files").getFileClient("dir/a.txt").append("hello", 0, 5),
  flush: (c) => c.getFileSystemClient("files").getFileClient("dir/a.txt").flush(5),
  rename: (c) => c.getFileSystemClient("files").getFileClient("dir/a.txt").move("dir/b c.txt"),
  list: (c) => c.getFileSystemClient("files").listPaths({ path: "dir", recursive: true }).byPage(),
  access: (c) => c.getFileSystemClient("files").getDirectoryClient("dir").setAccessControl([]),
  "delete-directory": (c) => c.getFileSystemClient("files").getDirectoryClient("dir").delete(true),
  read: (c) => c.getFileSystemClient("files").getFileClient("dir/a.txt").read(0, 5),
};
const FILE = {
  list: (c) => c.listShares({ prefix: "d" }).byPage(),
  create: (c) => c.getShareClient("docs").create({ quota: 5, metadata: { a: "1" } }),
  permission: (c) => c.getShareClient("docs").createPermission("O:S-1-5"),
  "delete-share": (c) => c.getShareClient("docs").delete({ deleteSnapshots: "include" }),
  directory: (c) => c.getShareClient("docs").getDirectoryClient("dir").create(),
  files: (c) => c.getShareClient("docs").getDirectoryClient("dir").listFilesAndDirectories({ prefix: "x" }).byPage(),
  file: (c) => c.getShareClient("docs").getDirectoryClient("dir").getFileClient("a b.txt").create(12),
  range: (c) => c.getShareClient("docs").getDirectoryClient("dir").getFileClient("a b.txt").uploadRange("hello", 0, 5),
  read: (c) => c.getShareClient("docs").getDirectoryClient("dir").getFileClient("é.txt").download(2, 5),
  copy: (c) => c.getShareClient("docs").rootDirectoryClient.getFileClient("copy.txt").startCopyFromURL("https://contoso.file.core.windows.net/docs/a.txt"),
  rename: (c) => c.getShareClient("docs").getDirectoryClient("dir").getFileClient("a.txt").rename("dir/b.txt"),
  policies: (c) => c.getShareClient("docs").getAccessPolicy(),
};
const TABLE_SERVICE = {
  list: (c) => c.listTables({ queryOptions: { filter: "TableName eq 'a'" } }).byPage({ maxPageSize: 5 }),
  create: (c) => c.createTable("people"),
  "delete-table": (c) => c.deleteTable("people"),
  properties: (c) => c.getProperties(),
  "set-properties": (c) => c.setProperties({ minuteMetrics: { enabled: false, version: "1.0" } }),
  stats: (c) => c.getStatistics(),
};
const TABLE = {
  get: (c) => c.getEntity("a", "b"),
  "get-encoded": (c) => c.getEntity("a b'c", "é/+"),
  query: (c) => c.listEntities({ queryOptions: { filter: "Age ge 18", select: ["Name"] } }).byPage(),
  insert: (c) => c.createEntity({ partitionKey: "a", rowKey: "b", Name: "é" }),
  replace: (c) => c.updateEntity({ partitionKey: "a", rowKey: "b" }, "Replace", { etag: "*" }),
  merge: (c) => c.updateEntity({ partitionKey: "a", rowKey: "b" }, "Merge", { etag: 'W/"1"' }),
  upsert: (c) => c.upsertEntity({ partitionKey: "a", rowKey: "b" }),
  "delete-entity": (c) => c.deleteEntity("a", "b"),
  policies: (c) => c.getAccessPolicy(),
  "set-policies": (c) => c.setAccessPolicy([]),
  batch: (c) => c.submitTransaction([["create", { partitionKey: "a", rowKey: "b" }]]),
};

// Shared access signatures.

const START = new Date("2026-09-23T10:00:00Z");
const EXPIRY = new Date("2026-09-24T10:00:00Z");
const OWNER = "aaaaaaaa-1111-2222-3333-444444444444";
const TENANT = "bbbbbbbb-1111-2222-3333-444444444444";
const CORRELATION = "cccccccc-1111-2222-3333-444444444444";
const USER = "dddddddd-1111-2222-3333-444444444444";
const delegation = (letter, tenant) => ({
  signedObjectId: OWNER,
  signedTenantId: TENANT,
  signedStartsOn: new Date("2026-09-23T00:00:00Z"),
  signedExpiresOn: new Date("2026-09-25T00:00:00Z"),
  signedService: letter,
  signedVersion: "2025-07-05",
  signedDelegatedUserTenantId: tenant,
  value: DELEGATION_KEY,
});
const VERSIONS = "2015-04-05 2018-03-28 2018-11-09 2019-12-12 2020-02-10 2020-12-06 2022-11-02 2025-07-05 2026-02-06 2026-04-06".split(" ");
const HEADERS = { cacheControl: "max-age=60", contentDisposition: 'attachment; filename="a b.png"', contentEncoding: "gzip", contentLanguage: "de", contentType: "image/png" };
const LIMITS = { startsOn: START, ipRange: { start: "168.1.5.60", end: "168.1.5.70" }, protocol: "https" };

function sas(id, resource, by, make, key = KEY) {
  signed.length = 0;
  const token = String(make());
  const text = signed[0];
  const fields = Object.fromEntries(token.split("&").map((pair) => pair.split("=").map(decodeURIComponent)));
  if (fields.sig !== mac(text, key)) throw new Error(id);
  vectors.push({ id: `js-sas-${id}`, scheme: "sas", ...(resource && { resource }), token, string_to_sign: text, signature: fields.sig, sdk: sdk(by) });
}

function blobs() {
  const by = "@azure/storage-blob";
  const key = new Blob.StorageSharedKeyCredential(ACCOUNT, KEY);
  const time = "2026-09-23T09:00:00.0000000Z";
  const kinds = {
    container: [{ kind: "container", name: "photos" }, { containerName: "photos", permissions: Blob.ContainerSASPermissions.parse("rl") }, "2015-04-05"],
    blob: [{ kind: "blob", name: "photos", path: "a b+c/é.png" }, { containerName: "photos", blobName: "a b+c/é.png", permissions: Blob.BlobSASPermissions.parse("rwd") }, "2015-04-05"],
    snapshot: [{ kind: "snapshot", name: "photos", path: "cat.png", time }, { containerName: "photos", blobName: "cat.png", snapshotTime: time, permissions: Blob.BlobSASPermissions.parse("r") }, "2018-11-09"],
    version: [{ kind: "version", name: "photos", path: "cat.png", time }, { containerName: "photos", blobName: "cat.png", versionId: time, permissions: Blob.BlobSASPermissions.parse("rx") }, "2019-12-12"],
  };
  for (const [name, [resource, own, first]] of Object.entries(kinds)) {
    for (const version of VERSIONS.filter((version) => version >= first)) {
      const scope = version >= "2020-12-06" ? { encryptionScope: "secret-scope" } : {};
      const values = { ...own, ...HEADERS, ...LIMITS, ...scope, expiresOn: EXPIRY, version };
      sas(`${name}@${version}`, resource, by, () => Blob.generateBlobSASQueryParameters(values, key));
      if (version < "2018-11-09") continue;
      const correlation = version >= "2020-02-10" ? { correlationId: CORRELATION } : {};
      sas(`${name}-delegated@${version}`, resource, by, () => Blob.generateBlobSASQueryParameters({ ...values, ...correlation }, delegation("b"), ACCOUNT), DELEGATION_KEY);
      if (version < "2025-07-05") continue;
      sas(`${name}-bound@${version}`, resource, by, () => Blob.generateBlobSASQueryParameters({ ...values, delegatedUserObjectId: USER }, delegation("b", USER), ACCOUNT), DELEGATION_KEY);
      if (version < "2026-04-06") continue;
      const demands = { requestHeaders: { "x-ms-meta-a": "b c", "content-language": "de" }, requestQueryParameters: { timeout: "30", prefix: "é/1" } };
      sas(`${name}-demands@${version}`, resource, by, () => Blob.generateBlobSASQueryParameters({ ...values, ...demands }, delegation("b"), ACCOUNT), DELEGATION_KEY);
    }
    sas(`${name}-policy`, resource, by, () => Blob.generateBlobSASQueryParameters({ ...own, permissions: undefined, identifier: "policy 1/é" }, key));
  }
  // Letters that came with a version.
  const all = { ...kinds.container[1], permissions: Blob.ContainerSASPermissions.parse("racwdxyltfmei"), expiresOn: EXPIRY };
  sas("container-letters", kinds.container[0], by, () => Blob.generateBlobSASQueryParameters(all, key));
  // Account signatures, of all services.
  for (const version of VERSIONS) {
    const values = { permissions: Blob.AccountSASPermissions.parse("rwdlacup"), services: "btqf", resourceTypes: "sco", ...LIMITS, expiresOn: EXPIRY, version };
    sas(`account@${version}`, undefined, by, () => Blob.generateAccountSASQueryParameters(values, key));
    if (version >= "2020-12-06") {
      const more = { permissions: Blob.AccountSASPermissions.parse("rwdxylacuptfi"), services: "b", encryptionScope: "secret-scope" };
      sas(`account-scope@${version}`, undefined, by, () => Blob.generateAccountSASQueryParameters({ ...values, ...more }, key));
    }
  }
}

function lakes() {
  const by = "@azure/storage-file-datalake";
  const key = new Lake.StorageSharedKeyCredential(ACCOUNT, KEY);
  const kinds = {
    "file-system": [{ kind: "container", name: "files" }, { fileSystemName: "files", permissions: Lake.FileSystemSASPermissions.parse("racwdlmeop") }, "2020-02-10"],
    directory: [{ kind: "directory", name: "files", path: "2026/09" }, { fileSystemName: "files", pathName: "2026/09", isDirectory: true, permissions: Lake.DirectorySASPermissions.parse("racwdlmeop") }, "2020-02-10"],
    path: [{ kind: "blob", name: "files", path: "dir/a b.txt" }, { fileSystemName: "files", pathName: "dir/a b.txt", permissions: Lake.DataLakeSASPermissions.parse("racwdmeop") }, "2020-02-10"],
  };
  for (const [name, [resource, own, first]] of Object.entries(kinds)) {
    for (const version of VERSIONS.filter((version) => version >= first)) {
      const values = { ...own, ...HEADERS, ...LIMITS, expiresOn: EXPIRY, version };
      sas(`${name}@${version}`, resource, by, () => Lake.generateDataLakeSASQueryParameters({ ...values }, key));
      if (version >= "2026-04-06") {
        // This package knows no version after 2026-02-06 and signs 2026-04-06 without the two lines that
        // @azure/storage-blob and the Python packages have for the headers and parameters demanded.
        process.stderr.write(`${by}: ${name}-delegated@${version} lacks two lines\n`);
        continue;
      }
      const delegated = { ...values, correlationId: CORRELATION };
      sas(`${name}-delegated@${version}`, resource, by, () => Lake.generateDataLakeSASQueryParameters({ ...delegated }, delegation("b"), ACCOUNT), DELEGATION_KEY);
      sas(`${name}-preauthorized@${version}`, resource, by, () => Lake.generateDataLakeSASQueryParameters({ ...delegated, preauthorizedAgentObjectId: USER }, delegation("b"), ACCOUNT), DELEGATION_KEY);
      sas(`${name}-agent@${version}`, resource, by, () => Lake.generateDataLakeSASQueryParameters({ ...delegated, agentObjectId: USER }, delegation("b"), ACCOUNT), DELEGATION_KEY);
    }
  }
}

function files() {
  const by = "@azure/storage-file-share";
  const key = new Share.StorageSharedKeyCredential(ACCOUNT, KEY);
  const kinds = {
    share: [{ kind: "share", name: "docs" }, { shareName: "docs", permissions: Share.ShareSASPermissions.parse("rcwdl") }],
    file: [{ kind: "file", name: "docs", path: "dir/a b.txt" }, { shareName: "docs", filePath: "dir/a b.txt", permissions: Share.FileSASPermissions.parse("rcwd") }],
  };
  for (const [name, [resource, own]] of Object.entries(kinds)) {
    for (const version of VERSIONS) {
      const values = { ...own, ...HEADERS, ...LIMITS, expiresOn: EXPIRY, version };
      sas(`${name}@${version}`, resource, by, () => Share.generateFileSASQueryParameters(values, key));
      if (version < "2025-07-05") continue;
      sas(`${name}-delegated@${version}`, resource, by, () => Share.generateFileSASQueryParameters(values, delegation("f"), ACCOUNT), DELEGATION_KEY);
      sas(`${name}-bound@${version}`, resource, by, () => Share.generateFileSASQueryParameters({ ...values, delegatedUserObjectId: USER }, delegation("f", USER), ACCOUNT), DELEGATION_KEY);
    }
    sas(`${name}-policy`, resource, by, () => Share.generateFileSASQueryParameters({ ...own, permissions: undefined, identifier: "policy 1/é" }, key));
  }
}

function tables() {
  const by = "@azure/data-tables";
  const key = new Tables.AzureNamedKeyCredential(ACCOUNT, KEY);
  const resource = { kind: "table", name: "People" };
  for (const version of [...VERSIONS, undefined]) {
    const values = { permissions: { query: true, add: true, update: true, delete: true }, ...LIMITS, expiresOn: EXPIRY, version };
    const at = version ?? "default";
    sas(`table@${at}`, resource, by, () => Tables.generateTableSas("People", key, values));
    sas(`table-from@${at}`, resource, by, () => Tables.generateTableSas("People", key, { ...values, startPartitionKey: "a", startRowKey: "1" }));
    sas(`table-to@${at}`, resource, by, () => Tables.generateTableSas("People", key, { ...values, endPartitionKey: "m é", endRowKey: "9+9" }));
    if (version >= "2020-12-06") {
      // This package knows no version after 2019-02-02 and signs the later ones without the line of the
      // encryption scope, which @azure/storage-blob and the Python packages have.
      process.stderr.write(`${by}: account-tables@${at} lacks a line\n`);
      continue;
    }
    const account = { permissions: { query: true, write: true, delete: true, list: true, add: true, create: true, update: true }, services: { table: true, blob: true }, ...LIMITS, expiresOn: EXPIRY, version };
    sas(`account-tables@${at}`, undefined, by, () => Tables.generateAccountSas(key, account));
  }
  sas("table-policy", resource, by, () => Tables.generateTableSas("People", key, { identifier: "policy 1/é" }));
}

(async () => {
  const blobKey = new Blob.StorageSharedKeyCredential(ACCOUNT, KEY);
  const shareKey = new Share.StorageSharedKeyCredential(ACCOUNT, KEY);
  const lakeKey = new Lake.StorageSharedKeyCredential(ACCOUNT, KEY);
  const tableKey = new Tables.AzureNamedKeyCredential(ACCOUNT, KEY);
  const host = (service) => `https://${ACCOUNT}.${service}.core.windows.net`;
  const local = `http://127.0.0.1:10000/${ACCOUNT}`;
  await requests("blob", "blob", "@azure/storage-blob", new Blob.BlobServiceClient(host("blob"), blobKey, options), BLOB);
  await requests("blob-emulator", "blob", "@azure/storage-blob", new Blob.BlobServiceClient(local, blobKey, options), BLOB);
  await requests("blob-secondary", "blob", "@azure/storage-blob", new Blob.BlobServiceClient(`https://${ACCOUNT}-secondary.blob.core.windows.net`, blobKey, options), { stats: BLOB.stats, list: BLOB.list });
  await parts("part", "@azure/storage-blob", blobKey);
  await requests("lake", "blob", "@azure/storage-file-datalake", new Lake.DataLakeServiceClient(host("dfs"), lakeKey, options), LAKE);
  await requests("file", "file", "@azure/storage-file-share", new Share.ShareServiceClient(host("file"), shareKey, options), FILE);
  await requests("table", "table", "@azure/data-tables", new Tables.TableServiceClient(host("table"), tableKey, options), TABLE_SERVICE);
  await requests("table", "table", "@azure/data-tables", new Tables.TableClient(host("table"), "people", tableKey, options), TABLE);
  await requests("table-emulator", "table", "@azure/data-tables", new Tables.TableClient(local, "people", tableKey, { ...options, allowInsecureConnection: true }), TABLE);
  blobs();
  lakes();
  files();
  tables();
  console.log(JSON.stringify({ account: ACCOUNT, key: KEY, date: DATE, delegation_key: DELEGATION_KEY, vectors }, null, 1));
})();
