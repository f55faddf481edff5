//! Mutexes whose guards outlive a panic: [`lock`].

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, whether or not a thread panicked while it held it.
///
/// What this crate guards is whole between any two statements, so a panic elsewhere does not spoil
/// it, and is no reason to make every later request fail.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
