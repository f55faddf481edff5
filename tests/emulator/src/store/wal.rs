//! What is in the write-ahead log beside a database, before SQLite reads it: [`examine`].
//!
//! SQLite takes a log up to the first frame that does not fit, and drops the rest without a word.
//! That is right for a write that a loss of power cut short, and loses what was answered if a bit
//! in the middle was flipped. The two differ: the checksum of each frame goes on from that of the
//! one before, so what comes after damage still fits by itself.
//!
//! The format is that of "WAL-mode File Format" in the documentation of SQLite.

use std::collections::HashSet;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The magic number; its last bit says whether checksums are over big-endian words.
const MAGIC: u32 = 0x377F_0682;

/// A log as it was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Log {
    /// The pages that it holds in changes that are finished and that SQLite will read.
    pub(super) pages: HashSet<u32>,
    /// The length of the database in pages after the last of these changes; zero without any.
    pub(super) database_pages: u32,
    /// The size of a page, if there is a whole header.
    pub(super) page_size: Option<u32>,
    pub(super) state: State,
}

/// Whether all of a log can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Every change in it is whole, or there is none.
    #[default]
    Whole,
    /// It ends in a change that was never finished, and so was not answered.
    Unfinished,
    /// Something in its middle is damaged, and changes that were answered are behind it.
    Damaged,
}

/// Reads a log. `page_size` is that of the database, for a log whose own header is damaged.
pub(super) fn examine(bytes: &[u8], page_size: u32) -> Log {
    let Some((header, frames)) = bytes.split_at_checked(HEADER_BYTES) else {
        let state = if bytes.is_empty() { State::Whole } else { State::Unfinished };
        return Log { state, ..Log::default() };
    };
    match Header::read(header) {
        Some(header) => header.follow(frames),
        // A header that was being written when the machine stopped has nothing behind it that
        // fits together under its own checksums.
        None if fits_without_header(frames, page_size) => {
            Log { state: State::Damaged, ..Log::default() }
        }
        None => Log { state: State::Unfinished, ..Log::default() },
    }
}

/// The first page of the database, as the log has it first.
pub(super) fn first_page(bytes: &[u8]) -> Option<&[u8]> {
    let (header, frames) = bytes.split_at_checked(HEADER_BYTES)?;
    let page_size = word(header, 8).filter(|size| is_page_size(*size))?;
    let mut frames = frames.chunks_exact(FRAME_HEADER_BYTES + page_size as usize);
    frames.find(|frame| word(frame, 0) == Some(1))?.get(FRAME_HEADER_BYTES..)
}

type Sum = (u32, u32);

struct Header {
    big_endian: bool,
    page_size: u32,
    salts: [u8; 8],
    sum: Sum,
}

impl Header {
    /// Reads a header; `None` if its checksum does not fit.
    fn read(bytes: &[u8]) -> Option<Self> {
        let magic = word(bytes, 0)?;
        let page_size = word(bytes, 8)?;
        if magic & !1 != MAGIC || !is_page_size(page_size) {
            return None;
        }
        let big_endian = magic & 1 == 1;
        let sum = add((0, 0), bytes.get(..24)?, big_endian);
        let salts = bytes.get(16..24)?.try_into().ok()?;
        (sum == stored_sum(bytes, 24)?).then_some(Self { big_endian, page_size, salts, sum })
    }

    fn follow(&self, bytes: &[u8]) -> Log {
        let mut log = Log { page_size: Some(self.page_size), ..Log::default() };
        let mut before = self.sum;
        let mut unfinished = HashSet::new();
        // Whether SQLite still reads; and, when it does not any more, whether a change has ended
        // since.
        let (mut reading, mut ended) = (true, false);
        for bytes in bytes.chunks_exact(FRAME_HEADER_BYTES + self.page_size as usize) {
            let Some(frame) = Frame::read(bytes) else { break };
            // What is left of an older log has another number in both halves, and damage to one
            // bit leaves one half as it was.
            let (halves, _) = frame.salts.as_chunks::<4>();
            let ours = halves.iter().zip(self.salts.as_chunks::<4>().0).any(|(a, b)| a == b);
            let fits =
                frame.salts == self.salts && frame.sum == frame.expected(before, self.big_endian);
            if reading && !fits {
                reading = false;
                if ours || !unfinished.is_empty() {
                    log.state = State::Unfinished;
                }
            }
            if reading {
                unfinished.insert(frame.page);
                if frame.database_pages > 0 {
                    log.pages.extend(unfinished.drain());
                    log.database_pages = frame.database_pages;
                }
            } else if fits {
                // What comes behind the end of a change was written after that was answered.
                log.state = if ended { State::Damaged } else { State::Unfinished };
                if ended {
                    return log;
                }
            }
            ended |= !reading && ours && frame.database_pages > 0;
            before = frame.sum;
        }
        if !unfinished.is_empty() {
            log.state = State::Unfinished;
        }
        log
    }
}

struct Frame<'a> {
    page: u32,
    /// The length of the database after the change that this frame ends; zero in all other frames.
    database_pages: u32,
    salts: &'a [u8],
    sum: Sum,
    summed: [&'a [u8]; 2],
}

impl<'a> Frame<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        Some(Self {
            page: word(bytes, 0)?,
            database_pages: word(bytes, 4)?,
            salts: bytes.get(8..16)?,
            sum: stored_sum(bytes, 16)?,
            summed: [bytes.get(..8)?, bytes.get(FRAME_HEADER_BYTES..)?],
        })
    }

    /// The checksum that it should have after a frame with the checksum `before`.
    fn expected(&self, before: Sum, big_endian: bool) -> Sum {
        self.summed.iter().fold(before, |sum, bytes| add(sum, bytes, big_endian))
    }
}

/// Whether frames follow one another although the header before them is damaged.
fn fits_without_header(frames: &[u8], page_size: u32) -> bool {
    if !is_page_size(page_size) {
        return false;
    }
    let mut frames =
        frames.chunks_exact(FRAME_HEADER_BYTES + page_size as usize).filter_map(Frame::read);
    let (Some(first), Some(second)) = (frames.next(), frames.next()) else { return false };
    first.salts == second.salts
        && [false, true]
            .into_iter()
            .any(|big_endian| second.expected(first.sum, big_endian) == second.sum)
}

fn is_page_size(size: u32) -> bool {
    size.is_power_of_two() && (512..=65_536).contains(&size)
}

/// Goes on with a checksum over bytes whose length is a multiple of eight.
fn add((mut s0, mut s1): Sum, bytes: &[u8], big_endian: bool) -> Sum {
    let read = if big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
    let (words, _) = bytes.as_chunks::<4>();
    let (pairs, _) = words.as_chunks::<2>();
    for [a, b] in pairs {
        s0 = s0.wrapping_add(read(*a)).wrapping_add(s1);
        s1 = s1.wrapping_add(read(*b)).wrapping_add(s0);
    }
    (s0, s1)
}

fn stored_sum(bytes: &[u8], at: usize) -> Option<Sum> {
    Some((word(bytes, at)?, word(bytes, at + 4)?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}
