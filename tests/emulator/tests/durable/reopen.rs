//! Case by case: what is there when the folder is opened again.

use std::fs;
use std::time::{Duration, Instant};

use queue_emulator::{Durability, Emulator, ManualClock};
use queue_proto::ops::{
    ClearMessages, CreateQueue, CreateQueueResponse, DeleteMessage, DeleteQueue, GetMessages,
    PeekMessages, PutMessage, SetQueueAcl, SetQueueMetadata, SetServiceProperties, UpdateMessage,
};
use queue_proto::{ErrorCode, MessageCount, MessageText, Metadata, TimeToLive, VisibilityTimeout};

use crate::common::{call, name};
use crate::folder::Folder;

const QUEUE: &str = "jobs";

fn put(emulator: &Emulator, text: &str) {
    call(emulator, &PutMessage::new(name(QUEUE), MessageText::new(text).unwrap())).unwrap();
}

fn texts(emulator: &Emulator) -> Vec<String> {
    let peek = PeekMessages::new(name(QUEUE)).count(MessageCount::MAX);
    let messages = call(emulator, &peek).unwrap().messages;
    messages.into_iter().map(|message| message.text().to_owned()).collect()
}

/// An emulator in a new folder with one queue.
fn start() -> (Folder, ManualClock, Emulator) {
    let (folder, clock) = (Folder::new(), ManualClock::new());
    let emulator = folder.open(&clock);
    call(&emulator, &CreateQueue::new(name(QUEUE))).unwrap();
    (folder, clock, emulator)
}

#[test]
fn messages_in_their_order_and_receipts_that_are_valid() {
    let (folder, clock, emulator) = start();
    for text in ["a", "b", "c", "ünï <&> \u{1F980}"] {
        put(&emulator, text);
    }
    let held = call(&emulator, &GetMessages::new(name(QUEUE))).unwrap().messages.remove(0);
    let before = emulator.inspect();
    drop(emulator);

    let emulator = folder.open(&clock);
    assert_eq!(emulator.inspect(), before);
    assert_eq!(texts(&emulator), ["b", "c", "ünï <&> \u{1F980}"]);

    let hidden = VisibilityTimeout::from_secs(5).unwrap();
    let (id, receipt) = (held.id().clone(), held.pop_receipt().clone());
    let update = UpdateMessage::new(name(QUEUE), id, receipt, hidden)
        .text(MessageText::new("a, again").unwrap());
    let updated = call(&emulator, &update).unwrap();
    drop(emulator);

    clock.advance(Duration::from_secs(5));
    let emulator = folder.open(&clock);
    assert_eq!(texts(&emulator), ["b", "c", "ünï <&> \u{1F980}", "a, again"]);
    let delete = DeleteMessage::new(name(QUEUE), held.id().clone(), held.pop_receipt().clone());
    assert_eq!(*call(&emulator, &delete).unwrap_err().code(), ErrorCode::MessageNotFound);
    call(&emulator, &DeleteMessage::new(name(QUEUE), held.id().clone(), updated.pop_receipt))
        .unwrap();
    drop(emulator);
    assert_eq!(texts(&folder.open(&clock)), ["b", "c", "ünï <&> \u{1F980}"]);
}

#[test]
fn visibility_dequeue_count_and_expiry() {
    let (folder, clock, emulator) = start();
    let life = TimeToLive::from_secs(60).unwrap();
    let short = PutMessage::new(name(QUEUE), MessageText::new("short").unwrap());
    call(&emulator, &short.time_to_live(life)).unwrap();
    put(&emulator, "long");
    let get = GetMessages::new(name(QUEUE)).count(MessageCount::MAX);
    assert_eq!(call(&emulator, &get).unwrap().messages.len(), 2);
    drop(emulator);

    clock.advance(Duration::from_secs(29));
    let emulator = folder.open(&clock);
    assert!(texts(&emulator).is_empty());
    drop(emulator);

    clock.advance(Duration::from_secs(1));
    let emulator = folder.open(&clock);
    let again = call(&emulator, &get).unwrap().messages;
    assert_eq!(again.iter().map(|message| message.dequeue_count()).collect::<Vec<_>>(), [2, 2]);
    drop(emulator);

    clock.advance(Duration::from_secs(30));
    let emulator = folder.open(&clock);
    assert_eq!(texts(&emulator), ["long"]);
    drop(emulator);
    // What has expired is gone from the disk as well, and stays away if the clock goes back.
    clock.set(clock.now() - Duration::from_secs(20));
    assert_eq!(folder.open(&clock).inspect().queue(QUEUE).unwrap().messages.len(), 1);
}

#[test]
fn a_clock_that_is_set_back_while_it_is_off_hides_nothing() {
    let (folder, clock, emulator) = start();
    put(&emulator, "a");
    let stopped = emulator.inspect().queue(QUEUE).unwrap().messages[0].inserted_at;
    drop(emulator);
    clock.set(stopped - Duration::from_secs(24 * 60 * 60));
    let (tell, told) = std::sync::mpsc::channel();
    let builder = Emulator::builder().manual_clock(&clock);
    let builder = builder.on_notice(move |notice| tell.send(notice.to_string()).unwrap());
    let emulator = builder.location(folder.path()).open().unwrap();
    assert!(told.recv().unwrap().contains("1 day behind"));
    assert_eq!(texts(&emulator), ["a"]);
    put(&emulator, "b");
    let inserted = emulator.inspect().queue(QUEUE).unwrap().messages[1].inserted_at;
    assert_eq!(inserted, stopped);
    clock.advance(Duration::from_secs(1));
    put(&emulator, "c");
    assert_eq!(texts(&emulator), ["a", "b", "c"]);
}

#[test]
fn settings_of_queues_and_of_the_service() {
    let (folder, clock, emulator) = start();
    let mut metadata = Metadata::new();
    metadata.insert("owner", "a team = ours").unwrap();
    metadata.insert("empty", "").unwrap();
    call(&emulator, &SetQueueMetadata::new(name(QUEUE), metadata)).unwrap();
    let policies = "<SignedIdentifiers><SignedIdentifier><Id>readers</Id><AccessPolicy>\
        <Expiry>2030-01-02T03:04:05.1234567Z</Expiry><Permission>rp</Permission>\
        </AccessPolicy></SignedIdentifier></SignedIdentifiers>";
    let policies = read_policies(policies);
    call(&emulator, &SetQueueAcl::new(name(QUEUE), policies)).unwrap();
    let mut properties = emulator.inspect().properties;
    properties.logging.as_mut().unwrap().read = true;
    call(&emulator, &SetServiceProperties::new(properties)).unwrap();
    let before = emulator.inspect();
    assert_eq!(before.queue(QUEUE).unwrap().policies.len(), 1);
    assert!(before.properties.logging.as_ref().unwrap().read);
    drop(emulator);
    assert_eq!(folder.open(&clock).inspect(), before);
}

fn read_policies(xml: &str) -> queue_proto::SignedIdentifiers {
    use queue_proto::OperationResponse as _;
    use queue_proto::ops::GetQueueAclResponse;

    let response = http::Response::new(bytes::Bytes::from(xml.to_owned()));
    GetQueueAclResponse::from_http(response).unwrap().identifiers
}

#[test]
fn a_deleted_queue_stays_deleted_and_its_name_blocked() {
    let (folder, clock, emulator) = start();
    put(&emulator, "gone");
    call(&emulator, &DeleteQueue::new(name(QUEUE))).unwrap();
    drop(emulator);

    let emulator = folder.open(&clock);
    let create = CreateQueue::new(name(QUEUE));
    assert_eq!(*call(&emulator, &create).unwrap_err().code(), ErrorCode::QueueBeingDeleted);
    drop(emulator);

    clock.advance(Duration::from_secs(30));
    let emulator = folder.open(&clock);
    assert_eq!(call(&emulator, &create).unwrap(), CreateQueueResponse::Created);
    put(&emulator, "new");
    drop(emulator);
    let emulator = folder.open(&clock);
    assert_eq!(texts(&emulator), ["new"]);
}

#[test]
fn a_cleared_queue_stays_empty_however_much_was_in_it() {
    for count in [3, 3_000] {
        let (folder, clock, emulator) = start();
        let fast = Emulator::builder().manual_clock(&clock);
        drop(emulator);
        let emulator = fast.location(folder.path()).open().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..count / 8 + 1).for_each(|_| put(&emulator, "old")));
            }
        });
        call(&emulator, &ClearMessages::new(name(QUEUE))).unwrap();
        put(&emulator, "new");
        let crashed = folder.as_after_a_crash();
        assert_eq!(texts(&crashed.open(&clock)), ["new"], "{count}");
        drop(emulator);
        assert_eq!(texts(&folder.open(&clock)), ["new"], "{count}");
    }
}

#[test]
fn a_secondary_that_lags_starts_with_what_is_stored() {
    let (folder, clock, emulator) = start();
    put(&emulator, "old");
    drop(emulator);
    let builder = Emulator::builder().manual_clock(&clock);
    let builder = builder.replication_lag(Duration::from_secs(10));
    let emulator = builder.location(folder.path()).open().unwrap();
    put(&emulator, "new");
    assert_eq!(texts(&emulator), ["old", "new"]);

    let secondary = |emulator: &Emulator| {
        use queue_proto::{CallOptions, Endpoint, Operation as _, OperationResponse as _};

        let peek = PeekMessages::new(name(QUEUE)).count(MessageCount::MAX);
        let endpoint = Endpoint::emulator().secondary().unwrap();
        let request = peek.to_http(&endpoint, &CallOptions::default());
        let answer = crate::common::send(emulator, request);
        let answer = queue_proto::ops::PeekMessagesResponse::from_http(answer).unwrap();
        answer.messages.into_iter().map(|message| message.text().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(secondary(&emulator), ["old"]);
    clock.advance(Duration::from_secs(10));
    assert_eq!(secondary(&emulator), ["old", "new"]);
}

#[test]
fn a_seed_does_not_draw_the_same_ids_again() {
    let (folder, clock) = (Folder::new(), ManualClock::new());
    let open = || {
        let builder = Emulator::builder().manual_clock(&clock).seed(7);
        builder.location(folder.path()).open().unwrap()
    };
    for _ in 0..3 {
        let emulator = open();
        call(&emulator, &CreateQueue::new(name(QUEUE))).unwrap();
        put(&emulator, "x");
    }
    assert_eq!(open().inspect().queue(QUEUE).unwrap().messages.len(), 3);
}

#[test]
fn the_folder_shrinks_when_messages_go() {
    let folder = Folder::new();
    let builder = Emulator::builder().location(folder.path());
    let emulator = builder.durability(Durability::OperatingSystem).open().unwrap();
    call(&emulator, &CreateQueue::new(name(QUEUE))).unwrap();
    let text = "x".repeat(20_000);
    (0..1_500).for_each(|_| put(&emulator, &text));
    let size = || -> u64 {
        let files = fs::read_dir(folder.path()).unwrap();
        let files = files.map(|file| file.unwrap());
        let files = files.filter(|file| file.file_name() != "queues.reserve");
        files.map(|file| file.metadata().unwrap().len()).sum()
    };
    let full = size();
    assert!(full > 30_000_000, "{full}");
    call(&emulator, &ClearMessages::new(name(QUEUE))).unwrap();
    put(&emulator, "the last");
    let start = Instant::now();
    while size() > full / 3 {
        assert!(start.elapsed() < Duration::from_secs(20), "{} of {full} bytes", size());
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("{full} bytes became {} in {:?}", size(), start.elapsed());
    drop(emulator);
    let emulator = folder.open(&ManualClock::new());
    assert_eq!(texts(&emulator), ["the last"]);
}

/// A process that is killed at its first start leaves an empty file in place of the reserve, or a
/// part of one. That is no sign of a full disk.
#[test]
fn a_reserve_that_a_killed_process_was_making_is_made_anew() {
    for bytes in [0, 70_000] {
        let (folder, clock, emulator) = start();
        drop(emulator);
        let reserve = folder.path().join("queues.reserve");
        let whole = fs::metadata(&reserve).unwrap().len();
        fs::write(&reserve, vec![0; bytes]).unwrap();
        put(&folder.open(&clock), "taken");
        assert_eq!(fs::metadata(&reserve).unwrap().len(), whole, "{bytes}");
    }
}
