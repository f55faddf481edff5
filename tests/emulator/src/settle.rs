//! Answers that must not be given before what they tell of is stored: [`Unsettled`] and
//! [`Emulator::settle`].
//!
//! An operation changes the state at once, so that the next one sees it, and its answer goes out
//! when the change is on disk. An answer that may have seen the change of another waits for it too:
//! no client can learn of something that a crash then undoes.

use bytes::Bytes;
use http::Response;

use crate::effect::Effect;
use crate::emulator::Emulator;

#[cfg(feature = "durable")]
mod with_store {
    use http::Method;
    use queue_proto::{ErrorCode, ResponseHead, ServiceError};

    use super::{Bytes, Effect, Emulator, Response};
    #[cfg(feature = "bearer")]
    use crate::directory::Owner;
    use crate::refusal::{Check, Refusal};
    use crate::store::Store;
    use crate::store::batch::Ticket;
    use crate::store::error::StoreError;

    /// Refuses what is known not to be stored before it changes anything.
    pub(crate) fn admit(emulator: &Emulator, effect: Effect) -> Result<(), Refusal> {
        match emulator.store().map(|store| store.admit(effect)) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(not_stored(&error)),
        }
    }

    /// 500: whether it is stored cannot be told for every failure of a disk, so this must not be
    /// an answer that says that nothing happened.
    fn not_stored(error: &StoreError) -> Refusal {
        let error =
            ServiceError::new(ErrorCode::InternalError).with_detail("Reason", error.to_string());
        Refusal::new(Check::Storage, error)
    }

    /// What an answer has to wait for.
    #[derive(Default)]
    pub(crate) struct Unsettled(Option<Ticket>);

    impl Unsettled {
        /// Everything that the state holds now. The caller has the account's lock.
        pub(crate) fn now(emulator: &Emulator) -> Self {
            Self(emulator.store().and_then(Store::ticket))
        }

        /// The owner of a user delegation key, and everything that the state holds now.
        #[cfg(feature = "bearer")]
        pub(crate) fn with_owner(emulator: &Emulator, owner: Owner) -> Self {
            if let Some(store) = emulator.store() {
                store.remember(owner);
            }
            Self::now(emulator)
        }

        /// Notes it in the answer.
        pub(crate) fn mark(self, response: &mut Response<Bytes>) {
            if let Some(ticket) = self.0 {
                response.extensions_mut().insert(ticket);
            }
        }
    }

    impl Emulator {
        /// Waits until an answer may be given, without blocking the thread.
        #[cfg(feature = "serve")]
        pub(crate) async fn settle(&self, mut response: Response<Bytes>) -> Response<Bytes> {
            match response.extensions_mut().remove::<Ticket>() {
                None => response,
                Some(ticket) => match ticket.await {
                    Ok(()) => response,
                    Err(error) => self.not_stored(&response, &error),
                },
            }
        }

        /// Blocks until an answer may be given.
        pub(crate) fn settle_blocking(&self, mut response: Response<Bytes>) -> Response<Bytes> {
            match response.extensions_mut().remove::<Ticket>().map(|ticket| ticket.wait()) {
                None | Some(Ok(())) => response,
                Some(Err(error)) => self.not_stored(&response, &error),
            }
        }

        fn not_stored(&self, response: &Response<Bytes>, error: &StoreError) -> Response<Bytes> {
            self.refuse_with(
                &not_stored(error),
                &ResponseHead::read(response.headers()),
                &Method::GET,
            )
        }
    }
}

#[cfg(feature = "durable")]
pub(crate) use with_store::{Unsettled, admit};

#[cfg(not(feature = "durable"))]
mod in_memory {
    use super::{Bytes, Effect, Emulator, Response};

    /// Memory takes everything.
    pub(crate) fn admit(_: &Emulator, _: Effect) -> Result<(), crate::refusal::Refusal> {
        Ok(())
    }

    /// Nothing: what is in memory is all there is.
    #[derive(Default)]
    pub(crate) struct Unsettled(());

    impl Unsettled {
        pub(crate) fn now(_: &Emulator) -> Self {
            Self(())
        }

        #[cfg(feature = "bearer")]
        pub(crate) fn with_owner(_: &Emulator, _: crate::directory::Owner) -> Self {
            Self(())
        }

        pub(crate) fn mark(self, _: &mut Response<Bytes>) {}
    }

    impl Emulator {
        #[cfg(feature = "serve")]
        pub(crate) async fn settle(&self, response: Response<Bytes>) -> Response<Bytes> {
            response
        }

        pub(crate) fn settle_blocking(&self, response: Response<Bytes>) -> Response<Bytes> {
            response
        }
    }
}

#[cfg(not(feature = "durable"))]
pub(crate) use in_memory::{Unsettled, admit};
