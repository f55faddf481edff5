//! What has to be reached.

use serde_json::{Value, json};

use crate::table::{Table, number};

/// A figure and what it may be at most.
#[derive(Debug)]
pub struct Bar {
    what: String,
    measured: f64,
    limit: f64,
    /// Whether it rests on counts alone, so that a noisy machine does not move it.
    counted: bool,
}

impl Bar {
    /// A bar on a count: instructions, allocations, crates, bytes.
    pub fn count(what: impl Into<String>, measured: f64, limit: f64) -> Self {
        Self { what: what.into(), measured, limit, counted: true }
    }

    /// A bar on a time, which is shown and not checked.
    pub fn time(what: impl Into<String>, measured: f64, limit: f64) -> Self {
        Self { what: what.into(), measured, limit, counted: false }
    }

    fn is_reached(&self) -> bool {
        self.measured <= self.limit
    }

    /// Whether it rests on counts alone.
    pub fn is_counted(&self) -> bool {
        self.counted
    }

    /// Whether a check must fail for it.
    pub fn is_missed(&self) -> bool {
        self.counted && !self.is_reached()
    }

    /// For the file of results.
    pub fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "measured": self.measured,
            "at_most": self.limit,
            "counted": self.counted,
            "reached": self.is_reached(),
        })
    }
}

/// All bars in one table.
pub fn table(bars: &[Bar]) -> Table {
    let columns = ["bar", "measured", "at most", "rests on", "reached"];
    let mut table = Table::new("Bars", columns);
    for bar in bars {
        table.row([
            bar.what.clone(),
            number(bar.measured),
            number(bar.limit),
            if bar.counted { "counts" } else { "time" }.to_owned(),
            if bar.is_reached() { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table
}
