//! The program that starts the contestants and tells what they cost.

mod build;
mod client;
mod distance;
mod emulator;
mod page;
mod process;
mod processor;
mod signing;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::*;
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::bars::{self, Bar};
use crate::chart::{self, Group};
use crate::measure::Rounds;
use crate::table::Table;

/// What to measure and where the programs are.
#[derive(Debug)]
struct Options {
    /// Few rounds, small numbers.
    quick: bool,
    /// Only what the counted bars need.
    check: bool,
    /// Builds the smallest programs from nothing and takes the time.
    build: bool,
    /// Sections to run; all when empty.
    only: Vec<String>,
    /// Folder with a folder of programs for each set of features.
    programs: PathBuf,
    /// The emulator of this project.
    emulator: PathBuf,
    /// The command line of Azurite, without the folder for its data and the port.
    azurite: Vec<OsString>,
    /// A Python that has Microsoft's SDK.
    python: PathBuf,
    /// The folder where Microsoft's JavaScript SDK is installed.
    javascript: PathBuf,
    /// Folder for results.
    out: PathBuf,
    /// Folder for what is thrown away.
    scratch: PathBuf,
    /// The folder of this package.
    package: PathBuf,
}

impl Options {
    fn parse() -> Outcome<Self> {
        let mut options = Self {
            quick: false,
            check: false,
            build: false,
            only: Vec::new(),
            programs: PathBuf::new(),
            emulator: PathBuf::new(),
            azurite: Vec::new(),
            python: PathBuf::new(),
            javascript: PathBuf::new(),
            out: PathBuf::new(),
            scratch: std::env::temp_dir().join(format!("queue-bench-{}", std::process::id())),
            package: PathBuf::new(),
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("quick") => options.quick = true,
                Long("check") => options.check = true,
                Long("build") => options.build = true,
                Long("only") => options.only.push(parser.value()?.string()?),
                Long("programs") => options.programs = parser.value()?.into(),
                Long("emulator") => options.emulator = parser.value()?.into(),
                Long("azurite") => options.azurite.push(parser.value()?),
                Long("python") => options.python = parser.value()?.into(),
                Long("javascript") => options.javascript = parser.value()?.into(),
                Long("package") => options.package = parser.value()?.into(),
                Long("out") => options.out = parser.value()?.into(),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, section: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == section)
    }

    fn program(&self, features: &str, name: &str) -> PathBuf {
        self.programs.join(features).join(name)
    }
}

/// What came out so far. A figure has a name of words between slashes, such as
/// `client/send/reqwest/instructions`.
#[derive(Debug, Default)]
struct Report {
    figures: BTreeMap<String, Rounds>,
    tables: Vec<Table>,
    bars: Vec<Bar>,
    charts: Vec<Group>,
}

impl Report {
    fn add(&mut self, name: String, figure: f64) {
        self.figures.entry(name).or_default().push(figure);
    }

    /// The median of a figure.
    fn get(&self, name: &str) -> Option<f64> {
        self.figures.get(name)?.median()
    }

    fn spread(&self, name: &str) -> Option<f64> {
        self.figures.get(name)?.spread()
    }

    /// Shows a table at once: a run takes minutes.
    fn table(&mut self, table: Table) {
        println!("{table}");
        self.tables.push(table);
    }

    /// A bar on a count that is at most `limit`; none when it was not measured.
    fn count_bar(&mut self, what: impl Into<String>, measured: Option<f64>, limit: Option<f64>) {
        if let (Some(measured), Some(limit)) = (measured, limit) {
            self.bars.push(Bar::count(what, measured, limit));
        }
    }

    fn time_bar(&mut self, what: impl Into<String>, measured: Option<f64>, limit: Option<f64>) {
        if let (Some(measured), Some(limit)) = (measured, limit) {
            self.bars.push(Bar::time(what, measured, limit));
        }
    }

    fn to_json(&self) -> Value {
        let figures: Map<String, Value> = self
            .figures
            .iter()
            .map(|(name, rounds)| {
                let figure = json!({ "median": rounds.median(), "spread": rounds.spread() });
                (name.clone(), figure)
            })
            .collect();
        let bars: Vec<Value> = self.bars.iter().map(Bar::to_json).collect();
        json!({ "figures": figures, "bars": bars })
    }
}

/// Runs what the command line asks for; false when a counted bar is missed.
pub fn main() -> Outcome<bool> {
    let options = Options::parse()?;
    let mut report = Report::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{}\n", process::machine());
    if options.wants("distance") && !options.check {
        runtime.block_on(distance::run(&options, &mut report))?;
    }
    if options.wants("client") {
        client::run(&options, &mut report)?;
    }
    if options.wants("signing") {
        signing::run(&options, &mut report)?;
    }
    if options.wants("emulator") {
        runtime.block_on(emulator::run(&options, &mut report))?;
    }
    if options.wants("page") {
        runtime.block_on(page::run(&options, &mut report))?;
    }
    if options.wants("processor") {
        runtime.block_on(processor::run(&options, &mut report))?;
    }
    if options.wants("build") {
        build::run(&options, &mut report)?;
    }
    if !report.bars.is_empty() {
        let table = bars::table(&report.bars);
        report.table(table);
    }
    save(&options, &report)?;
    let missed = report.bars.iter().filter(|bar| bar.is_missed()).count();
    println!(
        "{missed} of {} bars on counts are missed",
        report.bars.iter().filter(|bar| bar.is_counted()).count()
    );
    Ok(missed == 0 || !options.check)
}

fn save(options: &Options, report: &Report) -> Outcome {
    std::fs::create_dir_all(&options.out)?;
    let text: Vec<String> = report.tables.iter().map(ToString::to_string).collect();
    let text = format!("{}\n\n{}", process::machine(), text.join("\n"));
    std::fs::write(options.out.join("bench.md"), text)?;
    let json = serde_json::to_string_pretty(&report.to_json())?;
    std::fs::write(options.out.join("bench.json"), json + "\n")?;
    if !report.charts.is_empty() {
        let title = "Instructions per call, 1 KiB messages (less is better)";
        std::fs::write(options.out.join("bench.svg"), chart::draw(title, &report.charts))?;
    }
    // There is nothing in it when no server ran.
    let _ = std::fs::remove_dir_all(&options.scratch);
    println!("Text, JSON and chart are in {}", options.out.display());
    Ok(())
}
