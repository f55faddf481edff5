//! The conformance list: what every queue service must do, as a client sees it. To add a case, write
//! its function in one of the files below and its name into the list.

mod access;
mod answers;
mod errors;
mod listing;
mod messages;
mod policies;
mod queues;
mod refusals;
mod settings;
mod visibility;

use std::fmt::{self, Debug, Display};

use queue_client::{BoxFuture, Error};
use queue_proto::ErrorCode;

use crate::{
    either::{Queue, Service},
    server::Server,
};

/// Why a server failed a case.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How a case went.
pub type Outcome = Result<(), Failure>;

/// One thing that a server must do.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Case {
    /// Its name: the subject, then the behavior.
    pub name: &'static str,
    /// Finds out whether a server does it.
    pub run: for<'a> fn(&'a Stage<'a>) -> BoxFuture<'a, Outcome>,
}

impl Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where a case is played: a server, and a queue of the case's own.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stage<'a> {
    /// The server under test.
    pub server: &'a Server,
    /// A client of the server.
    pub service: Service,
    /// A new, empty queue.
    pub queue: Queue,
}

impl<'a> Stage<'a> {
    /// Makes a queue for the case.
    async fn set(server: &'a Server) -> Result<Self, Failure> {
        let service = server.open(server.builder())?;
        let queue = service.queue(unique_name().as_str())?;
        queue.create().await?;
        Ok(Self { server, service, queue })
    }
}

/// Plays a case on a server.
///
/// # Errors
///
/// Says what the server did instead.
pub async fn play(case: Case, server: &Server) -> Outcome {
    let stage = Stage::set(server).await?;
    let outcome = (case.run)(&stage).await;
    stage.queue.delete_queue_if_exists().await?;
    outcome
}

/// A queue name that no other case has.
fn unique_name() -> String {
    format!("conformance-{:016x}", fastrand::u64(..))
}

macro_rules! cases {
    ($(#[$doc:meta])* $list:ident $($module:ident: $($case:ident),* $(,)?;)*) => {
        $(#[$doc])*
        pub const $list: &[Case] = &[$($(
            Case {
                name: concat!(stringify!($module), "::", stringify!($case)),
                run: |stage| Box::pin($module::$case(stage)),
            },
        )*)*];
    };
}

cases! {
    /// What a client can see.
    CASES
    queues:
        create_says_whether_the_queue_was_there,
        create_with_other_metadata_is_a_conflict,
        metadata_is_kept_with_its_case,
        metadata_is_replaced_as_a_whole,
        delete_removes_the_queue_and_its_messages,
        the_name_of_a_deleted_queue_is_not_free_at_once,
        count_includes_hidden_messages;
    messages:
        send_gives_id_and_times,
        receive_gives_what_was_sent,
        peek_leaves_messages_where_they_are,
        text_survives_as_it_is,
        the_longest_text_survives,
        messages_come_in_the_order_of_sending,
        thirty_two_messages_come_at_once,
        an_empty_queue_answers_at_once,
        delete_removes_one_message,
        clear_removes_all_messages,
        a_sent_message_can_be_deleted_with_its_own_receipt;
    visibility:
        a_received_message_is_hidden,
        a_message_that_is_not_deleted_comes_back,
        hidden_for_thirty_seconds_by_default,
        a_message_can_be_hidden_when_sent,
        update_hides_a_message_for_longer,
        update_with_zero_shows_a_message_at_once,
        update_replaces_the_text,
        a_late_delete_works_until_the_message_is_received_again,
        the_receipt_of_an_earlier_delivery_is_dead,
        the_receipt_before_an_update_is_dead,
        a_message_expires,
        a_message_that_never_expires_says_so;
    listing:
        lists_queues_in_alphabetical_order_by_prefix,
        pages_cover_the_list_without_repeats,
        lists_metadata_when_asked;
    refusals:
        a_missing_queue_is_named,
        deleting_a_message_twice_is_not_owner,
        visibility_must_be_shorter_than_the_time_to_live;
    access:
        a_wrong_key_is_refused,
        no_credential_is_refused,
        a_skewed_clock_is_named;
    policies:
        policies_come_back_as_they_were_set;
    settings:
        what_is_set_comes_back_and_the_rest_stays;
}

cases! {
    /// What can only be seen on the wire.
    WIRE
    answers:
        every_answer_names_its_request,
        an_answer_has_the_version_that_was_asked_for,
        a_refusal_explains_itself,
        a_put_is_answered_with_a_body_since_2016,
        messages_may_live_for_ever_since_2017,
        metadata_names_keep_their_case,
        a_preflight_is_answered_by_the_first_rule_that_fits;
    policies:
        a_policy_opens_the_queue_until_it_is_removed;
    settings:
        the_secondary_tells_when_it_was_in_step;
}

/// The whole list, by subject; on the wire as well, or only what a client can see.
#[must_use]
pub fn cases(wire: bool) -> Vec<Case> {
    let lists: &[&[Case]] = if wire { &[CASES, WIRE, errors::ROWS] } else { &[CASES] };
    lists.concat()
}

/// Fails unless both are equal.
fn equal<T: PartialEq + Debug>(what: &str, found: T, wanted: T) -> Outcome {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("{what}: found {found:?}, wanted {wanted:?}").into())
    }
}

/// Fails unless it holds.
fn holds(what: impl Display, condition: bool) -> Outcome {
    if condition { Ok(()) } else { Err(what.to_string().into()) }
}

/// Fails unless the call was refused with this code.
fn refused<T: Debug>(result: Result<T, Error>, code: ErrorCode) -> Result<Error, Failure> {
    match result {
        Err(error) if error.code() == Some(&code) => Ok(error),
        Err(error) => Err(format!("found code {:?} ({error}), wanted {code}", error.code()).into()),
        Ok(value) => Err(format!("found {value:?}, wanted {code}").into()),
    }
}
