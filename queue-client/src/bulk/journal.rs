//! [`Journal`]: what a [`Transfer`](super::Transfer) remembers across crashes; [`FileJournal`] keeps it
//! in a file. Come here for what is written when, and what a killed run leaves behind.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use queue_proto::MessageId;

use super::lock;

/// How far the transfer of one message got.
///
/// The order is `Putting`, then `Put` or `NotPut`, and for a message that is moved `Deleted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalStep {
    /// The put is about to be sent. Nobody knows what became of it if this is the last step.
    Putting,
    /// The put was confirmed: the message must not be put again, and can be deleted.
    Put,
    /// The put was refused, so that nothing was changed.
    NotPut,
    /// The message was deleted from its queue.
    Deleted,
    /// The message was put again since nobody knew what had become of its put. This does not take the
    /// place of another step: it is remembered until the job is done, so that the report of the
    /// last run names the message.
    PutAgain,
}

impl JournalStep {
    const ALL: [Self; 5] = [Self::Putting, Self::Put, Self::NotPut, Self::Deleted, Self::PutAgain];

    const fn letter(self) -> &'static str {
        match self {
            Self::Putting => "?",
            Self::Put => "+",
            Self::NotPut => "!",
            Self::Deleted => "-",
            Self::PutAgain => "2",
        }
    }

    fn of_letter(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.letter() == letter)
    }
}

/// What remembers how far the transfer of each message got, so that it can be resumed after a crash
/// without putting a message twice.
///
/// A step must have left the process when [`record`](Self::record) returns: what is kept in memory
/// alone does not survive a crash.
pub trait Journal: fmt::Debug + Send + 'static {
    /// What earlier runs of the same job left: the last step of each message, if that is
    /// [`Putting`](JournalStep::Putting) or [`Put`](JournalStep::Put), and besides each
    /// [`PutAgain`](JournalStep::PutAgain). A journal of another job must be refused.
    ///
    /// # Errors
    ///
    /// Any error ends the transfer before it begins.
    fn begin(&mut self, job: &str) -> io::Result<Vec<(MessageId, JournalStep)>>;

    /// Takes down a step.
    ///
    /// # Errors
    ///
    /// Any error ends the transfer. Nothing is put whose step is not taken down.
    fn record(&mut self, id: &MessageId, step: JournalStep) -> io::Result<()>;

    /// Ends the job: nothing has to be remembered any more.
    ///
    /// # Errors
    ///
    /// An error is not reported: the job is done.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A journal in a file, a line for each step. The file is removed when nothing has to be remembered,
/// unless [`keep`](Self::keep) says otherwise.
///
/// What was written survives the end of the process in any way. It is not forced to the disk: if the
/// machine loses its power, messages may be put twice, but none is lost.
///
/// Two runs cannot use one file at the same time: the second is refused before it puts anything.
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    file: Option<File>,
    /// A line may have been written in part, and nothing may follow it.
    torn: bool,
    keeps: bool,
}

/// The first line of a file, in front of the name of the job.
const MAGIC: &str = "azure-queue-journal/1 ";

impl FileJournal {
    /// A journal in the file of this name, which is made when the transfer begins.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), file: None, torn: false, keeps: false }
    }

    /// Keeps the file when the job is done. A copy that runs again then finds that nothing is left to
    /// do, as it should when its process was killed after the last message and before anybody heard
    /// that all was done. Default: the file is removed.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.keeps = true;
        self
    }

    /// The name of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the file of an earlier run, if there is one, and the file that will take its place, so
    /// that no other run has either.
    fn lock(&self) -> io::Result<(Option<File>, File, PathBuf)> {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        loop {
            let old = match lock::open(OpenOptions::new().read(true).write(true), &self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                old => Some(self.taken(old)?),
            };
            let all = || OpenOptions::new().append(true).create(true).to_owned();
            let new = self.taken(lock::open(&all(), &beside))?;
            // Whoever has the new file decides what the name stands for. What was opened before that
            // may be gone, or another run may have put its file there.
            if lock::is_at(old.as_ref(), &self.path) && lock::is_at(Some(&new), &beside) {
                return Ok((old, new, beside));
            }
        }
    }

    fn taken(&self, opened: io::Result<File>) -> io::Result<File> {
        opened.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                let path = self.path.display();
                let what = format!("{path} is in use by another run: wait for its end");
                io::Error::new(io::ErrorKind::WouldBlock, what)
            }
            _ => error,
        })
    }

    fn read(&self, old: Option<File>, job: &str) -> io::Result<Vec<(MessageId, JournalStep)>> {
        let Some(mut old) = old else { return Ok(Vec::new()) };
        if !old.metadata()?.is_file() {
            return Err(self.refused("is no file".to_owned()));
        }
        let mut bytes = Vec::new();
        old.read_to_end(&mut bytes)?;
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(self.refused("is not a journal".to_owned()));
        };
        // Whoever was killed while a line was written did not act on it.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let mut lines = whole.lines();
        match lines.next().unwrap_or_default().strip_prefix(MAGIC) {
            Some(other) if other == job => {}
            Some(other) => {
                return Err(self.refused(format!("belongs to another job, \"{other}\"")));
            }
            None if text.is_empty() => {}
            // A file that was cut within its first line holds nothing else.
            None if MAGIC.starts_with(&text) || text.starts_with(MAGIC) => {}
            None => return Err(self.refused("is not a journal".to_owned())),
        }
        let (mut steps, mut again) = (HashMap::new(), HashSet::new());
        for line in lines {
            let step = line.split_once(' ').and_then(|(letter, id)| {
                Some((JournalStep::of_letter(letter)?, MessageId::new(id).ok()?))
            });
            let Some((step, id)) = step else {
                return Err(self.refused("has a line that cannot be read".to_owned()));
            };
            match step {
                JournalStep::Putting | JournalStep::Put => drop(steps.insert(id, step)),
                JournalStep::NotPut | JournalStep::Deleted => drop(steps.remove(&id)),
                JournalStep::PutAgain => drop(again.insert(id)),
            }
        }
        let again = again.into_iter().map(|id| (id, JournalStep::PutAgain));
        Ok(steps.into_iter().chain(again).collect())
    }

    fn refused(&self, why: String) -> io::Error {
        let path = self.path.display();
        io::Error::new(io::ErrorKind::InvalidData, format!("{path} {why}: name another file"))
    }
}

impl Journal for FileJournal {
    fn begin(&mut self, job: &str) -> io::Result<Vec<(MessageId, JournalStep)>> {
        let (old, mut new, beside) = self.lock()?;
        let pending = self.read(old, job).inspect_err(|_| drop(fs::remove_file(&beside)))?;
        // Written anew beside the old one, so that the file holds what is pending alone, and a crash
        // leaves one of the two.
        let mut text = format!("{MAGIC}{job}\n");
        for (id, step) in &pending {
            text.push_str(&line(id, *step));
        }
        new.set_len(0)?;
        new.write_all(text.as_bytes())?;
        fs::rename(&beside, &self.path)?;
        (self.file, self.torn) = (Some(new), false);
        Ok(pending)
    }

    fn record(&mut self, id: &MessageId, step: JournalStep) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Err(io::Error::other("the journal was not begun"));
        };
        if self.torn {
            return Err(io::Error::other("an earlier step could not be written"));
        }
        // In one piece, so that a kill cuts the last line alone. A full disk cuts it as well.
        let written = file.write_all(line(id, step).as_bytes());
        self.torn = written.is_err();
        written
    }

    fn finish(&mut self) -> io::Result<()> {
        // Open until the file is gone, so that no other run takes up what is done.
        let _file = self.file.take();
        if self.keeps { Ok(()) } else { fs::remove_file(&self.path) }
    }
}

fn line(id: &MessageId, step: JournalStep) -> String {
    format!("{} {id}\n", step.letter())
}
