//! [`preview`]: what `--dry-run` tells without touching anything, and the question before a verb that
//! changes much.

use queue_client::QueueClient;

use crate::{
    app::{App, Queue},
    failure::Failure,
    mass::filter::{Filter, walked},
    units::thousands,
};

/// Looks at the first messages, and says how many of them a verb would be about.
pub(crate) async fn preview(
    app: &App,
    queue: &QueueClient,
    filter: &Filter,
    would: &str,
) -> Result<(), Failure> {
    let front = queue.peek(32).await?;
    let wanted = front.iter().filter(|message| filter.wants(message)).count();
    let total = queue.properties().await?.approximate_messages_count();
    if front.len() < 32 {
        app.say(&format!(
            "would {would} {wanted} of {} visible messages; nothing was touched",
            front.len()
        ));
    } else {
        app.say(&format!(
            "would {would} {wanted} of the first 32 messages; ≈ {} are in the queue, and --allow-lease \
             looks at all of them, which raises their dequeue counts; nothing was touched",
            thousands(total)
        ));
    }
    Ok(())
}

/// Looks at all messages by leasing them, and says how many a verb would be about.
pub(crate) async fn count_all(
    app: &App,
    queue: &QueueClient,
    filter: &Filter,
    max_attempt: u32,
    would: &str,
) -> Result<(), Failure> {
    let mut scan = queue.scan().max_attempt(max_attempt);
    let mut wanted: u64 = 0;
    let failure = loop {
        match scan.next().await {
            Ok(Some(message)) => wanted += u64::from(filter.wants(&message)),
            Ok(None) => break None,
            Err(error) => break Some(walked(error)),
        }
    };
    let report = scan.finish().await;
    if let Some(failure) = failure {
        return Err(failure);
    }
    app.say(&format!(
        "would {would} {} of {} messages; all were received once and given back",
        thousands(wanted),
        report.seen
    ));
    Ok(())
}

/// About how many messages a queue has, in words.
pub(crate) async fn about(queue: &Queue) -> Result<String, Failure> {
    let count = queue.client.properties().await?.approximate_messages_count();
    Ok(match count {
        1 => format!("1 message of {}", queue.label),
        count => format!("≈ {} messages of {}", thousands(count), queue.label),
    })
}
