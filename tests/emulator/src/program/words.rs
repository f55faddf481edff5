//! From words to [`Args`]: [`parse`], and what is said in one line of words that are wrong.

use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _};
use queue_proto::redact;

use super::args::Args;
use super::usage::UsageError;

// Without a text of its own: that of `Args` is shown.
#[derive(Debug, clap::Parser)]
#[command(
    name = "queue-emulator",
    bin_name = "queue-emulator",
    version,
    disable_version_flag = true,
    propagate_version = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(super) struct Program {
    #[command(flatten)]
    pub(super) args: Args,
    /// Print the version
    // `-v` is Azurite's, and so is the version behind the names of its programs.
    #[arg(short = 'V', short_alias = 'v', long, action = clap::ArgAction::Version, global = true)]
    version: Option<bool>,
}

/// The names under which the program behaves as Azurite does.
const NAMES: [&str; 2] = ["azurite", "azurite-queue"];

/// The words of a command line. The name of the process is the first of them if it is Azurite's.
pub(super) fn words(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = args.into_iter().collect();
    let name = words.first().map(Path::new).and_then(Path::file_stem).and_then(OsStr::to_str);
    if let Some(name) = name.and_then(|name| NAMES.iter().find(|known| **known == name)) {
        words.insert(1, OsString::from(name));
    }
    words
}

/// The text of help or of the version, if that was asked for.
fn shown(error: &clap::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::DisplayHelp => Some(error.render().to_string()),
        // Behind a word the parser would take the word for a part of the name.
        ErrorKind::DisplayVersion => Some(Program::command().render_version()),
        _ => None,
    }
}

/// The outcome of reading a command line that asks for nothing to be done.
#[derive(Debug)]
pub(super) enum Parsed {
    /// Help, or the version.
    Shown(String),
    Wrong(UsageError),
}

/// Reads a command line, program name first.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Args, Parsed> {
    let matches = Program::command().try_get_matches_from(words(args));
    let matches = matches.map_err(|error| match shown(&error) {
        Some(text) => Parsed::Shown(text),
        None => Parsed::Wrong(mistake(&error)),
    })?;
    Args::from_arg_matches(&matches).map_err(|error| Parsed::Wrong(mistake(&error)))
}

/// What the parser of command lines found, in one line.
fn mistake(error: &clap::Error) -> UsageError {
    let word = |kind| error.get(kind).and_then(first);
    let name = |kind| word(kind).as_deref().and_then(option).unwrap_or_default();
    let argument = name(ContextKind::InvalidArg);
    let did_you_mean = |kind| match error.get(kind).and_then(first) {
        Some(near) => format!("; the nearest is {near}"),
        None => String::new(),
    };
    UsageError::from(match error.kind() {
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => {
            let unknown =
                word(ContextKind::InvalidArg).or_else(|| word(ContextKind::InvalidSubcommand));
            let near = match did_you_mean(ContextKind::SuggestedArg) {
                near if near.is_empty() => did_you_mean(ContextKind::SuggestedSubcommand),
                near => near,
            };
            match unknown.as_deref() {
                Some(unknown) if unknown.starts_with('-') => {
                    format!("there is no option {}{near}", option(unknown).unwrap_or_default())
                }
                Some(unknown) => {
                    let near = match nearest(unknown) {
                        Some(word) => format!("; the nearest is {word}"),
                        None => near,
                    };
                    format!("nothing is known of the word {}{near}", harmless(unknown))
                }
                None => "there is a word too many".to_owned(),
            }
        }
        ErrorKind::InvalidValue if word(ContextKind::InvalidValue).is_none_or_empty() => {
            format!("{argument} needs a value")
        }
        ErrorKind::InvalidValue => {
            let value = word(ContextKind::InvalidValue).unwrap_or_default();
            let known = error.get(ContextKind::ValidValue).map(all).unwrap_or_default();
            format!("{argument} must be {}, not {value}", known.join(" or "))
        }
        ErrorKind::ValueValidation => {
            let value = word(ContextKind::InvalidValue).unwrap_or_default();
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            format!("{argument} {value}: {why}")
        }
        ErrorKind::ArgumentConflict => {
            let prior = name(ContextKind::PriorArg);
            format!("{argument} and {prior} cannot be given together")
        }
        ErrorKind::InvalidUtf8 => "a word is not valid UTF-8".to_owned(),
        _ => {
            let text = error.render().to_string();
            let line = text.lines().next().unwrap_or_default();
            redact::secrets(line.trim_start_matches("error: ")).into_owned()
        }
    })
}

/// Whether there is no text in it.
trait IsNoneOrEmpty {
    fn is_none_or_empty(&self) -> bool;
}

impl IsNoneOrEmpty for Option<String> {
    fn is_none_or_empty(&self) -> bool {
        self.as_ref().is_none_or(String::is_empty)
    }
}

fn all(value: &ContextValue) -> Vec<String> {
    match value {
        ContextValue::String(text) => vec![text.clone()],
        ContextValue::Strings(texts) => texts.clone(),
        ContextValue::StyledStr(text) => vec![text.to_string()],
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

fn first(value: &ContextValue) -> Option<String> {
    all(value).into_iter().next()
}

/// The name of an option, without what it takes.
fn option(text: &str) -> Option<String> {
    text.split([' ', '=']).next().map(harmless).map(str::to_owned)
}

/// The word of the program that somebody may have meant.
fn nearest(word: &str) -> Option<String> {
    let command = Program::command();
    let words = command.get_subcommands().map(|word| word.get_name().to_owned());
    let near = words.map(|known| (strsim::damerau_levenshtein(&known, word), known)).min()?;
    (near.0 <= 2).then_some(near.1)
}

/// A word that is too short or too plain for a key.
fn harmless(word: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if word.len() <= 30 && word.bytes().all(plain) { word } else { redact::REDACTED }
}
