//! The store of what was seen in SQLite, with the statements of the documentation.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use queue_client::{
    BoxFuture,
    processor::{
        BoxError,
        once::{Begin, Claim, Finish, Seen},
    },
};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

const BEGIN: &str = "INSERT INTO seen (key, holder, held_until) VALUES (?1, ?2, ?3) \
    ON CONFLICT (key) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until \
    WHERE seen.done_at IS NULL AND (seen.held_until <= ?4 OR seen.holder = excluded.holder)";
const FINISH: &str =
    "UPDATE seen SET done_at = ?3 WHERE key = ?1 AND holder = ?2 AND done_at IS NULL";
const ABANDON: &str = "DELETE FROM seen WHERE key = ?1 AND holder = ?2 AND done_at IS NULL";
const EXPIRE: &str = "DELETE FROM seen WHERE done_at < ?1";

/// A database with what was seen and, beside it, the effects of handlers. Times are milliseconds.
#[derive(Clone)]
pub(crate) struct Database {
    path: Arc<Path>,
    clock: Clock,
}

impl Database {
    pub(crate) fn open(path: &Path, clock: Clock) -> Self {
        let database = Self { path: path.into(), clock };
        database
            .connect()
            .unwrap()
            .execute_batch(
                "PRAGMA journal_mode = WAL; \
                 CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, holder TEXT NOT NULL, \
                     held_until INTEGER NOT NULL, done_at INTEGER); \
                 CREATE TABLE IF NOT EXISTS effects (work TEXT NOT NULL);",
            )
            .unwrap();
        database
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(Duration::from_secs(60))?;
        connection.execute_batch("PRAGMA synchronous = NORMAL")?;
        Ok(connection)
    }

    fn now(&self) -> i64 {
        (self.clock)().as_millis() as i64
    }

    /// A transaction of the handler, in which `work` sees the statements that were sent before.
    pub(crate) fn transaction(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(), BoxError>,
    ) -> Result<(), BoxError> {
        let mut connection = self.connect()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        work(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// Sets the mark within a transaction of the handler.
    pub(crate) fn mark(&self, inside: &Transaction<'_>, claim: &Claim) -> Result<(), BoxError> {
        match inside.execute(FINISH, params![claim.key(), claim.holder(), self.now()])? {
            0 => Err("another receiver has taken over".into()),
            _ => Ok(()),
        }
    }

    /// How often each effect was seen.
    pub(crate) fn effects(&self) -> Vec<(String, u64)> {
        let connection = self.connect().unwrap();
        let mut select = connection
            .prepare("SELECT work, count(*) FROM effects GROUP BY work ORDER BY work")
            .unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn begin_now(&self, claim: &Claim, hold: Duration) -> Result<Begin, BoxError> {
        let now = self.now();
        let until = now.saturating_add(hold.as_millis() as i64);
        let connection = self.connect()?;
        if connection.execute(BEGIN, params![claim.key(), claim.holder(), until, now])? > 0 {
            return Ok(Begin::Begun);
        }
        let found: Option<(i64, Option<i64>)> = connection
            .query_row(
                "SELECT held_until, done_at FROM seen WHERE key = ?1",
                [claim.key()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        Ok(match found {
            Some((_, Some(_))) => Begin::Finished,
            Some((until, None)) => {
                let remaining = Duration::from_millis(u64::try_from(until - now).unwrap_or(0));
                Begin::Held { remaining }
            }
            // It was given up between the two statements.
            None => Begin::Held { remaining: Duration::ZERO },
        })
    }

    fn finish_now(&self, claim: &Claim) -> Result<Finish, BoxError> {
        let connection = self.connect()?;
        let changed =
            connection.execute(FINISH, params![claim.key(), claim.holder(), self.now()])?;
        let done: Option<Option<i64>> = connection
            .query_row("SELECT done_at FROM seen WHERE key = ?1", [claim.key()], |row| row.get(0))
            .optional()?;
        let finished = changed > 0 || done.flatten().is_some();
        Ok(if finished { Finish::Finished } else { Finish::NotHeld })
    }
}

impl Seen for Database {
    fn begin<'a>(
        &'a self,
        claim: &'a Claim,
        hold: Duration,
    ) -> BoxFuture<'a, Result<Begin, BoxError>> {
        Box::pin(async move { self.begin_now(claim, hold) })
    }

    fn finish<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Finish, BoxError>> {
        Box::pin(async move { self.finish_now(claim) })
    }

    fn abandon<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.connect()?.execute(ABANDON, params![claim.key(), claim.holder()])?;
            Ok(())
        })
    }

    fn expire(&self, older_than: Duration) -> BoxFuture<'_, Result<(), BoxError>> {
        Box::pin(async move {
            let before = self.now().saturating_sub(older_than.as_millis() as i64);
            self.connect()?.execute(EXPIRE, [before])?;
            Ok(())
        })
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A folder that is gone with this.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("once-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.0.join("once.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
