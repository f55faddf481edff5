fn main() -> queue_bench::Outcome {
    queue_bench::client::main(None)
}
