//! The rules of the service, case by case; [`model`] checks them on random runs.

mod model;

use std::time::{Duration, UNIX_EPOCH};

use fastrand::Rng;
use queue_proto::{MessageText, Metadata, QueueName, TimeToLive};

use super::journal::Log;
use super::*;

const START: u64 = 1_800_000_000;

fn at(seconds: u64) -> Moment {
    Moment::from(UNIX_EPOCH + Duration::from_secs(START + seconds))
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn text(text: &str) -> MessageText {
    MessageText::new(text).unwrap()
}

/// A queue, and the generator that its operations take.
struct Fixture {
    queue: Queue,
    rng: Rng,
}

impl Fixture {
    fn new() -> Self {
        Self { queue: Queue::new(Metadata::default(), Log::default()), rng: Rng::with_seed(1) }
    }

    fn put(&mut self, body: &str, hidden: u64, now: u64) -> Sent {
        self.queue.put(text(body), seconds(hidden), TimeToLive::DEFAULT, at(now), &mut self.rng)
    }

    fn get(&mut self, count: usize, hidden: u64, now: u64) -> Vec<Received> {
        self.queue.get(count, seconds(hidden), at(now), &mut self.rng)
    }

    fn update(&mut self, of: &Received, hidden: u64, now: u64) -> Result<Scheduled, Stale> {
        let Received { message, receipt, .. } = of;
        self.queue.update(message.id, *receipt, seconds(hidden), None, at(now), &mut self.rng)
    }

    fn delete(&mut self, of: &Received, now: u64) -> Result<(), Stale> {
        self.queue.delete(of.message.id, of.receipt, at(now))
    }
}

fn bodies(received: &[Received]) -> Vec<&str> {
    received.iter().map(|received| received.message.text.as_str()).collect()
}

#[test]
fn a_message_that_is_not_deleted_reappears_after_its_timeout() {
    let mut f = Fixture::new();
    f.put("work", 0, 0);
    let first = f.get(1, 30, 0).remove(0);
    assert_eq!(first.message.dequeue_count, 1);
    assert_eq!(first.next_visible_at, at(30));
    assert!(f.get(1, 30, 29).is_empty());

    let second = f.get(1, 30, 30).remove(0);
    assert_eq!(second.message.id, first.message.id);
    assert_eq!(second.message.dequeue_count, 2);
    assert_ne!(second.receipt, first.receipt);

    assert_eq!(f.delete(&first, 31), Err(Stale));
    assert_eq!(f.delete(&second, 31), Ok(()));
    assert_eq!(f.delete(&second, 31), Err(Stale));
    assert_eq!(f.queue.len(at(31)), 0);
}

#[test]
fn a_receipt_outlives_its_lease_until_the_message_is_handed_out_again() {
    let mut f = Fixture::new();
    f.put("work", 0, 0);
    let late = f.get(1, 30, 0).remove(0);
    let renewed = f.update(&late, 60, 1_000).unwrap();
    assert_eq!(renewed.next_visible_at, at(1_060));
    assert_eq!(f.update(&late, 60, 1_000), Err(Stale), "an update replaces the receipt");
    assert_eq!(f.queue.delete(late.message.id, renewed.receipt, at(5_000)), Ok(()));
}

#[test]
fn the_receipt_of_a_put_can_be_used_at_once() {
    let mut f = Fixture::new();
    let sent = f.put("work", 100, 0);
    let shown = f.queue.update(sent.id, sent.receipt, seconds(0), None, at(1), &mut f.rng).unwrap();
    assert_eq!(bodies(&f.get(1, 30, 1)), ["work"]);
    assert_eq!(f.queue.delete(sent.id, shown.receipt, at(1)), Err(Stale));
}

#[test]
fn first_in_first_out_and_reappearing_messages_queue_again() {
    let mut f = Fixture::new();
    for body in ["a", "b", "c"] {
        f.put(body, 0, 0);
    }
    assert_eq!(bodies(&f.get(2, 10, 0)), ["a", "b"]);
    f.put("d", 0, 5);
    assert_eq!(bodies(&f.get(32, 10, 20)), ["c", "d", "a", "b"]);
}

#[test]
fn peeking_changes_nothing_and_skips_hidden_messages() {
    let mut f = Fixture::new();
    f.put("hidden", 10, 0);
    f.put("a", 0, 0);
    let peeked = f.queue.peek(32, at(0));
    assert_eq!(peeked, f.queue.peek(32, at(0)));
    assert_eq!(peeked.len(), 1);
    assert_eq!(peeked[0].dequeue_count, 0);
    assert_eq!(f.queue.peek(32, at(10)).len(), 2);
}

#[test]
fn a_message_is_handed_out_once_even_if_it_is_not_hidden() {
    let mut f = Fixture::new();
    f.put("a", 0, 0);
    assert_eq!(f.get(32, 0, 0).len(), 1);
    assert_eq!(f.get(32, 0, 0)[0].message.dequeue_count, 2);
}

#[test]
fn messages_expire_hidden_or_not_and_whoever_holds_them() {
    let mut f = Fixture::new();
    let life = TimeToLive::from_secs(10).unwrap();
    for _ in 0..3 {
        f.queue.put(text("short"), seconds(0), life, at(0), &mut f.rng);
    }
    f.queue.put(text("long"), seconds(0), TimeToLive::Never, at(0), &mut f.rng);
    let held = f.get(1, 100, 0).remove(0);
    // The service allows this; expiry wins.
    let held = Received { receipt: f.update(&held, 50, 1).unwrap().receipt, ..held };

    assert_eq!(f.queue.len(at(9)), 4);
    assert_eq!(f.queue.len(at(10)), 1);
    assert_eq!(f.delete(&held, 10), Err(Stale));
    assert_eq!(bodies(&f.get(32, 1, 1_000_000_000)), ["long"]);
}

#[test]
fn an_update_with_text_replaces_it_and_leaves_count_and_expiry() {
    let mut f = Fixture::new();
    let sent = f.put("old", 0, 0);
    let got = f.get(1, 30, 0).remove(0);
    let new = Some(text("new"));
    f.queue.update(sent.id, got.receipt, seconds(0), new, at(1), &mut f.rng).unwrap();
    let peeked = f.queue.peek(1, at(1)).remove(0);
    assert_eq!((peeked.text.as_str(), peeked.dequeue_count), ("new", 1));
    assert_eq!((peeked.inserted_at, peeked.expires_at), (sent.inserted_at, sent.expires_at));
}

#[test]
fn clearing_removes_hidden_messages_too_and_voids_receipts() {
    let mut f = Fixture::new();
    f.put("a", 0, 0);
    f.put("b", 0, 0);
    let held = f.get(1, 30, 0).remove(0);
    assert_eq!(f.queue.clear().len(at(0)), 2);
    assert_eq!(f.queue.len(at(0)), 0);
    assert_eq!(f.delete(&held, 0), Err(Stale));
    f.put("c", 0, 0);
    assert_eq!(bodies(&f.get(32, 1, 0)), ["c"]);
}

fn name(name: &str) -> QueueName {
    QueueName::new(name).unwrap()
}

fn metadata(value: &str) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.insert("k", value).unwrap();
    metadata
}

#[test]
fn creating_twice_succeeds_only_with_the_same_metadata() {
    let mut service = Service::new(seconds(30));
    let mut create = |value| service.create(name("jobs"), metadata(value), at(0));
    assert_eq!(create("1"), Ok(Created::New));
    assert_eq!(create("1"), Ok(Created::Already));
    assert_eq!(create("2"), Err(Refusal::OtherMetadata));
}

#[test]
fn the_name_of_a_deleted_queue_is_free_after_the_deletion_time() {
    let mut service = Service::new(seconds(30));
    service.create(name("jobs"), Metadata::default(), at(0)).unwrap();
    service.delete(&name("jobs"), at(0)).unwrap();
    assert_eq!(service.delete(&name("jobs"), at(1)).unwrap_err(), Refusal::NotFound);
    assert!(matches!(service.queue(&name("jobs")), Err(Refusal::NotFound)));
    let mut create = |now| service.create(name("jobs"), Metadata::default(), at(now));
    assert_eq!(create(29), Err(Refusal::BeingDeleted));
    assert_eq!(create(30), Ok(Created::New));
}

#[test]
fn listing_is_alphabetical_by_prefix_and_continues_where_it_stopped() {
    let mut service = Service::new(seconds(0));
    for queue in ["job-2", "zoo", "job-1", "job", "ant", "job-3"] {
        service.create(name(queue), Metadata::default(), at(0)).unwrap();
    }
    let list = |prefix, from: Option<&str>, limit| {
        let page = service.list(prefix, from.map(name).as_ref(), limit);
        let names = page.queues.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
        (names.join(" "), page.next.map(|name| name.to_string()))
    };
    assert_eq!(list("", None, 9), ("ant job job-1 job-2 job-3 zoo".into(), None));
    assert_eq!(list("", None, 2), ("ant job".into(), Some("job-1".into())));
    assert_eq!(list("", Some("job-1"), 3), ("job-1 job-2 job-3".into(), Some("zoo".into())));
    assert_eq!(list("job-", None, 2), ("job-1 job-2".into(), Some("job-3".into())));
    assert_eq!(list("job-", Some("job-3"), 2), ("job-3".into(), None));
    assert_eq!(list("job-", Some("job-20"), 2), ("job-3".into(), None), "of a queue now gone");
    assert_eq!(list("job-", Some("ant"), 1), ("job-1".into(), Some("job-2".into())));
    assert_eq!(list("nothing", None, 9), (String::new(), None));
}
