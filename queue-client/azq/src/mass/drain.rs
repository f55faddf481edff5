//! [`drain`]: every message of a queue once, written down first and deleted after, as `dump` and
//! `purge` need it.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use queue_client::{QueueClient, bulk::ScanReport, proto::LeaseTimeout, proto::MessageId};

use crate::{
    app::App,
    failure::{Exit, Failure},
    interrupt::Interrupt,
    mass::{
        archive::ArchiveWriter,
        filter::{Filter, LeaseArgs, walked},
        ids::Ids,
        record::Origin,
    },
    progress::Progress,
    units::{self, thousands},
};

/// The messages that are written in one piece before they are deleted.
const PIECE: usize = 64;

/// What is to be done.
pub(crate) struct Plan<'a> {
    pub(crate) queue: &'a QueueClient,
    pub(crate) filter: Filter,
    pub(crate) lease: &'a LeaseArgs,
    pub(crate) limit: Option<usize>,
    pub(crate) writer: Option<ArchiveWriter>,
    /// What is in the file already.
    pub(crate) written: Ids,
    pub(crate) origin: Origin,
    pub(crate) deletes: bool,
    pub(crate) word: &'static str,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Drained {
    pub(crate) wanted: u64,
    /// The messages that were in the file before, and only had to be deleted.
    pub(crate) resumed: u64,
    pub(crate) report: ScanReport,
}

/// The file of a dump, perhaps one to go on with.
pub(crate) fn file(
    app: &App,
    path: &Path,
    gzip: bool,
    resume: bool,
) -> Result<(ArchiveWriter, Ids), Failure> {
    let gzip = gzip || path.extension().is_some_and(|extension| extension == "gz");
    if !resume {
        return Ok((ArchiveWriter::create(path, gzip)?, Ids::default()));
    }
    let (writer, found) = ArchiveWriter::resume(path, gzip)?;
    if found.cut > 0 {
        app.note(&format!(
            "{}: {} bytes that were not whole were cut off",
            path.display(),
            thousands(found.cut)
        ));
    }
    Ok((writer, found.ids))
}

/// Goes through the queue.
pub(crate) async fn drain(app: &App, mut plan: Plan<'_>) -> Result<Drained, Failure> {
    let lease = plan.lease.lease()?;
    let held = lease.map_or(Duration::from_secs(60), LeaseTimeout::as_duration);
    let interrupt = Interrupt::listen(
        app,
        "giving back what is held; Ctrl-C again to stop at once",
        &format!("stopped: what was held is visible again in about {}", units::short(held)),
    );
    let total = plan.queue.properties().await.ok().map(|all| all.approximate_messages_count());
    let progress = Progress::new(app, plan.word, total);
    let mut drained = Drained::default();
    let all_go = plan.deletes && plan.filter.takes_all();
    let mut scan = plan
        .queue
        .scan()
        .limit(plan.limit.unwrap_or(usize::MAX))
        .max_attempt(if all_go { u32::MAX } else { plan.lease.max_attempt() });
    if let Some(lease) = lease {
        scan = scan.lease(lease);
    }
    let mut piece: Vec<MessageId> = Vec::new();
    let failure = loop {
        let message = tokio::select! {
            message = scan.next() => message,
            () = interrupt.wait() => break None,
        };
        let message = match message {
            Ok(Some(message)) => message,
            Ok(None) => break None,
            Err(error) => break Some(walked(error)),
        };
        if !plan.filter.wants(&message) {
            continue;
        }
        drained.wanted += 1;
        progress.add(1);
        if plan.written.contains(message.id().as_str()) {
            drained.resumed += 1;
        } else if let Some(writer) = &mut plan.writer {
            writer.push(&plan.origin.line(&message, scan.received_at(), SystemTime::now()));
        }
        piece.push(message.into_parts().0);
        if piece.len() >= PIECE
            && let Err(failure) = write(&mut plan, &mut piece, &mut scan)
        {
            break Some(failure);
        }
    };
    let written = match &failure {
        // What could not be written stays.
        Some(failure) if failure.is_closed_pipe() => Ok(()),
        _ => write(&mut plan, &mut piece, &mut scan),
    };
    let kept = piece.len();
    drained.report = scan.finish().await;
    progress.finish();
    tell(app, &plan, &drained);
    if plan.deletes && plan.filter.takes_all() && plan.limit.is_none() {
        let report = &drained.report;
        let known =
            u64::try_from(report.released + report.newer + report.still_hidden).unwrap_or(0);
        let left = plan.queue.properties().await.map_or(0, |all| all.approximate_messages_count());
        if left > known {
            app.note(&format!(
                "  ≈ {} more are in the queue, hidden for now, such as by a run that was killed: run it \
                 again later",
                thousands(left - known)
            ));
        }
    }
    let failure = failure.or(written.err());
    if let Some(failure) = failure {
        if failure.is_closed_pipe() && plan.deletes {
            app.note(&format!(
                "the reader of the output is gone: {} deleted, the rest left in the queue",
                drained.report.deleted
            ));
            return Err(Failure::silent(Exit::SomeFailed));
        }
        app.detail(&format!("{kept} messages were read and not written"));
        return Err(failure);
    }
    interrupt.end()?;
    if drained.report.undeleted.is_empty() {
        return Ok(drained);
    }
    Err(Failure::silent(Exit::SomeFailed))
}

/// Writes a piece, and lets its messages go.
fn write(
    plan: &mut Plan<'_>,
    piece: &mut Vec<MessageId>,
    scan: &mut queue_client::bulk::Scan,
) -> Result<(), Failure> {
    if let Some(writer) = &mut plan.writer {
        writer.flush(plan.deletes)?;
    }
    if plan.deletes {
        for id in piece.iter() {
            scan.delete(id);
        }
    }
    piece.clear();
    Ok(())
}

/// Says what was done.
fn tell(app: &App, plan: &Plan<'_>, drained: &Drained) {
    let report = &drained.report;
    let mut line = format!(
        "{} {}, {} deleted, {} given back ({})",
        thousands(drained.wanted),
        plan.word,
        report.deleted,
        report.released,
        plan.queue.name()
    );
    if report.highest_dequeue_count > 1 && report.released > 0 {
        line.push_str(&format!("; highest dequeue count {}", report.highest_dequeue_count));
    }
    app.note(&line);
    for (count, what) in [
        (
            usize::try_from(drained.resumed).unwrap_or(usize::MAX),
            "of them were in the file already",
        ),
        (report.newer, "came in meanwhile and were left"),
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
    for id in &report.undeleted {
        let why = if plan.writer.is_some() {
            "written, and perhaps still in the queue"
        } else {
            "perhaps still in the queue"
        };
        app.say(&format!("possibly doubled: {id} ({why})"));
    }
    if let Some(error) = &report.delete_error {
        app.say(&format!("the first delete that failed: {error}"));
    }
}

/// Says what raises dequeue counts, before it does.
pub(crate) fn say_counts(app: &App, queue: &QueueClient) {
    app.note(&format!(
        "every message of {} is received once and given back, which raises its dequeue count and may \
         reorder the queue",
        queue.name()
    ));
}

/// The path of an argument; none for standard output.
pub(crate) fn path_of(argument: Option<&PathBuf>) -> Option<&PathBuf> {
    argument.filter(|path| path.as_os_str() != "-")
}
