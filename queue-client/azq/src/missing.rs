//! [`explain`]: what a failure says about a queue that does not exist, with the name that was meant.

use std::time::Duration;

use crate::{app::App, failure::Failure, suggest, text::visible};

/// Looking for a similar name must not take longer than a reader waits for an error.
const PATIENCE: Duration = Duration::from_secs(3);

/// The sentence of a failure, for a missing queue with the most similar name of the account if the
/// credential may list queues.
pub(crate) async fn explain(app: &App, failure: &Failure) -> String {
    if let Some(queue) = failure.missing_queue()
        && let Ok(connection) = app.connect()
        && let Ok(Ok(Some(page))) =
            tokio::time::timeout(PATIENCE, connection.service.list_queues().next()).await
        && let Some(near) = suggest::nearest(queue, page.iter().map(|item| item.name().as_str()))
    {
        return format!("no queue `{}`; did you mean `{near}`?", visible(queue));
    }
    failure.sentence().to_owned()
}
