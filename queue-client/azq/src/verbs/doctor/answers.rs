//! What the answer to the first request says: TLS, a stranger in between, the credential, the queue.

use std::error::Error as StdError;

use queue_client::{Cause, Error, proto::ErrorCode, transport::TransportErrorKind};

use super::finding::Finding;
use crate::account::{Chosen, Kind};

/// Puts the answer to the first request into findings; says whether the queue can be looked at.
pub(super) fn examine(
    chosen: &Chosen,
    queue: Option<&str>,
    result: &Result<(), Error>,
    findings: &mut Vec<Finding>,
) -> bool {
    let account = chosen.account.endpoint().account();
    let error = match result {
        Ok(()) => {
            findings.push(Finding::ok(
                "authorization",
                format!("account {account} takes the credential"),
            ));
            if let Some(queue) = queue {
                findings.push(Finding::ok("queue", format!("{queue} exists")));
            }
            return true;
        }
        Err(error) => error,
    };
    match error.cause() {
        Cause::Transport(failed) if failed.kind() == TransportErrorKind::Connect => {
            findings.push(connect(chosen, failed));
            false
        }
        Cause::NotTheService(answer) => {
            findings.push(
                Finding::fail("answer", format!("something else than the service answered: {answer}")).cure(
                    "check the address, and let the proxy or firewall pass requests to it (NO_PROXY)",
                ),
            );
            false
        }
        Cause::Authorization(failed) => {
            let innermost = innermost(failed);
            findings.push(
                Finding::fail("authorization", format!("no token of Microsoft Entra ID: {innermost}"))
                    .cure("log in with `az login`, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET"),
            );
            false
        }
        Cause::Service(_) => service(chosen, queue, error, findings),
        _ => {
            findings.push(Finding::fail("answer", error.to_string()));
            false
        }
    }
}

/// The connection is there, and the request did not get through: TLS.
fn connect(chosen: &Chosen, error: &(dyn StdError + 'static)) -> Finding {
    let why = innermost(error);
    if chosen.account.endpoint().is_https() {
        return Finding::fail("tls", format!("TLS is refused: {why}")).cure(
            "if a proxy opens the traffic or the server has a certificate of its own, trust it with \
             --ca-bundle FILE; if the server speaks plain HTTP, write http:// in the endpoint",
        );
    }
    Finding::fail("connection", format!("the connection broke: {why}"))
        .cure("check whether the endpoint needs https://")
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

fn service(
    chosen: &Chosen,
    queue: Option<&str>,
    error: &Error,
    findings: &mut Vec<Finding>,
) -> bool {
    let account = chosen.account.endpoint().account();
    let words = &chosen.credential;
    match error.code() {
        Some(ErrorCode::QueueNotFound) => {
            findings.push(Finding::ok(
                "authorization",
                format!("account {account} takes the credential"),
            ));
            let queue = queue.unwrap_or_default();
            findings.push(
                Finding::fail(
                    "queue",
                    format!("queue `{queue}` does not exist, or was deleted a moment ago"),
                )
                .cure(format!(
                    "`azq create {queue} --wait` makes it, as soon as its name is free; `azq doctor {queue} \
                     --create` tells which it is"
                )),
            );
            false
        }
        Some(ErrorCode::QueueBeingDeleted) => {
            let queue = queue.unwrap_or_default();
            findings.push(
                Finding::fail("queue", format!("queue `{queue}` is being deleted"))
                    .cure(format!("wait 40 seconds, or `azq create {queue} --wait`")),
            );
            false
        }
        Some(ErrorCode::AuthenticationFailed) => {
            findings.push(not_authenticated(chosen, error));
            false
        }
        Some(ErrorCode::KeyBasedAuthenticationNotPermitted) => {
            findings.push(
                Finding::fail(
                    "authorization",
                    format!(
                        "account {account} takes no account keys, nor signatures made with one"
                    ),
                )
                .cure(format!("use --auth-mode login with the role \"{}\"", error.role())),
            );
            false
        }
        Some(ErrorCode::AuthorizationPermissionMismatch | ErrorCode::AuthorizationFailure)
            if chosen.kind == Kind::Identity =>
        {
            findings.push(
                Finding::fail(
                    "authorization",
                    format!(
                        "the identity ({words}) has no role that allows this on account {account}"
                    ),
                )
                .cure(role_cure(chosen, error)),
            );
            // Other operations may be allowed.
            queue.is_some()
        }
        Some(
            ErrorCode::AuthorizationPermissionMismatch
            | ErrorCode::AuthorizationFailure
            | ErrorCode::AuthorizationServiceMismatch
            | ErrorCode::AuthorizationResourceTypeMismatch,
        ) if chosen.kind == Kind::Signature => {
            findings.push(Finding::ok(
                "authorization",
                format!(
                    "account {account} takes the signature, but not for {}",
                    error.operation().name()
                ),
            ));
            if queue.is_none() {
                findings.push(
                    Finding::warn("permission", "the signature does not allow to list queues")
                        .cure("name the queue: `azq doctor QUEUE`"),
                );
            }
            queue.is_some()
        }
        Some(ErrorCode::NoAuthenticationInformation) => {
            findings.push(
                Finding::fail("authorization", format!("account {account} wants a credential"))
                    .cure("leave --auth-mode anonymous out, and set a key, a signature or a login"),
            );
            false
        }
        _ => {
            findings.push(Finding::fail("answer", error.to_string()));
            false
        }
    }
}

/// The signature is not accepted: by the clock, the key, or what the token is for.
fn not_authenticated(chosen: &Chosen, error: &Error) -> Finding {
    let account = chosen.account.endpoint().account();
    let words = &chosen.credential;
    if error.clock_skew().is_some() {
        return Finding::fail("authorization", "the signature is refused because of the clock")
            .cure("set the clock of this machine");
    }
    match chosen.kind {
        Kind::Key => Finding::fail("authorization", format!("the {words} is no key of account {account}")).cure(format!(
            "copy a key again: `az storage account keys list --account-name {account}`; it may have been rotated"
        )),
        Kind::Signature => Finding::fail(
            "authorization",
            format!("account {account} refuses the {words}: it is for another queue or account, was made with a key that has changed, or was altered on the way"),
        )
        .cure("compare queue and account with whoever made it; `azq sas explain` shows what it says"),
        Kind::Identity => Finding::fail("authorization", format!("account {account} refuses the token of {words}"))
            .cure("log in to the tenant of the account: `az login --tenant TENANT`"),
        Kind::Nothing => Finding::fail("authorization", format!("account {account} wants a credential"))
            .cure("set a key, a signature or a login"),
    }
}

/// The command that grants the role that is missing.
pub(super) fn role_cure(chosen: &Chosen, error: &Error) -> String {
    format!(
        "az role assignment create --role \"{}\" --assignee YOU --scope \"$(az storage account show \
         --name {} --query id -o tsv)\"; a new role takes minutes to act",
        error.role(),
        chosen.account.endpoint().account()
    )
}
