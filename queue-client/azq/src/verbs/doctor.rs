//! `azq doctor`: finds out why an account or a queue cannot be used, and names the cure. It asks the
//! machine, the network and the service, in the order in which a request meets them, and changes
//! nothing but what `--create` asks for.

mod answers;
mod finding;
mod network;
mod watch;

use std::{
    io::Write as _,
    time::{Duration, SystemTime},
};

use owo_colors::Style;
use queue_client::{
    QueueClient, QueueServiceClient,
    proto::{ErrorCode, ops::ListQueues},
    retry::NoRetry,
};

use self::{
    finding::{Finding, Level},
    watch::{Seen, Watching},
};
use crate::{
    account::{Chosen, Kind, contradictions},
    app::App,
    failure::{Exit, Failure},
    message::CodecArg,
    output::{Cell, Column, Format, Layout, Row},
    probe::{Verdict, probe},
    text::visible,
    units::short,
};

pub(crate) const EXAMPLES: &str = "  azq doctor
  azq doctor orders -o json";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue to look at as well
    #[arg(add = crate::complete::queues())]
    queue: Option<String>,

    /// If the queue does not exist, make it: nothing else tells whether one of its name is being
    /// deleted
    #[arg(long, requires = "queue")]
    create: bool,
}

const LAYOUT: Layout = Layout {
    list: "checks",
    columns: &[
        Column::new("check"),
        Column::new("result"),
        Column::text("finding"),
        Column::text("cure"),
    ],
};

/// The service refuses signatures that are dated further away than this.
const TOLERANCE: Duration = Duration::from_secs(15 * 60);
/// From here on a clock is worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(60);

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let mut findings = Vec::new();
    for sentence in contradictions() {
        findings
            .push(Finding::warn("environment", sentence).cure("unset the one that is not meant"));
    }
    match app.choose() {
        Err(failure) => findings.push(Finding::of_failure("account", &failure)),
        Ok(chosen) => examine(app, &args, chosen, &mut findings).await,
    }
    print(app, &findings)?;
    let failed = findings.iter().filter(|finding| finding.level == Level::Fail).count();
    match failed {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Check, "1 check failed")),
        failed => Err(Failure::new(Exit::Check, format!("{failed} checks failed"))),
    }
}

/// All checks of an account that was chosen, until one makes the next ones pointless.
async fn examine(app: &App, args: &Args, chosen: Chosen, findings: &mut Vec<Finding>) {
    findings.push(Finding::ok("account", chosen.account.endpoint().to_string()));
    credential(args, &chosen, findings);
    let Ok(transport) = app.transport() else {
        findings.push(Finding::fail("network", "no HTTP client can be set up"));
        return;
    };
    if !network::examine(&chosen, &transport, findings).await {
        return;
    }
    let seen = Seen::default();
    let watching = Watching::new(transport, seen.clone());
    let Ok(service) = app
        .client(chosen.account.clone())
        .and_then(|builder| Ok(builder.transport(watching).retry(NoRetry).build()?))
    else {
        return;
    };
    let result = match &args.queue {
        None => {
            let one = queue_client::proto::MaxResults::new(1).ok();
            service.execute(&ListQueues::new().max_results(one)).await.map(drop)
        }
        Some(name) => match service.queue(name.as_str()) {
            Ok(queue) => queue.properties().await.map(drop),
            Err(error) => {
                findings.push(Finding::fail("queue", format!("`{}`: {error}", visible(name))));
                return;
            }
        },
    };
    clock(&seen, findings);
    let result = match result {
        Err(error) if args.create && error.code() == Some(&ErrorCode::QueueNotFound) => {
            make(&service, args, findings).await
        }
        result => result,
    };
    let goes_on = answers::examine(&chosen, args.queue.as_deref(), &result, findings);
    if let Some(name) = args.queue.as_deref().filter(|_| goes_on)
        && let Ok(queue) = service.queue(name)
    {
        permissions(&chosen, &queue, findings).await;
        head(&queue, findings).await;
    }
}

/// Makes a queue that does not exist, unless one of its name is being deleted.
async fn make(
    service: &QueueServiceClient,
    args: &Args,
    findings: &mut Vec<Finding>,
) -> Result<(), queue_client::Error> {
    let Ok(queue) = service.queue(args.queue.as_deref().unwrap_or_default()) else {
        return Ok(());
    };
    queue.create().await?;
    findings.push(Finding::warn(
        "queue",
        format!("queue `{}` did not exist, and was made", queue.name()),
    ));
    Ok(())
}

/// The credential, and what can be told of it without asking anybody.
fn credential(args: &Args, chosen: &Chosen, findings: &mut Vec<Finding>) {
    findings.push(Finding::ok("credential", chosen.credential.clone()));
    for other in &chosen.passed_over {
        findings.push(Finding::ok("credential", format!("not used: {other}")));
    }
    let Some(token) = &chosen.signature else { return };
    for note in token.explain(SystemTime::now()).problems() {
        let sentence =
            format!("the shared access signature has `{}` {}", note.field(), note.text());
        let cure = match note.field() {
            "se" | "ske" => "ask for a new one, or make it with `azq sas create`",
            "st" => "wait, or set the clock of the machine that made it; leave `st` out next time",
            "sig" => "copy the whole URL again, and do not encode it a second time",
            _ => "make a new one with `azq sas create`",
        };
        findings.push(Finding::fail("signature", sentence).cure(cure));
    }
    if let (Some(signed), Some(asked)) = (&chosen.signed_queue, args.queue.as_deref())
        && signed.as_str() != asked
    {
        findings.push(
            Finding::fail(
                "signature",
                format!(
                    "the shared access signature is for queue `{signed}`, and not for `{asked}`"
                ),
            )
            .cure(format!("use queue `{signed}`, or ask for a signature for `{asked}`")),
        );
    }
}

/// The distance of the clocks, by the date of the answers.
fn clock(seen: &Seen, findings: &mut Vec<Finding>) {
    let Some((distance, behind)) = seen.clock() else { return };
    let direction = if behind { "behind" } else { "ahead of" };
    let sentence =
        format!("the clock of this machine is {} {direction} the service's", short(distance));
    let cure = "set the clock: `timedatectl set-ntp true` on Linux, or your system's time settings";
    findings.push(if distance > TOLERANCE {
        Finding::fail("clock", sentence).cure(cure)
    } else if distance > WORTH_A_WORD {
        Finding::warn("clock", sentence).cure(cure)
    } else {
        Finding::ok("clock", "right to within a minute".to_owned())
    });
}

/// What the credential allows on the queue.
async fn permissions(chosen: &Chosen, queue: &QueueClient, findings: &mut Vec<Finding>) {
    for probe in probe(queue).await {
        let allowed = format!("{} is allowed", probe.name);
        match probe.verdict {
            Verdict::Allowed => findings.push(Finding::ok("permission", allowed)),
            Verdict::Failed(error) => {
                findings.push(Finding::warn("permission", format!("{}: {error}", probe.name)));
            }
            Verdict::Refused(error) => {
                let sentence = format!("{} is not allowed with this credential", probe.name);
                let cure = match chosen.kind {
                    Kind::Signature => format!(
                        "ask for a signature with the letter `{}` if it is needed",
                        probe.letter
                    ),
                    Kind::Identity => answers::role_cure(chosen, &error),
                    _ => String::from("use another credential"),
                };
                findings.push(Finding::warn("permission", sentence).cure(cure));
            }
        }
    }
}

/// The head of the queue: whether its senders agree on how they write.
async fn head(queue: &QueueClient, findings: &mut Vec<Finding>) {
    let Ok(messages) = queue.peek(32).await else { return };
    let count = |codec| {
        let read = messages.iter().map(|message| CodecArg::Auto.decode(message.message_text()));
        read.filter(|body| body.codec == codec).count()
    };
    let (text, base64) = (count("text"), count("base64"));
    findings.push(match (text, base64) {
        (0, 0) => Finding::ok("codec", "no visible message to tell it by".to_owned()),
        (_, 0) => Finding::ok("codec", "the messages are text".to_owned()),
        (0, _) => Finding::ok("codec", "the messages are base64 of text".to_owned()),
        _ => Finding::warn(
            "codec",
            format!(
                "base64 and text are mixed: {base64} of the first {} are base64",
                text + base64
            ),
        )
        .cure("make all senders write the same way; until then read with --codec auto"),
    });
}

/// Prints the findings: for people a line each with the cure below it, else by the format.
fn print(app: &App, findings: &[Finding]) -> Result<(), Failure> {
    if app.output.format == Format::Table && app.output.fields.is_empty() {
        let mut out = std::io::stdout().lock();
        for finding in findings {
            let style = match finding.level {
                Level::Ok => Style::new().green(),
                Level::Warn => Style::new().yellow(),
                Level::Fail => Style::new().red().bold(),
            };
            let level = app.terminal.paint(&format!("{:<4}", finding.level.name()), style);
            writeln!(out, "{level}  {:<13} {}", finding.check, visible(&finding.sentence))?;
            if let Some(cure) = &finding.cure {
                writeln!(out, "{:19} → {}", "", visible(cure))?;
            }
        }
        out.flush()?;
        return Ok(());
    }
    let mut printer = app.printer(LAYOUT)?;
    for finding in findings {
        printer.push(&Row::new(vec![
            Cell::text(finding.check),
            Cell::text(finding.level.name()),
            Cell::text(&finding.sentence),
            finding.cure.clone().into(),
        ]))?;
    }
    printer.finish()
}
