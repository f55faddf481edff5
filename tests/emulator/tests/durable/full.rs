//! Disks that take no more.

use std::fs;
use std::path::Path;
use std::process::Command;

use queue_emulator::{Emulator, StoreErrorKind};
use queue_proto::ops::{CreateQueue, PeekMessages, PutMessage};
use queue_proto::{ErrorCode, MessageText};

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
    assert_eq!(Some(peeked.text.as_str()), taken.first().map(String::as_str));
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
