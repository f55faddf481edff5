//! [`ClientAssertionFlow`], an application that proves itself with a signed assertion.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::application::Application;
use crate::authorize::BoxFuture;
use crate::bearer::error::{TokenError, TokenErrorKind};
use crate::bearer::source::{TokenRequest, TokenSource};
use crate::bearer::token::AccessToken;
use crate::error::BoxError;

/// The type of a JSON Web Token as an assertion (RFC 7523, section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest assertion that is read from a file, in bytes.
const LONGEST: u64 = 64 * 1024;

type Callback = Box<dyn Fn() -> BoxFuture<'static, Result<String, BoxError>> + Send + Sync>;

/// Tokens for an application that shows an assertion (a JSON Web Token) in place of a secret:
/// workload identity federation, as in Kubernetes and in pipelines.
///
/// "Access token request with a federated credential" in the Microsoft identity platform
/// documentation.
///
/// ```
/// # use queue_auth::bearer::{Application, Authority, ClientAssertionFlow, TokenTransport};
/// # fn example(transport: impl TokenTransport + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// // The variables that workload identity sets in a pod.
/// use std::env::var;
/// let authority = Authority::new(var("AZURE_TENANT_ID")?)?
///     .with_host(&var("AZURE_AUTHORITY_HOST")?)?;
/// let application = Application::new(authority, var("AZURE_CLIENT_ID")?, transport);
/// let source = ClientAssertionFlow::from_file(application, var("AZURE_FEDERATED_TOKEN_FILE")?);
/// # Ok(())
/// # }
/// ```
pub struct ClientAssertionFlow {
    application: Application,
    assertion: Assertion,
}

enum Assertion {
    File(PathBuf),
    Callback(Callback),
}

impl ClientAssertionFlow {
    /// Reads the assertion from a file, for every token anew, since such files are replaced before
    /// their content expires.
    pub fn from_file(application: Application, path: impl Into<PathBuf>) -> Self {
        Self { application, assertion: Assertion::File(path.into()) }
    }

    /// Gets the assertion from a function, for every token anew. Its error becomes the source of the
    /// [`TokenError`], so it must show no secret.
    ///
    /// ```
    /// # use queue_auth::bearer::{Application, ClientAssertionFlow};
    /// # fn example(application: Application) {
    /// let source = ClientAssertionFlow::from_fn(application, || async {
    ///     let assertion = "eyJ0".to_owned(); // for example from the pipeline's token endpoint
    ///     Ok(assertion)
    /// });
    /// # }
    /// ```
    pub fn from_fn<F, T>(application: Application, function: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        let callback: Callback = Box::new(move || Box::pin(function()));
        Self { application, assertion: Assertion::Callback(callback) }
    }

    async fn assertion(&self) -> Result<Zeroizing<String>, TokenError> {
        let text = match &self.assertion {
            Assertion::File(path) => read(path).map_err(BoxError::from),
            Assertion::Callback(callback) => callback().await,
        };
        let text = text
            .map(Zeroizing::new)
            .map_err(|source| TokenError::new(TokenErrorKind::Assertion).with_source(source))?;
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() {
            return Err(TokenError::setting("the client assertion", "it is empty"));
        }
        Ok(Zeroizing::new(trimmed.to_owned()))
    }
}

fn read(path: &PathBuf) -> std::io::Result<String> {
    use std::io::{Error, ErrorKind, Read as _};

    let mut bytes = Zeroizing::new(Vec::new());
    fs::File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::new(ErrorKind::InvalidData, "the file is too long for an assertion"));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::new(ErrorKind::InvalidData, "the file is not text")),
    }
}

impl TokenSource for ClientAssertionFlow {
    fn token<'a>(
        &'a self,
        request: &'a TokenRequest,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(async move {
            let assertion = self.assertion().await?;
            let credentials =
                [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
            self.application.client_credentials(request, now, &credentials).await
        })
    }
}

impl fmt::Debug for ClientAssertionFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ClientAssertionFlow");
        shown.field("application", &self.application);
        if let Assertion::File(path) = &self.assertion {
            shown.field("file", path);
        }
        shown.finish_non_exhaustive()
    }
}
