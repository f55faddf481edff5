//! Signs in to Microsoft Entra ID (AAD) as an application, with a client secret.
//!
//! The application needs the role "Storage Queue Data Contributor" on the account or the queue; a
//! new role takes some minutes to act.
//!
//! `AZURE_STORAGE_ACCOUNT=acme AZURE_TENANT_ID=... AZURE_CLIENT_ID=... AZURE_CLIENT_SECRET=... cargo run --package queue-client --features oauth2 --example entra_id`

use std::env;

use queue_client::{
    Endpoint, QueueServiceClient,
    auth::{
        Bearer,
        bearer::{Application, Authority, ClientSecretFlow},
    },
    proto::Scheme,
    token_transport,
    transport::{HttpOptions, ReqwestTransport},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let transport = ReqwestTransport::with_options(&HttpOptions::new())?;
    let application = Application::new(
        Authority::new(variable("AZURE_TENANT_ID")?)?,
        variable("AZURE_CLIENT_ID")?,
        token_transport(transport.clone()),
    );
    let account = variable("AZURE_STORAGE_ACCOUNT")?.parse()?;
    let endpoint = Endpoint::for_account(account, "core.windows.net", Scheme::Https)?;
    let service = QueueServiceClient::builder(endpoint)
        .authorizer(Bearer::new(ClientSecretFlow::new(
            application,
            variable("AZURE_CLIENT_SECRET")?,
        )))
        .transport(transport)
        .build()?;
    run(&service).await
}

pub(crate) fn variable(name: &str) -> Result<String, String> {
    env::var(name)
        .map_err(|error| format!("{name}: {error}; set it as the first lines of this example say"))
}

pub(crate) async fn run(service: &QueueServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    let queue = service.queue("entra-id")?;
    queue.create_if_missing().await?;
    queue.send("sent without a key").await?;
    let message = queue.receive_one().await?.ok_or("the queue is empty")?;
    println!("{}", message.text());
    queue.delete(&message).await?;
    queue.delete_queue().await?;
    Ok(())
}
