//! Bearer tokens, roles and user delegation keys, beyond what other emulators get wrong.

use std::time::Duration;

use queue_auth::sas::{AccountSas, QueueSas, SasToken};
use queue_auth::sas::{QueuePermissions, SasProtocol, UserDelegationKey, UserDelegationSas};
use queue_emulator::{Role, TokenIssuer, UserToken};
use queue_proto::DEVSTORE_ACCOUNT;

use crate::wire::{MESSAGE, Reply, Wire, key};

fn token(wire: &Wire, user: &UserToken) -> String {
    TokenIssuer::new(b"any").issue(user, wire.clock.now())
}

fn key_info(wire: &Wire, from: u64, to: u64) -> String {
    let iso = |seconds| {
        let time = time::OffsetDateTime::from(wire.after(seconds)).replace_nanosecond(0).unwrap();
        time.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    format!("<KeyInfo><Start>{}</Start><Expiry>{}</Expiry></KeyInfo>", iso(from), iso(to))
}

fn ask_for_key(wire: &Wire, user: &UserToken, info: &str) -> Reply {
    let call = wire.post("?restype=service&comp=userdelegationkey").bearer(&token(wire, user));
    call.https().body(info).send()
}

fn delegation_key(wire: &Wire, user: &UserToken) -> UserDelegationKey {
    let given = ask_for_key(wire, user, &key_info(wire, 0, 3600)).expect(200);
    let time = |name: &str| {
        let format = &time::format_description::well_known::Rfc3339;
        time::OffsetDateTime::parse(&given.element(name), format).unwrap().into()
    };
    UserDelegationKey::new(
        given.element("SignedOid"),
        given.element("SignedTid"),
        time("SignedStart"),
        time("SignedExpiry"),
        given.element("SignedVersion"),
        &given.element("Value"),
    )
    .unwrap()
}

fn sign(wire: &Wire, permissions: QueuePermissions, key: &UserDelegationKey) -> SasToken {
    UserDelegationSas::new("jobs", permissions, wire.after(600))
        .sign(DEVSTORE_ACCOUNT, key)
        .unwrap()
}

#[test]
fn delegation_keys_have_limits() {
    let wire = Wire::new();
    let user = UserToken::new();
    let day = 24 * 3600;
    ask_for_key(&wire, &user, &key_info(&wire, 0, 7 * day)).expect(200);
    for (from, to) in [(0, 7 * day + 60), (60, 60), (60, 30)] {
        let reply = ask_for_key(&wire, &user, &key_info(&wire, from, to));
        assert_eq!(reply.refused(400, "InvalidXmlNodeValue").detail("XmlNodeName"), "Expiry");
    }
    let fraction = "<KeyInfo><Expiry>2030-01-01T00:00:00.5Z</Expiry></KeyInfo>";
    ask_for_key(&wire, &user, fraction).refused(400, "InvalidXmlNodeValue");

    // Only with a bearer token, and only since the version that has them.
    let target = "?restype=service&comp=userdelegationkey";
    let info = key_info(&wire, 0, 60);
    wire.post(target).body(&info).send().refused(403, "AuthenticationFailed");
    let old = wire.post(target).bearer(&token(&wire, &user)).https().version("2025-05-05");
    old.body(&info).send().refused(400, "InvalidQueryParameterValue");
    ask_for_key(&wire, &user.role(Role::Reader), &info)
        .refused(403, "AuthorizationPermissionMismatch");
}

#[test]
fn a_delegated_signature_permits_no_more_than_its_owner_may() {
    let wire = Wire::with(|builder| {
        builder.roles("sender", [Role::Sender, Role::Delegator]).roles("nobody", [])
    });
    wire.queue("jobs");
    let put = |sas: &SasToken| wire.post("/jobs/messages").body(MESSAGE).sas(sas).send();
    let peek = |sas: &SasToken| wire.get("/jobs/messages?peekonly=true").sas(sas).send();
    let users = [
        UserToken::new().object_id("sender"),
        // The roles are in the token, and count for the key too.
        UserToken::new().object_id("other").role(Role::Sender).role(Role::Delegator),
    ];
    for user in users {
        let sas = sign(&wire, QueuePermissions::ALL, &delegation_key(&wire, &user));
        put(&sas).expect(201);
        peek(&sas).refused(403, "AuthorizationPermissionMismatch");
    }
    let owner = sign(&wire, QueuePermissions::ALL, &delegation_key(&wire, &UserToken::new()));
    peek(&owner).expect(200);
    // Not for other queues.
    wire.queue("other");
    wire.get("/other/messages").sas(&owner).send().refused(403, "AuthenticationFailed");

    let nobody = token(&wire, &UserToken::new().object_id("nobody"));
    let reply = wire.get("/jobs/messages").bearer(&nobody).https().send();
    reply.refused(403, "AuthorizationPermissionMismatch");
}

#[test]
fn delegation_keys_outlive_the_process_that_gave_them_out() {
    let before = Wire::new();
    let key = delegation_key(&before, &UserToken::new());
    let after = Wire::new();
    after.queue("jobs");
    let sas = sign(&after, QueuePermissions::ADD, &key);
    drop(before);
    after.post("/jobs/messages").body(MESSAGE).sas(&sas).https().send().expect(201);
}

#[test]
fn a_limited_owner_stays_limited_when_the_emulator_starts_again() {
    let contributor = UserToken::new().role(Role::Contributor);
    let processor = UserToken::new().object_id("p").role(Role::Processor).role(Role::Delegator);
    // In memory the limit is forgotten, and the key is refused.
    let before = Wire::new();
    let keys = [&contributor, &processor].map(|user| delegation_key(&before, user));
    let after = Wire::new();
    after.queue("jobs");
    for key in &keys {
        let sas = sign(&after, QueuePermissions::ALL, key);
        let put = after.post("/jobs/messages").body(MESSAGE).sas(&sas).https().send();
        put.refused(403, "AuthenticationFailed");
    }

    let folder = std::env::temp_dir().join(format!("queue-emulator-users-{}", std::process::id()));
    let open = || Wire::of(|builder| builder.location(&folder).open().unwrap());
    let before = open();
    before.queue("jobs");
    let keys = [&contributor, &processor].map(|user| delegation_key(&before, user));
    drop(before);
    let after = open();
    let call = |key, method, target| {
        let sas = sign(&after, QueuePermissions::ALL, key);
        after.call(method, target).body(MESSAGE).sas(&sas).https().send()
    };
    let [contributor, processor] = &keys;
    call(contributor, "POST", "/jobs/messages").expect(201);
    call(processor, "GET", "/jobs/messages").expect(200);
    call(processor, "POST", "/jobs/messages").refused(403, "AuthorizationPermissionMismatch");
    drop(after);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_bound_signature_needs_its_user() {
    let wire = Wire::new();
    wire.queue("jobs");
    let key = delegation_key(&wire, &UserToken::new());
    let sas = UserDelegationSas::new("jobs", QueuePermissions::ADD, wire.after(600))
        .bound_to("alice")
        .sign(DEVSTORE_ACCOUNT, &key)
        .unwrap();
    let put = |user: Option<&str>| {
        let mut call = wire.post("/jobs/messages").body(MESSAGE).sas(&sas).https();
        if let Some(user) = user {
            let user = UserToken::new().object_id(user);
            call = call.header("authorization", &format!("Bearer {}", token(&wire, &user)));
        }
        call.send()
    };
    put(Some("alice")).expect(201);
    put(Some("bob")).refused(403, "AuthenticationFailed");
    put(None).refused(403, "AuthenticationFailed");
}

#[test]
fn tokens_in_clear_text_only_when_asked_for_and_from_here() {
    let wire = Wire::with(queue_emulator::EmulatorBuilder::bearer_over_http);
    wire.queue("jobs");
    let token = token(&wire, &UserToken::new());
    wire.get("?comp=list").bearer(&token).send().expect(200);
    let reply = wire.get("?comp=list").bearer(&token).from([192, 0, 2, 1]).send();
    reply.refused(403, "AuthenticationFailed");

    // What demands HTTPS by itself still does, whatever comes with it.
    let sas = QueueSas::new("jobs", QueuePermissions::READ, wire.after(60))
        .protocol(SasProtocol::HttpsOnly)
        .sign(DEVSTORE_ACCOUNT, &key())
        .unwrap();
    let peek = || wire.get("/jobs/messages?peekonly=true").sas(&sas);
    peek().send().refused(403, "AuthorizationProtocolMismatch");
    let beside = peek().header("authorization", &format!("Bearer {token}"));
    beside.send().refused(403, "AuthorizationProtocolMismatch");
    peek().https().send().expect(200);
}

#[test]
fn old_versions_know_no_tokens() {
    let wire = Wire::new();
    let token = token(&wire, &UserToken::new());
    let reply = wire.get("?comp=list").bearer(&token).https().version("2017-07-29").send();
    let reply = reply.refused(400, "InvalidAuthenticationInfo");
    assert_eq!(reply.header("x-ms-version"), "");
    wire.queue("jobs");
    let acl = |version| wire.get("/jobs?comp=acl").bearer(&token).https().version(version).send();
    acl("2025-05-05").refused(403, "AuthenticationFailed");
    acl("2025-07-05").expect(200);
}

#[test]
fn other_users_have_the_roles_that_are_set_for_them() {
    let wire = Wire::with(|builder| builder.other_roles([Role::Processor]));
    wire.queue("jobs");
    let token = token(&wire, &UserToken::new().life(Duration::from_secs(60)));
    let call =
        |method, target| wire.call(method, target).bearer(&token).https().body(MESSAGE).send();
    call("GET", "/jobs/messages").expect(200);
    call("POST", "/jobs/messages").refused(403, "AuthorizationPermissionMismatch");
    call("PUT", "/others").refused(403, "AuthorizationPermissionMismatch");
    // Clocks may be off by five minutes.
    wire.pass(60 + 4 * 60);
    call("GET", "/jobs/messages").expect(200);
    wire.pass(2 * 60);
    call("GET", "/jobs/messages").refused(401, "InvalidAuthenticationInfo");
}

#[test]
fn made_up_tokens_of_every_cloud_are_taken() {
    let wire = Wire::new();
    let list = |user: UserToken| wire.get("?comp=list").bearer(&token(&wire, &user)).https().send();
    // The tenant of the issuer need not be that of the user: nobody vouches for either.
    for issuer in ["https://sts.windows-ppe.net/any/", "https://sts.windows.net//any/"] {
        list(UserToken::new().issuer(issuer)).expect(200);
    }
    for cloud in ["windows.net", "chinacloudapi.cn/", "usgovcloudapi.net", "cloudapi.de/"] {
        let audience = format!("https://{DEVSTORE_ACCOUNT}.queue.core.{cloud}");
        list(UserToken::new().audience(audience)).expect(200);
    }
    let other = "https://other.queue.core.windows.net";
    for user in
        [UserToken::new().audience(other), UserToken::new().issuer("https://issuer.example/any/")]
    {
        let reply = list(user).refused(401, "InvalidAuthenticationInfo");
        assert!(reply.error.message().starts_with("Server failed to authenticate the request."));
    }
}

/// As the setting "Allow storage account key access" of an account, switched off.
#[test]
fn account_keys_can_be_forbidden_and_users_go_on() {
    const FORBIDDEN: &str = "KeyBasedAuthenticationNotPermitted";
    let wire = Wire::with(|builder| builder.forbid_shared_key());
    let user = UserToken::new();
    let token = token(&wire, &user);
    let metadata = || wire.get("/jobs?comp=metadata");
    wire.put("/jobs").https().bearer(&token).send().expect(201);

    let reply = wire.put("/jobs").send().refused(403, FORBIDDEN);
    let text = "Key based authentication is not permitted on this storage account.";
    assert_eq!(reply.error.message(), text);
    metadata().lite().send().refused(403, FORBIDDEN);
    let (letters, types) = ("rwdlacup".parse().unwrap(), "sco".parse().unwrap());
    let account = AccountSas::new(letters, types, wire.after(600));
    let account = account.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
    metadata().sas(&account).send().refused(403, FORBIDDEN);
    let queue = QueueSas::new("jobs", QueuePermissions::ALL, wire.after(600));
    let queue = queue.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
    metadata().sas(&queue).send().refused(403, FORBIDDEN);

    let delegated = sign(&wire, QueuePermissions::ALL, &delegation_key(&wire, &user));
    metadata().sas(&delegated).send().expect(200);
    metadata().https().bearer(&token).send().expect(200);
    // Nothing is told to who has no right at all.
    metadata().anonymous().send().refused(401, "NoAuthenticationInformation");
    metadata().at(wire.after(3600)).send().refused(403, "AuthenticationFailed");
}
