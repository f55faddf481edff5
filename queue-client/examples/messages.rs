//! What can be done with messages: look, delay, expire, extend, change, count.
//!
//! `AZURE_STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true" cargo run --package queue-client --example messages`

use std::time::Duration;

use queue_client::QueueServiceClient;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    run(&QueueServiceClient::from_env()?).await
}

pub(crate) async fn run(service: &QueueServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    let queue = service.queue("messages-example")?;
    queue.create_if_missing().await?;
    queue.clear().await?;

    queue.send("now").await?;
    queue.send("in a minute").visibility_timeout(MINUTE).await?;
    queue.send("for an hour").time_to_live(60 * MINUTE).await?;
    queue.send("for ever").never_expires().await?;

    // Looking changes nothing, and shows no hidden messages.
    for message in queue.peek(32).await? {
        println!("at the front: {:?}", message.text());
    }
    let count = queue.properties().await?.approximate_messages_count();
    println!("{count} messages, hidden ones included");

    // A message that takes longer than expected is hidden for longer, and can say how far it came.
    let mut message = queue.receive_one().await?.ok_or("the queue is empty")?;
    queue.update(&mut message, 5 * MINUTE).value("now, half done").await?;
    println!("{:?} is ours until {:?}", message.text(), message.next_visible_at());
    queue.delete(&message).await?;

    // Many at once, with a result for each.
    let messages = queue.receive(32).visibility_timeout(MINUTE).await?;
    for (message, result) in messages.iter().zip(queue.delete_all(&messages).await) {
        match result {
            Ok(()) => println!("deleted {:?}", message.text()),
            Err(error) => println!("{:?} is not deleted: {error}", message.text()),
        }
    }
    queue.delete_queue().await?;
    Ok(())
}
