//! Gives a worker access to one queue for an hour, by a shared access signature, and takes it back.
//!
//! Who has the account key makes the signatures; nothing is asked of the service for that. One that
//! rests on a stored access policy can be revoked.
//!
//! The environment names the account, with its key, for example
//! `AZURE_STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true"` for an emulator on this machine.
//!
//! `cargo run --package queue-client --example sas_handout`

use std::time::{Duration, SystemTime};

use queue_client::{
    Account, AccountKey, ClientBuilder, QueueServiceClient,
    auth::sas::{QueuePermissions, QueueSas},
    proto::{AccessPolicy, PolicyId, PolicyPermission, SignedIdentifier, SignedIdentifiers},
};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = Account::from_env()?;
    let key = account.key().cloned().ok_or(
        "no account key, which makes the signatures: set AZURE_STORAGE_CONNECTION_STRING to one \
         with AccountKey, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY",
    )?;
    let endpoint = account.endpoint().clone();
    // Whoever has the token needs no key: an account is an endpoint with any credential.
    let worker = |token| Ok(ClientBuilder::from(Account::new(endpoint.clone(), token)).build()?);
    run(&ClientBuilder::from(account).build()?, &key, SystemTime::now(), worker).await
}

pub(crate) async fn run(
    service: &QueueServiceClient,
    key: &AccountKey,
    now: SystemTime,
    worker: impl Fn(
        queue_client::auth::sas::SasToken,
    ) -> Result<QueueServiceClient, Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let account = service.endpoint().account().as_str();
    let queue = service.queue("handout")?;
    queue.create_if_missing().await?;
    queue.send("17 bottles").await?;

    // By its own terms: receive and delete, for an hour.
    let token =
        QueueSas::new("handout", QueuePermissions::PROCESS, now + HOUR).sign(account, key)?;
    println!("{}", token.explain(now));
    let worker_queue = worker(token)?.queue("handout")?;
    let message = worker_queue.receive_one().await?.ok_or("the queue is empty")?;
    worker_queue.delete(&message).await?;
    println!("the worker completed {:?}", message.text());
    match worker_queue.send("18 bottles").await {
        Ok(_) => return Err("the worker may add messages".into()),
        Err(error) => println!("the worker may not add messages: {error}"),
    }

    // By a policy that is stored with the queue: deleting the policy revokes the signature.
    let policy = AccessPolicy::new().permission(PolicyPermission::new("a")?).expiry(now + HOUR);
    let mut policies = SignedIdentifiers::new();
    policies.push(SignedIdentifier::new(PolicyId::new("senders")?, policy))?;
    queue.set_access_policies(policies).await?;
    let token = QueueSas::by_policy("handout", "senders").sign(account, key)?;
    let sender_queue = worker(token)?.queue("handout")?;
    sender_queue.send("18 bottles").await?;
    println!("the sender added a message");

    queue.set_access_policies(SignedIdentifiers::new()).await?;
    match sender_queue.send("19 bottles").await {
        Ok(_) => println!("the sender can still add messages: a change takes up to 30 seconds"),
        Err(error) => println!("the sender was shut out: {error}"),
    }
    queue.delete_queue().await?;
    Ok(())
}
