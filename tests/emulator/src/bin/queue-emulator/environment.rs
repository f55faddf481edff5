//! What the program takes from its environment: [`complete`], for what no option has given.

use std::env::{self, VarError};

use lexopt::Error;
use queue_emulator::TokenIssuer;

use crate::args::Command;
use crate::input;

/// The environment variable that accounts are taken from if no option gives any: who has set it for
/// Azurite has the same ones here.
pub(crate) const ACCOUNTS: &str = "AZURITE_ACCOUNTS";
/// The environment variable that the secret of tokens is taken from if no option gives one.
pub(crate) const TOKEN_SECRET: &str = "QUEUE_EMULATOR_TOKEN_SECRET";

/// Takes from the environment what no option has given.
pub(crate) fn complete(command: &mut Command) -> Result<(), Error> {
    match command {
        Command::Run(options) => {
            if options.accounts.is_empty()
                && let Some(text) = variable(ACCOUNTS)?
            {
                options.accounts = input::accounts(&text, ACCOUNTS)?;
            }
            add_issuer(&mut options.issuer)
        }
        Command::Token(issuer, _) => add_issuer(issuer),
        Command::Help | Command::Version => Ok(()),
    }
}

fn add_issuer(found: &mut Option<TokenIssuer>) -> Result<(), Error> {
    if found.is_none()
        && let Some(secret) = variable(TOKEN_SECRET)?
    {
        *found = Some(input::issuer(&secret, TOKEN_SECRET)?);
    }
    Ok(())
}

/// A variable of the environment. One that is not text is a mistake, and not as if it were not
/// there: without its accounts the well-known key would open everything.
fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not valid UTF-8").into()),
    }
}
