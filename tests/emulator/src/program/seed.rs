//! The queues and messages that an emulator starts with: [`SeedArgs`] on the command line, and
//! [`Seed`], which is planted before anybody can connect.

mod contents;
mod file;

use std::path::PathBuf;

use queue_proto::ops::{CreateQueue, PutMessage};
use queue_proto::{ErrorCode, Metadata, QueueName, ServiceError};

use self::contents::SeedQueue;
use super::input;
use super::usage::UsageError;
use crate::account::Account;
use crate::emulator::Emulator;

/// The queues and messages to start with.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct SeedArgs {
    /// Start with this queue, with metadata behind its name: `jobs,owner=me,team=blue`. May be
    /// repeated. A queue that is there already is left as it is
    #[arg(
        long,
        value_name = "NAME",
        env = "QUEUE_EMULATOR_QUEUE",
        value_delimiter = ';',
        hide_env = true,
        help_heading = "Queues"
    )]
    pub(super) queue: Vec<String>,
    /// Start with the queues and messages in this file of JSON; the README has its form. May be
    /// repeated
    #[arg(
        long,
        value_name = "FILE",
        env = "QUEUE_EMULATOR_SEED_FILE",
        hide_env = true,
        help_heading = "Queues"
    )]
    pub(super) seed_file: Vec<PathBuf>,
}

/// The queues to start with.
#[derive(Debug, Default)]
pub(super) struct Seed {
    queues: Vec<SeedQueue>,
}

impl Seed {
    /// What the command line gives.
    pub(super) fn given(args: &SeedArgs) -> Result<Self, UsageError> {
        let mut seed = Self::default();
        for text in args.queue.iter().filter(|text| !text.trim().is_empty()) {
            seed.add(queue(text.trim())?).map_err(|error| format!("--queue {text}: {error}"))?;
        }
        for path in &args.seed_file {
            let named = |error| format!("{}: {error}", path.display());
            for queue in file::read(&input::text(path)?).map_err(named)? {
                seed.add(queue).map_err(named)?;
            }
        }
        Ok(seed)
    }

    /// Adds a queue. One that is named again gets what it has there as well.
    fn add(&mut self, queue: SeedQueue) -> Result<(), String> {
        let is_it =
            |known: &&mut SeedQueue| known.name == queue.name && known.account == queue.account;
        let Some(known) = self.queues.iter_mut().find(is_it) else {
            self.queues.push(queue);
            return Ok(());
        };
        if known.metadata.is_empty() {
            known.metadata = queue.metadata;
        } else if !queue.metadata.is_empty() && queue.metadata != known.metadata {
            return Err(format!("the queue {} has other metadata already", queue.name));
        }
        known.messages.extend(queue.messages);
        Ok(())
    }

    /// Checks that every account is one of those that are served.
    pub(super) fn check(&self, accounts: &[Account]) -> Result<(), UsageError> {
        let devstore = [Account::devstore()];
        let served = if accounts.is_empty() { &devstore } else { accounts };
        for SeedQueue { account, name, .. } in &self.queues {
            if let Some(account) = account
                && !served.iter().any(|served| served.name() == account)
            {
                return Err(
                    format!("the queue {name} is for {account}, which is no account here").into()
                );
            }
        }
        Ok(())
    }

    /// Makes the queues that are not there yet, with their messages.
    pub(super) fn plant(self, emulator: &Emulator) -> Result<(), UsageError> {
        for seed in self.queues {
            let name = seed.name.clone();
            seed.plant(emulator)
                .map_err(|why| format!("the queue {name} cannot be made: {why}"))?;
        }
        Ok(())
    }
}

impl SeedQueue {
    fn plant(self, emulator: &Emulator) -> Result<(), String> {
        let account = match &self.account {
            None => emulator.account().name().clone(),
            Some(account) => account.clone(),
        };
        let mut create = CreateQueue::new(self.name.clone());
        create.metadata = self.metadata;
        match emulator.perform_here(&account, create.into()) {
            Ok(made) if made => {}
            // It is there, with its messages.
            Ok(_) => return Ok(()),
            Err(error) if *error.code() == ErrorCode::QueueAlreadyExists => return Ok(()),
            Err(error) => return Err(said(&error)),
        }
        for message in self.messages {
            for _ in 0..message.times {
                let mut put = PutMessage::new(self.name.clone(), message.text.clone());
                put.visibility_timeout = message.hidden;
                put.time_to_live = message.life;
                emulator.perform_here(&account, put.into()).map_err(|error| said(&error))?;
            }
        }
        Ok(())
    }
}

fn said(error: &ServiceError) -> String {
    let reason = error.detail("Reason").unwrap_or_else(|| error.code().text());
    reason.trim_end_matches('.').to_owned()
}

/// Reads a queue with its metadata: `NAME,KEY=VALUE,KEY=VALUE`.
fn queue(text: &str) -> Result<SeedQueue, String> {
    let mut parts = text.split(',');
    let name = parts.next().unwrap_or_default();
    let name = QueueName::new(name).map_err(|error| format!("--queue {text}: {error}"))?;
    let mut metadata = Metadata::new();
    for part in parts {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| format!("--queue {text}: metadata must be KEY=VALUE"))?;
        if metadata.get(key).is_some() {
            return Err(format!("--queue {text}: {key} is there twice"));
        }
        metadata.insert(key, value).map_err(|error| format!("--queue {text}: {error}"))?;
    }
    Ok(SeedQueue { account: None, name, metadata, messages: Vec::new() })
}
