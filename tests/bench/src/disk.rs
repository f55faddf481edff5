//! What a durable append costs on this disk, whatever stands above it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::measure::Latencies;

/// Appends of 1 KiB records.
#[derive(Debug)]
pub struct Appends {
    /// Records per second, with one fdatasync per 64 of them.
    pub records_per_second: f64,
    /// The same with one fdatasync per 16.
    pub by_16_per_second: f64,
    /// Median time of one record with an fdatasync of its own, in microseconds.
    pub one_us: f64,
}

/// Measures all, for this time each, in a file in `folder`.
pub fn appends(folder: &Path, time: Duration) -> Outcome<Appends> {
    fs::create_dir_all(folder)?;
    let path = folder.join("append");
    let record = [b'x'; 1024];
    let run = |batch: usize| -> Outcome<(f64, Latencies)> {
        let mut file = File::create(&path)?;
        let (start, mut latencies) = (Instant::now(), Vec::new());
        while start.elapsed() < time {
            let from = Instant::now();
            file.write_all(&record.repeat(batch))?;
            file.sync_data()?;
            latencies.push(from.elapsed().as_nanos() as u64);
        }
        let records = (latencies.len() * batch) as f64;
        Ok((records / start.elapsed().as_secs_f64(), Latencies::new(latencies)))
    };
    let (records_per_second, _) = run(64)?;
    let (by_16_per_second, _) = run(16)?;
    let (_, latencies) = run(1)?;
    fs::remove_file(&path)?;
    Ok(Appends { records_per_second, by_16_per_second, one_us: latencies.percentile(50.0) })
}
