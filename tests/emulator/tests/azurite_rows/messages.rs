//! Messages and their receipts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::wire::{MESSAGE, Reply, Wire, escape};

#[test]
fn row_22_time_to_live_is_kept() {
    // Across a restart it is kept too, when there is a folder to restart from: see the tests of the
    // store.
    let wire = Wire::new();
    wire.queue("jobs");
    wire.post("/jobs/messages?messagettl=5").body(MESSAGE).send().expect(201);
    wire.pass(4);
    assert_eq!(wire.get("/jobs/messages?peekonly=true").send().elements("MessageId").len(), 1);
    wire.pass(1);
    assert_eq!(wire.get("/jobs/messages?peekonly=true").send().elements("MessageId").len(), 0);
    assert_eq!(wire.get("/jobs/messages").send().elements("MessageId").len(), 0);
}

#[test]
fn row_23_every_message_has_a_receipt_of_its_own() {
    let wire = Wire::new();
    wire.queue("jobs");
    (0..32).for_each(|_| drop(wire.message("jobs")));
    let reply = wire.get("/jobs/messages?numofmessages=32").send().expect(200);
    let mut receipts = reply.elements("PopReceipt");
    for receipt in &receipts {
        // Longer than a time with two random bytes.
        assert_eq!(STANDARD.decode(receipt).unwrap().len(), 16);
    }
    receipts.sort();
    receipts.dedup();
    assert_eq!(receipts.len(), 32);
}

#[test]
fn row_24_stale_receipts_are_not_found_and_malformed_ones_invalid() {
    let wire = Wire::new();
    wire.queue("jobs");
    let (id, stale) = wire.message("jobs");
    wire.get("/jobs/messages").send().expect(200);
    let (m, stale) = (format!("/jobs/messages/{id}"), escape(&stale));
    wire.delete(&format!("{m}?popreceipt={stale}")).send().refused(404, "MessageNotFound");
    let update = format!("{m}?popreceipt={stale}&visibilitytimeout=0");
    wire.put(&update).send().refused(404, "MessageNotFound");
    let reply = wire.delete(&format!("{m}?popreceipt=no-sense")).send();
    reply.refused(400, "InvalidQueryParameterValue");
}

#[test]
fn row_25_xml_must_be_what_is_asked_for() {
    let wire = Wire::new();
    wire.queue("jobs");
    let put = |body: &str| wire.post("/jobs/messages").body(body).send().status;
    assert_eq!(put(MESSAGE), 201);
    for body in [
        "<Other><MessageText>x</MessageText></Other>",
        "<QueueMessage><MessageText>x</MessageText><Extra>y</Extra></QueueMessage>",
        "<queuemessage><messagetext>x</messagetext></queuemessage>",
        "<QueueMessage></QueueMessage>",
        "<QueueMessage><MessageText>&#x1;</MessageText></QueueMessage>",
        "plain text",
        "",
    ] {
        assert_eq!(put(body), 400, "{body}");
    }
    let (id, receipt) = wire.message("jobs");
    let target = format!("/jobs/messages/{id}?popreceipt={}&visibilitytimeout=0", escape(&receipt));
    wire.put(&target).body("<QueueMessage></QueueMessage>").send().expect(400);

    // Not UTF-8.
    let mut request = wire.post("/jobs/messages").body(MESSAGE).request();
    let mut body = request.body().to_vec();
    body[27] = 0xff;
    *request.body_mut() = body.into();
    Reply::new(wire.emulator.handle(request)).refused(400, "InvalidXmlDocument");
}

#[test]
fn row_26_md5_is_checked_and_lengths_are_needed() {
    let wire = Wire::new();
    wire.queue("jobs");
    // printf %s "$MESSAGE" | openssl md5 -binary | base64
    let put = || wire.post("/jobs/messages").body(MESSAGE);
    put().header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==").send().refused(400, "Md5Mismatch");
    put().header("content-md5", "AAAA").send().refused(400, "InvalidMd5");
    put().header("content-md5", "Joq8seS7HFWh6VdY4lufhQ==").send().expect(201);
    put().no_length().send().refused(411, "MissingContentLengthHeader");
}

#[test]
fn row_27_times_are_whole_numbers_in_range() {
    let wire = Wire::new();
    wire.queue("jobs");
    let put = |query: &str| wire.post(&format!("/jobs/messages?{query}")).body(MESSAGE).send();
    put("messagettl=1.5").refused(400, "InvalidQueryParameterValue");
    put("messagettl=-2").refused(400, "InvalidQueryParameterValue");
    put("visibilitytimeout=604800").refused(400, "InvalidQueryParameterValue");
    put("visibilitytimeout=60&messagettl=60").refused(400, "InvalidQueryParameterValue");
    put("visibilitytimeout=604799").expect(201);
    put("visibilitytimeout=604800&messagettl=-1").expect(201);
}

#[test]
fn row_28_other_paths_touch_no_message() {
    let wire = Wire::new();
    wire.queue("jobs");
    wire.message("jobs");
    wire.get("/jobs/foo").send().refused(400, "InvalidUri");
    wire.get("/jobs/?comp=metadata").send().refused(400, "InvalidUri");
    wire.get("/jobs/messages?peekonly=maybe").send().refused(400, "InvalidQueryParameterValue");
    wire.get("/jobs/messages?peekonly=TRUE").send().expect(200);
    let reply = wire.get("/jobs/messages?peekonly=true").send().expect(200);
    assert_eq!(reply.element("DequeueCount"), "0");
}

#[test]
fn row_29_expired_messages_do_not_count() {
    let wire = Wire::new();
    wire.queue("jobs");
    wire.post("/jobs/messages?messagettl=5").body(MESSAGE).send().expect(201);
    let count = || {
        wire.get("/jobs?comp=metadata").send().header("x-ms-approximate-messages-count").to_owned()
    };
    assert_eq!(count(), "1");
    wire.pass(5);
    assert_eq!(count(), "0");
}

#[test]
fn row_30_messages_reappear() {
    let wire = Wire::new();
    wire.queue("jobs");
    wire.message("jobs");
    let get = || wire.get("/jobs/messages?visibilitytimeout=30").send().elements("DequeueCount");
    assert_eq!(get(), ["1"]);
    assert!(get().is_empty());
    wire.pass(30);
    assert_eq!(get(), ["2"]);
}

#[test]
fn row_31_updates_may_hide_beyond_the_expiry() {
    let wire = Wire::new();
    wire.queue("jobs");
    let reply = wire.post("/jobs/messages?messagettl=60").body(MESSAGE).send().expect(201);
    let (id, receipt) = (reply.element("MessageId"), escape(&reply.element("PopReceipt")));
    let target = format!("/jobs/messages/{id}?popreceipt={receipt}&visibilitytimeout=3600");
    wire.put(&target).send().expect(204);
    wire.pass(60);
    let count = wire.get("/jobs?comp=metadata").send();
    assert_eq!(count.header("x-ms-approximate-messages-count"), "0");
}
