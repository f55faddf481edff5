//! The main job: a sender and several receivers, each a process of its own, talk through a queue.
//! One receiver is killed while it holds messages; what it held is received again by another.

mod arguments;
mod events;
mod receiver;
mod referee;
mod report;
mod sender;
mod tally;

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
    match arguments.role {
        Role::Referee => referee::run(&arguments).await,
        Role::Sender { queue } => sender::run(&queue, arguments.messages).await,
        Role::Receiver { queue } => receiver::run(&queue, arguments.visibility).await,
    }
}
