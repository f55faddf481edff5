//! Known answers for shared access signatures of the other services; `data/storage.py` wrote them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use common::frozen;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use queue_auth::sas::{
    AccountPermissions, AccountSas, ResourceTypes, SasKind, SasResource, SasToken, SasVersion,
    ServiceSas, Services, UserDelegationKey,
};
use queue_auth::verify::{
    Access, DelegationKeyId, DelegationKeyStore, Lookups, NoPolicies, PolicyStore, RequestContext,
    StoredPolicy, Verifier, VerifyError,
};
use queue_auth::{AccountKey, Service};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    account: String,
    key: String,
    delegation_key: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    scheme: String,
    resource: Option<Resource>,
    #[serde(default)]
    token: String,
    string_to_sign: String,
    signature: String,
    sdk: String,
}

#[derive(Deserialize)]
struct Resource {
    kind: String,
    name: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    time: String,
}

impl Resource {
    fn read(&self) -> SasResource {
        let (name, path, time) = (self.name.clone(), self.path.clone(), self.time.clone());
        match &*self.kind {
            "container" => SasResource::Container { container: name },
            "blob" => SasResource::Blob { container: name, blob: path },
            "snapshot" => SasResource::BlobSnapshot { container: name, blob: path, snapshot: time },
            "version" => SasResource::BlobVersion { container: name, blob: path, version: time },
            "directory" => SasResource::Directory { container: name, path },
            "share" => SasResource::Share { share: name },
            "file" => SasResource::File { share: name, path },
            "table" => SasResource::Table { table: name },
            other => panic!("{other}"),
        }
    }
}

fn file() -> File {
    serde_json::from_str(include_str!("data/storage.json")).unwrap()
}

type Setter = fn(ServiceSas, &str) -> ServiceSas;

/// The fields of a token, decoded.
fn fields(token: &str) -> BTreeMap<&str, String> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let pairs = token.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name, decoded(value))).collect()
}

fn time(text: &str) -> SystemTime {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
        .unwrap()
        .into()
}

#[test]
fn tokens_are_read_and_built_as_the_sdks_build_them() {
    let file = file();
    let key = AccountKey::from_base64(&file.key).unwrap();
    let mut count = HashMap::<_, usize>::new();
    let mut built = 0;
    for vector in file.vectors.iter().filter(|vector| vector.scheme == "sas") {
        let (id, resource) = (&vector.id, vector.resource.as_ref().unwrap().read());
        let token = SasToken::parse(&vector.token).unwrap();
        let text = token.string_to_sign_for(&file.account, Some(&resource)).unwrap();
        assert_eq!(text, vector.string_to_sign, "{id}");
        let delegated = vector.token.contains("skoid=");
        let signed_by = if delegated { &file.delegation_key } else { &file.key };
        assert_eq!(common::sign_with(signed_by, &text), vector.signature, "{id}");
        let kind = if delegated { SasKind::UserDelegation } else { SasKind::Service };
        assert_eq!(token.kind(), kind, "{id}");
        *count.entry(vector.sdk.split(' ').next().unwrap().to_owned()).or_default() += 1;

        let fields = fields(&vector.token);
        let get = |name| fields.get(name).map(String::as_str);
        let explanation = token.explain(time("2026-09-23T10:30:00Z"));
        let problems = explanation.problems().count();
        assert_eq!((explanation.kind(), problems), (kind, 0), "{id}: {explanation}");
        // What the builder has no word for.
        if get("sduoid").is_some() {
            continue;
        }
        let mut builder = match (get("si"), get("sp"), get("se")) {
            (Some(policy), ..) => ServiceSas::by_policy(resource, policy),
            (None, letters, expiry) => {
                ServiceSas::new(resource, letters.unwrap(), time(expiry.unwrap()))
            }
        };
        builder = builder.version(get("sv").unwrap().parse::<SasVersion>().unwrap());
        if let Some(start) = get("st") {
            builder = builder.start(time(start));
        }
        if let Some(range) = get("sip") {
            builder = builder.ip(range.parse::<queue_auth::sas::IpRange>().unwrap());
        }
        if let Some(protocol) = get("spr") {
            builder = builder.protocol(protocol.parse().unwrap());
        }
        let setters: [(&str, Setter); 7] = [
            ("rscc", |builder, text| builder.cache_control(text)),
            ("rscd", |builder, text| builder.content_disposition(text)),
            ("rsce", |builder, text| builder.content_encoding(text)),
            ("rscl", |builder, text| builder.content_language(text)),
            ("rsct", |builder, text| builder.content_type(text)),
            ("ses", |builder, text| builder.encryption_scope(text)),
            ("scid", |builder, text| builder.correlation_id(text)),
        ];
        for (name, set) in setters {
            if let Some(text) = get(name) {
                builder = set(builder, text);
            }
        }
        if get("spk").is_some() {
            builder = builder.from_key(get("spk").unwrap(), get("srk").unwrap_or_default());
        }
        if get("epk").is_some() {
            builder = builder.to_key(get("epk").unwrap(), get("erk").unwrap_or_default());
        }
        let ours = if delegated {
            let text = |name| get(name).unwrap();
            let (start, expiry) = (time(text("skt")), time(text("ske")));
            let (owner, tenant, version) = (text("skoid"), text("sktid"), text("skv"));
            let key = &file.delegation_key;
            let key = UserDelegationKey::new(owner, tenant, start, expiry, version, key).unwrap();
            builder.sign_delegated(&file.account, &key.service(text("sks")))
        } else {
            builder.sign(&file.account, &key)
        };
        let ours = ours.unwrap_or_else(|error| panic!("{id}: {error}"));
        let ours = self::fields(ours.expose());
        // Python leaves out the depth that it signs nowhere, or writes it; the rest is the same.
        let without = |mut fields: BTreeMap<&str, String>| {
            fields.remove("sdd");
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>()
        };
        assert_eq!(without(ours), without(fields.clone()), "{id}");
        built += 1;
    }
    assert!(count["azure-storage-blob"] >= 50 && count["azure-storage-file-share"] >= 10);
    assert!(count["azure-data-tables"] >= 5 && count["rule"] >= 100 && built >= 180, "{built}");
}

/// Holds a policy for every name, with what the vectors leave open, and the key of the delegations.
#[derive(Debug)]
struct Store(String);

impl PolicyStore for Store {
    fn policy(&self, name: &str, id: &str) -> Option<StoredPolicy> {
        let policy = StoredPolicy::new().letters("r").expiry(frozen() + Duration::from_secs(60));
        (name == "photos" && id == "policy 1/é").then_some(policy)
    }
}

impl DelegationKeyStore for Store {
    fn key(&self, _account: &str, id: &DelegationKeyId) -> Option<AccountKey> {
        (id.service == "b").then(|| AccountKey::from_base64(&self.0).unwrap())
    }
}

/// The path of a resource, and the query that names its snapshot or version.
fn place(resource: &SasResource) -> (String, String) {
    let encoded =
        |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%2F", "/");
    match resource {
        SasResource::Container { container } => (format!("/{container}/any/blob"), String::new()),
        SasResource::Blob { container, blob } => {
            (format!("/{container}/{}", encoded(blob)), String::new())
        }
        SasResource::BlobSnapshot { container, blob, snapshot } => {
            (format!("/{container}/{blob}"), format!("snapshot={}&", encoded(snapshot)))
        }
        SasResource::BlobVersion { container, blob, version } => {
            (format!("/{container}/{blob}"), format!("versionid={}&", encoded(version)))
        }
        SasResource::Directory { container, path } => {
            (format!("/{container}/{path}/deep/file.txt"), String::new())
        }
        SasResource::Share { share } => (format!("/{share}/dir/a.txt"), String::new()),
        SasResource::File { share, path } => (format!("/{share}/{}", encoded(path)), String::new()),
        SasResource::Table { table } => {
            (format!("/{}(PartitionKey='a',RowKey='b')", table.to_lowercase()), String::new())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn tokens_are_verified_for_their_resource_and_no_other() {
    let file = file();
    let keys = || {
        let key = AccountKey::from_base64(&file.key).unwrap();
        HashMap::from([(file.account.clone(), vec![key])])
    };
    let store = || Store(file.delegation_key.clone());
    let verifier = Verifier::new(keys()).delegation_keys(store());
    let verify = |path: &str, query: &str, service, style: bool, vector: &Vector| {
        let base = if style { "http://127.0.0.1/contoso" } else { "https://contoso.example" };
        let uri = format!("{base}{path}?{query}{}", vector.token);
        let request = http::Request::get(uri).body(()).unwrap();
        let context = RequestContext::new(frozen())
            .https(true)
            .client_ip([168, 1, 5, 65].into())
            .path_style(style)
            .service(service);
        verifier.verify(&file.account, &request, &store(), &context)
    };
    let mut count = 0;
    for vector in file.vectors.iter().filter(|vector| vector.scheme == "sas") {
        let (id, resource) = (&vector.id, vector.resource.as_ref().unwrap().read());
        // A bound user must send a token besides; tests/sas.rs has that.
        if vector.token.contains("sduoid=") {
            continue;
        }
        let service = resource.service();
        let (path, query) = place(&resource);
        for style in [false, true] {
            let grant = verify(&path, &query, service, style, vector);
            let grant = grant.unwrap_or_else(|error| panic!("{id}: {error} {:?}", error.detail()));
            let Access::ServiceSas(access) = grant.access else { panic!("{id}") };
            let (range, owner, permissions) = (access.range, access.owner, access.permissions);
            assert_eq!(access.resource, resource, "{id}");
            let fields = fields(&vector.token);
            assert_eq!(Some(&permissions), fields.get("sp").or(Some(&"r".to_owned())), "{id}");
            assert_eq!(range.from_partition.as_ref(), fields.get("spk"), "{id}");
            assert_eq!(range.to_row.as_ref(), fields.get("erk"), "{id}");
            let delegated = owner.map(|owner| owner.object_id);
            assert_eq!(delegated.as_ref(), fields.get("skoid"), "{id}");
        }
        let elsewhere = match &resource {
            SasResource::Directory { .. } => "/photos/2026/10/file.txt".to_owned(),
            _ => path.replace(['p', 'd'], "q"),
        };
        assert!(verify(&elsewhere, &query, service, false, vector).is_err(), "{id}");
        if !query.is_empty() {
            for other in [String::new(), query.replace('9', "8"), format!("{query}{query}")] {
                assert!(verify(&path, &other, service, false, vector).is_err(), "{id}: {other}");
            }
        }
        for other in [Service::Queue, Service::Blob, Service::File, Service::Table] {
            if other != service {
                let error = verify(&path, &query, other, false, vector).unwrap_err();
                assert!(matches!(error, VerifyError::Service), "{id}: {error}");
            }
        }
        count += 1;
    }
    assert!(count >= 180, "{count}");
}

#[test]
fn what_will_be_asked_for_is_what_is_asked_for() {
    /// Notes what it is asked for.
    #[derive(Debug, Default)]
    struct Asked {
        policy: Mutex<Option<(String, String)>>,
        key: Mutex<Option<DelegationKeyId>>,
    }

    impl PolicyStore for Asked {
        fn policy(&self, name: &str, id: &str) -> Option<StoredPolicy> {
            *self.policy.lock().unwrap() = Some((name.to_owned(), id.to_owned()));
            None
        }
    }

    impl DelegationKeyStore for Asked {
        fn key(&self, _account: &str, id: &DelegationKeyId) -> Option<AccountKey> {
            *self.key.lock().unwrap() = Some(id.clone());
            AccountKey::from_base64(&file().delegation_key).ok()
        }
    }

    let file = file();
    let mut count = [0, 0];
    for vector in file.vectors.iter().filter(|vector| vector.scheme == "sas").step_by(3) {
        let resource = vector.resource.as_ref().unwrap().read();
        let (path, query) = place(&resource);
        let uri = format!("https://contoso.example{path}?{query}{}", vector.token);
        let request = http::Request::get(uri).body(()).unwrap();
        let context = RequestContext::new(frozen()).https(true).service(resource.service());
        let context = context.client_ip([168, 1, 5, 65].into());
        let lookups = Lookups::of(&file.account, &request, &context).unwrap();

        let asked = Arc::new(Asked::default());
        let key = AccountKey::from_base64(&file.key).unwrap();
        let verifier = Verifier::new(HashMap::from([(file.account.clone(), vec![key])]))
            .delegation_keys(Arc::clone(&asked));
        let _ = verifier.verify(&file.account, &request, &*asked, &context);
        assert_eq!(lookups.policy, *asked.policy.lock().unwrap(), "{}", vector.id);
        assert_eq!(lookups.delegation_key, *asked.key.lock().unwrap(), "{}", vector.id);
        count[0] += usize::from(lookups.policy.is_some());
        count[1] += usize::from(lookups.delegation_key.is_some());
    }
    assert!(count[0] >= 1 && count[1] >= 20, "{count:?}");
    let plain = http::Request::get("https://contoso.example/photos").body(()).unwrap();
    let context = RequestContext::new(frozen());
    assert_eq!(Lookups::of("contoso", &plain, &context).unwrap(), Lookups::default());
}

#[test]
fn account_signatures_open_the_services_they_name() {
    let file = file();
    let key = AccountKey::from_base64(&file.key).unwrap();
    let until = frozen() + Duration::from_secs(60);
    let token = AccountSas::new(AccountPermissions::READ, ResourceTypes::OBJECT, until)
        .services(Services::BLOB | Services::TABLE)
        .sign(&file.account, &key)
        .unwrap();
    let verifier = Verifier::new(HashMap::from([(file.account.clone(), vec![key])]));
    for (service, good) in [
        (Service::Blob, true),
        (Service::Table, true),
        (Service::Queue, false),
        (Service::File, false),
    ] {
        let uri = format!("https://contoso.{service}.core.windows.net/a/b?{}", token.expose());
        let request = http::Request::get(uri).body(()).unwrap();
        let context = RequestContext::new(frozen()).service(service);
        let grant = verifier.verify(&file.account, &request, &NoPolicies, &context);
        assert_eq!(grant.is_ok(), good, "{service}");
    }
}

#[test]
fn agents_and_demands_are_refused_since_nobody_would_check_them() {
    let file = file();
    for (field, vector) in [("suoid", "sas-blob-delegated@2022-11-02"), ("srh", "sas-blob-plain")] {
        let vector = file.vectors.iter().find(|known| known.id == vector).unwrap();
        let unsigned: Vec<&str> =
            vector.token.split('&').filter(|piece| !piece.starts_with("sig=")).collect();
        let token = format!("{}&{field}=x&sig=x", unsigned.join("&"));
        let resource = vector.resource.as_ref().unwrap().read();
        let text = SasToken::parse(&token).unwrap();
        // A right signature over it, as far as there is a string to sign.
        let text = text.string_to_sign_for(&file.account, Some(&resource));
        let signature = text.map(|text| common::sign_with(&file.delegation_key, &text));
        let signature = signature.unwrap_or_else(|error| {
            assert_eq!(error.field(), field);
            "A".repeat(43) + "="
        });
        let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC).to_string();
        let (path, _) = place(&resource);
        let uri = format!(
            "https://contoso.example{path}?{}",
            token.replace("sig=x", &format!("sig={signature}"))
        );
        let key = AccountKey::from_base64(&file.key).unwrap();
        let verifier = Verifier::new(HashMap::from([(file.account.clone(), vec![key])]))
            .delegation_keys(Store(file.delegation_key.clone()));
        let context = RequestContext::new(frozen())
            .https(true)
            .client_ip([168, 1, 5, 65].into())
            .service(Service::Blob);
        let request = http::Request::get(uri).body(()).unwrap();
        let error = verifier.verify(&file.account, &request, &NoPolicies, &context).unwrap_err();
        let VerifyError::Sas(error) = error else { panic!("{error}") };
        assert_eq!(error.field(), field);
    }
}

#[test]
fn what_the_service_would_refuse_is_refused() {
    let key = AccountKey::from_base64(&file().key).unwrap();
    let until = frozen() + Duration::from_secs(60);
    let blob = || SasResource::Blob { container: "photos".into(), blob: "cat.png".into() };
    let table = || SasResource::Table { table: "people".into() };
    let share = || SasResource::Share { share: "docs".into() };
    let new = |resource, letters: &str| ServiceSas::new(resource, letters, until);
    let old = SasVersion::V2015_04_05;
    for (sas, field) in [
        (new(blob(), ""), "sp"),
        (new(blob(), "l"), "sp"),
        (new(blob(), "rr"), "sp"),
        (new(table(), "w"), "sp"),
        (new(share(), "a"), "sp"),
        (new(table(), "r").content_type("a/b"), "rsct"),
        (new(blob(), "r").from_key("a", ""), "spk"),
        (new(share(), "r").encryption_scope("s"), "ses"),
        (new(blob(), "r").encryption_scope("s").version(old), "ses"),
        (new(blob(), "r").correlation_id("c"), "scid"),
        (new(blob(), "r").content_type("a\nb"), "rsct"),
        (new(blob(), "r").content_type(""), "rsct"),
        (new(blob(), "r").start(until), "se"),
        (new(blob(), "r").made_at(until), "se"),
        (ServiceSas::by_policy(blob(), "a".repeat(65)), "si"),
        (new(SasResource::Container { container: "a/b".into() }, "r"), "sig"),
        (new(SasResource::Blob { container: "a".into(), blob: String::new() }, "r"), "sig"),
        (new(SasResource::Blob { container: "a".into(), blob: "/b".into() }, "r"), "sig"),
        (new(SasResource::Queue { queue: "Jobs".into() }, "r"), "sig"),
        (
            new(SasResource::Directory { container: "a".into(), path: "b".into() }, "r")
                .version(SasVersion::V2018_11_09),
            "sv",
        ),
    ] {
        let error = sas.sign("contoso", &key).unwrap_err();
        assert_eq!(error.field(), field, "{sas:?}: {error}");
    }
    // Any order of the letters is the canonical one afterwards.
    let token = new(blob(), "dwr").sign("contoso", &key).unwrap();
    assert!(token.expose().contains("&sp=rwd&"), "{}", token.expose());
    let demanding = format!("{}&srh=x-ms-meta-a", token.expose());
    let error = SasToken::parse(&demanding).unwrap().string_to_sign_for("contoso", Some(&blob()));
    assert_eq!(error.unwrap_err().field(), "srh");
}
