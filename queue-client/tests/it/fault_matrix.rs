//! Every operation meets every fault, once and for ever, with and without retries.
//!
//! The table of [`expectation`] says what follows. Beside it, laws hold for each cell: what an error
//! calls not applied was not applied, a success was applied exactly once, and every attempt is dated
//! and signed by itself.

use std::{collections::BTreeSet, time::Duration};

use queue_client::{
    ClientBuilder, Error, OpFailure, QueueServiceClient,
    retry::{ExponentialBackoff, NoRetry},
    runtime::Runtime,
};
use queue_proto::{
    Idempotence, LeaseTimeout, MessageText, Metadata, OperationKind, ServiceProperties,
    SignedIdentifiers, VisibilityTimeout,
    ops::{
        ClearMessages, CreateQueue, DeleteMessage, DeleteQueue, GetMessages, GetQueueAcl,
        GetQueueMetadata, ListQueues, PeekMessages, PutMessage, SetQueueAcl, SetQueueMetadata,
        UpdateMessage,
    },
};

use crate::support::{Fate, Line, over, service};

const ATTEMPTS: u32 = 4;

/// What is known to a test of an operation.
struct Subject {
    kind: OperationKind,
    run: for<'a> fn(&'a Scene) -> queue_client::BoxFuture<'a, Result<(), Error>>,
}

/// An account with a queue of two messages, one of them received.
struct Scene {
    service: QueueServiceClient,
    /// Over a line of its own, on which nothing fails.
    calm: QueueServiceClient,
    line: Line,
    time: queue_client::runtime::ManualRuntime,
    message: queue_proto::ops::ReceivedMessage,
}

impl Scene {
    async fn set(policy: Policy) -> Self {
        let (calm, line, time) = service();
        let builder: ClientBuilder = over(&line, &time);
        let service = match policy {
            Policy::Retries => builder.retry(ExponentialBackoff::new().max_attempts(ATTEMPTS)),
            Policy::NoRetry => builder.retry(NoRetry),
        };
        let queue = calm.queue("orders").unwrap();
        queue.create().await.unwrap();
        queue.send("first").await.unwrap();
        queue.send("second").await.unwrap();
        let received = calm.execute(&hide_for_an_hour(queue.name().clone())).await.unwrap();
        let message = received.messages.into_iter().next().unwrap();
        Self { service: service.build().unwrap(), calm, line, time, message }
    }

    fn queue(&self) -> queue_client::QueueName {
        "orders".parse().unwrap()
    }

    /// All that an operation could change, as a client sees it.
    async fn state(&self) -> String {
        let queue = self.calm.queue("orders").unwrap();
        let other = self.calm.queue("other").unwrap().exists().await.unwrap();
        let Ok(properties) = queue.properties().await else { return format!("gone, {other}") };
        let policies = queue.access_policies().await.unwrap();
        let visible: Vec<_> = queue
            .peek(32)
            .await
            .unwrap()
            .into_iter()
            .map(|message| (message.text().to_owned(), message.dequeue_count()))
            .collect();
        let settings = self.calm.properties().await.unwrap();
        format!("{properties:?} {policies:?} {visible:?} {settings:?} {other}")
    }
}

/// Longer than any call, so that what is hidden stays so while its state is compared.
fn hide_for_an_hour(queue: queue_client::QueueName) -> GetMessages {
    GetMessages::new(queue).visibility_timeout(LeaseTimeout::from_secs(3600).unwrap())
}

macro_rules! subjects {
    ($($kind:ident => |$scene:ident| $operation:expr,)*) => {
        [$(Subject {
            kind: OperationKind::$kind,
            run: |$scene| Box::pin(async move { $scene.service.execute(&$operation).await.map(drop) }),
        }),*]
    };
}

fn subjects() -> [Subject; 15] {
    subjects! {
        ListQueues => |scene| ListQueues::new(),
        GetServiceProperties => |scene| queue_proto::ops::GetServiceProperties::new(),
        SetServiceProperties => |scene| {
            let mut properties = ServiceProperties::new();
            properties.cors = Some(Vec::new());
            queue_proto::ops::SetServiceProperties::new(properties)
        },
        CreateQueue => |scene| CreateQueue::new("other".parse().unwrap()),
        DeleteQueue => |scene| DeleteQueue::new(scene.queue()),
        GetQueueMetadata => |scene| GetQueueMetadata::new(scene.queue()),
        SetQueueMetadata => |scene| {
            let mut metadata = Metadata::new();
            metadata.insert("color", "blue").unwrap();
            SetQueueMetadata::new(scene.queue(), metadata)
        },
        GetQueueAcl => |scene| GetQueueAcl::new(scene.queue()),
        SetQueueAcl => |scene| SetQueueAcl::new(scene.queue(), SignedIdentifiers::default()),
        PutMessage => |scene| PutMessage::new(scene.queue(), MessageText::new("third").unwrap()),
        GetMessages => |scene| hide_for_an_hour(scene.queue()),
        PeekMessages => |scene| PeekMessages::new(scene.queue()),
        UpdateMessage => |scene| UpdateMessage::new(
            scene.queue(),
            scene.message.id().clone(),
            scene.message.pop_receipt().clone(),
            VisibilityTimeout::ZERO,
        ),
        DeleteMessage => |scene| DeleteMessage::new(
            scene.queue(),
            scene.message.id().clone(),
            scene.message.pop_receipt().clone(),
        ),
        ClearMessages => |scene| ClearMessages::new(scene.queue()),
    }
}

/// A new operation becomes a subject too, but for those that go to the secondary alone or need
/// another kind of authorization.
#[test]
fn every_operation_is_a_subject() {
    let subjects = subjects();
    let missing: Vec<OperationKind> = OperationKind::ALL
        .into_iter()
        .filter(|kind| subjects.iter().all(|subject| subject.kind != *kind))
        .collect();
    let apart = [
        OperationKind::Preflight,
        OperationKind::GetServiceStats,
        OperationKind::GetUserDelegationKey,
    ];
    assert_eq!(missing, apart);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    Retries,
    NoRetry,
}

const FATES: [Fate; 13] = [
    Fate::NoConnection,
    Fate::BrokenBefore,
    Fate::Closed,
    Fate::AnswerLost,
    Fate::AnswerLate,
    Fate::NoAnswer,
    Fate::Status(500, 0),
    Fate::Status(502, 0),
    Fate::Status(503, 3),
    Fate::Status(401, 0),
    Fate::Status(403, 0),
    Fate::Status(407, 0),
    Fate::Garbage,
];

/// What an attempt that meets the fate tells the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    NotSent,
    Busy,
    Refused,
    Unknown,
    /// Nothing went wrong: the answer to this operation has no body that could be garbage.
    Fine,
}

fn told(fate: Fate, kind: OperationKind) -> Told {
    match fate {
        Fate::Answered => Told::Fine,
        Fate::NoConnection => Told::NotSent,
        Fate::Status(503, _) => Told::Busy,
        Fate::Status(401 | 403 | 407, _) => Told::Refused,
        Fate::Garbage if answers_without_body(kind) => Told::Fine,
        _ => Told::Unknown,
    }
}

fn answers_without_body(kind: OperationKind) -> bool {
    matches!(
        kind,
        OperationKind::SetServiceProperties
            | OperationKind::CreateQueue
            | OperationKind::DeleteQueue
            | OperationKind::GetQueueMetadata
            | OperationKind::SetQueueMetadata
            | OperationKind::SetQueueAcl
            | OperationKind::DeleteMessage
            | OperationKind::ClearMessages
    )
}

/// How often an operation is sent that meets a fate once, or for ever, and whether it succeeds.
fn expectation(kind: OperationKind, fate: Fate, policy: Policy, for_ever: bool) -> (u32, bool) {
    let told = told(fate, kind);
    let repeats = match told {
        Told::Fine => return (1, true),
        Told::NotSent | Told::Busy => true,
        Told::Unknown => kind.idempotence() != Idempotence::Effectful,
        Told::Refused => false,
    };
    // A connection that was closed is replaced at once, whatever the policy.
    let replaced = u32::from(matches!(fate, Fate::Closed) && repeats);
    let most = match policy {
        Policy::Retries if repeats => ATTEMPTS + replaced,
        Policy::Retries | Policy::NoRetry => 1 + replaced,
    };
    // The second attempt of an update carries a receipt that the first one made void. If its answer
    // arrives, that ends the call.
    let void = kind == OperationKind::UpdateMessage && applies(fate);
    let is_told = !for_ever || matches!(fate, Fate::Garbage);
    if most > 1 && void && is_told {
        return (2, false);
    }
    if for_ever || most == 1 {
        return (most, false);
    }
    (2, true)
}

/// Whether the service applies what meets this fate.
fn applies(fate: Fate) -> bool {
    matches!(fate, Fate::Answered | Fate::AnswerLost | Fate::AnswerLate | Fate::Garbage)
}

#[tokio::test]
async fn every_operation_meets_every_fault() {
    let mut cells = 0;
    for subject in subjects() {
        for fate in FATES {
            for policy in [Policy::Retries, Policy::NoRetry] {
                for for_ever in [false, true] {
                    cell(&subject, fate, policy, for_ever).await;
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, 15 * 13 * 2 * 2);
}

async fn cell(subject: &Subject, fate: Fate, policy: Policy, for_ever: bool) {
    let name = format!("{:?}, {fate:?}, {policy:?}, for ever: {for_ever}", subject.kind);
    let scene = Scene::set(policy).await;
    let before = scene.state().await;
    let times = if for_ever { 100 } else { 1 };
    scene.line.next(std::iter::repeat_n(fate, times));
    let started = scene.time.elapsed();
    let result = (subject.run)(&scene).await;
    let sent = scene.line.sent();
    let waited = scene.time.elapsed() - started;
    scene.line.next([]);
    let after = scene.state().await;

    let (attempts, succeeds) = expectation(subject.kind, fate, policy, for_ever);
    assert_eq!(sent.len(), attempts as usize, "{name}: {result:?}");
    assert_eq!(result.is_ok(), succeeds, "{name}: {result:?}");
    assert!(waited <= Duration::from_secs(125), "{name}: {waited:?}");

    // No attempt is sent twice: where time passed, date and signature are others.
    let dates: BTreeSet<_> = sent.iter().map(|sent| &sent.date).collect();
    let signatures: BTreeSet<_> = sent.iter().map(|sent| &sent.signature).collect();
    assert_eq!(dates.len(), signatures.len(), "{name}");

    match &result {
        Ok(()) => {
            let once = Scene::set(policy).await;
            (subject.run)(&once).await.unwrap();
            let quiet = once.state().await;
            // Metadata of a queue that was not changed says the same, whatever the messages' ids.
            assert_eq!(after, quiet, "{name}: not applied exactly once");
        }
        Err(error) => {
            assert_eq!(error.attempts(), attempts, "{name}");
            let expected = match told(fate, subject.kind) {
                Told::NotSent => "not sent",
                Told::Busy | Told::Refused => "refused",
                Told::Unknown | Told::Fine => "unknown",
            };
            let found = match error.failure() {
                OpFailure::NotSent => "not sent",
                OpFailure::Refused { .. } => "refused",
                OpFailure::Ambiguous => "unknown",
                _ => "not owner",
            };
            assert_eq!(found, expected, "{name}: {error:?}");
            if !error.failure().may_be_applied() {
                assert_eq!(after, before, "{name}: applied, although the error denies it");
            }
        }
    }
}
