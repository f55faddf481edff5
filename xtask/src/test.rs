//! `cargo xtask test`: all tests, against the emulator in the process or another server.

use lexopt::{Arg, Parser, ValueExt};

use crate::{Outcome, azurite, shell, usage};

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut server = String::from("emulator");
    let mut filter = Vec::new();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Long("server") => {
                server = arguments.value().and_then(|value| value.string()).map_err(usage)?;
            }
            Arg::Value(word) => filter.push(word.string().map_err(usage)?),
            other => return Err(usage(other.unexpected())),
        }
    }
    match server.as_str() {
        "emulator" => all(&filter),
        "azurite" => on_azurite(&filter),
        other => Err(format!("there is no server `{other}`: use `emulator` or `azurite`")),
    }
}

/// Prints what the conformance list finds, row by row, on the emulator and on Azurite.
pub(crate) fn behavior(mut arguments: Parser) -> Outcome {
    if let Some(argument) = arguments.next().map_err(usage)? {
        return Err(usage(argument.unexpected()));
    }
    let azurite = azurite::Azurite::start()?;
    shell::run(
        shell::cargo(["run", "--quiet", "--package", "queue-tests", "--example", "behavior"])
            .env("QUEUE_TESTS_AZURITE_CONNECTION_STRING", azurite.connection_string()),
    )
}

fn all(filter: &[String]) -> Outcome {
    shell::run(shell::cargo(["test", "--workspace", "--all-features"]).args(filter))
}

fn on_azurite(filter: &[String]) -> Outcome {
    let (plain, https) = (azurite::Azurite::start()?, azurite::Azurite::start_https()?);
    shell::run(
        shell::cargo(["test", "--package", "queue-tests", "--test", "conformance", "--"])
            .arg("azurite")
            .args(filter)
            .env("QUEUE_TESTS_AZURITE_CONNECTION_STRING", plain.connection_string()),
    )?;
    let (blob, table) =
        (azurite::Azurite::start_service("blob")?, azurite::Azurite::start_service("table")?);
    shell::run(
        shell::cargo(["test", "--package", "queue-auth", "--all-features"])
            .args(["--test", "azurite", "--test", "azurite_bearer"])
            .args(["--test", "azurite_storage", "--", "--ignored"])
            .args(filter)
            .env("QUEUE_AUTH_AZURITE", plain.url())
            .env("QUEUE_AUTH_AZURITE_BLOB", blob.url())
            .env("QUEUE_AUTH_AZURITE_TABLE", table.url())
            .env("QUEUE_AUTH_AZURITE_HTTPS", https.url())
            .env("QUEUE_AUTH_AZURITE_CERTIFICATE", https.certificate()),
    )
}
