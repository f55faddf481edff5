//! Settings as text, in the forms that the service has for them.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use queue_proto::header::META_PREFIX;
use queue_proto::ops::{
    GetQueueAclResponse, GetQueueMetadataResponse, GetServicePropertiesResponse,
};
use queue_proto::{
    Metadata, MetadataNames, OperationResponse, ServiceProperties, SignedIdentifiers,
};

/// The text of metadata: one line for each item. Values have no line breaks, since they travel as
/// headers.
pub(super) fn metadata_text(metadata: &Metadata) -> String {
    metadata.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// Reads the items as a client reads them from an answer: what a client could set comes back as it
/// was, even if it would be refused today. `None` for a text that is no metadata.
pub(super) fn read_metadata(text: &str) -> Option<Metadata> {
    let mut response = GetQueueMetadataResponse::new(0, Metadata::new()).to_http();
    let names = text.lines().filter_map(|line| Some(line.split_once('=')?.0));
    if let Some(names) = MetadataNames::new(names) {
        response.extensions_mut().insert(names);
    }
    for line in text.split_terminator('\n') {
        let (name, value) = line.split_once('=')?;
        let name = HeaderName::try_from(format!("{META_PREFIX}{name}")).ok()?;
        let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        response.headers_mut().append(name, value);
    }
    Some(GetQueueMetadataResponse::from_http(response).ok()?.into_metadata())
}

/// The text of access policies: the body of Get Queue ACL.
pub(super) fn policies_text(policies: &SignedIdentifiers) -> String {
    body(&GetQueueAclResponse::new(policies.clone()))
}

/// Reads access policies; `None` for a text that is something else.
pub(super) fn read_policies(text: &str) -> Option<SignedIdentifiers> {
    read::<GetQueueAclResponse>(text).map(|response| response.identifiers)
}

/// The text of an account's settings: the body of Get Queue Service Properties.
pub(super) fn properties_text(properties: &ServiceProperties) -> String {
    body(&GetServicePropertiesResponse::new(properties.clone()))
}

/// Reads an account's settings; `None` for a text that is something else.
pub(super) fn read_properties(text: &str) -> Option<ServiceProperties> {
    read::<GetServicePropertiesResponse>(text).map(|response| response.properties)
}

fn body(response: &impl OperationResponse) -> String {
    String::from_utf8_lossy(response.to_http().body()).into_owned()
}

fn read<R: OperationResponse>(text: &str) -> Option<R> {
    R::from_http(Response::new(Bytes::copy_from_slice(text.as_bytes()))).ok()
}
