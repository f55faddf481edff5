//! URLs with a shared access signature: what is read as account and queue, and what errors say.

use queue_client::{QueueClient, SasUrl};

const TOKEN: &str = "sv=2025-07-05&sp=p&se=2036-09-24T10%3A00%3A00Z&sig=c2VjcmV0c2VjcmV0";

#[test]
fn account_and_queue_are_where_the_service_has_them() {
    for (url, endpoint, queue) in [
        ("https://acme.queue.core.windows.net/", "https://acme.queue.core.windows.net/", None),
        ("https://acme.queue.core.windows.net", "https://acme.queue.core.windows.net/", None),
        (
            "https://acme.queue.core.windows.net/orders",
            "https://acme.queue.core.windows.net/",
            Some("orders"),
        ),
        (
            "https://acme-secondary.queue.core.windows.net/orders",
            "https://acme-secondary.queue.core.windows.net/",
            Some("orders"),
        ),
        (
            "http://127.0.0.1:10001/devstoreaccount1",
            "http://127.0.0.1:10001/devstoreaccount1/",
            None,
        ),
        (
            "http://127.0.0.1:10001/devstoreaccount1/orders",
            "http://127.0.0.1:10001/devstoreaccount1/",
            Some("orders"),
        ),
        (
            "http://azurite:10001/devstoreaccount1/orders",
            "http://azurite:10001/devstoreaccount1/",
            Some("orders"),
        ),
        (
            "https://acme.queue.core.windows.net/orders/messages",
            "https://acme.queue.core.windows.net/",
            Some("orders"),
        ),
        (
            "https://acme.queue.core.windows.net/orders/messages/5f2c9a51",
            "https://acme.queue.core.windows.net/",
            Some("orders"),
        ),
        (
            "http://host.docker.internal:10001/devstoreaccount1/orders/messages",
            "http://host.docker.internal:10001/devstoreaccount1/",
            Some("orders"),
        ),
        (
            "http://[::1]:10001/devstoreaccount1/orders",
            "http://[::1]:10001/devstoreaccount1/",
            Some("orders"),
        ),
    ] {
        let parsed = SasUrl::parse(&format!("{url}?{TOKEN}")).unwrap();
        assert_eq!(parsed.endpoint().to_string(), endpoint, "{url}");
        assert_eq!(parsed.queue().map(|queue| queue.as_str()), queue, "{url}");
        assert_eq!(parsed.token().expose(), TOKEN);
    }
}

#[test]
fn a_signature_for_the_account_says_that_a_lone_segment_is_the_account() {
    let token = "sv=2025-07-05&ss=q&srt=sco&sp=rl&se=2036-09-24T10%3A00%3A00Z&sig=c2VjcmV0c2VjcmV0";
    for host in ["host.docker.internal", "azurite.queue.svc.cluster.local", "azurite", "127.0.0.1"]
    {
        let parsed = SasUrl::parse(&format!("http://{host}:10001/devstoreaccount1?{token}"));
        let expected = format!("http://{host}:10001/devstoreaccount1/");
        assert_eq!(parsed.unwrap().endpoint().to_string(), expected);
    }
}

#[test]
fn what_is_put_together_is_read_again() {
    for url in [
        "https://acme.queue.core.windows.net/orders",
        "https://acme.queue.core.windows.net/",
        "http://127.0.0.1:10001/devstoreaccount1/orders",
        "http://127.0.0.1:10001/devstoreaccount1/",
    ] {
        let token = if url.ends_with('/') { format!("ss=q&srt=sco&{TOKEN}") } else { TOKEN.into() };
        let parsed = SasUrl::parse(&format!("{url}?{token}")).unwrap();
        let (endpoint, queue) = (parsed.endpoint().clone(), parsed.queue().cloned());
        let made = SasUrl::new(endpoint, queue, parsed.token().clone());
        assert_eq!(made.expose(), format!("{url}?{token}"));
    }
}

#[test]
fn quotes_and_the_escapes_of_html_are_taken_off() {
    let url = format!("https://acme.queue.core.windows.net/orders?{TOKEN}");
    for text in [format!("\"{url}\""), format!(" '{url}'\n"), url.replace('&', "&amp;")] {
        assert_eq!(SasUrl::parse(&text).unwrap().token().expose(), TOKEN, "{text}");
    }
}

#[test]
fn errors_say_what_is_missing_and_show_no_signature() {
    for (url, expected) in [
        ("https://acme.queue.core.windows.net/orders".to_owned(), "it has no signature"),
        (format!("acme.queue.core.windows.net?{TOKEN}"), "it must start with https://"),
        (
            format!("https://queues.contoso.example/orders?{TOKEN}"),
            "does not tell whether its path starts with an account or a queue",
        ),
        (
            format!("https://queues.contoso.example/orders/messages?{TOKEN}"),
            "does not tell whether its path starts with an account or a queue",
        ),
        (format!("?{TOKEN}"), "looks like a shared access signature alone"),
        (
            format!("AccountName=acme;SharedAccessSignature={TOKEN}"),
            "looks like a connection string",
        ),
        (format!("https://127.0.0.1?{TOKEN}"), "it names no account"),
        (format!("https://acme.queue.core.windows.net/a/b/c?{TOKEN}"), "its path must be a queue"),
        (format!("https://acme.queue.core.windows.net/Orders?{TOKEN}"), "uppercase letter"),
        ("https://acme.queue.core.windows.net/orders?sp=p&sig=c2VjcmV0c2VjcmV0".to_owned(), "sv"),
    ] {
        let error = SasUrl::parse(&url).unwrap_err();
        assert!(error.to_string().contains(expected), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("c2VjcmV0"), "{error:?}");
    }
    let error = QueueClient::from_sas_url(&format!("https://acme.queue.core.windows.net?{TOKEN}"));
    assert_eq!(error.unwrap_err().to_string(), "SAS URL: its path names no queue");
}

#[test]
fn no_signature_in_debug() {
    let parsed = SasUrl::parse(&format!("https://acme.queue.core.windows.net/orders?{TOKEN}"));
    assert!(!format!("{:?}", parsed.unwrap()).contains("c2VjcmV0"));
}
