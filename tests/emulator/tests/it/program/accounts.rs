//! Accounts, keys and secrets, from wherever the program takes them.

use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use super::{Folder, knock, knock_at, list_with, run, run_with, start_with, text};
use crate::running::{PROGRAM, Running};

#[test]
fn own_accounts_come_first() {
    let running = Running::start(&["--port", "0", "--account", "contoso:a2V5"]);
    let connection_string = running.field("connectionString");
    assert!(connection_string.contains("AccountName=contoso;AccountKey=a2V5;"));
    assert!(connection_string.contains(&format!("http://127.0.0.1:{}/contoso", running.port())));
}

#[test]
fn accounts_of_the_environment_are_for_those_who_name_none() {
    let accounts = [("AZURITE_ACCOUNTS", "contoso:a2V5;fabrikam:b25l:dHdv;")];
    let running = start_with(&accounts, &["--port", "0"]);
    assert!(running.field("connectionString").contains("AccountName=contoso;AccountKey=a2V5;"));
    let running = start_with(&accounts, &["--port", "0", "--account", "own:a2V5"]);
    assert!(running.field("connectionString").contains("AccountName=own;"));

    let (code, told) = run_with(&[("AZURITE_ACCOUNTS", "contoso:key!")], &["--port", "0"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("AZURITE_ACCOUNTS") && !told.contains("key!"), "{told}");
    // Not as if it were not there: then everybody would know the key.
    let mut wrong = Command::new(PROGRAM);
    wrong.env("AZURITE_ACCOUNTS", std::ffi::OsStr::from_bytes(b"contoso:\xff"));
    let output = wrong.args(["--port", "0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("AZURITE_ACCOUNTS is not valid UTF-8"));
}

#[test]
fn the_account_that_everybody_knows_is_off_unless_it_is_named() {
    let served = |running: &Running| knock(running.port()).starts_with("HTTP/1.1 401 ");
    let accounts = |accounts| [("AZURITE_ACCOUNTS", accounts)];
    let port = ["--port", "0"];
    for nobody in ["", " ; "] {
        assert!(served(&start_with(&accounts(nobody), &port)), "{nobody:?}");
    }
    assert!(!served(&start_with(&accounts("contoso:a2V5"), &port)));
    assert!(served(&start_with(&accounts("contoso:a2V5;devstoreaccount1"), &port)));
    assert!(!served(&Running::start(&["--port", "0", "--account", "contoso:a2V5"])));
    let named = ["--port", "0", "--account", "contoso:a2V5", "--account", "devstoreaccount1"];
    assert!(served(&Running::start(&named)));
}

#[test]
fn keys_and_secrets_come_from_files_too() {
    let folder = Folder::new();
    // As an editor on Windows writes it.
    let accounts = "\u{feff}# for the tests\r\ncontoso:a2V5:b25l # two keys\r\n\r\nfabrikam:dHdv;third:dHdv\r\n";
    let file = folder.file("accounts", accounts);
    let running =
        Running::start(&["--port", "0", "--account-file", &file, "--account", "own:a2V5"]);
    assert!(running.field("connectionString").contains("AccountName=contoso;AccountKey=a2V5;"));
    for name in ["contoso", "fabrikam", "third", "own"] {
        assert!(knock_at(running.port(), name).starts_with("HTTP/1.1 401 "), "{name}");
    }
    assert!(knock(running.port()).starts_with("HTTP/1.1 404 "));
    for (content, expected) in [
        ("# nothing\n", "there is no account in it"),
        ("one:a2V5\ntwo:c2VjcmV0!\n", "accounts: line 2: a key of the account"),
        ("one:c2VjcmV0\nTWO:c2VjcmV0\n", "accounts: line 2: the account's name"),
    ] {
        let file = folder.file("accounts", content);
        let output = run(&["--account-file", &file]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2));
        assert!(told.contains(expected) && !told.contains("c2VjcmV0"), "{told}");
    }
    let utf16: Vec<u8> = "\u{feff}a".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&file, utf16).unwrap();
    assert!(text(&run(&["--account-file", &file]).stderr).contains("it is text in UTF-16"));

    // However the secret is given, it signs and checks the same.
    let secret = folder.file("secret", "s3cret\n");
    let variable = [("QUEUE_EMULATOR_TOKEN_SECRET", "s3cret")];
    let token = |variables: &[(&str, &str)], args: &[&str]| {
        let mut command = Command::new(PROGRAM);
        let output = command.arg("token").args(args).envs(variables.iter().copied()).output();
        text(&output.unwrap().stdout).trim().to_owned()
    };
    let servers = [
        Running::start(&["--port", "0", "--bearer-over-http", "--token-secret-file", &secret]),
        Running::start(&["--port", "0", "--bearer-over-http", "--token-secret", "s3cret"]),
        start_with(&variable, &["--port", "0", "--bearer-over-http"]),
    ];
    for server in &servers {
        for (token, accepted) in [
            (token(&[], &["--token-secret-file", &secret]), true),
            (token(&[], &["--token-secret", "s3cret"]), true),
            (token(&variable, &[]), true),
            (token(&variable, &["--token-secret", "other"]), false),
            (token(&[], &[]), false),
        ] {
            let answer = list_with(&format!("127.0.0.1:{}", server.port()), &token);
            assert_eq!(answer.starts_with("HTTP/1.1 200 "), accepted, "{answer}");
        }
    }
    let empty = folder.file("secret", "\n");
    let (code, told) = run_with(&[], &["--token-secret-file", &empty]);
    assert_eq!(code, Some(2));
    assert!(told.contains("the secret is empty"), "{told}");
}

#[test]
fn tokens_are_printed_alone() {
    let output =
        run(&["token", "--role", "sender", "--object-id", "me", "--token-secret", "s3cret"]);
    let token = text(&output.stdout);
    assert_eq!((token.matches('.').count(), token.lines().count()), (2, 1));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(run(&["token", "--role", "emperor"]).status.code(), Some(2));
}
