//! The well-known account of storage emulators.
//!
//! The page "Use the Azurite emulator" of the Azure documentation publishes both values: they are
//! no secret, and open nothing but an emulator.

/// The name of the account.
pub const DEVSTORE_ACCOUNT: &str = "devstoreaccount1";

/// The key of the account, in base64.
pub const DEVSTORE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// The port of the queue service of an emulator.
pub const DEVSTORE_QUEUE_PORT: u16 = 10001;
