//! Lives of messages: which events they have, and why a message came again.

use queue_emulator::{Happening, Life, RecordLimits};
use queue_proto::MessageId;

use crate::wire::{MESSAGE, Wire, escape};

fn wire() -> Wire {
    let wire = Wire::with(|builder| builder.record(RecordLimits::new()));
    wire.queue("jobs");
    wire
}

fn life(wire: &Wire, id: &str) -> Life {
    wire.emulator.life("jobs", &MessageId::new(id).unwrap())
}

fn steps(life: &Life) -> Vec<Happening> {
    life.events.iter().map(|event| event.what).collect()
}

/// Receives one message as this program, and returns its receipt.
fn receive(wire: &Wire, program: &str) -> String {
    let reply = wire.get("/jobs/messages").header("user-agent", program).send().expect(200);
    reply.element("PopReceipt")
}

fn delete(wire: &Wire, program: &str, id: &str, receipt: &str) -> u16 {
    let target = format!("/jobs/messages/{id}?popreceipt={}", escape(receipt));
    wire.delete(&target).header("user-agent", program).send().status
}

#[test]
fn a_receiver_that_is_too_slow() {
    let wire = wire();
    let (id, _) = wire.message("jobs");
    let first = receive(&wire, "slow/1.0");
    wire.pass(42);
    let second = receive(&wire, "quick/2.0");
    wire.pass(3);
    assert_eq!(delete(&wire, "slow/1.0", &id, &first), 404);
    assert_eq!(delete(&wire, "quick/2.0", &id, &second), 204);
    let life = life(&wire, &id);
    assert_eq!(
        steps(&life),
        [
            Happening::Put,
            Happening::Received,
            Happening::Reappeared,
            Happening::Received,
            Happening::DeleteRefused,
            Happening::Deleted
        ]
    );
    assert_eq!(
        life.story,
        [
            "Delivery 2 happened because slow/1.0 had it for 30 s and neither deleted nor renewed it.",
            "A delete by slow/1.0 was refused because its receipt had died when the message was \
             delivered to quick/2.0, 3 s before.",
            "quick/2.0 deleted it: it is done.",
        ]
    );
    let counts: Vec<_> = life.events.iter().filter_map(|event| event.dequeue_count).collect();
    assert_eq!(counts, [1, 2]);
    let received = &life.events[1];
    assert_eq!(received.until, Some(received.at + std::time::Duration::from_secs(30)));
    assert!(life.events.iter().all(|event| event.message.as_ref().unwrap().as_str() == id));
}

#[test]
fn a_delete_whose_answer_was_lost() {
    let wire = wire();
    let (id, _) = wire.message("jobs");
    wire.emulator.add_fault("close-after operation=GetMessages times=1".parse().unwrap());
    let request = wire.get("/jobs/messages").header("user-agent", "unlucky/1.0").request();
    wire.emulator.exchange(request).result.unwrap_err();
    wire.pass(30);
    receive(&wire, "next/1.0");
    let life = life(&wire, &id);
    assert_eq!(
        life.story[0],
        "Delivery 2 happened because the answer to unlucky/1.0 was lost: unlucky/1.0 never learned \
         that it had the message for 30 s."
    );
    assert_eq!(
        life.events[1].reason.as_deref(),
        Some("its answer was lost by the fault `close-after`")
    );
    let lost = wire.emulator.requests().into_iter().find(|request| request.record.lost).unwrap();
    assert_eq!(life.events[1].request, Some(lost.number));
}

#[test]
fn renewals_releases_and_dead_receipts() {
    let wire = wire();
    let (id, put) = wire.message("jobs");
    let first = receive(&wire, "one/1");
    let update = |receipt: &str, seconds: u32| {
        let receipt = escape(receipt);
        let target =
            format!("/jobs/messages/{id}?popreceipt={receipt}&visibilitytimeout={seconds}");
        wire.put(&target).header("user-agent", "one/1").body(MESSAGE).send()
    };
    let renewed = update(&first, 60).expect(204).header("x-ms-popreceipt").to_owned();
    assert_eq!(update(&first, 60).status, 404);
    assert_eq!(delete(&wire, "two/1", &id, &put), 404);
    wire.pass(10);
    update(&renewed, 0).expect(204);
    receive(&wire, "three/1");
    let life = life(&wire, &id);
    assert_eq!(
        steps(&life),
        [
            Happening::Put,
            Happening::Received,
            Happening::Renewed,
            Happening::UpdateRefused,
            Happening::DeleteRefused,
            Happening::Released,
            Happening::Received
        ]
    );
    let reasons: Vec<_> = life.events.iter().filter_map(|event| event.reason.as_deref()).collect();
    assert_eq!(
        reasons,
        [
            "its receipt had been replaced by an update of one/1, just before",
            "its receipt had died when the message was delivered to one/1, just before",
            "one/1 made it visible again, just before",
        ]
    );
    assert!(life.events[2].text_changed);
    let last = life.story.last().unwrap();
    assert_eq!(
        last,
        "three/1 has it. It becomes visible again in 30 s, unless it is deleted or renewed before."
    );
}

#[test]
fn messages_expire_and_queues_are_cleared() {
    let wire = wire();
    let body = wire.post("/jobs/messages?messagettl=60").body(MESSAGE).send().expect(201);
    let (short, (long, _)) = (body.element("MessageId"), wire.message("jobs"));
    wire.pass(61);
    assert_eq!(steps(&life(&wire, &short)), [Happening::Put, Happening::Expired]);
    assert_eq!(life(&wire, &short).story, ["It expired, and nobody had received it."]);
    assert_eq!(steps(&life(&wire, &long)), [Happening::Put]);
    wire.delete("/jobs/messages").send().expect(204);
    assert_eq!(steps(&life(&wire, &long)), [Happening::Put, Happening::Cleared]);
    assert_eq!(steps(&life(&wire, &short)), [Happening::Put, Happening::Expired]);
    assert_eq!(life(&wire, "00000000-0000-0000-0000-000000000000"), Life::default());
}

#[test]
fn memory_is_bounded_and_nothing_is_kept_unasked() {
    let wire = Wire::with(|builder| builder.record(RecordLimits::new().requests(3).events(5)));
    wire.queue("jobs");
    for _ in 0..20 {
        wire.message("jobs");
    }
    let numbers: Vec<_> = wire.emulator.requests().iter().map(|seen| seen.number).collect();
    assert_eq!(numbers, [21, 20, 19]);
    let numbers: Vec<_> = wire.emulator.events().iter().filter_map(|event| event.number).collect();
    assert_eq!(numbers, [17, 18, 19, 20, 21]);

    let none = Wire::with(|builder| builder.record(RecordLimits::new().requests(0).events(0)));
    none.queue("jobs");
    none.message("jobs");
    assert!(none.emulator.requests().is_empty() && none.emulator.events().is_empty());

    let silent = Wire::new();
    silent.queue("jobs");
    let (id, _) = silent.message("jobs");
    assert!(silent.emulator.requests().is_empty() && silent.emulator.events().is_empty());
    assert_eq!(life(&silent, &id), Life::default());
}

#[test]
fn until_somebody_looks_only_requests_that_failed_are_remembered() {
    let limits = RecordLimits::new().requests_from_first_look();
    let wire = Wire::with(|builder| builder.record(limits));
    wire.queue("jobs");
    let (id, _) = wire.message("jobs");
    wire.emulator.add_fault("close-after operation=GetMessages times=1".parse().unwrap());
    let request = wire.get("/jobs/messages").header("user-agent", "unlucky/1.0").request();
    wire.emulator.exchange(request).result.unwrap_err();
    let refused = wire.get("/missing/messages").header("user-agent", "wrong/1.0").send();
    refused.expect(404);

    let life = life(&wire, &id);
    assert_eq!(steps(&life), [Happening::Put, Happening::Received]);
    assert_eq!(life.events[1].client.as_ref().unwrap().user_agent, "unlucky/1.0");
    assert_eq!(
        life.events[1].reason.as_deref(),
        Some("its answer was lost by the fault `close-after`")
    );
    let [refused, lost] = wire.emulator.requests().try_into().unwrap();
    assert!(lost.record.lost && lost.record.fault == Some("close-after"), "{lost:?}");
    assert_eq!(life.events[1].request, Some(lost.number));
    let record = &refused.record;
    assert_eq!(record.refused.as_ref().unwrap().code().as_str(), "QueueNotFound");
    assert_eq!(record.queue.as_ref().unwrap().as_str(), "missing");
    assert!(record.operation.is_some() && record.account.is_some() && record.version.is_some());
    assert_eq!(refused.header("user-agent"), Some("wrong/1.0"));

    wire.message("jobs");
    let newest = wire.emulator.requests().remove(0);
    assert_eq!(newest.record.status.unwrap(), 201);
    assert!(newest.number > refused.number);
}

#[test]
fn time_moves_forward_and_credentials_do_not_notice() {
    let wire = wire();
    wire.message("jobs");
    receive(&wire, "one/1");
    assert!(wire.get("/jobs/messages").send().expect(200).elements("MessageId").is_empty());
    // Far more than the 15 minutes by which a client's clock may differ.
    wire.emulator.advance(std::time::Duration::from_secs(24 * 60 * 60));
    assert_eq!(wire.get("/jobs/messages").send().expect(200).element("DequeueCount"), "2");
    wire.emulator.reset();
    assert!(wire.emulator.advanced_by().is_zero());
    assert!(wire.emulator.inspect().queues.is_empty() && wire.emulator.requests().is_empty());
    // Its name is free at once, also in the secondary.
    wire.queue("jobs");
    wire.message("jobs");
    let read = wire.get("/jobs/messages?peekonly=true").secondary().send().expect(200);
    assert_eq!(read.elements("MessageId").len(), 1);
}
