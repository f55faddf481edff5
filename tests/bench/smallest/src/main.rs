//! The smallest program that sends, receives and deletes, over the library of its feature.

#[cfg(feature = "legacy")]
mod legacy;
#[cfg(feature = "official")]
mod official;
#[cfg(feature = "ours")]
mod ours;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "ours")]
    ours::run().await?;
    #[cfg(feature = "official")]
    official::run().await?;
    #[cfg(feature = "legacy")]
    legacy::run().await?;
    Ok(())
}
