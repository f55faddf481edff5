//! Arguments that hold secrets: [`SecretText`] shows nothing of itself, and [`AccountArgs`] keeps the
//! order in which accounts were given.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, PathBufValueParser, TypedValueParser as _, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

/// A text from the command line that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SecretText(OsString);

impl SecretText {
    /// The parser of arguments of this type, which refuses nothing: a refusal would repeat the text.
    pub(super) fn parser() -> ValueParser {
        ValueParser::new(OsStringValueParser::new().map(Self))
    }

    pub(super) fn text(&self) -> &OsStr {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// The accounts of a command line: `--account` and `--account-file`, in the order in which they were
/// given, since the first is the one whose connection string is printed.
#[derive(Clone, Debug, Default)]
pub(super) struct AccountArgs {
    pub(super) given: Vec<Given>,
}

/// An account, or a file of accounts.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Account(SecretText),
    File(PathBuf),
}

const HEADING: &str = "Accounts";

impl clap::Args for AccountArgs {
    fn augment_args(command: Command) -> Command {
        command
            .arg(
                Arg::new("account-file")
                    .long("account-file")
                    .value_name("FILE")
                    .value_parser(PathBufValueParser::new())
                    .action(ArgAction::Append)
                    .help_heading(HEADING)
                    .help(
                        "Serve the accounts in this file: NAME:KEY on each line, with KEY in base64; \
                         several keys of one account are separated by colons, and # begins a comment",
                    ),
            )
            .arg(
                Arg::new("account")
                    .long("account")
                    .value_name("NAME:KEY")
                    .value_parser(SecretText::parser())
                    .action(ArgAction::Append)
                    .help_heading(HEADING)
                    .help(
                        "Serve this account; may be repeated. Other users of the machine can read \
                         the key in the list of processes: prefer --account-file, or the environment \
                         variable AZURITE_ACCOUNTS (NAME:KEY;NAME:KEY), which counts if neither \
                         option is given. The first account is the one whose connection string is \
                         printed. Default: devstoreaccount1 with the key that everybody knows; \
                         beside other accounts it is there only if it is named",
                    ),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for AccountArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found = Vec::new();
        if let Some(accounts) = matches.get_many::<SecretText>("account") {
            let places = matches.indices_of("account").into_iter().flatten();
            found.extend(places.zip(accounts.cloned().map(Given::Account)));
        }
        if let Some(files) = matches.get_many::<PathBuf>("account-file") {
            let places = matches.indices_of("account-file").into_iter().flatten();
            found.extend(places.zip(files.cloned().map(Given::File)));
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(Self { given: found.into_iter().map(|(_, given)| given).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
