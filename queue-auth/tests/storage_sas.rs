//! Known answers for shared access signatures of the other services; `data/storage.py` wrote them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use common::frozen;
use percent_encoding::percent_decode_str;
use queue_auth::AccountKey;
use queue_auth::sas::{SasKind, SasResource, SasToken, SasVersion, ServiceSas, UserDelegationKey};
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
        let setters: [(&str, fn(ServiceSas, &str) -> ServiceSas); 7] = [
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
