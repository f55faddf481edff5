//! Properties of the challenge parser.

#![cfg(feature = "aad")]
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use queue_auth::bearer::Challenge;

fn is_tenant(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}

/// Text that has much of what a challenge is made of.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("Bearer ".to_owned()),
        Just("authorization_uri=".to_owned()),
        Just("resource_id=".to_owned()),
        Just("https://login.microsoftonline.com/".to_owned()),
        Just("https://storage.azure.com".to_owned()),
        "[ ,=\"\\\\/?#@%.:-]",
        "[a-z0-9-]{1,8}",
        "\\PC",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_spelling_reads_the_same(
        tenant in "[a-zA-Z0-9]{1,10}(-[a-zA-Z0-9]{1,8}){0,4}(\\.[a-z]{2,6}){0,2}",
        host in "[a-z]{1,10}(\\.[a-z]{2,6}){1,2}",
        resource in "https://[a-z0-9.]{1,30}/?",
        scheme in "[bB][eE][aA][rR][eE][rR]",
        gap in "( |\t|,|, | , ){1,2}",
        (quoted, swapped, extra) in any::<(bool, bool, bool)>(),
    ) {
        prop_assume!(!["common", "organizations", "consumers"].contains(&&*tenant.to_lowercase()));
        let quote = |text: &str| if quoted { format!("\"{text}\"") } else { text.to_owned() };
        let uri = quote(&format!("https://{host}/{tenant}/oauth2/authorize"));
        let mut parameters = vec![
            format!("authorization_uri={uri}"),
            format!("resource_id={}", quote(&resource)),
        ];
        if swapped {
            parameters.reverse();
        }
        if extra {
            parameters.insert(1, "error=\"invalid, token\"".to_owned());
        }
        let value = format!("{scheme} {}", parameters.join(&gap));
        let challenge = Challenge::parse(&value).unwrap();
        prop_assert_eq!(challenge.tenant(), Some(&*tenant));
        prop_assert_eq!(challenge.resource_id(), Some(&*resource));

        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"x\""));
        headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        prop_assert_eq!(Challenge::from_headers(&headers), Some(challenge));
    }

    #[test]
    fn whatever_comes_the_tenant_is_safe(value in pieces()) {
        if let Some(tenant) = Challenge::parse(&value).as_ref().and_then(Challenge::tenant) {
            prop_assert!(is_tenant(tenant), "{}", tenant);
            prop_assert!(value.contains(tenant));
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = HeaderValue::from_bytes(&[b"Bearer ", &*bytes].concat()) {
            let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, value)]);
            let _ = Challenge::from_headers(&headers);
        }
    }
}
