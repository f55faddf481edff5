//! Where Azurite does not do what the list asks for.
//!
//! A deviation is expected: a case that is listed here and passes all the same is an error, so that
//! the list stays true.

/// A case that Azurite fails.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Deviation {
    /// The name of the case.
    pub case: &'static str,
    /// What Azurite does instead.
    pub reason: &'static str,
}

/// Azurite 3.37.0.
pub const AZURITE: &[Deviation] = &[
    Deviation {
        case: "listing::pages_cover_the_list_without_repeats",
        reason: "its pages are sorted by name but continued by internal row number, so queues that \
                 were not made in the order of their names are listed again and again",
    },
    Deviation {
        case: "access::no_credential_is_refused",
        reason: "it answers a request without a credential with 403 AuthenticationFailed instead \
                 of 401 NoAuthenticationInformation",
    },
    Deviation {
        case: "access::a_skewed_clock_is_named",
        reason: "it does not check the date of a request",
    },
];
