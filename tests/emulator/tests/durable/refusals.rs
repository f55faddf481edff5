//! Folders that cannot be used.

use std::fs;
use std::sync::mpsc;
use std::time::Duration;

use queue_emulator::{Emulator, ManualClock, StoreError, StoreErrorKind};
use queue_proto::ErrorCode;
use queue_proto::ops::{CreateQueue, PeekMessages};

use crate::common::{call, name};
use crate::folder::Folder;

fn refused(folder: impl Into<std::path::PathBuf>) -> StoreError {
    Emulator::builder().location(folder).open().unwrap_err()
}

#[test]
fn two_emulators_do_not_share_a_folder() {
    let folder = Folder::new();
    let first = folder.open(&ManualClock::new());
    let error = refused(folder.path());
    assert_eq!(error.kind(), StoreErrorKind::InUse);
    assert!(error.to_string().contains("another emulator"), "{error}");
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
    call(&first, &CreateQueue::new(name("jobs"))).unwrap();
    drop(first);
    assert!(folder.open(&ManualClock::new()).inspect().queue("jobs").is_some());
}

#[test]
fn a_folder_that_cannot_be_made() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = refused(file.join("below"));
    assert_eq!(error.kind(), StoreErrorKind::Unusable);
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn a_folder_with_the_files_of_something_else() {
    let folder = Folder::new();
    fs::write(folder.path().join("queues.sqlite"), "this is a diary, and a long one".repeat(99))
        .unwrap();
    assert_eq!(refused(folder.path()).kind(), StoreErrorKind::NotAStore);

    // Another program's database.
    let folder = Folder::new();
    let database = rusqlite::Connection::open(folder.path().join("queues.sqlite")).unwrap();
    database.execute_batch("CREATE TABLE diary (day TEXT)").unwrap();
    drop(database);
    assert_eq!(refused(folder.path()).kind(), StoreErrorKind::NotAStore);

    // A later version of ours.
    let folder = Folder::new();
    drop(folder.open(&ManualClock::new()));
    let database = rusqlite::Connection::open(folder.path().join("queues.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    let error = refused(folder.path());
    assert_eq!(error.kind(), StoreErrorKind::NotAStore);
    assert!(error.to_string().contains("this version"), "{error}");
}

#[test]
fn a_store_that_has_stopped_keeps_nobody_waiting() {
    let folder = Folder::new();
    let (told, tellings) = mpsc::channel();
    let emulator = Emulator::builder()
        .location(folder.path())
        .on_failure(move |error| {
            // The first is told of in the thread that writes, which is then gone.
            assert_eq!(error.kind(), StoreErrorKind::Stopped, "a mistake, for this test");
            let source = std::error::Error::source(error).unwrap();
            told.send(format!("{error}: {source}")).unwrap();
        })
        .open()
        .unwrap();
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    let database = rusqlite::Connection::open(folder.path().join("queues.sqlite")).unwrap();
    database.execute_batch("DROP TABLE queues").unwrap();

    let (done, answers) = mpsc::channel();
    std::thread::spawn(move || {
        for _ in 0..3 {
            let created = call(&emulator, &CreateQueue::new(name("more"))).map(drop);
            let peeked = call(&emulator, &PeekMessages::new(name("jobs"))).map(drop);
            done.send([created, peeked]).unwrap();
        }
        // It can be closed, too.
        drop(emulator);
    });
    for round in 0..3 {
        for (index, answer) in
            answers.recv_timeout(Duration::from_secs(20)).unwrap().into_iter().enumerate()
        {
            let error = answer.unwrap_err();
            assert_eq!(*error.code(), ErrorCode::InternalError);
            let first = (round, index) == (0, 0);
            let reason = if first { "cannot be written" } else { "has stopped" };
            assert!(error.detail("Reason").unwrap().contains(reason), "{error:?}");
        }
    }
    let told = tellings.recv().unwrap();
    assert!(told.contains("start again") && told.contains("a mistake, for this test"), "{told}");
    assert!(answers.recv_timeout(Duration::from_secs(20)).is_err(), "it does not close");
}
