//! [`TokenRefusal`]: why the service refused a token, read from the body of its answer.

use std::fmt;

/// The reason why the service answered a bearer token with 401 `InvalidAuthenticationInfo`, read from the
/// element `AuthenticationErrorDetail` of the answer.
///
/// ```
/// use queue_auth::bearer::TokenRefusal;
///
/// let detail = "Issuer validation failed. Issuer did not match.";
/// assert_eq!(TokenRefusal::from_detail(detail), TokenRefusal::WrongTenant);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// The token was issued by another tenant than the one the account belongs to.
    WrongTenant,
    /// The token is meant for another service or account.
    WrongAudience,
    /// The token has expired, or does not hold yet.
    WrongTime,
    /// Another reason, which the detail has in words.
    Other,
}

impl TokenRefusal {
    /// Reads the text of the detail.
    pub fn from_detail(detail: &str) -> Self {
        let about = |what: &str| {
            detail
                .split_ascii_whitespace()
                .next()
                .is_some_and(|word| word.eq_ignore_ascii_case(what))
                && detail.contains("validation failed")
        };
        if about("issuer") {
            Self::WrongTenant
        } else if about("audience") {
            Self::WrongAudience
        } else if about("lifetime") {
            Self::WrongTime
        } else {
            Self::Other
        }
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongTenant => {
                "the token comes from another tenant than the account's; \
                 ask the account's tenant for it"
            }
            Self::WrongAudience => {
                "the token is for another service or account; \
                 the scope must be https://storage.azure.com/.default or that of the account"
            }
            Self::WrongTime => "the token has expired or does not hold yet; check the clock",
            Self::Other => "the service does not accept the token",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details() {
        for (detail, refusal) in [
            ("Issuer validation failed. Issuer did not match.", TokenRefusal::WrongTenant),
            ("Audience validation failed. Audience did not match.", TokenRefusal::WrongAudience),
            ("Lifetime validation failed. The token is expired.", TokenRefusal::WrongTime),
            ("The issuer validation failed", TokenRefusal::Other),
            ("Issuer", TokenRefusal::Other),
            ("", TokenRefusal::Other),
        ] {
            assert_eq!(TokenRefusal::from_detail(detail), refusal, "{detail}");
        }
    }
}
