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
from azure.data.tables import ResourceTypes as TableTypes
from azure.data.tables import generate_account_sas as generate_table_account
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


# Shared access signatures.

UDK = Space(
    signed_oid="aaaaaaaa-1111-2222-3333-444444444444",
    signed_tid="bbbbbbbb-1111-2222-3333-444444444444",
    signed_start="2026-09-23T00:00:00Z",
    signed_expiry="2026-09-25T00:00:00Z",
    signed_service="b",
    signed_version="2025-07-05",
    signed_delegated_user_tid=None,
    value="bWFkZS11cC11c2VyLWRlbGVnYXRpb24ta2V5LTAxMjM=",
)
# A key for files, and one that is only for users of another tenant.
FILE_UDK = Space(**vars(UDK) | {"signed_service": "f"})
BOUND_UDK = Space(**vars(UDK) | {"signed_delegated_user_tid": "ffffffff-1111-2222-3333-444444444444"})
TIMES = {"start": "2026-09-23T10:00:00Z", "expiry": "2026-09-24T10:00:00Z"}
KEY_FIELDS = {"skoid": "signed_oid", "sktid": "signed_tid", "skt": "signed_start", "ske": "signed_expiry", "sks": "signed_service", "skv": "signed_version"}
# The versions at which the string of a service changes, and one between.
VERSIONS = ["2015-04-05", "2018-03-28", "2018-11-09", "2019-12-12", "2020-02-10", "2020-12-06", "2022-11-02", "2025-07-05", "2026-02-06", "2026-04-06", "2026-10-06"]
FIRST = {"bs": "2018-11-09", "bv": "2019-12-12", "d": "2020-02-10"}


DEMANDED_HEADERS = {"x-ms-meta-a": "b c", "content-language": "de"}
DEMANDED_PARAMETERS = {"timeout": "30", "prefix": "é/1"}


def rule(resource, fields):
    """The string to sign by the REST reference; `fields` as they stand in the decoded token."""
    get = lambda name: fields.get(name, "")
    sv, kind, delegated = fields["sv"], resource["kind"], "skoid" in fields
    service = {"table": "table", "share": "file", "file": "file"}.get(kind, "blob")
    path = "/".join([resource["name"].lower() if kind == "table" else resource["name"]] + ([resource["path"]] if resource.get("path") else []))
    lines = [get("sp"), get("st"), get("se"), f"/{service}/{ACCOUNT}/{path}"]
    if delegated:
        lines += [get(name) for name in KEY_FIELDS]
        if service == "blob" and sv >= "2020-02-10":
            lines += [get("saoid"), get("suoid"), get("scid")]
        if sv >= "2025-07-05":
            lines += [get("skdutid"), get("sduoid")]
    else:
        lines.append(get("si"))
    lines += [get("sip"), get("spr"), sv]
    if service == "blob":
        if sv >= "2018-11-09":
            lines += [get("sr"), resource.get("time", "")]
        if sv >= "2020-12-06":
            lines.append(get("ses"))
        if delegated and sv >= "2026-04-06":
            # Each header has a line end behind it, and each parameter one before it.
            lines.append("".join(f"{name}:{DEMANDED_HEADERS[name]}\n" for name in filter(None, get("srh").split(","))))
            lines.append("".join(f"\n{name}:{DEMANDED_PARAMETERS[name]}" for name in filter(None, get("srq").split(","))))
    if service == "table":
        lines += [get(name) for name in ["spk", "srk", "epk", "erk"]]
    else:
        lines += [get(name) for name in ["rscc", "rscd", "rsce", "rscl", "rsct"]]
    return "\n".join(lines)


def sas(label, resource, token, text, by, key):
    fields = dict(pair.split("=", 1) for pair in token.split("&"))
    fields = {name: unquote(value) for name, value in fields.items()}
    assert mac(text, key) == fields["sig"], label
    vectors.append({"id": label, "scheme": "sas", "resource": resource, "token": token, "string_to_sign": text, "signature": fields["sig"], "sdk": by})


def by_sdk(label, resource, service, make, key=KEY):
    seen = {}
    token = make(lambda text: seen.update(text=text))
    fields = {name: unquote(value) for name, value in (pair.split("=", 1) for pair in token.split("&"))}
    text = rule(resource, fields)
    if text == seen["text"]:
        sas(label, resource, token, text, sdk(service), key)
        return
    # The SDK strips a line end too much when the last line is empty, and only then.
    assert text.rstrip("\n") == seen["text"].rstrip("\n"), (label, text, seen["text"])
    print(label, "differs in its last lines", file=__import__("sys").stderr)


def by_rule(label, resource, fields, key=KEY):
    text = rule(resource, fields)
    token = "&".join(f"{name}={quote(value, safe='')}" for name, value in (fields | {"sig": mac(text, key)}).items())
    sas(label, resource, token, text, "rule", key)


BLOBS = {
    "container": ({"kind": "container", "name": "photos"}, "c", "racwdxyltfmei"),
    "blob": ({"kind": "blob", "name": "photos", "path": "a b+c/é.png"}, "b", "racwdxytmei"),
    "snapshot": ({"kind": "snapshot", "name": "photos", "path": "cat.png", "time": "2026-09-23T09:00:00.0000000Z"}, "bs", "r"),
    "version": ({"kind": "version", "name": "photos", "path": "cat.png", "time": "2026-09-23T09:00:00.0000000Z"}, "bv", "rd"),
    "directory": ({"kind": "directory", "name": "photos", "path": "2026/09"}, "d", "racwdlmeop"),
}
HEADERS = {"cache_control": "max-age=60", "content_disposition": 'attachment; filename="a b.png"', "content_encoding": "gzip", "content_language": "de", "content_type": "image/png"}
EXTRAS = {
    "plain": {},
    "limits": {"ip": "168.1.5.60-168.1.5.70", "protocol": "https"},
    "headers": dict(HEADERS),
    "scope": {"encryption_scope": "secret-scope"},
    "bound": {"user_delegation_oid": "dddddddd-1111-2222-3333-444444444444"},
    "demands": {"request_headers": DEMANDED_HEADERS, "request_query_params": DEMANDED_PARAMETERS},
    "all": {"ip": "168.1.5.65", "protocol": "https,http", "encryption_scope": "s", **HEADERS},
}

for name, (resource, letter, letters) in BLOBS.items():
    for extra, options in EXTRAS.items():
        for delegated in [True] if extra in ["bound", "demands"] else [False, True]:
            helper = BlobSharedAccessSignature(ACCOUNT, None if delegated else KEY, user_delegation_key=(BOUND_UDK if extra == "bound" else UDK) if delegated else None)
            options = dict(options)
            if delegated and extra == "all":
                options["correlation_id"] = "cccccccc-1111-2222-3333-444444444444"
                options["user_delegation_oid"] = "dddddddd-1111-2222-3333-444444444444"

            def make(hook):
                if name == "container":
                    return helper.generate_container("photos", letters, sts_hook=hook, **TIMES, **options)
                time = {"snapshot": "snapshot", "version": "version_id"}.get(name)
                more = {time: resource["time"]} if time else {}
                more |= {"is_directory": True} if name == "directory" else {}
                return helper.generate_blob("photos", resource["path"], permission=letters, sts_hook=hook, **TIMES, **more, **options)

            by_sdk(f"sas-{name}-{extra}{'-delegated' if delegated else ''}", resource, "blob", make, UDK.value if delegated else KEY)
    base = {"sr": letter, "sp": "r", "se": TIMES["expiry"], "sip": "168.1.5.65", "spr": "https", "rsct": "image/png"}
    if name == "directory":
        base["sdd"] = "2"
    for sv in VERSIONS:
        if sv >= FIRST.get(letter, ""):
            by_rule(f"sas-{name}@{sv}", resource, {"sv": sv, **base})
        if sv >= max(FIRST.get(letter, ""), "2018-11-09"):
            by_rule(f"sas-{name}-delegated@{sv}", resource, {"sv": sv, **base, **{field: getattr(UDK, attribute) for field, attribute in KEY_FIELDS.items()}}, UDK.value)
    by_rule(f"sas-{name}-policy", resource, {"sv": "2022-11-02", "sr": letter, "si": "policy 1/é", **({"sdd": "2"} if name == "directory" else {})})

for name, resource, letter, letters in [("share", {"kind": "share", "name": "docs"}, "s", "rcwdl"), ("file", {"kind": "file", "name": "docs", "path": "dir/a b.txt"}, "f", "rcwd")]:
    for extra, options in EXTRAS.items():
        if extra == "demands":
            continue
        options = {key: value for key, value in options.items() if key != "encryption_scope"}
        for delegated in [True] if extra == "bound" else [False, True]:
            helper = FileSharedAccessSignature(ACCOUNT, None if delegated else KEY, user_delegation_key=FILE_UDK if delegated else None)

            def make(hook):
                if name == "share":
                    return helper.generate_share("docs", letters, sts_hook=hook, **TIMES, **options)
                return helper.generate_file("docs", "dir", "a b.txt", letters, sts_hook=hook, **TIMES, **options)

            by_sdk(f"sas-{name}-{extra}{'-delegated' if delegated else ''}", resource, "file", make, UDK.value if delegated else KEY)
    for sv in VERSIONS:
        by_rule(f"sas-{name}@{sv}", resource, {"sv": sv, "sr": letter, "sp": "r", "se": TIMES["expiry"], "rscc": "no-cache"})

for extra, options in {
    "plain": {},
    "limits": {"ip": "168.1.5.60-168.1.5.70", "protocol": "https"},
    "from": {"start_pk": "a", "start_rk": "1"},
    "to": {"end_pk": "m é", "end_rk": "9+9"},
    "range": {"start_pk": "a", "start_rk": "1", "end_pk": "b", "end_rk": "2"},
}.items():
    helper = TableSharedAccessSignature(AzureNamedKeyCredential(ACCOUNT, KEY))
    resource = {"kind": "table", "name": "People"}
    # This helper has no hook: the string is the rule's, and the signature is the SDK's.
    token = helper.generate_table("People", "raud", TIMES["expiry"], start=TIMES["start"], **({"ip_address_or_range": options.get("ip")} if "ip" in options else {}), **{key: value for key, value in options.items() if key != "ip"})
    fields = {name: unquote(value) for name, value in (pair.split("=", 1) for pair in token.split("&"))}
    text = rule(resource, fields)
    if mac(text) != fields["sig"]:
        # One line end too few where the last line is empty.
        print("table", extra, "differs", file=__import__("sys").stderr)
        continue
    sas(f"sas-table-{extra}", resource, token, text, sdk("table"), KEY)
for sv in VERSIONS:
    by_rule(f"sas-table@{sv}", {"kind": "table", "name": "People"}, {"sv": sv, "tn": "People", "sp": "r", "se": TIMES["expiry"], "spk": "a"})

# Account signatures. The packages for files and Data Lake have the helper of the one for blobs.
for extra, options in {"plain": {}, "limits": {"ip": "168.1.5.65", "protocol": "https"}, "scope": {"encryption_scope": "secret-scope"}}.items():
    seen = {}
    token = BlobSharedAccessSignature(ACCOUNT, KEY).generate_account("bfqt", "sco", "rwdxylacuptfi", TIMES["expiry"], start=TIMES["start"], sts_hook=lambda text: seen.update(text=text), **options)
    sas(f"sas-account-{extra}", None, token, seen["text"], sdk("blob"), KEY)
token = generate_table_account(AzureNamedKeyCredential(ACCOUNT, KEY), TableTypes.from_string("sco"), "rwdlacu", TIMES["expiry"], start=TIMES["start"])
fields = {name: unquote(value) for name, value in (pair.split("=", 1) for pair in token.split("&"))}
text = "\n".join([ACCOUNT] + [fields.get(name, "") for name in ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]]) + "\n"
sas("sas-account-tables", None, token, text, sdk("table"), KEY)

print(json.dumps({"account": ACCOUNT, "key": KEY, "date": DATE, "delegation_key": UDK.value, "vectors": vectors}, indent=1, ensure_ascii=False))
