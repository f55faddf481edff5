//! HTTPS: certificates, and the files that they come from and go to.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use super::{Folder, run, run_with, start_with, text};
use crate::running::{PROGRAM, Running};

#[test]
fn https_with_a_certificate_of_its_own() {
    let running = Running::start(&["--port", "0", "--https"]);
    assert!(running.field("url").starts_with("https://127.0.0.1:"));
    let file = running.field("certificate").to_owned();
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    running.signal("-TERM");
    let (code, told) = running.wait();
    assert_eq!(code, Some(0));
    assert!(told.contains(&file), "{told}");
    assert!(!std::path::Path::new(&file).exists());

    let script = "cat \"$QUEUE_EMULATOR_CERTIFICATE\"; echo \"$AZURE_STORAGE_CONNECTION_STRING\"";
    let told = text(&run(&["--port", "0", "--https", "--exec", "sh", "-c", script]).stdout);
    assert!(told.starts_with("-----BEGIN") && told.contains("QueueEndpoint=https://"), "{told}");
}

#[test]
fn certificates_that_cannot_be_used_are_named_with_their_file() {
    let output = run(&["--cert", "/no/such/file", "--key", "/no/such/file"]);
    let told = text(&output.stderr);
    assert!(told.starts_with("queue-emulator: cannot read /no/such/file: "), "{told}");

    let fixture = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/certificates");
        format!("{folder}/{name}")
    };
    for (certificate, key, named, sentence) in [
        ("store.pfx", "store.pfx", "store.pfx", "it is a PKCS #12 store (PFX)"),
        ("version1.pem", "encrypted.key", "encrypted.key", "it is encrypted with a password"),
        ("version1.pem", "short.key", "short.key", "an RSA key of 1024 bits"),
    ] {
        let output = run(&["--cert", &fixture(certificate), "--key", &fixture(key)]);
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
        assert!(told.starts_with(&format!("queue-emulator: {}: ", fixture(named))), "{told}");
        assert!(told.contains(sentence), "{told}");
    }
    let (certificate, key) = (fixture("version1.pem"), fixture("version1.key"));
    let running = Running::start(&["--port", "0", "--cert", &certificate, "--key", &key]);
    assert!(running.field("certificate").ends_with("/version1.pem"));
    running.signal("-TERM");
    let (_, told) = running.wait();
    assert!(told.contains("version1.pem is a certificate of X.509 version 1"), "{told}");
}

#[test]
fn the_certificate_lies_where_nobody_can_have_prepared_anything() {
    let folder = Folder::new();
    let start = |args: &[&str]| {
        let args = [&["--port", "0", "--https"], args].concat();
        Running::spawn(Command::new(PROGRAM).args(args).env("TMPDIR", &folder.0))
    };
    let end = |running: Running| {
        running.signal("-TERM");
        assert_eq!(running.wait().0, Some(0));
    };
    let (one, two) = (start(&[]), start(&[]));
    let files = [one.field("certificate").to_owned(), two.field("certificate").to_owned()];
    assert_ne!(files[0], files[1]);
    for file in &files {
        let name = file.strip_prefix(&format!("{}/queue-emulator-", folder.0.display()));
        // 128 bits in hexadecimal.
        assert_eq!(name.unwrap().strip_suffix(".pem").unwrap().len(), 32, "{file}");
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    end(one);
    end(two);
    assert_eq!(folder.names(), [""; 0]);

    // With the queues, if they have a folder, and where it is wanted.
    let queues = folder.path("queues");
    let running = start(&["--location", &queues]);
    assert_eq!(running.field("certificate"), format!("{queues}/queue-emulator.pem"));
    end(running);
    assert!(!std::path::Path::new(&format!("{queues}/queue-emulator.pem")).exists());
    let wanted = folder.file("wanted.pem", "old");
    let running = start(&["--location", &queues, "--certificate-file", &wanted]);
    assert_eq!(running.field("certificate"), wanted);
    assert!(std::fs::read_to_string(&wanted).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    end(running);
    assert!(!std::path::Path::new(&wanted).exists());

    // Through a link nothing is overwritten.
    let victim = folder.file("victim", "precious");
    let link = folder.path("link.pem");
    symlink(&victim, &link).unwrap();
    let (code, told) = run_with(&[], &["--port", "0", "--https", "--certificate-file", &link]);
    assert_eq!(code, Some(1));
    assert!(told.contains("it is a symbolic link"), "{told}");
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn without_a_place_for_the_certificate_the_program_runs() {
    let nowhere = [("TMPDIR", "/proc/no/such/folder")];
    let running = start_with(&nowhere, &["--port", "0", "--https"]);
    assert!(running.field("url").starts_with("https://"));
    assert!(!running.ready.contains("certificate"), "{}", running.ready);
    running.signal("-TERM");
    let (code, told) = running.wait();
    assert_eq!(code, Some(0));
    assert!(told.contains("Warning: cannot write /proc/no/such/folder/queue-emulator-"), "{told}");
    assert!(told.contains("must trust this certificate:\n\n-----BEGIN CERTIFICATE-----"), "{told}");
}

#[test]
fn node_goes_on_trusting_what_it_was_told_to() {
    let folder = Folder::new();
    let theirs = folder.file("theirs.pem", "their certificate");
    let script = "cat \"$NODE_EXTRA_CA_CERTS\"; ls -l \"$NODE_EXTRA_CA_CERTS\"";
    let run = |theirs: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(["--port", "0", "--https", "--exec", "sh", "-c", script]);
        command.env("NODE_EXTRA_CA_CERTS", theirs).env("TMPDIR", &folder.0).output().unwrap()
    };
    let told = text(&run(&theirs).stdout);
    assert!(told.starts_with("their certificate\n-----BEGIN CERTIFICATE-----"), "{told}");
    assert!(told.contains("\n-rw------- "), "{told}");
    // Nothing is left of it.
    assert_eq!(folder.names(), ["theirs.pem"]);
    let output = run("/no/such/file");
    assert!(text(&output.stdout).starts_with("-----BEGIN CERTIFICATE-----"));
    let told = text(&output.stderr);
    assert!(told.contains("NODE_EXTRA_CA_CERTS") && told.contains("/no/such/file"), "{told}");
    assert!(text(&run("").stdout).starts_with("-----BEGIN CERTIFICATE-----"));
}
