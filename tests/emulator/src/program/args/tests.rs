//! What becomes of command lines.

use std::ffi::OsString;

use clap::CommandFactory as _;

use super::*;
use crate::program::azurite::Mode;
use crate::program::options::{Https, Options};
use crate::program::words::{Parsed, Program, parse, words};
use crate::role::Role;

/// The settings that a command line asks for, or what is said of it.
fn run(args: &[&str]) -> Result<Options, String> {
    let args = ["queue-emulator"].iter().chain(args).map(OsString::from);
    let args = parse(args).map_err(|parsed| match parsed {
        Parsed::Shown(text) => text,
        Parsed::Wrong(error) => error.to_string(),
    })?;
    match args.word {
        None => Options::new(args.serve, None).map_err(|error| error.to_string()),
        Some(Word::Azurite(serve)) => {
            Options::new(*serve, Some(Mode::All)).map_err(|error| error.to_string())
        }
        Some(Word::AzuriteQueue(serve)) => {
            Options::new(*serve, Some(Mode::Queue)).map_err(|error| error.to_string())
        }
        Some(Word::Token(token)) => Err(token.issue().unwrap_or_else(|error| error.to_string())),
        Some(other) => Err(format!("{other:?}")),
    }
}

#[test]
fn the_command_line_is_sound() {
    Program::command().debug_assert();
}

#[test]
fn defaults() {
    let options = run(&[]).unwrap();
    assert_eq!((options.port, options.host.as_str()), (10001, "127.0.0.1"));
    assert_eq!(options.threads.get(), 1);
    assert!(options.accounts.is_empty() && options.exec.is_none());
    assert!(options.logs.is_empty() && options.notes.is_empty() && options.mode.is_none());
}

#[test]
fn everything_after_exec_belongs_to_the_command() {
    let options = run(&["--port", "0", "--exec", "sh", "-c", "--port 5", "--help"]).unwrap();
    let exec = options.exec.unwrap();
    assert_eq!(options.port, 0);
    assert_eq!(exec.program, "sh");
    assert_eq!(exec.arguments, ["-c", "--port 5", "--help"]);
}

#[test]
fn mistakes_are_named_and_keys_are_not_repeated() {
    for (args, expected) in [
        (&["--port", "70000"][..], "--port 70000: 70000 is not in 0..=65535"),
        (&["--port"], "--port"),
        (&["--threads", "0"], "--threads 0: "),
        (&["--prot", "1"], "no option --prot; the nearest is --port"),
        (&["--queueprot", "1"], "the nearest is --queuePort"),
        (&["--seedfile", "x"], "the nearest is --seed-file"),
        (&["azurite", "--bolbHost", "x"], "the nearest is --blobHost"),
        (&["azurit"], "the word azurit; the nearest is azurite"),
        (&["--page-port", "x"], "--page-port x: a port from 0 to 65535"),
        (&["--page-port", "off", "--page-host", "jobs"], "contradict"),
        (&["--record-requests", "-1"], "--record-requests -1: "),
        (&["--record-events", "many"], "--record-events many: "),
        (&["--inMemoryPersistence", "--location", "x"], "cannot be given together"),
        (&["--pwd", "c2VjcmV0", "--cert", "c.pfx"], "openssl pkcs12"),
        (&["--oauth", "full"], "basic"),
        (&["--queue", "Jobs"], "--queue Jobs: "),
        (&["--seed-file", "/no/such/file"], "/no/such/file"),
        (&["extra"], "extra"),
        (&["--exec"], "--exec"),
        (&["--deletion-time", "-1"], "--deletion-time -1: "),
        (&["token", "--life", "long"], "--life long: "),
        (&["--account", "one"], "--account"),
        (&["--location", "x", "--durability", "none"], "disk or os"),
        (&["--durability", "os"], "--location"),
        (&["--recover"], "--location"),
        (&["--cert", "c.pem"], "--key"),
        (&["--cert", "c.pem", "--certificate-file", "f"], "--key"),
        (&["--cert", "c.pem", "--key", "k.pem", "--certificate-file", "f"], "--cert"),
        (&["--certificate-file", "f"], "--https"),
        (&["--role", "sender"], "USER=ROLE"),
        (&["--role", "me=emperor"], "emperor"),
        (&["--faults", "/no/such/file"], "/no/such/file"),
        (&["--port", "0", "token"], "token"),
        (&["token", "--port", "0"], "--port"),
        (&["--account", "UPPER:c2VjcmV0"], "account"),
        (&["--account-file", "/no/such/file"], "/no/such/file"),
        (&["--token-secret-file", "/no/such/file"], "/no/such/file"),
        (&["--token-secret", ""], "empty"),
        (&["--token-secret", "c2VjcmV0", "--token-secret", "c2VjcmV0"], "twice"),
        (&["token", "--token-secret", "c2VjcmV0", "--token-secret-file", "/dev/null"], "empty"),
    ] {
        let error = run(args).unwrap_err();
        assert!(error.contains(expected), "{args:?}: {error}");
        assert!(!error.contains("c2VjcmV0"), "{error}");
    }
    let error = run(&["--account", "one:c2VjcmV0!"]).unwrap_err();
    assert!(!error.contains("c2VjcmV0"), "{error}");
}

#[test]
fn a_command_may_stand_behind_two_hyphens() {
    let options = run(&["--port", "0", "--", "sh", "-c", "--port 5"]).unwrap();
    let exec = options.exec.unwrap();
    assert_eq!(exec.program, "sh");
    assert_eq!(exec.arguments, ["-c", "--port 5"]);
    let error = run(&["--", "sh", "--exec", "sh"]).unwrap();
    assert_eq!(error.exec.unwrap().arguments, ["--exec", "sh"]);
}

#[test]
fn help_names_every_option() {
    let help = run(&["--help"]).unwrap_err();
    let token = run(&["token", "--help"]).unwrap_err();
    let mut command = Program::command();
    command.build();
    let hidden = |option: &clap::Arg| option.is_hide_set();
    for option in command.get_arguments().filter(|option| !hidden(option)) {
        let Some(name) = option.get_long() else { continue };
        assert!(help.contains(&format!("--{name}")), "{name}");
    }
    for word in ["AZURITE_ACCOUNTS", "QUEUE_EMULATOR_TOKEN_SECRET", "token", "health", "azurite"] {
        assert!(help.contains(word), "{word}");
    }
    for name in ["--object-id", "--tenant", "--audience", "--life", "--role", "--token-secret-file"]
    {
        assert!(token.contains(name), "{name}");
    }
    let longest = help.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest <= 110, "{longest}");
}

#[test]
fn every_variable_is_named_after_its_option() {
    let command = Program::command();
    for option in command.get_arguments() {
        let Some(variable) = option.get_env() else { continue };
        let name = option.get_long().unwrap().to_uppercase().replace('-', "_");
        assert_eq!(variable, format!("QUEUE_EMULATOR_{name}").as_str());
    }
    let without = ["token-secret", "token-secret-file", "account", "account-file", "exec", "help"];
    for option in command.get_arguments().filter(|option| !option.is_hide_set()) {
        let Some(name) = option.get_long().filter(|name| !without.contains(name)) else { continue };
        assert!(option.get_env().is_some() || name == "version", "{name}");
    }
}

#[test]
fn the_name_of_the_process_may_be_azurites() {
    for (name, expected) in [
        ("azurite", vec!["azurite", "azurite", "-s"]),
        ("/usr/bin/azurite-queue", vec!["/usr/bin/azurite-queue", "azurite-queue", "-s"]),
        ("C:/azurite.exe", vec!["C:/azurite.exe", "azurite", "-s"]),
        ("queue-emulator", vec!["queue-emulator", "-s"]),
    ] {
        assert_eq!(words([name, "-s"].map(OsString::from)), expected);
    }
}

#[test]
fn the_order_of_accounts_is_kept() {
    let options =
        run(&["--account", "one:a2V5", "--account", "two:a2V5", "--account=three:a2V5"]).unwrap();
    let names: Vec<_> = options.accounts.iter().map(|account| account.name().as_str()).collect();
    assert_eq!(names, ["one", "two", "three"]);
}

#[test]
fn the_last_of_two_counts() {
    assert_eq!(run(&["--port", "1", "--port", "2"]).unwrap().port, 2);
    assert_eq!(run(&["--port", "1", "--queuePort=3"]).unwrap().port, 3);
    let version = run(&["--version"]).unwrap_err();
    assert_eq!(version, concat!("queue-emulator ", env!("CARGO_PKG_VERSION"), "\n"));
    for words in [&["-V"][..], &["-v"], &["azurite", "--version"], &["azurite-queue", "-v"]] {
        assert_eq!(run(words).unwrap_err(), version, "{words:?}");
    }
}

/// The options of Azurite 3.37, of its program with all services and of the one for queues, as its
/// `--help` lists them.
const AZURITES: [&str; 29] = [
    "--blobHost",
    "--blobKeepAliveTimeout",
    "--blobPort",
    "--cert",
    "--debug",
    "--disableProductStyleUrl",
    "--disableTelemetry",
    "--extentMemoryLimit",
    "--help",
    "--inMemoryPersistence",
    "--key",
    "--location",
    "--loose",
    "--oauth",
    "--pwd",
    "--queueHost",
    "--queueKeepAliveTimeout",
    "--queuePort",
    "--silent",
    "--skipApiVersionCheck",
    "--tableHost",
    "--tableKeepAliveTimeout",
    "--tablePort",
    "--version",
    "-d",
    "-l",
    "-s",
    "-h",
    "-v",
];

#[test]
fn the_page_from_azurite_has_every_option_of_azurite_and_no_other() {
    let readme = include_str!("../../../README.md");
    let page = readme.split("\n## ").find(|page| page.starts_with("From Azurite\n")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let mut named: Vec<_> = rows
        .flat_map(|cell| cell.split(['`', ' ', ',']))
        .filter(|word| word.starts_with('-'))
        .collect();
    named.sort_unstable();
    named.dedup();
    let mut expected: Vec<_> = AZURITES.into_iter().chain(["-L"]).collect();
    expected.sort_unstable();
    assert_eq!(named, expected);

    let mut command = Program::command();
    command.build();
    let mut taken = Vec::new();
    for option in command.get_arguments() {
        let aliases = option.get_all_aliases().unwrap_or_default();
        let names = option.get_long().into_iter().chain(aliases);
        taken.extend(names.map(|name| format!("--{name}")));
        let aliases = option.get_all_short_aliases().unwrap_or_default();
        let names = option.get_short().into_iter().chain(aliases);
        taken.extend(names.map(|name| format!("-{name}")));
    }
    for name in &expected {
        assert!(taken.iter().any(|taken| taken == name), "{name}");
    }
    // What only Azurite has is hidden from our help, so the page is all that tells of it.
    for option in command.get_arguments().filter(|option| option.is_hide_set()) {
        let name = format!("--{}", option.get_long().unwrap());
        assert!(expected.contains(&name.as_str()), "{name}");
    }
    assert!(run(&["--help"]).unwrap_err().contains("From Azurite"));
}

#[test]
fn roles_and_certificates() {
    let options = run(&["--role", "me=sender,delegator", "--role", "*=", "--https"]).unwrap();
    let expected =
        [("me".to_owned(), vec![Role::Sender, Role::Delegator]), ("*".to_owned(), vec![])];
    assert_eq!(options.roles, expected);
    assert_eq!(options.https, Https::Generated { file: None });
    let options = run(&["--certificate-file", "f", "--https"]).unwrap();
    assert_eq!(options.https, Https::Generated { file: Some("f".into()) });
    let options = run(&["--cert", "c", "--key", "k"]).unwrap();
    assert_eq!(options.https, Https::Files { certificate: "c".into(), key: "k".into() });
}
