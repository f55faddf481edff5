//! `azq work`: what the end of a command means for its message.

use crate::harness::{Bench, ended};

#[test]
fn what_is_done_is_deleted_and_the_body_and_fields_arrive() {
    let bench = Bench::new();
    bench.queue("orders", &["17 bottles", "aGVsbG8gd29ybGQ="]);
    let line = "echo \"$AZQ_ACCOUNT $AZQ_QUEUE $AZQ_ATTEMPT $AZQ_LAST_ATTEMPT $(cat)\"";
    let run = bench.azq(["work", "orders", "--drain", "--", "sh", "-c", line]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(
        run.out,
        "devstoreaccount1 orders 1 0 17 bottles\ndevstoreaccount1 orders 1 0 hello world\n"
    );
    assert!(run.err.contains("2 completed, 0 retried, 0 dead-lettered"), "{}", run.err);
    assert_eq!(bench.azq(["info", "orders", "-o", "template={depth}"]).out, "0\n");
}

#[test]
fn codes_and_results_decide() {
    let bench = Bench::new();
    bench.queue("orders", &["done", "dead", "never", "later", "signal"]);
    let line = "case $(cat) in \
                dead) exit 65;; \
                never) echo 'dead no such customer' > $AZQ_RESULT; exit 1;; \
                later) echo 'retry 10m' > $AZQ_RESULT; exit 1;; \
                signal) kill -9 $$;; \
                esac";
    let run = bench.azq(["work", "orders", "--drain", "--exec", line]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("1 completed, 2 retried, 2 dead-lettered"), "{}", run.err);
    assert_eq!(bench.azq(["info", "orders", "-o", "template={depth}"]).out, "2\n");
    let mut dead = bench.texts("orders-poison");
    dead.sort();
    assert_eq!(dead, ["dead", "never"]);
}

#[test]
fn a_command_that_cannot_run_moves_nothing() {
    let bench = Bench::new();
    bench.queue("orders", &["a", "b"]);
    for (words, code) in [(vec!["no-such-command"], 127), (vec!["sh", "-c", "exit 126"], 126)] {
        let arguments = ["work", "orders", "--max-deliveries", "2", "--"].into_iter().chain(words);
        let run = bench.azq(arguments);
        assert_eq!(run.code, code, "{}", run.err);
        assert!(run.err.contains("everything is given back"), "{}", run.err);
        assert_eq!(bench.texts("orders").len(), 2, "{}", run.err);
        assert!(bench.service.queue("orders-poison").is_ok());
    }
    assert_eq!(bench.azq(["ls", "-o", "name"]).out, "orders\n", "there is no poison queue");
}

#[cfg(unix)]
#[test]
fn a_stop_finishes_what_runs() {
    use std::{process::Stdio, time::Duration};

    let bench = Bench::new();
    bench.queue("orders", &["a"]);
    // The command says when it runs, and goes on until its file is gone.
    let line = "touch running; while [ -e running ]; do sleep 0.1; done; cat";
    let child = bench
        .command(["work", "orders", "--grace", "10m", "--exec", line])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let running = bench.folder().join("running");
    while !running.exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let stop = format!("kill -TERM {}", child.id());
    assert_eq!(ended(&mut bench.shell(&stop), b"").code, 0);
    std::thread::sleep(Duration::from_millis(100));
    std::fs::remove_file(&running).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(143), "{said}");
    assert_eq!(output.stdout, b"a", "{said}");
    assert!(said.contains("1 completed"), "{said}");
}

#[test]
fn a_missing_queue_is_an_error_and_no_loop() {
    let bench = Bench::new();
    let run = bench.azq(["work", "orders", "--", "true"]);
    assert_eq!(run.code, 4, "{}", run.err);
}

#[cfg(unix)]
#[test]
fn a_command_has_its_whole_body_if_azq_is_killed() {
    use std::time::Duration;

    let bench = Bench::new();
    let body = "17 bottles and ".repeat(4_000);
    bench.queue("orders", &[&body]);
    let line = "touch running; while [ ! -e go ]; do sleep 0.1; done; cat > got; touch done";
    let mut child = bench.command(["work", "orders", "--exec", line]).spawn().unwrap();
    while !bench.folder().join("running").exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::write(bench.folder().join("go"), "").unwrap();
    while !bench.folder().join("done").exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(std::fs::read_to_string(bench.folder().join("got")).unwrap(), body);
}
