//! `azq sas`: makes, explains and tries shared access signatures.

mod check;
mod create;
mod explain;
mod given;

use clap::Subcommand;

use crate::{app::App, failure::Failure};

pub(crate) const EXAMPLES: &str = "  azq sas create orders --permissions rp --expires 2h
  azq sas create orders --permissions r --expires 2h | azq sas explain";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a signature for a queue, or for the account: prints a URL, which is a secret
    Create(create::Args),
    /// Say in words what a signature allows and what is wrong with it, without asking the service
    Explain(explain::Args),
    /// Try what a signature allows, by requests that change nothing
    Check(check::Args),
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Create(args) => create::run(app, args).await,
        Action::Explain(args) => explain::run(app, &args),
        Action::Check(args) => check::run(app, &args).await,
    }
}
