//! `azq sas explain`: a signature in words, field by field.

use std::time::SystemTime;

use queue_client::auth::sas::{Explanation, SasToken};

use super::given::{GivenArgs, token};
use crate::{
    app::App,
    failure::{Exit, Failure},
    output::{Cell, Column, Layout, Row},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    given: GivenArgs,
}

const LAYOUT: Layout = Layout {
    list: "fields",
    columns: &[Column::new("field"), Column::new("problem"), Column::text("meaning")],
};

pub(super) fn run(app: &App, args: &Args) -> Result<(), Failure> {
    let text = args.given.read(app)?;
    let explanation = read(&text)?.explain(SystemTime::now());
    let mut printer = app.printer(LAYOUT)?;
    for note in explanation.notes() {
        printer.push(&Row::new(vec![
            Cell::text(note.field()),
            Cell::Flag(note.is_problem()),
            Cell::text(note.text()),
        ]))?;
    }
    printer.finish()?;
    app.note(&format!("a {}, by the clock of this machine", explanation.kind()));
    verdict(&explanation)
}

/// The token of a text.
pub(super) fn read(text: &str) -> Result<SasToken, Failure> {
    SasToken::parse(token(text)).map_err(|error| {
        Failure::new(Exit::Check, format!("this is no shared access signature: {error}"))
    })
}

/// Fails if a field keeps the signature from working.
fn verdict(explanation: &Explanation) -> Result<(), Failure> {
    match explanation.problems().next() {
        None => Ok(()),
        Some(note) => Err(Failure::new(Exit::Check, format!("{}: {}", note.field(), note.text()))),
    }
}
