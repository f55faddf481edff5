//! The limits of the service, for those who ask for them.

use std::time::Duration;

use queue_emulator::{Check, Emulator, ManualClock, Refused};
use queue_proto::ops::{
    ClearMessages, CreateQueue, DeleteMessage, GetMessages, GetQueueMetadata, PeekMessages,
    PutMessage, UpdateMessage,
};
use queue_proto::{
    CallOptions, Endpoint, ErrorCode, MessageCount, MessageText, Operation, ServiceError,
    VisibilityTimeout,
};

use crate::common::{call, name, send};

fn put() -> PutMessage {
    PutMessage::new(name("jobs"), MessageText::new("x").unwrap())
}

/// An emulator with a queue of which nothing is left of this second.
fn exhausted() -> (Emulator, ManualClock) {
    let clock = ManualClock::new();
    let emulator = Emulator::builder().service_limits().manual_clock(&clock).build();
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    call(&emulator, &CreateQueue::new(name("other"))).unwrap();
    for _ in 0..2_000 {
        call(&emulator, &put()).unwrap();
    }
    (emulator, clock)
}

fn busy<T: std::fmt::Debug>(outcome: Result<T, ServiceError>) -> bool {
    match outcome {
        Ok(_) => false,
        Err(error) => {
            assert_eq!((error.code(), error.status().as_u16()), (&ErrorCode::ServerBusy, 503));
            true
        }
    }
}

#[test]
fn the_2001st_message_of_a_second_is_refused_and_not_stored() {
    let (emulator, clock) = exhausted();
    assert!(busy(call(&emulator, &put())));
    let refused = send(&emulator, put().to_http(&Endpoint::emulator(), &CallOptions::default()));
    let reason = refused.extensions().get::<Refused>().unwrap();
    assert_eq!(reason.check(), Check::Limits);
    assert_eq!(emulator.inspect().queue("jobs").unwrap().messages.len(), 2_000);
    // Other queues, and what is about no message, go on.
    let other = PutMessage::new(name("other"), MessageText::new("x").unwrap());
    assert!(!busy(call(&emulator, &other)));
    assert!(!busy(call(&emulator, &GetQueueMetadata::new(name("jobs")))));
    clock.advance(Duration::from_millis(1));
    assert!(!busy(call(&emulator, &put())));
    assert!(!busy(call(&emulator, &put())));
    assert!(busy(call(&emulator, &put())));
}

#[test]
fn every_operation_on_messages_counts_and_each_message_of_a_page() {
    let (emulator, clock) = exhausted();
    let clear = ClearMessages::new(name("jobs"));
    let get = GetMessages::new(name("jobs"));
    assert!(busy(call(&emulator, &get)));
    assert!(busy(call(&emulator, &PeekMessages::new(name("jobs")))));
    assert!(busy(call(&emulator, &clear)));
    clock.advance(Duration::from_secs(60));
    let mut page = GetMessages::new(name("jobs"));
    page.count = Some(MessageCount::MAX);
    let messages = call(&emulator, &page).unwrap().messages;
    let first = messages.first().unwrap();
    let update = UpdateMessage::new(
        name("jobs"),
        first.id().clone(),
        first.pop_receipt().clone(),
        VisibilityTimeout::ZERO,
    );
    let receipt = call(&emulator, &update).unwrap().pop_receipt;
    let delete = DeleteMessage::new(name("jobs"), first.id().clone(), receipt);
    call(&emulator, &delete).unwrap();
    // 32, 1 and 1 are used.
    for _ in 0..2_000 - 34 {
        call(&emulator, &put()).unwrap();
    }
    assert!(busy(call(&emulator, &put())));
}

#[test]
fn without_being_asked_for_there_are_none() {
    let (emulator, _clock) = Emulator::with_manual_clock();
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    for _ in 0..2_100 {
        call(&emulator, &put()).unwrap();
    }
}
