//! [`Table`]: columns for people, printed in batches whose columns stay where they are.

use std::io::{self, Write};

use super::layout::Column;
use crate::text::{fit, width};

/// Blanks between two columns.
const GAP: usize = 2;
/// A column that is cut keeps at least so many columns of the terminal.
const LEAST: usize = 12;
/// No column is cut to less.
const NARROW: usize = 6;

/// Columns for people.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    /// The widths so far; they only grow, so that batches stay in line.
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
    /// The width of the terminal; `None` cuts nothing.
    limit: Option<usize>,
    headed: bool,
}

impl Table {
    pub(super) fn new<'a>(columns: impl Iterator<Item = &'a Column>, limit: Option<usize>) -> Self {
        let columns: Vec<_> = columns.copied().collect();
        let widths = columns.iter().map(|column| column.name.len()).collect();
        Self { columns, widths, rows: Vec::new(), limit, headed: false }
    }

    pub(super) fn push(&mut self, cells: Vec<String>) {
        for (wide, cell) in self.widths.iter_mut().zip(&cells) {
            *wide = (*wide).max(width(cell));
        }
        self.rows.push(cells);
    }

    /// Prints the rows since the last time, and before the first of them the header.
    pub(super) fn print(
        &mut self,
        out: &mut dyn Write,
        headers: bool,
        header: impl Fn(&str) -> String,
    ) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let widths = self.fitted();
        if headers && !self.headed {
            let names: Vec<_> =
                self.columns.iter().map(|column| column.name.to_uppercase()).collect();
            writeln!(out, "{}", header(&line(&names, &widths)))?;
        }
        self.headed = true;
        for row in std::mem::take(&mut self.rows) {
            writeln!(out, "{}", line(&row, &widths))?;
        }
        Ok(())
    }

    /// The widths, with the flexible columns cut so that a line fits the terminal.
    fn fitted(&self) -> Vec<usize> {
        let mut widths = self.widths.clone();
        let Some(limit) = self.limit else { return widths };
        let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let mut excess = total.saturating_sub(limit);
        for (wide, column) in widths.iter_mut().zip(&self.columns).rev() {
            if column.flexible {
                let cut = excess.min(wide.saturating_sub(LEAST));
                *wide -= cut;
                excess -= cut;
            }
        }
        // On a very narrow terminal the widest give way; `--wide` shows them whole.
        while excess > 0 {
            let Some(wide) = widths.iter_mut().max().filter(|wide| **wide > NARROW) else { break };
            *wide -= 1;
            excess -= 1;
        }
        widths
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut out = String::new();
    for (at, (cell, wide)) in cells.iter().zip(widths).enumerate() {
        let cell = fit(cell, *wide);
        if at > 0 {
            out.push_str(&" ".repeat(GAP));
        }
        out.push_str(&cell);
        out.push_str(&" ".repeat(wide.saturating_sub(width(&cell))));
    }
    out.truncate(out.trim_end().len());
    out
}
