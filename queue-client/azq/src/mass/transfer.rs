//! [`TransferArgs`] and [`Job`]: what `mv`, `cp` and `redrive` have in common.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use queue_client::{
    QueueClient,
    bulk::{Doubt, FileJournal, Lifetime, Transfer, TransferError, TransferReport},
    proto::{LeaseTimeout, TimeToLive},
};

use crate::{
    app::{App, Queue},
    failure::{Exit, Failure},
    interrupt::Interrupt,
    mass::filter::walked,
    output::{Cell, Column, Layout, Row},
    progress::Progress,
    units,
};

/// The options of verbs that put messages into another queue.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TransferArgs {
    /// At most so many messages
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<usize>,

    /// At most so many messages a second
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// Messages under way at once
    #[arg(short = 'j', long, value_name = "N", default_value_t = 128, hide_short_help = true)]
    pub(crate) in_flight: usize,

    /// Put a message again when the answer to its put was lost: it may then be there twice. By default
    /// it stays where it is, and is named
    #[arg(long, hide_short_help = true)]
    pub(crate) allow_duplicates: bool,

    /// Say what would be done; looks at the first 32 messages and touches nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Let --dry-run look at all messages, which raises their dequeue counts
    #[arg(long, requires = "dry_run")]
    pub(crate) allow_lease: bool,
}

/// Reads a rate.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err(format!("`{text}` is no rate: write messages per second, such as 20 or 0.5")),
    }
}

/// Reads how long messages live where they are put.
pub(crate) fn lifetime(text: &str) -> Result<Lifetime, String> {
    Ok(match text {
        "keep" => Lifetime::Keep,
        "default" => Lifetime::ServiceDefault,
        "never" => Lifetime::Set(TimeToLive::Never),
        length => {
            let length = units::duration(length).map_err(|_| {
                format!("`{text}` is none of keep, default, never, or a time as 2d")
            })?;
            Lifetime::Set(TimeToLive::try_from(length).map_err(|error| error.to_string())?)
        }
    })
}

const LAYOUT: Layout = Layout {
    list: "transfers",
    columns: &[
        Column::new("from"),
        Column::new("to"),
        Column::new("seen"),
        Column::new("moved"),
        Column::new("failed"),
        Column::new("left"),
        Column::new("skipped"),
        Column::new("newer"),
        Column::new("returned"),
        Column::new("resumed"),
        Column::new("highest_attempt"),
        Column::new("possibly_doubled"),
        Column::new("from_account"),
        Column::new("to_account"),
    ],
};

/// What is done with the messages, in the past tense.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Doing {
    Moved,
    Copied,
}

impl Doing {
    const fn word(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Copied => "copied",
        }
    }
}

/// A transfer on its way, with what the user sees of it.
pub(crate) struct Job<'a> {
    app: &'a App,
    from: &'a Queue,
    to: &'a Queue,
    doing: Doing,
    interrupt: Interrupt,
    progress: Arc<Mutex<Option<Progress>>>,
    moved: Arc<Mutex<u64>>,
}

impl<'a> Job<'a> {
    pub(crate) async fn begin(
        app: &'a App,
        from: &'a Queue,
        to: &'a Queue,
        doing: Doing,
        lease: Option<LeaseTimeout>,
    ) -> Result<Self, Failure> {
        let total = from.client.properties().await.ok().map(|all| all.approximate_messages_count());
        let lease = lease.map_or(Duration::from_secs(60), LeaseTimeout::as_duration);
        let interrupt = Interrupt::listen(
            app,
            "finishing what is under way; Ctrl-C again to stop at once",
            &format!(
                "stopped: what was held is visible again in about {}; run the same command to go on",
                units::short(lease)
            ),
        );
        let progress = Arc::new(Mutex::new(Some(Progress::new(app, doing.word(), total))));
        Ok(Self { app, from, to, doing, interrupt, progress, moved: Arc::default() })
    }

    /// What is called after each message.
    pub(crate) fn shown(&self) -> impl FnMut(&TransferReport) + Send + 'static {
        let (progress, moved) = (Arc::clone(&self.progress), Arc::clone(&self.moved));
        let mut failed = 0;
        move |report| {
            let mut moved = moved.lock().unwrap_or_else(PoisonError::into_inner);
            let now = u64::try_from(report.moved).unwrap_or(u64::MAX);
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(progress) = progress.as_mut() {
                progress.add(now.saturating_sub(*moved));
                if report.failed > failed {
                    progress.fail(u64::try_from(report.failed - failed).unwrap_or(0));
                    failed = report.failed;
                }
            }
            *moved = now;
        }
    }

    /// Ends at the first Ctrl-C.
    pub(crate) fn stop(&self) -> impl Future<Output = ()> + Send + 'static {
        let interrupt = self.interrupt.clone();
        async move { interrupt.wait().await }
    }

    /// Says what was done; the exit of the verb.
    pub(crate) fn end(self, result: Result<TransferReport, TransferError>) -> Result<(), Failure> {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(progress) = progress {
            progress.finish();
        }
        let (report, failure) = match result {
            Ok(report) => (report, None),
            Err(error) => (error.report().clone(), Some(walked(error.into_error()))),
        };
        self.say(&report)?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        self.interrupt.end()?;
        if report.failed > 0 || !report.doubtful.is_empty() {
            return Err(Failure::silent(Exit::SomeFailed));
        }
        if report.came_back {
            return Err(Failure::new(
                Exit::Check,
                format!(
                    "messages came into {} meanwhile: what was moved may have died again",
                    self.from.label
                ),
            ));
        }
        Ok(())
    }

    fn say(&self, report: &TransferReport) -> Result<(), Failure> {
        let (app, word) = (self.app, self.doing.word());
        app.note(&format!(
            "{} {word} + {} failed + {} left = {} seen ({} to {})",
            report.moved,
            report.failed,
            report.left(),
            report.seen,
            self.from.label,
            self.to.label
        ));
        for (count, what) in [
            (report.resumed, "of them were put by an earlier run"),
            (report.skipped, "did not match and were given back"),
            (report.newer, "came in meanwhile and were left"),
            (report.returned, "died again and were left"),
            (report.not_started, "were not reached and given back"),
            (report.still_hidden, "could not be given back, and are hidden until their lease ends"),
        ] {
            if count > 0 {
                app.note(&format!("  {count} {what}"));
            }
        }
        if report.lost_answers > 0 {
            app.warn(&format!(
                "{} answers were lost: up to {} messages are hidden for one lease and were not seen; run it \
                 again then",
                report.lost_answers,
                u64::from(report.lost_answers) * 32
            ));
        }
        for (id, doubt) in &report.doubtful {
            app.say(&format!("possibly doubled: {id} ({})", doubt.as_str()));
        }
        if report.doubtful.iter().any(|(_, doubt)| *doubt == Doubt::PerhapsPut) {
            app.note(&format!(
                "  what was perhaps put stays in {}: look for it in {}, or add --allow-duplicates to put it \
                 again",
                self.from.label,
                self.to.label
            ));
        }
        if app.output.format == crate::output::Format::Table {
            return Ok(());
        }
        let number = |count: usize| Cell::Number(u64::try_from(count).unwrap_or(u64::MAX));
        let doubled = report
            .doubtful
            .iter()
            .map(|(id, doubt)| serde_json::json!({"id": id.as_str(), "why": doubt.as_str()}));
        app.printer(LAYOUT)?.document(&Row::new(vec![
            Cell::text(self.from.name()),
            Cell::text(self.to.name()),
            number(report.seen),
            number(report.moved),
            number(report.failed),
            number(report.left()),
            number(report.skipped),
            number(report.newer),
            number(report.returned),
            number(report.resumed),
            Cell::Number(report.highest_dequeue_count.into()),
            Cell::Json(doubled.collect()),
            Cell::text(self.from.account.as_str()),
            Cell::text(self.to.account.as_str()),
        ]))
    }
}

/// The settings of the options on a transfer.
pub(crate) fn set(
    mut transfer: Transfer,
    args: &TransferArgs,
    lease: Option<LeaseTimeout>,
    journal: Option<FileJournal>,
) -> Transfer {
    transfer = transfer.in_flight(args.in_flight);
    if let Some(max) = args.max {
        transfer = transfer.max(max);
    }
    if let Some(rate) = args.rate {
        transfer = transfer.rate(rate);
    }
    if args.allow_duplicates {
        transfer = transfer.allow_duplicates();
    }
    if let Some(lease) = lease {
        transfer = transfer.lease(lease);
    }
    if let Some(journal) = journal {
        transfer = transfer.journal(journal);
    }
    transfer
}

/// The address of a queue, for names of state files.
pub(crate) fn address(app: &App, argument: &str, queue: &QueueClient) -> String {
    // A context is a part of the argument; the account of the options or the environment is not.
    let account = app.connect().map(|own| own.account.endpoint().to_string()).unwrap_or_default();
    format!("{account} {argument} {}", queue.name())
}
