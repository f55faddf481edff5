//! Stores that older versions have made.

use std::sync::mpsc::channel;

use queue_emulator::{Emulator, ManualClock, Notice};
use queue_proto::ops::{CreateQueue, DeleteMessage, GetMessages, PeekMessages, PutMessage};
use queue_proto::{ErrorCode, MessageCount, MessageText};
use rusqlite::Connection;

use crate::common::{call, name};
use crate::folder::Folder;

/// The tables of version 1, as it made them.
const VERSION_1: &str = "
PRAGMA auto_vacuum = incremental;
BEGIN;
CREATE TABLE starts (count INTEGER NOT NULL);
INSERT INTO starts VALUES (3);
CREATE TABLE accounts (name TEXT PRIMARY KEY, properties TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE queues (number INTEGER PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL,
    metadata TEXT NOT NULL, policies TEXT NOT NULL);
CREATE TABLE deleted_queues (account TEXT NOT NULL, name TEXT NOT NULL, free_at INTEGER NOT NULL,
    PRIMARY KEY (account, name)) WITHOUT ROWID;
CREATE TABLE messages (key INTEGER PRIMARY KEY, queue INTEGER NOT NULL, id BLOB NOT NULL,
    receipt BLOB NOT NULL, inserted_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    next_visible_at INTEGER NOT NULL, turn INTEGER NOT NULL, dequeue_count INTEGER NOT NULL);
CREATE TABLE texts (key INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO accounts VALUES ('devstoreaccount1', '<?xml version=\"1.0\" encoding=\"utf-8\"?>
    <StorageServiceProperties></StorageServiceProperties>');
INSERT INTO queues VALUES (1, 'devstoreaccount1', 'jobs', 'team=ours' || char(10),
    '<?xml version=\"1.0\" encoding=\"utf-8\"?><SignedIdentifiers></SignedIdentifiers>');
INSERT INTO messages VALUES (2, 1, X'00000000000040008000000000000002',
    X'00000000000000000000000000000002', 1700000000000000, 253402300799000000, 1700000000000000, 1, 0);
INSERT INTO texts VALUES (2, 'first');
INSERT INTO messages VALUES (3, 1, X'00000000000040008000000000000003',
    X'00000000000000000000000000000003', 1700000000000000, 253402300799000000, 1700000000000000, 2, 0);
INSERT INTO texts VALUES (3, 'second');
INSERT INTO deleted_queues VALUES ('devstoreaccount1', 'gone', 253402300799000000);
PRAGMA application_id = 1903519093;
PRAGMA user_version = 1;
COMMIT;
";

#[test]
fn a_store_without_checksums_opens_and_gets_them() {
    let (folder, clock) = (Folder::new(), ManualClock::new());
    let file = folder.path().join("queues.sqlite");
    Connection::open(&file).unwrap().execute_batch(VERSION_1).unwrap();
    let (tell, told) = channel();
    let open = || {
        let tell = tell.clone();
        let builder = Emulator::builder().manual_clock(&clock);
        let builder = builder.on_notice(move |notice| tell.send(notice.clone()).unwrap());
        builder.location(folder.path()).open().unwrap()
    };
    let emulator = open();
    assert!(matches!(told.try_recv(), Ok(Notice::Migrated)));
    let queue = emulator.inspect().queue("jobs").unwrap().clone();
    assert_eq!(queue.metadata.get("team"), Some("ours"));
    let texts = |emulator: &Emulator| {
        let peek = PeekMessages::new(name("jobs")).count(MessageCount::MAX);
        let messages = call(emulator, &peek).unwrap().messages;
        messages.into_iter().map(|message| message.text().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&emulator), ["first", "second"]);
    // A clock that is set back does not block a name for longer than its time.
    let create = CreateQueue::new(name("gone"));
    assert_eq!(*call(&emulator, &create).unwrap_err().code(), ErrorCode::QueueBeingDeleted);
    clock.advance(std::time::Duration::from_secs(30));
    call(&emulator, &create).unwrap();
    let message = call(&emulator, &GetMessages::new(name("jobs"))).unwrap().messages.remove(0);
    call(&emulator, &PutMessage::new(name("jobs"), MessageText::new("third").unwrap())).unwrap();
    drop(emulator);

    let emulator = open();
    assert!(told.try_recv().is_err(), "once is enough");
    assert_eq!(texts(&emulator), ["second", "third"]);
    call(
        &emulator,
        &DeleteMessage::new(name("jobs"), message.id().clone(), message.pop_receipt().clone()),
    )
    .unwrap();
    drop(emulator);
    let database = Connection::open(&file).unwrap();
    // What is new or was changed must fit from now on.
    database.execute_batch("UPDATE texts SET checksum = NULL").unwrap();
    drop(database);
    let emulator = open();
    assert_eq!(texts(&emulator), ["second"]);
    assert_eq!(emulator.set_aside().unwrap().len(), 1);
}
