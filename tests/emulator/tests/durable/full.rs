//! Disks that take no more.

use std::fs;
use std::path::Path;
use std::process::Command;

use queue_emulator::{Emulator, StoreErrorKind};
use queue_proto::ops::{
    ClearMessages, CreateQueue, DeleteMessage, GetMessages, PeekMessages, PutMessage,
};
use queue_proto::{ErrorCode, MessageCount, MessageText};

use crate::client::{Client, Failure};
use crate::common::name;
use crate::folder::Folder;
use crate::running::{PROGRAM, Running};

const QUEUE: &str = "jobs";

/// Puts messages until no more are taken, and returns those that were.
fn fill(client: &mut Client) -> Vec<String> {
    let mut taken = Vec::new();
    let mut refused = 0;
    // The first refusal makes room: what is in the log goes where it belongs, and the log is empty.
    while refused < 3 {
        let text = format!("{} {}", taken.len(), "x".repeat(10_000));
        match put(client, &text) {
            Ok(()) => {
                taken.push(text);
                refused = 0;
            }
            Err(Failure::Refused(error)) => {
                assert_eq!(*error.code(), ErrorCode::InternalError);
                let reason = error.detail("Reason").unwrap();
                assert!(
                    reason.contains("full") || reason.contains("cannot be written"),
                    "{reason}"
                );
                refused += 1;
            }
            Err(Failure::Lost) => panic!("it stopped"),
        }
        assert!(taken.len() < 10_000, "the disk does not get full");
    }
    taken
}

fn put(client: &mut Client, text: &str) -> Result<(), Failure> {
    let put = PutMessage::new(name(QUEUE), MessageText::new(text).unwrap());
    client.call(&put).map(|_| ())
}

/// What is stored, and as long as it was.
fn assert_stored(folder: &Path, taken: &[String]) {
    let numbers = |texts: &[String]| -> Vec<_> {
        texts.iter().map(|text| (text.split(' ').next().unwrap().to_owned(), text.len())).collect()
    };
    assert_eq!(numbers(&stored(folder)), numbers(taken));
}

fn stored(folder: &Path) -> Vec<String> {
    let emulator = Emulator::builder().location(folder).open().unwrap();
    let messages = emulator.inspect().queue(QUEUE).unwrap().messages.clone();
    messages.into_iter().map(|message| message.text.into_string()).collect()
}

#[test]
fn a_file_that_may_not_grow_refuses_messages_and_keeps_what_it_has() {
    let folder = Folder::new();
    // Half a MiB or one, by the shell; and writing beyond it is an error, not the end.
    let script = "ulimit -f 1024; trap '' XFSZ; exec \"$0\" --port 0 --location \"$1\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, PROGRAM]).arg(folder.path());
    let running = Running::spawn(&mut command);
    let mut client = Client::connect(running.port()).unwrap();
    client.call(&CreateQueue::new(name(QUEUE))).unwrap();
    let taken = fill(&mut client);
    assert!(taken.len() > 10, "{}", taken.len());

    // It stays up, and answers what needs no room.
    let peeked = client.call(&PeekMessages::new(name(QUEUE))).unwrap().messages.remove(0);
    assert_eq!(Some(peeked.text()), taken.first().map(String::as_str));
    running.signal("-TERM");
    let (code, told) = running.wait();
    assert_eq!(code, Some(0));
    assert!(told.contains(&folder.path().display().to_string()), "{told}");
    assert_stored(folder.path(), &taken);
}

/// A file system of its own, gone when the test ends.
struct Mount(Folder);

impl Mount {
    /// `None` if this user may not mount.
    fn new(options: &str) -> Option<Self> {
        let folder = Folder::new();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_refuses_messages_until_there_is_room() {
    let Some(mount) = Mount::new("size=4m") else {
        println!("skipped: only root may mount a small disk");
        return;
    };
    let disk = mount.0.path();
    let ballast = disk.join("ballast");
    fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let folder = disk.join("queues");
    let location = folder.to_str().unwrap();
    let running = Running::start(&["--port", "0", "--location", location]);
    let mut client = Client::connect(running.port()).unwrap();
    client.call(&CreateQueue::new(name(QUEUE))).unwrap();
    let mut taken = fill(&mut client);
    assert!(taken.len() > 10, "{}", taken.len());
    fs::remove_file(ballast).unwrap();
    put(&mut client, "after").unwrap();
    taken.push("after".to_owned());
    running.kill();
    assert_stored(&folder, &taken);
}

#[test]
fn a_full_disk_can_be_emptied_and_started_on() {
    let Some(mount) = Mount::new("size=6m") else {
        println!("skipped: only root may mount a small disk");
        return;
    };
    let folder = mount.0.path().join("queues");
    let options = ["--port", "0", "--location", folder.to_str().unwrap()];
    let connect = |running: &Running| Client::connect(running.port()).unwrap();
    let mut running = Running::start(&options);
    let mut client = connect(&running);
    client.call(&CreateQueue::new(name(QUEUE))).unwrap();
    let mut taken = fill(&mut client);
    // Somebody else takes what is left, but for what the store keeps back.
    let mut rest = fs::File::create(mount.0.path().join("rest")).unwrap();
    while std::io::Write::write_all(&mut rest, &[1; 512]).is_ok() {}

    for kill in [true, false, true] {
        // In the order of the queue, of which nothing is lost.
        for _ in 0..5 {
            let get = GetMessages::new(name(QUEUE));
            let message = client.call(&get).unwrap().messages.remove(0);
            assert_eq!(message.text(), taken.remove(0));
            let delete = DeleteMessage::new(
                name(QUEUE),
                message.id().clone(),
                message.pop_receipt().clone(),
            );
            client.call(&delete).unwrap();
        }
        if kill {
            running.kill();
        } else {
            running.signal("-TERM");
            assert_eq!(running.wait().0, Some(0));
        }
        running = Running::start(&options);
        client = connect(&running);
        let peek = PeekMessages::new(name(QUEUE)).count(MessageCount::MAX);
        let texts = client.call(&peek).unwrap().messages.into_iter();
        assert!(texts.map(|message| message.text().to_owned()).eq(taken.iter().take(32).cloned()));
    }
    client.call(&ClearMessages::new(name(QUEUE))).unwrap();
    let start = std::time::Instant::now();
    while put(&mut client, &"x".repeat(10_000)).is_err() {
        assert!(start.elapsed().as_secs() < 20, "there is no room after a clear");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    running.kill();
    assert_eq!(stored(&folder).len(), 1);
}

#[test]
fn a_limit_on_the_size_of_files_is_refused_and_no_signal() {
    let folder = Folder::new();
    let mut command = Command::new("sh");
    let script = "ulimit -f 2048; exec \"$0\" --port 0 --location \"$1\"";
    command.args(["-c", script, PROGRAM]).arg(folder.path());
    let running = Running::spawn(&mut command);
    let mut client = Client::connect(running.port()).unwrap();
    client.call(&CreateQueue::new(name(QUEUE))).unwrap();
    let mut taken = fill(&mut client);
    assert!(taken.len() > 10, "{}", taken.len());
    // Messages that are deleted make room for others, again and again.
    for round in 0..3 {
        for _ in 0..taken.len() - 2 {
            let message = client.call(&GetMessages::new(name(QUEUE))).unwrap().messages.remove(0);
            assert_eq!(message.text(), taken.remove(0));
            let delete = DeleteMessage::new(
                name(QUEUE),
                message.id().clone(),
                message.pop_receipt().clone(),
            );
            client.call(&delete).unwrap();
        }
        let start = std::time::Instant::now();
        let text = format!("round {round}");
        while put(&mut client, &text).is_err() {
            assert!(start.elapsed().as_secs() < 20, "there is no room after deleting");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        taken.push(text);
        taken.extend(fill(&mut client));
    }
    running.signal("-TERM");
    assert_eq!(running.wait().0, Some(0));
    assert_stored(folder.path(), &taken);
}

#[test]
fn files_that_are_removed_while_it_runs_are_told_of_and_nothing_is_taken() {
    for file in ["", "queues.sqlite", "queues.sqlite-wal", "queues.lock"] {
        let folder = Folder::new();
        let location = folder.path().to_str().unwrap();
        let running = Running::start(&["--port", "0", "--location", location]);
        let mut client = Client::connect(running.port()).unwrap();
        client.call(&CreateQueue::new(name(QUEUE))).unwrap();
        put(&mut client, "before").unwrap();
        let path = folder.path().join(file);
        let aside = folder.path().with_extension("aside");
        fs::rename(&path, &aside).unwrap();
        for _ in 0..3 {
            let Err(Failure::Refused(error)) = put(&mut client, "lost") else {
                panic!("it was taken without {file:?}");
            };
            assert_eq!(*error.code(), ErrorCode::InternalError);
            assert!(error.detail("Reason").unwrap().contains("removed or replaced"), "{error:?}");
            // Reading goes on.
            let peek = PeekMessages::new(name(QUEUE));
            assert_eq!(client.call(&peek).unwrap().messages[0].text(), "before");
        }
        // So does everything when they are there again.
        fs::rename(&aside, &path).unwrap();
        put(&mut client, "after").unwrap();
        running.signal("-TERM");
        let (code, told) = running.wait();
        assert_eq!(code, Some(0));
        assert!(told.contains("removed or replaced"), "{told}");
        let stored = stored(folder.path());
        assert!(stored.len() >= 2 && stored.last().unwrap() == "after", "{stored:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_sentence() {
    let Some(mount) = Mount::new("ro") else {
        println!("skipped: only root may mount a disk that cannot be written");
        return;
    };
    let location = mount.0.path();
    let error = Emulator::builder().location(location).open().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unusable);
    let output =
        Command::new(PROGRAM).args(["--port", "0", "--location"]).arg(location).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    let expected = format!("queue-emulator: queues cannot be kept in {}: ", location.display());
    assert!(told.starts_with(&expected) && told.lines().count() == 1, "{told}");
}

#[test]
fn a_folder_in_use_is_one_clear_sentence() {
    let folder = Folder::new();
    let location = folder.path().to_str().unwrap();
    let _first = Running::start(&["--port", "0", "--location", location]);
    let output =
        Command::new(PROGRAM).args(["--port", "0", "--location", location]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    let expected = format!(
        "queue-emulator: another emulator keeps its queues in {location}: stop it or choose \
         another folder"
    );
    assert!(told.starts_with(&expected) && told.lines().count() == 1, "{told}");
}
