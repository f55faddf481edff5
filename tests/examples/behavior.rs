//! Plays the conformance list on every server at hand, and prints a table: each row a case, each
//! column a server. Azurite is one if `QUEUE_TESTS_AZURITE_CONNECTION_STRING` says where it is.

use std::{env, process::ExitCode};

use queue_tests::{
    conformance::{Case, cases, play},
    deviations::{self, Deviation},
    server::Server,
};

/// A server, and where it is known not to do what the list asks for.
struct Column {
    name: &'static str,
    server: Server,
    deviations: &'static [Deviation],
}

impl Column {
    /// What stands in a row, and whether it was to be expected.
    async fn cell(&self, case: Case) -> (String, bool) {
        let known = self.deviations.iter().find(|deviation| deviation.case == case.name);
        match (play(case, &self.server).await, known) {
            (Ok(()), None) => ("passes".to_owned(), true),
            (Err(_), Some(known)) => (format!("differs: {}", known.reason), true),
            (Ok(()), Some(_)) => ("passes, which is new".to_owned(), false),
            (Err(failure), None) => (format!("FAILS: {failure}"), false),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut columns = vec![
        Column { name: "queue-emulator", server: Server::in_process(), deviations: &[] },
        Column { name: "queue-emulator, HTTP", server: Server::http().await, deviations: &[] },
    ];
    if let Ok(text) = env::var("QUEUE_TESTS_AZURITE_CONNECTION_STRING") {
        let (server, deviations) = (Server::external(&text), deviations::AZURITE);
        columns.push(Column { name: "Azurite 3.37.0", server, deviations });
    }
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    println!("| Row | {} |\n| --- |{}", names.join(" | "), " --- |".repeat(names.len()));
    let (mut passed, mut expected) = (vec![0; columns.len()], true);
    let list = cases(true);
    for &case in &list {
        let mut cells = Vec::new();
        for (column, passed) in columns.iter().zip(&mut passed) {
            let (cell, known) = column.cell(case).await;
            *passed += usize::from(cell == "passes");
            expected &= known;
            cells.push(cell.replace('|', "\\|").replace('\n', " "));
        }
        println!("| {} | {} |", case.name.replace('_', " "), cells.join(" | "));
    }
    let totals: Vec<_> =
        passed.iter().map(|passed| format!("{passed} of {}", list.len())).collect();
    println!("| Passes | {} |", totals.join(" | "));
    if expected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
