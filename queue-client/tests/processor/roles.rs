//! An identity with the role Storage Queue Data Message Processor: it may receive and delete, and
//! not update.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use queue_client::{
    Endpoint, QueueName, QueueServiceClient,
    auth::{
        Bearer,
        bearer::{AccessToken, source_fn},
    },
    processor::{
        Processor, ShutdownMode,
        observe::{Event, Observer},
    },
};
use queue_emulator::{Role, TokenIssuer, UserToken};
use tokio::time::sleep;

use crate::support::{Kind, client, line};

#[derive(Debug, Default, Clone)]
struct Seen(Arc<Mutex<Vec<Event>>>);

impl Observer for Seen {
    fn event(&self, _: &QueueName, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn an_identity_without_the_right_to_update_works_all_the_same() {
    const HOUR: Duration = Duration::from_secs(3600);
    let (time, line) = line(|emulator| emulator.other_roles([Role::Processor]));
    let owner = client(time.clone(), &line).queue("orders").unwrap();
    owner.create().await.unwrap();
    for number in 0..3 {
        owner.send(format!("{number}")).await.unwrap();
    }
    let credential = Bearer::new(source_fn(|_, now| async move {
        let token = TokenIssuer::new(b"any").issue(&UserToken::new().life(HOUR), now);
        Ok(AccessToken::issued(token, now, HOUR).unwrap())
    }));
    let address = "https://127.0.0.1:10001/devstoreaccount1";
    let endpoint = Endpoint::parse(address, "devstoreaccount1".parse().unwrap()).unwrap();
    let service = QueueServiceClient::builder(endpoint)
        .authorizer(credential)
        .transport(line.clone())
        .runtime(time)
        .build()
        .unwrap();
    let queue = service.queue("orders").unwrap();
    let error = queue.send("not allowed").await.unwrap_err();
    assert!(error.to_string().contains("does not allow PutMessage"), "{error}");

    let seen = Seen::default();
    let leases = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&leases);
    let running =
        Processor::new(queue).concurrency(1).observer(seen.clone()).spawn(move |message| {
            log.lock().unwrap().push(message.lease().remaining().as_secs());
            async {
                sleep(Duration::from_secs(100)).await;
                Ok(())
            }
        });
    sleep(Duration::from_secs(900)).await;
    assert!(running.health().last_error.unwrap().contains("does not allow UpdateMessage"));
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!((report.counters.started, report.counters.completed), (3, 3), "{report}");
    assert_eq!(owner.properties().await.unwrap().approximate_messages_count(), 0);
    // The first lease is too short, which nobody else uses; those that follow are not.
    let leases = leases.lock().unwrap().clone();
    assert_eq!(leases.len(), 3);
    assert!((50..60).contains(&leases[0]), "{leases:?}");
    assert!(leases[1..].iter().all(|lease| (500..600).contains(lease)), "{leases:?}");
    assert!(seen.0.lock().unwrap().contains(&Event::UpdatesForbidden));
    assert!(line.count(Kind::Update) <= 3, "{}", line.count(Kind::Update));
}
