//! A queue against a model that is too simple to be wrong and too slow to be used: a list that is
//! searched from front to back.

use std::time::Duration;

use fastrand::Rng;
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::{Log, Metadata, Moment, Queue, TimeToLive, at, text};

#[derive(Debug, Clone)]
enum Step {
    Put { hidden: u64, life: Option<u64> },
    Get { count: usize, hidden: u64 },
    Peek { count: usize },
    Update { ticket: usize, hidden: u64, text: bool },
    Delete { ticket: usize },
    Clear,
    Wait(u64),
}

/// Short times, so that messages reappear and expire often within one run.
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_u64, prop::option::of(1..40_u64))
            .prop_map(|(hidden, life)| Step::Put { hidden, life }),
        6 => (1..5_usize, 0..10_u64).prop_map(|(count, hidden)| Step::Get { count, hidden }),
        2 => (1..5_usize).prop_map(|count| Step::Peek { count }),
        3 => (any::<usize>(), 0..10_u64, any::<bool>())
            .prop_map(|(ticket, hidden, text)| Step::Update { ticket, hidden, text }),
        4 => any::<usize>().prop_map(|ticket| Step::Delete { ticket }),
        1 => Just(Step::Clear),
        6 => (0..6_u64).prop_map(Step::Wait),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    id: Uuid,
    receipt: u128,
    text: String,
    visible: Moment,
    expires: Moment,
    count: u32,
}

/// Messages in the order in which they were last given a time to become visible.
#[derive(Debug, Default)]
struct Model {
    entries: Vec<Entry>,
}

impl Model {
    fn expire(&mut self, now: Moment) {
        self.entries.retain(|entry| entry.expires > now);
    }

    fn visible(&self, count: usize, now: Moment) -> Vec<Uuid> {
        let mut visible: Vec<_> =
            self.entries.iter().filter(|entry| entry.visible <= now).collect();
        visible.sort_by_key(|entry| entry.visible);
        visible.iter().take(count).map(|entry| entry.id).collect()
    }

    /// Takes the entry out; whoever reschedules it puts it back at the end.
    fn take(&mut self, id: Uuid) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.id == id)?;
        Some(self.entries.remove(index))
    }

    fn owns(&self, (id, receipt): (Uuid, u128)) -> bool {
        self.entries.iter().any(|entry| entry.id == id && entry.receipt == receipt)
    }
}

fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

proptest! {
    #[test]
    fn agrees_with_the_model(steps in vec(step(), 1..120), seed in any::<u64>()) {
        let mut queue = Queue::new(Metadata::default(), Log::default());
        let mut model = Model::default();
        let mut rng = Rng::with_seed(seed);
        let mut clock = 0;
        // Every id and receipt ever handed out, current or not.
        let mut tickets: Vec<(Uuid, u128)> = Vec::new();

        for (number, step) in steps.into_iter().enumerate() {
            let now = at(clock);
            model.expire(now);
            match step {
                Step::Wait(seconds) => clock += seconds,
                Step::Put { hidden, life } => {
                    let body = format!("message {number}");
                    let (life, expires) = match life {
                        Some(life) => (TimeToLive::from_secs(life).unwrap(), at(clock + life)),
                        None => (TimeToLive::Never, Moment::NEVER),
                    };
                    let sent = queue.put(text(&body), secs(hidden), life, now, &mut rng);
                    let visible = at(clock + hidden);
                    prop_assert_eq!(
                        (sent.inserted_at, sent.expires_at, sent.next_visible_at),
                        (now, expires, visible)
                    );
                    tickets.push((sent.id, sent.receipt));
                    let (id, receipt) = (sent.id, sent.receipt);
                    model.entries.push(Entry { id, receipt, text: body, visible, expires, count: 0 });
                }
                Step::Get { count, hidden } => {
                    let expected = model.visible(count, now);
                    let received = queue.get(count, secs(hidden), now, &mut rng);
                    let ids: Vec<_> = received.iter().map(|got| got.message.id).collect();
                    prop_assert_eq!(ids, expected);
                    for got in received {
                        let mut entry = model.take(got.message.id).unwrap();
                        entry.count += 1;
                        entry.visible = at(clock + hidden);
                        entry.receipt = got.receipt;
                        prop_assert_eq!(got.message.dequeue_count, entry.count);
                        prop_assert_eq!(got.message.text.as_str(), &entry.text);
                        prop_assert_eq!(got.message.expires_at, entry.expires);
                        prop_assert_eq!(got.next_visible_at, entry.visible);
                        prop_assert!(tickets.iter().all(|(_, old)| *old != got.receipt));
                        tickets.push((entry.id, entry.receipt));
                        model.entries.push(entry);
                    }
                }
                Step::Peek { count } => {
                    let peeked = queue.peek(count, now);
                    let ids: Vec<_> = peeked.iter().map(|peeked| peeked.id).collect();
                    prop_assert_eq!(ids, model.visible(count, now));
                }
                Step::Update { ticket, hidden, text: with_text } => {
                    let Some(&(id, receipt)) = tickets.get(ticket % tickets.len().max(1)) else {
                        continue;
                    };
                    let body = format!("text {number}");
                    let new = with_text.then(|| text(&body));
                    let updated = queue.update(id, receipt, secs(hidden), new, now, &mut rng);
                    prop_assert_eq!(updated.is_ok(), model.owns((id, receipt)));
                    if let Ok(updated) = updated {
                        let mut entry = model.take(id).unwrap();
                        entry.visible = at(clock + hidden);
                        entry.receipt = updated.receipt;
                        if with_text {
                            entry.text = body;
                        }
                        prop_assert_eq!(updated.next_visible_at, entry.visible);
                        tickets.push((id, entry.receipt));
                        model.entries.push(entry);
                    }
                }
                Step::Delete { ticket } => {
                    let Some(&(id, receipt)) = tickets.get(ticket % tickets.len().max(1)) else {
                        continue;
                    };
                    let owned = model.owns((id, receipt));
                    prop_assert_eq!(queue.delete(id, receipt, now).is_ok(), owned);
                    if owned {
                        model.take(id);
                    }
                }
                Step::Clear => {
                    queue.clear();
                    model.entries.clear();
                }
            }
            model.expire(at(clock));
            prop_assert_eq!(queue.len(at(clock)), model.entries.len());
        }
    }
}
