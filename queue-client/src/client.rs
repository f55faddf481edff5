//! [`QueueServiceClient`]: everything that can be done with an account, and the way to its queues.

use std::{sync::Arc, time::SystemTime};

use queue_auth::sas::UserDelegationKey;
use queue_proto::{
    CallOptions, DecodeError, DecodeProblem, Endpoint, InvalidName, Operation, OperationKind,
    QueueName, ServiceProperties,
    ops::{
        self, GetServiceProperties, GetServiceStats, GetServiceStatsResponse, GetUserDelegationKey,
        SetServiceProperties,
    },
};

use crate::{
    account::{Account, ConnectionStringError},
    builder::ClientBuilder,
    error::{Cause, Error, InvalidStripes, SetupError},
    execute::shared::Shared,
    failure::OpFailure,
    pages::QueuePages,
    queue::QueueClient,
    striped::Striped,
};

/// An account's queue service: the place where queues are listed and [opened](Self::queue).
///
/// It stands for `CloudStorageAccount` and `CloudQueueClient` of the old .NET library. Cheap to
/// clone; clones share the connections and the credential.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use queue_client::QueueServiceClient;
///
/// # let server = queue_emulator::Server::bind(queue_emulator::Emulator::new(), "127.0.0.1:0").await?;
/// # let connection_string = server.connection_string();
/// let service = QueueServiceClient::from_connection_string(&connection_string)?;
/// let orders = service.queue("orders")?;
/// orders.create().await?;
/// orders.send("17 bottles").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct QueueServiceClient {
    pub(crate) shared: Arc<Shared>,
}

impl QueueServiceClient {
    /// A client with the default transport for the account that the connection string names:
    /// [`Account::from_connection_string`] describes the format.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the string is not usable or TLS cannot be set up. It names the setting,
    /// never its value.
    pub fn from_connection_string(connection_string: &str) -> Result<Self, SetupError> {
        ClientBuilder::from(Account::from_connection_string(connection_string)?).build()
    }

    /// A client with the default transport for the account of a URL with a shared access signature:
    /// see [`Account::from_sas_url`]. A queue in the path of the URL is not looked at: see
    /// [`QueueClient::from_sas_url`].
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the URL is not usable. It shows no part of the signature.
    pub fn from_sas_url(url: &str) -> Result<Self, SetupError> {
        ClientBuilder::from(Account::from_sas_url(url)?).build()
    }

    /// A client with the default transport for the account that the environment names:
    /// [`Account::from_env`] lists the variables.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the environment names no account or a value is not usable. It names the
    /// variable, never its value.
    pub fn from_env() -> Result<Self, SetupError> {
        ClientBuilder::from(Account::from_env()?).build()
    }

    /// Starts a client for the queue service at `endpoint`, without a credential.
    pub fn builder(endpoint: Endpoint) -> ClientBuilder {
        ClientBuilder::new(endpoint)
    }

    /// Starts a client for the account and with the credential of a connection string.
    ///
    /// # Errors
    ///
    /// [`ConnectionStringError`] names the setting that is not usable, never its value.
    pub fn builder_from_connection_string(
        connection_string: &str,
    ) -> Result<ClientBuilder, ConnectionStringError> {
        Account::from_connection_string(connection_string).map(ClientBuilder::from)
    }

    /// The queue of that name. No request is made: the queue need not exist.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] when the name breaks a rule of "Naming queues and metadata".
    pub fn queue<N>(&self, name: N) -> Result<QueueClient, InvalidName>
    where
        N: TryInto<QueueName>,
        InvalidName: From<N::Error>,
    {
        Ok(self.queue_named(name.try_into()?))
    }

    /// The queues `name-0`, `name-1` and so on as one, for more messages than the service grants to one
    /// queue. No request is made: the queues need not exist.
    ///
    /// # Errors
    ///
    /// [`InvalidStripes`] when a name breaks a rule of "Naming queues and metadata", or the number is
    /// not 1 to 1,000.
    pub fn striped<N>(&self, name: N, stripes: usize) -> Result<Striped, InvalidStripes>
    where
        N: TryInto<QueueName>,
        InvalidName: From<N::Error>,
    {
        Striped::named(&self.shared, name.try_into().map_err(InvalidName::from)?, stripes)
    }

    pub(crate) fn queue_named(&self, name: QueueName) -> QueueClient {
        QueueClient::new(Arc::clone(&self.shared), name)
    }

    /// Lists the queues of the account, page by page, in alphabetical order (List Queues).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// service.queue("orders")?.create().await?;
    /// let mut pages = service.list_queues().prefix("ord")?;
    /// while let Some(page) = pages.next().await? {
    ///     for queue in page {
    ///         println!("{}", queue.name());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn list_queues(&self) -> QueuePages {
        QueuePages::new(Arc::clone(&self.shared))
    }

    /// The settings of the queue service: logging, metrics and CORS (Get Queue Service Properties).
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client.
    pub async fn properties(&self) -> Result<ServiceProperties, Error> {
        Ok(self.execute(&GetServiceProperties::new()).await?.properties)
    }

    /// Changes the settings of the queue service (Set Queue Service Properties). What is left out
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client.
    pub async fn set_properties(&self, properties: ServiceProperties) -> Result<(), Error> {
        self.execute(&SetServiceProperties::new(properties)).await.map(drop)
    }

    /// Asks how far the secondary is behind (Get Queue Service Stats). Only the secondary knows,
    /// which accounts with read access to it have.
    ///
    /// # Errors
    ///
    /// [`Cause::NoSecondary`](crate::Cause::NoSecondary) when it is not known where the secondary
    /// is.
    pub async fn stats(&self) -> Result<GetServiceStatsResponse, Error> {
        self.execute(&GetServiceStats::new()).await
    }

    /// Fetches a key that signs shared access signatures in the name of the caller, until `expiry`,
    /// at most seven days ahead (Get User Delegation Key). The client needs a bearer token, whose
    /// owner has the role "Storage Queue Delegator" or one that includes it.
    ///
    /// [`UserDelegationSas`](queue_auth::sas::UserDelegationSas) signs with the key. The fields of
    /// the answer are to be had by [`execute`](Self::execute).
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails; [`Cause::Answer`](crate::Cause::Answer) when the key is not
    /// one.
    pub async fn user_delegation_key(
        &self,
        expiry: SystemTime,
    ) -> Result<UserDelegationKey, Error> {
        let key = self.execute(&GetUserDelegationKey::new(expiry)).await?.key;
        signing_key(&key).ok_or_else(|| {
            let cause = Cause::Answer(DecodeError::new(DecodeProblem::MissingElement("Value")));
            let place = self.shared.place(None);
            let operation = OperationKind::GetUserDelegationKey;
            Error::new(cause, operation, OpFailure::Ambiguous, 1, place)
        })
    }

    /// Runs any operation of the protocol with the client's call options.
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client.
    pub async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error> {
        self.shared.execute(operation, &self.shared.options, None).await
    }

    /// Runs any operation of the protocol with call options of its own.
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client.
    pub async fn execute_with<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
    ) -> Result<O::Response, Error> {
        self.shared.execute(operation, options, None).await
    }

    /// The address of the queue service.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }
}

/// The key as the signer takes it: `queue-proto`, which reads it, and `queue-auth`, which signs
/// with it, do not know each other. `None` when its value is not base64.
fn signing_key(key: &ops::UserDelegationKey) -> Option<UserDelegationKey> {
    let signing = UserDelegationKey::new(
        key.object_id.as_str(),
        key.tenant_id.as_str(),
        key.start,
        key.expiry,
        key.version.to_string(),
        key.value.expose(),
    )
    .ok()?
    .service(key.service.as_str());
    Some(match &key.delegated_user_tenant_id {
        Some(tenant) => signing.delegated_tenant(tenant.as_str()),
        None => signing,
    })
}

impl ClientBuilder {
    /// Builds the client. No request is made.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when no transport or runtime was given and the features that have a default
    /// one are off, or when TLS cannot be set up.
    pub fn build(self) -> Result<QueueServiceClient, SetupError> {
        Ok(QueueServiceClient { shared: self.into_shared()? })
    }
}
