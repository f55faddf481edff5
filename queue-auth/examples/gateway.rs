//! A gateway that takes shared access signatures and forwards with an account key that its callers
//! never see.
//!
//! It verifies a request as the service would, decides whether the signature covers the operation, and
//! signs the request anew for the account behind it. To keep the example small, it knows two operations
//! of queues and sends nothing: it prints what it would forward.
//!
//! `cargo run -p queue-auth --example gateway`

use std::collections::HashMap;
use std::error::Error;
use std::time::{Duration, SystemTime};

use http::{Method, Request, StatusCode};
use queue_auth::sas::{QueuePermissions, QueueSas, SasToken};
use queue_auth::verify::{Needs, NoPolicies, NotPermitted, Permit, RequestContext, Verifier};
use queue_auth::{AccountKey, AuthError, AuthorizeExt, SharedKey};

/// The keys for which the callers have signatures.
type Keys = HashMap<String, Vec<AccountKey>>;

struct Gateway {
    verifier: Verifier<Keys>,
    upstream: SharedKey,
}

/// The status and the error code that the caller gets.
type Refusal = (StatusCode, &'static str);

impl Gateway {
    /// The request to send upstream in place of `request`.
    fn forward<B>(&self, mut request: Request<B>, now: SystemTime) -> Result<Request<B>, Refusal> {
        let context = RequestContext::new(now).https(true);
        let grant = self
            .verifier
            .verify("contoso", &request, &NoPolicies, &context)
            .map_err(|error| (error.status(), error.code()))?;
        let needs = needs(&request).ok_or((StatusCode::BAD_REQUEST, "InvalidUri"))?;
        let refused = |error: NotPermitted| (error.status(), error.code());
        if grant.permits(&needs).map_err(refused)? != Permit::Granted {
            return Err((StatusCode::FORBIDDEN, "AuthorizationFailure"));
        }
        // The caller's signature stays here; the key upstream never leaves.
        let failed = |_| (StatusCode::BAD_REQUEST, "InvalidUri");
        SasToken::take_from(request.uri_mut()).map_err(failed)?;
        let failed = |_: AuthError| (StatusCode::BAD_REQUEST, "InvalidHeaderValue");
        self.upstream.authorize_request(&mut request, now).map_err(failed)?;
        Ok(request)
    }
}

/// The rights that the operation needs: Put Message and Peek Messages. `queue-proto` knows them all.
fn needs<B>(request: &Request<B>) -> Option<Needs<'static>> {
    let path = request.uri().path();
    match *request.method() {
        Method::POST if path.ends_with("/messages") => {
            Some(Needs::new().account('o', &['a']).resource(&['a']))
        }
        Method::GET
            if request.uri().query().is_some_and(|query| query.contains("peekonly=true")) =>
        {
            Some(Needs::new().account('o', &['r']).resource(&['r']))
        }
        _ => None,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let key = || AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=");
    let gateway = Gateway {
        verifier: Verifier::new(HashMap::from([("contoso".to_owned(), vec![key()?])])),
        upstream: SharedKey::new("contoso", AccountKey::from_base64("YW5vdGhlci1rZXk=")?),
    };
    let now = SystemTime::now();
    let sender = QueueSas::new("jobs", QueuePermissions::ADD, now + Duration::from_secs(3600))
        .sign("contoso", &key()?)?;

    let jobs = "https://contoso.queue.core.windows.net/jobs/messages";
    let put = Request::post(format!("{jobs}?messagettl=60&{}", sender.expose()))
        .header("x-ms-version", "2025-07-05")
        .header("content-length", "0")
        .body(())?;
    let forwarded =
        gateway.forward(put, now).map_err(|(status, code)| format!("{status} {code}"))?;
    println!("forwarded: {} {}", forwarded.method(), forwarded.uri());
    if forwarded.uri().to_string().contains("sig=") {
        return Err("the caller's signature was forwarded".into());
    }

    let peek = Request::get(format!("{jobs}?peekonly=true&{}", sender.expose()))
        .header("x-ms-version", "2025-07-05")
        .body(())?;
    match gateway.forward(peek, now) {
        Ok(_) => Err("a signature to add messages was let through to peek".into()),
        Err((status, code)) => {
            println!("refused: {status} {code}");
            Ok(())
        }
    }
}
