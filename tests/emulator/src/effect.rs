//! What operations do to what is stored, as far as it matters to a disk: [`Effect`].

use queue_proto::{AnyOperation, Idempotence};

/// What an operation does to what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The operation reads.
    Nothing,
    /// The operation changes or removes what is there, which is possible on a full disk too.
    Change,
    /// The operation adds something that stays.
    Growth,
}

impl Effect {
    /// The effect of an operation.
    pub(crate) fn of(operation: &AnyOperation) -> Self {
        match operation {
            AnyOperation::CreateQueue(_)
            | AnyOperation::SetQueueMetadata(_)
            | AnyOperation::SetQueueAcl(_)
            | AnyOperation::SetServiceProperties(_)
            | AnyOperation::PutMessage(_) => Self::Growth,
            AnyOperation::UpdateMessage(update) if update.text.is_some() => Self::Growth,
            operation if operation.kind().idempotence() == Idempotence::Safe => Self::Nothing,
            _ => Self::Change,
        }
    }
}
