//! Real time: a handler that blocks the only thread of its runtime.

use std::time::Duration;

use queue_client::processor::{Isolation, LeaseState, Processor};

use crate::support::real_queue;

#[tokio::test(flavor = "current_thread")]
async fn a_handler_that_blocks_keeps_its_lease() {
    let queue = real_queue("blocking").await;
    queue.send("slow").await.unwrap();
    let report = Processor::new(queue)
        .isolation(Isolation::OwnThread)
        .lease(Duration::from_secs(5))
        .drain_once(|message| async move {
            std::thread::sleep(Duration::from_secs(7));
            let state = message.lease().state();
            assert!(matches!(state, LeaseState::Held { .. }), "{state:?}");
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((report.counters.completed, report.counters.started), (1, 1));
    assert!(report.counters.renewals > 0);
}

/// Tells when it is dropped.
struct Dropped(Option<tokio::sync::oneshot::Sender<()>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            // Whoever waited may have given up.
            let _ = tell.send(());
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_run_that_is_dropped_ends_on_its_thread_too() {
    let queue = real_queue("dropped").await;
    queue.send("endless").await.unwrap();
    let (tell, dropped) = tokio::sync::oneshot::channel();
    let (tell_start, started) = tokio::sync::oneshot::channel();
    let once = std::sync::Mutex::new(Some((tell, tell_start)));
    let run = Processor::new(queue).isolation(Isolation::OwnThread).run(move |_| {
        let (tell, tell_start) = once.lock().unwrap().take().unwrap();
        async move {
            let _dropped = Dropped(Some(tell));
            tell_start.send(()).unwrap();
            std::future::pending::<()>().await;
            Ok(())
        }
    });
    {
        let run = std::pin::pin!(run);
        futures_util::future::select(run, started).await;
    }
    let dropped = tokio::time::timeout(Duration::from_secs(20), dropped).await;
    dropped.expect("the handler is dropped").unwrap();
}
