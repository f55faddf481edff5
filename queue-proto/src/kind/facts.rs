//! [`Facts`], what a row of the table of operations says, and the types that it says it with.

use http::Method;

/// What holds for an operation whatever its parameters are.
pub(crate) struct Facts {
    /// The name in the REST reference, in one word.
    pub(crate) name: &'static str,
    /// The method, the resource and the fixed parameters that name the operation.
    pub(crate) route: Route,
    /// The effect of doing the operation twice.
    pub(crate) idempotence: Idempotence,
    /// The copies of the data that the operation may go to.
    pub(crate) secondary: SecondaryAccess,
    /// The rights that allow the operation.
    pub(crate) permission: Permission,
}

/// How a request names its operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// The methods that name it. Clients use the first one.
    pub(crate) verbs: &'static [Verb],
    /// The kind of resource; `None` when the operation is there for each of them.
    pub(crate) target: Option<Target>,
    /// The value of `comp`: empty when the request must not have the parameter, `None` when the
    /// parameter does not count.
    pub(crate) comp: Option<&'static str>,
    /// True when `restype=service` must be there.
    pub(crate) restype: bool,
    /// True when `peekonly=true` must be there.
    pub(crate) peek_only: bool,
}

/// The kinds of resource that operations are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Service,
    Queue,
    Messages,
    Message,
}

/// The HTTP methods that operations have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Head,
    Put,
    Post,
    Delete,
    Options,
}

/// What happens when an operation is done twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth case")]
pub enum Idempotence {
    /// The operation changes nothing.
    Safe,
    /// Doing it twice leaves the service as doing it once does. The second answer may differ: a
    /// repeated Delete Queue finds nothing, a repeated Update Message has a receipt that the first
    /// one made void.
    Idempotent,
    /// Doing it twice has two effects: a second message, a second lot of hidden messages.
    Effectful,
}

/// Which copies of the data an operation may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth case")]
pub enum SecondaryAccess {
    /// The primary alone: the operation changes something, as Get Messages does although it is an
    /// HTTP `GET`.
    Never,
    /// The primary, and for reading the secondary too.
    Allowed,
    /// The secondary alone.
    Only,
}

/// The resource type of an account SAS (`srt`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these three")]
pub enum AccountSasResource {
    /// `s`: the service.
    Service,
    /// `c`: containers, which are queues here.
    Container,
    /// `o`: objects, which are messages here.
    Object,
}

/// What a request needs to be allowed to do an operation. The account key allows everything but
/// what `bearer_only` marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permission {
    /// What an account SAS needs; `None` when no account SAS allows the operation.
    pub account_sas: Option<AccountSasPermission>,
    /// The letter that a queue SAS or a stored access policy needs; `None` when none allows the
    /// operation.
    pub queue_sas: Option<char>,
    /// The role-based data actions of Microsoft Entra ID: any one of these sets, each of which must
    /// be granted as a whole. Empty when no bearer token is needed or helps.
    pub actions: &'static [&'static [&'static str]],
    /// True when the operation needs no authorization at all.
    pub anonymous: bool,
    /// True when only a bearer token allows the operation.
    pub bearer_only: bool,
}

/// What an account SAS needs for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AccountSasPermission {
    /// The resource type that the SAS must cover.
    pub resource: AccountSasResource,
    /// The permission letters, any one of which is enough.
    pub letters: &'static [char],
}

impl AccountSasResource {
    /// The letter in `srt`.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Service => 's',
            Self::Container => 'c',
            Self::Object => 'o',
        }
    }
}

impl Permission {
    /// Allowed to the account key alone.
    pub(crate) const NO_SAS: Self = Self {
        account_sas: None,
        queue_sas: None,
        actions: &[],
        anonymous: false,
        bearer_only: false,
    };

    /// Allowed to everybody.
    pub(crate) const ANONYMOUS: Self = Self { anonymous: true, ..Self::NO_SAS };

    /// Allowed to an account SAS for this resource type with any one of these letters.
    pub(crate) const fn account_sas(
        resource: AccountSasResource,
        letters: &'static [char],
    ) -> Self {
        Self { account_sas: Some(AccountSasPermission { resource, letters }), ..Self::NO_SAS }
    }

    /// Allowed to a bearer token alone.
    pub(crate) const fn only_bearer(actions: &'static [&'static [&'static str]]) -> Self {
        Self { bearer_only: true, actions, ..Self::NO_SAS }
    }

    /// Allowed to a queue SAS with this letter as well.
    pub(crate) const fn queue_sas(self, letter: char) -> Self {
        Self { queue_sas: Some(letter), ..self }
    }

    /// Allowed to a bearer token with any one of these sets of actions as well.
    pub(crate) const fn actions(self, actions: &'static [&'static [&'static str]]) -> Self {
        Self { actions, ..self }
    }
}

impl Route {
    const fn new(verbs: &'static [Verb], target: Option<Target>) -> Self {
        Self { verbs, target, comp: None, restype: false, peek_only: false }
    }

    /// On every resource.
    pub(crate) const fn anywhere(verbs: &'static [Verb]) -> Self {
        Self::new(verbs, None)
    }

    /// On the service of the account, with this value of `comp`.
    pub(crate) const fn service(verbs: &'static [Verb], comp: &'static str) -> Self {
        Self { comp: Some(comp), ..Self::new(verbs, Some(Target::Service)) }
    }

    /// On a queue, with this value of `comp`.
    pub(crate) const fn queue(verbs: &'static [Verb], comp: &'static str) -> Self {
        Self { comp: Some(comp), ..Self::new(verbs, Some(Target::Queue)) }
    }

    /// On the messages of a queue.
    pub(crate) const fn messages(verbs: &'static [Verb]) -> Self {
        Self::new(verbs, Some(Target::Messages))
    }

    /// On one message.
    pub(crate) const fn message(verbs: &'static [Verb]) -> Self {
        Self::new(verbs, Some(Target::Message))
    }

    /// The same with the parameter `restype=service`.
    pub(crate) const fn restype(self) -> Self {
        Self { restype: true, ..self }
    }

    /// The same with the parameter `peekonly=true`.
    pub(crate) const fn peek_only(self) -> Self {
        Self { peek_only: true, ..self }
    }
}

impl Verb {
    /// The verb of a method; `None` when no operation has that method.
    pub(crate) fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::GET => Some(Self::Get),
            Method::HEAD => Some(Self::Head),
            Method::PUT => Some(Self::Put),
            Method::POST => Some(Self::Post),
            Method::DELETE => Some(Self::Delete),
            Method::OPTIONS => Some(Self::Options),
            _ => None,
        }
    }

    pub(crate) fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Head => Method::HEAD,
            Self::Put => Method::PUT,
            Self::Post => Method::POST,
            Self::Delete => Method::DELETE,
            Self::Options => Method::OPTIONS,
        }
    }
}
