//! [`Failure`]: why a verb did not end well, as one sentence that says what to do, and [`Exit`], the
//! exit code that a script sees. Every module ends its errors here.

use std::{error::Error as StdError, fmt, io, process::ExitCode};

use queue_client::{
    Cause, OpFailure, Refusal, SetupError,
    proto::{ErrorCode, InvalidName, InvalidValue},
};

/// The exit codes of `azq`; they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Exit {
    /// Some of many items failed.
    SomeFailed,
    /// The command line makes no sense, or an answer to a question is missing.
    Usage,
    /// The credential is missing, wrong or not allowed to do this.
    Denied,
    /// There is no such queue, message or policy.
    NotFound,
    /// It exists already, is being deleted, or belongs to somebody else by now.
    Conflict,
    /// The service or the network gave up.
    Service,
    /// There was nothing, and `--fail-if-empty` was given.
    Empty,
    /// A check says no.
    Check,
    /// The tool itself failed beside a program that it runs.
    Itself,
    /// The code of a program that the tool ran, or of a signal.
    Code(u8),
    /// The code of the emulator.
    Program(ExitCode),
}

impl Exit {
    /// What the process ends with.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::SomeFailed => 1,
            Self::Usage => 2,
            Self::Denied => 3,
            Self::NotFound => 4,
            Self::Conflict => 5,
            Self::Service => 6,
            Self::Empty => 7,
            Self::Check => 8,
            Self::Itself => 125,
            Self::Code(code) => code,
            Self::Program(code) => return code,
        })
    }
}

/// The reason why a verb did not end well.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// One sentence without a full stop; empty for an end without words.
    sentence: String,
    /// What `-v` adds, a line each.
    details: Vec<String>,
    /// The queue that does not exist, if that is the reason: the tool looks for similar names.
    missing_queue: Option<String>,
    closed_pipe: bool,
}

impl Failure {
    /// A failure with the sentence that the user reads.
    pub(crate) fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self {
            exit,
            sentence: sentence.into(),
            details: Vec::new(),
            missing_queue: None,
            closed_pipe: false,
        }
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    /// An end with an exit code and without words: all was said already.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// Puts words in front of the sentence, which say what was being done.
    pub(crate) fn context(mut self, words: &str) -> Self {
        self.sentence = format!("{words}: {}", self.sentence);
        self
    }

    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn sentence(&self) -> &str {
        &self.sentence
    }

    pub(crate) fn details(&self) -> &[String] {
        &self.details
    }

    pub(crate) fn missing_queue(&self) -> Option<&str> {
        self.missing_queue.as_deref()
    }

    /// Says whether the reader of the output went away, which is no error of anybody.
    pub(crate) const fn is_closed_pipe(&self) -> bool {
        self.closed_pipe
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// The causes below an error, each in a line.
fn causes(error: &dyn StdError) -> Vec<String> {
    std::iter::successors(error.source(), |cause: &&dyn StdError| (*cause).source())
        .map(|cause| format!("because {cause}"))
        .collect()
}

impl From<queue_client::Error> for Failure {
    fn from(error: queue_client::Error) -> Self {
        let exit = exit_of(&error);
        let mut failure = Self::new(exit, sentence_of(&error));
        failure.details = causes(&error);
        let mut facts = format!("{}, attempts: {}", error.operation().name(), error.attempts());
        if let Some(code) = error.code() {
            facts.push_str(&format!(", code: {code}"));
        }
        if let Some(id) = error.request_id() {
            facts.push_str(&format!(", request id: {id}"));
        }
        failure.details.push(facts);
        if error.is_queue_not_found() {
            failure.missing_queue = error.queue().map(str::to_owned);
        }
        failure
    }
}

/// The library's sentence, where its advice is not for programmers.
fn sentence_of(error: &queue_client::Error) -> String {
    match error.code() {
        Some(ErrorCode::QueueNotFound) => match error.queue() {
            Some(queue) => {
                format!(
                    "no queue `{queue}` in account {}: create it with `azq create {queue}`",
                    error.account()
                )
            }
            None => error.to_string(),
        },
        Some(ErrorCode::KeyBasedAuthenticationNotPermitted) => format!(
            "account {} takes no account key, nor signatures made with one: use `--auth-mode login` \
             with the role \"{}\", or a user delegation SAS",
            error.account(),
            error.role()
        ),
        _ => error.to_string(),
    }
}

fn exit_of(error: &queue_client::Error) -> Exit {
    match error.cause() {
        Cause::InvalidArgument(_) => return Exit::Usage,
        Cause::Authorization(_) | Cause::InsecureEndpoint => return Exit::Denied,
        _ => {}
    }
    match error.failure() {
        OpFailure::NotOwner => match error.code() {
            Some(ErrorCode::MessageNotFound) => Exit::NotFound,
            _ => Exit::Conflict,
        },
        OpFailure::Refused { kind, .. } => match kind {
            Refusal::Unauthorized => Exit::Denied,
            Refusal::QueueNotFound => Exit::NotFound,
            Refusal::QueueBeingDeleted | Refusal::Conflict => Exit::Conflict,
            Refusal::Invalid => Exit::Usage,
            _ => Exit::Service,
        },
        _ => Exit::Service,
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        let details = causes(&error);
        Self { details, ..Self::usage(error.to_string()) }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { closed_pipe: true, ..Self::silent(Exit::Code(0)) };
        }
        Self::new(Exit::SomeFailed, format!("the output cannot be written: {error}"))
    }
}

impl From<InvalidName> for Failure {
    fn from(error: InvalidName) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<InvalidValue> for Failure {
    fn from(error: InvalidValue) -> Self {
        Self::usage(error.to_string())
    }
}
