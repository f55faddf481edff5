//! [`replace`]: one message, found by its id, put anew and then deleted.

use std::time::{Duration, SystemTime};

use queue_client::{
    QueueClient,
    proto::{
        MessageId, MessageText, TimeToLive,
        ops::{PeekedMessage, PutMessage},
    },
};

use crate::{
    app::App,
    failure::{Exit, Failure},
    mass::filter::{LeaseArgs, walked},
};

/// Finds a message by leasing all that are in front of it, puts what `change` makes of it at the end
/// of the queue, and deletes it. Whatever happens, the others are given back.
pub(crate) async fn replace(
    app: &App,
    queue: &QueueClient,
    id: &str,
    lease: &LeaseArgs,
    change: impl FnOnce(&PeekedMessage) -> Result<MessageText, Failure>,
) -> Result<(), Failure> {
    let id = MessageId::new(id)?;
    let mut scan = queue.scan().max_attempt(lease.max_attempt());
    if let Some(lease) = lease.lease()? {
        scan = scan.lease(lease);
    }
    let found = loop {
        match scan.next().await {
            Ok(Some(message)) if *message.id() == id => break Ok(message),
            Ok(Some(_)) => {}
            Ok(None) => {
                break Err(Failure::new(
                    Exit::NotFound,
                    format!(
                        "no visible message {id} in {}: it is gone, or hidden by another receiver",
                        queue.name()
                    ),
                ));
            }
            Err(error) => break Err(walked(error)),
        }
    };
    let put = match found {
        Ok(message) => put(queue, &mut scan, &message, change).await,
        Err(failure) => Err(failure),
    };
    if put.is_ok() {
        scan.delete(&id);
    }
    let report = scan.finish().await;
    let new = put?;
    if report.deleted == 0 {
        return Err(Failure::new(
            Exit::SomeFailed,
            format!(
                "possibly doubled: {id} was put anew as {new}, and is perhaps still in the queue"
            ),
        ));
    }
    app.note(&format!("{id} was put anew as {new}; {} others were given back", report.released));
    Ok(())
}

async fn put(
    queue: &QueueClient,
    scan: &mut queue_client::bulk::Scan,
    message: &PeekedMessage,
    change: impl FnOnce(&PeekedMessage) -> Result<MessageText, Failure>,
) -> Result<MessageId, Failure> {
    // An editor blocks its thread for as long as a person thinks.
    let text = tokio::task::block_in_place(|| change(message))?;
    let life = match message.expires_at() {
        None => TimeToLive::Never,
        Some(end) => {
            let left = end.duration_since(SystemTime::now()).unwrap_or_default();
            TimeToLive::try_from(Duration::from_secs(left.as_secs().max(1)))?
        }
    };
    let put = PutMessage::new(queue.name().clone(), text).time_to_live(life);
    let put = scan.while_renewing(queue.execute(&put)).await;
    Ok(put?.message.into_parts().0)
}
