//! `azq man`: manual pages, made of the same texts as the help.

use std::{fs, io::Write as _, path::PathBuf};

use crate::{app::App, failure::Failure};

pub(crate) const EXAMPLES: &str = "  azq man > azq.1
  azq man --folder man1";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The verb; without it the page is about azq as a whole
    verb: Option<String>,

    /// Write the pages of azq and of every verb into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "verb")]
    folder: Option<PathBuf>,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let mut command = app.command();
    command.build();
    if let Some(folder) = args.folder {
        fs::create_dir_all(&folder).and_then(|()| clap_mangen::generate_to(command, &folder))?;
        return Ok(());
    }
    let command = match &args.verb {
        None => command,
        Some(name) => command.find_subcommand(name).cloned().ok_or_else(|| {
            Failure::usage(format!("there is no verb `{name}`: see `azq --help`"))
        })?,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&page)?;
    out.flush()?;
    Ok(())
}
