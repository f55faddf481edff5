//! What becomes of command lines.

use super::*;
use crate::help::HELP;

fn run(args: &[&str]) -> Result<Box<Options>, String> {
    let args = ["queue-emulator"].iter().chain(args).map(OsString::from);
    match parse(args) {
        Ok(Command::Run(options)) => Ok(options),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn defaults() {
    let options = run(&[]).unwrap();
    assert_eq!((options.port, options.host.as_str()), (10001, "127.0.0.1"));
    assert_eq!(options.threads.get(), 1);
    assert!(options.accounts.is_empty() && options.exec.is_none());
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
        (&["--port", "70000"][..], "--port 70000: number too large"),
        (&["--port"], "--port"),
        (&["--threads", "0"], "--threads 0: "),
        (&["--prot", "1"], "--prot"),
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
fn help_names_every_option() {
    assert!(matches!(parse(["x", "-h"].map(OsString::from)), Ok(Command::Help)));
    assert!(matches!(parse(["x", "-V"].map(OsString::from)), Ok(Command::Version)));
    for option in [
        "--port",
        "--host",
        "--location",
        "--durability",
        "--recover",
        "--https",
        "--cert",
        "--key",
        "--certificate-file",
        "--account",
        "--account-file",
        "AZURITE_ACCOUNTS",
        "--token-secret-file",
        "QUEUE_EMULATOR_TOKEN_SECRET",
        "--deletion-time",
        "--faults",
        "--seed",
        "--threads",
        "--replication-lag",
        "--role",
        "--bearer-over-http",
        "--forbid-shared-key",
        "--token-secret",
        "--exec",
        "--help",
        "--version",
        "--object-id",
        "--tenant",
        "--audience",
        "--life",
    ] {
        assert!(HELP.contains(option), "{option}");
    }
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
