//! The hot paths keep to their number of allocations.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../benches/work/mod.rs"]
mod work;

#[test]
fn hot_paths_allocate_little() {
    let work = work::Work::new();
    let count = |path: &str| allocation_counter::measure(|| work.run(path)).count_total;
    let put = count("put-message/write-request");
    assert!(put <= 12, "{put}");
    for path in ["get-messages/read-response", "get-messages/read-response-general"] {
        let get = count(path);
        assert!(get <= 40, "{path}: {get}");
    }
    for path in work::PATHS {
        assert!(count(path) < 150, "{path}");
    }
}
