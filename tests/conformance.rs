//! Runs the conformance list on every server at hand: the emulator in this process, the emulator
//! over HTTP with either client, and Azurite if `QUEUE_TESTS_AZURITE_CONNECTION_STRING` says where it is.

use std::{
    env,
    pin::pin,
    process::ExitCode,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use libtest_mimic::{Arguments, Failed, Trial};
use queue_tests::{
    conformance::{Case, cases, play},
    deviations::{self, Deviation},
    server::Server,
};
use tokio::runtime::Runtime;

const AZURITE: &str = "QUEUE_TESTS_AZURITE_CONNECTION_STRING";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = Arc::new(Runtime::new().expect("a runtime starts"));
    let mut trials = Vec::new();
    trials.extend(on(&runtime, "emulator-in-process", Server::in_process(), &[]));
    trials.extend(on(&runtime, "emulator-over-http", runtime.block_on(Server::http()), &[]));
    let server = runtime.block_on(Server::http()).blocking();
    trials.extend(on(&runtime, "emulator-blocking", server, &[]));
    if let Ok(connection_string) = env::var(AZURITE) {
        let server = Server::external(&connection_string);
        trials.extend(on(&runtime, "azurite", server, deviations::AZURITE));
        println!(
            "Azurite deviates in {} of {} cases; `cargo xtask behavior` shows them.",
            deviations::AZURITE.len(),
            cases(true).len()
        );
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn on(
    runtime: &Arc<Runtime>,
    name: &str,
    server: Server,
    deviations: &'static [Deviation],
) -> Vec<Trial> {
    let server = Arc::new(server);
    cases(!server.blocks())
        .into_iter()
        .map(|case| {
            let (runtime, server) = (Arc::clone(runtime), Arc::clone(&server));
            let deviates = deviations.iter().any(|deviation| deviation.case == case.name);
            Trial::test(format!("{name}::{}", case.name), move || {
                let verdict = judge(case, &server, deviates);
                if server.blocks() { at_once(verdict) } else { runtime.block_on(verdict) }
            })
        })
        .collect()
}

/// What blocks is done when it returns: there is nothing to wait for, and no runtime is needed.
fn at_once(verdict: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    match pin!(verdict).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(verdict) => verdict,
        Poll::Pending => Err("a call of the blocking client returned before it was done".into()),
    }
}

async fn judge(case: Case, server: &Server, deviates: bool) -> Result<(), Failed> {
    match (play(case, server).await, deviates) {
        (Ok(()), false) | (Err(_), true) => Ok(()),
        (Ok(()), true) => Err("passes although it is listed as a deviation: strike it off".into()),
        (Err(failure), false) => Err(failure.to_string().into()),
    }
}
