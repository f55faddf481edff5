//! Credentials that the service must refuse, and the clock that the refusal names.

use std::time::Duration;

use queue_client::{AccountKey, Anonymous, ClockSkew, SharedKey};
use queue_proto::ErrorCode;

use super::{Outcome, Stage, equal, holds, refused};

pub(super) async fn a_wrong_key_is_refused(stage: &Stage<'_>) -> Outcome {
    let account = stage.service.endpoint().account().as_str();
    let key = AccountKey::from_base64("bm90IHRoZSBrZXkgb2YgYW55IGFjY291bnQ=")?;
    let stranger = stage.server.builder().authorizer(SharedKey::new(account, key));
    let stranger = stage.server.open(stranger)?;
    let result = stranger.queue(stage.queue.name().clone())?.send("a").await;
    let error = refused(result, ErrorCode::AuthenticationFailed)?;
    holds(format!("{error} does not name the account"), error.to_string().contains(account))?;
    equal("count", stage.queue.properties().await?.approximate_messages_count(), 0)
}

pub(super) async fn no_credential_is_refused(stage: &Stage<'_>) -> Outcome {
    let stranger = stage.server.open(stage.server.builder().authorizer(Anonymous))?;
    let result = stranger.queue(stage.queue.name().clone())?.send("a").await;
    refused(result, ErrorCode::NoAuthenticationInformation)?;
    equal("count", stage.queue.properties().await?.approximate_messages_count(), 0)
}

pub(super) async fn a_skewed_clock_is_named(stage: &Stage<'_>) -> Outcome {
    let late = stage.server.late_builder(Duration::from_secs(20 * 60));
    let late = stage.server.open(late)?;
    let result = late.queue(stage.queue.name().clone())?.send("a").await;
    let error = refused(result, ErrorCode::AuthenticationFailed)?;
    let skew = error.clock_skew().ok_or_else(|| format!("{error} does not name the skew"))?;
    let minutes = skew.distance().as_secs() / 60;
    holds(format!("{skew:?}"), matches!(skew, ClockSkew::Behind(_)) && (19..=21).contains(&minutes))
}
