//! Stores with damage: what is damaged is set aside and named, and everything else goes on.

use std::fs;
use std::sync::mpsc::{Receiver, channel};

use queue_emulator::{Emulator, ManualClock, Notice, SetAsideKind, StoreErrorKind};
use queue_proto::ops::{
    ClearMessages, CreateQueue, DeleteMessage, DeleteQueue, GetMessages, PeekMessages, PutMessage,
    SetQueueMetadata,
};
use queue_proto::{ErrorCode, MessageCount, MessageText, Metadata};
use rusqlite::Connection;

use crate::common::{call, name};
use crate::folder::Folder;

const QUEUE: &str = "jobs";

fn put(emulator: &Emulator, text: &str) {
    call(emulator, &PutMessage::new(name(QUEUE), MessageText::new(text).unwrap())).unwrap();
}

fn peek(emulator: &Emulator) -> Vec<String> {
    let peek = PeekMessages::new(name(QUEUE)).count(MessageCount::MAX);
    let messages = call(emulator, &peek).unwrap().messages;
    messages.into_iter().map(|message| message.text().to_owned()).collect()
}

/// A store with the messages `a` to `e` in one queue, and with another queue, closed.
fn filled() -> (Folder, ManualClock) {
    let (folder, clock) = (Folder::new(), ManualClock::new());
    let emulator = folder.open(&clock);
    for queue in [QUEUE, "other"] {
        call(&emulator, &CreateQueue::new(name(queue))).unwrap();
    }
    for text in ["a", "b", "c", "d", "e"] {
        put(&emulator, text);
    }
    (folder, clock)
}

fn change(folder: &Folder, sql: &str) {
    let database = Connection::open(folder.path().join("queues.sqlite")).unwrap();
    database.execute_batch(sql).unwrap();
}

/// Opens a store and listens to its notices.
fn open(folder: &Folder, clock: &ManualClock) -> (Emulator, Receiver<Notice>) {
    let (tell, told) = channel();
    let builder = Emulator::builder().manual_clock(clock);
    let builder = builder.on_notice(move |notice| tell.send(notice.clone()).unwrap());
    let builder = builder.location(folder.path());
    let builder =
        builder.on_failure(|error| println!("{error}: {:?}", std::error::Error::source(error)));
    (builder.open().unwrap(), told)
}

/// The one notice of a row that was set aside.
fn one(told: &Receiver<Notice>) -> String {
    match told.recv().unwrap() {
        Notice::SetAside(found) => found.to_string(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_text_that_is_damaged_leaves_its_queue_and_everything_else_goes_on() {
    for (sql, reason) in [
        ("UPDATE texts SET text = 'B' WHERE text = 'b'", "checksum"),
        ("UPDATE texts SET checksum = checksum + 1 WHERE text = 'b'", "checksum"),
        ("UPDATE texts SET checksum = NULL WHERE text = 'b'", "checksum"),
        ("UPDATE texts SET text = CAST(X'62FF' AS TEXT) WHERE text = 'b'", "UTF-8"),
        ("UPDATE texts SET text = X'62' WHERE text = 'b'", "a column holds something else"),
        ("UPDATE texts SET text = 5 WHERE text = 'b'", "checksum"),
        ("DELETE FROM texts WHERE text = 'b'", "missing"),
        (
            "UPDATE texts SET text = (SELECT text FROM texts WHERE text = 'c'), checksum = \
             (SELECT checksum FROM texts WHERE text = 'c') WHERE text = 'b'",
            "checksum",
        ),
    ] {
        for poll in [true, false] {
            let (folder, clock) = filled();
            change(&folder, sql);
            let (emulator, told) = open(&folder, &clock);
            assert_eq!(told.try_iter().count(), 0, "texts are not read before they are wanted");
            if poll {
                let get = GetMessages::new(name(QUEUE)).count(MessageCount::new(3).unwrap());
                let got = call(&emulator, &get).unwrap().messages;
                let texts: Vec<_> = got.iter().map(|message| message.text()).collect();
                assert_eq!(texts, ["a", "c", "d"], "{sql}");
            } else {
                assert_eq!(peek(&emulator), ["a", "c", "d", "e"], "{sql}");
            }
            let notice = one(&told);
            assert!(
                notice.contains(reason) && notice.contains("queue jobs of account"),
                "{notice}"
            );
            for _ in 0..3 {
                let text = MessageText::new("x").unwrap();
                call(&emulator, &PutMessage::new(name("other"), text)).unwrap();
                put(&emulator, "f");
            }
            let [found] = &emulator.set_aside().unwrap()[..] else { panic!("{sql}") };
            assert_eq!((found.kind, found.queue.as_str()), (SetAsideKind::Message, QUEUE));
            assert!(found.message.is_some() && found.reason.contains(reason), "{found}");
            let before = emulator.inspect();
            drop(emulator);
            let (emulator, told) = open(&folder, &clock);
            assert_eq!(emulator.inspect(), before);
            assert_eq!((told.try_iter().count(), emulator.set_aside().unwrap().len()), (0, 1));
        }
    }
}

#[test]
fn a_message_whose_row_is_damaged_is_set_aside_at_the_start() {
    for column in [
        "key = key + 100",
        "queue = queue + 1",
        "id = randomblob(16)",
        "id = X'00'",
        "receipt = randomblob(16)",
        "inserted_at = inserted_at + 1",
        "expires_at = expires_at - 1",
        "next_visible_at = 'soon'",
        "turn = turn + 8",
        "dequeue_count = -1",
        "dequeue_count = 64",
        "changed_at = changed_at + 1",
        "checksum = NULL",
    ] {
        let (folder, clock) = filled();
        let select = "SELECT key FROM texts WHERE text = 'b'";
        change(&folder, &format!("UPDATE messages SET {column} WHERE key = ({select})"));
        let (emulator, told) = open(&folder, &clock);
        one(&told);
        assert_eq!(peek(&emulator), ["a", "c", "d", "e"], "{column}");
        put(&emulator, "f");
        call(&emulator, &ClearMessages::new(name(QUEUE))).unwrap();
        assert_eq!(emulator.set_aside().unwrap().len(), 1, "{column}");
    }
}

#[test]
fn a_queue_whose_settings_are_damaged_goes_on_without() {
    for column in ["metadata = 'team=theirs'", "policies = ''", "settings_checksum = 0"] {
        let (folder, clock) = filled();
        let emulator = folder.open(&clock);
        let mut metadata = Metadata::new();
        metadata.insert("team", "ours").unwrap();
        call(&emulator, &SetQueueMetadata::new(name(QUEUE), metadata)).unwrap();
        drop(emulator);
        change(&folder, &format!("UPDATE queues SET {column} WHERE name = 'jobs'"));
        for restart in [false, true] {
            let (emulator, told) = open(&folder, &clock);
            if !restart {
                assert!(one(&told).starts_with("metadata and policies of queue jobs"));
            }
            assert!(emulator.inspect().queue(QUEUE).unwrap().metadata.is_empty(), "{column}");
            assert_eq!(peek(&emulator), ["a", "b", "c", "d", "e"]);
            let [found] = &emulator.set_aside().unwrap()[..] else { panic!("{column}") };
            assert_eq!(found.kind, SetAsideKind::QueueSettings);
        }
    }
}

#[test]
fn the_messages_of_a_queue_whose_name_is_damaged_are_kept() {
    for column in ["name = 'jabs'", "account = 'x'", "number = number + 64", "name = X'00'"] {
        let (folder, clock) = filled();
        change(&folder, &format!("UPDATE queues SET {column} WHERE name = 'jobs'"));
        for _ in 0..2 {
            let (emulator, _told) = open(&folder, &clock);
            assert!(emulator.inspect().queue(QUEUE).is_none() && emulator.set_aside().is_ok());
            assert!(emulator.inspect().queue("other").is_some());
            let [found] = &emulator.set_aside().unwrap()[..] else { panic!("{column}") };
            assert_eq!(found.kind, SetAsideKind::Queue);
        }
        let database = Connection::open(folder.path().join("queues.sqlite")).unwrap();
        let count = |table: &str| -> i64 {
            let query = format!("SELECT count(*) FROM {table}");
            database.query_row(&query, [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("messages"), count("texts")), (5, 5), "{column}");
    }
}

#[test]
fn settings_of_accounts_and_names_of_deleted_queues() {
    let (folder, clock) = filled();
    let emulator = folder.open(&clock);
    let mut properties = emulator.inspect().properties;
    let new = properties.clone();
    properties.logging.as_mut().unwrap().read = true;
    call(&emulator, &queue_proto::ops::SetServiceProperties::new(properties)).unwrap();
    call(&emulator, &DeleteQueue::new(name("other"))).unwrap();
    drop(emulator);
    change(&folder, "UPDATE accounts SET checksum = 0; UPDATE deleted_queues SET name = 'ether'");
    let (emulator, told) = open(&folder, &clock);
    assert!(one(&told).starts_with("the settings of account devstoreaccount1"));
    assert!(one(&told).starts_with("the name of a deleted queue of queue ether"));
    assert_eq!(emulator.inspect().properties, new);
    call(&emulator, &CreateQueue::new(name("other"))).unwrap();
    call(&emulator, &CreateQueue::new(name("ether"))).unwrap();
    assert_eq!(peek(&emulator).len(), 5);
}

#[test]
fn a_text_on_a_damaged_page_can_be_deleted_and_cleared() {
    for clear in [true, false] {
        let (folder, clock) = filled();
        let emulator = folder.open(&clock);
        call(&emulator, &ClearMessages::new(name(QUEUE))).unwrap();
        put(&emulator, &format!("long {}", "x".repeat(20_000)));
        put(&emulator, "short");
        drop(emulator);
        // The chain of pages that the long text is on leads nowhere.
        let file = folder.path().join("queues.sqlite");
        let mut bytes = fs::read(&file).unwrap();
        let filler = [b'x'; 4_000];
        let mut damaged = 0;
        for page in bytes.chunks_exact_mut(4_096) {
            if page.get(4..4_004) == Some(&filler[..]) {
                page[..4].copy_from_slice(&[0x7F; 4]);
                damaged += 1;
            }
        }
        assert!(damaged > 2, "{damaged}");
        fs::write(&file, bytes).unwrap();

        let (emulator, told) = open(&folder, &clock);
        if clear {
            call(&emulator, &ClearMessages::new(name(QUEUE))).unwrap();
            put(&emulator, "new");
            assert_eq!(peek(&emulator), ["new"]);
        } else {
            let get = GetMessages::new(name(QUEUE)).count(MessageCount::MAX);
            let mut got = call(&emulator, &get).unwrap().messages;
            assert!(one(&told).contains("page"));
            let message = got.remove(0);
            assert_eq!((message.text(), got.len()), ("short", 0));
            let delete = DeleteMessage::new(
                name(QUEUE),
                message.id().clone(),
                message.pop_receipt().clone(),
            );
            call(&emulator, &delete).unwrap();
            put(&emulator, "new");
            assert_eq!(peek(&emulator), ["new"]);
        }
        drop(emulator);
        assert_eq!(peek(&open(&folder, &clock).0), ["new"]);
    }
}

#[test]
fn a_table_that_cannot_be_read_is_refused_and_recovered() {
    let (folder, clock) = filled();
    let database = Connection::open(folder.path().join("queues.sqlite")).unwrap();
    let root: u32 = database
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'messages'", [], |row| {
            row.get(0)
        })
        .unwrap();
    drop(database);
    let file = folder.path().join("queues.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    bytes[(root as usize - 1) * 4_096] = 0xFF;
    fs::write(&file, &bytes).unwrap();

    let error = Emulator::builder().location(folder.path()).open().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Damaged);
    assert!(error.to_string().contains("--recover"), "{error}");
    assert_eq!(fs::read(&file).unwrap().len(), bytes.len());
    let (tell, told) = channel();
    let builder = Emulator::builder().manual_clock(&clock);
    let builder = builder.on_notice(move |notice| tell.send(notice.clone()).unwrap());
    let emulator = builder.location(folder.path()).recover(true).open().unwrap();
    let Notice::Recovered(recovered) = told.recv().unwrap() else { panic!("another notice") };
    assert_eq!((recovered.queues, recovered.messages, recovered.halves), (2, 0, 5));
    assert!(recovered.unreadable && recovered.kept_in.join("queues.sqlite").exists());
    assert_eq!(emulator.set_aside().unwrap().len(), 5);
    put(&emulator, "new");
    assert_eq!(peek(&emulator), ["new"]);
    let create = CreateQueue::new(name("other"));
    let again = call(&emulator, &create).unwrap();
    assert_eq!(again, queue_proto::ops::CreateQueueResponse::AlreadyExists);
    let missing = call(&emulator, &PeekMessages::new(name("none"))).unwrap_err();
    assert_eq!(*missing.code(), ErrorCode::QueueNotFound);
}
