//! [`Chosen`]: the account that was chosen, and why.

use queue_client::{Account, auth::sas::SasToken, proto::QueueName};

/// The kind of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Key,
    Signature,
    Identity,
    Nothing,
}

/// The account that was chosen.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) account: Account,
    /// The credential and where it came from, in words without secrets.
    pub(crate) credential: String,
    pub(crate) kind: Kind,
    /// The shared access signature, if it is one.
    pub(crate) signature: Option<SasToken>,
    /// The queue of the URL that the signature came in.
    pub(crate) signed_queue: Option<QueueName>,
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
