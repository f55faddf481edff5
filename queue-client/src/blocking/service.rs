//! [`QueueServiceClient`]: an account, for programs without async.

use std::time::SystemTime;

use queue_auth::sas::UserDelegationKey;
use queue_proto::{
    CallOptions, Endpoint, InvalidName, Operation, QueueName, ServiceProperties,
    ops::GetServiceStatsResponse,
};

use super::{executor::Executor, pages::QueuePages, queue::QueueClient, table::waiting};
use crate::{
    builder::ClientBuilder,
    error::{Error, SetupError},
};

/// An account's queue service, for programs without async: see [`crate::QueueServiceClient`].
///
/// Cheap to clone; clones share the connections, the credential and the thread.
///
/// Other settings are those of the asynchronous client: its
/// [`builder`](crate::QueueServiceClient::builder) ends with
/// [`build_blocking`](crate::ClientBuilder::build_blocking).
#[derive(Debug, Clone)]
pub struct QueueServiceClient {
    executor: Executor,
    service: crate::client::QueueServiceClient,
}

impl QueueServiceClient {
    /// A blocking cover of an asynchronous client, with a thread of its own for sockets and timers.
    ///
    /// The connections that it opens end with that thread. So a transport that keeps connections
    /// must not be shared with a client that lives longer: clone this client instead.
    ///
    /// # Errors
    ///
    /// [`SetupError::Thread`] when the operating system gives no thread or socket.
    pub fn new(service: crate::client::QueueServiceClient) -> Result<Self, SetupError> {
        Ok(Self { executor: Executor::start()?, service })
    }

    /// A client with the default transport for the account that the connection string names: see
    /// [`crate::QueueServiceClient::from_connection_string`].
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the string is not usable, or transport or thread cannot be set up.
    pub fn from_connection_string(connection_string: &str) -> Result<Self, SetupError> {
        Self::new(crate::client::QueueServiceClient::from_connection_string(connection_string)?)
    }

    /// A client with the default transport for the account of a URL with a shared access signature:
    /// see [`crate::QueueServiceClient::from_sas_url`].
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the URL is not usable. It shows no part of the signature.
    pub fn from_sas_url(url: &str) -> Result<Self, SetupError> {
        Self::new(crate::client::QueueServiceClient::from_sas_url(url)?)
    }

    /// A client with the default transport for the account that the environment names: see
    /// [`crate::QueueServiceClient::from_env`].
    ///
    /// # Errors
    ///
    /// [`SetupError`] when no line is complete or a value is not usable. It names the variable,
    /// never its value.
    pub fn from_env() -> Result<Self, SetupError> {
        Self::new(crate::client::QueueServiceClient::from_env()?)
    }

    /// The asynchronous client behind this one.
    #[must_use]
    pub const fn asynchronous(&self) -> &crate::client::QueueServiceClient {
        &self.service
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
        Ok(QueueClient::new(self.executor.clone(), self.service.queue(name)?))
    }

    /// Lists the queues of the account, in alphabetical order (List Queues).
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build_blocking()?;
    /// service.queue("orders")?.create()?;
    /// for queue in service.list_queues().prefix("ord")? {
    ///     println!("{}", queue?.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn list_queues(&self) -> QueuePages {
        QueuePages::new(self.executor.clone(), self.service.list_queues())
    }

    waiting! { "crate::client::QueueServiceClient", service:
        pub fn properties(&self) -> Result<ServiceProperties, Error>;
        pub fn set_properties(&self, properties: ServiceProperties) -> Result<(), Error>;
        pub fn stats(&self) -> Result<GetServiceStatsResponse, Error>;
        pub fn user_delegation_key(&self, expiry: SystemTime) -> Result<UserDelegationKey, Error>;
        pub fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error>;
        pub fn execute_with<O: Operation>(&self, operation: &O, options: &CallOptions)
            -> Result<O::Response, Error>;
    }

    /// The address of the queue service.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.service.endpoint()
    }
}

impl ClientBuilder {
    /// Builds a client whose methods block the thread. No request is made.
    ///
    /// # Errors
    ///
    /// [`SetupError`]: those of [`build`](Self::build), and [`SetupError::Thread`] when the operating
    /// system gives no thread or socket.
    pub fn build_blocking(self) -> Result<QueueServiceClient, SetupError> {
        QueueServiceClient::new(self.build()?)
    }
}
