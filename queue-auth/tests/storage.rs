//! Known answers for the other services of Azure Storage; `data/storage.py` and `data/storage.js` wrote them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::HashMap;

use common::frozen;
use common::storage::file;
use queue_auth::verify::{Access, NoPolicies, RequestContext, Verifier, VerifyError};
use queue_auth::{
    AccountKey, AuthError, Authorize, Service, SharedKey, SharedKeyLite, string_to_sign_for,
    string_to_sign_lite_for,
};

#[test]
fn requests_are_signed_as_the_sdks_sign_them_and_verified() {
    let file = file();
    let key = || AccountKey::from_base64(&file.key).unwrap();
    let verifier = Verifier::new(HashMap::from([(file.account.clone(), vec![key()])]));
    let mut count = HashMap::<_, usize>::new();
    for vector in file.vectors.iter().filter(|vector| vector.scheme != "sas") {
        let (id, service) = (&vector.id, vector.service());
        let lite = match &*vector.scheme {
            "shared_key" => false,
            "shared_key_lite" => true,
            other => panic!("{other}"),
        };
        let request = vector.request();
        let text = match lite {
            true => string_to_sign_lite_for(service, &file.account, &request),
            false => string_to_sign_for(service, &file.account, &request),
        };
        assert_eq!(text.unwrap(), vector.string_to_sign, "{id}");

        let full = SharedKey::new(&*file.account, key()).for_service(service);
        let signer: Box<dyn Authorize> = match lite {
            true => Box::new(SharedKeyLite::new(&*file.account, key()).for_service(service)),
            // The parts of a batch have no version of their own.
            false if id.starts_with("js-part-") => {
                assert!(full.authorize(&mut vector.request().into_parts().0, frozen()).is_err());
                Box::new(full.without_version())
            }
            false => Box::new(full),
        };
        let (mut parts, ()) = request.into_parts();
        signer.authorize(&mut parts, frozen()).unwrap();
        let authorization = parts.headers["authorization"].to_str().unwrap();
        assert!(authorization.ends_with(&format!(" contoso:{}", vector.signature)), "{id}");

        let verify = |parts: &http::request::Parts, service| {
            let context = RequestContext::new(frozen()).service(service);
            verifier.verify(&file.account, parts, &NoPolicies, &context)
        };
        assert!(matches!(verify(&parts, service).unwrap().access, Access::Owner), "{id}");
        // Nobody falls back to the rules of another service.
        let other = if service == Service::Table { Service::Blob } else { Service::Table };
        assert!(matches!(verify(&parts, other), Err(VerifyError::Mismatch { .. })), "{id}");
        let method = parts.method.clone();
        parts.method = http::Method::TRACE;
        // Lite of tables signs no method.
        let unsigned = lite && service == Service::Table;
        assert_eq!(verify(&parts, service).is_ok(), unsigned, "{id}");
        parts.method = method;
        *count.entry((service, lite)).or_default() += 1;
    }
    for (key, least) in [
        ((Service::Blob, false), 100),
        ((Service::Blob, true), 35),
        ((Service::File, false), 20),
        ((Service::File, true), 10),
        ((Service::Table, false), 24),
        ((Service::Table, true), 50),
    ] {
        assert!(count[&key] >= least, "{count:?}");
    }
}

#[test]
fn the_rules_of_another_service_are_refused_by_name() {
    let key = || AccountKey::from_base64(&file().key).unwrap();
    for (host, signer, refused) in [
        ("table", Service::Queue, Some(Service::Table)),
        ("table", Service::Blob, Some(Service::Table)),
        ("blob", Service::Table, Some(Service::Blob)),
        ("queue", Service::Table, Some(Service::Queue)),
        ("table", Service::Table, None),
        // These three sign by one rule.
        ("blob", Service::Queue, None),
        ("file", Service::Blob, None),
    ] {
        let uri = format!("https://contoso.{host}.core.windows.net/a");
        let request = || http::Request::get(&*uri).header("x-ms-version", "2025-07-05");
        let (mut parts, ()) = request().body(()).unwrap().into_parts();
        let before = parts.headers.clone();
        let signed = SharedKey::new("contoso", key()).for_service(signer);
        let result = signed.authorize(&mut parts, frozen());
        let Some(refused) = refused else {
            result.unwrap();
            continue;
        };
        let error = result.unwrap_err();
        let AuthError::OtherService { host, signer: by } = error else { panic!("{error}") };
        assert_eq!((host, by), (refused, signer));
        assert_eq!(parts.headers, before);
        let text = string_to_sign_for(signer, "contoso", &request().body(()).unwrap());
        assert!(matches!(text, Err(AuthError::OtherService { .. })));
    }
}

#[test]
fn a_request_for_tables_is_known_by_its_headers_where_the_host_says_nothing() {
    let key = || AccountKey::from_base64(&file().key).unwrap();
    let accept = ("accept", "application/json;odata=minimalmetadata");
    for (header, host, refused) in [
        (accept, "127.0.0.1:10002/contoso", true),
        (("dataserviceversion", "3.0"), "127.0.0.1:10002/contoso", true),
        (("accept", "application/json"), "127.0.0.1:10002/contoso", false),
        // What the host says is right.
        (accept, "contoso.queue.core.windows.net", false),
    ] {
        let request = http::Request::get(format!("http://{host}/people"))
            .header("x-ms-version", "2019-02-02")
            .header(header.0, header.1);
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let result = SharedKey::new("contoso", key()).authorize(&mut parts, frozen());
        match result {
            Err(AuthError::OtherService { host: Service::Table, signer: Service::Queue }) => {
                assert!(refused, "{header:?}");
            }
            other => assert!(other.is_ok() && !refused, "{header:?}: {other:?}"),
        }
        let tables = SharedKey::new("contoso", key()).for_service(Service::Table);
        let result = tables.authorize(&mut parts, frozen());
        assert_eq!(result.is_ok(), host.starts_with("127"), "{header:?}");
    }
}

#[test]
fn a_value_that_http_would_change_is_refused_by_name() {
    let key = || AccountKey::from_base64(&file().key).unwrap();
    for (name, value, refused) in [
        ("x-ms-meta-a", " b", true),
        ("x-ms-meta-a", "b\t", true),
        ("content-type", "text/plain ", true),
        ("x-ms-meta-a", "b  c", false),
        // Not signed, and so as they are.
        ("x-other", " b ", false),
        // Replaced by the signer.
        ("x-ms-date", " b ", false),
    ] {
        let (mut parts, ()) = http::Request::get("https://contoso.blob.core.windows.net/a")
            .header("x-ms-version", "2025-07-05")
            .header(name, value)
            .body(())
            .unwrap()
            .into_parts();
        let before = parts.headers.clone();
        let signer = SharedKey::new("contoso", key()).for_service(Service::Blob);
        match signer.authorize(&mut parts, frozen()) {
            Err(AuthError::ChangedByHttp { name: named }) => {
                assert!(refused && named == name, "{name}: {value:?}");
                assert_eq!(parts.headers, before);
            }
            other => assert!(other.is_ok() && !refused, "{name}: {other:?}"),
        }
    }
}

#[test]
fn a_request_without_a_version_is_refused_except_for_tables() {
    let key = || AccountKey::from_base64(&file().key).unwrap();
    for service in [Service::Blob, Service::Queue, Service::File, Service::Table] {
        let uri = format!("https://contoso.{service}.core.windows.net/a");
        let (mut parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
        let result =
            SharedKey::new("contoso", key()).for_service(service).authorize(&mut parts, frozen());
        match (service, result) {
            (Service::Table, result) => result.unwrap(),
            (_, result) => {
                assert!(matches!(result, Err(AuthError::MissingVersion)), "{service}");
                assert!(parts.headers.is_empty());
                let signer = SharedKey::new("contoso", key()).without_version();
                signer.authorize(&mut parts, frozen()).unwrap();
            }
        }
    }
}
