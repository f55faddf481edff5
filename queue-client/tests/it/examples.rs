//! The examples do what they say, on the embedded emulator.

#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/reappear.rs"]
mod reappear;
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/receiver.rs"]
mod receiver;
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/sender.rs"]
mod sender;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn what_the_sender_sends_the_receiver_receives() -> Outcome {
    let (service, _) = reappear::embedded()?;
    let texts = vec!["17 bottles".to_owned(), "3 glasses".to_owned()];
    sender::run(&service, "orders", texts).await?;
    assert_eq!(receiver::run(&service, "orders").await?, 2);
    assert_eq!(receiver::run(&service, "orders").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_message_that_is_not_deleted_reappears() -> Outcome {
    let (service, time) = reappear::embedded()?;
    reappear::run(&service, &time).await
}
