//! The verbs, one file each. A verb is a module with `Args`, `EXAMPLES` and `run`, and a line in the
//! table below.

mod check;
mod context;
mod cp;
mod create;
mod dump;
mod edit;
mod info;
mod ls;
mod mv;
mod peek;
mod purge;
mod redrive;
mod requeue;
mod restore;
mod rm;
mod scan;
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
            /// Runs the verb to its end.
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
    /// Make one queue or several
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
    /// Look at all messages by receiving them and giving them back (raises dequeue counts)
    Scan = scan,
    /// Write all messages to a file, and give them back or delete them (raises dequeue counts, or deletes)
    Dump = dump,
    /// Put the messages of a dump into a queue
    Restore = restore,
    /// Move messages to another queue, of any account (deletes what was put)
    Mv = mv,
    /// Copy messages to another queue, of any account (raises dequeue counts)
    Cp = cp,
    /// Bring dead letters back into the queue that they died in (deletes what was put)
    Redrive = redrive,
    /// Put one message anew at the end of its queue
    Requeue = requeue,
    /// Change the body of one message
    Edit = edit,
    /// Delete all messages, or those that match (deletes)
    Purge = purge,
    /// Name accounts, and say which one is used
    Context = context,
}
