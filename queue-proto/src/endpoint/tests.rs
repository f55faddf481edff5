//! Tests of how addresses are read.

use super::*;

fn parse(url: &str) -> Result<Endpoint, InvalidEndpoint> {
    Endpoint::parse(url, AccountName::new("contoso").unwrap())
}

#[test]
fn style_follows_from_the_path() {
    for (url, style, display) in [
        ("https://contoso.queue.core.windows.net", AddressingStyle::Host, None),
        (
            "HTTPS://Contoso.Queue.Core.Windows.Net:443/",
            AddressingStyle::Host,
            Some("https://contoso.queue.core.windows.net/"),
        ),
        ("http://127.0.0.1:10001", AddressingStyle::Host, None),
        ("http://127.0.0.1:10001/contoso", AddressingStyle::Path, None),
        (
            "http://azurite:10001/contoso/",
            AddressingStyle::Path,
            Some("http://azurite:10001/contoso/"),
        ),
        ("http://[::1]:10001/contoso", AddressingStyle::Path, None),
        ("http://[::1]/contoso", AddressingStyle::Path, None),
        (
            "http://[::FFFF:1.2.3.4]/contoso",
            AddressingStyle::Path,
            Some("http://[::ffff:102:304]/contoso/"),
        ),
        ("https://queues.example.com:8443/contoso-secondary", AddressingStyle::Path, None),
    ] {
        let endpoint = parse(url).unwrap();
        assert_eq!(endpoint.style(), style, "{url}");
        let expected = display.map_or_else(|| format!("{url}/"), Into::into);
        assert_eq!(endpoint.to_string(), expected);
    }
}

#[test]
fn secondaries_follow_by_rule() {
    let of = |url: &str| parse(url).unwrap().secondary().map(|e| e.to_string());
    assert_eq!(of("http://h/contoso").unwrap(), "http://h/contoso-secondary/");
    assert_eq!(of("http://h/contoso-secondary"), None);
    assert_eq!(
        of("https://contoso-ipv6.queue.core.windows.net").unwrap(),
        "https://contoso-secondary-ipv6.queue.core.windows.net/"
    );
    assert_eq!(
        of("https://contoso-dualstack.queue.core.chinacloudapi.cn").unwrap(),
        "https://contoso-secondary-dualstack.queue.core.chinacloudapi.cn/"
    );
    assert_eq!(of("https://contosolike.example.com"), None);
    let stated = parse("https://q.example").unwrap().with_secondary("https://q2.example").unwrap();
    assert_eq!(stated.secondary().unwrap().to_string(), "https://q2.example/");
    assert_eq!(
        parse("https://q.example").unwrap().with_secondary("https://q2.example/contoso"),
        Err(InvalidEndpoint::SecondaryStyle)
    );
}

#[test]
fn what_is_no_endpoint() {
    use InvalidEndpoint as No;
    for (url, error) in [
        ("", No::NotAUrl),
        ("contoso.queue.core.windows.net", No::NotAUrl),
        ("ftp://h", No::Scheme),
        ("https://", No::Host),
        ("https:///contoso", No::Host),
        ("https://user:pw@h", No::UserInfo),
        ("https://h:0", No::Port),
        ("https://h:70000", No::Port),
        ("https://h:1a", No::Port),
        ("https://h/other", No::Path),
        ("https://h/contoso/queue", No::Path),
        ("https://h//contoso", No::PathCharacters),
        ("https://gw.example/a b", No::PathCharacters),
        ("https://gw.example/a/../b", No::PathCharacters),
        ("https://gw.example/%61", No::PathCharacters),
        ("https://gw.example/contoso/queue", No::Path),
        ("https://contoso.queue.core.windows.net/orders", No::ServicePath),
        ("https://contoso.queue.core.windows.net/contoso", No::ServicePath),
        ("https://h/?sig=x", No::Query),
        ("https://h/#x", No::Query),
        ("https://h%41", No::Host),
        ("https://hö", No::Host),
        ("https://127.1", No::Host),
        ("https://1.2.3.0x4", No::Host),
        ("https://a..b", No::Host),
        ("https://[::1", No::Host),
    ] {
        assert_eq!(parse(url), Err(error), "{url}");
    }
}

#[test]
fn a_gateway_serves_the_account_under_a_path() {
    use AddressingStyle::{Host, Path};
    for (url, style, secondary) in [
        ("https://gw.example/storage/contoso", Path, Some("/storage/contoso-secondary/")),
        ("https://gw.example/storage", Host, None),
        ("https://gw.example/v1.0/a_b~c", Host, None),
        ("http://azurite.queue.svc.cluster.local:10001/contoso", Path, Some("/contoso-secondary/")),
    ] {
        let endpoint = parse(url).unwrap();
        assert_eq!((endpoint.style(), endpoint.to_string()), (style, format!("{url}/")));
        let found = endpoint.secondary().map(|e| e.path_prefix().to_owned() + "/");
        assert_eq!(found.as_deref(), secondary, "{url}");
    }
    for (url, prefix, expected) in [
        ("http://gateway/contoso", "/storage", "http://gateway/storage/contoso/"),
        ("http://gateway/contoso", "", "http://gateway/contoso/"),
        ("http://gateway", "contoso/queues/", "http://gateway/contoso/queues/"),
        ("https://gw.example/a", "/", "https://gw.example/"),
        (
            "https://contoso.queue.core.windows.net",
            "/q",
            "https://contoso.queue.core.windows.net/q/",
        ),
    ] {
        assert_eq!(parse(url).unwrap().with_prefix(prefix).unwrap().to_string(), expected);
    }
    for prefix in ["a//b", "///", "a?b", "..", "ä", &"x".repeat(1024)] {
        let error = parse("http://gateway").unwrap().with_prefix(prefix).unwrap_err();
        assert_eq!(error, InvalidEndpoint::PathCharacters, "{prefix}");
    }
}

#[test]
fn urls_name_their_account_by_one_rule() {
    for (url, account, base, queue) in [
        ("https://acme.queue.core.windows.net", "acme", "", None),
        ("https://acme.queue.core.windows.net/orders", "acme", "", Some("orders")),
        ("https://acme.queue.core.windows.net/orders/messages", "acme", "", Some("orders")),
        ("https://acme.queue.core.windows.net/orders/messages/", "acme", "", Some("orders")),
        ("https://acme.queue.core.windows.net/orders/messages/1-2", "acme", "", Some("orders")),
        ("https://acme.queue.core.windows.net/messages", "acme", "", Some("messages")),
        ("https://acme-secondary-ipv6.queue.core.usgovcloudapi.net", "acme", "", None),
        ("https://acme.z01.queue.storage.azure.net/orders", "acme", "", Some("orders")),
        ("https://acme.privatelink.queue.core.windows.net/a1b", "acme", "", Some("a1b")),
        ("http://acme.queue.localhost:10001/orders", "acme", "", Some("orders")),
        ("http://127.0.0.1:10001/acme/orders", "acme", "/acme", Some("orders")),
        ("http://127.0.0.1:10001/acme-secondary/orders", "acme", "/acme-secondary", Some("orders")),
        ("http://127.0.0.1:10001/acme/messages", "acme", "/acme", Some("messages")),
        ("http://azurite:10001/acme/orders/messages", "acme", "/acme", Some("orders")),
        ("http://[::1]:10001/acme/", "acme", "/acme", None),
        ("http://host.docker.internal:10001/acme", "acme", "/acme", None),
        (
            "http://azurite.queue.svc.cluster.local:10001/acme/orders",
            "acme",
            "/acme",
            Some("orders"),
        ),
        ("https://storage.contoso.example/acme/orders", "acme", "/acme", Some("orders")),
    ] {
        let (endpoint, name) = Endpoint::split_url(url).unwrap();
        assert_eq!(endpoint.account().as_str(), account, "{url}");
        assert_eq!(endpoint.path_prefix(), base, "{url}");
        assert_eq!(name, queue, "{url}");
        assert_eq!(Endpoint::from_url(url).is_ok(), queue.is_none(), "{url}");
    }
    use InvalidEndpoint as No;
    for (url, error) in [
        ("http://127.0.0.1:10001", No::NoAccount),
        ("https://queues.contoso.example/", No::NoAccount),
        ("https://queues.contoso.example/A", No::NoAccount),
        ("https://queues.contoso.example/orders/messages", No::Ambiguous),
        ("https://acme.queue.core.windows.net/orders/other", No::Resource),
        ("https://acme.queue.core.windows.net/orders/messages/1/2", No::Resource),
        ("http://127.0.0.1/acme/orders/other", No::Resource),
        ("acme.queue.core.windows.net", No::NotAUrl),
        ("https://acme.queue.core.windows.net?x", No::Query),
    ] {
        assert_eq!(Endpoint::split_url(url), Err(error), "{url}");
    }
    assert_eq!(
        Endpoint::from_url("https://acme.queue.core.windows.net/orders"),
        Err(No::ServicePath)
    );
    assert_eq!(Endpoint::from_url("http://h/acme/orders"), Err(No::Path));
}

#[test]
fn well_known_endpoints() {
    let emulator = Endpoint::emulator();
    assert_eq!(emulator.to_string(), "http://127.0.0.1:10001/devstoreaccount1/");
    assert!(!emulator.is_https());
    let account = AccountName::new("contoso").unwrap();
    let gov = Endpoint::for_account(account.clone(), "core.usgovcloudapi.net", Scheme::Https);
    assert_eq!(gov.unwrap().to_string(), "https://contoso.queue.core.usgovcloudapi.net/");
    for service in ["queue", "blob", "table"] {
        let suffix = format!("{service}.core.windows.net");
        let endpoint = Endpoint::for_account(account.clone(), &suffix, Scheme::Https).unwrap();
        assert_eq!(endpoint.to_string(), "https://contoso.queue.core.windows.net/");
    }
    assert!(Endpoint::for_account(account, "core.windows.net/contoso", Scheme::Https).is_err());
}
