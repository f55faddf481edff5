fn main() -> queue_bench::Outcome {
    queue_bench::signing::main(None)
}
