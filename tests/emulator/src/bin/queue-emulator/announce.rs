//! What the program says when clients can connect: [`announce`], to people on standard error and to
//! programs on standard output.

use std::path::Path;

use queue_emulator::Server;

use crate::certificate::Trusted;
use crate::exec::{CERTIFICATE, CONNECTION_STRING};
use crate::say::{print, say};

/// Says that clients can connect, and how.
pub(crate) fn announce(server: &Server, trusted: Option<&Trusted>, location: Option<&Path>) {
    let kept = match location {
        None => "Queues are kept in memory and are gone when it stops.".to_owned(),
        Some(folder) => format!("Queues are kept in {}.", folder.display()),
    };
    let connection_string = server.connection_string();
    let (told, certificate) = match trusted {
        None => (String::new(), String::new()),
        Some(trusted) => match trusted.file() {
            Some(file) => {
                let file = file.to_string_lossy();
                // Of all values only this one may need escaping.
                let json = serde_json::Value::from(&*file);
                (
                    format!(
                        "Clients must trust the certificate in {file}\n\
                         (environment variable {CERTIFICATE} for --exec).\n\n"
                    ),
                    format!(",\"certificate\":{json}"),
                )
            }
            None => {
                let pem = trusted.certificate.trust();
                (format!("Clients must trust this certificate:\n\n{pem}\n"), String::new())
            }
        },
    };
    say(format_args!(
        "Azure Queue Storage emulator, listening on {url}\n\
         {kept}\n\
         \n\
         Connection string, for any Azure Queue Storage library:\n\
         \n  {connection_string}\n\
         \n\
         Many programs take it from the environment variable {CONNECTION_STRING};\n\
         `queue-emulator --exec COMMAND` runs one with the variable set.\n\
         \n\
         {told}Press ctrl-c to stop.",
        url = server.base_url(),
    ));
    // Nothing in the other values needs escaping: addresses, account names and base64.
    print(format_args!(
        r#"{{"ready":true,"url":"{url}","port":{port},"account":"{account}","connectionString":"{connection_string}","pid":{pid},"version":"{version}"{certificate}}}"#,
        url = server.base_url(),
        port = server.local_addr().port(),
        account = server.emulator().account().name(),
        pid = std::process::id(),
        version = env!("CARGO_PKG_VERSION"),
    ));
}
