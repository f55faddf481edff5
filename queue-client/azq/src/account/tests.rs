//! The order of credentials, and that errors never show a secret.

use clap::Parser;

use super::{AccountArgs, Contexts, choose_from, environment::Environment};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    account: AccountArgs,
}

const SAS: &str = "?sv=2025-07-05&ss=q&srt=o&sp=p&se=2036-09-24&sig=c2VjcmV0";
const EMULATOR: (&str, &str) = ("AZURE_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true");
const ACCOUNT: (&str, &str) = ("AZURE_STORAGE_ACCOUNT", "acme");
const KEY: (&str, &str) = ("AZURE_STORAGE_KEY", "a2V5");
const TOKEN: (&str, &str) = ("AZURE_STORAGE_SAS_TOKEN", SAS);

/// What is chosen: endpoint, credential, what was passed over; or the error.
fn chosen(line: &str, variables: &[(&str, &str)]) -> String {
    chosen_with(line, variables, &contexts())
}

fn contexts() -> Contexts {
    toml::from_str(
        "[context.prod]\naccount-name = 'prod'\nkey-env = 'PROD_KEY'\nprotected = true\n\
         [context.here]\nconnection-string = 'UseDevelopmentStorage=true'\n",
    )
    .unwrap()
}

fn chosen_with(line: &str, variables: &[(&str, &str)], contexts: &Contexts) -> String {
    let words = std::iter::once("azq").chain(line.split_whitespace());
    let args = Line::try_parse_from(words).map_err(|error| error.to_string());
    let args = match args {
        Ok(line) => line.account,
        Err(error) => return error,
    };
    match choose_from(&args, contexts, &Environment::of(variables)) {
        Ok(chosen) => {
            let mut text = format!("{} by {}", chosen.account.endpoint(), chosen.credential);
            if chosen.protected {
                text.push_str(", protected");
            }
            for other in chosen.passed_over {
                text.push_str("; not ");
                text.push_str(&other);
            }
            text
        }
        Err(failure) => format!("{:?}: {failure}", failure.exit()),
    }
}

#[test]
fn the_order_of_credentials() {
    let azure = "https://acme.queue.core.windows.net/";
    let local = "http://127.0.0.1:10001/devstoreaccount1/";
    for (line, variables, expected) in [
        ("", &[EMULATOR][..], format!("{local} by account key of AZURE_STORAGE_CONNECTION_STRING")),
        (
            "",
            &[EMULATOR, ACCOUNT, KEY],
            format!(
                "{local} by account key of AZURE_STORAGE_CONNECTION_STRING; not \
                 AZURE_STORAGE_ACCOUNT: AZURE_STORAGE_CONNECTION_STRING comes first; not \
                 AZURE_STORAGE_KEY: AZURE_STORAGE_CONNECTION_STRING comes first"
            ),
        ),
        (
            "",
            &[ACCOUNT, KEY, TOKEN],
            format!("{azure} by shared access signature of AZURE_STORAGE_SAS_TOKEN"),
        ),
        ("", &[ACCOUNT, KEY], format!("{azure} by account key of AZURE_STORAGE_KEY")),
        ("", &[ACCOUNT], format!("{azure} by Microsoft Entra ID: login of az or azd")),
        (
            "--auth-mode login",
            &[ACCOUNT, KEY],
            format!("{azure} by Microsoft Entra ID: login of az or azd"),
        ),
        (
            "--account-name acme",
            &[EMULATOR, KEY],
            format!(
                "{azure} by account key of AZURE_STORAGE_KEY; not AZURE_STORAGE_CONNECTION_STRING: an \
                 option names the account"
            ),
        ),
        (
            "--account-name acme --key-env MINE",
            &[("MINE", "a2V5"), TOKEN],
            format!("{azure} by account key of MINE"),
        ),
        (
            "--sas-env MINE",
            &[(
                "MINE",
                "https://acme.queue.core.windows.net/orders?sv=2025-07-05&sp=p&se=2036-09-24&sig=c2VjcmV0",
            )],
            format!("{azure} by shared access signature of MINE"),
        ),
        (
            "--context prod",
            &[EMULATOR, ("PROD_KEY", "a2V5")],
            "https://prod.queue.core.windows.net/ by account key of PROD_KEY (context prod), \
             protected; not AZURE_STORAGE_CONNECTION_STRING: context prod comes first"
                .into(),
        ),
        (
            "",
            &[("AZQ_CONTEXT", "here")],
            format!("{local} by account key of context here (context here)"),
        ),
        (
            "--queue-endpoint http://127.0.0.1:7777/devstoreaccount1",
            &[],
            "http://127.0.0.1:7777/devstoreaccount1/ by well-known key of the emulator".into(),
        ),
        (
            "--account-name acme --auth-mode anonymous",
            &[],
            format!("{azure} by no credential (--auth-mode)"),
        ),
    ] {
        assert_eq!(chosen(line, variables), expected, "{line} {variables:?}");
    }
}

#[test]
fn a_current_context_gives_way_to_options() {
    let mut contexts = contexts();
    contexts.current = Some("here".into());
    let chosen = |line| chosen_with(line, &[ACCOUNT, KEY], &contexts);
    assert!(chosen("").contains("context here"), "{}", chosen(""));
    let other = chosen("--account-name acme");
    assert_eq!(other, "https://acme.queue.core.windows.net/ by account key of AZURE_STORAGE_KEY");
}

#[test]
fn errors_name_the_place_and_never_the_secret() {
    for (line, variables, expected) in [
        ("", &[][..], "Usage: no account: set AZURE_STORAGE_CONNECTION_STRING"),
        (
            "--account-key c2VjcmV0",
            &[],
            "Usage: an account key in an argument shows in process lists",
        ),
        ("--sas-token c2VjcmV0", &[], "Usage: a shared access signature in an argument shows"),
        (
            "--connection-string AccountName=acme;AccountKey=c2VjcmV0",
            &[],
            "Usage: a connection string with a key or signature in an argument shows",
        ),
        (
            "--connection-string QueueEndpoint=https://acme.queue.core.windows.net/?sig=c2VjcmV0",
            &[],
            "Usage: a connection string with a key or signature in an argument shows",
        ),
        (
            "--key-env c2VjcmV0c2VjcmV0PT0= --account acme",
            &[],
            "Usage: an option wants the name of a variable",
        ),
        ("--key-env MISSING --account acme", &[], "Usage: the variable MISSING is not set"),
        (
            "--account acme --key-env BAD",
            &[("BAD", "c2VjcmV0!")],
            "Usage: BAD holds no account key",
        ),
        (
            "--connection-string UseDevelopmentStorage=true --account-name other",
            &[],
            "Usage: --connection-string is for account devstoreaccount1, and --account-name says other",
        ),
        ("--context pord", &[], "Usage: no context `pord`; did you mean `prod`?"),
        ("--context prod", &[], "Usage: the variable PROD_KEY is not set"),
        ("--account-name Acme!", &[KEY], "Usage: --account-name: account name"),
        ("--auth-mode key", &[ACCOUNT], "Denied: --auth-mode key wants a key"),
    ] {
        let found = chosen(line, variables);
        assert!(found.starts_with(expected), "{line}: {found}");
        assert!(!found.contains("c2VjcmV0"), "{found}");
    }
}

/// What a panic would print of it, and what `-vv` prints.
#[test]
fn debug_shows_no_secret() {
    let string = "AccountName=acme;AccountKey=c2VjcmV0";
    for (line, variables) in [
        ("", &[("AZURE_STORAGE_CONNECTION_STRING", string)][..]),
        ("", &[ACCOUNT, ("AZURE_STORAGE_KEY", "c2VjcmV0")]),
        ("", &[ACCOUNT, TOKEN]),
        (
            "",
            &[
                ACCOUNT,
                ("AZURE_CLIENT_ID", "me"),
                ("AZURE_TENANT_ID", "ours"),
                ("AZURE_CLIENT_SECRET", "c2VjcmV0"),
            ],
        ),
        ("--context prod", &[("PROD_KEY", "c2VjcmV0")]),
    ] {
        let words = std::iter::once("azq").chain(line.split_whitespace());
        let args = Line::try_parse_from(words).unwrap().account;
        let chosen = choose_from(&args, &contexts(), &Environment::of(variables)).unwrap();
        let client = queue_client::ClientBuilder::from(chosen.account.clone());
        let shown = format!("{args:?} {chosen:?} {client:?}");
        let shown = format!("{shown} {:?}", client.build().unwrap());
        assert!(shown.contains("acme") || shown.contains("prod"), "{shown}");
        // Bytes of a secret would show as `[115, 101, 99, …]`.
        for secret in ["c2VjcmV0", "secret\"", "115, 101"] {
            assert!(!shown.contains(secret), "{line} {variables:?}: {shown}");
        }
    }
}
