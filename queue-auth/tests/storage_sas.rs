//! Known answers for shared access signatures of the other services; `data/storage.py` and `data/storage.js` wrote
//! them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use common::frozen;
use common::storage::{DEMANDED_HEADERS, DEMANDED_PARAMETERS, Vector, file};
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
    let (mut built, mut compared) = (0, 0);
    for vector in file.vectors.iter().filter(|vector| vector.scheme == "sas") {
        let Some(resource) = vector.resource() else { continue };
        let id = &vector.id;
        let token = SasToken::parse(&vector.token).unwrap();
        let demands = vector.token.contains("srh=");
        let request = request("https://contoso.example/", "", demands);
        let text = token.string_to_sign_of(&file.account, Some(&resource), &request).unwrap();
        let without = token.string_to_sign_for(&file.account, Some(&resource));
        assert_eq!(
            without.map_err(|error| error.field()),
            match demands {
                true => Err("srh"),
                false => Ok(text.clone()),
            }
        );
        assert_eq!(text, vector.string_to_sign, "{id}");
        let delegated = vector.token.contains("skoid=");
        let signed_by = if delegated { &file.delegation_key } else { &file.key };
        assert_eq!(common::sign_with(signed_by, &text), vector.signature, "{id}");
        let kind = if delegated { SasKind::UserDelegation } else { SasKind::Service };
        assert_eq!(token.kind(), kind, "{id}");
        *count.entry(vector.package().to_owned()).or_default() += 1;

        let fields = fields(&vector.token);
        let get = |name| fields.get(name).map(String::as_str);
        // A line that differs is named.
        let is_signed = |name| match name {
            "sig" | "sdd" | "tn" => false,
            "sr" => resource.service() == Service::Blob,
            _ => true,
        };
        for (name, value) in fields.iter().filter(|(name, _)| is_signed(**name)) {
            let lines = text.split('\n').filter(|line| line == value);
            if lines.count() != 1 {
                continue;
            }
            let other: Vec<&str> =
                text.split('\n').map(|line| if line == value { "zz" } else { line }).collect();
            let why = queue_auth::explain_mismatch(&text, &other.join("\n")).unwrap();
            assert!(
                demands || why.starts_with(&format!("the service saw {name} \"zz\"")),
                "{id}: {why}"
            );
            compared += 1;
        }
        let explanation = token.explain(time("2026-09-23T10:30:00Z"));
        let problems = explanation.problems().count();
        assert_eq!((explanation.kind(), problems), (kind, 0), "{id}: {explanation}");
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
        let setters: [(&str, Setter); 10] = [
            ("rscc", |builder, text| builder.cache_control(text)),
            ("rscd", |builder, text| builder.content_disposition(text)),
            ("rsce", |builder, text| builder.content_encoding(text)),
            ("rscl", |builder, text| builder.content_language(text)),
            ("rsct", |builder, text| builder.content_type(text)),
            ("ses", |builder, text| builder.encryption_scope(text)),
            ("scid", |builder, text| builder.correlation_id(text)),
            ("saoid", |builder, text| builder.preauthorized_agent(text)),
            ("suoid", |builder, text| builder.agent(text)),
            ("sduoid", |builder, text| builder.bound_to(text)),
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
        if demands {
            for (name, value) in DEMANDED_HEADERS {
                builder = builder.demand_header(name, value);
            }
            for (name, value) in DEMANDED_PARAMETERS {
                builder = builder.demand_parameter(name, value);
            }
        }
        let ours = if delegated {
            let text = |name| get(name).unwrap();
            let (start, expiry) = (time(text("skt")), time(text("ske")));
            let (owner, tenant, version) = (text("skoid"), text("sktid"), text("skv"));
            let key = &file.delegation_key;
            let key = UserDelegationKey::new(owner, tenant, start, expiry, version, key).unwrap();
            let mut key = key.service(text("sks"));
            if let Some(tenant) = get("skdutid") {
                key = key.delegated_tenant(tenant);
            }
            builder.sign_delegated(&file.account, &key)
        } else {
            builder.sign(&file.account, &key)
        };
        let ours = ours.unwrap_or_else(|error| panic!("{id}: {error}"));
        let ours = self::fields(ours.expose());
        // The SDKs write letters in two orders, of which the builders have one.
        if get("sp").is_some_and(|letters| ours["sp"] != letters) {
            assert_eq!(vector.package(), "@azure/storage-blob", "{id}");
            continue;
        }
        // Python leaves out the depth that it signs nowhere, or writes it; the rest is the same.
        let without = |mut fields: BTreeMap<&str, String>| {
            fields.remove("sdd");
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>()
        };
        assert_eq!(without(ours), without(fields.clone()), "{id}");
        built += 1;
    }
    for (package, least) in [
        ("azure-storage-blob", 50),
        ("azure-storage-file-share", 10),
        ("azure-data-tables", 5),
        ("@azure/storage-blob", 80),
        ("@azure/storage-file-datalake", 60),
        ("@azure/storage-file-share", 30),
        ("@azure/data-tables", 30),
        ("rule", 100),
    ] {
        assert!(count[package] >= least, "{count:?}");
    }
    assert!(built >= 390 && compared >= 2000, "{built} {compared}");
}

#[test]
fn account_signatures_are_read_built_and_verified_as_the_sdks_build_them() {
    let file = file();
    let key = || AccountKey::from_base64(&file.key).unwrap();
    let verifier = Verifier::new(HashMap::from([(file.account.clone(), vec![key()])]));
    let (mut count, mut built) = (0, 0);
    for vector in file.vectors.iter().filter(|vector| vector.scheme == "sas") {
        let (id, None) = (&vector.id, vector.resource()) else { continue };
        let token = SasToken::parse(&vector.token).unwrap();
        assert_eq!(token.kind(), SasKind::Account, "{id}");
        let text = token.string_to_sign_for(&file.account, None).unwrap();
        assert_eq!(text, vector.string_to_sign, "{id}");
        assert_eq!(common::sign_with(&file.key, &text), vector.signature, "{id}");
        let fields = fields(&vector.token);
        let get = |name| fields.get(name).map(String::as_str);
        count += 1;

        let services: Services = get("ss").unwrap().parse().unwrap();
        for service in [Service::Blob, Service::Queue, Service::File, Service::Table] {
            let uri = format!("https://contoso.{service}.core.windows.net/a/b?{}", vector.token);
            let request = http::Request::get(uri).body(()).unwrap();
            let context = RequestContext::new(frozen()).https(true).service(service);
            let context = context.client_ip([168, 1, 5, 65].into());
            let grant = verifier.verify(&file.account, &request, &NoPolicies, &context);
            let opens = services.contains(service.into());
            assert_eq!(grant.is_ok(), opens, "{id}: {service}");
            let explanation = token.explain_for(service, time("2026-09-23T10:30:00Z"));
            assert_eq!(explanation.problems().count() == 0, opens, "{id}: {explanation}");
            let Ok(grant) = grant else { continue };
            let Access::AccountSas { permissions, encryption_scope, .. } = grant.access else {
                panic!("{id}")
            };
            assert_eq!(encryption_scope.as_deref(), get("ses"), "{id}");
            assert_eq!(permissions.to_string().len(), get("sp").unwrap().len(), "{id}");
        }

        let permissions: AccountPermissions = get("sp").unwrap().parse().unwrap();
        // Letters in the order of other tools are read, and written anew in one order.
        if permissions.to_string() != get("sp").unwrap()
            || services.to_string() != get("ss").unwrap()
        {
            continue;
        }
        let types: ResourceTypes = get("srt").unwrap().parse().unwrap();
        let mut builder = AccountSas::new(permissions, types, time(get("se").unwrap()))
            .services(services)
            .version(get("sv").unwrap().parse().unwrap());
        if let Some(start) = get("st") {
            builder = builder.start(time(start));
        }
        if let Some(range) = get("sip") {
            builder = builder.ip(range.parse::<queue_auth::sas::IpRange>().unwrap());
        }
        if let Some(protocol) = get("spr") {
            builder = builder.protocol(protocol.parse().unwrap());
        }
        if let Some(scope) = get("ses") {
            builder = builder.encryption_scope(scope);
        }
        let ours = builder.sign(&file.account, &key()).unwrap();
        assert_eq!(self::fields(ours.expose()), fields, "{id}");
        built += 1;
    }
    assert!(count >= 20 && built >= 8, "{count} {built}");
}

/// A request for what a token opens, with what the token demands if it demands anything.
fn request(base: &str, query: &str, demands: bool) -> http::Request<()> {
    let mut uri = format!("{base}?{query}");
    let mut request = http::Request::get("/");
    if demands {
        for (name, value) in DEMANDED_HEADERS {
            request = request.header(name, value);
        }
        for (name, value) in DEMANDED_PARAMETERS {
            uri.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
    }
    request.uri(uri).body(()).unwrap()
}

/// Holds a policy for every name, with what the vectors leave open, and the key of the delegations.
#[derive(Debug)]
struct Store(String);

impl PolicyStore for Store {
    fn policy(&self, name: &str, id: &str) -> Option<StoredPolicy> {
        let policy = StoredPolicy::new().letters("r").expiry(frozen() + Duration::from_secs(60));
        (matches!(name, "photos" | "docs" | "People") && id == "policy 1/é").then_some(policy)
    }
}

impl DelegationKeyStore for Store {
    fn key(&self, _account: &str, id: &DelegationKeyId) -> Option<AccountKey> {
        matches!(&*id.service, "b" | "f").then(|| AccountKey::from_base64(&self.0).unwrap())
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
        let query = format!("{query}{}", vector.token);
        let request = request(&format!("{base}{path}"), &query, vector.token.contains("srh="));
        let context = RequestContext::new(frozen())
            .https(true)
            .client_ip([168, 1, 5, 65].into())
            .path_style(style)
            .service(service);
        verifier.verify(&file.account, &request, &store(), &context)
    };
    let mut count = 0;
    for vector in file.vectors.iter().filter(|vector| vector.scheme == "sas") {
        let (id, Some(resource)) = (&vector.id, vector.resource()) else { continue };
        let service = resource.service();
        let (path, query) = place(&resource);
        // A bound user must send a token besides, which tests/sas.rs has; what an agent may do is in
        // access control lists that nobody here knows.
        if let Some(field) = ["sduoid", "suoid"].iter().find(|field| vector.token.contains(**field))
        {
            let error = verify(&path, &query, service, false, vector).unwrap_err();
            match error {
                VerifyError::Sas(error) => assert_eq!(error.field(), *field, "{id}"),
                error => assert_eq!(*field, "sduoid", "{id}: {error}"),
            }
            continue;
        }
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
            let agent = owner.as_ref().and_then(|owner| owner.preauthorized_agent.as_ref());
            assert_eq!(agent, fields.get("saoid"), "{id}");
            let delegated = owner.map(|owner| owner.object_id);
            assert_eq!(delegated.as_ref(), fields.get("skoid"), "{id}");
        }
        let elsewhere = match &resource {
            SasResource::Directory { .. } => "/photos/2026/10/file.txt".to_owned(),
            _ => path.replace(['p', 'd', 'f'], "q"),
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
    assert!(count >= 350, "{count}");
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
        let Some(resource) = vector.resource() else { continue };
        let (path, query) = place(&resource);
        let base = format!("https://contoso.example{path}");
        let query = format!("{query}{}", vector.token);
        let request = request(&base, &query, vector.token.contains("srh="));
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
fn demands_are_verified() {
    let file = file();
    let key = || AccountKey::from_base64(&file.key).unwrap();
    let verifier = Verifier::new(HashMap::from([(file.account.clone(), vec![key()])]))
        .delegation_keys(Store(file.delegation_key.clone()));
    let verify = |request: &http::Request<()>| {
        let context = RequestContext::new(frozen()).https(true).service(Service::Blob);
        let context = context.client_ip([168, 1, 5, 65].into());
        verifier.verify(&file.account, request, &NoPolicies, &context)
    };
    let vector = file.vectors.iter().find(|vector| vector.id == "js-sas-blob-demands@2026-04-06");
    let vector = vector.unwrap();
    let (path, _) = place(&vector.resource().unwrap());
    let base = format!("https://contoso.example{path}");
    let good = || request(&base, &vector.token, true);
    verify(&good()).unwrap();

    let mut other = good();
    other.headers_mut().insert("x-ms-meta-a", "other".parse().unwrap());
    assert!(matches!(verify(&other), Err(VerifyError::SasMismatch { .. })));
    let mut twice = good();
    twice.headers_mut().append("x-ms-meta-a", "b c".parse().unwrap());
    let mut none = good();
    none.headers_mut().remove("content-language");
    let elsewhere = |from: &str, to: &str| {
        let mut request = good();
        *request.uri_mut() = request.uri().to_string().replace(from, to).parse().unwrap();
        request
    };
    let other = elsewhere("&timeout=30", "&timeout=31");
    assert!(matches!(verify(&other), Err(VerifyError::SasMismatch { .. })));
    for (request, field) in [
        (twice, "srh"),
        (none, "srh"),
        (elsewhere("&timeout=30", ""), "srq"),
        (elsewhere("&timeout=30", "&timeout=30&timeout=30"), "srq"),
        (elsewhere("&timeout=30", "&timeout=%0A"), "srq"),
    ] {
        let error = verify(&request).unwrap_err();
        let VerifyError::Sas(error) = error else { panic!("{error}") };
        assert_eq!(error.field(), field);
    }
    // Without its names the token is another one.
    assert!(verify(&elsewhere("srq=", "x=")).is_err());
    // A signature with the account key demands nothing.
    let vector = file.vectors.iter().find(|vector| vector.id == "sas-blob-plain").unwrap();
    let token = vector.token.replace("sig=", "srh=x-ms-meta-a&sig=");
    let error = verify(&request(&base, &token, true)).unwrap_err();
    let VerifyError::Sas(error) = error else { panic!("{error}") };
    assert_eq!(error.field(), "srh");
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
        (new(blob(), "r").bound_to("c"), "sduoid"),
        (new(blob(), "r").preauthorized_agent("c"), "saoid"),
        (new(blob(), "r").demand_header("a", "b"), "srh"),
        (new(blob(), "x").version(SasVersion::V2018_11_09), "sp"),
        (new(blob(), "t").version(SasVersion::V2018_11_09), "sp"),
        (new(blob(), "m").version(SasVersion::V2019_12_12), "sp"),
        (new(blob(), "r").content_type("a\nb"), "rsct"),
        (new(blob(), "r").content_type(""), "rsct"),
        (new(blob(), "r").start(until), "se"),
        (new(blob(), "r").made_at(until), "se"),
        (ServiceSas::by_policy(blob(), "a".repeat(65)), "si"),
        (new(SasResource::Container { container: "a/b".into() }, "r"), "sig"),
        (new(SasResource::Container { container: "Photos".into() }, "r"), "sig"),
        (new(SasResource::Share { share: "a--b".into() }, "r"), "sig"),
        (new(SasResource::Table { table: "a-b".into() }, "r"), "sig"),
        (new(SasResource::Table { table: "1ab".into() }, "r"), "sig"),
        (new(SasResource::Blob { container: "abc".into(), blob: String::new() }, "r"), "sig"),
        (new(SasResource::Blob { container: "abc".into(), blob: "/b".into() }, "r"), "sig"),
        (new(SasResource::Queue { queue: "Jobs".into() }, "r"), "sig"),
        (
            new(SasResource::Directory { container: "abc".into(), path: "b".into() }, "r")
                .version(SasVersion::V2018_11_09),
            "sv",
        ),
    ] {
        let error = sas.sign("contoso", &key).unwrap_err();
        assert_eq!(error.field(), field, "{sas:?}: {error}");
    }
    let delegated = |service: &str| {
        let key = &file().delegation_key;
        UserDelegationKey::new("o", "t", frozen(), until, "2026-04-06", key)
            .unwrap()
            .service(service)
    };
    let newest = || new(blob(), "r").version(SasVersion::V2026_04_06);
    newest().demand_header("x-ms-a", "b").sign_delegated("contoso", &delegated("b")).unwrap();
    for (sas, key, field) in [
        (newest(), delegated("q"), "sks"),
        (newest(), delegated(""), "sks"),
        (newest(), delegated("b").delegated_tenant("t"), "sduoid"),
        (newest().demand_header("a b", "c"), delegated("b"), "srh"),
        (newest().demand_header("a", "c "), delegated("b"), "srh"),
        (newest().demand_header("a", "c\n"), delegated("b"), "srh"),
        (newest().demand_parameter("", "c"), delegated("b"), "srq"),
        (newest().demand_parameter("a,b", "c"), delegated("b"), "srq"),
        (newest().demand_parameter("sip", "c"), delegated("b"), "srq"),
        (newest().demand_parameter("a", "c\n"), delegated("b"), "srq"),
        (new(blob(), "r").demand_parameter("a", "b"), delegated("b"), "srq"),
        (
            new(share(), "r").version(SasVersion::V2026_04_06).demand_header("a", "b"),
            delegated("f"),
            "srh",
        ),
        (new(blob(), "r").agent("a").preauthorized_agent("b"), delegated("b"), "suoid"),
        (new(share(), "r").agent("a"), delegated("f"), "suoid"),
        (new(blob(), "r").agent("a").version(SasVersion::V2018_11_09), delegated("b"), "suoid"),
        (new(blob(), "r").bound_to("a").version(SasVersion::V2020_12_06), delegated("b"), "sduoid"),
        (new(blob(), "r").version(old), delegated("b"), "sv"),
        (new(share(), "r").version(SasVersion::V2020_12_06), delegated("f"), "sv"),
        (ServiceSas::by_policy(blob(), "a"), delegated("b"), "si"),
        (new(blob(), "r").expiry(until + Duration::from_secs(1)), delegated("b"), "se"),
    ] {
        let error = sas.sign_delegated("contoso", &key).unwrap_err();
        assert_eq!(error.field(), field, "{sas:?}: {error}");
    }
    let account = |letters: &str| {
        AccountSas::new(letters.parse().unwrap(), ResourceTypes::ALL, until).services(Services::ALL)
    };
    for (sas, field) in [
        (account("x").version(old), "sp"),
        (account("t").version(SasVersion::V2018_11_09), "sp"),
        (account("i").version(SasVersion::V2019_12_12), "sp"),
        (account("r").encryption_scope("s").version(SasVersion::V2020_02_10), "ses"),
        (account("r").encryption_scope("s").services(Services::QUEUE), "ses"),
        (account("r").encryption_scope(""), "ses"),
    ] {
        assert_eq!(sas.sign("contoso", &key).unwrap_err().field(), field, "{sas:?}");
    }
    // Any order of the letters is the canonical one afterwards.
    let token = new(blob(), "dwr").sign("contoso", &key).unwrap();
    assert!(token.expose().contains("&sp=rwd&"), "{}", token.expose());
    let demanding = format!("{}&srh=x-ms-meta-a", token.expose());
    let error = SasToken::parse(&demanding).unwrap().string_to_sign_for("contoso", Some(&blob()));
    assert_eq!(error.unwrap_err().field(), "srh");
}
