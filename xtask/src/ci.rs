//! `cargo xtask ci`: what CI runs, in the order in which a mistake shows soonest.

use crate::{Outcome, check, features, layering, shell, supply, targets};

pub(crate) fn run() -> Outcome {
    check::run()?;
    layering::run()?;
    supply::run()?;
    targets::run()?;
    features::run_smaller()?;
    // The tests run this for five seconds; here it may take a minute.
    shell::run(
        shell::cargo(["test", "--package", "queue-tests", "--test", "soak", "--", "--nocapture"])
            .env("QUEUE_TESTS_SOAK_SECONDS", "60"),
    )?;
    for command in [
        &["simulate", "--scenarios", "100000"][..],
        &["test"],
        &["test", "--server", "azurite"],
        &["interop"],
        &["browser"],
        &["package"],
        &["demo", "--full"],
        &["release"],
    ] {
        shell::run(shell::cargo(["xtask"]).args(command))?;
    }
    Ok(())
}
