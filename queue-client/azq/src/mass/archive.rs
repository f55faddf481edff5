//! The files of dumps: [`ArchiveWriter`] writes lines, in pieces that a killed process leaves whole;
//! [`open`] reads them, packed or not; [`ArchiveWriter::resume`] finds what a killed process left.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write},
    path::Path,
};

use flate2::{Compression, bufread::GzDecoder, bufread::MultiGzDecoder, write::GzEncoder};

use crate::{
    failure::{Exit, Failure},
    mass::{ids::Ids, record::Record},
};

/// The bytes that every file of gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Writes the lines of a dump to a file or to standard output.
///
/// What was written before a [`flush`](Self::flush) is whole after it, whatever becomes of the
/// process: packed lines are a member of gzip of their own.
pub(crate) struct ArchiveWriter {
    out: Out,
    /// The lines since the last flush.
    lines: Vec<u8>,
    gzip: bool,
}

enum Out {
    File(File),
    Stdout(BufWriter<io::Stdout>),
}

impl ArchiveWriter {
    pub(crate) fn stdout(gzip: bool) -> Self {
        Self { out: Out::Stdout(BufWriter::new(io::stdout())), lines: Vec::new(), gzip }
    }

    /// A new file, which must not exist.
    pub(crate) fn create(path: &Path, gzip: bool) -> Result<Self, Failure> {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Failure::usage(format!(
                "{} exists: add --resume to go on with it, or name another file",
                path.display()
            )),
            _ => Failure::usage(format!("{} cannot be written: {error}", path.display())),
        })?;
        own(&file, path)?;
        Ok(Self { out: Out::File(file), lines: Vec::new(), gzip })
    }

    /// A file that an earlier run left, or a new one, behind what is whole in it: what is not whole is
    /// cut off.
    pub(crate) fn resume(path: &Path, gzip: bool) -> Result<(Self, Found), Failure> {
        let failed = |error: io::Error| {
            Failure::usage(format!("{} cannot be gone on with: {error}", path.display()))
        };
        // Not truncated: what is in it is wanted.
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = file.map_err(failed)?;
        own(&file, path)?;
        let found = repair(&file, path)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let gzip = if found.ids.is_empty() { gzip } else { found.gzip };
        Ok((Self { out: Out::File(file), lines: Vec::new(), gzip }, found))
    }

    /// Adds a line to what the next flush writes.
    pub(crate) fn push(&mut self, line: &str) {
        self.lines.extend_from_slice(line.as_bytes());
    }

    /// Writes all lines that were added. With `durable`, a file is on the disk when this returns.
    pub(crate) fn flush(&mut self, durable: bool) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let packed;
        let bytes = if self.gzip {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&self.lines)?;
            packed = encoder.finish()?;
            &packed
        } else {
            &self.lines
        };
        match &mut self.out {
            Out::File(file) => {
                file.write_all(bytes)?;
                if durable {
                    file.sync_data()?;
                }
            }
            Out::Stdout(out) => {
                out.write_all(bytes)?;
                out.flush()?;
            }
        }
        self.lines.clear();
        Ok(())
    }
}

/// Opens a dump, packed or not, of a file or, as `-`, standard input.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, Failure> {
    let unreadable = |error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let mut raw: Box<dyn BufRead + Send> = if path.as_os_str() == "-" {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::with_capacity(64 * 1024, File::open(path).map_err(unreadable)?))
    };
    let packed = raw.fill_buf().map_err(unreadable)?.starts_with(&GZIP);
    Ok(if packed { Box::new(BufReader::new(MultiGzDecoder::new(raw))) } else { raw })
}

/// What a file holds that a killed process wrote, after what is not whole was cut off.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) ids: Ids,
    /// The bytes that were cut off.
    pub(crate) cut: u64,
    pub(crate) gzip: bool,
}

/// Keeps two runs out of one file, as long as it is open: both would write all messages into it.
fn own(file: &File, path: &Path) -> Result<(), Failure> {
    match fs4::FileExt::try_lock(file) {
        Ok(()) => Ok(()),
        Err(fs4::TryLockError::WouldBlock) => Err(Failure::new(
            Exit::Conflict,
            format!("{} is being written by another run: wait until it ends", path.display()),
        )),
        // A file system without locks is no reason to do without a dump.
        Err(fs4::TryLockError::Error(_)) => Ok(()),
    }
}

/// Reads a file that an earlier run wrote, cuts off what is not whole, and returns the ids in it.
fn repair(file: &File, path: &Path) -> Result<Found, Failure> {
    let failed = |error: io::Error| {
        Failure::usage(format!("{} cannot be gone on with: {error}", path.display()))
    };
    let mut found = Found::default();
    let length = file.metadata().map_err(failed)?.len();
    let mut reader = Counted { inner: BufReader::new(file), count: 0 };
    found.gzip = reader.fill_buf().map_err(failed)?.starts_with(&GZIP);
    let whole = if found.gzip {
        members(&mut reader, &mut found.ids, path)?
    } else {
        lines(&mut reader, &mut found.ids, path).map_err(failed)??
    };
    found.cut = length.saturating_sub(whole);
    if found.cut > 0 {
        file.set_len(whole).map_err(failed)?;
    }
    Ok(found)
}

/// Reads members of gzip as long as they are whole; the length of those.
fn members(
    reader: &mut Counted<BufReader<&File>>,
    ids: &mut Ids,
    path: &Path,
) -> Result<u64, Failure> {
    let mut whole = 0;
    loop {
        let mut member = Vec::new();
        let read = GzDecoder::new(&mut *reader).read_to_end(&mut member);
        if read.is_err() || member.is_empty() {
            return Ok(whole);
        }
        for line in member.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            remember(line, ids, path)?;
        }
        whole = reader.count;
    }
}

/// Reads lines as long as they have an end; the length of those.
fn lines(
    reader: &mut Counted<BufReader<&File>>,
    ids: &mut Ids,
    path: &Path,
) -> io::Result<Result<u64, Failure>> {
    let mut line = Vec::new();
    let mut whole = 0;
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || !line.ends_with(b"\n") {
            return Ok(Ok(whole));
        }
        whole = reader.count;
        if let Err(failure) = remember(&line, ids, path) {
            return Ok(Err(failure));
        }
    }
}

fn remember(line: &[u8], ids: &mut Ids, path: &Path) -> Result<(), Failure> {
    let line = String::from_utf8_lossy(line);
    let record = Record::parse(&line).map_err(|why| {
        Failure::usage(format!("{} is no dump to go on with: a line {why}", path.display()))
    })?;
    if let Some(id) = record.id {
        ids.insert(&id);
    }
    Ok(())
}

/// A reader that counts what was consumed.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.count += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count += amount as u64;
        self.inner.consume(amount);
    }
}
