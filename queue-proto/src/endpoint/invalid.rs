//! [`InvalidEndpoint`]: what is wrong with the address of a queue service.

use std::error::Error;
use std::fmt;

/// The reason why a URL cannot be the base of a queue service, or does not say of which account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// The text is not an absolute URL.
    NotAUrl,
    /// The scheme is neither `http` nor `https`.
    Scheme,
    /// The URL has a user name or a password.
    UserInfo,
    /// The host is empty, too long, not ASCII, or an IP address in an unusual spelling.
    Host,
    /// The port is not a number of 1 to 65535.
    Port,
    /// The path does not end in the account, on a host where it must, or the account stands in its
    /// middle.
    Path,
    /// The path has an empty segment, a segment of dots, a character that is not plain, or more
    /// than 1,023 bytes.
    PathCharacters,
    /// The URL has a path although its host is one of the service, which names the account already.
    ServicePath,
    /// The URL has a query or a fragment.
    Query,
    /// The secondary is in another addressing style than the primary.
    SecondaryStyle,
    /// The URL names no account, and none was stated.
    NoAccount,
    /// The path has more than a queue and its messages behind the account.
    Resource,
    /// The path may start with an account or with a queue.
    Ambiguous,
}

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => {
                "endpoint is not a URL: it must look like https://account.queue.core.windows.net"
            }
            Self::Scheme => "endpoint has an unknown scheme: use https or http",
            Self::UserInfo => "endpoint has a user name or password: credentials are given apart",
            Self::Host => "endpoint has no valid host name or IP address",
            Self::Port => "endpoint has an invalid port: it must be 1 to 65535",
            Self::Path => {
                "endpoint has a path that does not end in the account name: leave it empty, or \
                 make it the account name alone; the prefix of a gateway is stated with \
                 Endpoint::with_prefix"
            }
            Self::PathCharacters => {
                "endpoint has a path that is too long, or has an empty segment, a segment of dots \
                 or a character other than letters, digits and - . _ ~"
            }
            Self::ServicePath => {
                "endpoint has a path, but its host names the account already: \
                 leave the path empty, and name a queue apart"
            }
            Self::Query => {
                "endpoint has a query or a fragment: a shared access signature is given apart"
            }
            Self::SecondaryStyle => {
                "secondary endpoint has the account in another place than the primary: \
                 both must have it in the host, or both in the path"
            }
            Self::NoAccount => {
                "URL names no account, neither in its host nor at the start of its path"
            }
            Self::Resource => {
                "URL has a path that is neither an account, a queue nor the messages of one"
            }
            Self::Ambiguous => {
                "URL does not tell whether its path starts with an account or a queue: \
                 state endpoint and account apart"
            }
        })
    }
}

impl Error for InvalidEndpoint {}
