//! The device code flow against an identity provider on this machine, over HTTP.

#![cfg(feature = "oauth2")]
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod oauth_server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth_server::{Answer, Provider, Seen, after, direct, printed};
use queue_auth::bearer::{
    AccessToken, Application, Authority, DeviceCodeFlow, TokenError, TokenErrorKind, TokenRequest,
    TokenSource,
};

const TENANT: &str = "contoso.onmicrosoft.com";
const CLIENT: &str = "e1b9b9d6-9f1c-4c62-8e2e-0f3a4a1f6a11";
const SCOPE: &str = "https://storage.azure.com/.default offline_access";

/// What the program saw: prompts and pauses.
#[derive(Clone, Default)]
struct Log {
    prompts: Arc<Mutex<Vec<String>>>,
    pauses: Arc<Mutex<Vec<u64>>>,
}

impl Log {
    fn pauses(&self) -> Vec<u64> {
        self.pauses.lock().unwrap().clone()
    }

    fn prompts(&self) -> Vec<String> {
        self.prompts.lock().unwrap().clone()
    }
}

fn flow(provider: &Provider) -> (DeviceCodeFlow, Log) {
    let authority = Authority::new(TENANT).unwrap();
    let authority = authority.danger_with_http_host(&provider.url()).unwrap();
    let log = Log::default();
    let (prompts, pauses) = (Arc::clone(&log.prompts), Arc::clone(&log.pauses));
    let flow = DeviceCodeFlow::new(
        Application::new(authority, CLIENT, direct()),
        move |prompt| {
            assert!(!format!("{prompt:?}").contains(prompt.user_code()));
            prompts.lock().unwrap().push(prompt.message().to_owned());
        },
        move |pause| {
            // The pauses are noted, not slept.
            pauses.lock().unwrap().push(pause.as_secs());
            Box::pin(tokio::task::yield_now())
        },
    );
    (flow, log)
}

async fn ask(flow: &DeviceCodeFlow) -> Result<AccessToken, TokenError> {
    flow.token(&TokenRequest::new("https://storage.azure.com/.default"), after(0)).await
}

fn details(more: &str) -> Answer {
    Answer::new(
        200,
        format!(
            r#"{{"device_code":"dev1ce-secret","user_code":"ABCD-1234",
                "verification_uri":"https://microsoft.com/devicelogin","expires_in":900{more}}}"#
        ),
    )
}

fn signed_in(token: &str, refresh: &str) -> Answer {
    Answer::new(
        200,
        format!(
            r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}","refresh_token":"{refresh}"}}"#
        ),
    )
}

fn pending() -> Answer {
    Answer::error(400, "authorization_pending", "AADSTS70016: still waiting")
}

fn is_start(seen: &Seen) -> bool {
    seen.path.ends_with("/devicecode")
}

#[tokio::test]
async fn a_person_signs_in_and_stays_so() {
    let provider = Provider::start(|number, _| match number {
        0 => details(r#","interval":5,"message":"Open the page and enter ABCD-1234.""#),
        1 | 2 => pending(),
        3 => Answer::error(400, "slow_down", ""),
        4 => pending(),
        5 => signed_in("first", "r1"),
        6 => signed_in("second", "r2"),
        7 => Answer::token("third"),
        _ => signed_in("fourth", "r3"),
    })
    .await;
    let (flow, log) = flow(&provider);
    let first = ask(&flow).await.unwrap();
    assert_eq!(first.secret(), "first");
    assert_eq!(log.prompts(), ["Open the page and enter ABCD-1234."]);
    assert_eq!(log.pauses(), [5, 5, 10, 10]);
    // The pauses count: what was issued after 30 seconds of them ends so much later.
    assert_eq!(first.expires_at(), after(30 + 3599));

    for name in ["second", "third", "fourth"] {
        assert_eq!(ask(&flow).await.unwrap().secret(), name);
    }
    assert_eq!(log.prompts().len(), 1);

    let seen = provider.seen();
    assert_eq!(seen[0].path, format!("/{TENANT}/oauth2/v2.0/devicecode"));
    assert_eq!((seen[0].field("client_id"), seen[0].field("scope")), (CLIENT, SCOPE));
    for poll in &seen[1..6] {
        assert_eq!(poll.path, format!("/{TENANT}/oauth2/v2.0/token"));
        assert_eq!(poll.field("grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
        assert_eq!(poll.field("device_code"), "dev1ce-secret");
        assert_eq!(poll.field("client_id"), CLIENT);
    }
    let renewals: Vec<_> = seen[6..].iter().map(|seen| seen.field("refresh_token")).collect();
    assert_eq!(renewals, ["r1", "r2", "r2"]);
    assert!(seen[6..].iter().all(|seen| seen.field("grant_type") == "refresh_token"));
    let shown = format!("{flow:?}");
    assert!(!shown.contains("r3") && !shown.contains("dev1ce"), "{shown}");
}

#[tokio::test]
async fn without_a_message_ours_is_shown() {
    let provider = Provider::start(|number, _| match number {
        0 => details(""),
        _ => signed_in("t", "r"),
    })
    .await;
    let (flow, log) = flow(&provider);
    ask(&flow).await.unwrap();
    let prompt = &log.prompts()[0];
    assert!(prompt.contains("https://microsoft.com/devicelogin") && prompt.contains("ABCD-1234"));
}

#[tokio::test]
async fn when_the_session_ends_the_person_is_asked_again() {
    let provider = Provider::start(|number, seen| match number {
        _ if is_start(seen) => details(""),
        1 => signed_in("first", "r1"),
        2 => Answer::error(400, "invalid_grant", "AADSTS700082: The refresh token has expired: r1"),
        _ => signed_in("second", "r2"),
    })
    .await;
    let (flow, log) = flow(&provider);
    assert_eq!(ask(&flow).await.unwrap().secret(), "first");
    assert_eq!(ask(&flow).await.unwrap().secret(), "second");
    assert_eq!(log.prompts().len(), 2);
}

#[tokio::test]
async fn a_provider_that_is_busy_does_not_bother_the_person() {
    let provider = Provider::start(|number, _| match number {
        0 => details(r#","interval":1"#),
        1 => signed_in("first", "r1"),
        2 => Answer::new(503, ""),
        _ => signed_in("second", "r2"),
    })
    .await;
    let (flow, log) = flow(&provider);
    ask(&flow).await.unwrap();
    let error = ask(&flow).await.unwrap_err();
    assert_eq!(*error.kind(), TokenErrorKind::Busy { status: 503 });
    assert_eq!(ask(&flow).await.unwrap().secret(), "second");
    assert_eq!(log.prompts().len(), 1);
}

#[tokio::test]
async fn trouble_while_polling_is_waited_out() {
    let provider = Provider::start(|number, _| match number {
        0 => details(r#","interval":2"#),
        1 => Answer::new(503, "busy"),
        2 => Answer::hang_up(),
        3 => Answer::error(429, "throttled", ""),
        4 => pending(),
        _ => signed_in("t", "r"),
    })
    .await;
    let (flow, log) = flow(&provider);
    assert_eq!(ask(&flow).await.unwrap().secret(), "t");
    assert_eq!(log.pauses(), [4, 8, 16, 16]);
}

#[tokio::test]
async fn refusals_are_typed() {
    for (status, code) in
        [(400, "authorization_declined"), (400, "expired_token"), (400, "bad_verification_code")]
    {
        let provider = Provider::start(move |number, seen| match number {
            0 => details(""),
            _ => Answer::error(status, code, &format!("code {}", seen.field("device_code"))),
        })
        .await;
        let (flow, _) = flow(&provider);
        let error = ask(&flow).await.unwrap_err();
        let TokenErrorKind::Refused { error: seen, .. } = error.kind() else { panic!("{error}") };
        assert_eq!(seen, code);
        assert!(!printed(&error).contains("dev1ce-secret"), "{error}");
        assert_eq!(provider.count(), 2);
    }
    let provider =
        Provider::start(|_, _| Answer::error(401, "invalid_client", "AADSTS7000218")).await;
    let (flow, log) = flow(&provider);
    assert!(matches!(ask(&flow).await.unwrap_err().kind(), TokenErrorKind::Refused { .. }));
    assert!(log.prompts().is_empty());
}

#[tokio::test]
async fn a_person_who_never_comes() {
    let provider =
        Provider::start(|_, seen| if is_start(seen) { details("") } else { pending() }).await;
    let (flow, log) = flow(&provider);
    let error = ask(&flow).await.unwrap_err();
    let TokenErrorKind::Refused { error: code, .. } = error.kind() else { panic!("{error}") };
    assert_eq!(code, "expired_token");
    // 900 seconds, a question every 5.
    let slept: u64 = log.pauses().iter().sum();
    assert_eq!(slept, 905);
    assert_eq!(provider.count(), 1 + 181);
}

#[tokio::test]
async fn a_provider_that_lies() {
    // An interval of nothing must not make a storm.
    let provider =
        Provider::start(
            |_, seen| {
                if is_start(seen) { details(r#","interval":0"#) } else { pending() }
            },
        )
        .await;
    let (flow, log) = flow(&provider);
    assert!(ask(&flow).await.is_err());
    assert!(log.pauses().iter().all(|pause| *pause >= 1));
    assert!(provider.count() <= 903);

    for more in [
        format!(r#","interval":{}"#, u64::MAX),
        r#","interval":3600"#.to_owned(),
        r#","interval":-1"#.to_owned(),
        r#","expires_in":1"#.to_owned(),
    ] {
        let provider = Provider::start(move |_, _| details(&more)).await;
        let (flow, log) = self::flow(&provider);
        let error = ask(&flow).await.unwrap_err();
        assert!(matches!(error.kind(), TokenErrorKind::InvalidAnswer { .. }), "{error}");
        assert!(log.prompts().is_empty());
    }

    // A life of ages is cut to an hour.
    let provider = Provider::start(|_, seen| {
        if is_start(seen) {
            Answer::new(
                200,
                format!(
                    r#"{{"device_code":"d","user_code":"UVWX-9876","interval":60,
                        "verification_uri":"https://microsoft.com/devicelogin","expires_in":{}}}"#,
                    u64::MAX
                ),
            )
        } else {
            pending()
        }
    })
    .await;
    let (flow, log) = self::flow(&provider);
    assert!(ask(&flow).await.is_err());
    assert_eq!(log.pauses().iter().sum::<u64>(), 3660);
}

#[tokio::test]
async fn two_who_ask_at_once_share_one_prompt() {
    let provider = Provider::start(|number, _| match number {
        0 => details("").slow(Duration::from_millis(100)),
        _ => signed_in("t", "r"),
    })
    .await;
    let (flow, log) = flow(&provider);
    let bearer = Arc::new(queue_auth::Bearer::new(flow));
    let results = oauth_server::at_once(10, || {
        let bearer = Arc::clone(&bearer);
        Box::pin(async move { queue_auth::Authorize::refresh(&*bearer, after(0)).await })
    })
    .await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(log.prompts().len(), 1);
}
