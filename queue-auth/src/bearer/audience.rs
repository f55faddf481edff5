//! [`Audience`]: the services and accounts for which a token is meant.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use http::Uri;
use http::uri::{Authority, Scheme};

/// The audience of all storage accounts in all clouds.
const STORAGE: &str = "https://storage.azure.com";

/// The audience of all storage accounts as an application identifier: "Azure Storage" in Microsoft Entra ID.
const STORAGE_APPLICATION: &str = "e406a681-f3d4-42a8-90b6-c2b029497af1";

/// The audience of a token: all of Azure Storage, or one account.
///
/// | cloud | authority host of the tokens | account host |
/// | --- | --- | --- |
/// | public | `login.microsoftonline.com` | `{account}.queue.core.windows.net` |
/// | US government | `login.microsoftonline.us` | `{account}.queue.core.usgovcloudapi.net` |
/// | China (21Vianet) | `login.chinacloudapi.cn` | `{account}.queue.core.chinacloudapi.cn` |
///
/// The audience of [`storage`](Self::storage) is the same in all of them; what differs is who
/// issues the token. "Authorize with Microsoft Entra ID" in the Azure Storage REST reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience {
    scope: Arc<str>,
}

impl Audience {
    /// The audience of all storage accounts: `https://storage.azure.com/.default`. The official SDKs
    /// ask for this one, and it is the default here.
    pub fn storage() -> Self {
        Self::custom(format!("{STORAGE}/.default"))
    }

    /// The audience of one account only: `https://contoso.queue.core.windows.net`. Other accounts refuse the token,
    /// so that it is worth less to a thief.
    ///
    /// # Errors
    ///
    /// When `url` is not `https://`, a host name, and at most a slash.
    pub fn account(url: &str) -> Result<Self, InvalidAudience> {
        let authority = host_of(url).ok_or(InvalidAudience)?;
        Ok(Self::custom(format!("https://{}/.default", authority.as_str().to_ascii_lowercase())))
    }

    /// Takes a scope as it is sent, for clouds that this library does not know.
    pub fn custom(scope: impl Into<Arc<str>>) -> Self {
        Self { scope: scope.into() }
    }

    /// The scope: the audience followed by `/.default`.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The audience to use after a server at `target` demanded `resource`; `None` when that is not
    /// a storage audience of the target, so that a hostile server cannot ask for tokens for
    /// elsewhere. Follows a demand for one account, and never one that widens.
    pub(super) fn narrowed(&self, resource: &str, target: Option<&Authority>) -> Option<Self> {
        let plain = resource.strip_suffix('/').unwrap_or(resource);
        if plain.eq_ignore_ascii_case(STORAGE) || plain.eq_ignore_ascii_case(STORAGE_APPLICATION) {
            return Some(self.clone());
        }
        let account = Self::account(resource).ok()?;
        if account == *self {
            return Some(account);
        }
        let named = host_of(resource)?;
        target
            .is_some_and(|target| target.as_str().eq_ignore_ascii_case(named.as_str()))
            .then(|| if *self == Self::storage() { account } else { self.clone() })
    }
}

impl Default for Audience {
    fn default() -> Self {
        Self::storage()
    }
}

/// The host of `https://host` or `https://host/`.
fn host_of(url: &str) -> Option<Authority> {
    let uri: Uri = url.parse().ok()?;
    let parts = uri.into_parts();
    let bare = parts.path_and_query.is_none_or(|path| path.as_str() == "/");
    let authority = parts.authority.filter(|authority| !authority.as_str().contains('@'))?;
    (parts.scheme == Some(Scheme::HTTPS) && bare).then_some(authority)
}

/// The error for text that is not the URL of a storage account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to hold")]
pub struct InvalidAudience;

impl fmt::Display for InvalidAudience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the audience of an account is https://, its host name, and nothing else")
    }
}

impl Error for InvalidAudience {}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str) -> Option<Authority> {
        Some(host.parse().unwrap())
    }

    #[test]
    fn all_of_storage_in_all_its_forms() {
        let ours = Audience::storage();
        for resource in [
            "https://storage.azure.com",
            "https://storage.azure.com/",
            "https://STORAGE.azure.com",
            STORAGE_APPLICATION,
        ] {
            assert_eq!(ours.narrowed(resource, None), Some(ours.clone()), "{resource}");
        }
    }

    #[test]
    fn an_account_only_when_it_is_the_target() {
        let host = target("contoso.queue.core.windows.net");
        let resource = "https://Contoso.queue.core.windows.net/";
        let account = Audience::account(resource).unwrap();
        assert_eq!(account.scope(), "https://contoso.queue.core.windows.net/.default");
        assert_eq!(Audience::storage().narrowed(resource, host.as_ref()), Some(account.clone()));
        assert_eq!(Audience::storage().narrowed(resource, None), None);
        let other = target("fabrikam.queue.core.windows.net");
        assert_eq!(Audience::storage().narrowed(resource, other.as_ref()), None);
        // A token for one account stays one for one account.
        assert_eq!(account.narrowed(STORAGE, host.as_ref()), Some(account));
        let own = Audience::custom("api://own/.default");
        assert_eq!(own.narrowed(resource, host.as_ref()), Some(own.clone()));
    }

    #[test]
    fn nothing_else() {
        let host = target("evil.example");
        for resource in [
            "https://management.azure.com",
            "https://graph.microsoft.com/",
            "https://storage.azure.com.evil.example",
            "https://storage.azure.com//",
            "https://storage.azure.com/x",
            "https://evil.example@storage.azure.com",
            "http://storage.azure.com",
            "http://evil.example",
            "storage.azure.com",
            "",
            "/",
        ] {
            assert_eq!(Audience::storage().narrowed(resource, host.as_ref()), None, "{resource}");
        }
        for wrong in ["http://a", "https://a/b", "https://a?b", "https://u@a", "a", ""] {
            assert_eq!(Audience::account(wrong), Err(InvalidAudience), "{wrong}");
        }
    }
}
