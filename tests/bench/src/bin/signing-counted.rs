//! A program of its own, since the counter replaces the allocator.

fn main() -> queue_bench::Outcome {
    queue_bench::signing::main(Some(|work| {
        let info = allocation_counter::measure(work);
        (info.count_total, info.bytes_total)
    }))
}
