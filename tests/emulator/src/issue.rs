//! What Get User Delegation Key does: it gives out a key, and remembers what its owner may do.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use queue_auth::verify::Access;
use queue_proto::ops::{GetUserDelegationKey, GetUserDelegationKeyResponse};
use queue_proto::{AccountName, ErrorCode, OperationResponse as _, ServiceVersion};

use crate::directory::Owner;
use crate::effect::Effect;
use crate::emulator::Emulator;
use crate::refusal::{Check, Refusal, by};
use crate::role::Roles;
use crate::settle::{self, Unsettled};

impl Emulator {
    /// The answer with a key for the user whose token came with the request, and what the answer has
    /// to wait for: roles that only the token names are stored with it, since the signatures that are made with
    /// the key come without the token (durable/reopen.rs).
    pub(crate) fn delegation_key(
        &self,
        account: &AccountName,
        asked: &GetUserDelegationKey,
        access: Option<Access>,
        version: Option<ServiceVersion>,
        now: SystemTime,
    ) -> Result<(Response<Bytes>, Unsettled), Refusal> {
        let Some(Access::Bearer(claims)) = access else {
            return Err(Refusal::new(Check::Permission, ErrorCode::AuthorizationFailure));
        };
        let user = (claims.object_id.as_str(), claims.tenant_id.as_str());
        settle::admit(self, Effect::Growth)?;
        let roles = Roles::named(&claims.roles);
        let limited = roles.is_some();
        let (keys, version) = (self.delegation_keys(), version.unwrap_or_default());
        let key = keys.issue(account.as_str(), asked, user, limited, version, now);
        let key = key.map_err(by(Check::Values))?;
        let owner = Owner { object_id: claims.object_id.clone(), roles, until: key.expiry.into() };
        let owner = self.directory().owners.remember(owner, now.into());
        let owner = owner.ok_or_else(|| Refusal::new(Check::State, ErrorCode::ServerBusy))?;
        let answer = GetUserDelegationKeyResponse::new(key).to_http();
        Ok((answer, Unsettled::with_owner(self, owner)))
    }
}
