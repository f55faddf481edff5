//! The program, killed again and again while clients work: what they were told stays true.

use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use queue_emulator::{Emulator, MessageState};
use queue_proto::ops::{CreateQueue, DeleteMessage, GetMessages, PutMessage, UpdateMessage};
use queue_proto::{
    LeaseTimeout, MessageCount, MessageId, MessageText, PopReceipt, VisibilityTimeout,
};

use crate::client::{Client, Failure};
use crate::common::name;
use crate::folder::{Folder, longer};
use crate::running::Running;

const ROUNDS: u32 = 50;
const WORKERS: usize = 8;
const QUEUE: &str = "jobs";
/// Longer than the test takes, so that nothing is handed out twice.
const HELD: u64 = 3600;

/// What the clients know, from what they were answered.
#[derive(Debug, Default)]
struct Known {
    /// Messages that are there, with their text.
    present: HashMap<MessageId, String>,
    /// Messages with a receipt that must be valid.
    held: HashMap<MessageId, PopReceipt>,
    deleted: HashSet<MessageId>,
    /// Messages of whose deletion or update nothing is known; such an update was to this text.
    doubtful: HashMap<MessageId, Option<String>>,
    /// Texts that may be there or not.
    doubtful_puts: HashSet<String>,
    /// How many messages may have been handed out to nobody.
    doubtful_gets: usize,
}

/// One client at work. It owns the messages that it holds: no other touches them.
struct Worker {
    known: Known,
    mine: Vec<(MessageId, PopReceipt)>,
    rng: Rng,
    name: String,
    count: usize,
}

impl Worker {
    /// Works until no answer comes.
    fn work(&mut self, port: u16) {
        let Ok(mut client) = Client::connect(port) else { return };
        while self.step(&mut client).is_some() {}
    }

    /// One operation; `None` when its answer did not come.
    fn step(&mut self, client: &mut Client) -> Option<()> {
        self.count += 1;
        match self.rng.u32(0..10) {
            0..4 => self.put(client),
            4..7 => self.get(client),
            7 => self.update(client),
            _ => self.delete(client),
        }
    }

    fn text(&mut self) -> String {
        let filler = "x".repeat(self.rng.usize(0..2_000));
        format!("{} {} {filler}", self.name, self.count)
    }

    fn put(&mut self, client: &mut Client) -> Option<()> {
        let text = self.text();
        let put = PutMessage::new(name(QUEUE), MessageText::new(text.clone()).unwrap());
        match client.call(&put) {
            Ok(answer) => drop(self.known.present.insert(answer.message.id().clone(), text)),
            Err(Failure::Lost) => {
                self.known.doubtful_puts.insert(text);
                return None;
            }
            Err(refused) => panic!("{refused:?}"),
        }
        Some(())
    }

    fn get(&mut self, client: &mut Client) -> Option<()> {
        let count = self.rng.u32(1..4);
        let get = GetMessages::new(name(QUEUE))
            .count(MessageCount::new(count).unwrap())
            .visibility_timeout(LeaseTimeout::from_secs(HELD).unwrap());
        match client.call(&get) {
            Ok(answer) => {
                for message in answer.messages {
                    self.mine.push((message.id().clone(), message.pop_receipt().clone()));
                    self.known.present.insert(message.id().clone(), message.text().to_owned());
                    self.known.held.insert(message.id().clone(), message.pop_receipt().clone());
                }
                Some(())
            }
            Err(Failure::Lost) => {
                self.known.doubtful_gets += count as usize;
                None
            }
            Err(refused) => panic!("{refused:?}"),
        }
    }

    /// Takes one of the messages that it holds.
    fn take(&mut self) -> Option<(MessageId, PopReceipt)> {
        (!self.mine.is_empty()).then(|| self.mine.swap_remove(self.rng.usize(..self.mine.len())))
    }

    fn update(&mut self, client: &mut Client) -> Option<()> {
        let Some((id, receipt)) = self.take() else { return Some(()) };
        let text = self.text();
        let hidden = VisibilityTimeout::from_secs(HELD).unwrap();
        let update = UpdateMessage::new(name(QUEUE), id.clone(), receipt, hidden)
            .text(MessageText::new(text.clone()).unwrap());
        match client.call(&update) {
            Ok(answer) => {
                self.mine.push((id.clone(), answer.pop_receipt.clone()));
                self.known.present.insert(id.clone(), text);
                self.known.held.insert(id, answer.pop_receipt);
                Some(())
            }
            Err(Failure::Lost) => {
                self.known.doubtful.insert(id, Some(text));
                None
            }
            Err(refused) => panic!("a receipt that was given out is not valid: {refused:?}"),
        }
    }

    fn delete(&mut self, client: &mut Client) -> Option<()> {
        let Some((id, receipt)) = self.take() else { return Some(()) };
        match client.call(&DeleteMessage::new(name(QUEUE), id.clone(), receipt)) {
            Ok(_) => {
                self.known.present.remove(&id);
                self.known.held.remove(&id);
                self.known.deleted.insert(id);
                Some(())
            }
            Err(Failure::Lost) => {
                self.known.doubtful.insert(id, None);
                None
            }
            Err(refused) => panic!("a receipt that was given out is not valid: {refused:?}"),
        }
    }
}

/// Puts together what the workers know. What one got another had put, and may have been deleted by
/// a third.
fn together(workers: &mut [Worker]) -> Known {
    let mut all = Known::default();
    for Worker { known, .. } in workers {
        all.present.extend(known.present.drain());
        all.deleted.extend(known.deleted.drain());
        all.doubtful.extend(known.doubtful.drain());
        all.doubtful_puts.extend(known.doubtful_puts.drain());
        all.doubtful_gets += std::mem::take(&mut known.doubtful_gets);
        all.held.extend(known.held.drain());
    }
    all.present.retain(|id, _| !all.deleted.contains(id));
    all
}

/// Holds what is stored against what is known.
fn check(known: &Known, texts: &HashMap<MessageId, String>, stored: &[MessageState], round: u32) {
    let stored: HashMap<_, _> =
        stored.iter().map(|message| (message.id.clone(), message)).collect();
    assert!(known.deleted.iter().all(|id| !stored.contains_key(id)), "{round}: deleted ones back");
    for (id, text) in &known.present {
        let doubt = known.doubtful.get(id);
        let Some(message) = stored.get(id) else {
            assert_eq!(doubt, Some(&None), "round {round}: a message is lost");
            continue;
        };
        // Another worker may have updated it after this one saw it.
        let text = texts.get(id).unwrap_or(text);
        let updated = doubt.and_then(Option::as_deref);
        let found = message.text.as_str();
        assert!(found == text || Some(found) == updated, "round {round}: {id} has another text");
        if let Some(receipt) = known.held.get(id)
            && doubt.is_none()
        {
            assert_eq!(&message.pop_receipt, receipt, "round {round}: a receipt is void");
        }
    }
    let strangers = stored.values().filter(|message| !known.present.contains_key(&message.id));
    for message in strangers {
        let text = message.text.as_str();
        assert!(known.doubtful_puts.contains(text), "round {round}: nobody put {text:.40}");
    }
    let surprises = stored
        .values()
        .filter(|message| message.dequeue_count > 0)
        .filter(|message| !known.held.contains_key(&message.id))
        .count();
    assert!(surprises <= known.doubtful_gets, "round {round}: {surprises} handed out to nobody");
}

#[test]
fn what_was_answered_survives_being_killed() {
    let folder = Folder::new();
    let location = folder.path().to_str().unwrap();
    let mut rng = Rng::with_seed(20_261_123);
    let worker = |number| Worker {
        known: Known::default(),
        mine: Vec::new(),
        rng: Rng::with_seed(number as u64),
        name: format!("worker {number}"),
        count: 0,
    };
    let mut workers: Vec<_> = (0..WORKERS).map(worker).collect();
    // What is true, as of the last look.
    let mut texts: HashMap<MessageId, String> = HashMap::new();
    let mut deleted = HashSet::new();
    let (mut answered, mut slowest) = (0, Duration::ZERO);

    let rounds = ROUNDS * longer();
    for round in 0..rounds {
        let start = Instant::now();
        // The end of a process loses nothing, however little it waits for the disk.
        let durability = if round % 5 == 4 { "os" } else { "disk" };
        let options = ["--port", "0", "--location", location, "--durability", durability];
        let running = Running::start(&options);
        slowest = slowest.max(start.elapsed());
        let port = running.port();
        if round == 0 {
            Client::connect(port).unwrap().call(&CreateQueue::new(name(QUEUE))).unwrap();
        }
        let before: usize = workers.iter().map(|worker| worker.count).sum();
        let life = Duration::from_millis(rng.u64(5..500));
        thread::scope(|scope| {
            for worker in &mut workers {
                scope.spawn(|| worker.work(port));
            }
            thread::sleep(life);
            running.kill();
        });
        answered += workers.iter().map(|worker| worker.count).sum::<usize>() - before;

        let emulator = Emulator::builder().location(location).open().unwrap();
        let stored = emulator.inspect().queue(QUEUE).unwrap().messages.clone();
        drop(emulator);
        let latest = latest_texts(&workers);
        let mut known = together(&mut workers);
        known.present.extend(texts.iter().map(|(id, text)| (id.clone(), text.clone())));
        known.present.retain(|id, _| !known.deleted.contains(id));
        known.deleted.extend(deleted.drain());
        check(&known, &latest, &stored, round);

        deleted = known.deleted;
        deleted.extend(known.doubtful.into_keys());
        texts.clear();
        for message in &stored {
            deleted.remove(&message.id);
            texts.insert(message.id.clone(), message.text.as_str().to_owned());
        }
        share_out(&mut workers, &stored);
    }
    println!("{rounds} rounds, {answered} operations, slowest start {slowest:?}");
    assert!(answered > 1_000, "only {answered} operations");
}

/// The text of each message after the last update that was answered, or else as it was put.
fn latest_texts(workers: &[Worker]) -> HashMap<MessageId, String> {
    let mut latest = HashMap::new();
    for Worker { known, .. } in workers {
        // Only who holds a message updates it, and nobody else gets it afterwards.
        for id in known.held.keys() {
            latest.insert(id.clone(), known.present.get(id).cloned().unwrap_or_default());
        }
    }
    latest
}

/// Gives each message that was handed out to a worker that goes on with its receipt; what was
/// handed out to nobody is found in the store.
fn share_out(workers: &mut [Worker], stored: &[MessageState]) {
    workers.iter_mut().for_each(|worker| worker.mine.clear());
    let held = stored.iter().filter(|message| message.dequeue_count > 0);
    for (message, number) in held.zip((0..WORKERS).cycle()) {
        if let Some(worker) = workers.get_mut(number) {
            let (id, receipt) = (message.id.clone(), message.pop_receipt.clone());
            worker.mine.push((id.clone(), receipt.clone()));
            worker.known.held.insert(id.clone(), receipt);
            worker.known.present.insert(id, message.text.as_str().to_owned());
        }
    }
}
