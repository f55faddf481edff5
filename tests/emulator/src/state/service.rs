//! [`Service`]: the queues of one account, the names that are not free again yet, and the settings.

use std::collections::{BTreeMap, btree_map};
use std::ops::Bound;
#[cfg(feature = "durable")]
use std::sync::Arc;
use std::time::Duration;

use queue_proto::{Logging, Metadata, Metrics, QueueName, ServiceProperties, SignedIdentifiers};

#[cfg(feature = "durable")]
use super::journal::{Journal, QueueSettings};
use super::journal::{Log, Record};
use super::{Moment, Queue};

/// The queues of one account, in alphabetical order.
#[derive(Debug)]
pub(crate) struct Service {
    queues: BTreeMap<QueueName, Queue>,
    /// Names of deleted queues, and when each may be used again.
    deleting: BTreeMap<QueueName, Moment>,
    deletion_time: Duration,
    properties: ServiceProperties,
    log: Log,
}

/// The two ways in which Create Queue succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    /// There was no such queue, and now there is.
    New,
    /// There was a queue of this name with the same metadata already.
    Already,
}

/// The reason why an operation on queues did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The queue does not exist.
    NotFound,
    /// A queue of this name exists with other metadata.
    OtherMetadata,
    /// A queue of this name is still being deleted.
    BeingDeleted,
}

/// Some of the queues, in alphabetical order.
#[derive(Debug)]
pub(crate) struct Page {
    /// The name and the metadata of each queue.
    pub(crate) queues: Vec<(QueueName, Metadata)>,
    /// The first queue that did not fit.
    pub(crate) next: Option<QueueName>,
}

impl Service {
    /// An account without queues. For `deletion_time` after a queue was deleted its name cannot be
    /// used again.
    pub(crate) fn new(deletion_time: Duration) -> Self {
        // What the service keeps for an account that never set anything is not documented: here
        // nothing is logged and nothing is measured.
        let properties = ServiceProperties::new()
            .logging(Logging::new())
            .hour_metrics(Metrics::new())
            .minute_metrics(Metrics::new())
            .cors(Vec::new());
        Self {
            queues: BTreeMap::new(),
            deleting: BTreeMap::new(),
            deletion_time,
            properties,
            log: Log::default(),
        }
    }

    /// Tells `journal` of every change from now on. What was there before must come from it.
    #[cfg(feature = "durable")]
    pub(crate) fn keep_in(&mut self, journal: Arc<dyn Journal>) {
        self.log = Log(Some(journal));
    }

    /// Takes in a queue as a journal kept it, still without its messages.
    #[cfg(feature = "durable")]
    pub(crate) fn restore_queue(&mut self, settings: QueueSettings) {
        let name = settings.name.clone();
        self.queues.insert(name, Queue::restored(settings, self.log.clone()));
    }

    /// Takes in the name of a deleted queue as a journal kept it.
    #[cfg(feature = "durable")]
    pub(crate) fn restore_deleted(&mut self, name: QueueName, free_at: Moment) {
        self.deleting.insert(name, free_at);
    }

    /// Frees the names of deleted queues at `latest` if a clock that was set back since would keep
    /// them longer.
    #[cfg(feature = "durable")]
    pub(crate) fn free_names_by(&mut self, latest: Moment) {
        self.deleting.values_mut().for_each(|until| *until = latest.min(*until));
    }

    /// The time for which the name of a deleted queue cannot be used.
    pub(crate) fn deletion_time(&self) -> Duration {
        self.deletion_time
    }

    /// Takes in the settings as a journal kept them.
    #[cfg(feature = "durable")]
    pub(crate) fn restore_properties(&mut self, properties: ServiceProperties) {
        self.properties = properties;
    }

    /// The settings of the account's queue service; every root is there.
    pub(crate) fn properties(&self) -> &ServiceProperties {
        &self.properties
    }

    /// Takes over the roots that are given, and leaves the others as they are.
    pub(crate) fn set_properties(&mut self, given: ServiceProperties) {
        let ServiceProperties { logging, hour_metrics, minute_metrics, cors, .. } = given;
        let kept = &mut self.properties;
        kept.logging = logging.or(kept.logging.take());
        kept.hour_metrics = hour_metrics.or(kept.hour_metrics.take());
        kept.minute_metrics = minute_metrics.or(kept.minute_metrics.take());
        kept.cors = cors.or(kept.cors.take());
        self.log.record(|| Record::Properties(Box::new(self.properties.clone())));
    }

    /// Replaces the metadata of a queue.
    pub(crate) fn set_metadata(
        &mut self,
        name: &QueueName,
        metadata: Metadata,
    ) -> Result<(), Refusal> {
        let queue = self.queue(name)?;
        queue.metadata = metadata;
        queue.record_settings(name);
        Ok(())
    }

    /// The stored access policies of a queue.
    pub(crate) fn policies(&self, name: &QueueName) -> Result<&SignedIdentifiers, Refusal> {
        self.queues.get(name).map(|queue| &queue.policies).ok_or(Refusal::NotFound)
    }

    /// Replaces the stored access policies of a queue.
    pub(crate) fn set_policies(
        &mut self,
        name: &QueueName,
        policies: SignedIdentifiers,
    ) -> Result<(), Refusal> {
        let queue = self.queue(name)?;
        queue.policies = policies;
        queue.record_settings(name);
        Ok(())
    }

    /// The queue with this name.
    pub(crate) fn queue(&mut self, name: &QueueName) -> Result<&mut Queue, Refusal> {
        self.queues.get_mut(name).ok_or(Refusal::NotFound)
    }

    /// Every queue, in alphabetical order.
    pub(crate) fn queues(&mut self) -> impl Iterator<Item = (&QueueName, &mut Queue)> {
        self.queues.iter_mut()
    }

    /// Makes a queue, unless one of this name is there or is still being deleted.
    pub(crate) fn create(
        &mut self,
        name: QueueName,
        metadata: Metadata,
        now: Moment,
    ) -> Result<Created, Refusal> {
        self.deleting.retain(|_, until| now < *until);
        if self.deleting.contains_key(&name) {
            return Err(Refusal::BeingDeleted);
        }
        match self.queues.entry(name) {
            btree_map::Entry::Vacant(entry) => {
                let name = entry.key().clone();
                entry.insert(Queue::new(metadata, self.log.clone())).record_settings(&name);
                Ok(Created::New)
            }
            btree_map::Entry::Occupied(entry) if entry.get().metadata == metadata => {
                Ok(Created::Already)
            }
            btree_map::Entry::Occupied(_) => Err(Refusal::OtherMetadata),
        }
    }

    /// Deletes a queue and returns what was in it, so that the caller chooses when to free it.
    pub(crate) fn delete(&mut self, name: &QueueName, now: Moment) -> Result<Queue, Refusal> {
        let queue = self.queues.remove(name).ok_or(Refusal::NotFound)?;
        self.deleting.retain(|_, until| now < *until);
        let free_at = (!self.deletion_time.is_zero()).then(|| now.after(self.deletion_time));
        if let Some(free_at) = free_at {
            self.deleting.insert(name.clone(), free_at);
        }
        self.log.record(|| Record::QueueGone {
            name: name.clone(),
            number: queue.number,
            messages: queue.keys(),
            free_at,
        });
        Ok(queue)
    }

    /// Removes every queue, and frees all names at once.
    pub(crate) fn start_over(&mut self, now: Moment) {
        let kept = std::mem::replace(&mut self.deletion_time, Duration::ZERO);
        let names: Vec<QueueName> = self.queues.keys().cloned().collect();
        for name in names {
            // It is there, and nobody else can have removed it.
            let _ = self.delete(&name, now);
        }
        self.deletion_time = kept;
        self.deleting.clear();
    }

    /// Up to `limit` queues whose names start with `prefix`, from `from` on.
    pub(crate) fn list(&self, prefix: &str, from: Option<&QueueName>, limit: usize) -> Page {
        // The names that start with a prefix are neighbours, and the first of them is not before it.
        let lower = match from {
            Some(from) if from.as_str() > prefix => from.as_str(),
            _ => prefix,
        };
        let mut matching = self
            .queues
            .range::<str, _>((Bound::Included(lower), Bound::Unbounded))
            .take_while(|(name, _)| name.as_str().starts_with(prefix));
        let queues = matching
            .by_ref()
            .take(limit)
            .map(|(name, queue)| (name.clone(), queue.metadata.clone()))
            .collect();
        Page { queues, next: matching.next().map(|(name, _)| name.clone()) }
    }
}
