use std::process::ExitCode;

fn main() -> ExitCode {
    match queue_bench::run::main() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("queue-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
