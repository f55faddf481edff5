//! How long the hot paths take: `cargo bench -p queue-proto --bench hot_paths`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

mod work;

use criterion::{Criterion, criterion_group, criterion_main};

fn hot_paths(criterion: &mut Criterion) {
    let work = work::Work::new();
    for path in work::PATHS {
        criterion.bench_function(path, |bencher| bencher.iter(|| work.run(path)));
    }
}

criterion_group!(benches, hot_paths);
criterion_main!(benches);
