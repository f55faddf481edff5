//! [`Plan`]: the settings of a transfer.

use queue_auth::BoxFuture;
use queue_proto::{LeaseTimeout, MessageText, ops::PeekedMessage};

use super::{life::Lifetime, report::TransferReport};
use crate::{bulk::journal::Journal, execute::shared::Target};

pub(super) type Filter = Box<dyn FnMut(&PeekedMessage) -> bool + Send>;
pub(super) type Progress = Box<dyn FnMut(&TransferReport) + Send>;

/// What is put in place of a text that is an envelope, and the id that the message in it had, if that
/// is known.
pub(crate) type Open = fn(&MessageText) -> Option<(Option<String>, MessageText)>;

/// The place of the destination of a message among several, by its text.
type Choose = Box<dyn Fn(&str) -> usize + Send>;

/// Several destinations, and which of them a message goes to by its text.
pub(crate) struct Routes {
    pub(crate) to: Vec<Target>,
    pub(crate) choose: Choose,
}

/// What is to be moved where, and how.
pub(super) struct Plan {
    pub(super) from: Target,
    /// The destination of what has no route.
    pub(super) to: Target,
    pub(super) routes: Option<Routes>,
    /// Copies stay where they are.
    pub(super) moves: bool,
    pub(super) matching: Option<Filter>,
    pub(super) open: Option<Open>,
    pub(super) max: usize,
    pub(super) rate: Option<f64>,
    pub(super) in_flight: usize,
    pub(super) lease: Option<LeaseTimeout>,
    pub(super) lifetime: Lifetime,
    pub(super) dry_run: bool,
    pub(super) allow_duplicates: bool,
    pub(super) max_attempt: u32,
    pub(super) stop_on_return: bool,
    pub(super) journal: Option<Box<dyn Journal>>,
    pub(super) stop: Option<BoxFuture<'static, ()>>,
    pub(super) progress: Option<Progress>,
}

impl Plan {
    /// All destinations, each once.
    pub(super) fn destinations(&self) -> Vec<Target> {
        let routes = self.routes.iter().flat_map(|routes| &routes.to);
        let others = routes.filter(|to| !to.is_clone_of(&self.to));
        std::iter::once(&self.to).chain(others).cloned().collect()
    }

    /// The destination of a message.
    pub(super) fn destination(&self, text: &str) -> &Target {
        let chosen = self.routes.as_ref();
        chosen.and_then(|routes| routes.to.get((routes.choose)(text))).unwrap_or(&self.to)
    }
}
