//! [`ObjectBodyStore`]: large bodies in any store of the crate `object_store`.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::{
    Error, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, path::Path,
};
use queue_auth::BoxFuture;

use super::{
    BodyStore,
    sweep::{ListBodies, StoredBody},
};
use crate::processor::explanation::BoxError;

/// Large bodies in a store of the crate `object_store`: blobs of Azure, S3, a folder, memory.
///
/// A body becomes the object `{prefix}/{key}`, which is never overwritten. The program brings the store,
/// with the features of `object_store` that it needs.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// use std::sync::Arc;
/// use object_store::memory::InMemory;
/// use queue_client::processor::{Oversize, Processor, Producer, object_store_0_14::ObjectBodyStore};
///
/// // With its feature `azure`: MicrosoftAzureBuilder::from_env().with_container_name("bodies").build()?
/// let store = Arc::new(ObjectBodyStore::new(Arc::new(InMemory::new()), "scans"));
/// let scans = service.queue("scans")?;
/// # scans.create().await?;
/// let producer = Producer::new(scans.clone()).oversize(Oversize::ClaimCheck(store.clone()));
/// producer.send(&"x".repeat(1_000_000)).await?;
///
/// let report = Processor::new(scans)
///     .body_store(store)
///     .drain_once(|scan| async move {
///         assert_eq!(scan.body().len(), 1_000_000);
///         Ok(())
///     })
///     .await?;
/// assert_eq!(report.counters.completed, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ObjectBodyStore {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl ObjectBodyStore {
    /// The objects below this prefix, which hold nothing else than bodies. An empty prefix is the root
    /// of the store.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { store, prefix: Path::from(prefix) }
    }

    fn path(&self, key: &str) -> Path {
        self.prefix.clone().join(key)
    }

    fn stored(&self, meta: &ObjectMeta) -> Option<StoredBody> {
        // What is in a folder below is not ours.
        let mut parts = meta.location.prefix_match(&self.prefix)?;
        let (Some(key), None) = (parts.next(), parts.next()) else { return None };
        let since = u64::try_from(meta.last_modified.timestamp()).ok()?;
        let stored_at = UNIX_EPOCH + Duration::from_secs(since);
        Some(StoredBody { key: key.as_ref().to_owned(), stored_at, bytes: meta.size })
    }
}

impl BodyStore for ObjectBodyStore {
    fn put<'a>(&'a self, key: &'a str, body: Bytes) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let create = PutOptions::from(PutMode::Create);
            self.store.put_opts(&self.path(key), body.into(), create).await?;
            Ok(())
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes, BoxError>> {
        Box::pin(async move { Ok(self.store.get(&self.path(key)).await?.bytes().await?) })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            match self.store.delete(&self.path(key)).await {
                // Somebody was faster, or the answer to the first try was lost.
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error.into()),
            }
        })
    }
}

impl ListBodies for ObjectBodyStore {
    fn list(&self, before: SystemTime) -> BoxFuture<'_, Result<Vec<StoredBody>, BoxError>> {
        Box::pin(async move {
            let prefix = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
            let mut found = self.store.list(prefix);
            let mut bodies = Vec::new();
            while let Some(meta) = found.try_next().await? {
                bodies.extend(self.stored(&meta).filter(|body| body.stored_at < before));
            }
            Ok(bodies)
        })
    }
}
