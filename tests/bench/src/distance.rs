//! The jobs of the bench "distance" with the clients of Rust: `distance PORT CONTESTANT (send MESSAGES
//! | drain MESSAGES MILLISECONDS HANDLERS)`. Each sends or works off so many messages, and prints how
//! long that took.

#[cfg(feature = "official")]
mod official;
mod ours;

use std::time::Duration;

use crate::Outcome;

/// What a contestant has to do.
#[derive(Debug, Clone, Copy)]
enum Job {
    /// Puts so many messages.
    Send { messages: u64 },
    /// Works off a queue of so many messages, for as long each.
    Drain { messages: u64, each: Duration, handlers: usize },
}

impl Job {
    fn parse(arguments: &[String]) -> Outcome<Self> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match *words {
            ["send", messages] => Ok(Self::Send { messages: messages.parse()? }),
            ["drain", messages, each, handlers] => Ok(Self::Drain {
                messages: messages.parse()?,
                each: Duration::from_millis(each.parse()?),
                handlers: handlers.parse()?,
            }),
            _ => Err("send MESSAGES | drain MESSAGES MILLISECONDS HANDLERS".into()),
        }
    }
}

/// The program.
pub fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, contestant, job @ ..] = arguments.as_slice() else {
        return Err("PORT CONTESTANT JOB".into());
    };
    let (port, job) = (port.parse()?, Job::parse(job)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let said = runtime.block_on(async {
        match contestant.as_str() {
            "ours" => ours::run(port, job).await,
            #[cfg(feature = "official")]
            "official" => official::run(port, job).await,
            other => Err(format!("no contestant {other}").into()),
        }
    })?;
    println!("{said}");
    Ok(())
}

/// The work of a handler.
async fn work(each: Duration) {
    if !each.is_zero() {
        tokio::time::sleep(each).await;
    }
}

fn check(done: u64, messages: u64) -> Outcome {
    if done == messages { Ok(()) } else { Err(format!("{done} of {messages} messages").into()) }
}
