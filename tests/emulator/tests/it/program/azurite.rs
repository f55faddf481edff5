//! Command lines that were made for Azurite: as people have them in compose files, workflows, npm
//! scripts and fixtures, but for the ports, which are those that are free.

use std::io::{BufRead as _, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::{Folder, knock, run, text};
use crate::running::{PROGRAM, Running};

/// A command line, and what is said of it.
struct Line {
    words: &'static str,
    /// The options of which a note says that they change nothing.
    noted: &'static [&'static str],
}

const LINES: [Line; 11] = [
    // The command of Azurite's image.
    Line {
        words: "azurite -l DIR/data --blobHost 0.0.0.0 --queueHost 0.0.0.0 --tableHost 0.0.0.0",
        noted: &[],
    },
    // Compose files.
    Line {
        words: "azurite --blobHost 0.0.0.0 --blobPort 0 --queueHost 0.0.0.0 --queuePort 0 --tableHost \
                0.0.0.0 --tablePort 0 --loose --skipApiVersionCheck --location DIR/workspace --debug \
                DIR/workspace/debug.log",
        noted: &["--loose", "--skipApiVersionCheck"],
    },
    Line { words: "azurite-queue --queueHost 0.0.0.0 --queuePort 0 -l DIR/data", noted: &[] },
    // Scripts of npm packages.
    Line {
        words: "azurite --silent --location DIR/.azurite --debug DIR/.azurite/debug.log",
        noted: &[],
    },
    Line {
        words: "azurite --inMemoryPersistence --skipApiVersionCheck --disableTelemetry",
        noted: &["--skipApiVersionCheck", "--disableTelemetry"],
    },
    Line {
        words: "azurite -s -l DIR/azurite -d DIR/azurite/debug.log -L --disableProductStyleUrl",
        noted: &["--loose", "--disableProductStyleUrl"],
    },
    // Workflows.
    Line {
        words: "azurite --silent --skipApiVersionCheck --inMemoryPersistence --extentMemoryLimit 512",
        noted: &["--skipApiVersionCheck", "--extentMemoryLimit"],
    },
    Line {
        words: "azurite --oauth basic --cert CERTIFICATES/version1.pem --key CERTIFICATES/version1.key",
        noted: &[],
    },
    // Fixtures: the module of testcontainers, and a process that tests start.
    Line {
        words: "azurite --blobHost 0.0.0.0 --queueHost 0.0.0.0 --tableHost 0.0.0.0 --loose \
                --skipApiVersionCheck --disableTelemetry",
        noted: &["--loose", "--skipApiVersionCheck", "--disableTelemetry"],
    },
    Line {
        words: "azurite-queue --silent=true --loose=true --location=DIR/fixture --queueKeepAliveTimeout=30",
        noted: &["--loose"],
    },
    Line {
        words: "azurite --blobKeepAliveTimeout 5 --queueKeepAliveTimeout 5 --tableKeepAliveTimeout 5",
        noted: &["--blobKeepAliveTimeout", "--tableKeepAliveTimeout"],
    },
];

/// The words of a line, with ports that are free behind them.
fn words(line: &str, folder: &Folder) -> Vec<String> {
    let certificates = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/certificates");
    let line = line.replace("CERTIFICATES", certificates).replace("DIR", &folder.path(""));
    let mut words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    let all = ["--queuePort", "--blobPort", "--tablePort"];
    let ports =
        all.iter().take(if words.first().is_some_and(|word| word == "azurite") { 3 } else { 1 });
    for port in ports {
        words.extend([(*port).to_owned(), "0".to_owned()]);
    }
    words
}

/// The lines on standard output until that of the last service, and the URL of each service.
fn urls(running: &mut Running, services: usize) -> Vec<(String, String)> {
    let mut urls = Vec::new();
    let mut line = running.ready.clone();
    loop {
        if let Some((name, url)) = line.trim().split_once(" service is successfully listening at ")
        {
            urls.push((name.trim_start_matches("Azurite ").to_owned(), url.to_owned()));
        }
        if urls.len() == services {
            return urls;
        }
        line.clear();
        assert_ne!(running.out.read_line(&mut line).unwrap(), 0, "it has ended");
    }
}

fn port(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}

#[test]
fn command_lines_as_they_are_published_start() {
    for Line { words: line, noted } in LINES {
        let folder = Folder::new();
        let all = line.starts_with("azurite ");
        let https = line.contains("--cert");
        let mut running = Running::spawn(Command::new(PROGRAM).args(words(line, &folder)));
        let urls = urls(&mut running, if all { 3 } else { 1 });
        let names: Vec<_> = urls.iter().map(|(name, _)| name.as_str()).collect();
        let expected: &[&str] = if all { &["Blob", "Queue", "Table"] } else { &["Queue"] };
        assert_eq!(names, expected, "{line}");
        let scheme = if https { "https://" } else { "http://" };
        let host = if line.contains("0.0.0.0") { "0.0.0.0:" } else { "127.0.0.1:" };
        for (_, url) in &urls {
            assert!(url.starts_with(&format!("{scheme}{host}")), "{line}: {url}");
        }
        let of = |wanted: &str| port(&urls.iter().find(|(name, _)| name == wanted).unwrap().1);
        if !https {
            assert!(knock(of("Queue")).starts_with("HTTP/1.1 401 "), "{line}");
        }
        if all && !https {
            for (name, word) in [("Blob", "blob"), ("Table", "table")] {
                let answer = ask(of(name), "GET /devstoreaccount1?comp=list");
                assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
                assert!(answer.contains(&format!("there is no {word} service")), "{answer}");
            }
        }
        running.signal("-TERM");
        let (code, told) = running.wait();
        assert_eq!(code, Some(0), "{line}: {told}");
        let notes: Vec<_> = told
            .lines()
            .filter_map(|line| line.strip_prefix("Note: ")?.split_once(" changes nothing: "))
            .map(|(option, _)| option)
            .collect();
        assert_eq!(notes, *noted, "{line}");
        if line.contains("-d ") || line.contains("--debug ") {
            let log = ["workspace", ".azurite", "azurite"].map(|name| folder.path(name));
            let log = log
                .iter()
                .find_map(|name| std::fs::read_to_string(format!("{name}/debug.log")).ok());
            let log = log.unwrap();
            assert!(log.contains("\"code\":\"NoAuthenticationInformation\""), "{line}: {log}");
        }
    }
}

/// The whole answer to a request of one line.
fn ask(port: u16, line: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(format!("{line} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn queues_of_a_compose_file_are_there_again() {
    let folder = Folder::new();
    for status in ["201", "204"] {
        let line =
            "azurite-queue --queueHost 127.0.0.1 --oauth basic -l DIR/data --bearer-over-http";
        let mut running = Running::spawn(Command::new(PROGRAM).args(words(line, &folder)));
        let url = urls(&mut running, 1).remove(0).1;
        let token = text(&run(&["token"]).stdout);
        let request = format!(
            "PUT /devstoreaccount1/jobs HTTP/1.1\r\nhost: localhost\r\nx-ms-version: 2026-10-06\r\n\
             authorization: Bearer {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            token.trim()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", port(&url))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        running.signal("-TERM");
        assert_eq!(running.wait().0, Some(0));
    }
}

#[test]
fn a_link_with_azurites_name_is_enough() {
    let folder = Folder::new();
    for name in ["azurite", "azurite-queue"] {
        symlink(PROGRAM, folder.path(name)).unwrap();
        let mut running = Running::spawn(Command::new(folder.path(name)).args([
            "--blobPort",
            "0",
            "--queuePort",
            "0",
            "--tablePort",
            "0",
        ]));
        let services = if name == "azurite" { 3 } else { 1 };
        assert_eq!(urls(&mut running, services).len(), services);
        running.signal("-TERM");
        let (code, told) = running.wait();
        assert_eq!(code, Some(0));
        assert_eq!(told.contains("Note: there are queues only"), services == 3, "{told}");
    }
}

#[test]
fn azurites_options_are_taken_under_our_own_name_too() {
    let running = Running::start(&["--queueHost", "127.0.0.1", "--queuePort", "0", "--silent"]);
    let url = running.field("url").to_owned();
    running.signal("-TERM");
    let (code, told) = running.wait();
    assert_eq!(code, Some(0));
    let line = format!("Azurite Queue service is successfully listening at {url}\n");
    assert!(told.contains(&line), "{told}");
    // Nobody waits for it otherwise.
    let running = Running::start(&["--port", "0"]);
    running.signal("-TERM");
    assert!(!running.wait().1.contains("Azurite"));
}

#[test]
fn what_cannot_be_taken_is_refused_in_one_line() {
    for (line, expected) in [
        ("azurite --cert cert.pfx --pwd Secret-17-Word", "openssl pkcs12 -in FILE -nodes"),
        ("azurite --inMemoryPersistence --location x", "--inMemoryPersistence and --location"),
        ("azurite --extentMemoryLimit 50", "needs --inMemoryPersistence"),
        ("azurite --oauth strict", "--oauth must be basic"),
        ("azurite --cert c.pem", "--cert and --key must be given together"),
        ("azurite -d", "--debug needs a value"),
        ("azurite --queueprt 1", "no option --queueprt; the nearest is --queuePort"),
        ("azurite --blobHots x", "no option --blobHots; the nearest is --blobHost"),
        ("azurit", "the nearest is azurite"),
        ("--silent --log -", "contradict each other"),
    ] {
        let output = run(&line.split(' ').collect::<Vec<_>>());
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), told.lines().count()), (Some(2), 1), "{line}: {told}");
        assert!(told.contains(expected), "{line}: {told}");
        assert!(!told.contains("Secret-17-Word"), "{told}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn variables_of_azurite_that_change_nothing_are_named() {
    for (variable, value) in
        [("AZURITE_DB", "mysql://x"), ("AZURITE_SKIP_API_VERSION_CHECK", "true")]
    {
        let running = super::start_with(&[(variable, value)], &["--port", "0"]);
        running.signal("-TERM");
        let (code, told) = running.wait();
        assert_eq!(code, Some(0));
        let note = format!("Note: the variable {variable} changes nothing: ");
        assert!(told.contains(&note), "{told}");
    }
}

#[test]
fn ports_for_blobs_and_tables_that_are_taken_are_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for option in ["--blobPort", "--tablePort"] {
        let mut args = vec!["azurite", "--queuePort", "0", "--blobPort", "0", "--tablePort", "0"];
        args.extend([option, &port]);
        let output = run(&args);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        let last = told.lines().last().unwrap();
        assert!(last.contains(&format!("127.0.0.1:{port} is already in use")), "{told}");
        assert!(last.contains("--blobPort"), "{told}");
    }
}
