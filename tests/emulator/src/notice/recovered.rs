//! What became of a store whose files were damaged: [`Recovered`].

use std::fmt;
use std::path::PathBuf;

/// What became of a damaged store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// What was found damaged.
    pub found: String,
    /// How many queues were read.
    pub queues: u64,
    /// How many messages were read with their texts.
    pub messages: u64,
    /// How many messages or texts were found without the other, and are set aside.
    pub halves: u64,
    /// Whether parts of the files could not be read, so that there may have been more.
    pub unreadable: bool,
    /// The folder with the damaged files.
    pub kept_in: PathBuf,
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, queues, messages, halves, unreadable, kept_in } = self;
        write!(
            f,
            "the store was damaged ({found}): {queues} queues and {messages} messages were "
        )?;
        write!(f, "read, {halves} messages of which only a part was there are set aside")?;
        if *unreadable {
            f.write_str(", and parts could not be read, so that there may have been more")?;
        }
        write!(f, "; the damaged files are in {}", kept_in.display())
    }
}
