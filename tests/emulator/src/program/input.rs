//! The forms of accounts, secrets and faults, on the command line, in the environment and in files.

use std::env::{self, VarError};
use std::fs;
use std::path::{Path, PathBuf};

use super::say::sentence;
use super::secret::{AccountArgs, Given, SecretText};
use super::usage::UsageError as Error;
use crate::account::{Account, InvalidAccount};
use crate::fault::Fault;
use crate::role::Role;
use crate::token::TokenIssuer;

/// The environment variable that accounts are taken from if no option gives any: who has set it for
/// Azurite has the same ones here.
const ACCOUNTS: &str = "AZURITE_ACCOUNTS";
/// The environment variable that the secret of tokens is taken from if no option gives one.
const TOKEN_SECRET: &str = "QUEUE_EMULATOR_TOKEN_SECRET";

/// The accounts that the command line gives, or else the environment.
pub(super) fn accounts_given(args: &AccountArgs) -> Result<Vec<Account>, Error> {
    if args.given.is_empty() {
        return match variable(ACCOUNTS)? {
            Some(text) => accounts(&text, ACCOUNTS),
            None => Ok(Vec::new()),
        };
    }
    let mut found = Vec::new();
    for given in &args.given {
        match given {
            Given::Account(text) => {
                let text = text.text().to_str().ok_or("--account is not valid UTF-8")?;
                found.push(account(text, "--account")?);
            }
            Given::File(file) => found.extend(accounts_in(file)?),
        }
    }
    Ok(found)
}

/// The issuer whose secret the command line gives, or else the environment.
pub(super) fn issuer_given(
    secrets: &[SecretText],
    files: &[PathBuf],
) -> Result<Option<TokenIssuer>, Error> {
    let read = |secret: &SecretText| {
        let text = secret.text().to_str().ok_or("--token-secret is not valid UTF-8")?;
        issuer(text, "--token-secret")
    };
    let found: Vec<TokenIssuer> = secrets
        .iter()
        .map(read)
        .chain(files.iter().map(|file| issuer_in(file)))
        .collect::<Result<_, _>>()?;
    if found.len() > 1 {
        return Err("the secret of tokens is given twice".into());
    }
    match found.into_iter().next() {
        Some(issuer) => Ok(Some(issuer)),
        None => variable(TOKEN_SECRET)?.map(|secret| issuer(&secret, TOKEN_SECRET)).transpose(),
    }
}

/// A variable of the environment. One that is not text is a mistake, and not as if it were not
/// there: without its accounts the well-known key would open everything.
fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not valid UTF-8").into()),
    }
}

/// The role of this name.
pub(super) fn role(name: &str) -> Result<Role, Error> {
    name.trim().parse().map_err(|error| format!("--role {name}: {error}").into())
}

/// A user and the roles of the user, from `USER=ROLE,ROLE`; no role at all forbids everything.
pub(super) fn roles(text: &str) -> Result<(String, Vec<Role>), Error> {
    let (user, names) = text.split_once('=').ok_or("--role must be USER=ROLE")?;
    let names = names.split(',').filter(|name| !name.trim().is_empty());
    Ok((user.to_owned(), names.map(role).collect::<Result<_, _>>()?))
}

/// The issuer with a secret, whose last line may end.
fn issuer(secret: &str, from: &str) -> Result<TokenIssuer, Error> {
    match secret.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("{from}: the secret is empty").into()),
        secret => Ok(TokenIssuer::new(secret.as_bytes())),
    }
}

/// The issuer whose secret is in a file.
fn issuer_in(file: &Path) -> Result<TokenIssuer, Error> {
    issuer(&text(file)?, &file.display().to_string())
}

/// The account that a text names, with its keys.
///
/// The error must not repeat the text, which holds a key.
fn account(text: &str, from: &str) -> Result<Account, Error> {
    text.parse().map_err(|error: InvalidAccount| format!("{from}: {}", sentence(&error)).into())
}

/// The accounts that a text names, with semicolons between them.
fn accounts(text: &str, from: &str) -> Result<Vec<Account>, Error> {
    let accounts = text.split(';').map(str::trim).filter(|account| !account.is_empty());
    accounts.map(|text| account(text, from)).collect()
}

/// The accounts in a file: as in `AZURITE_ACCOUNTS`, on any number of lines; what follows `#` is a
/// comment.
fn accounts_in(file: &Path) -> Result<Vec<Account>, Error> {
    let mut found = Vec::new();
    for (index, line) in text(file)?.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        found.extend(accounts(line, &format!("{}: line {}", file.display(), index + 1))?);
    }
    // Without any, the well-known account would be served, which nobody means by this.
    if found.is_empty() {
        return Err(format!("{}: there is no account in it", file.display()).into());
    }
    Ok(found)
}

/// The faults of a script.
pub(super) fn faults_in(file: &Path) -> Result<Vec<Fault>, Error> {
    let script = text(file)?;
    Fault::parse_script(&script).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// Reads the text in a file, without the mark of its byte order that editors on Windows put before it.
pub(super) fn text(file: &Path) -> Result<String, Error> {
    let named = |what: &str| Error::from(format!("{}: {what}", file.display()));
    let bytes = fs::read(file).map_err(|error| named(&error.to_string()))?;
    // As PowerShell redirects it.
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(named("it is text in UTF-16: save it in UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|_| named("it is not text in UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Host and port in one. An IPv6 address needs brackets before a port.
pub(super) fn at(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
