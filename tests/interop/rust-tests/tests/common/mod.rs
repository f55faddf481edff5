//! In the place of the module that comes with the tests, which knows only the cloud.

use azure_core::http::ClientOptions;
use azure_core_test::{Recording, part};

pub fn get_queue_name(recording: &Recording) -> String {
    recording.random_string::<12>(Some("q"))
}

/// The options of a client, and both endpoints of the account.
pub fn recorded_test_setup(recording: &Recording) -> (ClientOptions, String, String) {
    let mut options = ClientOptions::default();
    recording.instrument(&mut options);
    let endpoint = part("QueueEndpoint");
    let secondary = format!("{endpoint}-secondary");
    (options, endpoint, secondary)
}
