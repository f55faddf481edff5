//! What a store must do, for each of the stores.

use std::{sync::Arc, time::Duration};

use queue_client::{
    processor::once::{Begin, Claim, Finish, MemorySeen, Seen},
    runtime::{ManualRuntime, Runtime as _},
};

use crate::sqlite::{Database, Folder};

const HOLD: Duration = Duration::from_secs(60);

async fn obeys(seen: &dyn Seen, time: &ManualRuntime) {
    let first = Claim::new("order 17", "a#1");
    let second = Claim::new("order 17", "a#2");
    let begin = async |claim: &Claim| seen.begin(claim, HOLD).await.unwrap();
    let finish = async |claim: &Claim| seen.finish(claim).await.unwrap();

    // One holder at a time, and another key is another matter.
    assert_eq!(begin(&first).await, Begin::Begun);
    assert_eq!(begin(&second).await, Begin::Held { remaining: HOLD });
    assert_eq!(begin(&Claim::new("order 18", "b#1")).await, Begin::Begun);
    assert_eq!(finish(&second).await, Finish::NotHeld);

    // The holder renews its hold.
    time.advance(HOLD / 2);
    assert_eq!(begin(&first).await, Begin::Begun);
    time.advance(HOLD / 2);
    assert_eq!(begin(&second).await, Begin::Held { remaining: HOLD / 2 });

    // What is given up can be begun at once, but only its holder can give it up.
    seen.abandon(&second).await.unwrap();
    assert_eq!(begin(&second).await, Begin::Held { remaining: HOLD / 2 });
    seen.abandon(&first).await.unwrap();
    assert_eq!(begin(&second).await, Begin::Begun);

    // A hold that has ended is taken over, and the one that was overtaken can do nothing.
    time.advance(HOLD);
    assert_eq!(begin(&first).await, Begin::Begun);
    assert_eq!(finish(&second).await, Finish::NotHeld);
    assert_eq!(begin(&second).await, Begin::Held { remaining: HOLD });

    // A hold that has ended and that nobody took over is still good for the mark.
    time.advance(HOLD);
    assert_eq!(finish(&first).await, Finish::Finished);
    assert_eq!(finish(&first).await, Finish::Finished);
    assert_eq!(finish(&second).await, Finish::Finished);
    for claim in [&first, &second] {
        assert_eq!(begin(claim).await, Begin::Finished);
        seen.abandon(claim).await.unwrap();
        assert_eq!(begin(claim).await, Begin::Finished);
    }

    // Marks are kept for as long as was said.
    seen.expire(HOLD).await.unwrap();
    assert_eq!(begin(&second).await, Begin::Finished);
    time.advance(HOLD * 2);
    seen.expire(HOLD).await.unwrap();
    assert_eq!(begin(&second).await, Begin::Begun);
}

#[tokio::test]
async fn memory_does_what_a_store_must() {
    let time = ManualRuntime::starting_at(std::time::UNIX_EPOCH);
    obeys(&MemorySeen::with_runtime(time.clone()), &time).await;
}

#[tokio::test]
async fn sqlite_does_what_a_store_must() {
    let time = ManualRuntime::starting_at(std::time::UNIX_EPOCH);
    let folder = Folder::new("store");
    let clock = time.clone();
    let database = Database::open(&folder.file(), Arc::new(move || clock.elapsed()));
    obeys(&database, &time).await;
}

/// The effect of a handler that was overtaken is rolled back, although its own transaction was fine.
#[tokio::test]
async fn an_effect_is_rolled_back_when_the_handler_was_overtaken() {
    let time = ManualRuntime::starting_at(std::time::UNIX_EPOCH);
    let folder = Folder::new("overtaken");
    let clock = time.clone();
    let database = Database::open(&folder.file(), Arc::new(move || clock.elapsed()));
    let (late, prompt) = (Claim::new("order 17", "a#1"), Claim::new("order 17", "a#2"));
    let effect = |claim: &Claim| {
        database.transaction(|inside| {
            inside.execute("INSERT INTO effects VALUES ('order 17')", [])?;
            database.mark(inside, claim)
        })
    };

    assert_eq!(database.begin(&late, HOLD).await.unwrap(), Begin::Begun);
    time.advance(HOLD);
    assert_eq!(database.begin(&prompt, HOLD).await.unwrap(), Begin::Begun);
    assert!(effect(&late).is_err());
    assert_eq!(database.effects(), []);
    effect(&prompt).unwrap();
    assert!(effect(&late).is_err());
    assert_eq!(database.effects(), [("order 17".to_owned(), 1)]);
}
