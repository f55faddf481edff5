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

/// What the variables say against each other, a sentence for each. Each sentence names the variable
/// that counts.
pub(super) fn contradictions(environment: &Environment<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let account = environment.get(ACCOUNT);
    let (sas, key) = (environment.get(SAS_TOKEN), environment.get(KEY));
    let login = environment.get(AUTH_MODE).is_some_and(|mode| mode.eq_ignore_ascii_case("login"));
    if let Some(text) = environment.get(CONNECTION_STRING) {
        let of_the_string = queue_client::Account::from_connection_string(&text).ok();
        let of_the_string = of_the_string.map(|account| account.endpoint().account().to_string());
        if let (Some(one), Some(other)) = (&of_the_string, &account)
            && one != other
        {
            found.push(format!(
                "{CONNECTION_STRING} is for account {one} and {ACCOUNT} says {other}: the connection \
                 string counts"
            ));
        }
        for (name, is_set) in [(SAS_TOKEN, sas.is_some()), (KEY, key.is_some())] {
            if is_set {
                found.push(format!("{CONNECTION_STRING} is set, so {name} is not used"));
            }
        }
        if login {
            found.push(format!("{CONNECTION_STRING} is set, so {AUTH_MODE}=login is not obeyed"));
        }
        return found;
    }
    if login && (sas.is_some() || key.is_some()) {
        let name = if sas.is_some() { SAS_TOKEN } else { KEY };
        found.push(format!("{AUTH_MODE}=login is set, so {name} is not used"));
    } else if sas.is_some() && key.is_some() {
        found.push(format!("{SAS_TOKEN} and {KEY} are both set: the signature counts"));
    }
    if let (Some(url), Some(name)) = (environment.get(ENDPOINT), account)
        && let Ok(endpoint) = queue_client::Endpoint::from_url(url.trim())
        && endpoint.account().as_str() != name
    {
        found.push(format!(
            "{ENDPOINT} is an address of account {} and {ACCOUNT} says {name}: requests go to the \
             address and are signed for {name}",
            endpoint.account()
        ));
    }
    found
}
