//! The word `token`: a bearer token on standard output.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::input;
use super::secret::SecretText;
use super::usage::UsageError;
use crate::token::{TokenIssuer, UserToken};

/// The secret that signs tokens when none is given. Everybody may know it: an emulator without a
/// secret takes tokens whoever signed them.
const OPEN_SECRET: &[u8] = b"queue-emulator";

/// The token to print.
#[derive(Clone, Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct TokenArgs {
    /// The object id of the user. Default: a certain one
    #[arg(long, value_name = "ID")]
    pub(super) object_id: Option<String>,
    /// The user's tenant. Default: a certain one
    #[arg(long, value_name = "ID")]
    pub(super) tenant: Option<String>,
    /// The URL of the service that the token is for. Default: `https://storage.azure.com`
    #[arg(long, value_name = "URL")]
    pub(super) audience: Option<String>,
    /// Limits the user to this role; may be repeated. Default: what --role of the emulator says
    #[arg(long, value_name = "ROLE")]
    pub(super) role: Vec<String>,
    /// How many seconds the token is valid. Default: 3600
    #[arg(long, value_name = "SEC", allow_negative_numbers = true)]
    pub(super) life: Option<u64>,
    /// The file with the secret that signs the token
    #[arg(long, value_name = "FILE")]
    pub(super) token_secret_file: Vec<PathBuf>,
    /// The secret itself, which other users of the machine can read in the list of processes: prefer
    /// --token-secret-file, or the environment variable QUEUE_EMULATOR_TOKEN_SECRET, which counts
    /// if neither option is given
    #[arg(
        long,
        value_name = "TEXT",
        value_parser = SecretText::parser(),
        allow_hyphen_values = true
    )]
    pub(super) token_secret: Vec<SecretText>,
}

impl TokenArgs {
    /// Makes the token.
    pub(super) fn issue(self) -> Result<String, UsageError> {
        let mut user = UserToken::new();
        if let Some(id) = self.object_id {
            user = user.object_id(id);
        }
        if let Some(tenant) = self.tenant {
            user = user.tenant_id(tenant);
        }
        if let Some(audience) = self.audience {
            user = user.audience(audience);
        }
        for role in &self.role {
            user = user.role(input::role(role)?);
        }
        if let Some(life) = self.life {
            user = user.life(Duration::from_secs(life));
        }
        let issuer = input::issuer_given(&self.token_secret, &self.token_secret_file)?;
        let issuer = issuer.unwrap_or_else(|| TokenIssuer::new(OPEN_SECRET));
        Ok(issuer.issue(&user, SystemTime::now()))
    }
}
