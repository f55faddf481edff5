//! `cargo xtask targets`: the libraries are checked for other systems. Nothing is linked, so what
//! compiles C is left out: TLS and SQLite need a C compiler of the target. Where qemu and a linker are
//! installed, the tests of protocol and signer run for 32 bits and for the other order of bytes.

use std::process::{Command, Stdio};

use crate::{Outcome, shell};

/// A target, the packages and features that are checked on it, and why it is in the list.
const TARGETS: &[(&str, &[&[&str]], &str)] = &[
    (WASM, &[BARE, FETCH], "the browser"),
    ("x86_64-pc-windows-msvc", &[BARE, CLIENT, EMULATOR], "Windows"),
    ("aarch64-apple-darwin", &[BARE, CLIENT, EMULATOR], "macOS"),
    ("i686-unknown-linux-gnu", &[BARE], "32 bits"),
    ("s390x-unknown-linux-gnu", &[BARE], "the other order of bytes"),
];

const WASM: &str = "wasm32-unknown-unknown";

const BARE: &[&str] =
    &["-p", "queue-proto", "-p", "queue-auth", "-p", "queue-client", "--no-default-features"];
const FETCH: &[&str] = &["-p", "queue-example-fetch"];
const CLIENT: &[&str] = &[
    "-p",
    "queue-client",
    "--no-default-features",
    "--features",
    "reqwest,hyper,processor,signals,json,blocking,oauth2,metrics",
];
const EMULATOR: &[&str] =
    &["-p", "queue-emulator", "--no-default-features", "--features", "serve,bearer,control,log"];

/// A target whose tests qemu runs.
struct Foreign {
    target: &'static str,
    qemu: &'static str,
    linker: &'static str,
    /// The folder of its libraries.
    libraries: &'static str,
}

const FOREIGN: &[Foreign] = &[
    Foreign {
        target: "i686-unknown-linux-gnu",
        qemu: "qemu-i386",
        linker: "i686-linux-gnu-gcc",
        libraries: "/usr/i686-linux-gnu",
    },
    Foreign {
        target: "s390x-unknown-linux-gnu",
        qemu: "qemu-s390x",
        linker: "s390x-linux-gnu-gcc",
        libraries: "/usr/s390x-linux-gnu",
    },
];

pub(crate) fn run() -> Outcome {
    let mut untested = Vec::new();
    for (target, parts, what) in TARGETS {
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", target]).current_dir(shell::root());
        if shell::run(&mut rustup).is_err() {
            untested.push(format!("{what} ({target})"));
            continue;
        }
        for part in *parts {
            shell::run(shell::cargo(["check", "--quiet", "--target", target]).args(*part))?;
        }
        if *target == WASM {
            fetch()?;
        }
        if let Some(foreign) = FOREIGN.iter().find(|foreign| foreign.target == *target) {
            test(foreign)?;
        }
    }
    if !untested.is_empty() {
        println!("UNTESTED, since the target cannot be had here: {}", untested.join(", "));
    }
    Ok(())
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok()
}

/// Runs the tests of protocol and signer for a target, by qemu.
fn test(foreign: &Foreign) -> Outcome {
    let Foreign { target, qemu, linker, libraries } = foreign;
    if !is_there(qemu) || !is_there(linker) {
        println!("the tests for {target} are not run: {qemu} or {linker} is missing");
        return Ok(());
    }
    let name = target.to_uppercase().replace('-', "_");
    shell::run(
        shell::cargo(["test", "--quiet", "--target", target, "--lib", "--tests"])
            .args(["-p", "queue-proto", "-p", "queue-auth", "--features"])
            .arg("queue-proto/json,queue-auth/aad,queue-auth/verify-bearer,queue-auth/tower")
            .env(format!("CARGO_TARGET_{name}_LINKER"), linker)
            .env(format!("CARGO_TARGET_{name}_RUNNER"), format!("{qemu} -L {libraries}"))
            // Each case takes some ten times longer than on this machine's own processor.
            .env("PROPTEST_CASES", "16"),
    )
}

/// Runs the client of the browser in Node.js, on the emulator.
fn fetch() -> Outcome {
    if !is_there("wasm-bindgen") || !is_there("node") {
        println!("tests/examples/fetch is checked and not run: wasm-bindgen or node is missing");
        return Ok(());
    }
    shell::run(shell::cargo(["build", "--quiet", "--target", WASM]).args(FETCH))?;
    let folder = shell::scratch("fetch");
    let program = shell::target().join(WASM).join("debug").join("queue_example_fetch.wasm");
    shell::run(
        Command::new("wasm-bindgen")
            .args(["--target", "nodejs", "--out-dir"])
            .arg(&folder)
            .arg(program),
    )?;
    shell::run(
        shell::emulator()
            .args(["--port", "0", "--queue", "orders", "--exec", "node"])
            .arg(shell::root().join("tests/examples/fetch/run.cjs"))
            .arg(&folder)
            .args(["orders", "17 bottles"]),
    )
}
