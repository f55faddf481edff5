//! Queries: what stands for what, and what is no value.

use queue_auth::sas::{AccountSas, QueueSas};
use queue_proto::DEVSTORE_ACCOUNT;

use crate::wire::{MESSAGE, Wire, escape, key};

/// A message whose receipt has a plus sign, with its id.
fn message_with_a_plus(wire: &Wire) -> (String, String) {
    for _ in 0..100 {
        let (id, receipt) = wire.message("jobs");
        if receipt.contains('+') {
            return (id, receipt);
        }
    }
    unreachable!("every fourth receipt has a plus sign")
}

#[test]
fn a_plus_in_a_receipt_is_a_blank_and_so_no_receipt() {
    let wire = Wire::with(|builder| builder.seed(7));
    wire.queue("jobs");
    let (id, receipt) = message_with_a_plus(&wire);
    let as_read = receipt.replace('+', " ");
    // As it stands, and with the blank that it stands for. Both are signed as blanks.
    for sent in [receipt.replace('=', "%3D"), escape(&as_read).replace(' ', "%20")] {
        for (method, more) in [("DELETE", ""), ("PUT", "&visibilitytimeout=0")] {
            let target = format!("/jobs/messages/{id}?popreceipt={sent}{more}");
            let reply = wire.call(method, &target).send();
            let reply = reply.refused(400, "InvalidQueryParameterValue");
            assert_eq!(reply.detail("QueryParameterName"), "popreceipt");
            assert_eq!(reply.detail("QueryParameterValue"), as_read);
            assert_eq!(reply.detail("Reason"), "Invalid pop receipt format");
            assert!(!format!("{:?}", reply.error).contains(&as_read), "{:?}", reply.error);
        }
    }
    let escaped = escape(&receipt);
    wire.delete(&format!("/jobs/messages/{id}?popreceipt={escaped}")).send().expect(204);
}

#[test]
fn what_is_no_receipt_is_named() {
    let wire = Wire::new();
    wire.queue("jobs");
    let (id, _) = wire.message("jobs");
    for (sent, as_read) in [("", ""), ("a%20b", "a b"), ("%C3%A9", "é"), ("x", "x")] {
        let target = format!("/jobs/messages/{id}?popreceipt={sent}");
        let reply = wire.delete(&target).send().refused(400, "InvalidQueryParameterValue");
        assert_eq!(reply.detail("QueryParameterValue"), as_read);
        assert_eq!(reply.detail("Reason"), "Invalid pop receipt format");
    }
}

#[test]
fn a_plus_in_a_signature_is_a_blank_and_so_no_signature() {
    let wire = Wire::new();
    wire.queue("jobs");
    let mut tried = 0;
    for hours in 1..100_u64 {
        let expiry = wire.after(3600 * hours);
        let queue = QueueSas::new("jobs", "r".parse().unwrap(), expiry);
        let account = AccountSas::new("r".parse().unwrap(), "sco".parse().unwrap(), expiry);
        for token in [queue.sign(DEVSTORE_ACCOUNT, &key()), account.sign(DEVSTORE_ACCOUNT, &key())]
        {
            let token = token.unwrap().expose().to_owned();
            wire.get("/jobs?comp=metadata").query(&token).send().expect(200);
            if token.contains("%2B") {
                tried += 1;
                let raw = token.replace("%2B", "+");
                let reply = wire.get("/jobs?comp=metadata").query(&raw).send();
                reply.refused(403, "AuthenticationFailed");
            }
        }
    }
    assert!(tried > 20, "{tried} signatures had a plus sign");
}

#[test]
fn a_plus_is_a_blank_in_every_other_value() {
    let wire = Wire::new();
    wire.queue("jobs");
    let reply = wire.get("?comp=list&prefix=a+b%2Bc").send().expect(200);
    assert_eq!(reply.element("Prefix"), "a b+c");
    let marker = format!("?comp=list&marker=%2F{DEVSTORE_ACCOUNT}%2Fjo+bs");
    wire.get(&marker).send().refused(400, "OutOfRangeInput");
    // Names too: this is a parameter that nobody knows.
    wire.get("?comp=list&max+results=0").send().expect(200);
    for (method, target) in [
        ("GET", "/jobs/messages?numofmessages=+1"),
        ("GET", "/jobs/messages?visibilitytimeout=+30"),
        ("GET", "/jobs/messages?peekonly=true+"),
        ("GET", "/jobs/messages?timeout=+5"),
        ("POST", "/jobs/messages?messagettl=+60"),
        ("GET", "?comp=list&maxresults=+5"),
        ("GET", "/jobs?comp=+metadata"),
    ] {
        let reply = wire.call(method, target).body(if method == "POST" { MESSAGE } else { "" });
        let reply = reply.send().refused(400, "InvalidQueryParameterValue");
        assert!(reply.detail("QueryParameterValue").contains(' '), "{target}");
    }
}

#[test]
fn numbers_are_plain_digits() {
    let wire = Wire::new();
    wire.queue("jobs");
    for value in ["", "1.0", "1e1", "0x1", "%2B1", "1%20", "%D9%A1", "--1", "1,0", "٣"] {
        let value = if value.is_ascii() { value } else { "%D9%A3" };
        for target in [
            format!("/jobs/messages?numofmessages={value}"),
            format!("/jobs/messages?visibilitytimeout={value}"),
            format!("/jobs/messages?timeout={value}"),
            format!("?comp=list&maxresults={value}"),
        ] {
            let reply = wire.get(&target).send();
            assert_eq!(
                (reply.status, reply.code()),
                (400, "InvalidQueryParameterValue"),
                "{target}"
            );
        }
    }
}

#[test]
fn a_parameter_that_is_there_twice_is_refused() {
    let wire = Wire::new();
    wire.queue("jobs");
    for target in [
        "/jobs/messages?numofmessages=1&NumOfMessages=1",
        "/jobs/messages?timeout=5&timeout=5",
        "/jobs?comp=metadata&COMP=metadata",
        "/jobs?comp=metadata&api-version=2026-10-06&api-version=2019-12-12",
    ] {
        let mut call = wire.get(target);
        if target.contains("api-version") {
            call = call.version(None);
        }
        let reply = call.send().refused(400, "InvalidQueryParameterValue");
        assert!(!reply.detail("QueryParameterName").is_empty(), "{target}");
    }
}
