//! `azq create`: makes queues.

use std::time::{Duration, Instant};

use queue_client::{
    OpFailure, Refusal,
    proto::{
        Metadata,
        ops::{CreateQueue, CreateQueueResponse},
    },
};

use crate::{
    app::{App, Queue},
    failure::{Exit, Failure},
    units,
};

pub(crate) const EXAMPLES: &str = "  azq create invoices
  azq create invoices orders --if-not-exists --metadata owner=billing";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queues, each perhaps as CONTEXT:QUEUE
    #[arg(required = true, add = crate::complete::queues())]
    queues: Vec<String>,

    /// A queue that exists is no error, whatever its metadata
    #[arg(long)]
    if_not_exists: bool,

    /// The metadata of the queues
    #[arg(long, value_name = "NAME=VALUE", num_args = 1.., value_parser = pair)]
    metadata: Vec<(String, String)>,

    /// Wait so long for a queue that was just deleted, which the service takes 40 seconds for
    #[arg(
        long,
        value_name = "TIME",
        num_args = 0..=1,
        default_missing_value = "2m",
        require_equals = true,
        value_parser = units::duration
    )]
    wait: Option<Duration>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The time between two tries of --wait.
const AGAIN: Duration = Duration::from_secs(2);

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let mut metadata = Metadata::new();
    for (name, value) in &args.metadata {
        metadata
            .insert(name.as_str(), value.as_str())
            .map_err(|error| Failure::usage(format!("--metadata {name}: {error}")))?;
    }
    // A name that cannot be is an error before the first queue is made.
    let queues: Vec<_> =
        args.queues.iter().map(|name| app.queue(name)).collect::<Result<_, _>>()?;
    for queue in &queues {
        let operation = CreateQueue::new(queue.client.name().clone()).metadata(metadata.clone());
        match create(app, &args, queue, &operation).await? {
            CreateQueueResponse::Created => app.note(&format!("created {}", queue.name())),
            CreateQueueResponse::AlreadyExists if args.if_not_exists => {
                app.note(&format!("{} was there already", queue.name()));
            }
            CreateQueueResponse::AlreadyExists => {
                return Err(Failure::new(
                    Exit::Conflict,
                    format!(
                        "queue `{}` exists already: add --if-not-exists if that is fine",
                        queue.name()
                    ),
                ));
            }
        }
    }
    Ok(())
}

async fn create(
    app: &App,
    args: &Args,
    queue: &Queue,
    operation: &CreateQueue,
) -> Result<CreateQueueResponse, Failure> {
    let begun = Instant::now();
    let mut said = false;
    loop {
        let error = match queue.client.execute(operation).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.failure() {
            OpFailure::Refused { kind: Refusal::Conflict, .. } if args.if_not_exists => {
                return Ok(CreateQueueResponse::AlreadyExists);
            }
            OpFailure::Refused { kind: Refusal::QueueBeingDeleted, .. } => match args.wait {
                Some(wait) if begun.elapsed() + AGAIN <= wait => {
                    if !said {
                        app.note(&format!("{} is being deleted; waiting", queue.name()));
                        said = true;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
                Some(_) => return Err(error.into()),
                None => {
                    return Err(Failure::new(
                        Exit::Conflict,
                        format!(
                            "queue `{}` was deleted a moment ago, and its name is free again after \
                             some 40 seconds: add --wait",
                            queue.name()
                        ),
                    ));
                }
            },
            _ => return Err(error.into()),
        }
    }
}
