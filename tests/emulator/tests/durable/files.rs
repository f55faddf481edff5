//! Files that are damaged, cut off or gone: no start with less than was stored, and not a word
//! about it.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::channel;

use fastrand::Rng;
use queue_emulator::{Durability, Emulator, ManualClock, Notice, Recovered, StoreErrorKind};
use queue_proto::MessageText;
use queue_proto::ops::{CreateQueue, PutMessage};

use crate::common::{call, name};
use crate::folder::{Folder, longer};

const QUEUE: &str = "jobs";
const FRAME: usize = 24 + 4_096;

fn put(emulator: &Emulator, text: &str) {
    call(emulator, &PutMessage::new(name(QUEUE), MessageText::new(text).unwrap())).unwrap();
}

fn main_of(folder: &Folder) -> PathBuf {
    folder.path().join("queues.sqlite")
}

fn log_of(folder: &Folder) -> PathBuf {
    folder.path().join("queues.sqlite-wal")
}

/// A store as after a crash: `stored` messages are in the database and `logged` in the log.
fn crashed(stored: usize, logged: usize) -> Folder {
    let folder = Folder::new();
    let open = || {
        let builder = Emulator::builder().location(folder.path());
        builder.durability(Durability::OperatingSystem).open().unwrap()
    };
    let emulator = open();
    call(&emulator, &CreateQueue::new(name(QUEUE))).unwrap();
    (0..stored).for_each(|number| put(&emulator, &text(number)));
    drop(emulator);
    let emulator = open();
    (stored..stored + logged).for_each(|number| put(&emulator, &text(number)));
    folder.as_after_a_crash()
}

/// The text of a message: short, or on several pages.
fn text(number: usize) -> String {
    format!("{number} {}", "x".repeat(if number % 10 == 9 { 9_000 } else { number % 7 }))
}

/// What the queue has; the text of each message is the one that was put.
fn count(emulator: &Emulator, most: usize) -> usize {
    let state = emulator.inspect();
    let Some(queue) = state.queue(QUEUE) else { return 0 };
    let known: HashMap<String, usize> = (0..most).map(|number| (text(number), number)).collect();
    for message in &queue.messages {
        assert!(
            known.contains_key(message.text.as_str()),
            "nobody put {:.40}",
            message.text.as_str()
        );
    }
    queue.messages.len()
}

fn refused(folder: &Folder) -> String {
    let error = Emulator::builder().location(folder.path()).open().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
    std::error::Error::source(&error).unwrap().to_string()
}

fn recovered(folder: &Folder) -> (Emulator, Option<Recovered>) {
    let (tell, told) = channel();
    let builder = Emulator::builder().on_notice(move |notice| drop(tell.send(notice.clone())));
    let emulator = builder.location(folder.path()).recover(true).open().unwrap();
    let recovered = told.try_iter().find_map(|notice| match notice {
        Notice::Recovered(recovered) => Some(recovered),
        _ => None,
    });
    (emulator, recovered)
}

#[test]
fn a_log_without_its_database() {
    for empty in [false, true] {
        let folder = crashed(0, 30);
        match empty {
            true => fs::write(main_of(&folder), "").unwrap(),
            false => fs::remove_file(main_of(&folder)).unwrap(),
        }
        let expected = if empty { "empty file" } else { "not the database" };
        for _ in 0..2 {
            assert!(refused(&folder).contains(expected));
        }
        let (emulator, report) = recovered(&folder);
        let report = report.unwrap();
        // Some pages are in the database alone. What was read is whole all the same.
        assert!(report.kept_in.join("queues.sqlite-wal").exists(), "{report}");
        count(&emulator, 30);
        drop(emulator);
        assert!(recovered(&folder).1.is_none(), "it is whole now");
    }
}

#[test]
fn a_recovery_that_a_crash_interrupts_is_finished_by_the_next_start() {
    let folder = crashed(50, 30);
    let mut log = fs::read(log_of(&folder)).unwrap();
    log[9] ^= 1;
    fs::write(log_of(&folder), &log).unwrap();
    let old = fs::read(main_of(&folder)).unwrap();
    let (emulator, _) = recovered(&folder);
    let expected = count(&emulator, 80);
    drop(emulator);
    // As it was when the new database was complete, and none of the old files replaced yet; and
    // when the log was removed.
    for log_is_there in [true, false] {
        let folder = folder.copy();
        fs::rename(main_of(&folder), folder.path().join("queues.sqlite.recovered")).unwrap();
        fs::write(main_of(&folder), &old).unwrap();
        if log_is_there {
            fs::write(log_of(&folder), &log).unwrap();
        }
        assert_eq!(count(&folder.open(&ManualClock::new()), 80), expected);
    }
}

#[test]
fn an_empty_database_alone() {
    let folder = Folder::new();
    fs::write(main_of(&folder), "").unwrap();
    assert!(refused(&folder).contains("empty"));
    let (emulator, report) = recovered(&folder);
    assert!(report.is_some());
    call(&emulator, &CreateQueue::new(name(QUEUE))).unwrap();
}

#[test]
fn a_database_that_is_cut_off() {
    for logged in [0, 20] {
        let folder = crashed(200, logged);
        let whole = fs::read(main_of(&folder)).unwrap();
        let mut lost = 0;
        for keep in [whole.len() - 1, whole.len() - 4_096, whole.len() / 2, 4_096, 100] {
            let folder = folder.copy();
            fs::write(main_of(&folder), &whole[..keep]).unwrap();
            assert!(refused(&folder).contains("pages"), "{keep}");
            let (emulator, report) = recovered(&folder);
            let there = count(&emulator, 200 + logged);
            let report = report.unwrap();
            // Half a text is found when it is read.
            let aside = emulator.set_aside().unwrap().len();
            assert_eq!((there + aside) as u64, report.messages + report.halves, "{keep}");
            assert!(report.unreadable || there + aside == 200 + logged, "{keep}");
            lost = 200 + logged - there;
        }
        assert!(lost > 100, "{lost}");
    }
}

#[test]
fn a_database_that_is_shorter_than_its_log_says_is_no_damage() {
    // What the log has is not in the database yet.
    let folder = crashed(0, 400);
    assert_eq!(count(&folder.open(&ManualClock::new()), 400), 400);
}

#[test]
fn a_log_that_is_damaged_in_its_middle() {
    let folder = crashed(10, 40);
    let whole = fs::read(log_of(&folder)).unwrap();
    let frames = (whole.len() - 32) / FRAME;
    assert!(frames > 60, "{frames}");
    let mut refusals = 0;
    // The header; a page, a checksum, a salt and the length in the middle; the first frame.
    for at in [9, 17, 32 + 25, 32, 32 + 20 * FRAME + 2_000, 32 + 20 * FRAME + 17]
        .into_iter()
        .chain((20..30).flat_map(|frame| [4, 9].map(|byte| 32 + frame * FRAME + byte)))
    {
        let folder = folder.copy();
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(log_of(&folder), bytes).unwrap();
        assert!(refused(&folder).contains("log"), "{at}");
        refusals += 1;
        let (emulator, report) = recovered(&folder);
        let there = count(&emulator, 50);
        assert!((10..50).contains(&there), "{there} messages, damage at {at}");
        assert!(report.unwrap().kept_in.join("queues.sqlite-wal").exists());
    }
    assert_eq!(refusals, 26);
}

#[test]
fn a_log_that_a_loss_of_power_cut_short_is_told_of_and_no_damage() {
    let folder = crashed(10, 20);
    let whole = fs::read(log_of(&folder)).unwrap();
    for (keep, garbled) in
        [(whole.len() - 1, false), (whole.len() - FRAME, false), (whole.len(), true)]
    {
        let folder = folder.copy();
        let mut bytes = whole[..keep].to_vec();
        if garbled {
            // A sector of the last change did not reach the disk.
            let start = bytes.len() - FRAME + 1_000;
            bytes[start..start + 512].fill(0);
        }
        fs::write(log_of(&folder), bytes).unwrap();
        let (tell, told) = channel();
        let builder =
            Emulator::builder().on_notice(move |notice| tell.send(notice.clone()).unwrap());
        let emulator = builder.location(folder.path()).open().unwrap();
        assert_eq!(count(&emulator, 30), 29);
        assert!(matches!(told.try_recv(), Ok(Notice::Unfinished)), "{keep}");
    }
}

#[test]
fn the_header_of_the_database() {
    let folder = crashed(50, 0);
    let mut bytes = fs::read(main_of(&folder)).unwrap();
    bytes[3] ^= 1;
    fs::write(main_of(&folder), bytes).unwrap();
    assert!(refused(&folder).contains("header"));
    let (emulator, report) = recovered(&folder);
    assert_eq!((count(&emulator, 50), report.unwrap().unreadable), (50, false));
}

/// Wherever a bit is flipped, a start is refused, or every message is there or named.
#[test]
fn a_flipped_bit_anywhere_loses_nothing_silently() {
    let folder = crashed(120, 60);
    let mut rng = Rng::with_seed(20_261_126);
    let (mut refusals, mut named, mut whole) = (0, 0, 0);
    let rounds = 150 * longer();
    for round in 0..rounds {
        let damaged = folder.copy();
        let file = if rng.bool() { main_of(&damaged) } else { log_of(&damaged) };
        let mut bytes = fs::read(&file).unwrap();
        let at = rng.usize(..bytes.len());
        bytes[at] ^= 1 << rng.u32(..8);
        fs::write(&file, bytes).unwrap();
        let what = format!("round {round}: byte {at} of {}", file.display());
        let (tell, told) = channel();
        let builder = Emulator::builder().on_notice(move |notice| drop(tell.send(notice.clone())));
        match builder.location(damaged.path()).open() {
            Ok(emulator) => {
                let there = count(&emulator, 180);
                let aside = emulator.set_aside().unwrap().len();
                let notices = told.try_iter().count();
                assert!(there == 180 || notices > 0, "{what}: {there} messages, {aside} aside");
                if notices > 0 { named += 1 } else { whole += 1 }
            }
            Err(error) => {
                let expected = [StoreErrorKind::Damaged, StoreErrorKind::NotAStore];
                assert!(expected.contains(&error.kind()), "{what}: {error}");
                refusals += 1;
                if error.kind() == StoreErrorKind::Damaged {
                    count(&recovered(&damaged).0, 180);
                }
            }
        }
    }
    println!("{refusals} refused, {named} named, {whole} without effect");
    assert!(refusals > 0 && named > 0 && whole > 0);
}
