//! The verbs, one file each. A verb is a module with `Args`, `EXAMPLES` and `run`, and a line in the
//! table below.

mod bench;
mod check;
mod completion;
mod context;
mod cp;
mod create;
mod delete;
mod doctor;
mod dump;
mod edit;
pub(crate) mod emulator;
mod info;
mod ls;
mod man;
mod mv;
mod peek;
mod policy;
mod purge;
mod receive;
mod redrive;
mod requeue;
mod restore;
mod rm;
mod sas;
mod scan;
mod send;
mod take;
mod top;
mod update;
mod version;
mod work;

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
    /// Watch all queues live on a screen (changes nothing but by R, after a question)
    Top = top,
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
    /// Receive messages and leave them hidden, with their receipts, for scripts (raises counts)
    #[command(visible_alias = "get")]
    Receive = receive,
    /// Hide a received message for longer, or change what it says
    Update = update,
    /// Delete a received message
    Delete = delete,
    /// Run a command for each message, with retries and a poison queue (deletes what is done)
    Work = work,
    /// Make, explain and try shared access signatures
    Sas = sas,
    /// Show and change the stored access policies of a queue
    Policy = policy,
    /// Name accounts, and say which one is used
    Context = context,
    /// Find out why an account or queue cannot be used, and the cure (changes nothing)
    Doctor = doctor,
    /// Run the emulator of the service, or a command against a fresh one
    Emulator = emulator,
    /// Measure how fast the account is from here, in a queue of its own
    Bench = bench,
    /// Print the script by which a shell completes verbs, options and queues
    Completion = completion,
    /// Print manual pages
    Man = man,
    /// Say what this program is
    Version = version,
}
