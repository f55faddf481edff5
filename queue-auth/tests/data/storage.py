"""Writes storage.json: what Microsoft's Python SDKs sign for blobs, files, Data Lake and tables.

    pip install azure-storage-blob azure-storage-file-share azure-storage-file-datalake azure-data-tables
    python storage.py > storage.json

Each vector has what was signed and the signature. `sdk` names the package that computed it; where it
is "rule", the string was put together by this script from the REST reference, because no SDK writes
that form (Shared Key Lite, and signatures of older versions).
"""

import base64
import hashlib
import hmac
import json
from importlib.metadata import version
from types import SimpleNamespace as Space
from urllib.parse import quote, unquote, urlsplit

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.rest import HttpRequest
from azure.data.tables._authentication import SharedKeyCredentialPolicy as TableKey
from azure.data.tables._table_shared_access_signature import TableSharedAccessSignature
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy as BlobKey
from azure.storage.blob._shared_access_signature import BlobSharedAccessSignature
from azure.storage.fileshare._shared.authentication import SharedKeyCredentialPolicy as FileKey
from azure.storage.fileshare._shared_access_signature import FileSharedAccessSignature
from azure.storage.filedatalake._shared.authentication import SharedKeyCredentialPolicy as LakeKey

ACCOUNT = "contoso"
KEY = "bm90LWEtcmVhbC1rZXkvbWFkZS11cC1mb3ItdGVzdC12ZWN0b3JzLW9ubHkvMDEyMzQ1Njc4OWFiY2RlZistIQ=="
DATE = "Wed, 23 Sep 2026 10:20:30 GMT"
PACKAGES = {
    "blob": "azure-storage-blob",
    "lake": "azure-storage-file-datalake",
    "file": "azure-storage-file-share",
    "table": "azure-data-tables",
}
vectors = []


def mac(text, key=KEY):
    code = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256)
    return base64.b64encode(code.digest()).decode()


def sdk(service):
    return f"{PACKAGES[service]} {version(PACKAGES[service])}"


# Shared Key: service, method, URL without scheme and account, headers.
BLOB = [
    ("GET", "/?comp=list", {}),
    ("GET", "/?comp=list&include=metadata&maxresults=5&prefix=a%2Fb", {}),
    ("GET", "/?restype=service&comp=properties", {}),
    ("GET", "/?restype=account&comp=properties", {}),
    ("PUT", "/photos?restype=container", {"content-length": "0"}),
    ("PUT", "/photos?restype=container", {"content-length": "0", "x-ms-blob-public-access": "blob", "x-ms-meta-owner": "me"}),
    ("DELETE", "/photos?restype=container", {}),
    ("GET", "/photos?restype=container&comp=list&delimiter=%2F", {}),
    ("PUT", "/photos?restype=container&comp=lease", {"content-length": "0", "x-ms-lease-action": "acquire", "x-ms-lease-duration": "60"}),
    ("PUT", "/photos/cat.png", {"content-length": "12", "content-type": "image/png", "x-ms-blob-type": "BlockBlob"}),
    ("PUT", "/photos/cat.png", {"content-length": "12", "content-type": "image/png", "content-md5": "sQqNsWTgdUEFt6mb5y4/5Q==", "x-ms-blob-type": "BlockBlob", "x-ms-blob-content-encoding": "gzip"}),
    ("PUT", "/photos/big.bin?comp=block&blockid=QUFBQQ%3D%3D", {"content-length": "4194304"}),
    ("PUT", "/photos/big.bin?comp=blocklist", {"content-length": "120", "content-type": "application/xml"}),
    ("PUT", "/photos/copy.png", {"content-length": "0", "x-ms-copy-source": "https://contoso.blob.core.windows.net/photos/cat.png?snapshot=2026-09-23T10%3A00%3A00.0000000Z"}),
    ("GET", "/photos/cat.png", {"range": "bytes=0-499"}),
    ("GET", "/photos/cat.png", {"x-ms-range": "bytes=500-", "x-ms-range-get-content-md5": "true"}),
    ("GET", "/photos/cat.png", {"if-match": '"0x8D"', "if-none-match": "*"}),
    ("GET", "/photos/cat.png", {"if-modified-since": DATE, "if-unmodified-since": DATE}),
    ("GET", "/photos/cat.png?snapshot=2026-09-23T10%3A00%3A00.0000000Z", {}),
    ("HEAD", "/photos/a%20b%2Bc/%C3%A9.txt", {}),
    ("PUT", "/photos/page.vhd", {"content-length": "0", "x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "1024"}),
    ("PUT", "/photos/page.vhd?comp=page", {"content-length": "512", "x-ms-page-write": "update", "x-ms-range": "bytes=0-511"}),
    ("PUT", "/photos/log?comp=appendblock", {"content-length": "7", "x-ms-blob-condition-appendpos": "0"}),
    ("POST", "/?comp=batch", {"content-length": "1024", "content-type": "multipart/mixed; boundary=batch_1"}),
    ("PUT", "/photos/cat.png?comp=tags", {"content-length": "99", "x-ms-if-tags": "\"a\" = 'b'"}),
    ("PUT", "/photos/cat.png?comp=metadata", {"content-length": "0", "x-ms-meta-a_b": "1", "x-ms-meta-ab": "2", "x-ms-meta-a2": "3"}),
]
LAKE = [
    ("PUT", "/files/dir?resource=directory", {"content-length": "0"}),
    ("PATCH", "/files/dir/a.txt?action=append&position=0", {"content-length": "5"}),
    ("PATCH", "/files/dir/a.txt?action=flush&position=5", {"content-length": "0"}),
    ("PUT", "/files/dir/b.txt", {"content-length": "0", "x-ms-rename-source": "/files/dir/a.txt"}),
    ("GET", "/files?resource=filesystem&recursive=true&directory=dir", {}),
    ("PATCH", "/files/dir?action=setAccessControl", {"content-length": "0", "x-ms-acl": "user::rwx,group::r-x,other::---"}),
    ("DELETE", "/files/dir?recursive=true", {}),
]
FILE = [
    ("GET", "/?comp=list", {}),
    ("PUT", "/docs?restype=share", {"content-length": "0", "x-ms-share-quota": "5"}),
    ("PUT", "/docs/dir?restype=directory", {"content-length": "0", "x-ms-file-attributes": "None"}),
    ("PUT", "/docs/dir/a.txt", {"content-length": "0", "x-ms-type": "file", "x-ms-content-length": "12", "x-ms-file-permission": "inherit"}),
    ("PUT", "/docs/dir/a.txt?comp=range", {"content-length": "12", "x-ms-write": "update", "x-ms-range": "bytes=0-11"}),
    ("GET", "/docs/dir/a%20b.txt", {"x-ms-range": "bytes=0-11"}),
    ("GET", "/docs/dir?restype=directory&comp=list&prefix=x", {}),
    ("PUT", "/docs/copy.txt", {"content-length": "0", "x-ms-copy-source": "https://contoso.file.core.windows.net/docs/a.txt"}),
    ("GET", "/docs?restype=share&comp=acl", {}),
    ("DELETE", "/docs?restype=share", {"x-ms-delete-snapshots": "include"}),
]
JSON = {"accept": "application/json;odata=minimalmetadata"}
TABLE = [
    ("GET", "/Tables", JSON),
    ("GET", "/Tables?$top=5&$filter=TableName%20eq%20%27a%27", JSON),
    ("POST", "/Tables", JSON | {"content-type": "application/json", "content-length": "22"}),
    ("DELETE", "/Tables('people')", JSON),
    ("GET", "/people(PartitionKey='a',RowKey='b')", JSON),
    ("GET", "/people(PartitionKey='a%20b',RowKey='%C3%A9')", JSON),
    ("GET", "/people()?$filter=Age%20ge%2018&$select=Name", JSON),
    ("POST", "/people", JSON | {"content-type": "application/json;odata=nometadata", "content-length": "60"}),
    ("PUT", "/people(PartitionKey='a',RowKey='b')", JSON | {"content-type": "application/json", "content-length": "60", "if-match": "*"}),
    ("PATCH", "/people(PartitionKey='a',RowKey='b')", JSON | {"content-type": "application/json", "content-length": "60", "if-match": "W/\"1\""}),
    ("MERGE", "/people(PartitionKey='a',RowKey='b')", JSON | {"content-type": "application/json", "content-length": "60", "if-match": "*"}),
    ("DELETE", "/people(PartitionKey='a',RowKey='b')", JSON | {"if-match": "*"}),
    ("POST", "/$batch", {"content-type": "multipart/mixed; boundary=batch_1", "content-length": "900"}),
    ("GET", "/?restype=service&comp=properties", {}),
    ("PUT", "/?restype=service&comp=properties", {"content-type": "application/xml", "content-length": "300"}),
    ("GET", "/?restype=service&comp=stats", {}),
    ("GET", "/people?comp=acl", {}),
    ("PUT", "/people?comp=acl", {"content-md5": "sQqNsWTgdUEFt6mb5y4/5Q==", "content-type": "application/xml", "content-length": "300"}),
]
FIXED = "content-encoding content-language content-length content-md5 content-type date if-modified-since if-match if-none-match if-unmodified-since range".split()


def lite(service, method, url, headers):
    """Shared Key Lite by the REST reference."""
    parts = urlsplit(url)
    comp = [pair.split("=", 1) for pair in parts.query.split("&") if pair.startswith("comp=")]
    resource = f"/{ACCOUNT}{parts.path}" + (f"?comp={unquote(comp[0][1])}" if comp else "")
    if service == "table":
        return f"{DATE}\n{resource}"
    lines = [method, headers.get("content-md5", ""), headers.get("content-type", ""), ""]
    # No two of the names above share a prefix that goes on with "_" in one and not in the other, but
    # those of the last blob, for which "_" comes before digits and digits before letters.
    named = sorted(name for name in headers if name.startswith("x-ms-"))
    named.sort(key=lambda name: name.replace("-", "").replace("_", "!"))
    return "\n".join(lines + [f"{name}:{headers[name]}" for name in named] + [resource])


def shared_key(service, host, policy, table=False, emulator=False):
    for index, (method, target, own) in enumerate(service):
        name = "table" if table else host if host != "dfs" else "lake"
        base = f"http://127.0.0.1:10000/{ACCOUNT}" if emulator else f"https://{ACCOUNT}.{host}.core.windows.net"
        url = base + target
        headers = own | {"x-ms-date": DATE, "x-ms-version": "2025-07-05"}
        request = HttpRequest(method, url, headers=headers)
        pipeline = PipelineRequest(request, PipelineContext(None))
        seen = {}
        if table:
            signer = TableKey(AzureNamedKeyCredential(ACCOUNT, KEY))
            signer._add_authorization_header = lambda _, text: seen.update(text=text)
            # The policy asks the transport whether it is asynchronous.
            pipeline.context.transport = None
            request.query = dict(p.split("=", 1) for p in urlsplit(url).query.split("&") if "=" in p)
            signer.sign_request(pipeline)
        else:
            signer = policy(ACCOUNT, KEY)
            signer._add_authorization_header = lambda _, text: seen.update(text=text)
            pipeline.context.transport = None
            request.query = {k: unquote(v) for k, v in (p.split("=", 1) for p in urlsplit(url).query.split("&") if "=" in p)}
            signer.on_request(pipeline)
        kind = "table" if table else {"blob": "blob", "dfs": "blob", "file": "file"}[host]
        row = {"service": kind, "method": method, "url": url, "headers": sorted(headers.items())}
        place = "emulator" if emulator else "cloud"
        label = f"{name}-{place}-{index:02}"
        text, by = seen["text"], sdk(name)
        if "range" in headers and not table:
            # The SDKs look for a header of another name and sign an empty line, so that the service
            # refuses a Range; they send x-ms-range in its place.
            lines = text.split("\n")
            assert lines[11] == ""
            text, by = "\n".join(lines[:11] + [headers["range"]] + lines[12:]), "rule"
        vectors.append({"id": label, "scheme": "shared_key", **row, "string_to_sign": text, "signature": mac(text), "sdk": by})
        text = lite(kind, method, url, headers)
        vectors.append({"id": label + "-lite", "scheme": "shared_key_lite", **row, "string_to_sign": text, "signature": mac(text), "sdk": "rule"})


shared_key(BLOB, "blob", BlobKey)
shared_key(BLOB[:6], "blob", BlobKey, emulator=True)
shared_key(LAKE, "dfs", LakeKey)
shared_key(FILE, "file", FileKey)
shared_key(TABLE, "table", None, table=True)
shared_key(TABLE[:6], "table", None, table=True, emulator=True)

print(json.dumps({"account": ACCOUNT, "key": KEY, "date": DATE, "vectors": vectors}, indent=1, ensure_ascii=False))
