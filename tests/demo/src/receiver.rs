//! The receiver of the demo: a processor that works on messages until it is told to stop, or killed.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use queue_client::{
    QueueServiceClient,
    processor::{
        Delivery, HandlerError, LeaseState, Processor, ResultExt as _,
        observe::{DeliveryKey, Event as Happened, Observer, Settled},
    },
    proto::QueueName,
};
use tokio::io::{AsyncReadExt as _, stdin};

use crate::{
    Outcome,
    events::{Event, Micros, Token},
};

/// The more messages a receiver holds, the more there is to lose.
const CONCURRENCY: usize = 16;
const WORK: Duration = Duration::from_millis(100);
/// One message in so many takes long enough for its lease to be renewed.
const SLOW: u32 = 500;

pub(crate) async fn run(queue: &str, lease: Duration) -> Outcome {
    Processor::new(QueueServiceClient::from_env()?.queue(queue)?)
        .concurrency(CONCURRENCY)
        .lease(lease)
        // To be killed is not the message's fault here.
        .max_deliveries(None)
        .observer(Deletes::default())
        .stop_when(async {
            // The referee closes the input of its processes to stop them. A number asks to stand
            // still for so many seconds, where the system cannot stop a process from outside: the
            // program has one thread.
            let mut input = stdin();
            while let Ok(seconds) = input.read_u8().await {
                std::thread::sleep(Duration::from_secs(seconds.into()));
            }
        })
        .run(move |message| work(message, lease))
        .await?;
    Ok(())
}

async fn work(message: Delivery<String>, lease: Duration) -> Result<(), HandlerError> {
    let number: u32 = message.body().parse().or_dead_letter()?;
    Event::Started { token: message.fencing_token().into(), number, at: Micros::now() }.tell()?;
    tokio::time::sleep(if number.is_multiple_of(SLOW) { lease * 3 / 5 } else { WORK }).await;
    // What is held after this instant was held at it.
    let at = Micros::now();
    let held = matches!(message.lease().state(), LeaseState::Held { .. });
    Event::Finished { token: message.fencing_token().into(), at, held }.tell()?;
    Ok(())
}

/// Tells which deliveries have deleted their message.
#[derive(Debug, Default)]
struct Deletes {
    started: Mutex<HashMap<DeliveryKey, Token>>,
}

impl Observer for Deletes {
    fn event(&self, _: &QueueName, event: &Happened) {
        let Ok(mut started) = self.started.lock() else { return };
        let (token, how) = match event {
            Happened::Started { key, id, attempt } => {
                started.insert(*key, Token { id: id.to_string(), attempt: *attempt });
                return;
            }
            // What comes back after its work was done is deleted without a handler.
            Happened::Settled { key, how, .. } => match started.remove(key) {
                Some(token) => (token, how),
                None => return,
            },
            _ => return,
        };
        let told = match how {
            Settled::Completed => Event::Deleted { token }.tell(),
            Settled::CompletedAfterAmbiguity => Event::Gone { token, at: Micros::now() }.tell(),
            Settled::CompletedNotOwned { .. } | Settled::NotOwned => {
                Event::NotDeleted { token }.tell()
            }
            _ => Ok(()),
        };
        // Without a referee there is nobody to tell, and the input is closed too.
        let _ = told;
    }
}
