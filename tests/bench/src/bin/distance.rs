fn main() -> queue_bench::Outcome {
    queue_bench::distance::main()
}
