//! `azq check`: a probe for cron and Kubernetes, which looks and changes nothing.

use std::time::Duration;

use super::info;
use crate::{
    app::App,
    failure::Failure,
    pattern::{is_pattern, matching},
    units,
};

pub(crate) const EXAMPLES: &str = "  azq check orders --max-depth 1000 --max-age 1h
  azq check 'orders-*' --max-depth 1000
  azq check orders-poison --max-depth 0 || echo 'look at orders-poison'";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE; with `*` and `?` all queues that match, each with these limits
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// At most so many messages, hidden ones included
    #[arg(long, value_name = "N", required_unless_present = "max_age")]
    max_depth: Option<u64>,

    /// The oldest visible message waits for at most so long
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    max_age: Option<Duration>,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queues = if is_pattern(&args.queue) {
        matching(app, &args.queue).await?
    } else {
        vec![app.queue(&args.queue)?]
    };
    for queue in queues {
        let found = info::look(app, &queue).await?;
        info::check(&found, args.max_depth, args.max_age)?;
        app.detail(&format!("{} is within its limits", queue.label));
    }
    Ok(())
}
