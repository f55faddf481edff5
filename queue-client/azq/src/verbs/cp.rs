//! `azq cp`: as `mv`, and the originals stay.

use crate::{app::App, failure::Failure, mass::transfer::Doing};

pub(crate) use super::mv::Args;

pub(crate) const EXAMPLES: &str = "  azq cp orders archive --dry-run
  azq cp orders archive --create --yes";

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    super::mv::carry(app, args, Doing::Copied).await
}
