//! [`GivenArgs`]: a signature under diagnosis, from standard input, a variable or an argument.

use std::io::{self, Read as _};

use crate::{app::App, failure::Failure};

/// A signature under diagnosis.
#[derive(Debug, clap::Args)]
pub(super) struct GivenArgs {
    /// The URL or token; better given on standard input or by --sas-env, where nobody sees it
    #[arg(value_name = "URL")]
    given: Option<String>,
}

/// What a signature takes at most.
const MOST: u64 = 64 * 1024;

impl GivenArgs {
    pub(super) fn read(&self, app: &App) -> Result<String, Failure> {
        let text = if let Some(given) = self.given.as_ref().filter(|given| *given != "-") {
            app.detail("the signature is an argument: others on this machine can see it");
            given.clone()
        } else if let Some(name) = &app.account.sas_env {
            std::env::var(name)
                .map_err(|_| Failure::usage(format!("the variable {name} is not set")))?
        } else {
            if app.terminal.input {
                app.note("paste the URL or token, then Ctrl-D");
            }
            let mut text = String::new();
            io::stdin().lock().take(MOST).read_to_string(&mut text).map_err(|error| {
                Failure::usage(format!("the signature cannot be read: {error}"))
            })?;
            text
        };
        let text = text.trim().trim_matches(['"', '\'']).replace("&amp;", "&");
        if text.is_empty() {
            return Err(Failure::usage(
                "no signature: give it on standard input, or name its variable with --sas-env",
            ));
        }
        Ok(text)
    }
}

/// The token of a URL, or the text itself.
pub(super) fn token(text: &str) -> &str {
    text.split_once('?').map_or(text, |(_, query)| query)
}
