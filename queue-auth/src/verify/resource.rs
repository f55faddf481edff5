//! Finds the resource of a shared access signature in the request: in the path, and for snapshots and
//! versions of blobs in the query.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::context::RequestContext;
use super::error::VerifyError;
use crate::canonical::head::Head;
use crate::canonical::secondary_rest;
use crate::query::decoded_text;
use crate::sas::error::InvalidSas;
use crate::sas::fields::Fields;
use crate::sas::resource::SasResource;
use crate::service::Service;

/// The resource that the signature must be for, if the request is to be within it.
pub(super) fn resource_of(
    fields: &Fields<'_>,
    account: &str,
    head: Head<'_>,
    context: &RequestContext,
) -> Result<SasResource, VerifyError> {
    if fields.service() != context.service {
        return Err(VerifyError::Service);
    }
    let (name, path) =
        names(account, head.uri.path(), context.path_style).ok_or(VerifyError::NoQueue)?;
    if context.service == Service::Queue {
        return Ok(SasResource::Queue { queue: name });
    }
    if context.service == Service::Table {
        // An entity is named by its keys behind the table: `people(PartitionKey='a',RowKey='b')`.
        let asked = name.split('(').next().unwrap_or_default();
        return match fields.get("tn") {
            Some(table) if table.eq_ignore_ascii_case(asked) => {
                Ok(SasResource::Table { table: table.to_owned() })
            }
            _ => Err(VerifyError::NoQueue),
        };
    }
    let query = head.uri.query().unwrap_or_default();
    Ok(match (fields.get("sr").unwrap_or_default(), path) {
        ("c", _) => SasResource::Container { container: name },
        ("s", _) => SasResource::Share { share: name },
        ("b", Some(blob)) => SasResource::Blob { container: name, blob },
        ("bs", Some(blob)) => SasResource::BlobSnapshot {
            container: name,
            blob,
            snapshot: parameter(query, "snapshot")?,
        },
        ("bv", Some(blob)) => SasResource::BlobVersion {
            container: name,
            blob,
            version: parameter(query, "versionid")?,
        },
        ("f", Some(path)) => SasResource::File { share: name, path },
        ("d", path) => SasResource::Directory {
            container: name,
            path: directory(fields, path.as_deref().unwrap_or_default())?,
        },
        _ => return Err(VerifyError::NoQueue),
    })
}

/// The first segment of the path behind the account, and what follows it, both decoded.
fn names(account: &str, path: &str, path_style: bool) -> Option<(String, Option<String>)> {
    let path = path.strip_prefix('/')?;
    let path = if path_style {
        match secondary_rest(account, &format!("/{path}")) {
            Some(rest) => Cow::Owned(rest.strip_prefix('/')?.to_owned()),
            None => Cow::Borrowed(path.strip_prefix(account)?.strip_prefix('/')?),
        }
    } else {
        Cow::Borrowed(path)
    };
    let (first, rest) = path.split_once('/').unwrap_or((&path, ""));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned);
    let first = decoded(first).filter(|first| !first.is_empty())?;
    Some((first, decoded(rest).filter(|rest| !rest.is_empty())))
}

/// The only value of a query parameter.
fn parameter(query: &str, wanted: &str) -> Result<String, VerifyError> {
    let pairs = query.split('&').filter_map(|piece| piece.split_once('='));
    let mut values = pairs.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    match (values.next(), values.next()) {
        (Some((_, value)), None) => decoded_text(value).map(Cow::into_owned),
        _ => None,
    }
    .ok_or(VerifyError::NoQueue)
}

/// The directory of the signature: as many segments of the path as `sdd` says.
fn directory(fields: &Fields<'_>, path: &str) -> Result<String, VerifyError> {
    let depth = fields.get("sdd").ok_or(InvalidSas::new("sdd", "is missing"))?;
    let depth: usize = depth.parse().map_err(|_| InvalidSas::new("sdd", "is not a number"))?;
    let segments: Vec<&str> = path.split('/').collect();
    // A name like `..` is a name for the service, and a path above the directory for what stands
    // behind a gateway.
    if segments.iter().any(|name| matches!(*name, "." | "..")) {
        return Err(VerifyError::NoQueue);
    }
    match segments.get(..depth) {
        Some(names) if names.iter().all(|name| !name.is_empty()) => Ok(names.join("/")),
        _ => Err(VerifyError::NoQueue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_in_the_path() {
        let host = |path| names("contoso", path, false).map(|(name, _)| name);
        assert_eq!(host("/jobs/messages").as_deref(), Some("jobs"));
        assert_eq!(host("/my%2Dqueue").as_deref(), Some("my-queue"));
        assert_eq!(host("/"), None);
        // A queue may be named like the account.
        assert_eq!(host("/contoso/messages").as_deref(), Some("contoso"));

        let path = |path| names("contoso", path, true).map(|(name, _)| name);
        assert_eq!(path("/contoso/jobs/messages").as_deref(), Some("jobs"));
        assert_eq!(path("/contoso-secondary/jobs").as_deref(), Some("jobs"));
        for none in ["/contoso", "/contoso/", "/contosojobs", "/jobs", "/contoso-secondary"] {
            assert_eq!(path(none), None, "{none}");
        }
    }

    #[test]
    fn what_follows_the_first_name() {
        let rest = |path| names("contoso", path, false).and_then(|(_, rest)| rest);
        assert_eq!(rest("/photos/a%20b/c+d.png").as_deref(), Some("a b/c+d.png"));
        assert_eq!(rest("/photos/"), None);
        assert_eq!(rest("/photos"), None);
    }
}
