//! Questions before something is destroyed. They are asked only if standard input and standard error
//! are terminals; elsewhere `--yes` must say it.

use std::io::{self, BufRead as _, Write as _};

use crate::{
    app::App,
    failure::{Exit, Failure},
};

/// Asks whether to go on; anything but yes ends the verb.
///
/// # Errors
///
/// A usage failure where nobody can be asked and `--yes` is missing; a failure without a change when
/// the answer is no.
pub(crate) fn confirm(app: &App, question: &str) -> Result<(), Failure> {
    if app.talk.yes {
        return Ok(());
    }
    let answer = ask(app, question, "[y/N]")?;
    match answer.to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Exit::SomeFailed, "nothing was changed")),
    }
}

/// Asks for the name of the queue that is to lose its messages, since a `y` is typed too easily.
///
/// # Errors
///
/// The same as those of [`confirm`].
pub(crate) fn confirm_name(app: &App, question: &str, name: &str) -> Result<(), Failure> {
    if app.talk.yes {
        return Ok(());
    }
    let answer = ask(app, question, &format!("type `{name}` to go on:"))?;
    if answer == name {
        return Ok(());
    }
    Err(Failure::new(Exit::SomeFailed, "nothing was changed"))
}

fn ask(app: &App, question: &str, choice: &str) -> Result<String, Failure> {
    if !(app.terminal.input && app.terminal.error) {
        return Err(Failure::usage(format!("{question} Add --yes to say so")));
    }
    let mut error = io::stderr().lock();
    let _ = write!(error, "{question} {choice} ");
    let _ = error.flush();
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::usage(format!("the answer cannot be read: {error}")))?;
    Ok(answer.trim().to_owned())
}
