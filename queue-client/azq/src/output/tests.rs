//! Each format, with texts that would break it.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use super::{Cell, Column, Format, Layout, OutputArgs, Printer, Row};
use crate::terminal::{Color, Terminal};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const LAYOUT: Layout = Layout {
    list: "messages",
    columns: &[
        Column::new("id"),
        Column::new("attempt"),
        Column::extra("expires"),
        Column::text("body"),
    ],
};

fn args(format: Format) -> OutputArgs {
    OutputArgs { format, fields: Vec::new(), no_headers: false, wide: false, output_version: 1 }
}

fn printed(args: &OutputArgs, bodies: &[&str]) -> String {
    let kept = Kept::default();
    let mut terminal = Terminal::detect(Color::Never);
    terminal.output = false;
    let mut printer = Printer::to(Box::new(kept.clone()), args, terminal, LAYOUT).unwrap();
    for (number, body) in (1..).zip(bodies) {
        let expires = match number {
            1 => Cell::Never,
            _ => Cell::Moment(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_683_600)),
        };
        let cells = vec![
            Cell::text(format!("m{number}")),
            Cell::Number(number),
            expires,
            Cell::text(*body),
        ];
        printer.push(&Row { cells, raw: Some(body.as_bytes().to_vec()) }).unwrap();
    }
    printer.finish().unwrap();
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

const HOSTILE: &str = "\u{1b}[2J\r\n\t\u{202e}\"x\",y\\";

#[test]
fn every_format_has_one_item_a_line() {
    for (format, expected) in [
        (
            Format::Table,
            "ID  ATTEMPT  BODY\nm1  1        plain\nm2  2        \\x1b[2J\\r\\n\\t\\u{202e}\"x\",y\\\n",
        ),
        (
            Format::JsonLines,
            concat!(
                r#"{"v":1,"id":"m1","attempt":1,"expires":"never","body":"plain"}"#,
                "\n",
                r#"{"v":1,"id":"m2","attempt":2,"expires":"2026-11-26T09:00:00Z","body":"\u001b[2J\r\n\t\u202e\"x\",y\\"}"#,
                "\n"
            ),
        ),
        (
            Format::Json,
            concat!(
                "{\"v\":1,\"messages\":[\n",
                r#"{"id":"m1","attempt":1,"expires":"never","body":"plain"},"#,
                "\n",
                r#"{"id":"m2","attempt":2,"expires":"2026-11-26T09:00:00Z","body":"\u001b[2J\r\n\t\u202e\"x\",y\\"}"#,
                "\n]}\n"
            ),
        ),
        (
            Format::Csv,
            "id,attempt,expires,body\r\nm1,1,never,plain\r\nm2,2,2026-11-26T09:00:00Z,\"\\x1b[2J\\r\\n\\t\\u{202e}\"\"x\"\",y\\\\\"\r\n",
        ),
        (
            Format::Tsv,
            "m1\t1\tnever\tplain\nm2\t2\t2026-11-26T09:00:00Z\t\\x1b[2J\\r\\n\\t\\u{202e}\"x\",y\\\\\n",
        ),
        (Format::Name, "m1\nm2\n"),
        (Format::Template("{id}={attempt}".into()), "m1=1\nm2=2\n"),
        (Format::Raw, "plain\n\u{1b}[2J\r\n\t\u{202e}\"x\",y\\\n"),
    ] {
        assert_eq!(printed(&args(format), &["plain", HOSTILE]), expected);
    }
}

#[test]
fn an_empty_list_is_a_document_too() {
    assert_eq!(printed(&args(Format::Json), &[]), "{\"v\":1,\"messages\":[\n]}\n");
    assert_eq!(printed(&args(Format::Table), &[]), "");
}

#[test]
fn fields_are_picked_and_wrong_ones_are_named() {
    let picked = OutputArgs { fields: vec!["body".into(), "id".into()], ..args(Format::Tsv) };
    assert_eq!(printed(&picked, &["a"]), "a\tm1\n");
    let wrong = OutputArgs { fields: vec!["size".into()], ..args(Format::Tsv) };
    let error = wrong.pick(LAYOUT.columns).unwrap_err();
    assert_eq!(error.sentence(), "there is no field `size`: use id, attempt, expires, body");
}

#[test]
fn without_headers() {
    let bare = OutputArgs { no_headers: true, ..args(Format::Table) };
    assert_eq!(printed(&bare, &["a"]), "m1  1        a\n");
}
