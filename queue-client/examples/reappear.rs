//! The lesson: receiving does not remove a message. It is hidden for 30 seconds, and whoever
//! receives it next completes it.
//!
//! Without an account in the environment this runs on the embedded emulator, whose clock is moved
//! by hand. With one, it waits for real.
//!
//! `cargo run --package queue-client --example reappear`

use std::{env, time::Duration};

use queue_client::{
    QueueServiceClient,
    runtime::{Runtime, TokioRuntime},
    testing::in_process,
};
use queue_emulator::Emulator;

const HIDDEN: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if ["AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
    {
        println!("(a real server: the {} seconds take as long as they take)", HIDDEN.as_secs());
        return run(&QueueServiceClient::from_env()?, &TokioRuntime::new()).await;
    }
    let (service, time) = in_process(Emulator::handler)?;
    run(&service, &time).await
}

pub(crate) async fn run(
    service: &QueueServiceClient,
    time: &impl Runtime,
) -> Result<(), Box<dyn std::error::Error>> {
    let queue = service.queue("reappear")?;
    queue.create_if_missing().await?;
    queue.clear().await?;
    queue.send("brew coffee").await?;

    let first = queue.receive_one().await?.ok_or("the message is not there")?;
    println!("first receiver:  {:?}, delivery {}", first.text(), first.dequeue_count());
    println!("first receiver crashes: the message is not deleted");
    drop(first);

    let nothing = queue.receive_one().await?;
    assert!(nothing.is_none(), "the message is hidden");
    println!("second receiver: nothing, the message is hidden");

    time.sleep(HIDDEN).await;
    println!("{} seconds pass", HIDDEN.as_secs());

    let again = loop {
        // Servers round their times to whole seconds.
        match queue.receive_one().await? {
            Some(message) => break message,
            None => time.sleep(Duration::from_secs(1)).await,
        }
    };
    println!("second receiver: {:?}, delivery {}", again.text(), again.dequeue_count());
    assert_eq!(again.dequeue_count(), 2);
    queue.delete(&again).await?;
    println!("second receiver deletes the message: it is done");
    assert_eq!(queue.properties().await?.approximate_messages_count(), 0);
    Ok(())
}
