//! What the store reads of its files without SQLite: settings as text, and the log.
//!
//! Both are private to the emulator, and files that need nothing else of it.

#[path = "../../src/store/codec.rs"]
mod codec;
#[allow(dead_code, reason = "the store uses more of it")]
#[path = "../../src/store/wal.rs"]
mod wal;

/// Settings as they are stored. What is read can be written, and reads back equal.
pub(crate) fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(metadata) = codec::read_metadata(text) {
        let written = codec::metadata_text(&metadata);
        assert_eq!(codec::read_metadata(&written).as_ref(), Some(&metadata), "{written}");
    }
    if let Some(policies) = codec::read_policies(text) {
        let written = codec::policies_text(&policies);
        assert_eq!(codec::read_policies(&written).as_ref(), Some(&policies), "{written}");
    }
    if let Some(properties) = codec::read_properties(text) {
        let written = codec::properties_text(&properties);
        assert_eq!(codec::read_properties(&written).as_ref(), Some(&properties), "{written}");
    }
}

/// A log. What it is said to have fits into it, and is not less than what a part of it has.
pub(crate) fn log(data: &[u8]) {
    let log = wal::examine(data, 4_096);
    assert_eq!(log.pages.is_empty(), log.database_pages == 0);
    assert!(log.pages.len() * 512 <= data.len());
    if let Some(page) = wal::first_page(data) {
        assert_eq!(Some(page.len()), log.page_size.map(|size| size as usize).or(Some(page.len())));
    }
    let shorter = wal::examine(data.get(..data.len() / 2).unwrap_or_default(), 4_096);
    assert!(shorter.pages.is_subset(&log.pages), "what follows takes nothing back");
}
