fn main() -> queue_bench::Outcome {
    queue_bench::stub::run()
}
