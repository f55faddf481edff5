//! `azq version`: what this program is, for people and for bug reports.

use queue_client::proto::ServiceVersion;

use crate::{
    app::App,
    failure::Failure,
    output::{Cell, Column, Layout, Row},
};

pub(crate) const EXAMPLES: &str = "  azq version
  azq version -o json";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

const LAYOUT: Layout = Layout {
    list: "version",
    columns: &[
        Column::new("version"),
        Column::new("commit"),
        Column::new("api_version"),
        Column::new("output_version"),
        Column::new("system"),
        Column::new("tls"),
    ],
};

pub(crate) async fn run(app: &App, _: Args) -> Result<(), Failure> {
    app.printer(LAYOUT)?.document(&Row::new(vec![
        Cell::text(env!("CARGO_PKG_VERSION")),
        option_env!("AZQ_COMMIT").map_or(Cell::Missing, Cell::text),
        Cell::text(ServiceVersion::default().to_string()),
        Cell::Number(crate::output::VERSION),
        Cell::text(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        Cell::text("rustls with ring"),
    ]))
}
