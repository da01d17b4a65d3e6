//! How long the hot kernels take, on the clock.
//!
//! `cargo bench --bench kernels -- fold_` runs those whose name holds "fold_";
//! `--save-baseline NAME` and `--baseline NAME` compare two states of the code.

use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput};

mod work;

/// About 150,000 events: enough to leave the caches of a core.
const CUSTOMERS: u32 = 20_000;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("kernels");
    for mut kernel in work::kernels(CUSTOMERS) {
        group.throughput(Throughput::Elements(kernel.units));
        group.bench_function(kernel.name, |bencher| {
            bencher.iter_batched(|| kernel.prepare(), |run| run(), BatchSize::PerIteration);
        });
    }
    group.finish();
    criterion.final_summary();
}
