//! The forms of accounts, secrets and faults, on the command line, in the environment and in files.

use std::fs;
use std::path::Path;

use lexopt::Error;
use queue_emulator::{Account, Fault, InvalidAccount, TokenIssuer};

use crate::say::sentence;

/// The issuer with a secret, whose last line may end.
pub(crate) fn issuer(secret: &str, from: &str) -> Result<TokenIssuer, Error> {
    match secret.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("{from}: the secret is empty").into()),
        secret => Ok(TokenIssuer::new(secret.as_bytes())),
    }
}

/// The issuer whose secret is in a file.
pub(crate) fn issuer_in(file: &Path) -> Result<TokenIssuer, Error> {
    issuer(&text(file)?, &file.display().to_string())
}

/// The account that a text names, with its keys.
///
/// Not by `ValueExt::parse`, whose error repeats the value, which holds a key.
pub(crate) fn account(text: &str, from: &str) -> Result<Account, Error> {
    text.parse().map_err(|error: InvalidAccount| format!("{from}: {}", sentence(&error)).into())
}

/// The accounts that a text names, with semicolons between them.
pub(crate) fn accounts(text: &str, from: &str) -> Result<Vec<Account>, Error> {
    let accounts = text.split(';').map(str::trim).filter(|account| !account.is_empty());
    accounts.map(|text| account(text, from)).collect()
}

/// The accounts in a file: as in `AZURITE_ACCOUNTS`, on any number of lines; what follows `#` is a
/// comment.
pub(crate) fn accounts_in(file: &Path) -> Result<Vec<Account>, Error> {
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
pub(crate) fn faults_in(file: &Path) -> Result<Vec<Fault>, Error> {
    let script = text(file)?;
    Fault::parse_script(&script).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// Reads the text in a file, without the mark of its byte order that editors on Windows put before it.
fn text(file: &Path) -> Result<String, Error> {
    let named = |what: &str| Error::from(format!("{}: {what}", file.display()));
    let bytes = fs::read(file).map_err(|error| named(&error.to_string()))?;
    // As PowerShell redirects it.
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(named("it is text in UTF-16: save it in UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|_| named("it is not text in UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
