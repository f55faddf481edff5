//! [`Layout`], [`Column`] and [`Row`]: the form of a list, and one item of it.

use super::cell::Cell;

/// A column of a list, or a field of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// The name in every format.
    pub(crate) name: &'static str,
    /// The column is in the table without being asked for.
    pub(crate) shown: bool,
    /// The column is cut when a line is wider than the terminal.
    pub(crate) flexible: bool,
}

impl Column {
    /// A column that tables have.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, shown: true, flexible: false }
    }

    /// A column that tables have only with `--fields`.
    pub(crate) const fn extra(name: &'static str) -> Self {
        Self { name, shown: false, flexible: false }
    }

    /// A column with texts of any length, which are cut to fit the terminal.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self { name, shown: true, flexible: true }
    }
}

/// The form of a list: its name in a JSON document, and its columns, of which the first names the
/// item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) list: &'static str,
    pub(crate) columns: &'static [Column],
}

/// One item, with a cell for each column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    /// What `-o raw` prints: the body of a message.
    pub(crate) raw: Option<Vec<u8>>,
}

impl Row {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self { cells, raw: None }
    }
}
