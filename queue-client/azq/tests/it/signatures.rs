//! `azq sas`: what is made works, what is explained is right, what is tried is told.

use crate::harness::Bench;

#[test]
fn what_is_made_works_and_is_explained() {
    let bench = Bench::new();
    bench.queue("orders", &["a"]);
    let made = bench.azq(["sas", "create", "orders", "--permissions", "pr", "--expires", "2h"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let url = made.out.trim();
    assert!(
        url.starts_with(&format!("{}/devstoreaccount1/orders?", bench.server.base_url())),
        "{url}"
    );

    let explained = bench.azq_with(["sas", "explain", "-o", "jsonl"], url.as_bytes());
    assert_eq!(explained.code, 0, "{}{}", explained.out, explained.err);
    assert!(explained.out.contains("permits to peek and read metadata, get and delete messages"));

    let checked = bench.azq_with(
        ["sas", "check", "-o", "csv", "--fields", "operation,letter,allowed"],
        url.as_bytes(),
    );
    assert_eq!(
        checked.out,
        "operation,letter,allowed\r\npeek,r,true\r\nmetadata,r,true\r\nput,a,false\r\nupdate,u,false\r\n\
         delete,p,true\r\n",
        "{}",
        checked.err
    );

    let mut take = bench.command(["take", "orders", "-o", "raw", "--sas-env", "URL"]);
    let taken = crate::harness::ended(
        take.env_remove("AZURE_STORAGE_CONNECTION_STRING").env("URL", url),
        b"",
    );
    assert_eq!((taken.code, taken.out.as_str()), (0, "a\n"), "{}", taken.err);
}

#[test]
fn an_account_signature_and_one_by_a_policy() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    let account = bench.azq(["sas", "create", "--permissions", "rl", "--expires", "1d"]);
    assert_eq!(account.code, 0, "{}", account.err);
    assert!(account.out.contains("srt=sco"), "{}", account.out);
    bench.azq(["policy", "set", "orders", "readers", "--permissions", "r", "--expires", "1d"]);
    let by_policy = bench.azq(["sas", "create", "orders", "--policy-name", "readers"]);
    let checked = bench.azq_with(
        ["sas", "check", "-o", "tsv", "--fields", "operation,allowed"],
        by_policy.out.as_bytes(),
    );
    assert!(checked.out.starts_with("peek\ttrue\n"), "{}{}", checked.out, checked.err);
}

#[test]
fn what_is_wrong_is_named_and_the_signature_not_shown() {
    let bench = Bench::new();
    let expired =
        "https://acme.queue.core.windows.net/orders?sv=2025-07-05&sp=r&se=2020-01-01&sig=c2VjcmV0";
    let run = bench.azq_with(["sas", "explain"], expired.as_bytes());
    assert_eq!(run.code, 8);
    assert!(run.err.contains("azq: se: expired at Wed, 01 Jan 2020"), "{}", run.err);
    assert!(
        !run.err.contains("c2VjcmV0") && !run.out.contains("c2VjcmV0"),
        "{}{}",
        run.out,
        run.err
    );
    let nothing = bench.azq_with(["sas", "explain"], b"");
    assert_eq!(nothing.code, 2);
    let letters = bench.azq(["sas", "create", "orders", "--permissions", "rx", "--expires", "1h"]);
    assert_eq!(letters.code, 2, "{}", letters.err);
}
