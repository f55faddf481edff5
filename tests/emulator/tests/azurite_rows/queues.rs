//! Queues, their metadata and access control lists, and lists of queues.

use std::time::Duration;

use queue_emulator::Emulator;
use queue_proto::DEVSTORE_ACCOUNT;

use crate::wire::{Reply, Wire, escape};
use crate::{account_sas, acl, identifier};

#[test]
fn row_32_pages_of_queues_end() {
    let wire = Wire::new();
    ["ccc", "aaa", "bbb", "eee", "ddd"].iter().for_each(|name| wire.queue(name));
    let (mut names, mut marker) = (Vec::new(), String::new());
    for _ in 0..4 {
        let page = wire.get(&format!("?comp=list&maxresults=2&marker={}", escape(&marker))).send();
        names.extend(page.elements("Name"));
        if page.body.contains("<NextMarker />") {
            break;
        }
        marker = page.element("NextMarker");
    }
    assert_eq!(names, ["aaa", "bbb", "ccc", "ddd", "eee"]);
}

#[test]
fn row_33_limits_and_markers_of_lists_are_checked() {
    let wire = Wire::new();
    wire.get("?comp=list&maxresults=5001").send().refused(400, "OutOfRangeQueryParameterValue");
    wire.get("?comp=list&marker=garbage").send().refused(400, "OutOfRangeInput");
    let marker = format!("/{DEVSTORE_ACCOUNT}/jobs");
    let page = wire.get(&format!("?comp=list&marker={}", escape(&marker))).send().expect(200);
    assert_eq!(page.element("Marker"), marker);
    assert!(!page.body.contains("<MaxResults>"), "{}", page.body);
}

#[test]
fn row_34_bars_in_names_are_refused() {
    let wire = Wire::new();
    wire.put("/a%7Cbc").send().refused(400, "InvalidResourceName");
    let reply = wire.put("/ab").send().refused(400, "OutOfRangeInput");
    let text = "The specified resource name length is not within the permissible limits.";
    assert_eq!(reply.error.message(), text);
}

#[test]
fn row_35_metadata_is_checked() {
    let wire = Wire::new();
    wire.queue("jobs");
    let set = |name: &'static str, value: &str| {
        wire.put("/jobs?comp=metadata").header(name, value).send()
    };
    set("x-ms-meta-1abc", "x").refused(400, "InvalidMetadata");
    set("x-ms-meta-a-b", "x").refused(400, "InvalidMetadata");
    set("x-ms-meta-", "x").refused(400, "EmptyMetadataKey");
    set("x-ms-meta-big", &"x".repeat(9000)).refused(400, "MetadataTooLarge");
    set("x-ms-meta-good", "plain").expect(204);
    assert_eq!(wire.get("/jobs?comp=metadata").send().header("x-ms-meta-good"), "plain");

    let token = account_sas(&wire, "w", "c");
    let mut request = wire.put("/jobs?comp=metadata").sas(&token).request();
    let value = http::HeaderValue::from_bytes("grün".as_bytes()).unwrap();
    request.headers_mut().insert("x-ms-meta-color", value);
    Reply::new(wire.emulator.handle(request)).refused(400, "InvalidMetadata");
}

#[test]
fn row_36_deleted_queues_keep_their_name_for_a_while() {
    let wire = Wire::new();
    wire.queue("jobs");
    wire.delete("/jobs").send().expect(204);
    wire.put("/jobs").send().refused(409, "QueueBeingDeleted");
    wire.pass(29);
    wire.put("/jobs").send().refused(409, "QueueBeingDeleted");
    wire.pass(1);
    wire.put("/jobs").send().expect(201);
    let at_once = Emulator::builder().deletion_time(Duration::ZERO).build();
    assert!(at_once.inspect().queues.is_empty());
}

#[test]
fn row_37_access_control_lists_are_checked_and_normalized() {
    let wire = Wire::new();
    wire.queue("jobs");
    let set = |identifiers: &str| wire.put("/jobs?comp=acl").body(&acl(identifiers)).send();
    let policy = |inner: &str| format!("<AccessPolicy>{inner}</AccessPolicy>");
    assert_eq!(set(&identifier(&"x".repeat(65), "")).status, 400);
    assert_eq!(set(&[identifier("a", ""), identifier("a", "")].concat()).status, 400);
    assert_eq!(set(&identifier("a", &policy("<Start>tomorrow</Start>"))).status, 400);
    assert_eq!(set(&identifier("a", &policy("<Permission>xyz</Permission>"))).status, 400);
    let six: String = (0..6).map(|n| identifier(&n.to_string(), "")).collect();
    assert_eq!(set(&six).status, 400);

    set(&[identifier("bare", ""), identifier("dated", &policy("<Start>2030-01-02</Start>"))]
        .concat())
    .expect(204);
    let reply = wire.get("/jobs?comp=acl").send().expect(200);
    assert!(reply.body.contains("<Start>2030-01-02T00:00:00.0000000Z</Start>"), "{}", reply.body);
    assert!(reply.body.contains("<Id>bare</Id></SignedIdentifier>"), "{}", reply.body);
}
