//! The command line: reads the arguments, runs the verb, says what failed, and gives the exit code.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use owo_colors::Style;

use crate::{
    account::AccountArgs,
    app::{App, TalkArgs},
    complete,
    failure::{Exit, Failure},
    missing,
    output::OutputArgs,
    text::visible_lines,
    verbs::{self, Verb},
};

/// Look at, fill, move and repair the queues of Azure Storage accounts.
#[derive(Debug, Parser)]
#[command(
    name = "azq",
    version,
    disable_help_subcommand = true,
    after_help = "Secrets are never arguments: see `azq --help`. Exit codes: 0 done, 1 some failed, 2 usage, \
                  3 not allowed, 4 not found, 5 conflict, 6 service or network, 7 empty, 8 check failed.",
    after_long_help = AFTER,
)]
struct Cli {
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    talk: TalkArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(subcommand)]
    verb: Option<Verb>,
}

const AFTER: &str = "\
The account and its credential, the first that is there:
  1. the options --connection-string-env, --connection-string-file, --account-name with --sas-env,
     --key-env or --auth-mode
  2. a context: --context, AZQ_CONTEXT, `azq context use`
  3. AZURE_STORAGE_CONNECTION_STRING
  4. AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_SAS_TOKEN, then with AZURE_STORAGE_KEY
  5. AZURE_STORAGE_ACCOUNT with Microsoft Entra ID: AZURE_CLIENT_ID with AZURE_CLIENT_SECRET or
     AZURE_FEDERATED_TOKEN_FILE, a managed identity, the login of az or azd
Secrets are never arguments, which everybody on the machine can read. `azq -v` says what was used.

Exit codes:
  0 done                     5 it exists, is being deleted, or belongs to another receiver
  1 some of many failed      6 the service or the network gave up
  2 wrong command line       7 nothing there, with --fail-if-empty
  3 not allowed              8 a check says no
  4 no such queue, message   125 azq itself failed beside a program that it runs
  130, 143 interrupted by Ctrl-C, SIGTERM, with nothing half done";

/// What `azq` alone says.
const WELCOME: &str = "\
azq looks at, fills, moves and repairs the queues of Azure Storage accounts.

Try it without an account: start the emulator in one terminal, and in another
  export AZURE_STORAGE_CONNECTION_STRING=UseDevelopmentStorage=true
  azq send orders '17 bottles'
  azq peek orders

With your account: set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT after `az login`
  azq ls -l            which queue is how long, and how old is its oldest message

`azq --help` lists all verbs, `azq VERB --help` begins with examples.
";

const VERB_HELP: &str = "\
{about-with-newline}
Examples:
{before-help}{usage-heading} {usage}

{all-args}{after-help}
";

/// Runs the tool with the arguments of the process; the exit code.
pub(crate) fn run() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(command).var(complete::VARIABLE).complete();
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|first| first == "emulator") {
        return verbs::emulator::run_words(words, VERB_HELP);
    }
    let matches = command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let app = App::new(cli.account, cli.talk, cli.output, command);
    if let Err(failure) = app.account.refuse_secrets() {
        return end(&app, &failure, failure.sentence());
    }
    let Some(verb) = cli.verb else {
        // Whoever reads it on standard output did not ask for data.
        let _ = io::stderr().write_all(WELCOME.as_bytes());
        return Exit::Usage.code();
    };
    trace(app.talk.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::new(Exit::Itself, format!("azq cannot start: {error}"));
            return end(&app, &failure, failure.sentence());
        }
    };
    let code = runtime.block_on(async {
        match verb.run(&app).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                let sentence = missing::explain(&app, &failure).await;
                end(&app, &failure, &sentence)
            }
        }
    });
    // A thread may still wait for standard input.
    runtime.shutdown_background();
    code
}

/// The command with help that begins with examples.
pub(crate) fn command() -> clap::Command {
    Cli::command()
        .mut_subcommands(|verb| verb.help_template(VERB_HELP))
        .mut_arg("context", |option| option.add(complete::contexts()))
}

/// Says why a verb did not end well; the exit code.
fn end(app: &App, failure: &Failure, sentence: &str) -> ExitCode {
    if failure.is_closed_pipe() {
        app.detail("the reader of the output is gone");
        return failure.exit().code();
    }
    if !sentence.is_empty() {
        let name = app.terminal.paint_error("azq:", Style::new().red().bold());
        // What a service or a proxy answered is a stranger's text.
        app.say(&format!("{name} {}", visible_lines(sentence)));
        for line in failure.details() {
            app.detail(&format!("  {}", visible_lines(line)));
        }
    }
    failure.exit().code()
}

/// Every request on standard error with `-vv`, by the spans of the library, which hold no secret.
fn trace(verbose: u8) {
    if verbose < 2 {
        return;
    }
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_writer(io::stderr)
        .with_ansi(false)
        .finish();
    let _ = tracing::subscriber::set_global_default(subscriber);
}
