//! The main job: a sender and several receivers, each a process of its own, talk through a queue.
//! Receivers are killed while they hold messages; what they held is received again by others. A
//! referee keeps the books: nothing is lost, every repetition has its cause, and no message is
//! worked on under two leases at once.

mod arguments;
mod events;
mod ledger;
mod processes;
mod receiver;
mod referee;
mod report;
mod sender;

use std::process::ExitCode;

use crate::arguments::{Arguments, Role};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Outcome {
    let Some(arguments) = Arguments::parse()? else {
        print!("{}", arguments::HELP);
        return Ok(());
    };
    match &arguments.role {
        Role::Referee => referee::run(&arguments).await,
        Role::Sender { queue } => sender::run(queue, arguments.messages).await,
        Role::Receiver { queue } => receiver::run(queue, arguments.lease).await,
    }
}
