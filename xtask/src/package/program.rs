//! The program alone: static where the system allows that, in an archive, and run in an empty root.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    emulator, fresh,
    root::{self, AS_NOBODY, CHROOT},
    running::Running,
};
use crate::{
    Outcome,
    files::{LICENSES, copy, make},
    shell,
};

/// The profile that makes what is shipped.
pub(super) const PROFILE: &str = "dist";

/// The program for one kind of machine.
pub(super) struct Program {
    pub(super) target: String,
    pub(super) file: PathBuf,
}

impl Program {
    /// Builds the program. Default: for this machine.
    pub(super) fn build(target: Option<String>) -> Result<Self, String> {
        let target = match target {
            Some(target) => target,
            None => host()?,
        };
        let mut cargo = shell::cargo(["build", "--profile", PROFILE, "--locked"]);
        cargo.args(["--package", "queue-emulator", "--bin", "queue-emulator", "--target", &target]);
        shell::run(cargo.env("RUSTFLAGS", flags(&target)))?;
        let name = if target.contains("windows") { "queue-emulator.exe" } else { "queue-emulator" };
        let file = shell::target().join(&target).join(PROFILE).join(name);
        Ok(Self { target, file })
    }

    pub(super) fn name(&self) -> String {
        let name = self.file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    pub(super) fn is_for_linux(&self) -> bool {
        self.target.contains("linux")
    }

    /// Whether programs for this target run here.
    pub(super) fn runs_here(&self) -> Result<bool, String> {
        let kind = |target: &str| {
            let mut parts = target.split('-');
            (
                parts.next().map(str::to_owned),
                target.contains("linux"),
                parts.nth(1).map(str::to_owned),
            )
        };
        Ok(kind(&self.target) == kind(&host()?))
    }

    /// Puts the program into an archive, where `cargo binstall` looks for it too.
    pub(super) fn pack(&self, out: &Path) -> Outcome {
        let folder = fresh("archive")?;
        let name = format!("queue-emulator-{}", self.target);
        let inner = folder.join(&name);
        make(&inner)?;
        copy(&self.file, &inner.join(self.name()))?;
        for license in LICENSES {
            copy(&shell::root().join(license), &inner.join(license))?;
        }
        copy(&emulator().join("README.md"), &inner.join("README.md"))?;
        let archive = out.join(format!("{name}.tgz"));
        shell::run(Command::new("tar").arg("-czf").arg(archive).arg("-C").arg(folder).arg(name))
    }

    /// Runs the program where there is nothing else, if that can be tried here.
    pub(super) fn try_out(&self) -> Outcome {
        if !self.runs_here()? {
            println!("{} does not run here: it is built, and not tried out", self.target);
            return Ok(());
        }
        let text = shell::output(Command::new(&self.file).arg("--version"))?;
        let expected = concat!("queue-emulator ", env!("CARGO_PKG_VERSION"));
        if text.trim() != expected {
            return Err(format!("the program says {text:?} and not {expected:?}"));
        }
        if self.is_for_linux() {
            let empty = fresh("empty-root")?;
            copy(&self.file, &empty.join(self.name()))?;
            let in_root = root::may_be_changed();
            let mut command = Command::new(if in_root { CHROOT.as_ref() } else { &*self.file });
            if in_root {
                command.arg(AS_NOBODY).arg(empty).arg("/queue-emulator");
            }
            Running::start(command.args(["--port", "0"]).env_clear())?
                .check_and_stop(&self.file)?;
            let place = if in_root { "in an empty root" } else { "where it was built" };
            println!("the program runs {place}");
        }
        Ok(())
    }
}

/// What makes a program independent of the system's C library.
pub(super) fn flags(target: &str) -> &'static str {
    if target.contains("linux") || target.contains("msvc") {
        "-C target-feature=+crt-static"
    } else {
        ""
    }
}

/// The kind of machine that this is.
fn host() -> Result<String, String> {
    let text = shell::output(Command::new("rustc").arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not name its host".to_owned())
}
