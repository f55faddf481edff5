//! Azurite, the official emulator, as a peer to compare with: installed from its npm package into
//! the target folder, started on a free port.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{install, shell};

const VERSION: &str = "3.37.0";
/// The oldest Node.js that this Azurite runs on; the npm package `node` carries one.
const NODE_MAJOR: u32 = 22;
const START_LIMIT: Duration = Duration::from_secs(60);
/// The account and key that every copy of Azurite knows.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// The file in its folder with the certificate, by the name that the example `certificate` gives.
const CERTIFICATE: &str = "certificate.pem";

/// A running Azurite. It ends when this is dropped.
pub(crate) struct Azurite {
    process: Child,
    scheme: &'static str,
    port: u16,
    /// Where it keeps its queues and, for HTTPS, its certificate.
    data: PathBuf,
}

impl Azurite {
    /// Installs what is missing, then starts the queue service over HTTP.
    pub(crate) fn start() -> Result<Self, String> {
        Self::start_service("queue")
    }

    /// The same with another service: `blob`, `queue` or `table`.
    pub(crate) fn start_service(service: &str) -> Result<Self, String> {
        Self::launch(service, "http", |_| Ok(Vec::new()))
    }

    /// The same over HTTPS, where it takes bearer tokens too.
    pub(crate) fn start_https() -> Result<Self, String> {
        Self::launch("queue", "https", |data| {
            let make = ["run", "--quiet", "--package", "queue-tests", "--example", "certificate"];
            shell::run(shell::cargo(make).arg("--").arg(data))?;
            let mut arguments: Vec<OsString> = vec!["--oauth".into(), "basic".into()];
            arguments.extend(["--cert".into(), data.join(CERTIFICATE).into()]);
            arguments.extend(["--key".into(), data.join("key.pem").into()]);
            Ok(arguments)
        })
    }

    fn launch(
        service: &str,
        scheme: &'static str,
        arguments: impl FnOnce(&Path) -> Result<Vec<OsString>, String>,
    ) -> Result<Self, String> {
        let mut command = command(service)?;
        let folder = format!("{service}-{scheme}-{}", std::process::id());
        let data = shell::scratch("azurite").join(folder);
        fs::create_dir_all(&data).map_err(|error| format!("cannot make {data:?}: {error}"))?;

        // Told to choose a port, the table service does not say which one it took.
        let wanted = if service == "table" { shell::free_port()? } else { 0 };
        let mut process = command
            .args([&format!("--{service}Port"), &wanted.to_string(), "--location"])
            .arg(&data)
            .args(arguments(&data)?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start Azurite: {error}"))?;
        let port = wait_for_port(&mut process);
        let azurite = Self { process, scheme, port: *port.as_ref().unwrap_or(&0), data };
        port?;
        eprintln!("Azurite {VERSION} listens on {}", azurite.url());
        Ok(azurite)
    }

    /// Where it listens, without the account.
    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// The certificate that clients must trust, if it listens for HTTPS.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.data.join(CERTIFICATE)
    }

    /// What a client needs to reach it.
    pub(crate) fn connection_string(&self) -> String {
        format!(
            "DefaultEndpointsProtocol={};AccountName={ACCOUNT};AccountKey={KEY};\
             QueueEndpoint={}/{ACCOUNT};",
            self.scheme,
            self.url()
        )
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        // What cannot be stopped or removed is left to the operating system and `cargo clean`.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}

/// Installs what is missing, and gives the command that starts a service, without the port and the
/// folder for its data.
pub(crate) fn command(service: &str) -> Result<Command, String> {
    let folder = shell::scratch("azurite");
    let packages = [format!("azurite@{VERSION}"), format!("node@{NODE_MAJOR}")];
    install::npm(&folder, &packages.each_ref().map(String::as_str), "Azurite")?;
    let mut command = Command::new(node(&folder)?);
    command
        .arg(folder.join("node_modules/azurite/dist/src").join(service).join("main.js"))
        // It knows no version of the service that is newer than itself.
        .args(["--disableTelemetry", "--skipApiVersionCheck"]);
    Ok(command)
}

/// The machine's own Node.js if it is new enough, else the one from the npm package.
fn node(folder: &Path) -> Result<PathBuf, String> {
    let version = shell::output(Command::new("node").arg("--version")).unwrap_or_default();
    let major =
        version.trim_start_matches('v').split('.').next().and_then(|text| text.parse().ok());
    if major.is_some_and(|major: u32| major >= NODE_MAJOR) {
        return Ok(PathBuf::from("node"));
    }
    let carried = folder.join("node_modules/node/bin/node");
    if carried.exists() { Ok(carried) } else { Err(format!("there is no {carried:?}")) }
}

/// Azurite prints `... successfully listens on http://127.0.0.1:PORT`, or with `https`.
fn wait_for_port(process: &mut Child) -> Result<u16, String> {
    let lines = process.stdout.take().ok_or("Azurite has no output")?;
    let (found, port) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(lines).lines().map_while(Result::ok) {
            // The table service says it in other words.
            let words = ["listens on http", "successfully started on"];
            let address = words.into_iter().find_map(|words| line.split(words).nth(1));
            let number =
                address.and_then(|text| text.trim().rsplit(':').next()?.parse::<u16>().ok());
            if let Some(number) = number {
                // Nobody waits any more if Azurite took too long.
                let _ = found.send(number);
            }
        }
    });
    port.recv_timeout(START_LIMIT)
        .map_err(|_| format!("Azurite did not start within {} s", START_LIMIT.as_secs()))
}
