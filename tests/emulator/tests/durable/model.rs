//! Random operations, with the folder opened again at random points, against an emulator that keeps
//! everything in memory and is never restarted.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use queue_emulator::{AccountState, Emulator, ManualClock, MessageState};
use queue_proto::ops::{
    ClearMessages, CreateQueue, DeleteMessage, DeleteQueue, GetMessages, PutMessage,
    SetQueueMetadata, UpdateMessage,
};
use queue_proto::{
    ErrorCode, LeaseTimeout, MessageCount, MessageId, MessageText, Metadata, PopReceipt,
    ServiceError, TimeToLive, VisibilityTimeout,
};

use crate::common::{call, name};
use crate::folder::Folder;

#[derive(Debug, Clone)]
enum Step {
    Create {
        queue: &'static str,
    },
    Delete {
        queue: &'static str,
    },
    Describe {
        queue: &'static str,
        value: u8,
    },
    Put {
        queue: &'static str,
        hidden: u64,
        life: Option<u64>,
        length: usize,
    },
    Get {
        queue: &'static str,
        count: u32,
        hidden: u64,
    },
    Update {
        ticket: usize,
        hidden: u64,
        text: bool,
    },
    Remove {
        ticket: usize,
    },
    Clear {
        queue: &'static str,
    },
    Wait(u64),
    /// Stop, and start again.
    Restart,
    /// Go on with the files as they are, as if the machine had stopped.
    Crash,
}

const QUEUES: [&str; 2] = ["left", "right"];

fn step() -> impl Strategy<Value = Step> {
    let queue = || prop::sample::select(&QUEUES[..]);
    prop_oneof![
        3 => queue().prop_map(|queue| Step::Create { queue }),
        1 => queue().prop_map(|queue| Step::Delete { queue }),
        1 => (queue(), any::<u8>()).prop_map(|(queue, value)| Step::Describe { queue, value }),
        8 => (queue(), 0..4_u64, prop::option::of(5..40_u64), 0..3_000_usize).prop_map(
            |(queue, hidden, life, length)| Step::Put { queue, hidden, life, length }
        ),
        6 => (queue(), 1..5_u32, 1..10_u64)
            .prop_map(|(queue, count, hidden)| Step::Get { queue, count, hidden }),
        3 => (any::<usize>(), 0..10_u64, any::<bool>())
            .prop_map(|(ticket, hidden, text)| Step::Update { ticket, hidden, text }),
        4 => any::<usize>().prop_map(|ticket| Step::Remove { ticket }),
        1 => queue().prop_map(|queue| Step::Clear { queue }),
        5 => (0..8_u64).prop_map(Step::Wait),
        2 => Just(Step::Restart),
        2 => Just(Step::Crash),
    ]
}

/// A message as one of the two knows it.
type Held = (MessageId, PopReceipt);

/// The one in memory and the one on disk, side by side.
struct Pair {
    memory: Emulator,
    disk: Option<Emulator>,
    folder: Folder,
    clock: ManualClock,
    /// Every message that was ever held, current or not: the queue, and what each of the two calls
    /// it.
    tickets: Vec<(&'static str, Held, Held)>,
}

impl Pair {
    fn new() -> Self {
        let (folder, clock) = (Folder::new(), ManualClock::new());
        let memory = Emulator::builder().manual_clock(&clock).build();
        let disk = Some(folder.open(&clock));
        Self { memory, disk, folder, clock, tickets: Vec::new() }
    }

    fn disk(&self) -> &Emulator {
        self.disk.as_ref().unwrap()
    }

    /// Performs an operation on both, which must succeed or fail alike.
    fn both<O: queue_proto::Operation>(&self, operation: &O) -> Option<(O::Response, O::Response)> {
        self.each(operation, operation)
    }

    fn each<O: queue_proto::Operation>(
        &self,
        in_memory: &O,
        on_disk: &O,
    ) -> Option<(O::Response, O::Response)> {
        match (call(&self.memory, in_memory), call(self.disk(), on_disk)) {
            (Ok(a), Ok(b)) => Some((a, b)),
            (Err(a), Err(b)) => {
                let code = |error: &ServiceError| -> ErrorCode { error.code().clone() };
                assert_eq!(code(&a), code(&b));
                None
            }
            (a, b) => panic!("{:?} in memory, {:?} on disk", a.err(), b.err()),
        }
    }

    fn ticket(&self, index: usize) -> Option<(&'static str, Held, Held)> {
        self.tickets.get(index % self.tickets.len().max(1)).cloned()
    }

    fn perform(&mut self, step: Step, number: usize) {
        match step {
            Step::Create { queue } => drop(self.both(&CreateQueue::new(name(queue)))),
            Step::Delete { queue } => drop(self.both(&DeleteQueue::new(name(queue)))),
            Step::Describe { queue, value } => {
                let mut metadata = Metadata::new();
                metadata.insert("value", value.to_string()).unwrap();
                self.both(&SetQueueMetadata::new(name(queue), metadata));
            }
            Step::Put { queue, hidden, life, length } => {
                let text = MessageText::new(format!("{number} {}", "x".repeat(length))).unwrap();
                let life = life.map_or(TimeToLive::Never, |s| TimeToLive::from_secs(s).unwrap());
                let put = PutMessage::new(name(queue), text)
                    .visibility_timeout(VisibilityTimeout::from_secs(hidden).unwrap())
                    .time_to_live(life);
                if let Some((a, b)) = self.both(&put) {
                    let (a, b) = (a.message, b.message);
                    self.tickets.push((queue, a.into_parts(), b.into_parts()));
                }
            }
            Step::Get { queue, count, hidden } => {
                let get = GetMessages::new(name(queue))
                    .count(MessageCount::new(count).unwrap())
                    .visibility_timeout(LeaseTimeout::from_secs(hidden).unwrap());
                let Some((a, b)) = self.both(&get) else { return };
                assert_eq!(a.messages.len(), b.messages.len());
                for (a, b) in a.messages.into_iter().zip(b.messages) {
                    assert_eq!((&a.text(), a.dequeue_count()), (&b.text(), b.dequeue_count()));
                    self.tickets.push((
                        queue,
                        (a.id().clone(), a.pop_receipt().clone()),
                        (b.id().clone(), b.pop_receipt().clone()),
                    ));
                }
            }
            Step::Update { ticket, hidden, text } => {
                let Some((queue, a, b)) = self.ticket(ticket) else { return };
                let update = |(id, receipt): &Held| {
                    let hidden = VisibilityTimeout::from_secs(hidden).unwrap();
                    let update =
                        UpdateMessage::new(name(queue), id.clone(), receipt.clone(), hidden);
                    let new = MessageText::new(format!("{number}, updated")).unwrap();
                    if text { update.text(new) } else { update }
                };
                if let Some((c, d)) = self.each(&update(&a), &update(&b)) {
                    self.tickets.push((queue, (a.0, c.pop_receipt), (b.0, d.pop_receipt)));
                }
            }
            Step::Remove { ticket } => {
                let Some((queue, a, b)) = self.ticket(ticket) else { return };
                let delete = |(id, receipt): Held| DeleteMessage::new(name(queue), id, receipt);
                self.each(&delete(a), &delete(b));
            }
            Step::Clear { queue } => drop(self.both(&ClearMessages::new(name(queue)))),
            Step::Wait(seconds) => self.clock.advance(Duration::from_secs(seconds)),
            Step::Restart => {
                self.disk = None;
                self.disk = Some(self.folder.open(&self.clock));
            }
            Step::Crash => {
                let files = self.folder.as_after_a_crash();
                let recovered = files.open(&self.clock);
                assert_eq!(recovered.inspect(), self.disk().inspect());
                self.disk = Some(recovered);
                self.folder = files;
            }
        }
    }
}

/// What must be the same in both: all but ids and receipts, which are drawn by chance.
fn comparable(state: AccountState) -> Vec<(String, Metadata, Vec<String>)> {
    let message = |message: MessageState| {
        let MessageState { text, inserted_at, expires_at, next_visible_at, dequeue_count, .. } =
            message;
        format!(
            "{} {inserted_at:?} {expires_at:?} {next_visible_at:?} {dequeue_count}",
            text.as_str()
        )
    };
    let queues = state.queues.into_iter();
    queues
        .map(|queue| {
            let messages = queue.messages.into_iter().map(message).collect();
            (queue.name.to_string(), queue.metadata, messages)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_disk_remembers_what_memory_does(steps in vec(step(), 1..60)) {
        let mut pair = Pair::new();
        for (number, step) in steps.into_iter().enumerate() {
            pair.perform(step, number);
        }
        pair.perform(Step::Restart, 0);
        prop_assert_eq!(comparable(pair.disk().inspect()), comparable(pair.memory.inspect()));
    }
}
