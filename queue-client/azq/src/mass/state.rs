//! [`StateArgs`]: the file by which a killed run goes on.

use std::{fs, path::PathBuf};

use etcetera::BaseStrategy as _;
use queue_client::bulk::FileJournal;

use crate::app::App;

/// The options about the file that remembers how far a verb got.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct StateArgs {
    /// The file that remembers how far this got; the same command goes on with it after a crash, and
    /// does nothing when all is done. By default a file in the state folder of the user, which is
    /// removed at the end
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,

    /// Remember nothing: after a crash messages may be doubled that nobody can name
    #[arg(long, conflicts_with = "resume", hide_short_help = true)]
    no_state: bool,
}

impl StateArgs {
    /// The journal of a job between two places.
    pub(crate) fn journal(
        &self,
        app: &App,
        verb: &str,
        from: &str,
        to: &str,
    ) -> Option<FileJournal> {
        if self.no_state {
            return None;
        }
        let (path, named) = match &self.resume {
            Some(path) => (path.clone(), true),
            None => match default_path(verb, from, to) {
                Some(path) => (path, false),
                None => {
                    app.warn("there is no folder for a state file: a crash may double messages; name one with --resume FILE");
                    return None;
                }
            },
        };
        if path.exists() {
            app.note(&format!("going on with {}", path.display()));
        }
        app.detail(&format!("state: {}", path.display()));
        let journal = FileJournal::new(path);
        // What the user named stays, so that a run that was killed after its last message is known to
        // be done. What is ours would keep the same command from being meant a second time.
        Some(if named { journal.keep() } else { journal })
    }
}

/// The journal that [`StateArgs::journal`] takes by default, for who cannot be told of it.
pub(crate) fn default_journal(verb: &str, from: &str, to: &str) -> Option<FileJournal> {
    default_path(verb, from, to).map(FileJournal::new)
}

fn default_path(verb: &str, from: &str, to: &str) -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let folder = strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("azq");
    fs::create_dir_all(&folder).ok()?;
    // FNV-1a: the same in every version and on every machine.
    let hash = format!("{from}\n{to}").bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Some(folder.join(format!("{verb}-{hash:016x}.state")))
}
