//! `cargo xtask browser`: the emulator's page in Debian's Chromium, and the JavaScript SDK in a page.
//! The tests are in `tests/browser`; pictures of the page are left in the target folder.

use std::{fs, process::Command};

use crate::{Outcome, install, shell};

/// The packages of npm that drive the browser, judge the page, and are tried in it.
const PACKAGES: [&str; 4] =
    ["playwright-core@1.65.1", "axe-core@4.14.0", "@azure/storage-queue@12.32.0", "esbuild@0.28.2"];

const CHROMIUM: &str = "/usr/bin/chromium";

pub(crate) fn run() -> Outcome {
    install_chromium()?;
    let folder = shell::scratch("browser");
    let pictures = folder.join("pictures");
    fs::create_dir_all(&pictures).map_err(|error| format!("cannot make {pictures:?}: {error}"))?;
    install::npm(&folder, &PACKAGES, "the test of the page")?;
    shell::run(
        shell::emulator()
            .args(["--port", "0", "--page-port", "0", "--exec", "node"])
            .arg(shell::root().join("tests/browser/main.js"))
            .env("BROWSER_PACKAGES", &folder)
            .env("BROWSER_PICTURES", &pictures)
            .env("BROWSER_PROGRAM", CHROMIUM),
    )
}

/// Installs Chromium where apt can, and finds out whether it starts: now and then a version of the
/// distribution does not.
fn install_chromium() -> Outcome {
    if !std::path::Path::new(CHROMIUM).exists() {
        shell::run(Command::new("apt-get").arg("update"))?;
        let install =
            ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"];
        shell::run(Command::new("apt-get").args(install))?;
    }
    let start =
        ["--headless", "--no-sandbox", "--disable-dev-shm-usage", "--dump-dom", "about:blank"];
    shell::output(Command::new(CHROMIUM).args(start))
        .map(drop)
        .map_err(|error| format!("{error}\nthis version of Chromium does not start"))
}
