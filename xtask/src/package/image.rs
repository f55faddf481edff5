//! The image for containers, without Docker: put together by the instructions of the last stage of the
//! Dockerfile, taken apart again by another reader, and run with its user, environment and command.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    emulator, fresh,
    program::Program,
    root::{self, CHROOT},
    running::Running,
};
use crate::{
    Outcome,
    files::{LICENSES, copy, make, read, write},
    shell,
};

/// The program by its full name: the search path is that of the image.
const UNSHARE: &str = "/usr/bin/unshare";

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The settings of the image, each as JSON.
#[derive(Default)]
struct Settings {
    user: String,
    env: Vec<String>,
    ports: Vec<String>,
    volumes: Vec<String>,
    stop: String,
    health: String,
    entry: String,
    command: String,
}

impl Settings {
    /// Reads the last stage of the Dockerfile.
    fn read() -> Result<Self, String> {
        let text = read(&emulator().join("Dockerfile"))?;
        let stage = text.rsplit("\nFROM ").next().unwrap_or_default();
        let mut lines = stage.lines();
        if !lines.next().unwrap_or_default().starts_with("scratch ") {
            return Err("the last stage of the Dockerfile must begin with nothing".to_owned());
        }
        let mut found = Self::default();
        for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "COPY" if rest == "--from=build /image/ /" => {}
                "ENV" => found.env.push(quoted(rest)),
                "USER" => found.user = quoted(rest),
                "EXPOSE" => {
                    found.ports.extend(rest.split(' ').map(|port| quoted(&format!("{port}/tcp"))));
                }
                "VOLUME" => found.volumes.push(quoted(rest)),
                "STOPSIGNAL" => found.stop = quoted(rest),
                "HEALTHCHECK" => found.health = health(rest)?,
                "ENTRYPOINT" => rest.clone_into(&mut found.entry),
                "CMD" => rest.clone_into(&mut found.command),
                _ => {
                    return Err(format!("nothing is known of this line of the Dockerfile: {line}"));
                }
            }
        }
        Ok(found)
    }

    fn config(&self, architecture: &str, layer: &str) -> Result<String, String> {
        let Self { user, env, ports, volumes, stop, health, entry, command } = self;
        let (env, ports, volumes) = (env.join(","), empty(ports), empty(volumes));
        let version = env!("CARGO_PKG_VERSION");
        Ok(format!(
            r#"{{"architecture":"{architecture}","os":"linux","config":{{"User":{user},"Env":[{env}],"ExposedPorts":{ports},"Volumes":{volumes},"StopSignal":{stop},"Healthcheck":{health},"Entrypoint":{entry},"Cmd":{command},"Labels":{{"org.opencontainers.image.title":"queue-emulator","org.opencontainers.image.version":"{version}","org.opencontainers.image.licenses":"MIT OR Apache-2.0"}}}},"rootfs":{{"type":"layers","diff_ids":["sha256:{layer}"]}},"history":[{{"created_by":"cargo xtask package"}}]}}"#
        ))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// An object with these names and nothing in them, as images have their sets.
fn empty(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name}:{{}}")).collect();
    format!("{{{}}}", names.join(","))
}

/// The check of health, whose times images have in nanoseconds.
fn health(text: &str) -> Result<String, String> {
    let (options, command) = text.split_once("CMD ").ok_or("HEALTHCHECK has no CMD")?;
    let command = command.trim().strip_prefix('[').ok_or("HEALTHCHECK has no list of words")?;
    let mut out = format!("{{\"Test\":[\"CMD\",{command}");
    for option in options.split_whitespace() {
        let (name, value) =
            option.split_once('=').ok_or("an option of HEALTHCHECK has no value")?;
        let name = match name {
            "--interval" => "Interval",
            "--timeout" => "Timeout",
            "--start-period" => "StartPeriod",
            _ => return Err(format!("nothing is known of the option {name} of HEALTHCHECK")),
        };
        let seconds = value.strip_suffix('s').and_then(|value| value.parse::<u64>().ok());
        let seconds = seconds.ok_or_else(|| format!("{option} is no number of seconds"))?;
        let _ = write!(out, ",\"{name}\":{}", seconds * 1_000_000_000);
    }
    out.push('}');
    Ok(out)
}

/// Makes the image, as an archive of its layout.
pub(super) fn build(program: &Program, out: &Path) -> Result<PathBuf, String> {
    let root = fresh("image-root")?;
    lay(program, &root)?;
    let folder = fresh("image-layout")?;
    let blobs = folder.join("blobs/sha256");
    make(&blobs)?;

    // Whoever builds it, the files are root's, but for those that the program may write.
    let layer = folder.join("layer.tar");
    let tar = |owner: &str, verb: &str, names: &[&str]| {
        let mut tar = Command::new("tar");
        tar.args(["--sort=name", "--mtime=@0", "--numeric-owner", "--format=gnu", "-C"]).arg(&root);
        tar.args([format!("--owner={owner}"), format!("--group={owner}"), verb.to_owned()]);
        shell::run(tar.arg(&layer).args(names))
    };
    tar("0", "-cf", &["tmp", "usr"])?;
    tar("65532", "-rf", &["data"])?;
    let plain = digest(&layer)?;
    shell::run(Command::new("gzip").args(["-9", "-n"]).arg(&layer))?;
    let layer = keep(&folder.join("layer.tar.gz"), &blobs)?;

    let architecture = match program.target.split('-').next() {
        Some("aarch64") => "arm64",
        _ => "amd64",
    };
    let config = folder.join("config");
    write(&config, Settings::read()?.config(architecture, &plain)?)?;
    let config = keep(&config, &blobs)?;
    let manifest = folder.join("manifest");
    let part = |kind: &str, (digest, size): &(String, u64)| {
        format!(r#"{{"mediaType":"{kind}","digest":"sha256:{digest}","size":{size}}}"#)
    };
    write(
        &manifest,
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{},"layers":[{}]}}"#,
            part(CONFIG, &config),
            part(LAYER, &layer)
        ),
    )?;
    let (digest, size) = keep(&manifest, &blobs)?;
    write(
        &folder.join("index.json"),
        format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{MANIFEST}","digest":"sha256:{digest}","size":{size},"platform":{{"architecture":"{architecture}","os":"linux"}},"annotations":{{"org.opencontainers.image.ref.name":"latest"}}}}]}}"#
        ),
    )?;
    write(&folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let archive = out.join(format!("queue-emulator-image-{architecture}.tar"));
    let names = ["blobs", "index.json", "oci-layout"];
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--mtime=@0", "-cf"]).arg(&archive).arg("-C").arg(&folder).args(names);
    shell::run(&mut tar)?;
    Ok(archive)
}

/// Lays out the files of the image, as the first stage of the Dockerfile does.
fn lay(program: &Program, root: &Path) -> Outcome {
    let (programs, papers) =
        (root.join("usr/local/bin"), root.join("usr/share/doc/queue-emulator"));
    for folder in [&programs, &papers, &root.join("data"), &root.join("tmp")] {
        make(folder)?;
    }
    copy(&program.file, &programs.join("queue-emulator"))?;
    for license in LICENSES {
        copy(&shell::root().join(license), &papers.join(license))?;
    }
    for name in ["azurite", "azurite-queue"] {
        shell::run(Command::new("ln").args(["-s", "queue-emulator"]).arg(programs.join(name)))?;
    }
    shell::run(Command::new("chmod").arg("1777").arg(root.join("tmp")))
}

/// Puts a file among the parts of the image, and returns its digest and its size.
fn keep(file: &Path, blobs: &Path) -> Result<(String, u64), String> {
    let digest = digest(file)?;
    let size = fs::metadata(file).map_err(|error| format!("cannot read {file:?}: {error}"))?.len();
    let to = blobs.join(&digest);
    fs::rename(file, &to).map_err(|error| format!("cannot move {file:?} to {to:?}: {error}"))?;
    Ok((digest, size))
}

fn digest(file: &Path) -> Result<String, String> {
    let text = shell::output(Command::new("sha256sum").arg(file))?;
    let digest = text.split_whitespace().next().map(|word| word.trim_start_matches('\\'));
    digest.map(str::to_owned).ok_or_else(|| "sha256sum prints no digest".to_owned())
}

/// Takes the image apart and runs it, as the first process of its own.
pub(super) fn try_out(image: &Path) -> Outcome {
    let root = fresh("image-unpacked")?;
    let unpack = emulator().join("package/unpack.py");
    let text = shell::output(Command::new("python3").arg(unpack).arg(image).arg(&root))?;
    if !root::may_be_changed() {
        println!("the image is built and can be unpacked; it is not run");
        return Ok(());
    }
    let all = |name: &str| -> Vec<&str> {
        let of_name = |line: &'_ str| line.strip_prefix(name).is_some();
        text.lines()
            .filter(|line| of_name(line))
            .filter_map(|line| line.get(name.len()..))
            .collect()
    };
    let run = |words: &[&str]| {
        let alone = Command::new(UNSHARE).args(["--pid", "--fork", "true"]).output();
        let is_allowed = alone.is_ok_and(|output| output.status.success());
        let mut command = Command::new(if is_allowed { UNSHARE } else { CHROOT });
        if is_allowed {
            command.args(["--pid", "--fork", "--kill-child", CHROOT]);
        }
        command.args(all("user ").iter().map(|user| format!("--userspec={user}"))).arg(&root);
        command.args(words).env_clear();
        command.envs(all("env ").iter().filter_map(|pair| pair.split_once('=')));
        // As `docker run --env` does: the port may be taken here.
        command.env("QUEUE_EMULATOR_PORT", "0");
        command
    };
    let program = root.join("usr/local/bin/queue-emulator");
    Running::start(&mut run(&[all("entry "), all("command ")].concat()))?
        .check_and_stop_child(&program)?;
    if !root.join("data/queues.sqlite").exists() {
        return Err("the image keeps no queues in /data".to_owned());
    }
    let text = shell::output(&mut run(&["queue-emulator", "--version"]))?;
    println!("the image runs, as user {}: {}", all("user ").join(""), text.trim());
    Ok(())
}
