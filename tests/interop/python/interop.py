"""Microsoft's Python SDK against the emulator: every operation, every credential.

Run by `cargo xtask interop`, which installs the SDK and starts the emulator. The environment says
where it is: AZURE_STORAGE_CONNECTION_STRING, and over HTTPS also QUEUE_EMULATOR_CERTIFICATE,
INTEROP_TOKEN (everything allowed) and INTEROP_READER_TOKEN (reading allowed).
"""

import os
import time
from datetime import datetime, timedelta, timezone

import checks
from azure.core.credentials import AccessToken, AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
)
from azure.storage.queue import (
    AccessPolicy,
    AccountSasPermissions,
    CorsRule,
    Metrics,
    QueueAnalyticsLogging,
    QueueClient,
    QueueSasPermissions,
    QueueServiceClient,
    ResourceTypes,
    RetentionPolicy,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
    VERSION,
    generate_account_sas,
    generate_queue_sas,
)
from checks import check

CONNECTION_STRING = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
CERTIFICATE = os.environ.get("QUEUE_EMULATOR_CERTIFICATE")
PARTS = dict(part.split("=", 1) for part in CONNECTION_STRING.split(";") if part)
ACCOUNT, KEY, URL = PARTS["AccountName"], PARTS["AccountKey"], PARTS["QueueEndpoint"]
# No retries: every refusal must be right the first time.
OPTIONS = {
    "retry_total": 0,
    # The SDK finds the secondary by itself in the cloud only, and by its host only.
    "secondary_hostname": URL.split("/")[2],
    **({"connection_verify": CERTIFICATE} if CERTIFICATE else {}),
}
NOW = datetime.now(timezone.utc)
LATER = NOW + timedelta(hours=1)

def refused(status, code, call):
    """The call must be refused with this status and this code of the service."""
    try:
        result = call()
        if hasattr(result, "__iter__") and not isinstance(result, (dict, str)):
            list(result)
    except HttpResponseError as error:
        got = (error.status_code, getattr(error, "error_code", None))
        check(got == (status, code), f"{got} instead of {(status, code)}")
    else:
        raise AssertionError(f"not refused with {code}")


class Token:
    """A credential that has its token already."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *scopes, **_):
        check(scopes == ("https://storage.azure.com/.default",), f"scopes {scopes}")
        return AccessToken(self.token, int(time.time()) + 3600)


def service(credential):
    return QueueServiceClient(URL, credential=credential, **OPTIONS)


def queue(name, credential, **options):
    return QueueClient(URL, name, credential=credential, **OPTIONS, **options)


def service_operations(client):
    """What concerns the whole account."""
    client.set_service_properties(
        analytics_logging=QueueAnalyticsLogging(
            read=True, write=True, delete=True, retention_policy=RetentionPolicy(True, 5)
        ),
        hour_metrics=Metrics(enabled=True, include_apis=True),
        minute_metrics=Metrics(enabled=False),
        cors=[CorsRule(["http://a"], ["GET"], max_age_in_seconds=5, exposed_headers=["x-ms-*"])],
    )
    got = client.get_service_properties()
    check(got["analytics_logging"].retention_policy.days == 5, "logging")
    check(got["hour_metrics"].include_apis, "metrics")
    check(got["cors"][0].allowed_origins == "http://a", "cors")
    client.set_service_properties(cors=[])
    check(client.get_service_properties()["cors"] == [], "no cors")

    secondary = QueueServiceClient(f"{URL}-secondary", credential=client.credential, **OPTIONS)
    stats = secondary.get_service_stats()
    check(stats["geo_replication"]["status"] == "live", "stats")

    names = ["py-c", "py-a", "py-b"]
    for name in names:
        client.create_queue(name, metadata={"Color": "blue"})
    pages = list(client.list_queues("py-", include_metadata=True, results_per_page=2).by_page())
    listed = [item for page in pages for item in page]
    check([item.name for item in listed] == sorted(names), "list")
    check(all(item.metadata == {"Color": "blue"} for item in listed), "metadata in list")
    for name in names:
        client.delete_queue(name)
    check(list(client.list_queues("py-")) == [], "deleted")


def queue_operations(client, name, acl=True):
    """What concerns one queue and its messages."""
    q = client.get_queue_client(name)
    q.create_queue(metadata={"a": "1"})
    # 204 stands for a queue that is there, and this SDK makes an error of it.
    try:
        q.create_queue(metadata={"a": "1"})
    except ResourceExistsError:
        pass
    refused(409, "QueueAlreadyExists", lambda: q.create_queue(metadata={"b": "1"}))
    check(q.get_queue_properties().metadata == {"a": "1"}, "metadata")
    q.set_queue_metadata({"Mixed": "two words"})
    check(q.get_queue_properties().metadata == {"Mixed": "two words"}, "the case of names")

    if acl:
        policy = AccessPolicy(QueueSasPermissions(read=True, process=True), LATER, NOW)
        q.set_queue_access_policy({"reader": policy, "empty": AccessPolicy()})
        got = q.get_queue_access_policy()
        check(got["reader"].permission == "rp", f"acl {got}")
        check("empty" in got, "an empty policy")
        q.set_queue_access_policy({})
        check(q.get_queue_access_policy() == {}, "no policies")

    sent = q.send_message("<a & b> ü 🦀 \n end ", visibility_timeout=0, time_to_live=-1)
    check(sent.expires_on.year == 9999, "never expires")
    q.send_message("second", time_to_live=60)
    check(q.get_queue_properties().approximate_message_count == 2, "count")
    check([m.content for m in q.peek_messages(5)] == ["<a & b> ü 🦀 \n end ", "second"], "peek")

    first = q.receive_message(visibility_timeout=30)
    check(first.id == sent.id and first.dequeue_count == 1, "receive")
    refused(404, "MessageNotFound", lambda: q.delete_message(sent.id, sent.pop_receipt))
    updated = q.update_message(first, visibility_timeout=0, content="changed")
    both = {m.content: m for m in q.receive_messages(messages_per_page=32)}
    check(set(both) == {"changed", "second"}, f"received {set(both)}")
    again = both["changed"]
    check((again.id, again.dequeue_count) == (sent.id, 2), "updated")
    refused(404, "MessageNotFound", lambda: q.delete_message(updated.id, updated.pop_receipt))
    q.delete_message(again)
    check(q.receive_message() is None, "nothing visible")
    q.clear_messages()
    check(q.get_queue_properties().approximate_message_count == 0, "cleared")

    encoded = QueueClient(
        URL,
        name,
        credential=client.credential,
        message_encode_policy=TextBase64EncodePolicy(),
        message_decode_policy=TextBase64DecodePolicy(),
        **OPTIONS,
    )
    encoded.send_message("base64")
    check(encoded.receive_message().content == "base64", "encoded")
    q.delete_queue()
    refused(404, "QueueNotFound", q.get_queue_properties)


def shared_key():
    client = QueueServiceClient.from_connection_string(CONNECTION_STRING, **OPTIONS)
    service_operations(client)
    queue_operations(client, "py-shared-key")
    named = service(AzureNamedKeyCredential(ACCOUNT, KEY))
    check(list(named.list_queues("nothing-")) == [], "named key")
    wrong = service({"account_name": ACCOUNT, "account_key": "d3Jvbmc="})
    refused(403, "AuthenticationFailed", lambda: wrong.list_queues())


def account_sas():
    sas = generate_account_sas(
        ACCOUNT,
        account_key=KEY,
        resource_types=ResourceTypes(service=True, container=True, object=True),
        permission=AccountSasPermissions.from_string("rwdlacup"),
        expiry=LATER,
        start=NOW - timedelta(minutes=15),
        protocol="https,http",
    )
    client = service(AzureSasCredential(sas))
    service_operations(client)
    # Access control lists are beyond every signature.
    queue_operations(client, "py-account-sas", acl=False)
    refused(403, "AuthorizationFailure", lambda: queue("py-none", sas).get_queue_access_policy())

    little = generate_account_sas(
        ACCOUNT,
        account_key=KEY,
        resource_types=ResourceTypes(service=True),
        permission=AccountSasPermissions(read=True),
        expiry=LATER,
    )
    refused(403, "AuthorizationPermissionMismatch", lambda: service(little).list_queues())
    refused(403, "AuthorizationResourceTypeMismatch", lambda: service(little).create_queue("py-x"))
    expired = generate_account_sas(
        ACCOUNT,
        account_key=KEY,
        resource_types=ResourceTypes(service=True),
        permission=AccountSasPermissions(list=True),
        expiry=NOW - timedelta(minutes=1),
    )
    refused(403, "AuthenticationFailed", lambda: service(expired).list_queues())


def with_queue_signature(q):
    """What a signature for one queue with all permissions allows."""
    sent = q.send_message("x")
    check(len(q.peek_messages()) == 1, "peek")
    check(q.get_queue_properties().approximate_message_count == 1, "properties")
    got = q.receive_message()
    updated = q.update_message(got, visibility_timeout=10)
    check(updated.id == sent.id, "update")
    q.delete_message(updated)
    refused(403, "AuthorizationFailure", q.clear_messages)
    refused(403, "AuthorizationFailure", q.delete_queue)
    refused(403, "AuthorizationFailure", lambda: q.set_queue_metadata({"a": "b"}))


def queue_sas():
    owner = QueueClient.from_connection_string(CONNECTION_STRING, "py-queue-sas", **OPTIONS)
    owner.create_queue()
    sas = generate_queue_sas(
        ACCOUNT, "py-queue-sas", KEY, permission=QueueSasPermissions(True, True, True, True), expiry=LATER
    )
    with_queue_signature(queue("py-queue-sas", sas))
    with_queue_signature(QueueClient.from_queue_url(f"{owner.url}?{sas}", **OPTIONS))
    add = generate_queue_sas(
        ACCOUNT, "py-queue-sas", KEY, permission="a", expiry=LATER, ip="127.0.0.1-127.0.0.9"
    )
    queue("py-queue-sas", add).send_message("x")
    refused(403, "AuthorizationPermissionMismatch", lambda: queue("py-queue-sas", add).peek_messages())
    elsewhere = generate_queue_sas(
        ACCOUNT, "py-queue-sas", KEY, permission="a", expiry=LATER, ip="203.0.113.1"
    )
    refused(
        403,
        "AuthorizationSourceIPMismatch",
        lambda: queue("py-queue-sas", elsewhere).send_message("x"),
    )
    owner.clear_messages()

    # By a stored policy, whole and completed by the signature.
    everything = AccessPolicy("raup", LATER, NOW - timedelta(minutes=15))
    owner.set_queue_access_policy({"all": everything, "open": AccessPolicy(expiry=LATER)})
    by_policy = generate_queue_sas(ACCOUNT, "py-queue-sas", KEY, policy_id="all")
    with_queue_signature(queue("py-queue-sas", by_policy))
    completed = generate_queue_sas(
        ACCOUNT, "py-queue-sas", KEY, policy_id="open", permission="raup"
    )
    with_queue_signature(queue("py-queue-sas", completed))
    owner.set_queue_access_policy({})
    refused(403, "AuthenticationFailed", lambda: queue("py-queue-sas", by_policy).peek_messages())
    owner.delete_queue()


def bearer():
    client = service(Token(os.environ["INTEROP_TOKEN"]))
    service_operations(client)
    queue_operations(client, "py-bearer")
    reader = service(Token(os.environ["INTEROP_READER_TOKEN"]))
    check(list(reader.list_queues("py-")) == [], "reader")
    refused(403, "AuthorizationPermissionMismatch", lambda: reader.create_queue("py-reader"))
    # The SDK asks for another token as the challenge says, and gets the same.
    try:
        list(service(Token("not.a.token")).list_queues())
    except ClientAuthenticationError as error:
        check(error.status_code == 401, "status of a bad token")
        check("authorization_uri=" in error.response.headers["WWW-Authenticate"], "challenge")
    else:
        raise AssertionError("a bad token is accepted")


def user_delegation_sas():
    client = service(Token(os.environ["INTEROP_TOKEN"]))
    key = client.get_user_delegation_key(start=NOW - timedelta(minutes=5), expiry=LATER)
    check(key.signed_service == "q", "service of the key")
    client.create_queue("py-delegated")
    sas = generate_queue_sas(
        ACCOUNT,
        "py-delegated",
        permission="raup",
        expiry=LATER,
        user_delegation_key=key,
        protocol="https",
    )
    with_queue_signature(queue("py-delegated", sas))
    peek = generate_queue_sas(
        ACCOUNT, "py-delegated", permission="r", expiry=LATER, user_delegation_key=key
    )
    refused(
        403,
        "AuthorizationPermissionMismatch",
        lambda: queue("py-delegated", peek).send_message("x"),
    )
    bound = generate_queue_sas(
        ACCOUNT,
        "py-delegated",
        permission="a",
        expiry=LATER,
        user_delegation_key=key,
        user_delegation_oid=key.signed_oid,
    )
    refused(403, "AuthenticationFailed", lambda: queue("py-delegated", bound).send_message("x"))
    key.value = KEY
    forged = generate_queue_sas(
        ACCOUNT, "py-delegated", permission="r", expiry=LATER, user_delegation_key=key
    )
    refused(403, "AuthenticationFailed", lambda: queue("py-delegated", forged).peek_messages())
    client.delete_queue("py-delegated")


def main():
    steps = [shared_key, account_sas, queue_sas]
    if CERTIFICATE:
        steps += [bearer, user_delegation_sas]
    for step in steps:
        before = checks.count
        step()
        print(f"python {VERSION} {URL.split(':')[0]}: {step.__name__}: {checks.count - before} checks")


main()
