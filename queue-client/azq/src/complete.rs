//! What a shell asks the tool while somebody types: [`queues`] completes the names of queues.

use std::{ffi::OsStr, time::Duration};

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::{
    account::{AccountArgs, choose, choose_context, context::Contexts},
    text::visible,
};

/// The variable by which the script of a shell asks for completions.
pub(crate) const VARIABLE: &str = "AZQ_COMPLETE";

/// Whoever types does not wait longer than this.
const PATIENCE: Duration = Duration::from_secs(1);
/// Names beyond these help nobody.
const MOST: usize = 200;

/// Completes the names of the queues of the account of the environment or context.
pub(crate) fn queues() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_str().unwrap_or_default();
        names(typed).unwrap_or_default().into_iter().map(CompletionCandidate::new).collect()
    })
}

/// Completes the names of contexts.
pub(crate) fn contexts() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_str().unwrap_or_default();
        let contexts = Contexts::load().unwrap_or_default();
        let names = contexts.named.into_keys().filter(|name| name.starts_with(typed));
        names.map(CompletionCandidate::new).collect()
    })
}

/// The names that begin so. No error is shown while somebody types.
fn names(typed: &str) -> Option<Vec<String>> {
    let contexts = Contexts::load().ok()?;
    // Some shells split words at a colon, and then ask for the queue alone.
    let (context, typed) = match typed.split_once(':') {
        Some((context, typed)) => (Some(context), typed),
        None => (None, typed),
    };
    let account = match context {
        Some(context) => choose_context(context, &contexts).ok()?.account,
        None => choose(&AccountArgs::default(), &contexts).ok()?.account,
    };
    let before = context.map(|context| format!("{context}:")).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async {
        let service = queue_client::ClientBuilder::from(account)
            .retry(queue_client::retry::NoRetry)
            .call_timeout(PATIENCE)
            .build()
            .ok()?;
        let pages = service.list_queues();
        let mut pages = if typed.is_empty() { pages } else { pages.prefix(typed).ok()? };
        let page = pages.next().await.ok()??;
        let name = |name: &str| format!("{before}{}", visible(name));
        Some(page.iter().take(MOST).map(|item| name(item.name().as_str())).collect())
    })
}
