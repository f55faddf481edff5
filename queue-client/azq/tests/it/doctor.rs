//! `azq doctor`: each situation is made, and its sentence and cure are pinned.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Command,
    thread,
    time::{Duration, SystemTime},
};

use queue_client::auth::{
    AccountKey,
    sas::{QueuePermissions, QueueSas},
};
use queue_emulator::{Certificate, Emulator, ManualClock, Role, Server, TokenIssuer, UserToken};

use crate::harness::{Bench, Ended, ended};

const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// `azq doctor` with these variables instead of a connection string.
fn doctor(bench: &Bench, words: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = bench.command(std::iter::once("doctor").chain(words.iter().copied()));
    command.env_remove("AZURE_STORAGE_CONNECTION_STRING").envs(variables.iter().copied());
    ended(&mut command, b"")
}

fn endpoint(bench: &Bench) -> String {
    format!("{}/{ACCOUNT}", bench.server.base_url())
}

/// The finding and its cure stand in the output, the code is that of a failed check, and no secret
/// is there.
#[track_caller]
fn finds(run: &Ended, code: i32, finding: &str, cure: &str) {
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    let line = run.out.lines().position(|line| line.contains(finding));
    let Some(line) = line else { panic!("no `{finding}` in\n{}{}", run.out, run.err) };
    let next = run.out.lines().nth(line + 1).unwrap_or_default();
    assert!(
        next.contains("→") && next.contains(cure),
        "no `{cure}` after `{finding}` in\n{}",
        run.out
    );
    assert!(!run.out.contains(KEY) && !run.err.contains(KEY), "{}{}", run.out, run.err);
}

fn by_key<'a>(endpoint: &'a str, key: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("AZURE_STORAGE_ACCOUNT", ACCOUNT),
        ("AZURE_STORAGE_KEY", key),
        ("AZURE_STORAGE_SERVICE_ENDPOINT", endpoint),
    ]
}

#[test]
fn all_is_well() {
    let bench = Bench::new();
    bench.queue("orders", &["17 bottles"]);
    let run = doctor(&bench, &["orders"], &by_key(&endpoint(&bench), KEY));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for line in [
        "ok    credential    account key of AZURE_STORAGE_KEY",
        "ok    connection    the service listens at 127.0.0.1:",
        "ok    clock         right to within a minute",
        "ok    authorization account devstoreaccount1 takes the credential",
        "ok    queue         orders exists",
        "ok    permission    put is allowed",
        "ok    permission    delete is allowed",
        "ok    codec         the messages are text",
    ] {
        assert!(run.out.contains(line), "no `{line}` in\n{}", run.out);
    }
    assert_eq!(bench.texts("orders"), ["17 bottles"], "nothing was changed");
    let json = doctor(&bench, &["orders", "-o", "json"], &by_key(&endpoint(&bench), KEY));
    let document: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(document["checks"][0]["check"], "account");
}

#[test]
fn a_wrong_key() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    let other = "c29tZWJvZHkgZWxzZSdzIGtleQ==";
    let run = doctor(&bench, &["orders"], &by_key(&endpoint(&bench), other));
    finds(
        &run,
        8,
        "the account key of AZURE_STORAGE_KEY is no key of account devstoreaccount1",
        "copy a key again: `az storage account keys list --account-name devstoreaccount1`",
    );
    let run = doctor(&bench, &["orders"], &by_key(&endpoint(&bench), "not base64!"));
    finds(
        &run,
        8,
        "AZURE_STORAGE_KEY holds no account key",
        "it must be base64, as the portal shows it",
    );
}

#[test]
fn a_clock_that_is_off() {
    for (ahead, words) in
        [(true, "2h 0m behind the service's"), (false, "2h 0m ahead of the service's")]
    {
        let hours = Duration::from_secs(2 * 3_600 + 30);
        let hours = if ahead { hours } else { Duration::from_secs(2 * 3_600) };
        let now = SystemTime::now();
        let clock = ManualClock::starting_at(if ahead { now + hours } else { now - hours });
        let bench = Bench::of(Emulator::builder().manual_clock(&clock).build());
        let run = doctor(&bench, &["orders"], &by_key(&endpoint(&bench), KEY));
        finds(&run, 8, &format!("the clock of this machine is {words}"), "set the clock");
        finds(
            &run,
            8,
            "the signature is refused because of the clock",
            "set the clock of this machine",
        );
    }
}

fn signature(queue: &str, letters: &str, start: Option<i64>, life: i64) -> String {
    let now = SystemTime::now();
    let at = |seconds: i64| {
        let length = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { now - length } else { now + length }
    };
    let permissions: QueuePermissions = letters.parse().unwrap();
    let mut sas = QueueSas::new(queue, permissions, at(life));
    if let Some(start) = start {
        sas = sas.start(at(start));
    }
    let key = AccountKey::from_base64(KEY).unwrap();
    sas.sign(ACCOUNT, &key).unwrap().expose().to_owned()
}

fn with_signature(bench: &Bench, words: &[&str], token: &str) -> Ended {
    let endpoint = endpoint(bench);
    let variables = [
        ("AZURE_STORAGE_ACCOUNT", ACCOUNT),
        ("AZURE_STORAGE_SAS_TOKEN", token),
        ("AZURE_STORAGE_SERVICE_ENDPOINT", endpoint.as_str()),
    ];
    doctor(bench, words, &variables)
}

#[test]
fn signatures_that_do_not_work() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    bench.queue("invoices", &[]);

    let expired = signature("orders", "raup", Some(-7_300), -7_250);
    let run = with_signature(&bench, &["orders"], &expired);
    finds(&run, 8, "2 hours ago", "ask for a new one, or make it with `azq sas create`");
    assert!(run.out.contains("the shared access signature has `se` expired at "), "{}", run.out);

    let early = signature("orders", "raup", Some(7_300), 9_000);
    let run = with_signature(&bench, &["orders"], &early);
    finds(
        &run,
        8,
        "the shared access signature has `st` not valid yet: starts at ",
        "wait, or set the clock",
    );

    let other = signature("invoices", "raup", None, 3_600);
    let run = with_signature(&bench, &["orders"], &other);
    finds(
        &run,
        8,
        "account devstoreaccount1 refuses the shared access signature of AZURE_STORAGE_SAS_TOKEN: it is \
         for another queue or account",
        "compare queue and account with whoever made it",
    );
    let url = format!("{}/invoices?{other}", endpoint(&bench));
    let run = doctor(&bench, &["orders", "--sas-env", "URL"], &[("URL", &url)]);
    finds(
        &run,
        8,
        "the shared access signature is for queue `invoices`, and not for `orders`",
        "use queue `invoices`, or ask for a signature for `orders`",
    );

    let narrow = signature("orders", "ra", None, 3_600);
    let run = with_signature(&bench, &["orders"], &narrow);
    finds(
        &run,
        0,
        "update is not allowed with this credential",
        "ask for a signature with the letter `u` if it is needed",
    );
    finds(&run, 0, "delete is not allowed with this credential", "the letter `p`");
    assert!(run.out.contains("put is allowed"), "{}", run.out);

    let good = signature("orders", "raup", None, 3_600);
    let doubly = good.replace('%', "%25");
    assert_ne!(doubly, good);
    let run = with_signature(&bench, &["orders"], &doubly);
    finds(&run, 8, "percent-encoded twice", "do not encode it a second time");

    let (start, _) = good.split_once("sig=").unwrap();
    let cut = format!("{start}sig=abcd");
    let run = with_signature(&bench, &["orders"], &cut);
    finds(
        &run,
        8,
        "the shared access signature has `sig` not 32 bytes in base64; a part of it may be missing",
        "copy the whole URL again",
    );
}

#[test]
fn the_way_to_the_service() {
    let bench = Bench::new();
    let run = doctor(&bench, &[], &by_key("http://127.0.0.1:1/devstoreaccount1", KEY));
    finds(
        &run,
        8,
        "the emulator is not running at 127.0.0.1:1",
        "start it with `azq emulator --port 1`",
    );
    let run = doctor(&bench, &[], &by_key("https://devstoreaccount1.queue.core.invalid", KEY));
    finds(
        &run,
        8,
        "no address is known for devstoreaccount1.queue.core.invalid",
        "check the name of the account and the endpoint",
    );
    if cfg!(target_os = "linux") {
        // Linux takes this address for itself, so that nobody has to wait for a timeout.
        let run = doctor(&bench, &[], &by_key("http://0.0.0.0:1/devstoreaccount1", KEY));
        finds(&run, 8, "no way to the service at 0.0.0.0:1", "check firewalls");
    }
    // Plain HTTP where TLS is expected.
    let plain = endpoint(&bench).replace("http://", "https://");
    let run = doctor(&bench, &[], &by_key(&plain, KEY));
    finds(&run, 8, "TLS is refused", "if the server speaks plain HTTP, write http://");
}

/// A socket that answers every request as a proxy with a login page does.
fn login_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let page = "<html><title>Please sign in</title></html>";
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: \
                 close\r\n\r\n{page}",
                page.len()
            );
        }
    });
    format!("http://{address}")
}

#[test]
fn a_proxy_in_the_way() {
    let bench = Bench::new();
    let proxy = login_page();
    let mut variables = by_key("http://devstoreaccount1.queue.example.test", KEY).to_vec();
    variables.push(("HTTP_PROXY", &proxy));
    variables.push(("http_proxy", &proxy));
    let run = doctor(&bench, &[], &variables);
    assert!(
        run.out.contains(&format!("requests go by the proxy {proxy}")),
        "{}{}",
        run.out,
        run.err
    );
    finds(&run, 8, "Please sign in", "let the proxy or firewall pass requests to it (NO_PROXY)");
}

/// An emulator over HTTPS, and the file with the certificate to trust.
fn https(bench: &Bench, emulator: Emulator) -> (Server, String) {
    let certificate = Certificate::generate().unwrap();
    let server =
        bench.runtime.block_on(Server::bind_https(emulator, "127.0.0.1:0", &certificate)).unwrap();
    let file = bench.folder().join("trust.pem");
    std::fs::write(&file, certificate.trust()).unwrap();
    (server, file.to_str().unwrap().to_owned())
}

#[test]
fn a_certificate_that_nobody_trusts() {
    let bench = Bench::new();
    let (server, trust) = https(&bench, Emulator::new());
    let endpoint = format!("{}/{ACCOUNT}", server.base_url());
    let run = doctor(&bench, &[], &by_key(&endpoint, KEY));
    finds(&run, 8, "TLS is refused: invalid peer certificate", "trust it with --ca-bundle FILE");
    let run = doctor(&bench, &["--ca-bundle", &trust], &by_key(&endpoint, KEY));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[cfg(unix)]
#[test]
fn an_identity_without_a_role() {
    use std::os::unix::fs::PermissionsExt as _;

    let bench = Bench::new();
    let secret = b"the issuer's secret";
    let emulator = Emulator::builder()
        .token_issuer(TokenIssuer::new(secret))
        .other_roles([Role::Sender])
        .build();
    let (server, trust) = https(&bench, emulator);
    let token = TokenIssuer::new(secret).issue(&UserToken::new(), SystemTime::now());
    let login = format!(
        "#!/bin/sh\necho '{{\"accessToken\":\"{token}\",\"expiresOn\":\"2036-01-01 \
         00:00:00.000000\",\"expires_on\":2082758400,\"subscription\":\"s\",\"tenant\":\"t\",\
         \"tokenType\":\"Bearer\"}}'\n"
    );
    let folder = bench.folder().join("bin");
    std::fs::create_dir(&folder).unwrap();
    let az = folder.join("az");
    std::fs::write(&az, login).unwrap();
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();

    let endpoint = format!("{}/{ACCOUNT}", server.base_url());
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let variables = [
        ("AZURE_STORAGE_ACCOUNT", ACCOUNT),
        ("AZURE_STORAGE_SERVICE_ENDPOINT", endpoint.as_str()),
        ("AZURE_STORAGE_AUTH_MODE", "login"),
        ("PATH", path.as_str()),
    ];
    let run = doctor(&bench, &["orders", "--ca-bundle", &trust], &variables);
    finds(
        &run,
        8,
        "the identity (Microsoft Entra ID: login of az or azd) has no role that allows this on account \
         devstoreaccount1",
        "az role assignment create --role \"Storage Queue Data Reader\"",
    );
    assert!(!run.out.contains(&token), "{}", run.out);
}

#[test]
fn account_keys_are_forbidden() {
    let bench = Bench::of(Emulator::builder().forbid_shared_key().build());
    let run = doctor(&bench, &["orders"], &by_key(&endpoint(&bench), KEY));
    finds(
        &run,
        8,
        "account devstoreaccount1 takes no account keys, nor signatures made with one",
        "use --auth-mode login with the role \"Storage Queue Data Reader\"",
    );
    let run = bench.azq(["peek", "orders"]);
    assert_eq!(run.code, 3);
    assert!(
        run.err.contains("use `--auth-mode login` with the role \"Storage Queue Data Reader\""),
        "{}",
        run.err
    );
}

#[test]
fn a_queue_that_is_not_there() {
    let bench = Bench::new();
    let endpoint = endpoint(&bench);
    let missing = "queue `orders` does not exist, or was deleted a moment ago";
    let cure = "`azq create orders --wait` makes it, as soon as its name is free";
    finds(&doctor(&bench, &["orders"], &by_key(&endpoint, KEY)), 8, missing, cure);
    bench.queue("orders", &[]);
    assert_eq!(bench.azq(["rm", "orders", "--yes"]).code, 0);
    finds(&doctor(&bench, &["orders"], &by_key(&endpoint, KEY)), 8, missing, cure);
    finds(
        &doctor(&bench, &["orders", "--create"], &by_key(&endpoint, KEY)),
        8,
        "queue `orders` is being deleted",
        "wait 40 seconds, or `azq create orders --wait`",
    );
    let made = doctor(&bench, &["invoices", "--create"], &by_key(&endpoint, KEY));
    assert_eq!(made.code, 0, "{}{}", made.out, made.err);
    assert!(made.out.contains("queue `invoices` did not exist, and was made"), "{}", made.out);
    assert_eq!(bench.azq(["ls", "-o", "name"]).out, "invoices\n");
}

#[test]
fn base64_and_text_in_one_queue() {
    let bench = Bench::new();
    bench.queue("orders", &["17 bottles", "MTcgYm90dGxlcyBvZiB3aW5l", "3 glasses"]);
    let run = doctor(&bench, &["orders"], &by_key(&endpoint(&bench), KEY));
    finds(
        &run,
        0,
        "base64 and text are mixed: 1 of the first 3 are base64",
        "make all senders write the same way",
    );
}

#[test]
fn variables_that_contradict_each_other() {
    let bench = Bench::new();
    let string = bench.server.connection_string();
    let run = doctor(
        &bench,
        &[],
        &[
            ("AZURE_STORAGE_CONNECTION_STRING", &string),
            ("AZURE_STORAGE_ACCOUNT", "acme"),
            ("AZURE_STORAGE_KEY", KEY),
        ],
    );
    finds(
        &run,
        0,
        "AZURE_STORAGE_CONNECTION_STRING is for account devstoreaccount1 and AZURE_STORAGE_ACCOUNT says \
         acme: the connection string counts",
        "unset the one that is not meant",
    );
    assert!(
        run.out
            .contains("AZURE_STORAGE_CONNECTION_STRING is set, so AZURE_STORAGE_KEY is not used")
    );
    let run = doctor(&bench, &[], &[]);
    finds(&run, 8, "no account", "set AZURE_STORAGE_CONNECTION_STRING");
    let run = ended(Command::new(env!("CARGO_BIN_EXE_azq")).args(["doctor", "--help"]), b"");
    assert!(run.out.starts_with("Find out why"), "{}", run.out);
}
