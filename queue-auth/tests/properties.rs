//! Laws that hold for all requests, not only for the known ones.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::{Duration, SystemTime};

use common::{account_key, frozen, key_store};
use http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use queue_auth::sas::{
    AccountPermissions, AccountSas, QueuePermissions, QueueSas, ResourceTypes, SasToken,
    SasVersion, UserDelegationKey, UserDelegationSas,
};
use queue_auth::verify::{
    Access, DelegationKeyId, DelegationKeyStore, Grant, PolicyStore, RequestContext, StoredPolicy,
    Verifier, VerifyError,
};
use queue_auth::{
    AccountKey, Authorize, SharedKey, SharedKeyLite, explain_mismatch, string_to_sign,
};

const DELEGATION_KEY: &str = "bWFkZS11cC11c2VyLWRlbGVnYXRpb24ta2V5LTAxMjM=";
const HOUR: Duration = Duration::from_secs(3600);

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A request that a client of the service could send.
#[derive(Clone, Debug)]
struct Sent {
    method: &'static str,
    path_style: bool,
    /// Whether blanks are sent as pluses.
    plus: bool,
    queue: String,
    rest: &'static str,
    query: Vec<(String, String)>,
    metadata: Vec<(String, String)>,
    length: Option<u32>,
    version: &'static str,
}

impl Sent {
    fn parts(&self) -> Parts {
        let base = match self.path_style {
            true => "http://127.0.0.1:10001/contoso",
            false => "https://contoso.queue.core.windows.net",
        };
        let mut uri = format!("{base}/{}{}", self.queue, self.rest);
        for (index, (name, value)) in self.query.iter().enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            let value = encoded(value);
            let value = if self.plus { value.replace("%20", "+") } else { value };
            uri.push_str(&format!("{mark}{name}={value}"));
        }
        let mut request = http::Request::builder()
            .method(self.method)
            .uri(uri)
            .header("x-ms-version", self.version);
        for (name, value) in &self.metadata {
            request = request.header(format!("x-ms-meta-{name}"), value);
        }
        if let Some(length) = self.length {
            request =
                request.header("content-length", length).header("content-type", "application/xml");
        }
        request.body(()).unwrap().into_parts().0
    }

    fn context(&self) -> RequestContext {
        RequestContext::new(frozen()).https(true).path_style(self.path_style)
    }

    fn verify(&self, parts: &Parts) -> Result<Grant, VerifyError> {
        Verifier::new(key_store()).delegation_keys(Store).verify(
            "contoso",
            parts,
            &Store,
            &self.context(),
        )
    }
}

#[derive(Debug)]
struct Store;

impl PolicyStore for Store {
    fn policy(&self, _queue: &str, id: &str) -> Option<StoredPolicy> {
        let policy = StoredPolicy::new().permissions(QueuePermissions::READ);
        (id == "known").then(|| policy.expiry(frozen() + HOUR))
    }
}

impl DelegationKeyStore for Store {
    fn key(&self, _account: &str, id: &DelegationKeyId) -> Option<AccountKey> {
        (id.object_id == "owner").then(|| AccountKey::from_base64(DELEGATION_KEY).unwrap())
    }
}

fn sent() -> impl Strategy<Value = Sent> {
    // No field of a signature starts with a "q".
    let name = "q[a-z]{0,11}";
    let query = prop::collection::vec((name, "[ -~é€]{0,12}"), 0..5);
    let metadata =
        prop::collection::btree_map("[a-z_][a-z0-9_]{0,8}", "[!-~]([ -~]{0,9}[!-~])?", 0..6);
    (
        prop::sample::select(vec!["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"]),
        any::<[bool; 2]>(),
        "[a-z0-9]{3,20}",
        prop::sample::select(vec![
            "",
            "/messages",
            "/messages/5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f",
        ]),
        query,
        metadata,
        prop::option::of(0u32..100_000),
        prop::sample::select(vec![
            "2012-02-12",
            "2014-02-14",
            "2015-12-11",
            "2019-12-12",
            "2026-02-06",
        ]),
    )
        .prop_map(
            |(method, [path_style, plus], queue, rest, query, metadata, length, version)| Sent {
                method,
                path_style,
                plus,
                queue,
                rest,
                query: query
                    .into_iter()
                    // The names of signatures' fields are not for requests.
                    .filter(|(name, _)| !name.starts_with('s'))
                    .collect(),
                metadata: metadata.into_iter().collect(),
                length,
                version,
            },
        )
}

fn delegation_key() -> UserDelegationKey {
    let (start, expiry) = (frozen() - HOUR, frozen() + 24 * HOUR);
    UserDelegationKey::new("owner", "tenant", start, expiry, "2026-02-06", DELEGATION_KEY).unwrap()
}

/// Every strategy that needs no other party.
fn strategies(queue: &str) -> Vec<Box<dyn Authorize>> {
    let key = || account_key("contoso");
    let until = frozen() + HOUR;
    let queue_sas = QueueSas::new(queue, QueuePermissions::ALL, until).start_backdated(frozen());
    let account_sas = AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, until);
    let old = |version| queue_sas.clone().version(version).sign("contoso", &key()).unwrap();
    vec![
        Box::new(SharedKey::new("contoso", key())),
        Box::new(SharedKeyLite::new("contoso", key())),
        Box::new(queue_sas.sign("contoso", &key()).unwrap()),
        Box::new(old(SasVersion::V2012_02_12)),
        Box::new(old(SasVersion::V2015_02_21)),
        Box::new(old(SasVersion::V2015_04_05)),
        Box::new(QueueSas::by_policy(queue, "known").sign("contoso", &key()).unwrap()),
        Box::new(account_sas.sign("contoso", &key()).unwrap()),
        Box::new(account_sas.version(SasVersion::V2015_04_05).sign("contoso", &key()).unwrap()),
        Box::new(
            UserDelegationSas::new(queue, QueuePermissions::PROCESS, until)
                .sign("contoso", &delegation_key())
                .unwrap(),
        ),
    ]
}

/// Another character that is no other case of the first.
fn other(c: char) -> char {
    match c {
        'z' | 'Z' => 'a',
        '9' => '0',
        'a'..='y' | 'A'..='Y' | '0'..='8' => char::from(c as u8 + 1),
        _ => 'x',
    }
}

fn flipped(text: &str, at: usize) -> String {
    let at = at % text.chars().count();
    text.chars().enumerate().map(|(index, c)| if index == at { other(c) } else { c }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_is_accepted(sent in sent()) {
        for strategy in strategies(&sent.queue) {
            let before = sent.parts();
            let mut parts = before.clone();
            strategy.authorize(&mut parts, frozen()).unwrap();
            let grant = sent.verify(&parts);
            prop_assert!(grant.is_ok(), "{strategy:?}: {:?}", grant);

            // What must not be touched is not touched, and a retry changes nothing.
            prop_assert_eq!(&parts.method, &before.method);
            prop_assert_eq!(parts.uri.path(), before.uri.path());
            let query = before.uri.query().unwrap_or_default();
            prop_assert!(parts.uri.query().unwrap_or_default().starts_with(query));
            for (name, value) in &before.headers {
                prop_assert_eq!(parts.headers.get(name), Some(value));
            }
            let mut again = parts.clone();
            strategy.authorize(&mut again, frozen()).unwrap();
            prop_assert_eq!(&again.uri, &parts.uri);
            prop_assert_eq!(&again.headers, &parts.headers);
        }
    }

    #[test]
    fn any_flipped_byte_is_refused(sent in sent(), at in any::<usize>()) {
        let mut parts = sent.parts();
        SharedKey::new("contoso", account_key("contoso")).authorize(&mut parts, frozen()).unwrap();
        let refused = |parts: &Parts, what: &str| {
            let grant = sent.verify(parts);
            prop_assert!(grant.is_err(), "{what} accepted: {parts:?}");
            Ok(())
        };

        let uri = parts.uri.to_string();
        let path = uri.split('/').skip(3).collect::<Vec<_>>().join("/");
        let mut changed = parts.clone();
        // A percent sign must keep its two digits, or there is no URI.
        let (start, rest) = uri.split_at(uri.len() - path.len());
        if let Ok(flipped) = format!("{start}{}", flipped(rest, at)).parse() {
            changed.uri = flipped;
            refused(&changed, "another URI")?;
        }

        for name in parts.headers.keys() {
            let value = parts.headers.get(name).unwrap().to_str().unwrap();
            if value.is_empty() {
                continue;
            }
            let mut changed = parts.clone();
            changed.headers.insert(name, flipped(value, at).parse().unwrap());
            refused(&changed, name.as_str())?;
            changed.headers.remove(name);
            // Before 2015-02-21 a length of 0 was signed, since then as if there were none.
            if !(name == "content-length" && value == "0") {
                refused(&changed, "a header less")?;
            }
        }
        let mut changed = parts.clone();
        changed.headers.insert("x-ms-meta-zzz", "1".parse().unwrap());
        refused(&changed, "a header more")?;
        changed = parts.clone();
        changed.method = if sent.method == "GET" { http::Method::PUT } else { http::Method::GET };
        refused(&changed, "another method")?;
    }

    #[test]
    fn any_flipped_byte_of_a_token_is_refused(sent in sent(), at in any::<usize>()) {
        let key = account_key("contoso");
        let until = frozen() + HOUR;
        let tokens = [
            QueueSas::new(&*sent.queue, QueuePermissions::ALL, until).sign("contoso", &key).unwrap(),
            QueueSas::by_policy(&*sent.queue, "known").sign("contoso", &key).unwrap(),
            AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, until)
                .sign("contoso", &key)
                .unwrap(),
            UserDelegationSas::new(&*sent.queue, QueuePermissions::ALL, until)
                .sign("contoso", &delegation_key())
                .unwrap(),
        ];
        for token in tokens {
            // Only values: a name that is changed is another parameter.
            let mut pairs: Vec<(String, String)> = token
                .expose()
                .split('&')
                .map(|pair| pair.split_once('=').unwrap())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let count = pairs.len();
            let (name, value) = &mut pairs[at % count];
            *value = flipped(value, at / 7);
            let name = name.clone();
            let text: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
            let Ok(changed) = SasToken::parse(&text.join("&")) else { continue };
            let mut parts = sent.parts();
            changed.authorize(&mut parts, frozen()).unwrap();
            prop_assert!(sent.verify(&parts).is_err(), "{name} of {changed:?}");
        }
    }

    #[test]
    fn headers_are_sorted_by_the_rule(
        names in prop::collection::btree_set("[a-c0-2_'^|~+.*&%$#!`-]{1,6}", 1..12)
    ) {
        // The rule, written out: without hyphens (and apostrophes) by weight; then by the hyphens.
        const ALPHABET: &str = "!#$%&*.^_`|~+0123456789abcdefghijklmnopqrstuvwxyz";
        let key = |name: &str| {
            let first: Vec<usize> = name.chars().filter_map(|c| ALPHABET.find(c)).collect();
            let second: Vec<Option<usize>> = name.chars().map(|c| "'-".find(c)).collect();
            (first, second)
        };
        let mut request = http::Request::get("https://contoso.queue.core.windows.net/");
        for name in &names {
            request = request.header(format!("x-ms-{name}"), "v");
        }
        let text = string_to_sign("contoso", &request.body(()).unwrap()).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("x-ms-"));
        let signed: Vec<String> = lines.map(|line| line.replace(":v", "")).collect();
        let mut expected: Vec<String> = names.into_iter().collect();
        expected.sort_by_key(|name| key(&format!("x-ms-{name}")));
        prop_assert_eq!(signed, expected);
    }

    #[test]
    fn tokens_survive(
        pairs in prop::collection::btree_map("[a-z]{1,6}", "[ -~é]{0,20}", 0..6),
        query in "[a-r]{0,5}(=[a-zA-Z0-9%]{0,3})?(&[a-r]{1,3}=[a-z0-9]{0,5}){0,3}&?",
    ) {
        let mut text = "sv=2026-02-06&sig=c2ln%2B".to_owned();
        for (name, value) in pairs.iter().filter(|(name, _)| !name.starts_with('s')) {
            text.push_str(&format!("&{name}={}", encoded(value)));
        }
        let token = SasToken::parse(&format!("?{text}")).unwrap();
        prop_assert_eq!(token.expose(), &*text);
        let again = SasToken::parse(token.expose()).unwrap();
        prop_assert_eq!(again.expose(), &*text);

        let Ok(uri) = format!("https://contoso.queue.core.windows.net/jobs?{query}").parse() else {
            return Ok(());
        };
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.uri = uri;
        let before = parts.uri.query().unwrap_or_default().to_owned();
        token.authorize(&mut parts, frozen()).unwrap();
        let after = parts.uri.query().unwrap();
        prop_assert!(after.starts_with(&before) && after.ends_with(&text), "{before} -> {after}");
    }

    #[test]
    fn nothing_panics(
        authorization in "(SharedKey|SharedKeyLite|Bearer|Basic)? ?[ -~]{0,60}",
        query in "([a-z]{1,3}|sig|sv|se|sp|ss|srt|sip|spr|skoid|st|si)=[!-~]{0,20}(&(sig|sv|se|ses)=[!-~]{0,9}){0,4}",
        path in "[!-~]{0,30}",
        ours in "(GET|PUT|r)?[\n:/a-z-]{0,60}",
        theirs in "(GET|PUT|r)?[\n:/a-z-]{0,60}",
    ) {
        let _ = explain_mismatch(&ours, &theirs);
        if let Ok(token) = SasToken::parse(&query) {
            let _ = token.explain(frozen()).to_string();
            let _ = format!("{token:?}");
        }
        let uri = format!("http://127.0.0.1/{path}?{query}");
        let request = http::Request::get(uri)
            .header("authorization", authorization)
            .header("x-ms-date", common::FROZEN)
            .body(());
        let Ok(request) = request else { return Ok(()) };
        for path_style in [false, true] {
            let context = RequestContext::new(frozen()).path_style(path_style);
            let verifier = Verifier::new(key_store()).delegation_keys(Store);
            prop_assert!(verifier.verify("contoso", &request, &Store, &context).is_err());
        }
    }

    #[test]
    fn times_that_no_format_can_express(seconds in any::<u64>()) {
        let Some(time) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) else {
            return Ok(());
        };
        let mut parts = http::Request::new(()).into_parts().0;
        let signer = SharedKey::new("contoso", account_key("contoso"));
        prop_assert_eq!(signer.authorize(&mut parts, time).is_ok(), seconds < 253_402_300_800);
        let token = QueueSas::new("jobs", QueuePermissions::ALL, time)
            .sign("contoso", &account_key("contoso"));
        prop_assert_eq!(token.is_ok(), seconds < 253_402_300_800);
    }
}

#[test]
fn grants_say_what_was_signed() {
    let sent = Sent {
        method: "GET",
        path_style: true,
        plus: false,
        queue: "jobs".to_owned(),
        rest: "/messages",
        query: Vec::new(),
        metadata: Vec::new(),
        length: None,
        version: "2026-02-06",
    };
    let kinds = strategies("jobs").into_iter().map(|strategy| {
        let mut parts = sent.parts();
        strategy.authorize(&mut parts, frozen()).unwrap();
        match sent.verify(&parts).unwrap().access {
            Access::Owner => "owner",
            Access::QueueSas { policy: None, .. } => "queue",
            Access::QueueSas { policy: Some(_), .. } => "policy",
            Access::AccountSas { .. } => "account",
            Access::UserDelegationSas { .. } => "delegation",
            _ => "other",
        }
    });
    let expected = [
        "owner",
        "owner",
        "queue",
        "queue",
        "queue",
        "queue",
        "policy",
        "account",
        "account",
        "delegation",
    ];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
}
