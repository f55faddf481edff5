fn main() -> queue_bench::Outcome {
    queue_bench::server::run()
}
