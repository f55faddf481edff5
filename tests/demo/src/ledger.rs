//! [`Ledger`]: the books of the referee. It takes in what the processes say, and names what must not be:
//! a message that is lost, or one that two hold at once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use crate::events::{Event, Micros, Token};

/// The fate of all messages.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// How often each message was sent again, by its number.
    sent: BTreeMap<u32, u32>,
    /// All that was done for each message, by its number.
    runs: BTreeMap<u32, BTreeMap<Token, Run>>,
    numbers: HashMap<String, u32>,
    finished: BTreeSet<u32>,
    redelivered: BTreeSet<u32>,
    killed: BTreeSet<usize>,
    processes: BTreeMap<usize, Counts>,
}

/// A handler that ran.
#[derive(Debug)]
struct Run {
    process: usize,
    started: Micros,
    /// When it ended, and whether it held its lease then.
    finished: Option<(Micros, bool)>,
    /// What came of its message, if that was heard.
    end: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Deleted,
    /// Deleted, or in another receiver's hands before this instant.
    Gone(Micros),
    NotDeleted,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) sent: u32,
    pub(crate) started: u32,
    pub(crate) finished: u32,
    pub(crate) deleted: u32,
}

/// Messages that were worked on to the end more than once, by cause.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Duplicates {
    /// The receiver was killed before its delete was answered.
    pub(crate) killed: usize,
    /// The answer to the sender was lost, so it sent again.
    pub(crate) sent_twice: usize,
    /// The receiver lost its lease, and said so.
    pub(crate) lease_lost: usize,
    /// The answer to the receiver's delete was lost, and so was its lease before it asked again.
    pub(crate) answer_lost: usize,
    /// What is known of those without a cause.
    pub(crate) unexplained: Vec<String>,
}

/// Two deliveries of one message that were worked on at once, the earlier with a lease that it
/// believed to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overlap {
    number: u32,
    held: Token,
    later: u32,
    micros: u64,
}

impl Ledger {
    /// Takes in what a process says.
    pub(crate) fn record(&mut self, process: usize, event: &Event) -> Result<(), String> {
        let counts = self.processes.entry(process).or_default();
        match event {
            Event::Sent { number, resends } => {
                counts.sent += 1;
                self.sent.insert(*number, *resends);
            }
            Event::Started { token, number, at } => {
                counts.started += 1;
                self.numbers.insert(token.id.clone(), *number);
                if token.attempt > 1 {
                    self.redelivered.insert(*number);
                }
                let run = Run { process, started: *at, finished: None, end: None };
                let runs = self.runs.entry(*number).or_default();
                if runs.insert(token.clone(), run).is_some() {
                    return Err(format!("message {number} has two deliveries {}", token.attempt));
                }
            }
            Event::Finished { token, at, held } => {
                counts.finished += 1;
                let number = self.number(&token.id)?;
                self.finished.insert(number);
                let runs = self.runs.entry(number).or_default();
                let run = runs.get_mut(token).ok_or("a handler ended that never started")?;
                run.finished = Some((*at, *held));
            }
            Event::Deleted { token } => {
                counts.deleted += 1;
                self.record_end(token, End::Deleted)?;
            }
            Event::Gone { token, at } => {
                counts.deleted += 1;
                self.record_end(token, End::Gone(*at))?;
            }
            Event::NotDeleted { token } => self.record_end(token, End::NotDeleted)?,
        }
        Ok(())
    }

    fn record_end(&mut self, token: &Token, end: End) -> Result<(), String> {
        // A handler that was cancelled before its first step has said nothing.
        let Some(number) = self.numbers.get(&token.id) else { return Ok(()) };
        let runs = self.runs.entry(*number).or_default();
        if let Some(run) = runs.get_mut(token)
            && run.end.replace(end).is_some()
        {
            return Err(format!("delivery {} of message {number} ended twice", token.attempt));
        }
        Ok(())
    }

    /// All that this process has said is recorded, and it says no more.
    pub(crate) fn record_kill(&mut self, process: usize) {
        self.killed.insert(process);
    }

    fn number(&self, id: &str) -> Result<u32, String> {
        let number = self.numbers.get(id).copied();
        number.ok_or_else(|| format!("nobody has started the message {id}"))
    }

    fn all_runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.values().flat_map(BTreeMap::values)
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.len()
    }

    pub(crate) fn resends(&self) -> u32 {
        self.sent.values().sum()
    }

    /// How many messages somebody has worked on to the end.
    pub(crate) fn completed(&self) -> usize {
        self.finished.len()
    }

    pub(crate) fn redelivered(&self) -> usize {
        self.redelivered.len()
    }

    pub(crate) fn kills(&self) -> usize {
        self.killed.len()
    }

    pub(crate) fn lost(&self) -> usize {
        self.sent.keys().filter(|number| !self.finished.contains(number)).count()
    }

    pub(crate) fn counts(&self, process: usize) -> Counts {
        self.processes.get(&process).copied().unwrap_or_default()
    }

    /// Whether the process works on something.
    pub(crate) fn is_busy(&self, process: usize) -> bool {
        let counts = self.counts(process);
        counts.started > counts.deleted
    }

    /// What the process has received and not deleted, as far as was heard.
    pub(crate) fn held_by(&self, process: usize) -> BTreeSet<u32> {
        let holds = |run: &Run| run.process == process && run.end.is_none();
        let holding = self.runs.iter().filter(|(_, runs)| runs.values().any(holds));
        holding.map(|(number, _)| *number).collect()
    }

    /// How many of the given messages are completed by now.
    pub(crate) fn completed_of(&self, numbers: &BTreeSet<u32>) -> usize {
        numbers.intersection(&self.finished).count()
    }

    /// Handlers that a kill has cut off.
    pub(crate) fn cut_off(&self) -> usize {
        let cut = |run: &&Run| run.finished.is_none() && self.killed.contains(&run.process);
        self.all_runs().filter(cut).count()
    }

    pub(crate) fn duplicates(&self) -> Duplicates {
        let mut duplicates = Duplicates::default();
        for (number, runs) in &self.runs {
            let finished: Vec<_> = runs.iter().filter(|(_, run)| run.finished.is_some()).collect();
            let mut resends = self.sent.get(number).copied().unwrap_or_default();
            for pair in finished.windows(2) {
                let [(token, run), (next, later)] = pair else { continue };
                if token.id != next.id && resends > 0 {
                    resends -= 1;
                    duplicates.sent_twice += 1;
                } else if token.id != next.id {
                    let reason = format!("message {number} was sent once and has two ids");
                    duplicates.unexplained.push(reason);
                } else if run.end == Some(End::NotDeleted) || run.had_lost_it_to(later) {
                    duplicates.lease_lost += 1;
                } else if let Some(End::Gone(at)) = run.end
                    && others_had_it(runs, token, at)
                {
                    duplicates.answer_lost += 1;
                } else if run.end.is_none() && self.killed.contains(&run.process) {
                    duplicates.killed += 1;
                } else {
                    duplicates.unexplained.push(format!(
                        "message {number} was worked on by delivery {} ({run:?}) and by delivery {} \
                         ({later:?})",
                        token.attempt, next.attempt
                    ));
                }
            }
        }
        duplicates
    }

    /// Deliveries that were held at an instant at which a later delivery of the same message had
    /// begun.
    pub(crate) fn overlaps(&self) -> Vec<Overlap> {
        let mut overlaps = Vec::new();
        for (number, runs) in &self.runs {
            for (token, run) in runs {
                let Some((end, true)) = run.finished else { continue };
                let later = runs.iter().find(|(later, run)| {
                    later.id == token.id && later.attempt > token.attempt && run.started < end
                });
                if let Some((later, run)) = later {
                    overlaps.push(Overlap {
                        number: *number,
                        held: token.clone(),
                        later: later.attempt,
                        micros: end.0 - run.started.0,
                    });
                }
            }
        }
        overlaps
    }
}

impl Run {
    /// Whether the later delivery had begun when this handler ended, and its receiver knew that the
    /// lease was lost. The message may have come back to this receiver after that, and the handler's
    /// end then deleted it for both.
    fn had_lost_it_to(&self, later: &Self) -> bool {
        self.finished.is_some_and(|(at, held)| !held && later.started <= at)
    }
}

impl Duplicates {
    pub(crate) fn all(&self) -> usize {
        self.killed + self.sent_twice + self.lease_lost + self.answer_lost + self.unexplained.len()
    }
}

/// Whether a later delivery of the message had begun before that instant. Of a delivery whose
/// receiver was killed at once nothing was heard but that its number is missing.
fn others_had_it(runs: &BTreeMap<Token, Run>, token: &Token, at: Micros) -> bool {
    let mut later = runs.iter().filter(|(later, _)| later.id == token.id && *later > token);
    later.next().is_some_and(|(next, run)| run.started <= at || next.attempt > token.attempt + 1)
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, held, later, micros } = self;
        write!(
            f,
            "message {number} was held by delivery {} while delivery {later} ran for {micros} µs",
            held.attempt
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: &str, attempt: u32) -> Token {
        Token { id: id.into(), attempt }
    }

    fn started(id: &str, attempt: u32, at: u64) -> Event {
        Event::Started { token: token(id, attempt), number: 1, at: Micros(at) }
    }

    fn finished(id: &str, attempt: u32, at: u64, held: bool) -> Event {
        Event::Finished { token: token(id, attempt), at: Micros(at), held }
    }

    fn ledger(events: &[(usize, Event)]) -> Ledger {
        let mut ledger = Ledger::default();
        ledger.record(0, &Event::Sent { number: 1, resends: 0 }).unwrap();
        for (process, event) in events {
            ledger.record(*process, event).unwrap();
        }
        ledger
    }

    #[test]
    fn a_message_is_lost_until_somebody_has_worked_on_it() {
        let mut ledger = ledger(&[(1, started("a", 1, 0))]);
        ledger.record_kill(1);
        assert_eq!((ledger.lost(), ledger.completed(), ledger.cut_off()), (1, 0, 1));
        assert_eq!(ledger.held_by(1), BTreeSet::from([1]));
        ledger.record(2, &started("a", 2, 9)).unwrap();
        ledger.record(2, &finished("a", 2, 10, true)).unwrap();
        assert_eq!((ledger.lost(), ledger.completed(), ledger.redelivered()), (0, 1, 1));
        assert_eq!(ledger.completed_of(&ledger.held_by(1)), 1);
        assert_eq!(ledger.duplicates(), Duplicates::default());
        assert!(ledger.overlaps().is_empty());
    }

    #[test]
    fn a_repetition_has_its_cause_or_none() {
        let twice = [
            (1, started("a", 1, 0)),
            (1, finished("a", 1, 1, true)),
            (2, started("a", 2, 5)),
            (2, finished("a", 2, 6, true)),
        ];
        let none = Duplicates::default();
        let without = ledger(&twice);
        assert_eq!((without.duplicates().unexplained.len(), without.duplicates().all()), (1, 1));
        let mut killed = ledger(&twice);
        killed.record_kill(1);
        assert_eq!(killed.duplicates(), Duplicates { killed: 1, ..none.clone() });
        // Who is known to have deleted it is not excused by having been killed.
        killed.record(1, &Event::Deleted { token: token("a", 1) }).unwrap();
        assert_eq!((killed.duplicates().unexplained.len(), killed.duplicates().all()), (1, 1));
        let mut lost = ledger(&twice);
        lost.record(1, &Event::NotDeleted { token: token("a", 1) }).unwrap();
        assert_eq!(lost.duplicates(), Duplicates { lease_lost: 1, ..none });
    }

    #[test]
    fn a_handler_that_ended_without_its_lease_excuses_what_had_begun_before() {
        let twice = |end, held| {
            ledger(&[
                (1, started("a", 1, 0)),
                (2, started("a", 2, 5)),
                (2, finished("a", 2, 6, true)),
                (1, finished("a", 1, end, held)),
                (1, Event::Deleted { token: token("a", 1) }),
            ])
        };
        let lost = Duplicates { lease_lost: 1, ..Duplicates::default() };
        assert_eq!(twice(7, false).duplicates(), lost);
        assert_eq!(twice(4, false).duplicates().unexplained.len(), 1);
        assert_eq!(twice(7, true).duplicates().unexplained.len(), 1);
    }

    #[test]
    fn who_asks_again_for_a_delete_excuses_only_what_was_delivered_before() {
        let twice = |attempt| {
            ledger(&[
                (1, started("a", 1, 0)),
                (1, finished("a", 1, 1, true)),
                (2, started("a", attempt, 5)),
                (2, finished("a", attempt, 6, true)),
            ])
        };
        let gone = |at| Event::Gone { token: token("a", 1), at: Micros(at) };
        let mut before = twice(2);
        before.record(1, &gone(7)).unwrap();
        assert_eq!(before.duplicates(), Duplicates { answer_lost: 1, ..Duplicates::default() });
        let mut after = twice(2);
        after.record(1, &gone(4)).unwrap();
        assert_eq!((after.duplicates().unexplained.len(), after.duplicates().all()), (1, 1));
        // Somebody had it in between, and was killed before that was heard.
        let mut unheard = twice(3);
        unheard.record(1, &gone(4)).unwrap();
        assert_eq!(unheard.duplicates(), Duplicates { answer_lost: 1, ..Duplicates::default() });
    }

    #[test]
    fn two_messages_with_one_number_need_a_sender_that_sent_twice() {
        let mut ledger = ledger(&[
            (1, started("a", 1, 0)),
            (1, finished("a", 1, 1, true)),
            (1, started("b", 1, 0)),
            (1, finished("b", 1, 1, true)),
        ]);
        assert_eq!((ledger.duplicates().unexplained.len(), ledger.duplicates().all()), (1, 1));
        ledger.record(0, &Event::Sent { number: 1, resends: 1 }).unwrap();
        assert_eq!((ledger.duplicates().sent_twice, ledger.duplicates().all()), (1, 1));
    }

    #[test]
    fn a_lease_that_is_held_while_the_next_delivery_runs_is_an_overlap() {
        let events = |end, held| {
            [
                (1, started("a", 1, 0)),
                (2, started("a", 2, 50)),
                (2, finished("a", 2, 60, true)),
                (1, finished("a", 1, end, held)),
            ]
        };
        assert_eq!(
            ledger(&events(51, true)).overlaps(),
            [Overlap { number: 1, held: token("a", 1), later: 2, micros: 1 }]
        );
        assert!(ledger(&events(50, true)).overlaps().is_empty());
        // It knew that it was not alone.
        assert!(ledger(&events(51, false)).overlaps().is_empty());
    }

    #[test]
    fn one_delivery_cannot_start_twice() {
        let mut ledger = ledger(&[(1, started("a", 1, 0))]);
        ledger.record(2, &started("a", 1, 1)).unwrap_err();
    }
}
