//! `azq sas check`: tries a signature against the service.

use std::time::SystemTime;

use queue_client::{Account, SasUrl};

use super::{explain::read, given::GivenArgs};
use crate::{
    app::App,
    failure::{Exit, Failure},
    output::{Cell, Column, Layout, Row},
    probe::{Probe, Verdict, probe},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    given: GivenArgs,

    /// The queue to try it on, if the URL names none
    #[arg(long, value_name = "QUEUE", add = crate::complete::queues())]
    queue: Option<String>,
}

const LAYOUT: Layout = Layout {
    list: "operations",
    columns: &[
        Column::new("operation"),
        Column::new("letter"),
        Column::new("allowed"),
        Column::text("answer"),
    ],
};

pub(super) async fn run(app: &App, args: &Args) -> Result<(), Failure> {
    let text = args.given.read(app)?;
    let explanation = read(&text)?.explain(SystemTime::now());
    for note in explanation.problems() {
        app.warn(&format!("{}: {}", note.field(), note.text()));
    }
    let url = SasUrl::parse(&text).map_err(|error| Failure::usage(error.to_string()))?;
    let name = match (&args.queue, url.queue()) {
        (Some(name), _) => name.clone(),
        (None, Some(name)) => name.to_string(),
        (None, None) => {
            return Err(Failure::usage(
                "the URL names no queue: add --queue to say where to try it",
            ));
        }
    };
    let service = app.client(Account::from(url))?.build()?;
    let probes = probe(&service.queue(name.as_str())?).await;
    let mut printer = app.printer(LAYOUT)?;
    for probe in &probes {
        printer.push(&row(probe))?;
    }
    printer.finish()?;
    let allowed = probes.iter().filter(|probe| matches!(probe.verdict, Verdict::Allowed)).count();
    if allowed == 0 {
        return Err(Failure::new(Exit::Check, format!("the signature allows nothing on {name}")));
    }
    Ok(())
}

fn row(probe: &Probe) -> Row {
    let (allowed, answer) = match &probe.verdict {
        Verdict::Allowed => (true, Cell::Missing),
        Verdict::Refused(error) | Verdict::Failed(error) => (false, Cell::text(error.to_string())),
    };
    Row::new(vec![Cell::text(probe.name), Cell::text(probe.letter), Cell::Flag(allowed), answer])
}
