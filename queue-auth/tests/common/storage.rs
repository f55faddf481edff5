//! Reading of the known answers for blobs, files and tables, which `data/storage.py` and `data/storage.js`
//! wrote.

use queue_auth::Service;
use queue_auth::sas::SasResource;
use serde::Deserialize;

/// The headers and the query parameters that the known answers with `srh` and `srq` demand.
pub(crate) const DEMANDED_HEADERS: [(&str, &str); 2] =
    [("x-ms-meta-a", "b c"), ("content-language", "de")];
pub(crate) const DEMANDED_PARAMETERS: [(&str, &str); 2] = [("timeout", "30"), ("prefix", "é/1")];

#[derive(Deserialize)]
pub(crate) struct File {
    pub(crate) account: String,
    pub(crate) key: String,
    pub(crate) delegation_key: String,
    pub(crate) vectors: Vec<Vector>,
}

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) scheme: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    pub(crate) resource: Option<Resource>,
    #[serde(default)]
    pub(crate) token: String,
    pub(crate) string_to_sign: String,
    pub(crate) signature: String,
    pub(crate) sdk: String,
}

#[derive(Deserialize)]
pub(crate) struct Resource {
    kind: String,
    name: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    time: String,
}

/// All known answers of both files.
pub(crate) fn file() -> File {
    let mut file: File = serde_json::from_str(include_str!("../data/storage.json")).unwrap();
    let other: File = serde_json::from_str(include_str!("../data/storage_js.json")).unwrap();
    assert_eq!((&file.account, &file.key), (&other.account, &other.key));
    assert_eq!(file.delegation_key, other.delegation_key);
    file.vectors.extend(other.vectors);
    file
}

impl Vector {
    pub(crate) fn service(&self) -> Service {
        match &*self.service {
            "blob" => Service::Blob,
            "file" => Service::File,
            "table" => Service::Table,
            other => panic!("{other}"),
        }
    }

    pub(crate) fn request(&self) -> http::Request<()> {
        let mut request = http::Request::builder().method(&*self.method).uri(&*self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(()).unwrap()
    }

    /// The package that computed the answer, without its version.
    pub(crate) fn package(&self) -> &str {
        self.sdk.split(' ').next().unwrap_or_default()
    }

    pub(crate) fn resource(&self) -> Option<SasResource> {
        let resource = self.resource.as_ref()?;
        let (name, path) = (resource.name.clone(), resource.path.clone());
        let time = resource.time.clone();
        Some(match &*resource.kind {
            "container" => SasResource::Container { container: name },
            "blob" => SasResource::Blob { container: name, blob: path },
            "snapshot" => SasResource::BlobSnapshot { container: name, blob: path, snapshot: time },
            "version" => SasResource::BlobVersion { container: name, blob: path, version: time },
            "directory" => SasResource::Directory { container: name, path },
            "share" => SasResource::Share { share: name },
            "file" => SasResource::File { share: name, path },
            "table" => SasResource::Table { table: name },
            other => panic!("{other}"),
        })
    }
}
