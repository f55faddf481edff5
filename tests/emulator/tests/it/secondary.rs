//! The secondary: what the primary was a while ago.

use std::time::Duration;

use crate::wire::{MESSAGE, Wire, escape};

#[test]
fn shows_what_was_written_before_the_lag() {
    let wire = Wire::with(|builder| builder.replication_lag(Duration::from_secs(10)));
    let names = || wire.get("?comp=list").secondary().send().expect(200).elements("Name");
    let peek = || {
        let reply = wire.get("/jobs/messages?peekonly=true&numofmessages=32").secondary().send();
        reply.elements("MessageId")
    };
    wire.queue("jobs");
    assert!(names().is_empty());
    wire.pass(5);
    let (id, receipt) = wire.message("jobs");
    wire.pass(5);
    assert_eq!(names(), ["jobs"]);
    assert!(peek().is_empty());
    wire.pass(5);
    // Ids are those of the primary.
    assert_eq!(peek(), std::slice::from_ref(&id));

    // Hidden and deleted on the primary, and later here.
    let got = wire.get("/jobs/messages").send().element("PopReceipt");
    assert_ne!(got, receipt);
    assert_eq!(peek().len(), 1);
    wire.pass(10);
    assert!(peek().is_empty());
    wire.delete(&format!("/jobs/messages/{id}?popreceipt={}", escape(&got))).send().expect(204);
    wire.pass(60);
    assert!(peek().is_empty());
    assert_eq!(names(), ["jobs"]);

    let stats = wire.get("?restype=service&comp=stats").secondary().send().expect(200);
    let synced = httpdate::parse_http_date(&stats.element("LastSyncTime")).unwrap();
    let behind = wire.clock.now().duration_since(synced).unwrap();
    assert_eq!(behind.as_secs(), 10);
}

#[test]
fn metadata_policies_and_settings_follow() {
    let wire = Wire::with(|builder| builder.replication_lag(Duration::from_secs(1)));
    wire.queue("jobs");
    wire.put("/jobs?comp=metadata").header("x-ms-meta-a", "1").send().expect(204);
    let list =
        "<SignedIdentifiers><SignedIdentifier><Id>x</Id></SignedIdentifier></SignedIdentifiers>";
    wire.put("/jobs?comp=acl").body(list).send().expect(204);
    wire.get("/jobs?comp=acl").secondary().send().refused(404, "QueueNotFound");
    wire.pass(1);
    let reply = wire.get("/jobs?comp=metadata").secondary().send().expect(200);
    assert_eq!(reply.header("x-ms-meta-a"), "1");
    let reply = wire.get("/jobs?comp=acl").secondary().send().expect(200);
    assert_eq!(reply.elements("Id"), ["x"]);
}

#[test]
fn an_account_may_have_none() {
    let wire = Wire::with(queue_emulator::EmulatorBuilder::without_secondary);
    for target in ["?comp=list", "?restype=service&comp=stats"] {
        let reply = wire.get(target).secondary().send();
        reply.refused(403, "InsufficientAccountPermissions");
    }
}

#[test]
fn the_copy_is_exact_in_the_long_run() {
    let wire = Wire::with(|builder| builder.replication_lag(Duration::from_secs(1)).seed(7));
    wire.queue("jobs");
    for round in 0..50 {
        wire.post("/jobs/messages").body(MESSAGE).send().expect(201);
        if round % 3 == 0 {
            wire.get("/jobs/messages?visibilitytimeout=5").send().expect(200);
        }
        wire.pass(round % 4);
    }
    wire.pass(60);
    let peek = |secondary: bool| {
        let mut call = wire.get("/jobs/messages?peekonly=true&numofmessages=32");
        if secondary {
            call = call.secondary();
        }
        call.send().expect(200).body
    };
    assert_eq!(peek(false), peek(true));
}
