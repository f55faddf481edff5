//! Commands that are run beside the emulator.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;

use super::{Folder, run, text};
use crate::running::Running;

#[test]
fn exec_gives_the_connection_string_and_exits_as_the_command_did() {
    let script = "printf %s \"$AZURE_STORAGE_CONNECTION_STRING\"; exit 7";
    let output = run(&["--port", "0", "--exec", "sh", "-c", script]);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.starts_with("DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"));
    assert!(told.contains("QueueEndpoint=http://127.0.0.1:"), "{told}");

    let output = run(&["--port", "0", "--exec", "sh", "-c", "kill -KILL $$"]);
    assert_eq!(output.status.code(), Some(137));
}

#[test]
fn exec_of_what_cannot_be_run_ends_as_in_a_shell() {
    let folder = Folder::new();
    let plain = folder.file("plain", "echo hello\n");
    let orphan = folder.file("orphan", "#!/no/such/interpreter\n");
    std::fs::set_permissions(&orphan, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (command, code) in [
        ("/no/such/program", 127),
        ("no-such-program-anywhere", 127),
        ("", 127),
        (plain.as_str(), 126),
        (orphan.as_str(), 126),
        ("/", 126),
    ] {
        let output = run(&["--port", "0", "--exec", command]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{command}: {told}");
        assert!(told.starts_with(&format!("queue-emulator: cannot run {command}: ")), "{told}");
    }
}

#[test]
fn exec_passes_sighup_on() {
    let script = "trap 'echo hung up; exit 4' HUP; echo started; while :; do sleep 0.05; done";
    let mut running = Running::start(&["--port", "0", "--exec", "sh", "-c", script]);
    running.signal("-HUP");
    let mut rest = String::new();
    running.out.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), running.wait().0), ("hung up\n", Some(4)));
}

#[test]
fn exec_passes_sigterm_on() {
    let script = "trap 'echo stopping; exit 3' TERM; echo started; \
        while :; do sleep 0.05; done";
    let mut running = Running::start(&["--port", "0", "--exec", "sh", "-c", script]);
    assert_eq!(running.ready, "started\n");
    running.signal("-TERM");
    let mut rest = String::new();
    running.out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "stopping\n");
    assert_eq!(running.wait().0, Some(3));
}
