//! `cargo xtask ci`: what CI runs, in the order in which a mistake shows soonest.

use crate::{Outcome, alarms, check, features, layering, shell, supply, workflows};

pub(crate) fn run() -> Outcome {
    check::run()?;
    layering::run()?;
    supply::run_where_it_can_be_had()?;
    workflows::run_where_it_can_be_had()?;
    features::run_smaller()?;
    // The tests run this for five seconds; here it may take a minute.
    shell::run(
        shell::cargo(["test", "--package", "queue-tests", "--test", "soak", "--", "--nocapture"])
            .env("QUEUE_TESTS_SOAK_SECONDS", "60"),
    )?;
    alarms::run_where_it_can_be_had()?;
    for command in [
        &["simulate", "--scenarios", "100000"][..],
        &["test"],
        &["test", "--server", "azurite"],
        &["interop"],
        &["browser"],
        &["interface", "--check"],
        &["semver"],
        &["package"],
        &["demo", "--full"],
        &["release", "--no-build"],
    ] {
        shell::run(shell::cargo(["xtask"]).args(command))?;
    }
    Ok(())
}
