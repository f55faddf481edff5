//! Connection strings: what is accepted, and what the error says otherwise.

use queue_client::Account;

fn endpoint(text: &str) -> String {
    match Account::from_connection_string(text) {
        Ok(parsed) => parsed.endpoint().to_string(),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn accounts_with_a_key() {
    for (text, expected) in [
        ("AccountName=contoso;AccountKey=a2V5", "https://contoso.queue.core.windows.net/"),
        (
            "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5",
            "https://contoso.queue.core.windows.net/",
        ),
        (
            "AccountName=contoso;AccountKey=a2V5;EndpointSuffix=core.chinacloudapi.cn",
            "https://contoso.queue.core.chinacloudapi.cn/",
        ),
        (
            "AccountName=contoso;AccountKey=a2V5;QueueEndpoint=https://q.example.com/;\
             QueueSecondaryEndpoint=https://q2.example.com",
            "https://q.example.com/",
        ),
        (
            "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;\
             QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;",
            "http://127.0.0.1:10001/devstoreaccount1/",
        ),
    ] {
        assert_eq!(endpoint(text), expected, "{text}");
    }
}

#[test]
fn a_gateway_serves_the_account_under_a_path() {
    let token = "sv=2026-02-06&ss=q&srt=sco&sp=rl&se=2027-01-01&sig=abc%3D";
    for (url, credential) in [
        ("https://gw.example.org/storage/acme", "AccountKey=a2V5"),
        ("https://gw.example.org/storage", "AccountKey=a2V5"),
        ("https://app.example.org/queue", &format!("SharedAccessSignature={token}")),
    ] {
        let text = format!("AccountName=acme;QueueEndpoint={url};{credential}");
        assert_eq!(endpoint(&text), format!("{url}/"));
    }
    assert_eq!(
        endpoint(
            "AccountName=acme;AccountKey=a2V5;QueueEndpoint=https://acme.queue.core.windows.net/orders"
        ),
        "error: QueueEndpoint in the connection string: endpoint has a path, but its host names the \
         account already: leave the path empty, and name a queue apart"
    );
}

#[test]
fn the_suffix_may_name_a_service() {
    for suffix in ["core.windows.net", "queue.core.windows.net", "blob.core.windows.net"] {
        assert_eq!(
            endpoint(&format!("AccountName=acme;AccountKey=a2V5;EndpointSuffix={suffix}")),
            "https://acme.queue.core.windows.net/"
        );
    }
}

/// The standard form of base64, to make what people paste.
fn base64(text: &str) -> String {
    use queue_client::codec::{Base64Text, Codec as _};

    Base64Text.encode(&text.to_owned()).unwrap().as_str().to_owned()
}

#[test]
fn what_is_certain_works_though_it_is_no_connection_string() {
    let expected = "https://contoso.queue.core.windows.net/";
    let plain = "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5";
    let token = "sv=2026-02-06&ss=q&srt=sco&sp=rl&se=2027-01-01&sig=abc%3D";
    for text in [
        format!("\"{plain}\""),
        format!("'{plain}' \n"),
        "AccountName=\"contoso\";AccountKey='a2V5'".to_owned(),
        base64(plain),
        format!("\"{}\"\n", base64(&format!("{plain};\n"))),
        format!("https://contoso.queue.core.windows.net/?{token}"),
        format!("https://contoso.queue.core.windows.net?{}", token.replace('&', "&amp;")),
        format!("AccountName=contoso;SharedAccessSignature={}", token.replace('&', "&amp;")),
    ] {
        assert_eq!(endpoint(&text), expected, "{text}");
    }
    let queue = format!("https://contoso.queue.core.windows.net/orders?{token}");
    assert!(endpoint(&queue).ends_with("open it with QueueClient::from_sas_url"));
}

#[test]
fn what_is_something_else_is_named() {
    let key = base64(&"0123456789abcdef".repeat(4));
    let plain = "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5";
    for (text, expected) in [
        ("https://contoso.queue.core.windows.net/", "a URL without a shared access signature"),
        ("sv=2026-02-06&sp=r&sig=abc%3D", "a shared access signature alone"),
        ("?sp=r&sv=2026-02-06&sig=abc%3D", "a shared access signature alone"),
        (&key, "an account key alone"),
        (
            "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=x;SharedAccessKey=a2V5",
            "one of Service Bus or Event Hubs",
        ),
        (
            "AccountEndpoint=https://contoso.documents.azure.com:443/;AccountKey=a2V5",
            "one of Cosmos DB",
        ),
        ("Endpoint=https://contoso.azconfig.io;Id=x;Secret=a2V5", "one of App Configuration"),
        (
            "HostName=contoso.azure-devices.net;SharedAccessKeyName=x;SharedAccessKey=a2V5",
            "one of IoT Hub",
        ),
        ("InstrumentationKey=x;IngestionEndpoint=https://x", "one of Application Insights"),
        ("Server=tcp:contoso.database.windows.net;Password=a2V5", "one of a database"),
        (&format!("{{\"connectionString\": \"{plain}\"}}"), "JSON, as `az` prints it"),
        (&format!("AZURE_STORAGE_CONNECTION_STRING={plain}"), "a line that sets a variable"),
        (&format!("export QUEUES_1=\"{plain}"), "unknown name"),
        (&format!("export QUEUES=\"{plain}\""), "unknown name"),
        (&format!("export MY_QUEUES=\"{plain}\""), "a line that sets a variable"),
        (&format!("\"{plain}"), "begins with a quote"),
    ] {
        let found = endpoint(text);
        assert!(found.starts_with("error: "), "{text}: {found}");
        assert!(found.contains(expected), "{text}: {found}");
        assert!(!found.contains("a2V5") && !found.contains("abc%3D"), "{text}: {found}");
    }
}

#[test]
fn case_blanks_and_empty_settings_do_not_matter() {
    let expected = "https://contoso.queue.core.windows.net/";
    for text in [
        "accountname=contoso;ACCOUNTKEY=a2V5",
        " AccountName = contoso ;  AccountKey = a2V5 ",
        ";;AccountName=contoso;;AccountKey=a2V5;",
        "AccountName=contoso;AccountKey=a2V5\n",
        "AccountName=contoso;AccountKey=a2V5;BlobEndpoint=https://b.example;TableEndpoint=x",
    ] {
        assert_eq!(endpoint(text), expected, "{text:?}");
    }
}

#[test]
fn a_shared_access_signature_names_its_account_by_the_endpoint() {
    let token = "sv=2026-02-06&ss=q&srt=sco&sp=rl&se=2027-01-01&sig=abc%3D";
    for (before, expected) in [
        (
            "QueueEndpoint=https://contoso.queue.core.windows.net/",
            "https://contoso.queue.core.windows.net/",
        ),
        (
            "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1",
            "http://127.0.0.1:10001/devstoreaccount1/",
        ),
        ("AccountName=contoso", "https://contoso.queue.core.windows.net/"),
        (
            "AccountName=contoso;QueueEndpoint=https://queues.example.com",
            "https://queues.example.com/",
        ),
    ] {
        for mark in ["", "?"] {
            let text = format!("{before};SharedAccessSignature={mark}{token}");
            assert_eq!(endpoint(&text), expected, "{text}");
        }
    }
    let parsed = Account::from_connection_string(&format!(
        "QueueEndpoint=https://contoso-secondary.queue.core.windows.net;SharedAccessSignature={token}"
    ));
    assert_eq!(parsed.unwrap().endpoint().account().as_str(), "contoso");
}

#[test]
fn the_emulator() {
    let expected = "http://127.0.0.1:10001/devstoreaccount1/";
    assert_eq!(endpoint("UseDevelopmentStorage=true"), expected);
    assert_eq!(endpoint("usedevelopmentstorage=True;"), expected);
    assert_eq!(
        endpoint("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://myProxyUri"),
        "http://myproxyuri:10001/devstoreaccount1/"
    );
    for (proxy, host) in [
        ("http://127.0.0.1:10001", "http://127.0.0.1"),
        ("http://127.0.0.1:10000/", "http://127.0.0.1"),
        ("https://[::1]:20001", "https://[::1]"),
        ("http://azurite:80/devstoreaccount1", "http://azurite"),
    ] {
        let text = format!("UseDevelopmentStorage=true;DevelopmentStorageProxyUri={proxy}");
        assert_eq!(endpoint(&text), format!("{host}:10001/devstoreaccount1/"), "{text}");
    }
}

#[test]
fn errors_name_the_setting_and_the_rule() {
    for (text, expected) in [
        ("", "the connection string is empty"),
        (" ; ", "the connection string is empty"),
        ("contoso", "setting 1 of the connection string has no \"=\""),
        ("AccountName=contoso;Unknown=1", "setting 2 of the connection string has an unknown name"),
        (
            "AccountName=contoso;AcountKey=1",
            "the connection string has an unknown setting \"AcountKey\"",
        ),
        (
            "AccountName=contoso;AccountName=other;AccountKey=a2V5",
            "AccountName stands twice in the connection string",
        ),
        ("AccountName=contoso;AccountKey=", "AccountKey in the connection string is empty"),
        (
            "AccountName=contoso",
            "the connection string has neither AccountKey nor SharedAccessSignature: add one of \
             them (the portal shows the whole string under \"Access keys\")",
        ),
        (
            "AccountKey=a2V5",
            "the connection string names no account: add AccountName or QueueEndpoint",
        ),
        (
            "QueueEndpoint=https://contoso.queue.core.windows.net;AccountKey=a2V5",
            "AccountKey in the connection string needs AccountName beside it",
        ),
        (
            "AccountName=contoso;AccountKey=a2V5;SharedAccessSignature=sv=1&sig=x",
            "SharedAccessSignature and AccountKey cannot stand together in a connection string: \
             remove one",
        ),
        (
            "QueueEndpoint=https://queues.example.com;SharedAccessSignature=sv=1&sig=x",
            "QueueEndpoint in the connection string needs AccountName beside it",
        ),
        (
            "QueueEndpoint=https://gw.example.org/storage/acme;SharedAccessSignature=sv=1&sig=x",
            "QueueEndpoint in the connection string needs AccountName beside it",
        ),
        (
            "AccountName=contoso;AccountKey=a2V5;QueueSecondaryEndpoint=https://q2.example.com",
            "QueueSecondaryEndpoint in the connection string needs QueueEndpoint beside it",
        ),
        (
            "AccountName=contoso;AccountKey=a2V5;DefaultEndpointsProtocol=ftp",
            "DefaultEndpointsProtocol in the connection string must be \"https\" or \"http\"",
        ),
        (
            "UseDevelopmentStorage=false",
            "UseDevelopmentStorage in the connection string can only be \"true\": remove it",
        ),
        (
            "UseDevelopmentStorage=true;AccountName=contoso",
            "AccountName and UseDevelopmentStorage cannot stand together in a connection string: \
             remove one",
        ),
        (
            "AccountName=contoso;AccountKey=no base64!",
            "AccountKey in the connection string: the account key is unusable: it is not valid \
             base64",
        ),
    ] {
        assert_eq!(endpoint(text), format!("error: {expected}"), "{text}");
    }
}

#[test]
fn no_error_shows_a_value() {
    const SECRET: &str = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";
    for text in [
        format!("{SECRET}=="),
        SECRET.to_owned(),
        format!("AccountName={SECRET};AccountKey={SECRET}"),
        format!("AccountName=contoso;AccountKey={SECRET}!"),
        format!("AccountKey={SECRET}"),
        format!("AccountName=contoso;Key={SECRET}"),
        format!("AccountName=contoso;AccountKey={SECRET};AccountKey={SECRET}"),
        format!("AccountName=contoso;SharedAccessSignature={SECRET}"),
        format!("QueueEndpoint=https://{SECRET}@x;SharedAccessSignature=sv=1&sig={SECRET}"),
        format!("UseDevelopmentStorage={SECRET}"),
        format!("UseDevelopmentStorage=true;DevelopmentStorageProxyUri={SECRET}"),
    ] {
        match Account::from_connection_string(&text) {
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(!shown.to_lowercase().contains(&SECRET.to_lowercase()), "{shown}");
            }
            Ok(parsed) => {
                let shown = format!("{parsed:?}");
                assert!(!shown.contains(SECRET), "{shown}");
            }
        }
    }
}
