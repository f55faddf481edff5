//! The verbs, one file each. A verb is a module with `Args`, `EXAMPLES` and `run`, and a line in the
//! table below.

mod check;
mod context;
mod create;
mod info;
mod ls;
mod peek;
mod rm;
mod send;
mod take;

use clap::Subcommand;

use crate::{app::App, failure::Failure};

macro_rules! table {
    ($($(#[$attribute:meta])* $name:ident = $module:ident,)*) => {
        /// What is to be done.
        #[derive(Debug, Subcommand)]
        pub(crate) enum Verb {
            $($(#[$attribute])* #[command(before_help = $module::EXAMPLES)] $name($module::Args),)*
        }

        impl Verb {
            /// Does it.
            pub(crate) async fn run(self, app: &App) -> Result<(), Failure> {
                match self {
                    $(Self::$name(args) => Box::pin($module::run(app, args)).await,)*
                }
            }
        }
    };
}

table! {
    /// List queues; with -l their depth and the age of their oldest message (changes nothing)
    Ls = ls,
    /// Show all that is known of a queue (changes nothing)
    #[command(visible_alias = "stats")]
    Info = info,
    /// Check depth and age of a queue for cron and probes: code 8 if a limit is passed (changes nothing)
    Check = check,
    /// Make queues
    Create = create,
    /// Delete queues with all their messages, after a question
    #[command(visible_alias = "delete-queue")]
    Rm = rm,
    /// Add messages, from arguments, a file or standard input
    #[command(visible_alias = "put")]
    Send = send,
    /// Look at the first 32 messages (changes nothing)
    Peek = peek,
    /// Receive and print messages, and delete each once its line is written (deletes)
    Take = take,
    /// Name accounts, and say which one is used
    Context = context,
}
