//! Requests that a server refuses, and how.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use bytes::Bytes;
use queue_proto::*;

/// Reads a request on the emulator's endpoint; the answer is the operation, or the error.
fn read(
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<AnyOperation, ServiceError> {
    let mut request = http::Request::builder()
        .method(method)
        .uri(target)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().append(
            http::HeaderName::try_from(*name).unwrap(),
            http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    AnyOperation::read(&IncomingRequest::new(&Endpoint::emulator(), &request)?)
}

#[track_caller]
fn refused(method: &str, target: &str, body: &str, code: &str) -> ServiceError {
    let error = read(method, &format!("/devstoreaccount1{target}"), &[], body).unwrap_err();
    assert_eq!(error.code().as_str(), code, "{method} {target}: {error}");
    error
}

fn kind(method: &str, target: &str) -> OperationKind {
    read(method, &format!("/devstoreaccount1{target}"), &[], "").unwrap().kind()
}

#[test]
fn paths() {
    for (target, code) in [
        ("/Orders?comp=metadata", "InvalidResourceName"),
        ("/or%2Fders?comp=metadata", "InvalidResourceName"),
        ("/ab?comp=metadata", "OutOfRangeInput"),
        ("/orders/?comp=metadata", "InvalidUri"),
        ("/orders/foo", "InvalidUri"),
        ("/orders/messages/", "InvalidUri"),
        ("/orders/messages/a/b", "InvalidUri"),
        ("/orders/messages/%2e%2e", "InvalidUri"),
        ("/orders/messages/..", "InvalidUri"),
        ("/orders/messages/%zz", "InvalidUri"),
        ("/%", "InvalidUri"),
    ] {
        refused("GET", target, "", code);
    }
    let other = read("GET", "/otheraccount/orders?comp=metadata", &[], "").unwrap_err();
    assert_eq!(other.code(), &ErrorCode::ResourceNotFound);
    let prefix = read("GET", "/devstoreaccount12/orders?comp=metadata", &[], "").unwrap_err();
    assert_eq!(prefix.code(), &ErrorCode::ResourceNotFound);
    assert_eq!(kind("GET", "?comp=list"), OperationKind::ListQueues);
    assert_eq!(kind("GET", "-secondary/?comp=list"), OperationKind::ListQueues);
    assert_eq!(kind("DELETE", "/%6Frders"), OperationKind::DeleteQueue);
}

#[test]
fn methods_and_components() {
    for (method, target) in [
        ("PATCH", "/orders"),
        ("POST", "/orders"),
        ("GET", "/orders"),
        ("DELETE", "/orders?comp=metadata"),
        ("PUT", "/?comp=list"),
        ("PUT", "/orders/messages"),
        ("HEAD", "/orders/messages"),
        ("GET", "/orders/messages/1"),
    ] {
        let error = refused(method, target, "", "UnsupportedHttpVerb");
        assert_eq!(error.status(), 405);
    }
    for target in ["/", "/?comp=properties", "/?restype=service&comp=bogus", "/orders?comp=bogus"] {
        refused("GET", target, "", "InvalidQueryParameterValue");
    }
    assert_eq!(kind("HEAD", "/orders?comp=metadata"), OperationKind::GetQueueMetadata);
    assert_eq!(kind("HEAD", "/orders?COMP=Acl"), OperationKind::GetQueueAcl);
}

#[test]
fn numbers() {
    for (method, target, code) in [
        ("GET", "/orders/messages?numofmessages=0", "OutOfRangeQueryParameterValue"),
        ("GET", "/orders/messages?numofmessages=33", "OutOfRangeQueryParameterValue"),
        ("GET", "/orders/messages?numofmessages=-1", "OutOfRangeQueryParameterValue"),
        (
            "GET",
            "/orders/messages?numofmessages=99999999999999999999",
            "OutOfRangeQueryParameterValue",
        ),
        ("GET", "/orders/messages?numofmessages=abc", "InvalidQueryParameterValue"),
        ("GET", "/orders/messages?numofmessages=+1", "InvalidQueryParameterValue"),
        ("GET", "/orders/messages?numofmessages=", "InvalidQueryParameterValue"),
        ("GET", "/orders/messages?numofmessages=1&NumOfMessages=2", "InvalidQueryParameterValue"),
        ("GET", "/orders/messages?visibilitytimeout=0", "OutOfRangeQueryParameterValue"),
        ("GET", "/orders/messages?visibilitytimeout=604801", "OutOfRangeQueryParameterValue"),
        ("GET", "/orders/messages?timeout=-1", "OutOfRangeQueryParameterValue"),
        ("GET", "/orders/messages?timeout=x", "InvalidQueryParameterValue"),
        ("GET", "/orders/messages?peekonly=yes", "InvalidQueryParameterValue"),
        ("GET", "/?comp=list&maxresults=5001", "OutOfRangeQueryParameterValue"),
        ("GET", "/?comp=list&include=bogus", "InvalidQueryParameterValue"),
        ("GET", "/?comp=list&marker=%01", "OutOfRangeInput"),
        ("PUT", "/orders/messages/1?popreceipt=a", "MissingRequiredQueryParameter"),
        ("PUT", "/orders/messages/1?visibilitytimeout=1", "MissingRequiredQueryParameter"),
        ("DELETE", "/orders/messages/1", "MissingRequiredQueryParameter"),
        ("DELETE", "/orders/messages/1?popreceipt=", "InvalidQueryParameterValue"),
        ("DELETE", "/orders/messages/1?popreceipt=a%20b", "InvalidQueryParameterValue"),
        ("DELETE", "/orders/messages/1?popreceipt=%", "InvalidQueryParameterValue"),
    ] {
        refused(method, target, "", code);
    }
    let error =
        refused("GET", "/orders/messages?numofmessages=33", "", "OutOfRangeQueryParameterValue");
    let details: Vec<_> = error.details().collect();
    assert_eq!(
        details,
        [
            ("QueryParameterName", "numofmessages"),
            ("QueryParameterValue", "33"),
            ("MinimumAllowed", "1"),
            ("MaximumAllowed", "32"),
        ]
    );
    assert_eq!(kind("GET", "/orders/messages?peekonly=TRUE"), OperationKind::PeekMessages);
    assert_eq!(kind("GET", "/orders/messages?peekonly=False"), OperationKind::GetMessages);
}

const BODY: &str = "<QueueMessage><MessageText>x</MessageText></QueueMessage>";

#[test]
fn times_of_messages() {
    for (query, code) in [
        ("messagettl=0", "InvalidQueryParameterValue"),
        ("messagettl=-2", "InvalidQueryParameterValue"),
        ("messagettl=1.5", "InvalidQueryParameterValue"),
        ("messagettl=99999999999999999999", "OutOfRangeQueryParameterValue"),
        ("messagettl=10&visibilitytimeout=10", "InvalidQueryParameterValue"),
        ("visibilitytimeout=604800", "InvalidQueryParameterValue"),
    ] {
        refused("POST", &format!("/orders/messages?{query}"), BODY, code);
    }
    let put = |query: &str, version: &str| {
        let target = format!("/devstoreaccount1/orders/messages?{query}");
        read("POST", &target, &[("x-ms-version", version)], BODY)
    };
    assert!(put("messagettl=-1", "2017-07-29").is_ok());
    assert!(put("messagettl=604801", "2017-07-29").is_ok());
    assert!(put("messagettl=9007199254740991", "2017-07-29").is_ok());
    assert!(put("messagettl=9007199254740991", "2017-04-17").is_err());
    assert!(put("messagettl=-1", "2017-04-17").is_err());
    assert!(put("messagettl=604801", "2017-04-17").is_err());
    assert!(put("messagettl=604800", "2017-04-17").is_ok());
    assert!(put("messagettl=-1&visibilitytimeout=604800", "2017-07-29").is_ok());
}

#[test]
fn bodies() {
    for (body, code) in [
        ("", "InvalidXmlDocument"),
        ("<?xml version=\"1.0\"?>", "InvalidXmlDocument"),
        ("<QueueMessage />", "MissingRequiredXmlNode"),
        ("<Other><MessageText>x</MessageText></Other>", "MissingRequiredXmlNode"),
        ("<queuemessage><messagetext>x</messagetext></queuemessage>", "MissingRequiredXmlNode"),
        ("<QueueMessage><Text>x</Text></QueueMessage>", "UnsupportedXmlNode"),
        ("<QueueMessage><MessageText>x</QueueMessage>", "InvalidXmlDocument"),
        (
            "<QueueMessage><MessageText>x</MessageText><MessageText/></QueueMessage>",
            "InvalidXmlDocument",
        ),
        ("<QueueMessage><MessageText>\u{1}</MessageText></QueueMessage>", "InvalidXmlDocument"),
        ("<QueueMessage><MessageText>&#1;</MessageText></QueueMessage>", "InvalidXmlDocument"),
        ("<QueueMessage><MessageText>&#xFFFE;</MessageText></QueueMessage>", "InvalidXmlDocument"),
        ("<QueueMessage><MessageText>&nbsp;</MessageText></QueueMessage>", "InvalidXmlDocument"),
        ("<QueueMessage><MessageText>a & b</MessageText></QueueMessage>", "InvalidXmlDocument"),
        ("<QueueMessage>text<MessageText/></QueueMessage>", "InvalidXmlDocument"),
        ("<QueueMessage><MessageText/></QueueMessage><More/>", "InvalidXmlDocument"),
        ("not xml", "InvalidXmlDocument"),
    ] {
        refused("POST", "/orders/messages", body, code);
    }
    let body = "<QueueMessage>\n  <MessageText>ab\u{2}</MessageText>\n</QueueMessage>";
    let error = refused("POST", "/orders/messages", body, "InvalidXmlDocument");
    assert_eq!(error.detail("LineNumber"), Some("2"));
    assert!(error.detail("LinePosition").is_some());
    assert_eq!(error.detail("Reason"), Some("there is a character that XML does not allow"));

    let invalid =
        Bytes::from_static(b"<QueueMessage><MessageText>\xFF</MessageText></QueueMessage>");
    let request = http::Request::post("/devstoreaccount1/orders/messages").body(invalid).unwrap();
    let incoming = IncomingRequest::new(&Endpoint::emulator(), &request).unwrap();
    assert_eq!(AnyOperation::read(&incoming).unwrap_err().code(), &ErrorCode::InvalidXmlDocument);
}

#[test]
fn sizes() {
    let body = |text: &str| BODY.replace(">x<", &format!(">{text}<"));
    let target = "/devstoreaccount1/orders/messages";
    for fits in ["a".repeat(65_536), "&amp;".repeat(65_536), "é".repeat(32_768)] {
        assert!(read("POST", target, &[], &body(&fits)).is_ok());
    }
    for large in ["a".repeat(65_537), "&lt;".repeat(65_537), "é".repeat(32_769)] {
        let error = refused("POST", "/orders/messages", &body(&large), "RequestBodyTooLarge");
        assert_eq!(error.status(), 413);
        assert_eq!(error.detail("MaxLimit"), Some("65536"));
    }
}

#[test]
fn headers() {
    for version in ["2009-04-13", "2026-13-01", "latest", ""] {
        let error = read("GET", "/devstoreaccount1?comp=list", &[("x-ms-version", version)], "")
            .unwrap_err();
        assert_eq!(error.code(), &ErrorCode::InvalidHeaderValue, "{version}");
        assert_eq!(error.detail("HeaderName"), Some("x-ms-version"));
    }
    let preflight =
        |headers: &[(&str, &str)]| read("OPTIONS", "/devstoreaccount1/orders", headers, "");
    assert!(preflight(&[]).is_err());
    assert!(preflight(&[("origin", "http://a")]).is_err());
    let both = [("origin", "http://a"), ("access-control-request-method", "PUT")];
    assert_eq!(preflight(&both).unwrap().kind(), OperationKind::Preflight);
    let bad = [both[0], both[1], ("access-control-request-headers", "a b")];
    assert!(preflight(&bad).is_err());
}

#[test]
fn lengths() {
    let at = Endpoint::emulator();
    let request = http::Request::put("/devstoreaccount1/orders").body(Bytes::new()).unwrap();
    let incoming = IncomingRequest::new(&at, &request).unwrap();
    let error = incoming.require_content_length().unwrap_err();
    assert_eq!(
        (error.status().as_u16(), error.code()),
        (411, &ErrorCode::MissingContentLengthHeader)
    );
    let request = http::Request::delete("/devstoreaccount1/orders").body(Bytes::new()).unwrap();
    assert!(IncomingRequest::new(&at, &request).unwrap().require_content_length().is_ok());
}

#[test]
fn settings() {
    let set = |inner: &str, code: &str| {
        let body = format!("<StorageServiceProperties>{inner}</StorageServiceProperties>");
        refused("PUT", "/?restype=service&comp=properties", &body, code)
    };
    let off = "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>";
    set("<DefaultServiceVersion>2019-12-12</DefaultServiceVersion>", "UnsupportedXmlNode");
    set("<Logging><Version>1.0</Version></Logging>", "MissingRequiredXmlNode");
    set(
        &format!("<HourMetrics><Version>1.0</Version><Enabled>true</Enabled>{off}</HourMetrics>"),
        "InvalidXmlNodeValue",
    );
    set(
        &format!("<HourMetrics><Version>1.0</Version><Enabled>maybe</Enabled>{off}</HourMetrics>"),
        "InvalidXmlNodeValue",
    );
    for policy in
        ["<Enabled>true</Enabled><Days>366</Days>", "<Enabled>true</Enabled><Days>0</Days>"]
    {
        let metrics = format!(
            "<HourMetrics><Version>1.0</Version><Enabled>false</Enabled>\
             <RetentionPolicy>{policy}</RetentionPolicy></HourMetrics>"
        );
        set(&metrics, "InvalidXmlNodeValue");
    }
    let rule = |methods: &str, age: &str| {
        format!(
            "<CorsRule><AllowedOrigins>*</AllowedOrigins><AllowedMethods>{methods}</AllowedMethods>\
             <MaxAgeInSeconds>{age}</MaxAgeInSeconds><ExposedHeaders /><AllowedHeaders />\
             </CorsRule>"
        )
    };
    set(&format!("<Cors>{}</Cors>", rule("BOGUS", "1")), "InvalidXmlNodeValue");
    set(&format!("<Cors>{}</Cors>", rule("GET", "-1")), "InvalidXmlNodeValue");
    set(&format!("<Cors>{}</Cors>", rule("GET", "1").repeat(6)), "InvalidXmlNodeValue");
    set("<Cors><Rule/></Cors>", "UnsupportedXmlNode");
    let logging = |inner: &str| {
        format!(
            "<Logging><Version>1.0</Version><Delete>true</Delete><Read>True</Read>\
             <Write>false</Write>{inner}</Logging>"
        )
    };
    set(&logging(off).repeat(2), "InvalidXmlDocument");
    set(&logging(&off.repeat(2)), "InvalidXmlDocument");
    set(&logging(&format!("{off}<Other/>")), "UnsupportedXmlNode");
    set("<StaticWebsite><Enabled>true</Enabled></StaticWebsite>", "UnsupportedXmlNode");
    set("<Metrics />", "UnsupportedXmlNode");
    let days = "<RetentionPolicy><Enabled>false</Enabled><Days>7</Days></RetentionPolicy>";
    set(&logging(days), "InvalidXmlNodeValue");
    let apis = "<IncludeAPIs>false</IncludeAPIs>";
    set(
        &format!(
            "<HourMetrics><Version>1.0</Version><Enabled>false</Enabled>{apis}{off}</HourMetrics>"
        ),
        "InvalidXmlNodeValue",
    );
}

/// .NET and Go write the year 1 for a time that was never set, .NET the last tick of 9999 for one
/// that never comes.
/// Before 2013-08-15 the metrics by the hour are called `Metrics`, and both roots are needed.
#[test]
fn settings_of_old_versions() {
    let off = "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>";
    let logging = format!(
        "<Logging><Version>1.0</Version><Delete>true</Delete><Read>true</Read>\
         <Write>true</Write>{off}</Logging>"
    );
    let metrics = |name: &str| {
        format!("<{name}><Version>1.0</Version><Enabled>false</Enabled>{off}</{name}>")
    };
    let set = |version: &str, inner: &str| {
        let target = "/devstoreaccount1/?restype=service&comp=properties";
        let body = format!("<StorageServiceProperties>{inner}</StorageServiceProperties>");
        read("PUT", target, &[("x-ms-version", version)], &body)
            .map_err(|error| error.code().to_string())
    };
    let (old, new) = (metrics("Metrics"), metrics("HourMetrics"));
    for version in ["2009-09-19", "2012-02-12"] {
        let read = set(version, &format!("{logging}{old}")).unwrap();
        let AnyOperation::SetServiceProperties(read) = read else { panic!("{read:?}") };
        assert_eq!(read.properties.hour_metrics, Some(Metrics::new()));
        let refused = |inner: String| set(version, &inner).unwrap_err();
        assert_eq!(refused(old.clone()), "MissingRequiredXmlNode");
        assert_eq!(refused(logging.clone()), "MissingRequiredXmlNode");
        assert_eq!(refused(format!("{logging}{new}")), "UnsupportedXmlNode");
        assert_eq!(refused(format!("{logging}{old}<Cors />")), "UnsupportedXmlNode");
    }
    assert!(set("2013-08-15", &new).is_ok());
    assert_eq!(set("2013-08-15", &old).unwrap_err(), "UnsupportedXmlNode");
}

#[test]
fn policies_of_unset_times() {
    let body = "<SignedIdentifiers><SignedIdentifier><Id>1</Id><AccessPolicy>\
        <Start>0001-01-01T00:00:00Z</Start><Expiry>9999-12-31T23:59:59.9999999Z</Expiry>\
        <Permission>pr</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>";
    let read = read("PUT", "/devstoreaccount1/orders?comp=acl", &[], body).unwrap();
    let AnyOperation::SetQueueAcl(set) = read else { panic!("{read:?}") };
    let answer = ops::GetQueueAclResponse::new(set.identifiers).to_http();
    let answer = std::str::from_utf8(answer.body()).unwrap();
    assert!(
        answer.contains(
            "<Start>0001-01-01T00:00:00.0000000Z</Start>\
             <Expiry>9999-12-31T23:59:59.9999999Z</Expiry><Permission>pr</Permission>"
        ),
        "{answer}"
    );
}

/// What the emulator's README says that it takes beyond what is known of the service.
#[test]
fn what_is_taken_although_the_service_may_not() {
    let taken = |method: &str, target: &str, body: &str| {
        let read = read(method, &format!("/devstoreaccount1{target}"), &[], body);
        assert!(read.is_ok(), "{body}: {read:?}");
    };
    for policy in [
        "<Start>2026-09-23T00:00:00.1Z</Start>",
        "<Start>2026-09-23T00:00:00.123456Z</Start>",
        "<Start /><Expiry /><Permission />",
        "<Permission>pu</Permission><Expiry>2026-09-22</Expiry><Start>2026-09-23</Start>",
        "<!-- c --><Permission a='1'><![CDATA[r]]></Permission>",
    ] {
        let body = format!(
            "<SignedIdentifiers><SignedIdentifier><AccessPolicy>{policy}</AccessPolicy><Id>1</Id>\
             </SignedIdentifier></SignedIdentifiers>"
        );
        taken("PUT", "/orders?comp=acl", &body);
    }
    let info =
        "<KeyInfo><DelegatedUserTid>x</DelegatedUserTid><Expiry>2026-09-23</Expiry></KeyInfo>";
    taken("POST", "/?restype=service&comp=userdelegationkey", info);
    taken(
        "PUT",
        "/?restype=service&comp=properties",
        "<StorageServiceProperties><Logging><Write> TRUE </Write><Read>False</Read>\
         <Delete>true</Delete><Version>1.0</Version>\
         <RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging><Cors><CorsRule>\
         <MaxAgeInSeconds>4294967295</MaxAgeInSeconds><AllowedOrigins>*</AllowedOrigins>\
         <AllowedMethods>GET</AllowedMethods><AllowedHeaders /><ExposedHeaders /></CorsRule></Cors>\
         </StorageServiceProperties>",
    );
}

#[test]
fn delegation_keys() {
    let ask = |inner: &str, code: &str| {
        let body = format!("<KeyInfo>{inner}</KeyInfo>");
        refused("POST", "/?restype=service&comp=userdelegationkey", &body, code)
    };
    for time in ["2026-09-23T00:00:00.5Z", "2026-09-23T00:00:00.0000000Z", "tomorrow", ""] {
        let error = ask(&format!("<Expiry>{time}</Expiry>"), "InvalidXmlNodeValue");
        assert_eq!(error.detail("XmlNodeName"), Some("Expiry"));
        assert_eq!(error.detail("XmlNodeValue"), Some(time));
        assert!(error.detail("Reason").unwrap().contains("without a fraction"));
    }
    let good = "<Expiry>2026-09-23T00:00:00Z</Expiry>";
    ask("", "MissingRequiredXmlNode");
    ask(&good.repeat(2), "InvalidXmlDocument");
    ask(&format!("{good}<Other/>"), "UnsupportedXmlNode");
}

#[test]
fn policies() {
    let set = |inner: &str, code: &str| {
        let body = format!("<SignedIdentifiers>{inner}</SignedIdentifiers>");
        refused("PUT", "/orders?comp=acl", &body, code)
    };
    let one = |id: &str| format!("<SignedIdentifier><Id>{id}</Id></SignedIdentifier>");
    set(&["1", "2", "3", "4", "5", "6"].map(one).concat(), "InvalidXmlDocument");
    set(&one("1").repeat(2), "InvalidXmlDocument");
    set(&one(&"x".repeat(65)), "InvalidXmlDocument");
    set(&one(""), "InvalidXmlDocument");
    set("<SignedIdentifier />", "MissingRequiredXmlNode");
    let policy = |inner: &str| {
        format!(
            "<SignedIdentifier><Id>1</Id><AccessPolicy>{inner}</AccessPolicy></SignedIdentifier>"
        )
    };
    for time in [
        "tomorrow",
        "2026-02-30",
        "2026-09-23T00:00:00",
        "2026-09-23T00:00:00.12345678Z",
        "2026-09-23T00:00:00.123456789Z",
        " 2026-09-23",
        "0000-01-01",
        "10000-01-01",
    ] {
        for element in ["Start", "Expiry"] {
            let inner = format!("<{element}>{time}</{element}>");
            let error = set(&policy(&inner), "InvalidXmlDocument");
            let reason = error.detail("Reason").unwrap();
            assert!(reason.contains(element) && reason.contains(time), "{reason}");
        }
    }
    let long = "9".repeat(1000);
    let error = set(&policy(&format!("<Start>{long}</Start>")), "InvalidXmlDocument");
    assert!(error.detail("Reason").unwrap().len() < 400);
    for inner in [
        "<Permission>x</Permission>",
        "<Permission>rr</Permission>",
        "<Permission>r a</Permission>",
        "<Permission>r</Permission><Permission>r</Permission>",
        "<Start>2026-09-23</Start><Start>2026-09-23</Start>",
        "<Expiry /><Expiry />",
    ] {
        set(&policy(inner), "InvalidXmlDocument");
    }
    set(&policy("<Other />"), "UnsupportedXmlNode");
    set("<SignedIdentifier><Id>1</Id><Id>2</Id></SignedIdentifier>", "InvalidXmlDocument");
    let twice = "<SignedIdentifier><Id>1</Id><AccessPolicy /><AccessPolicy /></SignedIdentifier>";
    set(twice, "InvalidXmlDocument");
    set("<Other />", "UnsupportedXmlNode");
    assert_eq!(kind("PUT", "/orders?comp=acl"), OperationKind::SetQueueAcl);
}
