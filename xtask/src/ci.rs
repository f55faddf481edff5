//! What CI runs, in the order in which a mistake shows soonest.

use crate::{Outcome, check, features, layering, shell};

pub(crate) fn run() -> Outcome {
    check::run()?;
    layering::run()?;
    features::run()?;
    for command in [&["test"][..], &["test", "--server", "azurite"], &["demo"]] {
        shell::run(shell::cargo(["xtask"]).args(command))?;
    }
    Ok(())
}
