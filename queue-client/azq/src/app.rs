//! [`App`]: what every verb has: the options that all share, the terminal, and the way to accounts
//! and queues.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
    sync::OnceLock,
    time::Duration,
};

use clap::{ArgAction, Args};
use owo_colors::Style;
use queue_client::{
    Account, ClientBuilder, QueueClient, QueueServiceClient,
    retry::ExponentialBackoff,
    transport::{HttpOptions, HyperTransport},
};

use crate::{
    account::{AccountArgs, Chosen, choose, choose_context, context::Contexts},
    failure::Failure,
    output::{Layout, OutputArgs, Printer},
    terminal::{Color, Terminal},
    text::visible,
    units,
};

/// The options about requests and talk, which all verbs share.
#[derive(Debug, Clone, Args)]
pub(crate) struct TalkArgs {
    /// The longest time for one call, with all its retries
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        default_value = "2m",
        value_parser = units::duration,
        help_heading = "Requests",
        hide_short_help = true,
    )]
    pub(crate) timeout: Duration,

    /// How often a call is tried again that may be repeated
    #[arg(
        long,
        global = true,
        value_name = "N",
        default_value_t = 4,
        help_heading = "Requests",
        hide_short_help = true
    )]
    pub(crate) retries: u32,

    /// A file with certificates to trust beside those of the system; without it that of
    /// REQUESTS_CA_BUNDLE
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Requests",
        hide_short_help = true
    )]
    pub(crate) ca_bundle: Option<PathBuf>,

    /// Answer yes to every question
    #[arg(short = 'y', long, global = true, help_heading = "Talk")]
    pub(crate) yes: bool,

    /// Say more: the cause of an error, its request id, the credential; twice: every request
    #[arg(short = 'v', long, global = true, action = ArgAction::Count, help_heading = "Talk")]
    pub(crate) verbose: u8,

    /// Say nothing but errors
    #[arg(
        short = 'q',
        long,
        alias = "only-show-errors",
        global = true,
        conflicts_with = "verbose",
        help_heading = "Talk"
    )]
    pub(crate) quiet: bool,

    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value = "auto",
        help_heading = "Talk",
        hide_short_help = true
    )]
    pub(crate) color: Color,

    /// Show no progress
    #[arg(long, global = true, help_heading = "Talk", hide_short_help = true)]
    pub(crate) no_progress: bool,
}

/// What every verb has.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) account: AccountArgs,
    pub(crate) talk: TalkArgs,
    pub(crate) output: OutputArgs,
    pub(crate) terminal: Terminal,
    /// The command line as clap has it, for manual pages.
    command: fn() -> clap::Command,
    connection: OnceLock<Connection>,
}

/// An account with its client.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) service: QueueServiceClient,
    pub(crate) account: Account,
    pub(crate) protected: bool,
}

/// A queue of an argument.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    pub(crate) client: QueueClient,
    /// What the user calls the queue: `CONTEXT:QUEUE`, or its name alone in the account of the options.
    pub(crate) label: String,
    /// The name of the account that it is in.
    pub(crate) account: String,
    /// The account asks for care with destructive verbs.
    pub(crate) protected: bool,
}

impl Queue {
    pub(crate) fn name(&self) -> &str {
        self.client.name().as_str()
    }
}

impl App {
    pub(crate) fn new(
        account: AccountArgs,
        talk: TalkArgs,
        output: OutputArgs,
        command: fn() -> clap::Command,
    ) -> Self {
        let terminal = Terminal::detect(talk.color);
        Self { account, talk, output, terminal, command, connection: OnceLock::new() }
    }

    /// The command line as clap has it.
    pub(crate) fn command(&self) -> clap::Command {
        (self.command)()
    }

    /// The account of the options, the context or the environment.
    pub(crate) fn connect(&self) -> Result<&Connection, Failure> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let connection = self.connection_of(self.choose()?)?;
        Ok(self.connection.get_or_init(|| connection))
    }

    /// The account of the options, the context or the environment, before a client is made.
    pub(crate) fn choose(&self) -> Result<Chosen, Failure> {
        choose(&self.account, &Contexts::load()?)
    }

    /// The account of a context.
    pub(crate) fn connect_to(&self, context: &str) -> Result<Connection, Failure> {
        self.connection_of(choose_context(context, &Contexts::load()?)?)
    }

    /// The queue that an argument names: `QUEUE`, or `CONTEXT:QUEUE` for one of another account.
    pub(crate) fn queue(&self, argument: &str) -> Result<Queue, Failure> {
        let (connection, name) = match argument.split_once(':') {
            Some((context, name)) => (self.connect_to(context)?, name),
            None => (self.connect()?.clone(), argument),
        };
        let Connection { service, account, protected } = connection;
        let account = account.endpoint().account().to_string();
        let client = service.queue(name).map_err(|error| {
            let tidy = tidy_name(name);
            let hint = if service.queue(tidy.as_str()).is_ok() {
                format!("; did you mean `{tidy}`?")
            } else {
                String::new()
            };
            Failure::usage(format!("`{}`: {error}{hint}", visible(name)))
        })?;
        Ok(Queue { client, label: argument.to_owned(), account, protected })
    }

    /// The client's settings by the options, for an account.
    pub(crate) fn client(&self, account: Account) -> Result<ClientBuilder, Failure> {
        let attempts = self.talk.retries.saturating_add(1);
        Ok(ClientBuilder::from(account)
            .transport(self.transport()?)
            .retry(ExponentialBackoff::new().max_attempts(attempts))
            .call_timeout(self.talk.timeout)
            .user_agent(http::HeaderValue::from_static(concat!("azq/", env!("CARGO_PKG_VERSION")))))
    }

    /// What carries requests, by the options.
    pub(crate) fn transport(&self) -> Result<HyperTransport, Failure> {
        let mut options = HttpOptions::new();
        let variable = std::env::var_os("REQUESTS_CA_BUNDLE").filter(|path| !path.is_empty());
        if let Some(path) = self.talk.ca_bundle.clone().or(variable.map(PathBuf::from)) {
            let pem = fs::read(&path).map_err(|error| {
                Failure::usage(format!("{} cannot be read: {error}", path.display()))
            })?;
            options = options.trust(pem);
        }
        HyperTransport::with_options(&options)
            .map_err(|error| Failure::from(queue_client::SetupError::from(error)))
    }

    fn connection_of(&self, chosen: Chosen) -> Result<Connection, Failure> {
        let Chosen { account, credential, passed_over, protected, .. } = chosen;
        self.detail(&format!("account: {}", account.endpoint()));
        self.detail(&format!("credential: {credential}"));
        for other in &passed_over {
            self.detail(&format!("not used: {other}"));
        }
        let service = self.client(account.clone())?.build()?;
        Ok(Connection { service, account, protected })
    }

    /// A printer of a list in the format of the options.
    pub(crate) fn printer(&self, layout: Layout) -> Result<Printer, Failure> {
        Printer::new(&self.output, self.terminal, layout)
    }

    /// Says a line on standard error that is always said.
    pub(crate) fn say(&self, line: &str) {
        say(line);
    }

    /// Says a line on standard error unless `-q` forbids it.
    pub(crate) fn note(&self, line: &str) {
        if !self.talk.quiet {
            say(line);
        }
    }

    /// Warns on standard error.
    pub(crate) fn warn(&self, line: &str) {
        let word = self.terminal.paint_error("warning:", Style::new().yellow().bold());
        say(&format!("{word} {line}"));
    }

    /// Says a line on standard error with `-v`.
    pub(crate) fn detail(&self, line: &str) {
        if self.talk.verbose > 0 {
            let line = self.terminal.paint_error(line, Style::new().dimmed());
            say(&line);
        }
    }
}

/// A line on standard error. Nobody can be told if that fails.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A name that the service may take, for one that it does not.
fn tidy_name(name: &str) -> String {
    let mut tidy = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => tidy.push(letter),
            _ if !tidy.ends_with('-') && !tidy.is_empty() => tidy.push('-'),
            _ => {}
        }
    }
    tidy.truncate(tidy.trim_end_matches('-').len());
    tidy
}

#[cfg(test)]
mod tests {
    use super::tidy_name;

    #[test]
    fn names_are_tidied() {
        assert_eq!(tidy_name("Orders_Queue"), "orders-queue");
        assert_eq!(tidy_name("--a  b--"), "a-b");
    }
}
