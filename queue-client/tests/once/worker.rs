//! The process that is killed: a processor with `Once` around a handler that writes to SQLite.
//!
//! It is this test program once more, told by its environment what to do. At the point where it is
//! to be killed it says so and stands still.

use std::{
    env,
    io::Write as _,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use queue_client::{
    BoxFuture, QueueServiceClient,
    processor::{
        BoxError, Delivery, HandlerError, Processor,
        once::{Begin, Claim, Finish, Once, Seen},
    },
    runtime::{Runtime, TokioRuntime},
    transport::{HttpOptions, HyperTransport, Transport, TransportError},
};

use crate::sqlite::Database;

/// What the process says before it stands still.
pub(crate) const HERE: &str = "here: ";
pub(crate) const QUEUE: &str = "orders";

pub(crate) const CONNECTION: &str = "ONCE_CONNECTION";
pub(crate) const DATABASE: &str = "ONCE_DATABASE";
/// The seconds since 1970 at which the time of the process begins.
pub(crate) const NOW: &str = "ONCE_NOW";
pub(crate) const POINT: &str = "ONCE_POINT";
/// Whether the mark is in the transaction of the effect.
pub(crate) const CLAIMED: &str = "ONCE_CLAIMED";

/// Between every two of these something happens: to the message, in the database, or both.
pub(crate) const POINTS: [&str; 12] = [
    "receive",
    "received",
    "begin",
    "begun",
    "effect",
    "mark",
    "commit",
    "committed",
    "finish",
    "finished",
    "delete",
    "deleted",
];

/// The process is killed here, if here is where it is to be.
fn point(name: &'static str) {
    debug_assert!(POINTS.contains(&name), "{name}");
    if env::var(POINT).is_ok_and(|point| point == name) {
        // Not by `println!`, which the harness of tests may capture.
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{HERE}{name}").unwrap();
        out.flush().unwrap();
        loop {
            std::thread::park();
        }
    }
}

/// Real time, shifted to where the emulator's clock stands.
#[derive(Debug)]
struct Shifted {
    tokio: TokioRuntime,
    start: Duration,
}

impl Runtime for Shifted {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + self.start + self.tokio.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.tokio.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.tokio.sleep(duration)
    }

    fn random(&self) -> u64 {
        self.tokio.random()
    }
}

#[derive(Debug)]
struct Line(HyperTransport);

impl Transport for Line {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let (before, after) = match *request.method() {
            Method::GET => ("receive", "received"),
            Method::DELETE => ("delete", "deleted"),
            _ => return self.0.send(request),
        };
        Box::pin(async move {
            point(before);
            let answer = self.0.send(request).await;
            point(after);
            answer
        })
    }
}

#[derive(Debug)]
struct Points(Database);

impl Seen for Points {
    fn begin<'a>(
        &'a self,
        claim: &'a Claim,
        hold: Duration,
    ) -> BoxFuture<'a, Result<Begin, BoxError>> {
        Box::pin(async move {
            point("begin");
            let begun = self.0.begin(claim, hold).await;
            point("begun");
            begun
        })
    }

    fn finish<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Finish, BoxError>> {
        Box::pin(async move {
            point("finish");
            let finished = self.0.finish(claim).await;
            point("finished");
            finished
        })
    }

    fn abandon<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.abandon(claim)
    }

    fn expire(&self, older_than: Duration) -> BoxFuture<'_, Result<(), BoxError>> {
        self.0.expire(older_than)
    }
}

fn work(database: &Database, order: &str, claim: &Claim, claimed: bool) -> Result<(), BoxError> {
    database.transaction(|inside| {
        point("effect");
        inside.execute("INSERT INTO effects VALUES (?1)", [order])?;
        point("mark");
        if claimed {
            database.mark(inside, claim)?;
        }
        point("commit");
        Ok(())
    })?;
    point("committed");
    Ok(())
}

/// No test by itself: without the variables there is nothing to do.
#[test]
fn process() {
    let Ok(connection) = env::var(CONNECTION) else { return };
    let start = Duration::from_secs(env::var(NOW).unwrap().parse().unwrap());
    let claimed = env::var(CLAIMED).is_ok();
    let run = async {
        let runtime = Arc::new(Shifted { tokio: TokioRuntime::new(), start });
        let clock = Arc::clone(&runtime);
        let database = Database::open(
            Path::new(&env::var(DATABASE).unwrap()),
            Arc::new(move || clock.start + clock.elapsed()),
        );
        let service = QueueServiceClient::builder_from_connection_string(&connection)
            .unwrap()
            .runtime(runtime)
            .transport(Line(HyperTransport::with_options(&HttpOptions::default()).unwrap()))
            .build()
            .unwrap();
        let seen = Points(database.clone());
        let handler = Once::new(seen).around_claimed(move |order: Delivery<String>, claim| {
            let done = work(&database, order.body(), &claim, claimed);
            async move { done.map_err(HandlerError::from) }
        });
        Processor::new(service.queue(QUEUE).unwrap())
            .concurrency(1)
            .max_deliveries(None)
            .drain_once_handler(handler)
            .await
            .unwrap()
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run);
}
