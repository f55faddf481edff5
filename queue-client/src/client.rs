use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use queue_auth::Authorize;
use queue_proto::{CallOptions, Endpoint, InvalidName, Operation, QueueName};

use crate::{
    QueueClient,
    connection_string::{ConnectionString, ConnectionStringError},
    environment,
    error::Error,
    pages::QueuePages,
    retry::{ExponentialBackoff, RetryPolicy},
    runtime::Runtime,
    setup::SetupError,
    transport::Transport,
};

/// How long one attempt may take unless [`ClientBuilder::attempt_timeout`] says otherwise. The
/// service gives most operations 30 s ("Setting timeouts for Queue service operations").
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(35);
/// How long a call may take, all attempts and pauses included.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
const USER_AGENT: &str = concat!("queue-client/", env!("CARGO_PKG_VERSION"));

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
    shared: Arc<Shared>,
}

/// What all clients of an account have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) endpoint: Endpoint,
    pub(crate) authorizer: Arc<dyn Authorize>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) retry: Arc<dyn RetryPolicy>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) user_agent: HeaderValue,
    pub(crate) options: CallOptions,
}

impl QueueServiceClient {
    /// A client with the default transport for the account that the connection string names.
    ///
    /// See [`ConnectionString`] for what can stand in it.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the string is not usable or TLS cannot be set up. It names the setting,
    /// never its value.
    pub fn from_connection_string(connection_string: &str) -> Result<Self, SetupError> {
        Self::builder_from_connection_string(connection_string)?.build()
    }

    /// A client with the default transport for the account that the environment names.
    ///
    /// The variables are those of the Azure command-line tools. The first line that is complete
    /// counts:
    ///
    /// 1. `AZURE_STORAGE_CONNECTION_STRING`
    /// 2. `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_SAS_TOKEN`
    /// 3. `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_KEY`
    ///
    /// With the last two, `AZURE_STORAGE_SERVICE_ENDPOINT` may name an address of the queue service
    /// other than the account's own in the public cloud. Which line was used is logged at debug
    /// level.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when no line is complete or a value is not usable. It names the variable,
    /// never its value.
    pub fn from_env() -> Result<Self, SetupError> {
        let variables = |name: &str| std::env::var(name).ok();
        let (endpoint, authorizer) = environment::read(variables)?;
        Self::builder(endpoint).authorizer(authorizer).build()
    }

    /// Starts a client for the queue service at `endpoint`, without a credential.
    pub fn builder(endpoint: Endpoint) -> ClientBuilder {
        ClientBuilder {
            endpoint,
            authorizer: Arc::new(queue_auth::Anonymous),
            transport: None,
            runtime: None,
            retry: Arc::new(ExponentialBackoff::new()),
            attempt_timeout: ATTEMPT_TIMEOUT,
            call_timeout: CALL_TIMEOUT,
            user_agent: HeaderValue::from_static(USER_AGENT),
            options: CallOptions::default(),
        }
    }

    /// Starts a client for the account and with the credential of a connection string.
    ///
    /// # Errors
    ///
    /// When the string is not usable. The error names the setting, never its value.
    pub fn builder_from_connection_string(
        connection_string: &str,
    ) -> Result<ClientBuilder, ConnectionStringError> {
        let (endpoint, authorizer) = ConnectionString::parse(connection_string)?.into_parts();
        Ok(Self::builder(endpoint).authorizer(authorizer))
    }

    /// The queue of that name. No request is made: the queue need not exist.
    ///
    /// # Errors
    ///
    /// When the name breaks a rule of "Naming queues and metadata".
    pub fn queue<N>(&self, name: N) -> Result<QueueClient, InvalidName>
    where
        N: TryInto<QueueName>,
        InvalidName: From<N::Error>,
    {
        Ok(QueueClient::new(Arc::clone(&self.shared), name.try_into()?))
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
    ///         println!("{}", queue.name);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn list_queues(&self) -> QueuePages {
        QueuePages::new(Arc::clone(&self.shared))
    }

    /// Runs any operation of the protocol with the client's call options.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error> {
        self.shared.execute(operation, &self.shared.options, None).await
    }

    /// Runs any operation of the protocol with call options of its own.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn execute_with<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
    ) -> Result<O::Response, Error> {
        self.shared.execute(operation, options, None).await
    }

    /// Where the requests go.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }
}

/// Puts a [`QueueServiceClient`] together.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    endpoint: Endpoint,
    authorizer: Arc<dyn Authorize>,
    transport: Option<Arc<dyn Transport>>,
    runtime: Option<Arc<dyn Runtime>>,
    retry: Arc<dyn RetryPolicy>,
    attempt_timeout: Duration,
    call_timeout: Duration,
    user_agent: HeaderValue,
    options: CallOptions,
}

impl ClientBuilder {
    /// Sets the credential.
    pub fn authorizer(mut self, authorizer: impl Authorize + 'static) -> Self {
        self.authorizer = Arc::new(authorizer);
        self
    }

    /// Sets how requests leave the process. The default is
    /// [`ReqwestTransport`](crate::transport::ReqwestTransport).
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Sets clock, timers and randomness. The default is
    /// [`TokioRuntime`](crate::runtime::TokioRuntime).
    pub fn runtime(mut self, runtime: impl Runtime + 'static) -> Self {
        self.runtime = Some(Arc::new(runtime));
        self
    }

    /// Sets when a failed attempt is followed by another. The default is
    /// [`ExponentialBackoff::new`].
    pub fn retry(mut self, policy: impl RetryPolicy + 'static) -> Self {
        self.retry = Arc::new(policy);
        self
    }

    /// Sets how long one attempt may take, from sending to the last byte of the answer. 35 s unless
    /// set.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = limit;
        self
    }

    /// Sets how long a call may take, all attempts and the pauses between them included. 2 min
    /// unless set.
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.call_timeout = limit;
        self
    }

    /// Sets the `User-Agent` header. `queue-client/` and the version unless set.
    pub fn user_agent(mut self, value: HeaderValue) -> Self {
        self.user_agent = value;
        self
    }

    /// Sets version, server timeout and request id of every call.
    pub fn call_options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Builds the client. No request is made.
    ///
    /// # Errors
    ///
    /// When no transport or runtime was given and the features `reqwest` or `tokio` are off, or
    /// when TLS cannot be set up.
    pub fn build(self) -> Result<QueueServiceClient, SetupError> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => default_runtime()?,
        };
        Ok(QueueServiceClient {
            shared: Arc::new(Shared {
                endpoint: self.endpoint,
                authorizer: self.authorizer,
                transport,
                runtime,
                retry: self.retry,
                attempt_timeout: self.attempt_timeout,
                call_timeout: self.call_timeout,
                user_agent: self.user_agent,
                options: self.options,
            }),
        })
    }
}

#[cfg(feature = "reqwest")]
fn default_transport() -> Result<Arc<dyn Transport>, SetupError> {
    let transport = crate::transport::ReqwestTransport::with_defaults()?;
    Ok(Arc::new(transport))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport() -> Result<Arc<dyn Transport>, SetupError> {
    Err(SetupError::NoTransport)
}

#[cfg(feature = "tokio")]
fn default_runtime() -> Result<Arc<dyn Runtime>, SetupError> {
    Ok(Arc::new(crate::runtime::TokioRuntime::new()))
}

#[cfg(not(feature = "tokio"))]
fn default_runtime() -> Result<Arc<dyn Runtime>, SetupError> {
    Err(SetupError::NoRuntime)
}
