//! The examples do what they say, on the embedded emulator.

#[cfg(feature = "encryption-rsa")]
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/encrypted.rs"]
mod encrypted;
#[cfg(feature = "oauth2")]
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/entra_id.rs"]
mod entra_id;
#[cfg(all(feature = "processor", feature = "signals"))]
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/health.rs"]
mod health;
#[cfg(feature = "json")]
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/json_orders.rs"]
mod json_orders;
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/messages.rs"]
mod messages;
#[cfg(all(feature = "processor", feature = "signals"))]
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/processor.rs"]
mod processor;
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/queues.rs"]
mod queues;
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/reappear.rs"]
mod reappear;
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/receiver.rs"]
mod receiver;
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/sas_handout.rs"]
mod sas_handout;
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/sender.rs"]
mod sender;
#[cfg(feature = "processor")]
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/shared_database.rs"]
mod shared_database;
#[cfg(feature = "processor")]
#[expect(dead_code, reason = "its main function is not called")]
#[path = "../../examples/striped.rs"]
mod striped;

use queue_client::{AccountKey, runtime::Runtime, testing::in_process};
use queue_emulator::Emulator;

use crate::support::{over, service};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn what_the_sender_sends_the_receiver_receives() -> Outcome {
    let (service, _) = in_process(Emulator::handler)?;
    let texts = vec!["17 bottles".to_owned(), "3 glasses".to_owned()];
    sender::run(&service, "orders", texts).await?;
    assert_eq!(receiver::run(&service, "orders").await?, 2);
    assert_eq!(receiver::run(&service, "orders").await?, 0);
    Ok(())
}

#[cfg(feature = "encryption-rsa")]
#[tokio::test]
async fn what_is_encrypted_is_received() -> Outcome {
    use queue_client::encryption::{AesKey, Encrypted};

    let (service, _) = in_process(Emulator::handler)?;
    let codec = Encrypted::new(AesKey::new("orders-1", &[7; 32]));
    let texts = vec!["17 bottles".to_owned(), "3 glasses".to_owned()];
    encrypted::send(&service, "orders", codec.clone(), texts.clone()).await?;
    assert_eq!(encrypted::receive(&service, "orders", codec).await?, texts);
    Ok(())
}

#[cfg(all(feature = "processor", feature = "signals"))]
#[tokio::test]
async fn what_can_never_work_becomes_a_dead_letter() -> Outcome {
    let (service, _) = in_process(Emulator::handler)?;
    sender::run(&service, "orders", vec!["17 bottles".to_owned(), "some".to_owned()]).await?;
    let report = processor::processor(&service, "orders")?.drain_once(processor::count).await?;
    assert_eq!(report.to_string(), "1 completed, 0 retried, 1 dead-lettered");
    assert_eq!(receiver::run(&service, "orders-poison").await?, 1);
    Ok(())
}

#[cfg(feature = "processor")]
#[tokio::test]
async fn handlers_share_a_database() -> Outcome {
    let (service, _) = in_process(Emulator::handler)?;
    let texts = ["17 bottles", "3 glasses", "4 bottles", "some bottles"];
    sender::run(&service, "orders", texts.map(str::to_owned).to_vec()).await?;
    let database = shared_database::Database::default();
    let report = shared_database::run(&service, "orders", &database).await?;
    assert_eq!(report.to_string(), "3 completed, 1 retried, 0 dead-lettered");
    assert_eq!((database.ordered("bottles"), database.ordered("glasses")), (21, 3));
    Ok(())
}

#[cfg(feature = "processor")]
#[tokio::test]
async fn four_queues_are_used_as_one() -> Outcome {
    let (service, _) = in_process(Emulator::handler)?;
    let reports = striped::run(&service, "orders", 4, 100).await?;
    for (stripe, report) in reports.iter() {
        assert_eq!(report.counters.completed, 25, "{stripe}: {report}");
    }
    Ok(())
}

#[tokio::test]
async fn a_message_that_is_not_deleted_reappears() -> Outcome {
    let (service, time) = in_process(Emulator::handler)?;
    reappear::run(&service, &time).await
}

#[tokio::test]
async fn messages_and_queues() -> Outcome {
    let (service, _) = in_process(Emulator::handler)?;
    messages::run(&service).await?;
    queues::run(&service).await
}

#[tokio::test]
async fn a_worker_gets_access_and_loses_it() -> Outcome {
    let (service, line, time) = service();
    let key = AccountKey::from_base64(queue_proto::DEVSTORE_KEY)?;
    let worker = |token| Ok(over(&line, &time).authorizer(token).build()?);
    sas_handout::run(&service, &key, time.now(), worker).await
}

#[cfg(feature = "json")]
#[tokio::test]
async fn values_instead_of_text() -> Outcome {
    let (service, _) = in_process(Emulator::handler)?;
    json_orders::run(&service).await
}

#[cfg(feature = "oauth2")]
#[test]
fn a_variable_that_is_missing_is_named() {
    let error = entra_id::variable("QUEUE_CLIENT_TEST_NOT_SET").unwrap_err();
    assert!(error.starts_with("QUEUE_CLIENT_TEST_NOT_SET: "), "{error}");
}

#[cfg(feature = "oauth2")]
#[tokio::test]
async fn a_queue_without_a_key() -> Outcome {
    let (service, _) = in_process(Emulator::handler)?;
    entra_id::run(&service).await
}

#[cfg(all(feature = "processor", feature = "signals"))]
#[tokio::test]
async fn probes_are_answered_from_the_health_of_a_processor() -> Outcome {
    use queue_client::processor::{Processor, ShutdownMode};
    use tokio::{io::AsyncReadExt as _, io::AsyncWriteExt as _, net::TcpListener, net::TcpStream};

    let (service, _) = in_process(Emulator::handler)?;
    let orders = service.queue("orders")?;
    orders.create().await?;
    let running = Processor::new(orders).spawn(|_| async { Ok(()) });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(health::serve(listener, running.handle()));
    let ask = |path: &'static str| async move {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    while running.health().last_success.is_none() {
        tokio::task::yield_now().await;
    }
    for path in ["/live", "/ready"] {
        let answer = ask(path).await?;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        assert!(answer.contains("state: Working"), "{answer}");
    }
    assert!(ask("/other").await?.starts_with("HTTP/1.1 404 "));
    running.shutdown(ShutdownMode::Drain).await?;
    for path in ["/live", "/ready"] {
        let answer = ask(path).await?;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{path}: {answer}");
    }
    Ok(())
}
