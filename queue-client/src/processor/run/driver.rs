//! [`Driver`]: all that the loop around the core has: what it was made of, and what is under way.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::stream::FuturesUnordered;
use queue_auth::BoxFuture;
use queue_proto::MessageId;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
    task::{AbortHandle, Id, JoinSet},
};
use tracing::Span;

use super::{
    control::{Command, Control},
    hand_on::HandedOn,
    handler::Verdict,
    lease::View,
    pool::Seat,
    stop::Stop,
    undecodable::Undecodable,
};
use crate::{
    execute::shared::Target,
    message_codec::MessageCodec,
    processor::{
        body_store::BodyStore,
        core::{AskId, Core, DeliveryKey, Input, LeaseError, Report, Settled, Tick},
        dead_letter::DeadLetterSink,
        envelope::pointer::Pointer,
        explanation::Explanation,
        observe::Observers,
    },
};

/// One processor at work.
pub(super) struct Driver<T, H> {
    pub(super) core: Core,
    pub(super) queue: Target,
    pub(super) codec: Arc<dyn MessageCodec<Value = T>>,
    pub(super) handler: Arc<H>,
    pub(super) sink: Option<Arc<dyn DeadLetterSink>>,
    pub(super) undecodable: Undecodable,
    pub(super) body_store: Option<Arc<dyn BodyStore>>,
    pub(super) max_deliveries: Option<u32>,
    /// The name of this instance in dead letters.
    pub(super) instance: Option<String>,
    pub(super) observers: Observers,
    pub(super) control: Control,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) stop: Stop,
    /// What looks at the queue every now and then, for ever.
    pub(super) sampler: Option<BoxFuture<'static, ()>>,
    /// Its seat among processors that share their places.
    pub(super) seat: Option<Seat>,
    pub(super) state: State,
}

/// What the loop has under way.
pub(super) struct State {
    /// The runtime on which handlers run, which may be another than that of the loop.
    pub(super) runtime: Handle,
    pub(super) operations: FuturesUnordered<BoxFuture<'static, Input>>,
    pub(super) handlers: JoinSet<Handled>,
    pub(super) tasks: HashMap<Id, DeliveryKey>,
    pub(super) running: HashMap<DeliveryKey, Run>,
    /// What handlers said that have failed, until their messages are settled.
    pub(super) explanations: HashMap<DeliveryKey, Explanation>,
    /// Bodies of messages that are being settled.
    pub(super) stored: HashMap<DeliveryKey, Pointer>,
    /// Bodies of messages that become dead letters.
    pub(super) handed_on: HashMap<DeliveryKey, HandedOn>,
    /// What is done on the side, and not waited for.
    pub(super) chores: FuturesUnordered<BoxFuture<'static, ()>>,
    /// Who wants to know how a delivery is settled.
    pub(super) watched: HashMap<DeliveryKey, oneshot::Sender<Settled>>,
    pub(super) asks: HashMap<AskId, oneshot::Sender<Result<Tick, LeaseError>>>,
    pub(super) next_ask: u64,
    pub(super) report: Option<Report>,
}

/// How a handler ended, and where the body of its message is if not in the message.
pub(super) struct Handled {
    pub(super) verdict: Verdict,
    pub(super) stored: Option<Pointer>,
}

/// A handler that runs, or whose message is being settled.
pub(super) struct Run {
    pub(super) task: AbortHandle,
    pub(super) view: watch::Sender<View>,
    pub(super) since: Tick,
    pub(super) span: Span,
    pub(super) renewals: u32,
    pub(super) id: MessageId,
    pub(super) attempt: u32,
    /// How long the message had been in the queue.
    pub(super) queue_time: Option<Duration>,
    /// It has returned or was dropped.
    pub(super) over: bool,
}

impl State {
    /// Nothing is under way. Handlers will run on the runtime on which this is called.
    pub(super) fn new() -> Self {
        Self {
            runtime: Handle::current(),
            operations: FuturesUnordered::new(),
            handlers: JoinSet::new(),
            tasks: HashMap::new(),
            running: HashMap::new(),
            explanations: HashMap::new(),
            stored: HashMap::new(),
            handed_on: HashMap::new(),
            chores: FuturesUnordered::new(),
            watched: HashMap::new(),
            asks: HashMap::new(),
            next_ask: 0,
            report: None,
        }
    }
}
