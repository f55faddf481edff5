//! What to do about a refusal: [`advice`].

use queue_proto::ErrorCode;

/// What people find helpful to know about a code, if there is something.
pub(super) fn advice(code: &ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::AuthenticationFailed => {
            "Compare the string to sign with the one that the client logs. If they are equal, the \
             key is another one. A clock that is 15 minutes off has the same code."
        }
        ErrorCode::NoAuthenticationInformation => {
            "The client sent no credential: it was given a URL without a signature, or no key."
        }
        ErrorCode::InvalidAuthenticationInfo => {
            "The credential cannot be read, or a bearer token is not for this service. Bearer tokens \
             need HTTPS, or the option --bearer-over-http."
        }
        ErrorCode::AuthorizationPermissionMismatch => {
            "The credential is good and does not allow this: look at sp of the signature, or at the \
             roles of the user."
        }
        ErrorCode::AuthorizationResourceTypeMismatch => {
            "The account's signature is for other levels: srt needs s, c or o."
        }
        ErrorCode::MessageNotFound => {
            "The message is gone, or its receipt is dead: somebody else has received or updated the \
             message since. Open the message to see who."
        }
        ErrorCode::QueueNotFound => "Create the queue first, or look at the spelling of its name.",
        ErrorCode::QueueBeingDeleted => {
            "The name is free again 30 seconds after the queue was deleted: advance the clock, or \
             start with --deletion-time 0."
        }
        ErrorCode::QueueAlreadyExists => {
            "The queue is there with other metadata. Creating it with the same metadata succeeds."
        }
        ErrorCode::ServerBusy => "A fault throttles: the client should wait and try again.",
        ErrorCode::ResourceNotFound => {
            "The emulator does not serve this account: look at the host or the first part of the path."
        }
        ErrorCode::RequestBodyTooLarge => {
            "A message has at most 64 KiB, which is 48 KiB before base64."
        }
        ErrorCode::InvalidResourceName => {
            "Names of queues have 3 to 63 lowercase letters, digits and single hyphens."
        }
        _ => return None,
    })
}
