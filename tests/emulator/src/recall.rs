//! What an emulator tells of what it remembers: requests, events, and the life of a message.

use std::collections::HashMap;
use std::str::FromStr;

use queue_proto::{AccountName, MessageId, QueueName};

use crate::emulator::Emulator;
use crate::watch::event::MessageEvent;
use crate::watch::life::{self, Life};
use crate::watch::requests::SeenRequest;
use crate::wire::read_message_id;

impl Emulator {
    /// The requests that are remembered, the newest first; none unless the emulator was
    /// [told to](crate::EmulatorBuilder::record).
    ///
    /// ```
    /// use queue_emulator::{Emulator, RecordLimits};
    ///
    /// let emulator = Emulator::builder().record(RecordLimits::new()).build();
    /// let request = http::Request::get("http://127.0.0.1:10001/devstoreaccount1?comp=list");
    /// let answer = emulator.handle(request.body(bytes::Bytes::new())?);
    /// assert!(answer.status().is_client_error());
    /// let refused = emulator.requests().remove(0).record.refused.ok_or("it was refused")?;
    /// assert_eq!(refused.reason(), "the request carries no credentials");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        let Some(watch) = self.watch() else { return Vec::new() };
        watch.look();
        watch.requests(usize::MAX, |_, _| true)
    }

    /// The events of all messages that are remembered, the oldest first; none unless the emulator
    /// was [told to](crate::EmulatorBuilder::record).
    #[must_use]
    pub fn events(&self) -> Vec<MessageEvent> {
        let entries = self.watch().map(|watch| watch.events(|_| true)).unwrap_or_default();
        entries.iter().map(crate::watch::event::Entry::event).collect()
    }

    /// The life of a message of the [first account](Self::account), also of one that is gone, as far
    /// as it is remembered: with what happened by itself, and with the reasons of it all.
    #[must_use]
    pub fn life(&self, queue: &str, message: &MessageId) -> Life {
        match QueueName::from_str(queue) {
            Ok(queue) => self.life_in(self.account().name(), &queue, message),
            Err(_) => Life::default(),
        }
    }

    /// The faults that lost answers, by the numbers of the requests.
    pub(crate) fn lost_answers(&self) -> HashMap<u64, String> {
        let lost = self.watch().map(|watch| watch.requests(usize::MAX, |_, record| record.lost));
        let lost = lost.unwrap_or_default().into_iter();
        lost.map(|request| (request.number, request.record.fault.unwrap_or("none").to_owned()))
            .collect()
    }

    pub(crate) fn life_in(
        &self,
        account: &AccountName,
        queue: &QueueName,
        message: &MessageId,
    ) -> Life {
        let (Some(watch), Some(id)) = (self.watch(), read_message_id(message)) else {
            return Life::default();
        };
        let entries = watch.events(|entry| {
            entry.queue == *queue
                && entry.account == *account
                && (entry.what.id == id || entry.is_of_queue())
        });
        life::life(&entries, &self.lost_answers(), self.moment())
    }
}
