//! Proves the layers of the workspace: between packages from cargo's dependency graph, between the
//! files of a package from their `use` lines. A reader comes here when CI says that layering is broken.

mod circles;
mod imports;
mod packages;
mod sources;

use crate::Outcome;

pub(crate) fn run() -> Outcome {
    packages::run()?;
    sources::run()
}
