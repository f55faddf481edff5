//! Runs simulations: `queue-simulator [--scenarios N] [--seed FIRST] [--threads N]`, or with
//! `--throughput` the table of how well handlers are used.

use std::{process::ExitCode, thread, time::Instant};

use lexopt::{Arg, Parser, ValueExt};
use queue_simulator::{scenario::Parts, suite, throughput};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let (mut count, mut first) = (10_000_u64, 0_u64);
    let mut threads = thread::available_parallelism().map_or(1, usize::from);
    let mut only = None;
    let mut arguments = Parser::from_env();
    let usage = |error: lexopt::Error| error.to_string();
    while let Some(argument) = arguments.next().map_err(usage)? {
        let Arg::Long(name) = argument else { return Err(usage(argument.unexpected())) };
        let name = name.to_owned();
        if name == "throughput" {
            throughput::print();
            return Ok(());
        }
        let number: u64 = arguments.value().and_then(|value| value.parse()).map_err(usage)?;
        match &*name {
            "scenarios" => count = number,
            "seed" => first = number,
            "only" => only = Some(number),
            "threads" => threads = usize::try_from(number).unwrap_or(1),
            _ => return Err(format!("there is no option --{name}")),
        }
    }
    if let Some(seed) = only {
        println!("{}", suite::one(seed, Parts::ALL).map_err(|violation| violation.to_string())?);
        return Ok(());
    }
    println!("seeds {first} to {} on {threads} threads", first + count.saturating_sub(1));
    let started = Instant::now();
    let tally = suite::many(first, count, threads).map_err(|failure| {
        format!(
            "seed {} breaks {}\nit still does with {:?}\nrepeat it with --only {}",
            failure.seed, failure.violation, failure.parts, failure.seed
        )
    })?;
    println!("{tally}");
    println!("no property broken, in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}
