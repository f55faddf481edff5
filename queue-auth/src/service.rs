//! [`Service`]: the services of Azure Storage, which sign by different rules.

use std::fmt;

use http::Uri;

/// A service of Azure Storage, as far as signatures differ.
///
/// Blobs, queues and files have one string to sign, tables another one. Shared access signatures name
/// the service in what is signed.
///
/// ```
/// use queue_auth::{AccountKey, Authorize, Service, SharedKey};
/// use std::time::SystemTime;
///
/// let key = AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?;
/// let signer = SharedKey::new("contoso", key).for_service(Service::Table);
/// let (mut parts, ()) = http::Request::get("https://contoso.table.core.windows.net/Tables")
///     .header("x-ms-version", "2019-02-02")
///     .body(())?
///     .into_parts();
/// signer.authorize(&mut parts, SystemTime::now())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// The service for blobs, also by the endpoint `dfs` of Data Lake Storage.
    Blob,
    /// The service for queues, which is the default everywhere in this crate.
    #[default]
    Queue,
    /// The service for files.
    File,
    /// The service for tables.
    Table,
}

impl Service {
    /// The name in host names and in the resource of a shared access signature.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Queue => "queue",
            Self::File => "file",
            Self::Table => "table",
        }
    }

    /// The service to which a host name of Azure Storage belongs: `{account}.{service}.core…`, and so
    /// with `localhost` or `storage` in place of `core`. `None` for other names, such as those of
    /// emulators and of domains of one's own.
    pub(crate) fn of_host(uri: &Uri) -> Option<Self> {
        // On bytes and by their starts, because this runs for every request that is signed.
        let mut rest = uri.authority()?.as_str().as_bytes();
        loop {
            let dot = rest.iter().position(|byte| *byte == b'.')?;
            rest = rest.get(dot + 1..)?;
            let (service, next) = match rest {
                [b'b', b'l', b'o', b'b', b'.', next @ ..] => (Self::Blob, next),
                [b'd', b'f', b's', b'.', next @ ..] => (Self::Blob, next),
                [b'q', b'u', b'e', b'u', b'e', b'.', next @ ..] => (Self::Queue, next),
                [b'f', b'i', b'l', b'e', b'.', next @ ..] => (Self::File, next),
                [b't', b'a', b'b', b'l', b'e', b'.', next @ ..] => (Self::Table, next),
                _ => continue,
            };
            let ends = next.iter().position(|byte| matches!(byte, b'.' | b':'));
            let next = next.get(..ends.unwrap_or(next.len())).unwrap_or_default();
            if matches!(next, b"core" | b"localhost" | b"storage") {
                return Some(service);
            }
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (host, service) in [
            ("contoso.blob.core.windows.net", Some(Service::Blob)),
            ("contoso.dfs.core.windows.net", Some(Service::Blob)),
            ("contoso-secondary.table.core.chinacloudapi.cn", Some(Service::Table)),
            ("contoso.z12.file.storage.azure.net", Some(Service::File)),
            ("devstoreaccount1.queue.localhost", Some(Service::Queue)),
            ("devstoreaccount1.queue.localhost:10001", Some(Service::Queue)),
            ("127.0.0.1:10001", None),
            ("[::1]:10001", None),
            ("table.core.windows.net", None),
            ("queue.table.example.org", None),
            ("127.0.0.1", None),
            ("table", None),
        ] {
            let uri = format!("http://{host}/a").parse().unwrap();
            assert_eq!(Service::of_host(&uri), service, "{host}");
        }
    }
}
