//! Connection strings: what is accepted, and what the error says otherwise.

use queue_client::ConnectionString;

fn endpoint(text: &str) -> String {
    match ConnectionString::parse(text) {
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
    let parsed = ConnectionString::parse(&format!(
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
}

#[test]
fn errors_name_the_setting_and_the_rule() {
    for (text, expected) in [
        ("", "the connection string is empty"),
        (" ; ", "the connection string is empty"),
        ("contoso", "setting 1 of the connection string has no \"=\""),
        (
            "AccountName=contoso;Unknown=1",
            "the connection string has an unknown setting \"Unknown\"",
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
        match ConnectionString::parse(&text) {
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
