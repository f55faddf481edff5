//! A user delegation key: fetched with a bearer token, it signs what hands out access without an
//! account key.

use std::time::{Duration, UNIX_EPOCH};

use queue_client::{
    Account, ClientBuilder, Endpoint,
    auth::{
        Bearer,
        bearer::{AccessToken, source_fn},
        sas::{QueuePermissions, UserDelegationSas},
    },
    runtime::ManualRuntime,
    transport::from_fn,
};
use queue_emulator::{Emulator, Role, TokenIssuer, UserToken};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn the_key_that_the_client_fetches_signs() {
    let start = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let time = ManualRuntime::starting_at(start);
    let clock = time.clone();
    let emulator = Emulator::builder()
        .clock(move || queue_client::runtime::Runtime::now(&clock))
        .other_roles([Role::Contributor, Role::Delegator])
        .build();
    let line = move |request| Ok(emulator.handle(request));
    let endpoint = Endpoint::parse(
        "https://127.0.0.1:10001/devstoreaccount1",
        "devstoreaccount1".parse().unwrap(),
    )
    .unwrap();
    let credential = Bearer::new(source_fn(|_, now| async move {
        let token = TokenIssuer::new(b"any").issue(&UserToken::new().life(HOUR), now);
        Ok(AccessToken::issued(token, now, HOUR).unwrap())
    }));
    let owner = ClientBuilder::from(Account::new(endpoint.clone(), credential))
        .transport(from_fn(line.clone()))
        .runtime(time.clone())
        .build()
        .unwrap();
    let orders = owner.queue("orders").unwrap();
    orders.create().await.unwrap();

    let key = owner.user_delegation_key(start + HOUR).await.unwrap();
    let token = UserDelegationSas::new("orders", QueuePermissions::PROCESS, start + HOUR)
        .sign("devstoreaccount1", &key)
        .unwrap();
    let worker = ClientBuilder::from(Account::new(endpoint, token))
        .transport(from_fn(line))
        .runtime(time)
        .build()
        .unwrap()
        .queue("orders")
        .unwrap();
    orders.send("17 bottles").await.unwrap();
    let message = worker.receive_one().await.unwrap().unwrap();
    worker.delete(&message).await.unwrap();
    worker.send("18 bottles").await.unwrap_err();
}
