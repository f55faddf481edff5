//! `testing::in_process_with_faults`: a fault of the emulator does to a client what it does over a
//! socket.

use std::time::Duration;

use queue_client::{
    Error, OpFailure, QueueClient,
    runtime::{ManualRuntime, Runtime as _},
    testing::in_process_with_faults,
    transport::{TransportError, TransportErrorKind},
};
use queue_emulator::Emulator;

/// A queue of an emulator, which the test can still steer.
async fn queue() -> (Emulator, QueueClient, ManualRuntime) {
    let mut steered = None;
    let (service, time) = in_process_with_faults(|clock| {
        let emulator = Emulator::builder().clock(clock).build();
        steered = Some(emulator.clone());
        emulator.into_handler_with_faults()
    })
    .unwrap();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    (steered.unwrap(), queue, time)
}

fn kind(error: &Error) -> Option<TransportErrorKind> {
    match error.cause() {
        queue_client::Cause::Transport(error) => Some(TransportError::kind(error)),
        _ => None,
    }
}

#[tokio::test]
async fn a_lost_answer_is_ambiguous_and_its_way_is_told() {
    for (fault, expected) in [
        ("close-after", TransportErrorKind::ClosedBeforeAnswer),
        ("truncate=10", TransportErrorKind::Interrupted),
        ("drop-after", TransportErrorKind::Timeout),
    ] {
        let (emulator, queue, _) = queue().await;
        emulator.add_fault(format!("{fault} operation=PutMessage").parse().unwrap());
        let error = queue.send("17 bottles").await.unwrap_err();
        assert_eq!(kind(&error), Some(expected), "{fault}");
        assert_eq!(error.failure(), &OpFailure::Ambiguous, "{fault}");
        assert_eq!(queue.peek(32).await.unwrap().len(), 1, "{fault}: the message was stored");
    }
}

#[tokio::test]
async fn a_delay_and_a_silence_pass_by_the_clock_of_the_test() {
    let (emulator, queue, time) = queue().await;
    let passed = async |fault: &str| {
        emulator.clear_faults();
        emulator.add_fault(fault.parse().unwrap());
        let start = time.elapsed();
        let result = queue.send("17 bottles").await;
        (result.is_ok(), time.elapsed() - start)
    };
    assert_eq!(passed("delay=7s").await, (true, Duration::from_secs(7)));
    // An attempt has 35 seconds.
    assert_eq!(passed("drop-after").await, (false, Duration::from_secs(35)));
    assert_eq!(passed("delay=40s").await, (false, Duration::from_secs(35)));
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let (emulator, queue, _) = queue().await;
    for (code, sentence) in [
        (
            "ServerBusy",
            "the service is too busy for PutMessage on queue \"orders\" of account \
             \"devstoreaccount1\": send less, or spread it over more queues or accounts (tried 4 times)",
        ),
        (
            "AuthorizationFailure",
            "account \"devstoreaccount1\" does not let this machine or this credential do PutMessage: \
             check the network rules of the account; a signature for one queue is for its messages alone",
        ),
        (
            "InvalidAuthenticationInfo",
            "account \"devstoreaccount1\" refused the credential of PutMessage: check that the token \
             is current, is for storage (audience https://storage.azure.com) and comes from the tenant \
             of the account",
        ),
        (
            "AuthorizationPermissionMismatch",
            "account \"devstoreaccount1\" does not allow PutMessage with this credential: a shared \
             access signature needs the permission for it (sp), and an identity the role \"Storage \
             Queue Data Message Sender\"; a new role takes minutes to act",
        ),
    ] {
        emulator.clear_faults();
        emulator.add_fault(format!("refuse={code}").parse().unwrap());
        assert_eq!(queue.send("17 bottles").await.unwrap_err().to_string(), sentence);
    }
}

#[tokio::test]
async fn a_message_is_too_large_whoever_says_so() {
    let (emulator, queue, _) = queue().await;
    let bytes = queue.clone().with_codec(queue_client::codec::Base64Bytes);
    assert!(bytes.send(vec![0; 50_000]).await.unwrap_err().is_message_too_large());
    assert!(!queue.send("bell \u{7}").await.unwrap_err().is_message_too_large());
    emulator.add_fault("refuse=RequestBodyTooLarge".parse().unwrap());
    let error = queue.send("17 bottles").await.unwrap_err();
    assert!(error.is_message_too_large(), "{error}");
}

#[tokio::test]
async fn what_is_safe_is_tried_again() {
    let (emulator, queue, _) = queue().await;
    emulator.add_fault("close times=1".parse().unwrap());
    emulator.add_fault("refuse=ServerBusy times=1".parse().unwrap());
    assert_eq!(queue.peek(1).await.unwrap(), []);
    assert_eq!(emulator.fault_counts(), [1, 1]);
}
