//! [`BearerRules`]: how the shape and the claims of bearer tokens are verified. Signatures are checked
//! by a hook, [`TokenSignatures`].

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderName;
use serde::Deserialize;

use super::claims::BearerClaims;
use super::context::RequestContext;
use super::error::VerifyError;
use super::grant::{Access, Grant};
use crate::canonical::head::Head;
use crate::canonical::single;
use crate::service::Service;

/// The time by which the clocks of the issuer and the server may differ.
const LEEWAY: Duration = Duration::from_secs(5 * 60);

/// The first version of the service that takes bearer tokens.
const FIRST_VERSION: &str = "2017-11-09";

/// The audiences of Azure Storage in all clouds: the resource, with and without slash, and its
/// application id.
const STORAGE: [&str; 3] = [
    "https://storage.azure.com",
    "https://storage.azure.com/",
    "e406a681-f3d4-42a8-90b6-c2b029497af1",
];

/// The hosts of the services behind account and service, in all clouds.
const HOSTS: [&str; 4] =
    [".core.windows.net", ".core.chinacloudapi.cn", ".core.usgovcloudapi.net", ".core.cloudapi.de"];

const X_MS_VERSION: HeaderName = HeaderName::from_static("x-ms-version");

/// The issuers before the tenant: of version 1 and version 2 tokens, in all clouds.
const ISSUERS: [&str; 6] = [
    "https://sts.windows.net/",
    "https://login.microsoftonline.com/",
    "https://sts.chinacloudapi.cn/",
    "https://login.partner.microsoftonline.cn/",
    "https://sts.microsoftonline.de/",
    "https://login.microsoftonline.us/",
];

/// A check of the signatures of bearer tokens. An implementation knows the keys of the issuers.
pub trait TokenSignatures: fmt::Debug + Send + Sync {
    /// Says whether `signature` over `signed` (the first two parts of the token with the dot between
    /// them) is right under the algorithm and key that the header names. An implementation must
    /// refuse the algorithm `none` and any that its key is not meant for.
    fn check(&self, header: &TokenHeader, signed: &str, signature: &[u8]) -> bool;
}

/// The header of a bearer token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TokenHeader {
    /// The name of the algorithm, such as `RS256`.
    #[serde(rename = "alg")]
    pub algorithm: String,
    /// The id of the key that signed.
    #[serde(rename = "kid")]
    pub key_id: Option<String>,
}

/// A check that accepts every signature: for emulators and tests, which have no keys of an identity provider.
#[derive(Clone, Copy, Debug)]
struct Unchecked;

impl TokenSignatures for Unchecked {
    fn check(&self, _header: &TokenHeader, _signed: &str, _signature: &[u8]) -> bool {
        true
    }
}

/// The rules that a verifier demands of bearer tokens.
#[derive(Debug)]
pub struct BearerRules {
    signatures: Box<dyn TokenSignatures>,
    audiences: Vec<String>,
    issuers: Option<Vec<String>>,
    prefixes: Vec<String>,
    leeway: Duration,
}

impl BearerRules {
    /// Accepts tokens of any tenant of Microsoft Entra ID for Azure Storage, with signatures that
    /// `signatures` accepts.
    pub fn new(signatures: impl TokenSignatures + 'static) -> Self {
        Self {
            signatures: Box::new(signatures),
            audiences: Vec::new(),
            issuers: None,
            prefixes: Vec::new(),
            leeway: LEEWAY,
        }
    }

    /// Like [`new`](Self::new), but whoever can write a token is believed. For emulators and tests
    /// only.
    pub fn danger_accept_any_signature() -> Self {
        Self::new(Unchecked)
    }

    /// Accepts this audience too. The audiences of Azure Storage, and
    /// `https://{account}.queue.core.windows.net` of the account itself (or its host in another
    /// cloud), always are.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Accepts tokens of this issuer, and from now on only of those that are named so. Without
    /// this, the issuers of Microsoft Entra ID in all clouds are accepted, for any tenant.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.get_or_insert_default().push(issuer.into());
        self
    }

    /// Accepts tokens of every issuer that starts with this too, whatever tenants issuer and token
    /// name. For emulators and tests only, whose tokens are made up.
    #[must_use]
    pub fn danger_issuer_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefixes.push(prefix.into());
        self
    }

    /// Sets the time by which the issuer's clock may be off. Default: 5 minutes.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    pub(super) fn verify(
        &self,
        account: &str,
        head: Head<'_>,
        token: &str,
        context: &RequestContext,
    ) -> Result<Grant, VerifyError> {
        let claims = self.claims(account, head, token, context)?;
        let expires = Some(claims.expires);
        Ok(Grant::new(account, Access::Bearer(Box::new(claims)), expires))
    }

    pub(super) fn claims(
        &self,
        account: &str,
        head: Head<'_>,
        token: &str,
        context: &RequestContext,
    ) -> Result<BearerClaims, VerifyError> {
        if !context.https {
            return Err(VerifyError::BearerInClearText);
        }
        let version = single(head.headers, &X_MS_VERSION).map_err(VerifyError::Unsignable)?;
        if version.is_none_or(|version| version < FIRST_VERSION) {
            return Err(VerifyError::VersionTooOldForBearer);
        }
        let claims = self.payload(token)?.checked()?;
        // The service's words, and then what they mean.
        if !self.is_issuer(&claims) {
            return Err(invalid(
                "Issuer validation failed. Issuer did not match. The issuer of the token is not \
                 one that is accepted here.",
            ));
        }
        if !self.is_audience(account, context.service, &claims.audience) {
            return Err(invalid(
                "Audience validation failed. Audience did not match. The audience of the token is \
                 another service or account.",
            ));
        }
        let later = context.now.checked_add(self.leeway).unwrap_or(context.now);
        let earlier = context.now.checked_sub(self.leeway).unwrap_or(context.now);
        if claims.not_before.is_some_and(|start| start > later) {
            return Err(invalid("Lifetime validation failed. The token is not yet valid."));
        }
        if claims.expires <= earlier {
            return Err(invalid("Lifetime validation failed. The token is expired."));
        }
        Ok(claims)
    }

    /// Decodes a token after its signature was checked.
    fn payload(&self, token: &str) -> Result<Payload, VerifyError> {
        let malformed = || invalid("The token is not a JSON Web Token in compact form.");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
        let header: TokenHeader =
            serde_json::from_slice(&decode(header)?).map_err(|_| malformed())?;
        if !self.signatures.check(&header, signed, &decode(signature)?) {
            return Err(invalid("Signature validation failed."));
        }
        serde_json::from_slice(&decode(payload)?).map_err(|_| malformed())
    }

    fn is_audience(&self, account: &str, service: Service, audience: &str) -> bool {
        let own = audience
            .strip_prefix("https://")
            .map(|rest| rest.strip_suffix('/').unwrap_or(rest))
            .and_then(|host| host.strip_prefix(account)?.strip_prefix('.'))
            .and_then(|host| host.strip_prefix(service.as_str()))
            .is_some_and(|suffix| HOSTS.contains(&suffix));
        own || STORAGE.contains(&audience) || self.audiences.iter().any(|known| known == audience)
    }

    fn is_issuer(&self, claims: &BearerClaims) -> bool {
        if self.prefixes.iter().any(|prefix| claims.issuer.starts_with(prefix.as_str())) {
            return true;
        }
        if let Some(issuers) = &self.issuers {
            return issuers.contains(&claims.issuer);
        }
        ISSUERS.iter().any(|prefix| {
            claims
                .issuer
                .strip_prefix(prefix)
                .map(|rest| rest.strip_suffix("/v2.0").unwrap_or(rest))
                .map(|rest| rest.strip_suffix('/').unwrap_or(rest))
                .is_some_and(|tenant| !tenant.is_empty() && tenant == claims.tenant_id)
        })
    }
}

fn invalid(rule: &'static str) -> VerifyError {
    VerifyError::InvalidToken { rule }
}

/// The claims as they stand in the token.
#[derive(Deserialize)]
struct Payload {
    aud: String,
    iss: String,
    exp: u64,
    nbf: Option<u64>,
    oid: String,
    tid: String,
    appid: Option<String>,
    azp: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scp: String,
}

impl Payload {
    fn checked(self) -> Result<BearerClaims, VerifyError> {
        let time = |seconds| {
            SystemTime::UNIX_EPOCH
                .checked_add(Duration::from_secs(seconds))
                .ok_or_else(|| invalid("Lifetime validation failed. A time is out of range."))
        };
        Ok(BearerClaims {
            audience: self.aud,
            issuer: self.iss,
            object_id: self.oid,
            tenant_id: self.tid,
            application_id: self.appid.or(self.azp),
            roles: self.roles,
            scopes: self.scp.split_ascii_whitespace().map(str::to_owned).collect(),
            not_before: self.nbf.map(time).transpose()?,
            expires: time(self.exp)?,
        })
    }
}
