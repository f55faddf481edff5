use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::HeaderValue;
use queue_auth::Authorize;
use queue_proto::{
    CallOptions, Endpoint, InvalidName, Operation, QueueName, ServiceProperties,
    ops::{
        GetServiceProperties, GetServiceStats, GetServiceStatsResponse, GetUserDelegationKey,
        SetServiceProperties, UserDelegationKey,
    },
};

use crate::{
    QueueClient,
    clock::Correction,
    connection_string::{ConnectionString, ConnectionStringError},
    environment,
    error::Error,
    location::LocationMode,
    observe::Observer,
    pages::QueuePages,
    retry::{ExponentialBackoff, RetryBudget, RetryPolicy},
    runtime::Runtime,
    sas_url::SasUrl,
    setup::SetupError,
    transport::{self, Transport},
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
    pub(crate) secondary: Option<Endpoint>,
    pub(crate) location: LocationMode,
    pub(crate) budget: Arc<RetryBudget>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) corrects_clock: bool,
    pub(crate) correction: Correction,
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

    /// A client with the default transport for the account of a URL with a shared access signature.
    /// A queue in the path of the URL is not looked at: see [`QueueClient::from_sas_url`].
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the URL is not usable. It shows no part of the signature.
    pub fn from_sas_url(url: &str) -> Result<Self, SetupError> {
        let url = SasUrl::parse(url)?;
        Self::builder(url.endpoint().clone()).authorizer(url.token().clone()).build()
    }

    /// A client with the default transport for the account that the environment names.
    ///
    /// The variables are those of the Azure command-line tools. The first line that is complete
    /// counts:
    ///
    /// 1. `AZURE_STORAGE_CONNECTION_STRING`
    /// 2. `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_AUTH_MODE=login`: a bearer token of whoever is
    ///    logged in to the Azure CLI (feature `azure-identity`)
    /// 3. `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_SAS_TOKEN`
    /// 4. `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_KEY`
    ///
    /// With the last three, `AZURE_STORAGE_SERVICE_ENDPOINT` may name an address of the queue service
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
            location: LocationMode::default(),
            budget: Arc::default(),
            observer: None,
            corrects_clock: false,
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
        Ok(self.queue_named(name.try_into()?))
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

    /// The settings of the queue service: logging, metrics and CORS (Get Queue Service Properties).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn properties(&self) -> Result<ServiceProperties, Error> {
        Ok(self.execute(&GetServiceProperties::new()).await?.properties)
    }

    /// Changes the settings of the queue service (Set Queue Service Properties). What is left out
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn set_properties(&self, properties: ServiceProperties) -> Result<(), Error> {
        self.execute(&SetServiceProperties::new(properties)).await.map(drop)
    }

    /// How far the secondary is behind (Get Queue Service Stats). Asks the secondary, which accounts
    /// with read access to it have.
    ///
    /// # Errors
    ///
    /// [`Cause::NoSecondary`](crate::Cause::NoSecondary) when it is not known where the secondary
    /// is.
    pub async fn stats(&self) -> Result<GetServiceStatsResponse, Error> {
        self.execute(&GetServiceStats::new()).await
    }

    /// A key that signs shared access signatures in the name of the caller, until `expiry`, at most
    /// seven days ahead (Get User Delegation Key). Needs a bearer token.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn user_delegation_key(
        &self,
        expiry: SystemTime,
    ) -> Result<UserDelegationKey, Error> {
        Ok(self.execute(&GetUserDelegationKey::new(expiry)).await?.key)
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
    location: LocationMode,
    budget: Arc<RetryBudget>,
    observer: Option<Arc<dyn Observer>>,
    corrects_clock: bool,
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

    /// Sets where reads go. [`LocationMode::PrimaryOnly`] unless set.
    pub fn location_mode(mut self, mode: LocationMode) -> Self {
        self.location = mode;
        self
    }

    /// Shares a bound on retries with other clients. Without it a client, with all its queues and
    /// clones, has a budget of its own.
    pub fn retry_budget(mut self, budget: Arc<RetryBudget>) -> Self {
        self.budget = budget;
        self
    }

    /// Tells `observer` of every call that is over.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Corrects the clock: when the service refuses a signature because of its date, the client
    /// learns the time from the answer, tries once more at once, and dates all further requests by
    /// the service's clock. Off unless set: a clock that is wrong should be set right.
    pub fn correct_clock_skew(mut self, correct: bool) -> Self {
        self.corrects_clock = correct;
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
            None => transport::default_transport()?,
        };
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => default_runtime()?,
        };
        Ok(QueueServiceClient {
            shared: Arc::new(Shared {
                secondary: self.endpoint.secondary(),
                endpoint: self.endpoint,
                authorizer: self.authorizer,
                transport,
                runtime,
                retry: self.retry,
                attempt_timeout: self.attempt_timeout,
                call_timeout: self.call_timeout,
                user_agent: self.user_agent,
                options: self.options,
                location: self.location,
                budget: self.budget,
                observer: self.observer,
                corrects_clock: self.corrects_clock,
                correction: Correction::default(),
            }),
        })
    }
}

#[cfg(feature = "tokio")]
fn default_runtime() -> Result<Arc<dyn Runtime>, SetupError> {
    Ok(Arc::new(crate::runtime::TokioRuntime::new()))
}

#[cfg(all(feature = "blocking", not(feature = "tokio")))]
fn default_runtime() -> Result<Arc<dyn Runtime>, SetupError> {
    Ok(Arc::new(crate::runtime::ThreadRuntime::new()))
}

#[cfg(not(any(feature = "blocking", feature = "tokio")))]
fn default_runtime() -> Result<Arc<dyn Runtime>, SetupError> {
    Err(SetupError::NoRuntime)
}
