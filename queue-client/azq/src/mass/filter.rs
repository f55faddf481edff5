//! [`FilterArgs`] and [`Filter`]: which messages a verb is about; [`LeaseArgs`]: how it goes through
//! the queue to find them.

use std::time::{Duration, SystemTime};

use queue_client::{
    bulk::AttemptsReached,
    proto::{LeaseTimeout, ops::PeekedMessage},
};
use regex::Regex;

use crate::{
    failure::{Exit, Failure},
    message::CodecArg,
    units::{self, Moment},
};

/// The options that choose messages.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FilterArgs {
    /// Only messages whose body or text has this regular expression in it
    #[arg(long = "match", value_name = "REGEX", value_parser = regex)]
    matching: Option<Regex>,

    /// Only messages that were put there longer ago, or before this moment
    #[arg(long, value_name = "TIME", value_parser = units::moment)]
    older_than: Option<Moment>,

    /// What the texts mean
    #[arg(long, value_enum, default_value = "auto")]
    codec: CodecArg,
}

fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| error.to_string())
}

/// Which messages a verb is about.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    matching: Option<Regex>,
    before: Option<SystemTime>,
    codec: CodecArg,
}

impl FilterArgs {
    pub(crate) fn filter(&self) -> Filter {
        let now = SystemTime::now();
        Filter {
            matching: self.matching.clone(),
            before: self.older_than.map(|moment| moment.back_from(now)),
            codec: self.codec,
        }
    }

    pub(crate) const fn codec(&self) -> CodecArg {
        self.codec
    }
}

impl Filter {
    /// Says whether every message is wanted.
    pub(crate) const fn takes_all(&self) -> bool {
        self.matching.is_none() && self.before.is_none()
    }

    pub(crate) fn wants(&self, message: &PeekedMessage) -> bool {
        let matches = |regex: &Regex| {
            regex.is_match(message.text())
                || regex.is_match(&self.codec.decode(message.message_text()).shown())
        };
        self.matching.as_ref().is_none_or(matches)
            && self.before.is_none_or(|before| message.inserted_at() < before)
    }
}

/// The options about leases.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LeaseArgs {
    /// How long messages are hidden, and stay hidden if azq is killed; by default a minute, and more
    /// for a long queue
    #[arg(
        long,
        visible_alias = "visibility-timeout",
        value_name = "TIME",
        value_parser = units::duration,
        hide_short_help = true
    )]
    lease: Option<Duration>,

    /// Stop where a message that stays would have been received so often: its consumers may give it
    /// up
    #[arg(long, value_name = "N", default_value_t = 3, hide_short_help = true)]
    max_attempt: u32,

    /// Do not look at how often messages were received
    #[arg(long, conflicts_with = "max_attempt", hide_short_help = true)]
    any_attempt: bool,
}

impl LeaseArgs {
    pub(crate) fn lease(&self) -> Result<Option<LeaseTimeout>, Failure> {
        Ok(self.lease.map(LeaseTimeout::try_from).transpose()?)
    }

    pub(crate) const fn max_attempt(&self) -> u32 {
        if self.any_attempt { u32::MAX } else { self.max_attempt }
    }
}

/// The failure of a walk through a queue, with advice in words of this tool.
pub(crate) fn walked(error: queue_client::Error) -> Failure {
    if let queue_client::Cause::InvalidArgument(cause) = error.cause()
        && let Some(AttemptsReached { id, dequeue_count, max_attempt, .. }) = cause.downcast_ref()
    {
        return Failure::new(
            Exit::Check,
            format!(
                "message {id} would have been received {dequeue_count} times, and a consumer may give it \
                 up: raise --max-attempt ({max_attempt}) if yours gives up later, or add --any-attempt"
            ),
        );
    }
    Failure::from(error)
}
