//! A bench.
