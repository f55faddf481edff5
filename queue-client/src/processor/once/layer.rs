//! [`Once`]: the layer around a handler.

use std::{
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt as _,
    future::{Either, select},
};

use super::{
    error::OnceError,
    hold::Hold,
    seen::{Begin, Claim, Finish, Seen},
};
use crate::{
    processor::{
        core::Outcome,
        explanation::BoxError,
        run::{
            delivery::Delivery,
            handler::{FromFn, Handler, HandlerError, HandlerResult},
        },
    },
    runtime::Runtime,
};

/// The shortest pause before a key is asked for again that another holder has.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// The pause before a mark is tried again that the store did not take, and how often it is: over some
/// six seconds, which a store takes to change to another server.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const MORE_TRIES: u32 = 5;
/// How often in the time that marks are kept the store is told to forget old ones.
const SWEEPS: u32 = 24;

type Key<T> = dyn Fn(&Delivery<T>) -> Option<String> + Send + Sync;

/// Lets the work of a message be done once, by what a [`Seen`] store knows.
///
/// The [module](super) says what that guarantees, and what not.
#[must_use = "the layer does nothing until it is around a handler"]
pub struct Once<T> {
    seen: Arc<dyn Seen>,
    key: Option<Arc<Key<T>>>,
    hold: Duration,
    keep: Duration,
    /// When the store was last told to forget old marks.
    swept: Mutex<Option<Duration>>,
}

impl<T: Send + 'static> Once<T> {
    /// A layer with this store, which tells messages apart by their ids.
    pub fn new(seen: impl Seen) -> Self {
        Self {
            seen: Arc::new(seen),
            key: None,
            hold: Duration::from_secs(60),
            keep: Duration::from_secs(8 * 24 * 60 * 60),
            swept: Mutex::new(None),
        }
    }

    /// Sets what tells the work of a message apart: a key that its sender put into the message, so
    /// that a message that was sent twice is worked on once. `None` stands for the id of the message.
    /// Queues that share a store need keys that differ. Default: the id of the message.
    pub fn key(
        mut self,
        key: impl Fn(&Delivery<T>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.key = Some(Arc::new(key));
        self
    }

    /// Sets for how long a claim holds without a renewal, at least 3 s. It is renewed at a third of
    /// that while the handler runs. After a crash the work begins again when the hold ends. Default:
    /// 60 s.
    pub fn hold(mut self, hold: Duration) -> Self {
        self.hold = hold.max(Duration::from_secs(3));
        self
    }

    /// Sets for how long finished keys are kept in the store. That should be longer than a message
    /// lives, and than a sender repeats it. Default: 8 days, since messages live for 7 if nothing else is
    /// said.
    pub const fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// Puts the layer around a function. The mark is set after the function has returned, so a crash
    /// between the two repeats the effect.
    pub fn around<F, Fut>(self, handler: F) -> impl Handler<T>
    where
        F: Fn(Delivery<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: HandlerResult,
    {
        self.around_handler(FromFn(handler))
    }

    /// Does the same as [`around`](Self::around), with a [`Handler`].
    pub fn around_handler<H: Handler<T>>(self, handler: H) -> impl Handler<T> {
        Layer { once: self, work: Plain(handler) }
    }

    /// Puts the layer around a function that sets the mark itself, by the claim that it gets, in one
    /// transaction with its effect.
    pub fn around_claimed<F, Fut>(self, handler: F) -> impl Handler<T>
    where
        F: Fn(Delivery<T>, Claim) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: HandlerResult,
    {
        Layer { once: self, work: Claimed(handler) }
    }

    /// Holds the key, or says what becomes of the message instead.
    async fn begin(
        &self,
        is_last_attempt: bool,
        claim: &Claim,
        runtime: &dyn Runtime,
    ) -> Result<Option<Outcome>, HandlerError> {
        loop {
            let begun = self.seen.begin(claim, self.hold).await.map_err(OnceError::NotBegun)?;
            let remaining = match begun {
                Begin::Begun => return Ok(None),
                Begin::Finished => return Ok(Some(Outcome::Complete)),
                Begin::Held { remaining } => {
                    remaining.clamp(SHORTEST_WAIT, self.hold.max(SHORTEST_WAIT))
                }
            };
            if !is_last_attempt {
                return Ok(Some(Outcome::Retry { after: Some(remaining) }));
            }
            // Given back now, the message would become a dead letter although its work may not be done.
            // Test: `a_last_delivery_waits_for_the_holder`.
            runtime.sleep(remaining).await;
        }
    }

    /// Waits for the work, and keeps the hold meanwhile.
    async fn hold_while<V>(
        &self,
        claim: &Claim,
        runtime: &dyn Runtime,
        work: impl Future<Output = V> + Send,
    ) -> V {
        let mut work = std::pin::pin!(work);
        loop {
            match select(work, runtime.sleep(self.hold / 3)).await {
                Either::Left((done, _)) => return done,
                Either::Right(((), going_on)) => work = going_on,
            }
            // The renewal must not keep the handler from going on.
            match select(work, self.seen.begin(claim, self.hold)).await {
                Either::Left((done, _)) => return done,
                Either::Right((renewed, going_on)) => {
                    if !matches!(renewed, Ok(Begin::Begun | Begin::Finished)) {
                        tracing::warn!(
                            target: "queue_client::processor",
                            key = claim.key(),
                            "the hold of a running handler was not renewed"
                        );
                    }
                    work = going_on;
                }
            }
        }
    }

    /// Sets the mark, if need be in several tries. A store that took it and whose answer was lost says
    /// so in the next one.
    async fn finish(&self, claim: &Claim, runtime: &dyn Runtime) -> Result<Finish, BoxError> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..MORE_TRIES {
            match self.seen.finish(claim).await {
                Ok(found) => return Ok(found),
                Err(error) => tracing::debug!(
                    target: "queue_client::processor",
                    %error,
                    key = claim.key(),
                    "work was not marked as finished yet"
                ),
            }
            runtime.sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        self.seen.finish(claim).await
    }

    /// Lets the store forget old marks every now and then.
    async fn sweep(&self, runtime: &dyn Runtime) {
        let now = runtime.elapsed();
        {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            if swept.is_some_and(|at| now.saturating_sub(at) < self.keep / SWEEPS) {
                return;
            }
            *swept = Some(now);
        }
        log(self.seen.expire(self.keep).await);
    }
}

fn log(result: Result<(), BoxError>) {
    if let Err(error) = result {
        tracing::warn!(
            target: "queue_client::processor",
            %error,
            "the store of what was seen could not be tidied"
        );
    }
}

impl<T> fmt::Debug for Once<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once")
            .field("seen", &self.seen)
            .field("hold", &self.hold)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// What is done for a key that is held.
trait Work<T>: Send + Sync + 'static {
    /// Whether the work commits the mark together with its effect.
    const MARKS: bool;

    fn run(
        &self,
        delivery: Delivery<T>,
        claim: &Claim,
    ) -> impl Future<Output = Result<Outcome, HandlerError>> + Send;
}

struct Plain<H>(H);

impl<T: Send + 'static, H: Handler<T>> Work<T> for Plain<H> {
    const MARKS: bool = false;

    async fn run(&self, delivery: Delivery<T>, _: &Claim) -> Result<Outcome, HandlerError> {
        self.0.handle(delivery).await
    }
}

struct Claimed<F>(F);

impl<T, F, Fut> Work<T> for Claimed<F>
where
    T: Send + 'static,
    F: Fn(Delivery<T>, Claim) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: HandlerResult,
{
    const MARKS: bool = true;

    async fn run(&self, delivery: Delivery<T>, claim: &Claim) -> Result<Outcome, HandlerError> {
        (self.0)(delivery, claim.clone()).await.into_outcome()
    }
}

struct Layer<T, W> {
    once: Once<T>,
    work: W,
}

impl<T: Send + 'static, W: Work<T>> Handler<T> for Layer<T, W> {
    async fn handle(&self, delivery: Delivery<T>) -> Result<Outcome, HandlerError> {
        let once = &self.once;
        let runtime = delivery.lease().runtime();
        let key = once.key.as_ref().and_then(|key| key(&delivery));
        let claim = Claim::of(&delivery.fencing_token(), key);
        if let Some(outcome) = once.begin(delivery.is_last_attempt(), &claim, &*runtime).await? {
            return Ok(outcome);
        }
        let hold = Hold::new(&once.seen, &claim);
        // The panic goes on below; the delivery and the claim are not looked at after it.
        let work = AssertUnwindSafe(self.work.run(delivery, &claim)).catch_unwind();
        let result = match once.hold_while(&claim, &*runtime, work).await {
            Ok(result) => result,
            Err(panic) => {
                // Before the message is given back: its next delivery must not find the hold.
                hold.abandon().await;
                resume_unwind(panic);
            }
        };
        if !matches!(result, Ok(Outcome::Complete)) {
            hold.abandon().await;
            return result;
        }
        hold.ended();
        match once.finish(&claim, &*runtime).await {
            Ok(Finish::Finished) => {
                once.sweep(&*runtime).await;
                Ok(Outcome::Complete)
            }
            Ok(Finish::NotHeld) => Err(OnceError::Overtaken.into()),
            Err(error) if W::MARKS => Err(OnceError::NotMarked(error).into()),
            Err(error) => {
                tracing::warn!(
                    target: "queue_client::processor",
                    %error,
                    key = claim.key(),
                    "the work is done, and could not be marked as finished: its message is completed"
                );
                Ok(Outcome::Complete)
            }
        }
    }
}
