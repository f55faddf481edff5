//! Stored access policies: what is set comes back, and what it opens closes again.

use std::time::Duration;

use queue_proto::{
    AccessPolicy, PolicyId, PolicyPermission, SignedIdentifier, SignedIdentifiers,
    ops::{GetQueueAcl, SetQueueAcl},
};

use super::{Failure, Outcome, Stage, equal};

pub(super) async fn policies_come_back_as_they_were_set(stage: &Stage<'_>) -> Outcome {
    let start = stage.server.now_in_seconds();
    let times = AccessPolicy::new().start(start).expiry(start + Duration::from_secs(3600));
    for policies in [
        vec![("times and letters", times.clone().permission(letters("raup")?)), ("times", times)],
        vec![("letters", AccessPolicy::new().permission(letters("ap")?))],
        vec![("nothing", AccessPolicy::new())],
        vec![],
    ] {
        let mut wanted = SignedIdentifiers::new();
        for (id, policy) in policies {
            wanted.push(SignedIdentifier::new(PolicyId::new(id)?, policy))?;
        }
        set(stage, wanted.clone()).await?;
        let get = GetQueueAcl::new(stage.queue.name().clone());
        equal("policies", stage.service.execute(&get).await?.identifiers, wanted)?;
    }
    Ok(())
}

/// By requests on the wire: whoever has a signature is not the one who has the key.
pub(super) async fn a_policy_opens_the_queue_until_it_is_removed(stage: &Stage<'_>) -> Outcome {
    let expiry = stage.server.now_in_seconds() + Duration::from_secs(3600);
    let policy = AccessPolicy::new().expiry(expiry).permission(letters("r")?);
    let mut policies = SignedIdentifiers::new();
    policies.push(SignedIdentifier::new(PolicyId::new("readers")?, policy))?;
    set(stage, policies).await?;
    let peek = || stage.ask("GET", "/{q}/messages?peekonly=true").policy_sas("readers");
    peek().answered(200).await?;
    let get = stage.ask("GET", "/{q}/messages").policy_sas("readers");
    get.refused(403, "AuthorizationPermissionMismatch").await?;
    set(stage, SignedIdentifiers::new()).await?;
    peek().refused(403, "AuthenticationFailed").await
}

async fn set(stage: &Stage<'_>, policies: SignedIdentifiers) -> Outcome {
    stage.service.execute(&SetQueueAcl::new(stage.queue.name().clone(), policies)).await?;
    Ok(())
}

fn letters(letters: &str) -> Result<PolicyPermission, Failure> {
    Ok(PolicyPermission::new(letters)?)
}
