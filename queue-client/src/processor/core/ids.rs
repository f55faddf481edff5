//! The numbers by which core and driver name requests, deliveries and questions.

/// The name of one request of the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(u64);

/// The name of one delivery in one processor. No name is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey(u64);

/// The name of a question that a handler asks about its lease. The driver chooses it, and it comes
/// back in [`Action::Reply`](super::Action::Reply).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(u64);

macro_rules! number {
    ($($name:ident),*) => {$(
        impl $name {
            /// The id with this number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number of the id.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }
    )*};
}

number!(OpId, DeliveryKey, AskId);
