//! [`Payload`]: what `send` takes, a value of the queue's codec that is given away or lent.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use queue_proto::codec::{AutoText, Encoding};

/// A value to send: its own, or borrowed.
///
/// It is made by `Into`: from a value of the codec's type and from a reference to one, for any
/// codec; besides, from all common forms of text where the value is a `String` or an [`AutoText`],
/// and of bytes where it is [`Bytes`].
///
/// ```
/// # #[cfg(feature = "json")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// use queue_client::codec::Json;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Order {
///     bottles: u32,
/// }
///
/// let orders = service.queue("orders")?.with_codec(Json::<Order>::new());
/// # orders.create().await?;
/// let order = Order { bottles: 17 };
/// orders.send(&order).await?;
/// orders.send(order).await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "json"))]
/// # fn main() {}
/// ```
#[expect(clippy::exhaustive_enums, reason = "a value is given away or lent")]
pub enum Payload<'a, T> {
    /// The value is given away, which can save a copy.
    Owned(T),
    /// The value is lent.
    Borrowed(&'a T),
}

impl<T> AsRef<T> for Payload<'_, T> {
    fn as_ref(&self) -> &T {
        match self {
            Self::Owned(value) => value,
            Self::Borrowed(value) => value,
        }
    }
}

/// Shows which of the two it is: the value may be anything, a secret too.
impl<T> fmt::Debug for Payload<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owned(_) => "Payload::Owned(..)",
            Self::Borrowed(_) => "Payload::Borrowed(..)",
        })
    }
}

impl<T> From<T> for Payload<'_, T> {
    fn from(value: T) -> Self {
        Self::Owned(value)
    }
}

impl<'a, T> From<&'a T> for Payload<'a, T> {
    fn from(value: &'a T) -> Self {
        Self::Borrowed(value)
    }
}

macro_rules! converted {
    ($($from:ty => $to:ty: $convert:expr),* $(,)?) => {$(
        impl From<$from> for Payload<'_, $to> {
            fn from(value: $from) -> Self {
                let convert: fn($from) -> $to = $convert;
                Self::Owned(convert(value))
            }
        }
    )*};
}

converted! {
    &str => String: str::to_owned,
    &&str => String: |text| (*text).to_owned(),
    Box<str> => String: String::from,
    Cow<'_, str> => String: |text| text.into_owned(),
    char => String: String::from,
    &str => AutoText: |text| AutoText::new(text, Encoding::Text),
    String => AutoText: |text| AutoText::new(text, Encoding::Text),
    &String => AutoText: |text| AutoText::new(text, Encoding::Text),
    &[u8] => Bytes: Bytes::copy_from_slice,
    &str => Bytes: |text| Bytes::copy_from_slice(text.as_bytes()),
    Vec<u8> => Bytes: Bytes::from,
    &Vec<u8> => Bytes: |bytes| Bytes::copy_from_slice(bytes),
    Box<[u8]> => Bytes: Bytes::from,
    String => Bytes: Bytes::from,
}

impl<const N: usize> From<&[u8; N]> for Payload<'_, Bytes> {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Owned(Bytes::copy_from_slice(bytes))
    }
}
