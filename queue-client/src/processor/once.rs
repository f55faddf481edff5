//! Work that is done once although its message is delivered twice.
//!
//! A message is delivered [at least once](crate::processor): a crash between an effect and the delete
//! brings it back. [`Once`] is a layer around a handler that asks a store, [`Seen`], before the work
//! begins, and marks the work as finished after it.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = queue_emulator::Emulator::new();
//! # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
//! #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
//! #     .build()?;
//! use queue_client::processor::{Delivery, Processor, once::{MemorySeen, Once}};
//!
//! let orders = service.queue("orders")?;
//! # orders.create().await?;
//! // The sender did not know whether its first try had worked. Both messages have one key.
//! orders.send("order 17: two chairs").await?;
//! orders.send("order 17: two chairs").await?;
//!
//! let handler = Once::new(MemorySeen::new())
//!     .key(|order: &Delivery<String>| order.body().split(':').next().map(str::to_owned))
//!     .around(|order: Delivery<String>| async move {
//!         println!("{}", order.body()); // printed once
//!         Ok(())
//!     });
//! let report = Processor::new(orders).concurrency(1).drain_once_handler(handler).await?;
//! assert_eq!(report.counters.completed, 2);
//! # Ok(())
//! # }
//! ```
//!
//! # What is guaranteed
//!
//! It is assumed that the store does what [`Seen`] says, that all receivers use the same store, and
//! that the clocks by which it judges holds differ by less than a hold.
//!
//! * **Finished is finished.** Once a key is marked as finished, no handler starts for it until the
//!   mark [expires](Seen::expire). Its messages are completed.
//! * **One at a time.** While a handler runs and its process lives, no other handler starts for its
//!   key, as long as the hold is renewed in time: at a third of the [hold](Once::hold).
//! * **Effects once.** With [`around_claimed`](Once::around_claimed), and the mark committed in one
//!   transaction with the effect, the effect happens at most once, whatever crashes, however late a
//!   handler is, and however wrong the clocks are: of two handlers with one key only one can set the mark.
//!   With the processor's *at least once*, every message that does not become a dead letter has its
//!   effect exactly once.
//! * **No loss.** A message that meets a live holder is given back until the hold ends. On its last
//!   delivery it waits in its handler instead, with its lease renewed. A holder that has crashed is
//!   taken over when its hold ends.
//!
//! # What is not
//!
//! * Effects outside of the store's transaction happen at least once, and no more than that: a crash
//!   between the effect and the mark repeats them, with [`around`](Once::around) always, and with
//!   [`around_claimed`](Once::around_claimed) for what a transaction does not hold, such as a mail.
//! * A hold that could not be renewed in time, as when a process is suspended, lets another handler
//!   start. The overtaken one cannot set the mark any more.
//! * A mark that has expired protects no more. Marks should be [kept](Once::keep) for longer than
//!   messages and repetitions of their senders live.
//! * [`MemorySeen`] knows what happened in one process, and forgets it with that.
//! * A handler that fails, panics or is dropped, because its time is over or its lease is lost, has its
//!   work begun again by a later delivery: its hold is given up, and it need not end by itself. If the
//!   store cannot be reached then, it does.
//! * A mark that the store does not take is tried six times, over some six seconds. After that the
//!   message is completed with [`around`](Once::around), since its work is done: another message with
//!   its key then has its work done too. With [`around_claimed`](Once::around_claimed) the handler
//!   fails with [`OnceError::NotMarked`], since a later delivery finds the mark if the handler has
//!   committed it.
//!
//! | A crash | What follows |
//! | --- | --- |
//! | before the claim is stored | the message comes back, and its work begins |
//! | after it, before the effect | the same, once the hold has ended |
//! | after the effect, before the commit | the effect is rolled back; the same |
//! | in the handler, by a panic that the process survives | the message is tried again, and its work begins at once |
//! | after the effect, before the mark, without a transaction | **the effect is repeated** |
//! | after the commit, before the delete | the message comes back, and is deleted without its work |
//!
//! # With a database
//!
//! One table is enough. In the words of PostgreSQL, and of SQLite from 3.24 on:
//!
//! ```sql
//! CREATE TABLE seen (
//!     key        TEXT PRIMARY KEY,
//!     holder     TEXT NOT NULL,
//!     held_until TIMESTAMPTZ NOT NULL,
//!     done_at    TIMESTAMPTZ
//! );
//!
//! -- begin: one row is changed, or the key is held or finished, as the row then says.
//! INSERT INTO seen (key, holder, held_until) VALUES ($1, $2, now() + $3)
//! ON CONFLICT (key) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
//!  WHERE seen.done_at IS NULL
//!    AND (seen.held_until <= now() OR seen.holder = excluded.holder);
//!
//! -- finish: one row is changed, or the claim is lost.
//! UPDATE seen SET done_at = now() WHERE key = $1 AND holder = $2 AND done_at IS NULL;
//!
//! -- abandon, and expire.
//! DELETE FROM seen WHERE key = $1 AND holder = $2 AND done_at IS NULL;
//! DELETE FROM seen WHERE done_at < now() - $1;
//! ```
//!
//! The handler sets the mark in its own transaction. `finish` comes first there: its lock on the row
//! makes an overtaken handler wait for the other one, and then roll back.
//!
//! ```text
//! let handler = Once::new(PostgresSeen::new(pool.clone())).around_claimed(move |order, claim| {
//!     let pool = pool.clone();
//!     async move {
//!         let mut transaction = pool.begin().await?;
//!         let marked = sqlx::query(FINISH).bind(claim.key()).bind(claim.holder())
//!             .execute(&mut *transaction).await?;
//!         if marked.rows_affected() == 0 {
//!             return Err(HandlerError::from("another receiver has taken over")); // rolled back
//!         }
//!         book(&mut transaction, order.body()).await?;
//!         transaction.commit().await?;
//!         Ok(())
//!     }
//! });
//! ```
//!
//! After the handler `Once` finishes the claim again, which must find it finished by the same holder.
//! That also tells a handler that forgot the mark from one that was overtaken.

mod error;
mod hold;
mod layer;
mod memory;
mod seen;

pub use self::{
    error::OnceError,
    layer::Once,
    memory::MemorySeen,
    seen::{Begin, Claim, Finish, Seen},
};
