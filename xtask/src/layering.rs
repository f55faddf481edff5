//! Proves the layers of the workspace: between packages from cargo's dependency graph, between the
//! files of a package from their `use` lines. A reader comes here when CI says that layering is broken.

mod circles;
mod imports;
mod packages;
mod sources;

use lexopt::{Arg, Parser};

use crate::{Outcome, usage};

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    match arguments.next().map_err(usage)? {
        None => packages::run(),
        Some(Arg::Long("files")) => sources::run(),
        Some(other) => Err(usage(other.unexpected())),
    }
}

pub(crate) fn prove_packages() -> Outcome {
    packages::run()
}
