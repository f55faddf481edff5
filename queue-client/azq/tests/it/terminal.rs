//! `azq` in a terminal: the screen of `top`, questions, Ctrl-C, progress, and bodies that would like to
//! steer the terminal.

use std::{path::Path, process::Command};

use queue_emulator::{Emulator, Fault};

use crate::{
    harness::{Bench, wait_until},
    picture,
    pty::Screen,
};

fn azq(bench: &Bench, words: &[&str]) -> Screen {
    Screen::start(in_terminal(bench.command(words)), 24, 80)
}

/// The command without the streams that the harness gave it, which would not be the terminal.
fn in_terminal(prepared: Command) -> Command {
    let mut command = Command::new(prepared.get_program());
    command.args(prepared.get_args()).env_clear();
    for (name, value) in prepared.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    if let Some(folder) = prepared.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

/// The terminal is as a shell wants it.
fn assert_given_back(screen: &Screen) {
    let shown = screen.now();
    assert!(!shown.alternate_screen(), "{}", shown.contents());
    assert!(!shown.hide_cursor(), "{}", shown.contents());
    assert!(screen.is_cooked());
}

fn filled() -> Bench {
    let bench = Bench::new();
    bench.queue("orders", &["17 bottles", "{\"order\":4711}"]);
    bench.queue("orders-poison", &["3 glasses"]);
    bench.queue("thumbnails", &[]);
    bench
}

#[test]
fn top_draws_reacts_to_keys_and_gives_the_terminal_back() {
    let bench = filled();
    let mut screen = azq(&bench, &["top"]);
    let shown = screen.wait("thumbnails");
    for words in ["3 queues by age", "QUEUE", "POISON", "q quit"] {
        assert!(shown.contains(words), "{shown}");
    }
    assert!(screen.now().alternate_screen() && !screen.is_cooked());
    screen.press("d");
    screen.wait("by depth");
    screen.press("/poison");
    screen.wait("filter: poison_");
    screen.press("\r");
    screen.wait_until("the filter", |shown| !shown.contains("thumbnails"));
    screen.press("\r");
    let shown = screen.wait("the head of orders-poison");
    assert!(shown.contains("3 glasses"), "{shown}");
    screen.press("\u{1b}");
    // A key that came at once would be one with Alt.
    screen.wait("R redrive");
    bench.queue("orders-poison", &["4 glasses", "5 glasses"]);
    screen.press("r");
    screen.wait_until("the new depth", |shown| {
        shown.lines().any(|line| line.starts_with("orders-poison") && line.contains(" 3 "))
    });
    screen.press("q");
    assert_eq!(screen.end().code(), Some(0));
    assert_given_back(&screen);
}

#[test]
fn top_brings_dead_letters_back_after_a_question() {
    let bench = filled();
    let mut screen = azq(&bench, &["top", "orders"]);
    screen.wait("orders ");
    screen.press("R");
    screen.wait("Move ≈ 1 dead letters of orders-poison back to orders? [y/N]");
    screen.press("n");
    screen.wait("nothing was changed");
    screen.press("R");
    screen.wait("back to orders? [y/N]");
    screen.press("y");
    screen.wait("1 moved + 0 failed + 0 left = 1 seen (orders-poison to orders)");
    screen.press("q");
    assert_eq!(screen.end().code(), Some(0));
    assert_eq!(bench.texts("orders").len(), 3);
    assert!(bench.texts("orders-poison").is_empty());
}

#[test]
fn top_gives_the_terminal_back_however_it_ends() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let bench = filled();
        let mut screen = azq(&bench, &["top"]);
        screen.wait("thumbnails");
        kill(&screen, signal);
        assert_eq!(screen.end().code(), Some(code));
        assert_given_back(&screen);
    }
    let bench = filled();
    let mut screen = azq(&bench, &["top"]);
    screen.wait("thumbnails");
    screen.press("\u{3}");
    assert_eq!(screen.end().code(), Some(0));
    assert_given_back(&screen);
}

#[test]
fn a_service_that_does_not_answer_holds_up_no_key() {
    let fault = "delay=600s operation=ListQueues".parse::<Fault>().unwrap();
    let bench = Bench::of(Emulator::builder().fault(fault).build());
    let mut screen = azq(&bench, &["top"]);
    screen.wait("devstoreaccount1: looking");
    screen.press("q");
    assert_eq!(screen.end().code(), Some(0));
    assert_given_back(&screen);
}

fn kill(screen: &Screen, signal: &str) {
    let pid = rustix::process::Pid::from_raw(screen.id().try_into().unwrap()).unwrap();
    let signal = match signal {
        "TERM" => rustix::process::Signal::TERM,
        _ => rustix::process::Signal::INT,
    };
    rustix::process::kill_process(pid, signal).unwrap();
}

/// What a body would do to a terminal that obeys it: a title, an empty screen, another colour.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mx";

#[test]
fn bodies_do_not_steer_the_terminal() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    let whole = ["send", "orders", "--codec", "base64", "--whole"];
    assert_eq!(bench.azq_with(whole, HOSTILE.as_bytes()).code, 0);
    for words in [
        &["peek", "orders", "--codec", "base64"][..],
        &["peek", "orders", "--codec", "base64", "--full"],
        &["peek", "orders", "--codec", "base64", "-o", "raw"],
        &["take", "orders", "--codec", "base64", "--keep", "-o", "jsonl"],
    ] {
        let mut screen = azq(&bench, words);
        assert_eq!(screen.end().code(), Some(0), "{words:?}");
        let bytes = String::from_utf8(screen.bytes()).unwrap();
        assert!(bytes.contains("owned"), "{words:?}: {bytes:?}");
        for sequence in ["\u{1b}]0", "\u{1b}[2J", "\u{1b}[31m", "\u{7}"] {
            assert!(!bytes.contains(sequence), "{words:?}: {bytes:?}");
        }
    }
    // The service takes no escape character in a text, but others that steer.
    bench.queue("texts", &["\u{9b}31mowned\u{202e}"]);
    let mut screen = azq(&bench, &["top", "texts"]);
    screen.wait("texts ");
    screen.press("\r");
    screen.wait("owned");
    screen.press("q");
    screen.end();
    let bytes = String::from_utf8(screen.bytes()).unwrap();
    assert!(!bytes.contains(['\u{9b}', '\u{202e}']), "{bytes:?}");
}

#[test]
fn tables_fit_the_terminal() {
    let bench = Bench::new();
    bench.queue("orders", &[&"a long order ".repeat(30)]);
    for columns in [100, 72, 40] {
        let mut screen = Screen::start(in_terminal(bench.command(["peek", "orders"])), 24, columns);
        assert_eq!(screen.end().code(), Some(0));
        let written = String::from_utf8(screen.bytes()).unwrap();
        let lines: Vec<_> = written.lines().collect();
        assert_eq!(lines.len(), 2, "{written}");
        let line = lines[1].trim_end();
        assert!(line.ends_with('…') && line.chars().count() <= columns.into(), "{written}");
    }
}

#[test]
fn what_destroys_asks_first() {
    let bench = filled();
    let mut screen = azq(&bench, &["redrive", "orders"]);
    screen.wait("[y/N]");
    screen.press("n\n");
    assert_eq!(screen.end().code(), Some(1));
    assert!(screen.now().contents().contains("nothing was changed"));
    assert_eq!(bench.texts("orders-poison").len(), 1);

    let mut screen = azq(&bench, &["redrive", "orders"]);
    screen.wait("[y/N]");
    screen.press("y\n");
    assert_eq!(screen.end().code(), Some(0));
    assert!(bench.texts("orders-poison").is_empty());

    let mut screen = azq(&bench, &["rm", "orders"]);
    screen.wait("type `orders` to go on:");
    screen.press("y\n");
    assert_eq!(screen.end().code(), Some(1));
    assert_eq!(bench.texts("orders").len(), 3);

    let mut screen = azq(&bench, &["purge", "orders"]);
    screen.wait("type `orders` to go on:");
    screen.press("orders\n");
    assert_eq!(screen.end().code(), Some(0));
    assert!(bench.texts("orders").is_empty());

    bench.queue("orders", &["17 bottles"]);
    let mut screen = azq(&bench, &["rm", "orders"]);
    screen.wait("type `orders` to go on:");
    screen.press("orders\n");
    assert_eq!(screen.end().code(), Some(0));
    assert_eq!(bench.azq(["info", "orders"]).code, 4);
}

/// The messages of a queue, hidden ones included.
fn depth(bench: &Bench, queue: &str) -> usize {
    let run = bench.azq(["info", queue, "-o", "template={depth}"]);
    run.out.trim().parse().unwrap_or_else(|_| panic!("{}{}", run.out, run.err))
}

#[test]
fn ctrl_c_once_finishes_and_adds_up() {
    let bench = Bench::new();
    let texts: Vec<String> = (0..60).map(|number| format!("message {number}")).collect();
    bench.queue("orders", &texts.iter().map(String::as_str).collect::<Vec<_>>());
    bench.queue("archive", &[]);
    // One in two seconds: far from done when it is interrupted.
    let words = ["mv", "orders", "archive", "--yes", "--rate", "0.5", "-j", "1"];
    let mut screen = azq(&bench, &words);
    wait_until("a message in archive", || depth(&bench, "archive") > 0);
    screen.wait("moved");
    screen.press("\u{3}");
    assert_eq!(screen.end().code(), Some(130));
    let shown = screen.now().contents();
    assert!(shown.contains("finishing what is under way; Ctrl-C again"), "{shown}");
    let line =
        shown.lines().find(|line| line.contains(" seen (")).unwrap_or_else(|| panic!("{shown}"));
    let numbers: Vec<usize> = line
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect();
    let [moved, failed, left, seen] = numbers[..] else { panic!("{line}") };
    assert_eq!((moved + failed + left, failed), (seen, 0), "{line}");
    assert_eq!((depth(&bench, "archive"), depth(&bench, "orders")), (moved, 60 - moved), "{line}");
    let visible = bench.azq(["check", "orders", "--max-depth", "100"]);
    assert_eq!(visible.code, 0, "{}", visible.err);
    assert_eq!(bench.texts("orders").len(), (60 - moved).min(32), "what is left is visible again");
    assert_given_back(&screen);
}

#[test]
fn ctrl_c_twice_stops_at_once_and_says_until_when_what_is_hidden() {
    let fault = "delay=600s operation=PutMessage".parse::<Fault>().unwrap();
    let bench = filled();
    bench.queue("archive", &[]);
    bench.server.emulator().add_fault(fault);
    let mut screen = azq(&bench, &["mv", "orders", "archive", "--yes", "--lease", "5m"]);
    // They are put; only the answers do not come.
    wait_until("a message in archive", || depth(&bench, "archive") > 0);
    // What waits for its first message is seen to run.
    screen.wait("0 moved, 0/s, ≈ 2 left");
    screen.press("\u{3}");
    screen.wait("finishing what is under way; Ctrl-C again to stop at once");
    screen.press("\u{3}");
    assert_eq!(screen.end().code(), Some(130));
    let shown = screen.now().contents();
    assert!(shown.contains("what was held is visible again in about 5m"), "{shown}");
    assert_eq!(depth(&bench, "orders"), 2);
}

#[test]
fn ctrl_c_twice_ends_a_worker_whose_command_does_not() {
    let bench = Bench::new();
    bench.queue("orders", &["a"]);
    // The terminal sends Ctrl-C to the command too, which takes no notice.
    let line = "trap '' INT; touch running; sleep 60";
    let mut screen = azq(&bench, &["work", "orders", "--exec", line]);
    wait_until("the command", || bench.folder().join("running").exists());
    screen.press("\u{3}");
    screen.wait("finishing what runs, for 25s at most");
    screen.press("\u{3}");
    assert_eq!(screen.end().code(), Some(130));
    assert!(screen.now().contents().contains("what was held is visible again within 1m"));
}

/// `AZQ_WRITE=1` draws the picture anew.
#[test]
fn the_picture_of_top_shows_what_top_shows() {
    let bench = Bench::new();
    let many: Vec<String> = (0..41).map(|number| format!("order {number}")).collect();
    bench.queue("invoices", &["1", "2", "3"]);
    bench.queue("orders", &many.iter().map(String::as_str).collect::<Vec<_>>());
    bench.queue("orders-poison", &["17 bottles", "3 glasses"]);
    bench.queue("thumbnails", &[]);
    let mut screen = Screen::start(in_terminal(bench.command(["top", "--interval", "1s"])), 9, 78);
    screen.wait("thumbnails");
    screen.press("n");
    // The second look knows the trend. A picture arrives from its top to its bottom.
    screen.wait_until("the trend, by name", |shown| {
        let rows: Vec<_> = shown.lines().skip(2).collect();
        let names = ["invoices ", "orders ", "orders-poison ", "thumbnails "];
        shown.contains("by name")
            && rows.len() > names.len()
            && rows
                .iter()
                .zip(names)
                .all(|(row, name)| row.starts_with(name) && row.contains(" = "))
    });
    let drawn = picture::svg(&screen.now());
    screen.press("q");
    screen.end();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures/top.svg");
    if std::env::var_os("AZQ_WRITE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &drawn).unwrap();
    }
    // Ages and trends differ from run to run, and so do spaces beside them.
    let words = |svg: &str| -> Vec<String> {
        let words = svg.split(|letter: char| !letter.is_alphabetic());
        words.filter(|word| word.len() > 2).map(str::to_owned).collect()
    };
    assert_eq!(words(&std::fs::read_to_string(path).unwrap()), words(&drawn));
}
