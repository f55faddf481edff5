//! [`Capacity`]: how much the service takes of one account in a second, for programs that must learn
//! to live with 503. The page "Scalability and performance targets for Queue Storage" has the numbers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use queue_proto::{AccountName, QueueName};

/// The messages of one queue in a second.
const MESSAGES: f64 = 2_000.0;
/// The requests to one account in a second.
const REQUESTS: f64 = 20_000.0;
/// The number of queues from which on those that have rested are forgotten.
const MANY: usize = 1_024;

/// What is left of each second.
#[derive(Debug, Default)]
pub(crate) struct Capacity(Mutex<HashMap<AccountName, Left>>);

#[derive(Debug)]
struct Left {
    requests: Bucket,
    queues: HashMap<QueueName, Bucket>,
}

/// What may still come, and when that was counted. After a pause a whole second's worth may come at
/// once.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    most: f64,
    counted: SystemTime,
}

impl Bucket {
    fn full(most: f64, now: SystemTime) -> Self {
        Self { left: most, most, counted: now }
    }

    fn refill(&mut self, now: SystemTime) {
        // A clock that was set back gives nothing until it is where it was.
        if let Ok(passed) = now.duration_since(self.counted) {
            self.left = (self.left + passed.as_secs_f64() * self.most).min(self.most);
            self.counted = now;
        }
    }

    fn has_room(&self) -> bool {
        self.left >= 1.0
    }
}

impl Capacity {
    fn left(&self) -> MutexGuard<'_, HashMap<AccountName, Left>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request, and with a queue a message of it; false when there is no room for it, and
    /// nothing is counted.
    pub(crate) fn take(
        &self,
        account: &AccountName,
        queue: Option<&QueueName>,
        now: SystemTime,
    ) -> bool {
        let mut all = self.left();
        if !all.contains_key(account) {
            let left = Left { requests: Bucket::full(REQUESTS, now), queues: HashMap::new() };
            all.insert(account.clone(), left);
        }
        let Some(Left { requests, queues }) = all.get_mut(account) else { return true };
        requests.refill(now);
        if !requests.has_room() {
            return false;
        }
        if let Some(queue) = queue {
            if queues.len() >= MANY {
                queues.retain(|_, bucket| {
                    bucket.refill(now);
                    bucket.left < bucket.most
                });
            }
            if !queues.contains_key(queue) {
                queues.insert(queue.clone(), Bucket::full(MESSAGES, now));
            }
            if let Some(bucket) = queues.get_mut(queue) {
                bucket.refill(now);
                if !bucket.has_room() {
                    return false;
                }
                bucket.left -= 1.0;
            }
        }
        requests.left -= 1.0;
        true
    }

    /// Counts messages that came with one that is counted already. They may be more than there was
    /// room for: then the next have to wait for longer.
    pub(crate) fn add(&self, account: &AccountName, queue: &QueueName, messages: usize) {
        let bucket = |left: &mut Left| {
            if let Some(bucket) = left.queues.get_mut(queue) {
                // An answer has 32 messages at most.
                bucket.left -= u32::try_from(messages).map_or(f64::MAX, f64::from);
            }
        };
        self.left().get_mut(account).map(bucket).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn names() -> (AccountName, QueueName) {
        (AccountName::new("contoso").unwrap(), QueueName::new("jobs").unwrap())
    }

    /// The number of messages that are taken at once.
    fn taken(capacity: &Capacity, now: SystemTime) -> usize {
        let (account, queue) = names();
        (0..10_000).take_while(|_| capacity.take(&account, Some(&queue), now)).count()
    }

    #[test]
    fn a_queue_takes_so_many_messages_in_a_second() {
        let capacity = Capacity::default();
        let (account, queue) = names();
        let start = UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!(taken(&capacity, start), 2_000);
        assert_eq!(taken(&capacity, start), 0);
        assert_eq!(taken(&capacity, start + Duration::from_millis(500)), 1_000);
        // Back in time nothing comes anew.
        assert_eq!(taken(&capacity, start), 0);
        assert_eq!(taken(&capacity, start + Duration::from_secs(90)), 2_000);
        // Another queue, and requests without one, have room.
        let other = QueueName::new("other").unwrap();
        let later = start + Duration::from_secs(90);
        assert!(capacity.take(&account, Some(&other), later));
        assert!(capacity.take(&account, None, later));
        // A page of 32 counts as 32.
        let later = later + Duration::from_secs(1);
        assert!(capacity.take(&account, Some(&queue), later));
        capacity.add(&account, &queue, 31);
        assert_eq!(taken(&capacity, later), 2_000 - 32);
        capacity.add(&account, &queue, 1_000);
        assert_eq!(taken(&capacity, later + Duration::from_secs(1)), 1_000);
    }

    #[test]
    fn an_account_takes_so_many_requests_in_a_second() {
        let capacity = Capacity::default();
        let (account, queue) = names();
        let taken = (0..30_000).take_while(|_| capacity.take(&account, None, UNIX_EPOCH)).count();
        assert_eq!(taken, 20_000);
        assert!(!capacity.take(&account, Some(&queue), UNIX_EPOCH));
        let other = AccountName::new("fabrikam").unwrap();
        assert!(capacity.take(&other, Some(&queue), UNIX_EPOCH));
    }

    #[test]
    fn queues_that_have_rested_are_forgotten() {
        let capacity = Capacity::default();
        let (account, _) = names();
        for number in 0..5_000_u64 {
            let queue = QueueName::new(format!("queue-{number}")).unwrap();
            let now = UNIX_EPOCH + Duration::from_millis(number);
            assert!(capacity.take(&account, Some(&queue), now));
        }
        assert!(capacity.left()[&account].queues.len() <= MANY);
    }
}
