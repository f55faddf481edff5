//! Strings to sign of shared access signatures, compared line by line.

use crate::sas::kind::SasKind;
use crate::sas::strings::lines_of;
use crate::sas::version::SasVersion;
use crate::service::Service;

use super::words::{ANOTHER_SERVICE, DIFFERENT_LENGTH, value};

/// The service for which a signature was made, as its resource names it since 2015-02-21.
fn service_of(lines: &[&str]) -> Option<Service> {
    let first = lines.get(3)?.strip_prefix('/')?.split('/').next()?;
    let all = [Service::Blob, Service::File, Service::Queue, Service::Table];
    all.into_iter().find(|service| service.as_str() == first)
}

/// The names of the lines, by the version that stands on the line of `sv` in one of the kinds.
fn names_of(lines: &[&str], service: Option<Service>) -> Vec<&'static str> {
    // Before 2015-02-21 the resource named no service, and only queues and blobs have the same lines.
    let kinds: &[SasKind] = match service {
        Some(_) => &[SasKind::Service, SasKind::UserDelegation],
        None => &[SasKind::Account, SasKind::Service],
    };
    let service = service.unwrap_or_default();
    let versions = lines.iter().filter_map(|line| line.parse::<SasVersion>().ok());
    let mut found = versions.flat_map(|version| {
        kinds.iter().filter_map(move |kind| {
            let names = lines_of(*kind, service, version);
            let at = names.iter().position(|name| *name == "sv")?;
            let here = lines.get(at).and_then(|line| line.parse().ok()) == Some(version);
            // Lines without text at the end may be lost, and an account signature has one too many.
            let count = lines.len() <= names.len() + usize::from(*kind == SasKind::Account);
            (here && count).then_some(names)
        })
    });
    found.next().unwrap_or_default()
}

pub(super) fn compare<'a>(ours: &[&'a str], theirs: &[&'a str]) -> String {
    let services = (service_of(ours), service_of(theirs));
    if let (Some(ours), Some(theirs)) = services
        && ours != theirs
    {
        return format!(
            "we signed a shared access signature for {ours}s, the service one for {theirs}s: \
             {ANOTHER_SERVICE}"
        );
    }
    // The last line of an account signature is empty, and then it is no longer there.
    let is_account = |lines: &[&str]| matches!(lines.len(), 9 | 10);
    if ours.len() != theirs.len() && !(is_account(ours) && is_account(theirs)) {
        return format!(
            "the service signed {} lines, we signed {}: the versions or kinds of the signature differ",
            theirs.len(),
            ours.len()
        );
    }
    let names = names_of(ours, services.0);
    for index in 0..ours.len().max(theirs.len()) {
        let line = |lines: &[&'a str]| lines.get(index).copied().unwrap_or_default();
        let (ours, theirs) = (line(ours), line(theirs));
        if ours != theirs {
            return match names.get(index) {
                Some(name) => value(name, theirs, ours),
                None => value(&format!("line {}", index + 1), theirs, ours),
            };
        }
    }
    DIFFERENT_LENGTH.to_owned()
}
