//! The processor against the loop over a client that it stands for.

use queue_client::processor::Processor;
use queue_client::transport::{HttpOptions, HyperTransport};
use queue_client::{QueueClient, QueueServiceClient};

use super::emulator::{Kind, start};
use super::{Options, Report};
use crate::Outcome;
use crate::calls::Calls;
use crate::load::Work;
use crate::measure::process_cpu;
use crate::table::{Table, maybe, ratio};
use crate::wire;

const HANDLERS: usize = 16;
const CONTESTANTS: [(&str, &str); 2] = [
    ("loop", "receive 32, delete them one after the other"),
    ("processor", "Processor, 16 handlers that do nothing"),
];

pub(super) async fn run(options: &Options, report: &mut Report) -> Outcome {
    let (rounds, messages) = if options.quick || options.check { (1, 3_200) } else { (5, 16_000) };
    let server = start(options, Kind::Memory, &options.scratch.join("processor")).await?;
    server.signed.create_queue().await?;
    for _ in 0..rounds {
        for (contestant, _) in CONTESTANTS {
            server.signed.run(Work::Put, HANDLERS, messages).await?;
            let calls = Calls::default();
            let queue = client(server.signed.port(), calls.clone())?;
            let cpu = process_cpu();
            let done = match contestant {
                "loop" => by_loop(&queue).await?,
                _ => by_processor(queue).await?,
            };
            let cpu = process_cpu() - cpu;
            if done != messages {
                return Err(format!("{contestant}: {done} of {messages} messages").into());
            }
            let [gets, deletes, others] = calls.of();
            let per_message = |count: f64| count / messages as f64;
            report.add(name(contestant, "gets"), per_message(gets));
            report.add(name(contestant, "deletes"), per_message(deletes));
            report.add(name(contestant, "calls"), per_message(gets + deletes + others));
            report.add(name(contestant, "cpu_us"), per_message(cpu.as_secs_f64() * 1e6));
        }
    }
    show(report);
    Ok(())
}

fn client(port: u16, calls: Calls) -> Outcome<QueueClient> {
    let service =
        QueueServiceClient::builder_from_connection_string(&wire::connection_string(port))?
            .transport(HyperTransport::with_options(&HttpOptions::new())?)
            .observer(calls)
            .build()?;
    Ok(service.queue(wire::QUEUE)?)
}

async fn by_loop(queue: &QueueClient) -> Outcome<u64> {
    let mut done = 0;
    loop {
        let messages = queue.receive(32).await?;
        if messages.is_empty() {
            return Ok(done);
        }
        for message in &messages {
            queue.delete(message).await?;
            done += 1;
        }
    }
}

async fn by_processor(queue: QueueClient) -> Outcome<u64> {
    let processor = Processor::new(queue).concurrency(HANDLERS);
    let report = processor.drain_once(|_| async { Ok(()) }).await?;
    Ok(report.counters.completed)
}

fn show(report: &mut Report) {
    // One receive for every 32 messages, one delete for each.
    let needed = 1.0 + 1.0 / 32.0;
    let columns = ["", "receives", "deletes", "calls", "× needed", "CPU µs"];
    let mut table = Table::new("Each message of a full queue, over hyper", columns);
    for (contestant, what) in CONTESTANTS {
        let get = |figure: &str| report.get(&name(contestant, figure));
        table.row([
            what.to_owned(),
            maybe(get("gets")),
            maybe(get("deletes")),
            maybe(get("calls")),
            ratio(get("calls"), Some(needed)),
            maybe(get("cpu_us")),
        ]);
    }
    report.table(table);
    report.count_bar(
        "processor: calls per message, 1.25 × those needed",
        report.get(&name("processor", "calls")),
        Some(1.25 * needed),
    );
}

fn name(contestant: &str, figure: &str) -> String {
    format!("processor/{contestant}/{figure}")
}
