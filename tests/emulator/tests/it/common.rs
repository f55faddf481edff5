//! A client of a few lines, over anything that answers.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use queue_auth::{AccountKey, Authorize, SharedKey};
use queue_emulator::Emulator;
use queue_proto::{
    CallOptions, DEVSTORE_ACCOUNT, DEVSTORE_KEY, Endpoint, Operation, OperationResponse, QueueName,
    ResponseError, ServiceError,
};

pub(crate) const KEY: &str = DEVSTORE_KEY;

pub(crate) fn name(name: &str) -> QueueName {
    QueueName::new(name).unwrap()
}

pub(crate) fn signer(key: &str) -> SharedKey {
    let key = AccountKey::from_base64(key).unwrap();
    SharedKey::new(DEVSTORE_ACCOUNT, key).without_version()
}

pub(crate) fn sign(request: Request<Bytes>, now: SystemTime) -> Request<Bytes> {
    let (mut parts, body) = request.into_parts();
    signer(KEY).authorize(&mut parts, now).unwrap();
    Request::from_parts(parts, body)
}

/// Signs and sends a request as it is.
pub(crate) fn send(emulator: &Emulator, request: Request<Bytes>) -> Response<Bytes> {
    emulator.handle(sign(request, emulator.now()))
}

/// Performs an operation; the error is the service's.
pub(crate) fn call<O: Operation>(
    emulator: &Emulator,
    operation: &O,
) -> Result<O::Response, ServiceError> {
    let request = operation.to_http(&Endpoint::emulator(), &CallOptions::default());
    match O::Response::from_http(send(emulator, request)) {
        Ok(response) => Ok(response),
        Err(ResponseError::Service(error)) => Err(error),
        Err(error) => panic!("{operation:?}: {error}"),
    }
}
