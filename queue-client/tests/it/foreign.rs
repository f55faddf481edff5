//! Answers that something other than the queue service gives, and what is said about them.

use bytes::Bytes;
use http::Response;
use queue_client::{
    Cause, OpFailure, QueueServiceClient, Refusal,
    retry::NoRetry,
    runtime::ManualRuntime,
    transport::{Transport, TransportError, TransportErrorKind, from_fn},
};

fn answering(answer: impl Fn() -> Response<Bytes> + Send + Sync + 'static) -> QueueServiceClient {
    over(from_fn(move |_| Ok(answer())))
}

fn over(transport: impl Transport + 'static) -> QueueServiceClient {
    QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(transport)
        .runtime(ManualRuntime::starting_at(std::time::UNIX_EPOCH))
        .retry(NoRetry)
        .build()
        .unwrap()
}

fn answer(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response<Bytes> {
    let builder = Response::builder().status(status);
    let builder =
        headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(Bytes::from_static(body.as_bytes())).unwrap()
}

const HTML: (&str, &str) = ("Content-Type", "text/html; charset=utf-8");

#[tokio::test]
async fn what_is_not_the_services_is_said_so_with_all_that_is_known() {
    for (status, headers, body, shown, kind) in [
        (
            302,
            &[("Location", "https://login.example.org/start?sig=c2VjcmV0")][..],
            "",
            "status 302 Found, no content type, redirect to login.example.org, no text",
            Refusal::Invalid,
        ),
        (
            407,
            &[HTML],
            "<html><h1>Proxy authentication</h1></html>",
            "status 407 Proxy Authentication Required, text/html; charset=utf-8, \"Proxy \
             authentication\"",
            Refusal::Invalid,
        ),
        (
            403,
            &[HTML],
            "<p>Blocked by corporate firewall: rule 17</p>",
            "status 403 Forbidden, text/html; charset=utf-8, \"Blocked by corporate firewall: rule \
             17\"",
            Refusal::Unauthorized,
        ),
        (
            411,
            &[HTML],
            "HTTP Error 411. The request must be chunked or have a content length.",
            "\"HTTP Error 411. The request must be chunked or have a content length.\"",
            Refusal::Invalid,
        ),
    ] {
        let headers = headers.to_vec();
        let service = answering(move || answer(status, &headers, body));
        let error = service.queue("orders").unwrap().send("a").await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("PutMessage got an answer that is not the queue service's (status "),
            "{text}"
        );
        assert!(text.contains(shown), "{text}");
        assert!(!text.contains("(, ") && !format!("{error:#?}").contains("c2VjcmV0"), "{error:#?}");
        let Cause::NotTheService(answer) = error.cause() else { panic!("{error:?}") };
        assert_eq!(answer.status(), status);
        assert_eq!(error.code(), None);
        let OpFailure::Refused { kind: found, .. } = error.failure() else { panic!("{error:?}") };
        assert_eq!(*found, kind);
    }
}

#[tokio::test]
async fn a_login_page_in_place_of_an_answer_is_not_the_services() {
    let service = answering(|| answer(200, &[HTML], "<title>Welcome to Hotel Wi-Fi</title>"));
    let orders = service.queue("orders").unwrap();
    let error = orders.send("a").await.unwrap_err();
    assert!(error.to_string().contains("\"Welcome to Hotel Wi-Fi\""), "{error}");
    assert!(matches!(error.cause(), Cause::NotTheService(_)), "{error:?}");
    assert_eq!(*error.failure(), OpFailure::Ambiguous);
    assert!(error.to_string().ends_with("; it may have been done all the same"), "{error}");

    // A read is the same whether the service saw it or not.
    for error in [
        orders.peek(1).await.unwrap_err(),
        orders.properties().await.unwrap_err(),
        service.list_queues().all().await.unwrap_err(),
        service.properties().await.unwrap_err(),
    ] {
        assert_eq!(*error.failure(), OpFailure::Ambiguous);
        assert!(!error.to_string().contains("all the same"), "{error}");
    }
}

#[tokio::test]
async fn the_service_without_a_code_is_still_the_service() {
    let service = answering(|| answer(404, &[("x-ms-request-id", "5f2c")], ""));
    let error = service.queue("orders").unwrap().send("a").await.unwrap_err();
    assert_eq!(error.to_string(), "PutMessage failed: the service gave no reason (status 404)");
    assert!(matches!(error.cause(), Cause::Service(_)));
}

#[tokio::test]
async fn a_signature_that_is_repeated_stays_out_of_errors_and_their_causes() {
    const SIGNATURE: &str = "Pv2TfhcT2pGWVlvS0FAUlQTjnkGMhwVvLeF5yQm7a1o";
    for (headers, body) in [
        (
            &[("x-ms-error-code", "InvalidUri")][..],
            "<Error><Code>InvalidUri</Code><Message>cannot read \
             https://h/q?sp=r&amp;sig=Pv2TfhcT2pGWVlvS0FAUlQTjnkGMhwVvLeF5yQm7a1o%3D&amp;sv=1</Message>\
             <Uri>https://h/q?sig=Pv2TfhcT2pGWVlvS0FAUlQTjnkGMhwVvLeF5yQm7a1o%3D</Uri></Error>",
        ),
        (
            &[HTML],
            "<a href='https://h/q?sp=r&amp;sig=Pv2TfhcT2pGWVlvS0FAUlQTjnkGMhwVvLeF5yQm7a1o%3D'>x</a> \
             Pv2TfhcT2pGWVlvS0FAUlQTjnkGMhwVvLeF5yQm7a1o=",
        ),
    ] {
        let service = answering(move || answer(400, headers, body));
        let error = service.queue("orders").unwrap().send("a").await.unwrap_err();
        let mut shown = format!("{error} {error:?} {error:#?}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            shown += &format!("{cause} {cause:?}");
            source = cause.source();
        }
        assert!(shown.contains("REDACTED") && !shown.contains(SIGNATURE), "{shown}");
    }
}

#[tokio::test]
async fn a_list_whose_marker_does_not_move_ends_with_an_error() {
    // What Azurite answered, and a cycle of three markers.
    for markers in [&["2"][..], &["a", "b", "c"]] {
        let count = std::sync::atomic::AtomicUsize::new(0);
        let service = answering(move || {
            let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let marker = markers[number % markers.len()];
            let body = format!(
                "<?xml version=\"1.0\"?><EnumerationResults \
                 ServiceEndpoint=\"http://127.0.0.1:10001/devstoreaccount1\"><Prefix/>\
                 <MaxResults>2</MaxResults><Queues><Queue><Name>aaa</Name></Queue><Queue>\
                 <Name>bbb</Name></Queue></Queues><NextMarker>{marker}</NextMarker>\
                 </EnumerationResults>"
            );
            Response::builder().header("x-ms-request-id", "1").body(Bytes::from(body)).unwrap()
        });
        let mut pages = service.list_queues();
        assert_eq!(pages.next().await.unwrap().map(|page| page.len()), Some(2));
        let error = pages.all().await.unwrap_err();
        assert!(
            error.to_string().contains("<NextMarker> that was there before: the list never ends"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_key_that_the_account_does_not_take_leads_to_entra_id() {
    let code = ("x-ms-error-code", "KeyBasedAuthenticationNotPermitted");
    let service = answering(move || answer(403, &[code, ("x-ms-request-id", "1")], ""));
    let error = service.queue("orders").unwrap().receive(1).await.unwrap_err();
    let text = error.to_string();
    for part in [
        "takes no account key",
        "Microsoft Entra ID",
        "role \"Storage Queue Data Message Processor\"",
        "a user delegation SAS works too",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let error = service.queue("orders").unwrap().send("a").await.unwrap_err();
    assert!(error.to_string().contains("Storage Queue Data Message Sender"), "{error}");
}

#[tokio::test]
async fn a_proxy_on_the_way_is_named_in_what_it_answers() {
    #[derive(Debug)]
    struct ByProxy;
    impl Transport for ByProxy {
        fn send(
            &self,
            _: http::Request<Bytes>,
        ) -> queue_client::BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            Box::pin(std::future::ready(Ok(answer(403, &[], "no"))))
        }

        fn proxy(&self, destination: &http::Uri) -> Option<String> {
            assert_eq!(destination.host(), Some("127.0.0.1"));
            Some("http://proxy.example:3128".to_owned())
        }
    }
    let error = over(ByProxy).queue("orders").unwrap().send("a").await.unwrap_err();
    assert!(error.to_string().contains("by the proxy http://proxy.example:3128"), "{error}");
    let error = TransportError::new(TransportErrorKind::Connect).with_proxy("http://p:1");
    assert_eq!(error.to_string(), "no connection to the service (by the proxy http://p:1)");
}
