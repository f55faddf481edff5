//! What the program says when clients can connect: [`Announcement`], to people on standard error and
//! to programs on standard output.

use std::path::Path;

use super::azurite::Mode;
use super::beside::Held;
use super::certificate::Trusted;
use super::exec::{CERTIFICATE, CONNECTION_STRING};
use super::page::Page;
use super::say::{print, say};
use crate::serve::Server;

/// Everything that is said.
pub(super) struct Announcement<'a> {
    pub(super) server: &'a Server,
    pub(super) trusted: Option<&'a Trusted>,
    pub(super) location: Option<&'a Path>,
    pub(super) mode: Option<Mode>,
    /// Whether somebody may wait for the line that Azurite prints.
    pub(super) is_expected_line: bool,
    pub(super) held: &'a [Held],
    pub(super) page: Option<&'a Page>,
    /// Whether the control interface is on the service's port too.
    pub(super) is_control_beside: bool,
}

impl Announcement<'_> {
    /// Says that clients can connect, and how.
    pub(super) fn make(&self) {
        let Self { server, location, .. } = self;
        let kept = match location {
            None => "Queues are kept in memory and are gone when it stops.".to_owned(),
            Some(folder) => format!("Queues are kept in {}.", folder.display()),
        };
        let connection_string = server.connection_string();
        let (told, certificate) = self.trust();
        let page = self.page.map(|page| format!("See them and what happens at {}\n", page.url));
        let page = page.unwrap_or_default();
        say(format_args!(
            "Azure Queue Storage emulator, listening on {url}\n\
             {kept}\n\
             {page}\n\
             Connection string, for any Azure Queue Storage library:\n\
             \n  {connection_string}\n\
             \n\
             Many programs take it from the environment variable {CONNECTION_STRING};\n\
             `queue-emulator --exec COMMAND` runs one with the variable set.\n\
             \n\
             {told}Press ctrl-c to stop.",
            url = server.base_url(),
        ));
        if self.is_expected_line {
            say(listening("Queue", &self.url(server.local_addr())));
        }
        if self.mode.is_some() {
            return self.print_as_azurite();
        }
        // Nothing in the other values needs escaping: addresses, account names and base64.
        print(format_args!(
            r#"{{"ready":true,"url":"{url}","port":{port},"account":"{account}","connectionString":"{connection_string}","pid":{pid},"version":"{version}"{page}{control}{certificate}}}"#,
            url = server.base_url(),
            port = server.local_addr().port(),
            account = server.emulator().account().name(),
            pid = std::process::id(),
            version = env!("CARGO_PKG_VERSION"),
            page = self.page.map(|page| format!(r#","page":"{}""#, page.url)).unwrap_or_default(),
            control =
                self.control().map(|url| format!(r#","control":"{url}""#)).unwrap_or_default(),
        ));
    }

    /// Where the control interface is.
    pub(super) fn control(&self) -> Option<String> {
        match (self.page, self.is_control_beside) {
            (Some(page), _) => Some(format!("{}_emulator", page.url)),
            (None, true) => Some(format!("{}/_emulator", self.server.base_url())),
            (None, false) => None,
        }
    }

    /// What clients must trust, for people and as a field of JSON.
    fn trust(&self) -> (String, String) {
        let Some(trusted) = self.trusted else { return (String::new(), String::new()) };
        match trusted.file() {
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
        }
    }

    /// The lines that test libraries and scripts wait for, in Azurite's words and order.
    fn print_as_azurite(&self) {
        let queue = self.url(self.server.local_addr());
        if self.mode == Some(Mode::Queue) {
            let address = self.server.local_addr();
            print(format_args!("Azurite Queue service is starting on {address}"));
            print(format_args!("Azurite Queue service successfully listens on {queue}"));
            // Whoever changed from `azurite` to this waits for that line.
            return print(listening("Queue", &queue));
        }
        let mut services: Vec<(&str, String)> =
            self.held.iter().map(|held| (held.name, self.url(held.address))).collect();
        services.insert(services.len().min(1), ("Queue", queue));
        for (name, url) in services {
            print(format_args!("Azurite {name} service is starting at {url}"));
            print(listening(name, &url));
        }
    }

    fn url(&self, address: std::net::SocketAddr) -> String {
        let scheme = if self.trusted.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }
}

fn listening(name: &str, url: &str) -> String {
    format!("Azurite {name} service is successfully listening at {url}")
}
