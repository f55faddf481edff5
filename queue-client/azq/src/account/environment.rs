//! [`Environment`]: the variables, by the names of the Azure command-line tools. Tests make their own.

use crate::failure::Failure;

pub(crate) const CONNECTION_STRING: &str = "AZURE_STORAGE_CONNECTION_STRING";
pub(crate) const ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT";
pub(crate) const SAS_TOKEN: &str = "AZURE_STORAGE_SAS_TOKEN";
pub(crate) const KEY: &str = "AZURE_STORAGE_KEY";
pub(super) const AUTH_MODE: &str = "AZURE_STORAGE_AUTH_MODE";
pub(super) const ENDPOINT: &str = "AZURE_STORAGE_SERVICE_ENDPOINT";

type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The variables of the process, or those of a test.
pub(super) struct Environment<'a>(Box<Lookup<'a>>);

impl<'a> Environment<'a> {
    pub(super) fn of_the_process() -> Self {
        Self(Box::new(|name| std::env::var(name).ok()))
    }

    #[cfg(test)]
    pub(super) fn of(variables: &'a [(&'a str, &'a str)]) -> Self {
        Self(Box::new(move |wanted| {
            let (_, value) = variables.iter().find(|(name, _)| *name == wanted)?;
            Some((*value).to_owned())
        }))
    }

    /// The value of a variable; an empty one counts as one that is not set.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().trim_matches(['"', '\'']).is_empty())
    }

    /// The value of a variable that an option names.
    pub(super) fn need(&self, name: &str) -> Result<String, Failure> {
        self.get(name).ok_or_else(|| {
            let shown = if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                format!("the variable {name} is not set")
            } else {
                // It may be the secret itself, given in place of the name of its variable.
                String::from("an option wants the name of a variable, not its value")
            };
            Failure::usage(shown)
        })
    }
}
