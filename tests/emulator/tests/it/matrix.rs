//! Every operation with every permission that a credential can have: allowed exactly where the table
//! of operations says so.

use queue_auth::sas::*;
use queue_emulator::{Role, TokenIssuer, UserToken};
use queue_proto::DEVSTORE_ACCOUNT;
use queue_proto::OperationKind;

use crate::wire::{Call, MESSAGE, Wire, key};

/// A request for the operation; what it asks for need not be there.
fn call<'a>(wire: &'a Wire, kind: OperationKind) -> Call<'a> {
    use OperationKind::*;

    let message = "/jobs/messages/6f1f1a5e-0000-4000-8000-000000000000\
                   ?popreceipt=AAAAAAAAAAAAAAAAAAAAAA%3D%3D";
    let update = format!("{message}&visibilitytimeout=0");
    let (method, target, body) = match kind {
        ListQueues => ("GET", "?comp=list", ""),
        GetServiceProperties => ("GET", "?restype=service&comp=properties", ""),
        SetServiceProperties => {
            let nothing = "<StorageServiceProperties></StorageServiceProperties>";
            ("PUT", "?restype=service&comp=properties", nothing)
        }
        Preflight => ("OPTIONS", "/jobs", ""),
        GetServiceStats => ("GET", "?restype=service&comp=stats", ""),
        GetUserDelegationKey => {
            let info = "<KeyInfo><Expiry>2020-01-01T00:00:00Z</Expiry></KeyInfo>";
            ("POST", "?restype=service&comp=userdelegationkey", info)
        }
        CreateQueue => ("PUT", "/jobs", ""),
        DeleteQueue => ("DELETE", "/jobs", ""),
        GetQueueMetadata => ("GET", "/jobs?comp=metadata", ""),
        SetQueueMetadata => ("PUT", "/jobs?comp=metadata", ""),
        GetQueueAcl => ("GET", "/jobs?comp=acl", ""),
        SetQueueAcl => ("PUT", "/jobs?comp=acl", ""),
        PutMessage => ("POST", "/jobs/messages", MESSAGE),
        GetMessages => ("GET", "/jobs/messages", ""),
        PeekMessages => ("GET", "/jobs/messages?peekonly=true", ""),
        UpdateMessage => ("PUT", update.as_str(), ""),
        DeleteMessage => ("DELETE", message, ""),
        ClearMessages => ("DELETE", "/jobs/messages", ""),
    };
    let call = wire.call(method, target).body(body);
    if kind == GetServiceStats { call.secondary() } else { call }
}

/// Whether the request got past authorization.
fn allowed(call: Call<'_>) -> bool {
    let reply = call.send();
    let code = reply.header("x-ms-error-code").to_owned();
    let refused = reply.status == 403 && code.starts_with("Auth");
    assert!(refused || !matches!(reply.status, 401 | 403), "{code}");
    !refused
}

/// Those whom the preflight, which needs no credential, does not answer.
fn kinds() -> impl Iterator<Item = OperationKind> {
    OperationKind::ALL.into_iter().filter(|kind| !kind.permission().anonymous)
}

#[test]
fn account_signatures() {
    let wire = Wire::new();
    for letter in "rwdlacup".chars() {
        for level in "sco".chars() {
            let token = AccountSas::new(
                letter.to_string().parse().unwrap(),
                level.to_string().parse().unwrap(),
                wire.after(3600),
            );
            let token = token.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
            for kind in kinds() {
                let expected = kind.permission().account_sas.is_some_and(|needed| {
                    needed.resource.letter() == level && needed.letters.contains(&letter)
                });
                let got = allowed(call(&wire, kind).sas(&token));
                assert_eq!(got, expected, "{kind} with sp={letter} srt={level}");
            }
        }
    }
}

#[test]
fn queue_signatures() {
    let wire = Wire::new();
    for letter in "raup".chars() {
        let token = QueueSas::new("jobs", letter.to_string().parse().unwrap(), wire.after(3600));
        let token = token.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
        for kind in kinds() {
            let expected = kind.permission().queue_sas == Some(letter);
            let got = allowed(call(&wire, kind).sas(&token));
            assert_eq!(got, expected, "{kind} with sp={letter}");
        }
    }
}

#[test]
fn roles() {
    use OperationKind::*;

    let wire = Wire::new();
    let operations: [(Role, &[OperationKind]); 4] = [
        (Role::Sender, &[PutMessage]),
        (Role::Processor, &[GetMessages, PeekMessages, DeleteMessage]),
        (Role::Reader, &[ListQueues, GetQueueMetadata, PeekMessages]),
        (Role::Delegator, &[GetUserDelegationKey]),
    ];
    for (role, expected) in operations {
        let issuer = TokenIssuer::new(b"any");
        let token = issuer.issue(&UserToken::new().role(role), wire.clock.now());
        for kind in kinds() {
            let got = allowed(call(&wire, kind).bearer(&token).https());
            assert_eq!(got, expected.contains(&kind), "{kind} as {role}");
        }
    }
}

#[test]
fn keys_and_nobody() {
    let wire = Wire::new();
    for kind in kinds() {
        let owner = allowed(call(&wire, kind));
        assert_eq!(owner, !kind.permission().bearer_only, "{kind}");
        assert_eq!(allowed(call(&wire, kind).lite()), owner, "{kind}");
        call(&wire, kind).anonymous().send().refused(401, "NoAuthenticationInformation");
    }
}
