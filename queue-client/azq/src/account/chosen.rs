//! [`Chosen`]: the account that was chosen, and why.

use queue_client::Account;

/// The account that was chosen.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) account: Account,
    /// The credential and where it came from, in words without secrets.
    pub(crate) credential: String,
    /// What was there too and was not used, in words.
    pub(crate) passed_over: Vec<String>,
    /// The context asks for care with destructive verbs.
    pub(crate) protected: bool,
}

impl Chosen {
    /// This choice, which came before another one.
    pub(super) fn over(mut self, other: Self) -> Self {
        self.passed_over.push(format!("{}: an option names another credential", other.credential));
        self.passed_over.extend(other.passed_over);
        self
    }
}
