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

/// What is to be moved where, and how.
pub(super) struct Plan {
    pub(super) from: Target,
    pub(super) to: Target,
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
