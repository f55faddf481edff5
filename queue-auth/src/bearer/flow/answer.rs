//! The answers of the identity provider: how tokens and errors are read from them.

use std::time::{Duration, SystemTime};

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    Client, EndpointNotSet, EndpointSet, ErrorResponse, ErrorResponseType, ExtraTokenFields,
    RequestTokenError, StandardErrorResponse, StandardRevocableToken, StandardTokenResponse,
    TokenResponse as _,
};
use serde::{Deserialize, Serialize};

use super::adapter::{NoAnswer, Seen};
use crate::bearer::error::{TokenError, TokenErrorKind};
use crate::bearer::token::AccessToken;

/// The fields of a token response that Microsoft Entra ID adds.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Extra {
    /// The number of seconds after which to renew the token.
    #[serde(default)]
    refresh_in: Option<u64>,
}

impl ExtraTokenFields for Extra {}

pub(super) type TokenResponse = StandardTokenResponse<Extra, BasicTokenType>;

/// The client of the `oauth2` crate with those fields, and a token endpoint.
pub(super) type OAuth<DeviceUrl = EndpointNotSet, Token = EndpointSet> = Client<
    BasicErrorResponse,
    TokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    DeviceUrl,
    EndpointNotSet,
    EndpointNotSet,
    Token,
>;

/// Reads a token that was asked for at `now`.
pub(super) fn token_of(
    response: &TokenResponse,
    now: SystemTime,
) -> Result<AccessToken, TokenError> {
    if *response.token_type() != BasicTokenType::Bearer {
        return Err(TokenError::invalid_answer("its token_type is not Bearer"));
    }
    let lifetime = response
        .expires_in()
        .filter(|lifetime| !lifetime.is_zero())
        .ok_or_else(|| TokenError::invalid_answer("it has no expires_in above zero"))?;
    let token = AccessToken::issued(response.access_token().secret().as_str(), now, lifetime)?;
    let advised = response
        .extra_fields()
        .refresh_in
        .and_then(|seconds| now.checked_add(Duration::from_secs(seconds)));
    Ok(match advised {
        Some(time) => token.refresh_at(time),
        None => token,
    })
}

/// Makes our error of one of the `oauth2` crate. The cause is not kept when it quotes the answer: a
/// token may stand in it.
pub(super) fn error_of<T>(
    error: RequestTokenError<NoAnswer, StandardErrorResponse<T>>,
    seen: Seen,
    secrets: &[&str],
) -> TokenError
where
    T: ErrorResponseType + std::fmt::Display + 'static,
    StandardErrorResponse<T>: ErrorResponse,
{
    let busy = seen.is_busy().map(|status| TokenError::new(TokenErrorKind::Busy { status }));
    let error = match (error, busy) {
        (RequestTokenError::Request(NoAnswer::Transport(source)), _) => {
            TokenError::new(TokenErrorKind::Unreachable).with_source(source)
        }
        (_, Some(busy)) => busy,
        (RequestTokenError::Request(_), None) => {
            TokenError::invalid_answer("it is too long for a token")
        }
        (RequestTokenError::ServerResponse(refusal), None) => TokenError::refused(
            &refusal.error().to_string(),
            refusal.error_description().map(String::as_str),
            secrets,
        ),
        (RequestTokenError::Parse(cause, _), None) => {
            not_as_expected(seen, &cause.path().to_string())
        }
        (RequestTokenError::Other(_), None) => {
            TokenError::invalid_answer(format!("it is not JSON, or empty{}", status_of(seen)))
        }
    };
    match seen.retry_after {
        Some(delay) => error.with_retry_after(delay),
        None => error,
    }
}

/// Names the field that does not fit, when it is one of the protocol's.
fn not_as_expected(seen: Seen, path: &str) -> TokenError {
    let field = ["access_token", "token_type", "expires_in", "refresh_token", "scope", "error"]
        .into_iter()
        .find(|name| *name == path);
    let status = status_of(seen);
    TokenError::invalid_answer(match field {
        Some(name) => format!("its field {name} is not as RFC 6749 says{status}"),
        None => format!("it is not the JSON that RFC 6749 describes{status}"),
    })
}

fn status_of(seen: Seen) -> String {
    seen.status.map(|status| format!(" (status {})", status.as_u16())).unwrap_or_default()
}
